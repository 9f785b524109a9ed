"""C3: 4/255 along the gradient change every photo's class, with more confidence; random signs of that size few."""

import pytest

from lecturelib.confounds.claims import FEW, c3_adversarial
from lecturelib.lesson import numbers

pytestmark = pytest.mark.claims


def test_on_two_photos():
    found = c3_adversarial(steps=10, photos=2, noises=1)
    assert found["holds"], found
    assert found["numbers"]["largest_change"] <= 4 / 255 + 1e-4
    assert found["numbers"]["confidence_attacked"] > found["numbers"]["confidence_before"] + 0.1
    assert found["numbers"]["noise_changes"] == 0


def test_as_measured_in_full():
    found = numbers("C3")
    assert found["attack_changes"] == found["more_confident"] == 1.0
    assert found["noise_changes"] <= FEW
    assert found["confidence_attacked"] > found["confidence_before"] + 0.4
    # what was made for one network changes the answer of another less often
    assert found["attack_changes_efficientnet_lite2"] < 0.5
