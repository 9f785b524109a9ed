"""What the explorables of part 7c show is what the model computes: rows that sum to one, nothing ahead, real steps."""

import pytest
import torch

from lecturelib.attention.causal_language_model import load, training_log
from lecturelib.attention.explore import causal_reading_explorer, key_value_cache_explorer, next_word_explorer
from lecturelib.attention.explore.causal_reading import CHASE, MOST, reading
from lecturelib.attention.explore.induction import ABLATED, model_of
from lecturelib.attention.explore.key_value_cache import WITHOUT, written_tokens
from lecturelib.attention.next_token import continue_text, next_token_scores
from lecturelib.attention.views.next_token_view import readable


def test_a_sentence_is_read_from_left_to_right():
    words, between, told, left = reading(CHASE)
    assert words == ["START", "The", "FBI", "is", "chasing", "a", "criminal", "on", "the", "run", "."]
    assert between.shape == (2, 4, 11, 11) and left == 0 and len(told) == 11
    torch.testing.assert_close(between.sum(-1), torch.ones(2, 4, 11))
    assert between.triu(1).abs().max() == 0
    shorter, part, begin, _ = reading("The FBI is chasing a criminal on the")
    torch.testing.assert_close(part, between[..., :9, :9])
    assert shorter == words[:9] and begin == told[:9]


@pytest.mark.parametrize("sentence", ["", "word " * 40, "Je l'aime.", "a"])
def test_any_sentence_can_be_read(sentence):
    words, between, _, left = reading(sentence)
    assert len(words) <= MOST and between.shape[-1] == len(words)
    shown = causal_reading_explorer().picture({"sentence": sentence[:200]})
    assert ("Left out at the end" in shown.caption) == bool(left)


def test_the_cache_explorer_shows_real_steps():
    given, written, apart = written_tokens("Would you like")
    assert given == ["START", "Would", "you", "like"] and apart < 1e-4
    whole = continue_text("Would you like", longest=14)
    assert len(written) == len(whole.ids)
    cheap, dear = (
        key_value_cache_explorer().picture({"step": 2, "cache": cache}).caption
        for cache in ("with the cache", WITHOUT)
    )
    assert "1 of 5 tokens go through" in cheap and "5 of 5 tokens go through" in dear
    long = key_value_cache_explorer().picture({"text": "I do not know why you did that to him and to us all"})
    assert "tokens go through" in long.caption


def test_next_words_are_the_models():
    shown = next_word_explorer().picture({"text": "Je ne sais"})
    best = int(next_token_scores("Je ne sais").argmax())
    from lecturelib.attention.tokenizer import shipped_tokenizer

    assert readable(shipped_tokenizer().tokens([best])[0]) in shown.alt.split(",")[0]
    few = next_word_explorer().picture({"text": "She has a", "top_k": 3})
    assert few.caption.startswith("3 of 6,000 tokens can be drawn")
    assert next_word_explorer().picture({"text": ""}).alt


def test_heads_that_a_model_does_not_have_are_left_out():
    for name in ABLATED:
        assert len(model_of(1, 0, name).layers) == 1


def test_the_shipped_model_is_that_of_its_card():
    log, model = training_log(), load()
    assert sum(p.numel() for p in model.parameters()) == log["parameters"]
    # much better than chance, and better than the 3-gram model of the same sentences
    for side in ("english", "french"):
        assert log[f"{side}_perplexity"] < log[f"{side}_perplexity_of_a_3-gram_model"] < 6000
