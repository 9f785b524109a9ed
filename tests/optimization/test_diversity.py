"""Diversity: similarity of Gram matrices by hand, and nine starts that it keeps apart."""

import pytest
import torch

from lecturelib import models
from lecturelib.network.hooks import record
from lecturelib.network.units import Channel
from lecturelib.optimization.ascent import iter_maximize, maximize
from lecturelib.optimization.diversity import diversity
from lecturelib.optimization.objectives import gram


class Caught(dict):
    def maps(self, key):
        return self[key]


def test_gram_by_hand():
    maps = torch.tensor([[1.0, 2.0], [0.0, 2.0]]).view(1, 2, 1, 2)
    # products (1 + 4, 0 + 4; 4, 4), of length sqrt(25 + 16 + 16 + 16)
    assert torch.allclose(gram(maps), torch.tensor([[[5.0, 4.0], [4.0, 4.0]]]) / 73**0.5)
    assert gram(torch.tensor([[3.0, 4.0]])).flatten().tolist() == pytest.approx([0.36, 0.48, 0.48, 0.64])


def test_gram_forgets_where():
    maps = torch.rand(1, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    moved = maps.roll((1, 2), (2, 3))
    assert torch.allclose(gram(maps), gram(moved), atol=1e-6)


def test_the_penalty_by_hand():
    # pictures 0 and 1 alike, 2 with another channel
    maps = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]]).view(3, 2, 1, 1)
    penalty = diversity("x", 4.0)
    assert penalty.keys == ["x"]
    assert penalty(None, Caught(x=maps)).tolist() == pytest.approx([2, 2, 0])
    assert penalty(None, Caught(x=maps[:1])).tolist() == [0], "one alone has no others"
    assert diversity("x", 0.0)(None, Caught(x=maps)).tolist() == [0, 0, 0]


def test_nine_starts_are_kept_apart():
    model, unit = models.load("lenet"), Channel("conv2", 5)
    alike = []
    for weight in (0.0, 50.0):
        step = maximize(model, unit, batch=9, regularizers=[diversity("conv2", weight)], steps=25)
        style = gram(record(model, step.image, ["conv2"])["conv2"]).flatten(1)
        alike.append(((style @ style.T).sum() - 9).item() / 72)
    assert alike[1] < alike[0] - 0.02


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match="diversity, weight: expected"):
        diversity("conv1", -1.0)
    with pytest.raises(KeyError, match="layer"):
        iter_maximize(models.load("lenet"), Channel("conv1", 0), regularizers=[diversity("conv9")])
