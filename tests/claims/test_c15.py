"""C15 in small, on letters to copy: the fixed vector loses with length, the network that looks back does not."""

import pytest

from lecturelib.attention.claims import c15_letters, c15_sentences

pytestmark = pytest.mark.claims


def test_the_gap_widens_with_length():
    found = c15_letters(seeds=1, steps=170)
    numbers = found["numbers"]
    assert found["claim"] == "C15" and found["holds"] is True and numbers["margin"] > 0.1
    assert numbers["fixed_4_letters"] > numbers["fixed_16_letters"] + 0.25
    assert numbers["attention_16_letters"] > numbers["fixed_16_letters"] + 0.25


def test_translations_lose_with_length():
    found = c15_sentences(sentences=60)
    numbers = found["numbers"]
    assert found["claim"] == "C15" and numbers["sentences"] == 60
    assert numbers["chrF_attention_12_to_40_words"] > numbers["chrF_fixed_12_to_40_words"] + 3
    assert numbers["gap_long"] > numbers["gap_short"]


def test_bad_input():
    with pytest.raises(ValueError, match="sentences"):
        c15_sentences(sentences=0)
    with pytest.raises(ValueError, match="seeds"):
        c15_letters(seeds=0)
