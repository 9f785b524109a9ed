"""C21: two numbers of a deep autoencoder keep the class of a digit better than two principal components."""

import pytest

from lecturelib.autoencoders.claims import c21_two_numbers
from lecturelib.lesson import numbers

pytestmark = pytest.mark.claims


def test_with_the_shipped_network():
    found = c21_two_numbers(seeds=())
    assert found["holds"], found
    assert found["numbers"]["worst_network"] > found["numbers"]["accuracy_of_two_principal_components"]


def test_as_measured_in_full():
    found = numbers("C21")
    assert found["networks"] >= 3
    assert (
        found["worst_network"] > found["accuracy_of_two_principal_components"] > found["accuracy_by_chance"]
    )
