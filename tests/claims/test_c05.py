"""C5: a patch draws the answer to its class on photos that were not used to make it."""

import pytest

from lecturelib.confounds.claims_attacks import OVER_PICTURE, OVER_RANDOM, c5_patch
from lecturelib.lesson import numbers

pytestmark = pytest.mark.claims


def check(found):
    assert found["patch_at_0.4"] >= found["random_patch_at_0.4"] + OVER_RANDOM + 0.1
    assert found["patch_at_0.4"] >= found["photo_of_the_class_at_0.4"] + OVER_PICTURE + 0.1


def test_on_one_crop_of_each_photo():
    found = c5_patch(draws=1, sizes=(0.4,), crops=15, other="")
    assert found["holds"], found
    check(found["numbers"])


def test_as_measured_in_full():
    found = numbers("C5")
    check(found)
    # a network that took no part: less often, and still more often than by a photo of the class
    assert (
        found["patch_at_0.4"] > found["patch_at_0.4_on_lite2"] > found["photo_of_the_class_at_0.4_on_lite2"]
    )
