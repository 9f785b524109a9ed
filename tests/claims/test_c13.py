"""C13 in small: the deeper the layer, the less of the photo comes back."""

import pytest

from lecturelib.optimization.claims import c13_inversion

pytestmark = pytest.mark.claims


def test_the_error_grows_with_depth():
    found = c13_inversion(photos=("cat",), layers=("conv1", "conv4", "fc8"), steps=25)
    numbers = found["numbers"]
    assert found["claim"] == "C13" and numbers["grows_after"] is True
    assert numbers["conv1_pixel"] + 0.2 < numbers["conv4_pixel"] < numbers["fc8_pixel"]
    # the pixels go, although every layer is nearly matched
    assert max(numbers[f"{layer}_feature"] for layer in ("conv1", "conv4", "fc8")) < 0.3


def test_bad_input():
    with pytest.raises(ValueError, match="steps"):
        c13_inversion(steps=0)
    with pytest.raises(KeyError, match="conv9"):
        c13_inversion(photos=("cat",), layers=("conv9",), steps=1)
