"""C33: the causal language model beside a 3-gram model, from the shipped file and the current checkpoint."""

import pytest

from lecturelib.attention.causal_language_model import load, perplexity, training_log
from lecturelib.attention.claims_causal import c33_perplexity
from lecturelib.attention.ngram_model import KneserNey
from lecturelib.attention.sentence_pairs import pairs
from lecturelib.attention.tokenizer import shipped_tokenizer
from lecturelib.lesson.claims import numbers

pytestmark = pytest.mark.claims


def test_the_claim_is_that_of_the_shipped_model():
    found, log = c33_perplexity()["numbers"], training_log()
    assert numbers("C33") == found
    for side in ("english", "french"):
        assert found[f"{side}_model"] < found[f"{side}_3-gram"]
        assert log[f"{side}_test_sentences"] > 1000


def test_it_beats_counting_on_some_sentences():
    known = shipped_tokenizer()
    some = [known.encode(sentence) for sentence in dict.fromkeys(e for e, _ in pairs("test"))][::10]
    counted = KneserNey([known.encode(e) for e, _ in pairs("train")[:8000]], len(known))
    own = perplexity(load(), some)
    assert own < 0.8 * counted.perplexity(some)
    assert own == pytest.approx(training_log()["english_perplexity"], rel=0.25)
