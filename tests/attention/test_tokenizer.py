"""Subword tokens: text survives the way to token ids and back."""

import pytest
import torch

from lecturelib import assets
from lecturelib.attention.sentence_pairs import pairs
from lecturelib.attention.tokenizer import END, LONGEST, PAD, START, Tokenizer, batch


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer(assets.data_path("translator_tokenizer.json"))


def test_sentences_come_back_as_they_were(tokenizer):
    for english, french in pairs("test")[:300]:
        for sentence in (english, french):
            assert tokenizer.decode(tokenizer.encode(sentence)) == sentence


def test_frequent_words_are_one_token_and_signs_stand_alone(tokenizer):
    shown = tokenizer.tokens(tokenizer.encode("The house is red."))
    assert shown == ["▁The", "▁house", "▁is", "▁red", ".", "</s>"]


def test_a_batch_is_filled_up():
    found = batch([[5, END], [6, 7, 8, END]], start=True)
    assert torch.equal(found, torch.tensor([[START, 5, END, PAD, PAD], [START, 6, 7, 8, END]]))


def test_bad_input_is_a_sentence(tokenizer):
    with pytest.raises(ValueError, match="sentence: expected at least one word, got an empty sentence"):
        tokenizer.encode("   ")
    with pytest.raises(
        ValueError, match=f"at most {LONGEST - 1} subword tokens, got 80; write a shorter one"
    ):
        tokenizer.encode("one " * 80)
    with pytest.raises(TypeError, match="sentence: expected a string, got int 3"):
        tokenizer.encode(3)
    with pytest.raises(ValueError, match="sentences: expected at least one sentence, got none"):
        batch([])
