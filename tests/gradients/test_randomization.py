"""Cascading randomization works from the top down, in a copy; the original is not touched."""

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.gradients.randomization import (
    cascading_randomization,
    layers_from_top,
    randomized,
    rank_correlation,
)
from lecturelib.network.hooks import recording
from lecturelib.network.units import Logit, read


def gradient_map(model, image, unit):
    image = image.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(read(model, image, unit).sum(), image)
    return gradient.abs().amax(1)[0]


@pytest.fixture
def image():
    return torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def test_layers_from_top():
    model = models.load("lenet", weights="random")
    assert layers_from_top(model) == ["classifier.2", "classifier.0", "features.3", "features.0"]
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU())
    assert layers_from_top(network, (1, 8, 8)) == ["1", "0"]
    with pytest.raises(ValueError, match="image_shape"):
        layers_from_top(network)


def test_the_top_layers_are_random_and_the_others_are_not(image):
    model = models.load("lenet")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    order = layers_from_top(model)
    for depth in range(5):
        copied = randomized(model, depth)
        for position, layer in enumerate(order):
            same = torch.equal(copied.get_submodule(layer).weight, model.get_submodule(layer).weight)
            assert same == (position >= depth)
        assert copied.name == "lenet" and copied._wrapped.features is copied.features
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(randomized(model, 0)(image), model(image))


def test_cascade_and_seeds():
    model = models.load("lenet")
    one, two = randomized(model, 1, seed=3), randomized(model, 2, seed=3)
    assert torch.equal(one.classifier[2].weight, two.classifier[2].weight)
    assert not torch.equal(one.classifier[2].weight, randomized(model, 1, seed=4).classifier[2].weight)
    state = torch.random.get_rng_state()
    randomized(model, 4)
    assert torch.equal(state, torch.random.get_rng_state())


def test_drawn_as_a_new_layer_is():
    copied = randomized(models.load("lenet"), 4)
    weight = copied.features[3].weight
    bound = (1 / weight[0].numel()) ** 0.5  # PyTorch: uniform within 1 / sqrt(fan in)
    assert bound * 0.9 < weight.abs().max() <= bound


def test_batch_norm_and_own_parameters():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3)
            self.gain = nn.Parameter(torch.arange(3.0))

        def forward(self, x):
            return self.norm(self.conv(x)).mean((2, 3)) * self.gain

    model = Scaled()
    model(torch.rand(4, 1, 8, 8))  # moves the running statistics
    assert layers_from_top(model, (1, 8, 8)) == ["norm", "conv", ""]
    copied = randomized(model, 3, image_shape=(1, 8, 8))
    assert copied.norm.running_mean.tolist() == [0, 0, 0] and copied.norm.running_var.tolist() == [1, 1, 1]
    assert not torch.equal(copied.gain, model.gain) and model.training and copied.training


def test_attention_belongs_to_the_layer_around_it():
    class Attend(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention, self.head = nn.MultiheadAttention(4, 2, batch_first=True), nn.Linear(4, 2)

        def forward(self, x):
            tokens = x.flatten(2).transpose(1, 2).expand(-1, -1, 4)  # (B, 1, h, w) -> (B, tokens, 4)
            return self.head(self.attention(tokens, tokens, tokens)[0].mean(1))

    model = Attend()
    assert layers_from_top(model, (1, 2, 2)) == ["head", "attention"]
    copied = randomized(model, 2, image_shape=(1, 2, 2))
    assert not torch.equal(copied.attention.out_proj.weight, model.attention.out_proj.weight)


def test_a_copy_while_somebody_records(image):
    model = models.load("lenet")
    with recording(model, ["conv1"]) as acts:
        acts.forward(image.clone().requires_grad_(True))
        copied = randomized(model, 1)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in copied.modules())


def test_control_steps(image):
    model = models.load("lenet")
    steps = cascading_randomization(gradient_map, model, image, Logit(3))
    assert [step.depth for step in steps] == [1, 2, 3, 4]
    assert [step.layer for step in steps] == layers_from_top(model)
    assert all(step.map.shape == (28, 28) for step in steps)
    first = cascading_randomization(gradient_map, model, image, Logit(3), depths=[2, 0])
    assert [step.depth for step in first] == [0, 2]
    assert first[0].rank_correlation == pytest.approx(1)
    assert torch.equal(first[1].map, steps[1].map)
    assert torch.equal(steps[1].map, gradient_map(randomized(model, 2), image, Logit(3)))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_a_method_that_ignores_the_network_keeps_its_rank(image):
    steps = cascading_randomization(
        lambda model, image, unit: image[0, 0], models.load("lenet"), image, Logit(0)
    )
    assert [step.rank_correlation for step in steps] == pytest.approx([1] * 4)


def test_rank_correlation():
    map = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert rank_correlation(map, map**3) == pytest.approx(1)
    assert rank_correlation(map, -map) == pytest.approx(-1)
    assert rank_correlation(map, torch.ones(2, 2)) == 0
    ties = torch.tensor([[1.0, 1.0], [0.0, 2.0]])
    assert rank_correlation(map, ties) == pytest.approx(0.31622776601)  # ranks 2.5, 2.5, 1, 4


@pytest.mark.oracle
def test_rank_correlation_equals_scipy():
    from scipy.stats import spearmanr

    first, second = torch.rand(2, 30, 30, generator=torch.Generator().manual_seed(0))
    second = (second * 5).round() + first
    expected = spearmanr(first.flatten().numpy(), second.flatten().numpy()).statistic
    assert rank_correlation(first, second) == pytest.approx(expected)


def test_bad_input(image):
    model = models.load("lenet", weights="random")
    for depth, error in ((-1, ValueError), (5, ValueError), (1.0, TypeError), (True, TypeError)):
        with pytest.raises(error, match="depth: expected a whole number from 0 to 4"):
            randomized(model, depth)
        with pytest.raises(error, match="depths: expected a whole number from 0 to 4"):
            cascading_randomization(gradient_map, model, image, Logit(0), depths=[depth])
    with pytest.raises(ValueError, match="seed"):
        randomized(model, 1, seed=-1)
    with pytest.raises(ValueError, match="at least one depth"):
        cascading_randomization(gradient_map, model, image, Logit(0), depths=[])
    for depths in (3, "13"):
        with pytest.raises(TypeError, match="depths: expected a list"):
            cascading_randomization(gradient_map, model, image, Logit(0), depths=depths)
    with pytest.raises(TypeError, match="method"):
        cascading_randomization("gradient", model, image, Logit(0))
    with pytest.raises(ValueError, match="one image"):
        cascading_randomization(gradient_map, model, image.repeat(2, 1, 1, 1), Logit(0))
    with pytest.raises(IndexError, match="class: expected a whole number from 0 to 9"):
        cascading_randomization(gradient_map, model, image, Logit(10))
    with pytest.raises(ValueError, match=r"map: expected shape \(H, W\)"):
        cascading_randomization(lambda m, i, u: i, model, image, Logit(0))
    with pytest.raises(ValueError, match="a network with parameters"):
        randomized(nn.Sequential(nn.ReLU()), 0, image_shape=(1, 2, 2))
    with pytest.raises(TypeError, match="model: expected a network"):
        layers_from_top("lenet")
    with pytest.raises(ValueError, match="NaN"):
        rank_correlation(torch.full((2, 2), float("nan")), torch.rand(2, 2))
