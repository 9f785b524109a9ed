"""Temperature, top-k and nucleus by hand; sampling's frequencies; continuations with and without a cache."""

import pytest
import torch

from lecturelib.attention.causal_language_model import CausalLanguageModel
from lecturelib.attention.next_token import Continuation, continued, next_token_distribution, prompt_ids
from lecturelib.attention.tokenizer import END, LONGEST, START

P = [0.4, 0.3, 0.2, 0.1]
SCORES = torch.tensor(P, dtype=torch.double).log() + 1.7  # a constant changes nothing


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = CausalLanguageModel(12, d=16, heads=2, layers=2, hidden=32).eval()
    model.embedding.weight.data *= 3  # far from even
    return model


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, P),
        # p^(1/T): 0.16 0.09 0.04 0.01 at T = 1/2
        ({"temperature": 0.5}, [16 / 30, 9 / 30, 4 / 30, 1 / 30]),
        ({"top_k": 1}, [1, 0, 0, 0]),
        ({"top_k": 3}, [4 / 9, 3 / 9, 2 / 9, 0]),
        ({"top_k": 9}, P),
        # the smallest set that sums to at least p
        ({"top_p": 0.39}, [1, 0, 0, 0]),
        ({"top_p": 0.41}, [4 / 7, 3 / 7, 0, 0]),
        ({"top_p": 0.7}, [4 / 7, 3 / 7, 0, 0]),
        ({"top_p": 0.71}, [4 / 9, 3 / 9, 2 / 9, 0]),
        ({"top_p": 1.0}, P),
        # the nucleus of what top-k left: 4/9 and 3/9 sum to 7/9
        ({"top_k": 3, "top_p": 0.75}, [4 / 7, 3 / 7, 0, 0]),
        # at T = 1/2 the first two sum to 25/30
        ({"temperature": 0.5, "top_p": 0.8}, [16 / 25, 9 / 25, 0, 0]),
    ],
)
def test_by_hand(given, expected):
    order = [2, 0, 3, 1]
    found = next_token_distribution(SCORES[order].expand(2, 4), **given)
    expected = torch.tensor(expected, dtype=torch.double)[order].expand(2, 4)
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=0)


def test_extreme_temperatures():
    torch.testing.assert_close(next_token_distribution(SCORES, 1e-3), torch.tensor([1.0, 0, 0, 0]).double())
    torch.testing.assert_close(
        next_token_distribution(SCORES, 1e6), torch.full((4,), 0.25).double(), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"temperature": 0}, ValueError, "temperature: expected"),
        ({"top_k": 0}, ValueError, "top_k: expected"),
        ({"top_k": 2.5}, TypeError, "top_k: expected"),
        ({"top_p": 0}, ValueError, "top_p: expected"),
        ({"top_p": 1.1}, ValueError, "top_p: expected"),
    ],
)
def test_settings_that_do_not_fit(given, error, words):
    with pytest.raises(error, match=words):
        next_token_distribution(SCORES, **given)


@pytest.mark.parametrize("given", [{}, {"temperature": 1.7}, {"top_k": 3}, {"top_p": 0.6}])
def test_frequencies_are_the_probabilities(model, given):
    scores = model(torch.tensor([[START, 5, 7]]))[0][0, -1]
    expected = next_token_distribution(scores, **given)
    generator, count = torch.Generator().manual_seed(0), 600
    drawn = [continued(model, [5, 7], longest=1, generator=generator, **given).ids[0] for _ in range(count)]
    found = torch.bincount(torch.tensor(drawn), minlength=12) / count
    assert (found[expected == 0] == 0).all()
    error = (expected * (1 - expected) / count).sqrt()  # of a frequency
    assert ((found - expected).abs() <= 4 * error + 1e-9).all()


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_the_cache_changes_nothing(model, seed):
    def run(cached):
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        return continued(model, [5, 7, 9], 12, generator, cached=cached)

    kept, anew = run(True), run(False)
    assert kept.ids == anew.ids and kept.probabilities == pytest.approx(anew.probabilities, rel=1e-4)
    steps = len(kept.ids)
    assert kept.computed == 4 + steps - 1 and anew.computed == sum(4 + k for k in range(steps))


def test_greedy_takes_the_likeliest(model):
    found = continued(model, [5, 7], longest=5)
    tokens = [START, 5, 7]
    for token, p in zip(found.ids, found.probabilities, strict=True):
        own = model(torch.tensor([tokens]))[0][0, -1].softmax(-1)
        assert token == int(own.argmax()) and p == pytest.approx(own.max().item(), rel=1e-4)
        tokens.append(token)


def test_it_ends_at_end_and_at_the_longest(model):
    model.embedding.weight.data.zero_()
    model.embedding.weight.data[END] = 1.0
    model.norm.bias.data.fill_(1.0)  # END has the largest score after anything
    found = continued(model, [5])
    assert found.ids == [END] and found.finished
    model.embedding.weight.data[END] = -1.0
    model.embedding.weight.data[7] = 1.0
    whole = continued(model, [5], longest=200)
    assert not whole.finished and len(whole.ids) + 2 == LONGEST + 1
    assert isinstance(whole, Continuation) and continued(model, [5], longest=3).ids == [7, 7, 7]


def test_beginnings():
    assert prompt_ids("") == [] and prompt_ids("  ") == []
    assert prompt_ids("The house ") == prompt_ids("The house")
    with pytest.raises(TypeError, match="text: expected a string"):
        prompt_ids(3)
    with pytest.raises(ValueError, match="at most 63 subword tokens"):
        prompt_ids("house " * 80)
    with pytest.raises(ValueError, match="signs that occur in training, got 猫"):
        prompt_ids("a 猫")
