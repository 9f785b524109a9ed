"""Changed and permuted weights: what stays, what moves, by hand."""

import pytest
import torch

from lecturelib.attention.decoding import greedy
from lecturelib.attention.interventions import permuted_attention, with_changed_weights
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.tokenizer import START
from lecturelib.attention.transformer import Transformer

SOURCE, TARGET = [5, 6, 7, 8], [9, 10, 2]


def tiny(score="additive"):
    torch.manual_seed(0)
    model = Seq2Seq(12, score, embedding=6, encoder=5, decoder=7).eval().requires_grad_(False)
    for parameter in model.parameters():
        parameter.mul_(2.0)
    return model


def test_a_twin_that_changes_nothing_is_the_model():
    model = tiny()
    source, before = torch.tensor([SOURCE]), torch.tensor([[START, 9, 10]])
    scores, weights = with_changed_weights(model, lambda w, t: w)(source, before)
    expected, looked = model(source, before)
    assert torch.allclose(scores, expected, atol=1e-5) and torch.allclose(weights, looked, atol=1e-6)


def test_weights_are_what_the_change_says_and_the_model_keeps_its_own():
    model, seen = tiny(), []

    def last_only(weights, t):
        seen.append(t)
        return torch.tensor([[0.0, 0.0, 0.0, 2.0]])  # made to sum to one

    before = torch.tensor([[START, 9, 10]])
    expected = model(torch.tensor([SOURCE]), before)[0]
    _, weights = with_changed_weights(model, last_only)(torch.tensor([SOURCE]), before)
    assert weights[0].tolist() == [[0.0, 0.0, 0.0, 1.0]] * 3 and seen == [0, 1, 2]
    assert torch.equal(model(torch.tensor([SOURCE]), before)[0], expected)
    found = greedy(with_changed_weights(model, last_only), torch.tensor([SOURCE]), longest=3)
    assert found.weights[0][:, 3].eq(1).all()


def test_permuted_weights_by_brute_force():
    model = tiny()
    found = permuted_attention(model, SOURCE, TARGET, permutations=3, seed=4)
    order = torch.rand(9, 4, generator=torch.Generator().manual_seed(4)).argsort(-1).view(3, 3, 4)
    source, before = torch.tensor([SOURCE]), torch.tensor([[START, *TARGET[:-1]]])
    p = model(source, before)[0][0].softmax(-1)
    for t in range(3):
        for n in range(3):
            only = lambda w, step, t=t, n=n: w[:, order[t, n]] if step == t else w  # noqa: E731
            q = with_changed_weights(model, only)(source, before)[0][0, t].softmax(-1)
            distance = (p[t] - q).abs().sum() / 2
            assert torch.allclose(found.total_variation[t, n], distance, atol=1e-5)
            kl = (p[t] * (p[t] / q).log()).sum()
            assert torch.allclose(found.kl[t, n], kl, atol=1e-5)
    assert torch.allclose(found.weights, model(source, before)[1][0], atol=1e-6)


def test_where_all_sources_are_alike_a_permutation_changes_nothing():
    model = tiny()
    model.score.v.weight.zero_()  # flat weights
    found = permuted_attention(model, SOURCE, TARGET, permutations=4)
    assert found.total_variation.abs().max() < 1e-5 and found.other_word.eq(0).all()


def test_bad_input_is_a_sentence():
    with pytest.raises(TypeError, match="recurrent translator with attention"):
        with_changed_weights(tiny(None), lambda w, t: w)
    with pytest.raises(TypeError, match="recurrent translator with attention"):
        permuted_attention(Transformer(12, d=8, heads=2, layers=1, hidden=8), SOURCE, TARGET)
    with pytest.raises(ValueError, match="source: expected at least two tokens, got 1"):
        permuted_attention(tiny(), [5], TARGET)
    with pytest.raises(ValueError, match="target: expected at least one token, got none"):
        permuted_attention(tiny(), SOURCE, [])
    with pytest.raises(ValueError, match="permutations: expected a whole number from 1 up, got 0"):
        permuted_attention(tiny(), SOURCE, TARGET, permutations=0)
