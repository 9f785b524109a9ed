"""Multiply-adds counted by hooks on the layers, against the formulas; who depends on the picture's size."""

import pytest
import torch
from torch import nn

from lecturelib.visual_attention.glimpse_network import GlimpseNetwork
from lecturelib.visual_attention.same_cost import (
    ConvClassifier,
    DenseClassifier,
    conv_multiply_adds,
    conv_of_cost,
    dense_multiply_adds,
    dense_of_cost,
    glimpse_multiply_adds,
)
from lecturelib.visual_attention.shipped_glimpses import SPECS


def counted(network, image):
    """Multiply-adds of all linear and convolutional layers, as they ran."""
    total = 0

    def add(layer, inputs, output):
        nonlocal total
        each = layer.in_features if isinstance(layer, nn.Linear) else layer.weight[0].numel()
        total += output.numel() * each

    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d) and layer is not getattr(network, "baseline", None):
            layer.register_forward_hook(add)
    network(image)
    return total


@pytest.mark.parametrize("side", [28, 60, 61])
def test_plain_classifiers_cost_what_the_formula_says(side):
    image = torch.zeros(1, 1, side, side)
    assert counted(DenseClassifier(side, 30), image) == dense_multiply_adds(side, 30)
    assert counted(ConvClassifier(side, 30), image) == conv_multiply_adds(side, 30)


@pytest.mark.parametrize("sensor", [(12, 3, 4), (8, 1, 6)])
def test_glimpses_cost_what_the_formula_says_at_every_size(sensor):
    size, scales, glimpses = sensor
    read = glimpses * 2 * (size * 2 ** (scales - 1) + 1) ** 2  # the sensor itself has no layer
    for side in (28, 60, 150):
        network = GlimpseNetwork(*sensor)
        assert counted(network, torch.zeros(1, 1, side, side)) + read == glimpse_multiply_adds(*sensor)


@pytest.mark.parametrize("name", SPECS)
def test_what_is_compared_costs_the_same_within_a_hundredth(name):
    spec = SPECS[name]
    most = glimpse_multiply_adds(spec.size, spec.scales, spec.glimpses)
    assert 0.99 * most < spec.multiply_adds <= most


def test_the_others_grow_with_the_picture():
    assert dense_multiply_adds(120, 256) > 3.5 * dense_multiply_adds(60, 256)
    assert conv_multiply_adds(120, 256) > 3.5 * conv_multiply_adds(60, 256)


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match="multiply_adds: expected enough for one hidden unit, got 100"):
        conv_of_cost(60, 100)
    with pytest.raises(ValueError, match="multiply_adds: expected enough"):
        dense_of_cost(60, 100)
    with pytest.raises(ValueError, match="images: expected pictures of 60 x 60 pixels"):
        DenseClassifier(60, 4)(torch.zeros(1, 1, 28, 28))
    with pytest.raises(ValueError, match="glimpses: expected a whole number from 1"):
        glimpse_multiply_adds(glimpses=0)
