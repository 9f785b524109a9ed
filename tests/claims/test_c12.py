"""C12: the optimized class image of the network trained in the lab contains the confound."""

import pytest

from lecturelib.confounds.claims_attacks import CURED, SHOWN, SHOWN_MORE, c12_class_image, cures
from lecturelib.lesson import numbers

pytestmark = pytest.mark.claims


def check(found):
    """The share of the lab's network; the control's is as large, so that the claim does not hold as it was set."""
    assert found["show_the_labs_weather_lab"] >= SHOWN
    # by the judge's scores, looked at afterwards, the two are far apart, and the control's near that of a grey picture
    gap = {
        name: found[f"sunny_score_{name}_truck"] - found[f"sunny_score_{name}_tank"]
        for name in ("lab", "balanced")
    }
    assert gap["lab"] > 3 * abs(gap["balanced"])
    assert found["sunny_score_lab_tank"] < found["sunny_score_grey"] - 20
    assert abs(found["sunny_score_balanced_tank"] - found["sunny_score_grey"]) < 20


def test_on_a_few_images():
    check(c12_class_image(count=2, networks=("lab", "balanced"))["numbers"])


def test_as_measured_in_full():
    found = numbers("C12")
    check(found)
    lab, balanced = (found[f"show_the_labs_weather_{name}"] for name in ("lab", "balanced"))
    assert lab < balanced + SHOWN_MORE  # what the claim asks for does not reproduce


def check_cures(found):
    for name in ("balanced", "skies", "few"):
        assert found[f"{name}_in_the_wild"] >= found["lab_in_the_wild"] + CURED + 0.1, (name, found)
    # the claim does not hold for jittered colors: with exchanged skies the answers turn, with a plain one they are lost
    assert found["colors_in_the_wild"] < found["lab_in_the_wild"] + CURED
    assert found["colors_with_the_other_sky"] < 0.1 and found["colors_with_the_other_ground"] > 0.9
    assert found["colors_with_a_plain_sky"] < 0.7 < 0.8 < found["lab_with_a_plain_sky"]


def test_cures_on_fewer_scenes():
    found = cures(n=60, mapped=1, methods=())
    assert not found["holds"]
    check_cures(found["numbers"])


def test_cures_as_measured_in_full():
    found = numbers("C1 cures")
    check_cures(found)
    for method in ("saliency", "occlusion"):
        for name in ("skies", "few"):
            assert found[f"{name}_{method}_vehicle"] > found[f"lab_{method}_vehicle"] + 0.1
