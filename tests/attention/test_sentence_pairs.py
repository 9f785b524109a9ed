"""Sentence pairs: held-out sentences are held out; references as BLEU needs them."""

import json
import math

import pytest
import sacrebleu

from lecturelib import assets
from lecturelib.attention.sentence_pairs import normalized, pairs, plain, reference_columns, references


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


def test_spaces_and_quotes_become_uniform():
    assert normalized("  L\u2019ami\u00a0\u202f! ") == "L'ami !"
    assert plain("Don't GO, now!") == "don t go now"


def test_a_missing_reference_does_not_shorten_the_reference_length():
    # by hand: all n-grams of both sentences occur in a reference, so BLEU is the brevity penalty alone, for 5 + 4 words
    # written where the closest references have 12 + 4. An empty reference is closer to 5 words than the one of 12.
    known = {"a": ["a1 a2 a3 a4 a5 a6 a7 a8 a9 b1 b2 b3"], "b": ["a b c d", "a b c d e"]}
    sentences = ["a", "b"]
    written = ["a1 a2 a3 a4 a5", "a b c d"]
    columns = reference_columns(sentences, known)
    assert columns == [["a1 a2 a3 a4 a5 a6 a7 a8 a9 b1 b2 b3", "a b c d"], [None, "a b c d e"]]
    found = sacrebleu.corpus_bleu(written, columns)
    assert (found.sys_len, found.ref_len) == (9, 16)
    assert found.score == pytest.approx(100 * math.exp(1 - 16 / 9))
    wrong = sacrebleu.corpus_bleu(written, [columns[0], ["", "a b c d e"]])
    assert wrong.ref_len == 4 and wrong.score == pytest.approx(100)  # as the shipped numbers once were


@pytest.mark.parametrize(("name", "bleu"), [("transformer", 39.12), ("attention", 37.82), ("fixed", 24.59)])
def test_the_shipped_bleu_counts_missing_references_as_missing(name, bleu):
    metrics = json.loads(assets.data_path(f"translator_{name}.json").read_text(encoding="utf-8"))
    card = assets.data_path("translators.md").read_text(encoding="utf-8")
    assert metrics["test"]["BLEU"] == bleu  # translated again, all 1,400 sentences, by sacrebleu with None
    assert f"* {name}: " in card and f"BLEU {bleu} (greedy" in card
    assert all("BLEU" not in row for row in metrics["curve"])  # measured the old way, and not to be had again


def test_an_unknown_split_is_told():
    with pytest.raises(ValueError, match="split: expected 'train', 'valid' or 'test', got 'tests'"):
        pairs("tests")
