"""C17 in small: with 50 labels the pretrained encoder is ahead of the same one from scratch."""

import pytest

from lecturelib.attention.claims_few_labels import c17_pretraining

pytestmark = pytest.mark.claims


def test_pretraining_pays_with_few_labels():
    found = c17_pretraining(counts=(50,), seeds=1, steps=60)
    numbers = found["numbers"]
    assert found["claim"] == "C17" and found["holds"] is True
    assert numbers["pretrained_50"] > numbers["from_scratch_50"] + 0.05 and numbers["pretrained_50"] > 0.5
    assert numbers["margin_50"] == pytest.approx(
        numbers["pretrained_50"] - numbers["from_scratch_50"], abs=2e-4
    )


def test_bad_input():
    with pytest.raises(ValueError, match="seeds"):
        c17_pretraining(seeds=0)
