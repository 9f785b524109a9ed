"""Kneser-Ney by hand on a tiny text, and as a distribution."""

import math
import random

import pytest
import torch

from lecturelib.attention.ngram_model import KneserNey
from lecturelib.attention.tokenizer import END

A, B = 4, 5
# START A B END, START A A END, START B END: every number below is counted from these by hand
TEXT = [[A, B, END], [A, A, END], [B, END]]


def test_bigrams_by_hand():
    known = KneserNey(TEXT, vocabulary=6, order=2)
    # bigrams: START A 2, START B 1, A B 1, A A 1, A END 1, B END 2; n_1 = 4, n_2 = 2, D = 4 / 8
    # different tokens before A: START, A = 2; before B: START, A = 2; before END: A, B = 2; n_1 = 0: D = 0.75
    assert known.discounts == [0.75, 0.5]
    lower = {A: (2 - 0.75) / 6 + 0.75 * 3 / 6 / 6}
    lower |= {B: lower[A], END: lower[A], 3: 0.75 * 3 / 6 / 6}
    for token, p in lower.items():
        assert known.probability([], token) == pytest.approx(p)
    after_a = {A: 1, B: 1, END: 1}  # A is followed by three tokens, each once
    for token in (A, B, END, 3):
        expected = max(after_a.get(token, 0) - 0.5, 0) / 3 + 0.5 * 3 / 3 * lower[token]
        assert known.probability([A], token) == pytest.approx(expected)
    assert known.probability([1], A) == pytest.approx((2 - 0.5) / 3 + 0.5 * 2 / 3 * lower[A])
    assert known.probability([3], A) == known.probability([], A)  # a context that never occurred


def test_trigrams_by_hand():
    known = KneserNey(TEXT, vocabulary=6, order=3)
    # trigrams: START A B, START A A, A B END, A A END, START B END, each once: D = 0.75
    # of length 2: START A 2, START B 1 (counted), A B 1, A A 1, A END 1 (before: A), B END 2 (before: A, START)
    assert known.discounts[2] == 0.75 and known.discounts[1] == 4 / (4 + 2 * 2)
    bigram = max(1 - 0.5, 0) / 3 + 0.5 * 3 / 3 * known.probability([], B)
    assert known.probability([1, A], B) == pytest.approx((1 - 0.75) / 2 + 0.75 * 2 / 2 * bigram)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_it_is_a_distribution(order):
    draw = random.Random(order)
    text = [[draw.randrange(4, 12) for _ in range(draw.randrange(1, 9))] + [END] for _ in range(60)]
    known = KneserNey(text, vocabulary=14, order=order)
    for context in ([], [1], [1, 5], [5, 6, 7], [13], [1, 13, 5], text[0][:-1]):
        p = known.distribution(context)
        assert p.sum().item() == pytest.approx(1, abs=1e-5) and (p > 0).all()
        for token in range(14):
            assert known.probability(context, token) == pytest.approx(p[token].item(), rel=1e-4)
    worst = KneserNey(text, vocabulary=14, order=1).perplexity(text)
    assert known.perplexity(text) <= worst + 1e-9


def test_perplexity_by_hand():
    known = KneserNey(TEXT, vocabulary=6, order=2)
    p = known.probability([1], B) * known.probability([B], END)
    assert known.perplexity([[B, END]]) == pytest.approx(math.exp(-math.log(p) / 2))
    assert torch.is_tensor(known.distribution([])) and "n-grams" in repr(known)
    with pytest.raises(ValueError, match="at least one sentence"):
        KneserNey([], 6)
    with pytest.raises(ValueError, match="order: expected"):
        KneserNey(TEXT, 6, order=0)
