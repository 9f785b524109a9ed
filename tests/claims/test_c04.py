"""C4: an attack on a frame hides no face from a detector of texture, and most faces from one that knows faces."""

import pytest

from lecturelib.confounds.claims import MOST, c4_glasses
from lecturelib.lesson import numbers

pytestmark = pytest.mark.claims


def check(found):
    # the set's own other pictures: no texture, no face; so that texture is enough
    assert found["flat_hidden_by_attack_frame"] < MOST - 0.2
    assert found["flat_called_face_shuffled_faces"] > 0.9
    # taught that texture is not enough
    assert found["shuffled_called_face_shuffled_faces"] < 0.2
    assert found["shuffled_hidden_by_attack_frame"] > MOST + 0.1
    assert found["shuffled_hidden_by_attack_frame"] > found["shuffled_hidden_by_black_frame"] + 0.3
    assert found["shuffled_accuracy"] > 0.9 and found["flat_accuracy"] > 0.9


def test_on_fewer_faces():
    found = c4_glasses(steps=60, faces=12, seeds=2, others=("flat", "shuffled"))
    assert found["holds"] is None
    check(found["numbers"])


def test_as_measured_in_full():
    check(numbers("C4"))
    assert numbers("C4")["flat_hidden_by_attack_filled"] > numbers("C4")["flat_hidden_by_random_filled"]
