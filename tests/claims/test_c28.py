"""C28: the senses of a word part with depth."""

import pytest

from lecturelib.attention.claims_senses import SENSES, c28_senses, state_of

pytestmark = pytest.mark.claims


def test_senses_part_with_depth():
    found = c28_senses(words=4)
    numbers = found["numbers"]
    assert found["claim"] == "C28" and found["holds"] is True and numbers["sentences"] == 32
    assert abs(numbers["layer_0_difference"]) < 0.01 and numbers["layer_6_difference"] > 0.05
    assert numbers["layer_6_nearest_same_sense"] > numbers["layer_0_nearest_same_sense"] + 0.2
    assert numbers["margin_last_over_embedding"] > 0.03


def test_sentences_are_fair():
    for word, senses in SENSES.items():
        assert [len(sense) for sense in senses] == [4, 4]
        assert all(word in sentence.lower() for sense in senses for sentence in sense)
    with pytest.raises(ValueError, match="'bank' is not among the tokens"):
        state_of("bank", "There is no such word here.")
