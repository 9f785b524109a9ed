"""Sentence pairs and pieces: held-out sentences are held out, and text survives the way to numbers and back."""

import pytest
import torch

from lecturelib import assets
from lecturelib.attention.tokenizer import (
    END,
    LONGEST,
    PAD,
    START,
    Pieces,
    batch,
    normalised,
    pairs,
    plain,
    references,
)


@pytest.fixture(scope="module")
def pieces():
    return Pieces(assets.data_path("translator_pieces.json"))


def test_no_held_out_english_side_is_trained_on():
    train = {plain(english) for english, _ in pairs("train")}
    assert len(pairs("train")) == 40_000
    held_out = {plain(english) for split in ("valid", "test") for english, _ in pairs(split)}
    assert not train & held_out


def test_the_test_is_stratified_by_length():
    lengths = [len(english.split()) for english in references("test")]
    assert (
        len(lengths) == 1400 and sum(n >= 12 for n in lengths) == 400 and sum(n >= 20 for n in lengths) == 50
    )


def test_sentences_come_back_as_they_were(pieces):
    for english, french in pairs("test")[:300]:
        for sentence in (english, french):
            assert pieces.decode(pieces.encode(sentence)) == sentence


def test_frequent_words_are_one_piece_and_signs_stand_alone(pieces):
    shown = pieces.pieces(pieces.encode("The house is red."))
    assert shown == ["▁The", "▁house", "▁is", "▁red", ".", "</s>"]


def test_spaces_and_quotes_become_uniform():
    assert normalised("  L\u2019ami\u00a0\u202f! ") == "L'ami !"
    assert plain("Don't GO, now!") == "don t go now"


def test_a_batch_is_filled_up():
    found = batch([[5, END], [6, 7, 8, END]], start=True)
    assert torch.equal(found, torch.tensor([[START, 5, END, PAD, PAD], [START, 6, 7, 8, END]]))


def test_bad_input_is_a_sentence(pieces):
    with pytest.raises(ValueError, match="empty"):
        pieces.encode("   ")
    with pytest.raises(ValueError, match=f"take {LONGEST - 1}"):
        pieces.encode("one " * 80)
    with pytest.raises(TypeError, match="string"):
        pieces.encode(3)
    with pytest.raises(ValueError, match='"train", "valid" or "test"'):
        pairs("tests")
    with pytest.raises(ValueError, match="no sentences"):
        batch([])
