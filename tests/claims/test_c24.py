"""C24: glimpses beside plain networks of equal multiply-adds, on cluttered translated digits."""

import pytest

from lecturelib.lesson import numbers
from lecturelib.visual_attention.claims import c24_glimpses

pytestmark = pytest.mark.claims


def test_with_the_shipped_network():
    found = c24_glimpses()
    counted = found["numbers"]
    plain = min(
        counted["error_of_the_convolutional_network"], counted["error_of_the_fully_connected_network"]
    )
    assert found["holds"] == (counted["error_of_the_glimpses"] < plain)
    # the shipped network still makes the errors that were written down when it was trained
    assert counted["error_of_the_shipped_network"] == pytest.approx(
        counted["error_of_the_glimpses"], abs=0.03
    )


def test_as_measured_in_full():
    found = numbers("C24")
    assert found["error_of_the_glimpses"] < found["error_with_random_places"]  # looking helps: the control
    assert found["convolutional_at_120_pixels"] > 3 * found["convolutional_at_60_pixels"]
    assert found["multiply_adds_of_the_glimpses"] >= found["convolutional_at_60_pixels"]
