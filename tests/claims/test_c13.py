"""C13 in small: the deeper the layer, the less of the photo comes back."""

import pytest

from lecturelib.lesson.claims import numbers
from lecturelib.optimization.claims import c13_inversion

pytestmark = pytest.mark.claims


def test_the_error_grows_with_depth():
    found = c13_inversion(photos=("cat",), layers=("conv1", "conv4", "fc8"), steps=25)
    small = found["numbers"]
    assert found["claim"] == "C13"
    parts = ("small_to_conv4", "grows_after", "near_the_mean_image_at_fc8")
    assert found["holds"] == all(small[part] for part in parts)
    assert small["conv1_pixel"] + 0.2 < small["conv4_pixel"] < small["fc8_pixel"]
    # the pixels go, although every layer is nearly matched
    assert max(small[f"{layer}_feature"] for layer in ("conv1", "conv4", "fc8")) < 0.3


def test_the_lesson_tells_what_was_measured_in_full():
    full = numbers("C13")
    assert full["grows_after"] is False and full["small_to_conv4"] is False, "the claim does not hold"
    assert round(full["conv4_pixel"], 2) == 1.04
    assert max(value for name, value in full.items() if name.endswith("_feature")) <= 0.015
    assert full["conv1_pixel"] < full["conv4_pixel"] < full["fc8_pixel"]


def test_bad_input():
    with pytest.raises(ValueError, match="steps"):
        c13_inversion(steps=0)
    with pytest.raises(KeyError, match="conv9"):
        c13_inversion(photos=("cat",), layers=("conv9",), steps=1)
