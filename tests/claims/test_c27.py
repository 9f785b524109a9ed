"""C27 in small: from regularization to regularization the high frequencies go."""

import pytest

from lecturelib.optimization.claims import c27_regularizer_comparison

pytestmark = pytest.mark.claims


def test_regularization_lowers_the_high_frequencies():
    found = c27_regularizer_comparison(layers=("conv3",), units=1, steps=16)
    numbers = found["numbers"]
    assert found["claim"] == "C27" and numbers["channels"] == 1
    falling = ["none", "total variation", "blur"]
    shares = [numbers[f"{name}_high_frequency"] for name in falling]
    assert all(higher > lower + 0.05 for higher, lower in zip(shares, shares[1:], strict=False))
    assert numbers["steps_that_help"] >= 3


def test_it_wants_a_channel():
    with pytest.raises(ValueError, match="units"):
        c27_regularizer_comparison(units=0)
