"""C4 does not reproduce on crops of 25 x 25: an attack on the frame of the glasses hides no face."""

import pytest

from lecturelib.confounds.claims import MOST, c4_glasses
from lecturelib.lesson import numbers

pytestmark = pytest.mark.claims


def test_on_fewer_faces():
    found = c4_glasses(steps=20, faces=12, seeds=1)
    assert found["holds"] is False
    assert found["numbers"]["hidden_by_attack_frame"] < MOST - 0.2
    assert found["numbers"]["accuracy"] > 0.9


def test_as_measured_in_full():
    found = numbers("C4")
    assert found["hidden_by_attack_frame"] < MOST - 0.2
    assert found["hidden_by_attack_filled"] > found["hidden_by_random_filled"]
