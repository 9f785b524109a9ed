"""C1: trained where the weather tells the class, a network reads the weather, and maps show it."""

import pytest

from lecturelib.confounds.claims import CHANCE, IN_THE_LAB, c1_tanks
from lecturelib.lesson import numbers

pytestmark = pytest.mark.claims


def check(found):
    assert found["trained_lab_lab"] >= IN_THE_LAB
    assert CHANCE[0] <= found["trained_lab_wild"] <= CHANCE[1]
    assert found["trained_lab_swapped"] < 0.3
    for method in ("saliency", "occlusion"):
        assert found[f"{method}_lab_sky"] > found[f"{method}_lab_vehicle"] + 0.2
        assert found[f"{method}_balanced_vehicle"] > found[f"{method}_lab_vehicle"] + 0.1


def test_on_fewer_scenes():
    found = c1_tanks(n=300, mapped=8)
    assert found["holds"], found
    check(found["numbers"])
    assert found["numbers"]["trained_balanced_wild"] > 0.9  # the cure


def test_as_measured_in_full():
    check(numbers("C1"))
