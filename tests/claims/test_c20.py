"""C20: a linear autoencoder spans the SVD's subspace; its encoder is the pseudo-inverse of its decoder."""

import pytest

from lecturelib.autoencoders.claims import ANGLE, GAP, c20_linear
from lecturelib.lesson import numbers

pytestmark = pytest.mark.claims


def test_on_fewer_digits():
    found = c20_linear(code_size=16, steps=600, n=3000, seeds=(0,))
    assert found["holds"], found
    assert found["numbers"]["largest_angle_rad"] < ANGLE and found["numbers"]["encoder_gap"] < GAP
    assert found["numbers"]["largest_angle_untrained_rad"] > 1.0


def test_as_measured_in_full():
    found = numbers("C20")
    assert found["largest_angle_rad"] < ANGLE and found["encoder_gap"] < GAP
    assert found["error_of_the_autoencoder"] == pytest.approx(found["error_of_the_svd"], abs=2e-3)
