"""Fooling images, defenses, transfer and maps: a small recomputation, and the numbers as measured in full."""

import pytest

from lecturelib.confounds.claims_attacks import (
    BROKEN,
    ROBUST,
    SURE,
    UNHURT,
    defenses,
    fooling,
    maps_of_attacks,
)
from lecturelib.lesson import numbers

pytestmark = pytest.mark.claims


def check_defenses(found):
    assert found["adversarial_0.2"] >= found["plain_0.2"] + ROBUST + 0.1
    clean = found["rounded_8_own_gradient_0"]
    assert found["rounded_8_own_gradient_0.2"] >= UNHURT * clean
    assert found["rounded_8_stand_in_0.2"] <= BROKEN * clean


def test_defenses_on_fewer_digits():
    found = defenses(count=60, epsilons=(0.0, 0.2), steps=20)
    assert found["holds"], found
    check_defenses(found["numbers"])


def test_defenses_as_measured_in_full():
    found = numbers("defenses")
    check_defenses(found)
    # smoothing does not help; two values do, on pictures that are nearly black and white
    assert found["smoothed_0.2"] < found["plain_0.2"] + 0.1
    assert found["rounded_2_stand_in_0.2"] > found["plain_0.2"] + 0.5
    # beyond the size of its training little is left
    assert found["adversarial_0.3"] < found["adversarial_0.2"] - 0.3


def test_a_fooling_image():
    found = fooling(("flamingo", "volcano"))
    assert found["holds"], found
    assert found["numbers"]["confidence"] >= SURE


def test_fooling_images_as_measured_in_full():
    found = numbers("fooling images")
    assert found["named_as_asked"] == 1 and found["confidence"] >= SURE + 0.05
    assert found["confidence_of_lite2"] < 0.1


def test_maps_of_two_photos():
    found = maps_of_attacks(photos=2, steps=5)["numbers"]
    assert found["Grad-CAM_noise"] > found["Grad-CAM_attacked"]
    assert abs(found["saliency_attacked"]) < 0.6 and abs(found["saliency_noise"]) < 0.6


def test_maps_as_measured_in_full():
    found = numbers("maps of attacks")
    # saliency: noise changes the map nearly as much; Grad-CAM: what changes it is the class that is asked for
    assert abs(found["saliency_noise"] - found["saliency_attacked"]) < 0.1
    assert found["Grad-CAM_noise"] > found["Grad-CAM_attacked"] + 0.2
    assert abs(found["Grad-CAM_same_photo_other_class"] - found["Grad-CAM_attacked"]) < 0.15


def test_transfer_as_measured_in_full():
    found = numbers("transfer")
    assert found["untargeted_4_on_lite0"] == 1
    for epsilon in (4, 8, 16):
        assert found[f"untargeted_{epsilon}_on_lite2"] > found[f"noise_{epsilon}_on_lite2"]
        assert found[f"targeted_{epsilon}_on_lite2"] < 0.1 < found[f"targeted_{epsilon}_on_lite0"]
