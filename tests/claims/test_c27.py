"""C27 in small: from rung to rung the high frequencies go."""

import pytest

from lecturelib.optimization.claims import c27_ladder

pytestmark = pytest.mark.claims


def test_the_rungs_take_the_noise_away():
    found = c27_ladder(layers=("conv3",), units=1, steps=16)
    numbers = found["numbers"]
    assert found["claim"] == "C27" and numbers["channels"] == 1
    falling = ["none", "total variation", "blur"]
    shares = [numbers[f"{rung}_high_frequency"] for rung in falling]
    assert all(higher > lower + 0.05 for higher, lower in zip(shares, shares[1:], strict=False))
    assert numbers["steps_that_help"] >= 3


def test_it_wants_a_channel():
    with pytest.raises(ValueError, match="units"):
        c27_ladder(units=0)
