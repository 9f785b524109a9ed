"""The score functions by hand."""

import math

import pytest
import torch
from torch.nn import functional as F

from lecturelib.attention.scores import SCORES, Additive, Cosine, make_score


def test_scores_by_hand():
    query, keys = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[3.0, 4.0], [0.0, -1.0]]])
    dot = torch.tensor([11.0, -2.0])
    assert torch.equal(make_score("dot", 2, 2)(query, keys)[0, 0], dot)
    assert torch.allclose(make_score("scaled dot", 2, 2)(query, keys)[0, 0], dot / math.sqrt(2))
    cosines = dot / torch.tensor([5 * math.sqrt(5), math.sqrt(5)])
    assert torch.allclose(Cosine(2, 2, strength=1.0)(query, keys)[0, 0], cosines)
    assert torch.allclose(Cosine(2, 2)(query, keys)[0, 0], 10 * cosines)
    general = make_score("general", 2, 2)
    general.w.weight.data = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    assert torch.equal(general(query, keys)[0, 0], torch.tensor([14.0, -2.0]))
    additive = Additive(2, 2, hidden=5)
    joined = torch.cat([query.expand(1, 2, 2), keys], -1)  # [s; h]
    w = torch.cat([additive.query.weight, additive.key.weight], 1)
    expected = F.linear(F.linear(joined, w, additive.query.bias).tanh(), additive.v.weight)[..., 0]
    assert torch.allclose(additive(query, keys)[0], expected)


@pytest.mark.parametrize("name", SCORES)
def test_scores_take_keys_of_another_width_and_name_what_is_wrong(name):
    score = make_score(name, 6, 4)
    assert score(torch.randn(2, 3, 6), torch.randn(2, 5, 4)).shape == (2, 3, 5)
    with pytest.raises(ValueError, match=r"keys: expected shape \(B, L, 4\), got \(2, 5, 6\)"):
        score(torch.randn(2, 3, 6), torch.randn(2, 5, 6))


def test_bad_input_is_a_sentence():
    with pytest.raises(KeyError, match="name: expected a known score, got best; .*additive"):
        make_score("best", 4, 4)
    with pytest.raises(ValueError, match="d_key: expected a whole number from 1 up, got 0"):
        make_score("dot", 4, 0)
    with pytest.raises(ValueError, match="strength: expected a finite number above 0"):
        Cosine(2, 2, strength=0.0)
