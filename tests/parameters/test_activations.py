"""Activations by hand: shapes, ranking, scales, and bad input."""

import numpy as np
import pytest
import torch
from torch import nn

from lecturelib.models import PixelModel
from lecturelib.parameters.activations import activation_tiles, activations, strongest_channels


@pytest.fixture
def model():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 6 * 6, 5))
    return PixelModel(network, (0.0,) * 3, (1.0,) * 3, name="tiny", input_size=8, aliases={"conv1": "0"})


def test_activations_are_the_layers_own_output(model):
    image = torch.rand(1, 3, 8, 8)
    torch.testing.assert_close(activations(model, image, "conv1"), model.get_submodule("0")(image)[0])
    assert activations(model, image[0], "1").shape == (4, 6, 6)
    assert activations(model, image, "3").shape == (5, 1, 1)
    assert not activations(model, image, "1").requires_grad


def test_a_layer_before_the_head_takes_other_sizes_than_the_head(model):
    image = torch.rand(1, 3, 11, 11, generator=torch.Generator().manual_seed(0))
    convolution = model.get_submodule("0")
    expected = convolution(model.normalize(image))[0].detach()
    assert torch.equal(activations(model, image, "conv1"), expected)


def test_strongest_by_max_and_by_mean():
    acts = torch.zeros(3, 2, 2)
    acts[0, 0, 0] = 9  # one spot
    acts[1] = 5  # everywhere
    assert strongest_channels(acts, 2).tolist() == [0, 1]
    assert strongest_channels(acts, 2, by="mean").tolist() == [1, 0]
    assert strongest_channels(torch.ones(5, 2, 2), 3).tolist() == [0, 1, 2]  # ties: the lower index


def test_tiles_on_one_scale_and_each_on_its_own():
    acts = torch.tensor([[0.0, 4.0], [0.0, 1.0], [0.0, 0.0]])[:, None]  # (3, 1, 2)
    assert activation_tiles(acts).flatten().tolist() == [0, 1, 0, 0.25, 0, 0]
    assert activation_tiles(acts, [1, 2], scale="each").flatten().tolist() == [0, 1, 0, 0]
    signed = torch.tensor([[-1.0, 3.0], [1.0, 2.0]])[:, None]
    assert activation_tiles(signed, scale="each").flatten().tolist() == [0, 1, 0.5, 1]


def test_tiles_take_whole_numbers_of_any_kind():
    acts = torch.rand(3, 2, 2, generator=torch.Generator().manual_seed(0))
    wanted = activation_tiles(acts, [2, 0])
    for indices in (torch.tensor([2, 0]), np.array([2, 0]), (np.int64(2), 0), range(2, -1, -2)):
        assert torch.equal(activation_tiles(acts, indices), wanted)


def test_bad_input_is_a_sentence(model):
    image = torch.rand(1, 3, 8, 8)
    for call, error, words in [
        (
            lambda: activations(model, image, "conv7"),
            KeyError,
            "layer: expected a layer of tiny, got 'conv7'",
        ),
        (lambda: activations(model, image * 3, "conv1"), ValueError, r"pixels in \[0, 1\]"),
        (lambda: activations(model, image[:, :1], "conv1"), ValueError, "expected colo"),
        (
            lambda: activations(model, torch.rand(2, 3, 8, 8), "conv1"),
            ValueError,
            "got a batch of 2; pass images",
        ),
        (lambda: activations(model, torch.rand(0, 3, 8, 8), "conv1"), ValueError, "at least one pixel"),
        (lambda: activations(model, (image * 255).byte(), "conv1"), TypeError, "floats"),
        (lambda: activations(model, image[..., :2, :2], "conv1"), ValueError, "at least 3 x 3 px"),
        (lambda: activations(model, torch.rand(1, 3, 9, 9), "3"), ValueError, "expected 8 x 8 px"),
        (lambda: activations(model, image, "conv1", call=1), (KeyError, IndexError), "1 time"),
        (
            lambda: strongest_channels(torch.zeros(3, 2, 2), 0),
            ValueError,
            "k: expected a whole number from 1 to 3",
        ),
        (
            lambda: strongest_channels(torch.zeros(3, 2, 2), 4),
            ValueError,
            "k: expected a whole number from 1 to 3",
        ),
        (
            lambda: strongest_channels(torch.zeros(3, 2, 2), 1, by="sum"),
            ValueError,
            "expected 'max' or 'mean'",
        ),
        (lambda: strongest_channels(torch.full((3, 2, 2), torch.nan), 1), ValueError, "NaN"),
        (lambda: strongest_channels(torch.zeros(1, 3, 2, 2), 1), ValueError, r"\(C, h, w\)"),
        (
            lambda: activation_tiles(torch.zeros(3, 2, 2), [3]),
            IndexError,
            r"channels 0 to 2 .this layer has 3., got 3",
        ),
        (lambda: activation_tiles(torch.zeros(3, 2, 2), []), ValueError, "at least one"),
        (lambda: activation_tiles(torch.zeros(3, 2, 2), torch.tensor([1, 0, 1]) > 0), TypeError, "of a mask"),
        (
            lambda: activation_tiles(torch.zeros(3, 2, 2), [0.9]),
            TypeError,
            "indices: expected whole numbers, got 0.9",
        ),
        (lambda: activation_tiles(torch.zeros(3, 2, 2), 1), TypeError, r"write \[1\]"),
        (lambda: activation_tiles(torch.zeros(3, 2, 2), torch.tensor(1)), TypeError, r"write \[1\]"),
        (lambda: activation_tiles(torch.zeros(3, 2, 2), "01"), TypeError, "a list of channels"),
        (
            lambda: activation_tiles(torch.full((3, 2, 2), torch.inf)),
            ValueError,
            "acts: expected finite",
        ),
        (lambda: activation_tiles(torch.zeros(3, 2, 2), scale="log"), ValueError, "'each' or 'shared'"),
    ]:
        with pytest.raises(error, match=words):
            call()
    model.get_submodule("0").weight.data.fill_(torch.nan)
    with pytest.raises(ValueError, match="expected finite activations, got NaN"):
        activations(model, image, "conv1")
