"""C23: soft and hard attention on the same data: the hard map is sharper, its gradient noisier; quality not equal."""

import pytest

from lecturelib.lesson import claim, numbers
from lecturelib.visual_attention.caption_claims import COMPARABLE, c23_soft_and_hard

pytestmark = pytest.mark.claims


def test_on_fewer_scenes_and_batches():
    found = c23_soft_and_hard(scenes=80, batches=12)
    assert found["claim"] == "C23"
    assert found["numbers"]["entropy_margin"] > 0
    for name in ("untrained", "soft", "hard"):
        assert found["numbers"][f"variance_at_{name}_hard_over_soft"] > 1


def test_as_measured_in_full():
    found = numbers("C23")
    assert found["entropy_margin"] > 0
    assert found["quality_gap"] > COMPARABLE  # what does not reproduce, and is reported so
    assert "does not hold" in str(claim("C23"))
    assert found["soft_seeds"] == found["hard_seeds"] >= 1


def test_bad_input():
    with pytest.raises(ValueError, match="scenes"):
        c23_soft_and_hard(scenes=1)
