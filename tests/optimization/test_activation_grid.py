"""The activation grid: its cells by hand, its pictures against `explain_location`."""

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.network.hooks import record
from lecturelib.network.units import Logit
from lecturelib.optimization.activation_grid import (
    activation_grid,
    grid_cells,
    iter_activation_grid,
    shipped_grid,
)
from lecturelib.optimization.semantic_location import attribution, explain_location, location_vector


@pytest.fixture(scope="module")
def net():
    return models.load("cifar_net", weights="random")


@pytest.fixture
def image():
    return torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_a_layer_of_one_cell_is_explain_location():
    network = nn.Sequential(
        nn.Conv2d(3, 8, 5), nn.ReLU(), nn.Conv2d(8, 6, 5), nn.ReLU(), nn.Flatten(), nn.Linear(6, 2)
    )
    torch.manual_seed(0)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    model = models.adapt(network, (0.5,) * 3, (0.25,) * 3, input_size=9)
    image = torch.rand(1, 3, 9, 9, generator=torch.Generator().manual_seed(1))
    grid = activation_grid(model, image, "2", steps=6, seed=5, unit=Logit(1))
    alone = explain_location(model, image, "2", 0, 0, steps=6, seed=5)
    assert grid.pictures.shape == (1, 1, 3, 9, 9)
    assert torch.equal(grid.pictures[0, 0], alone.image[0])
    assert grid.strength.item() == pytest.approx(location_vector(model, image, "2", 0, 0).norm().item())
    assert grid.adds.item() == pytest.approx(attribution(model, image, Logit(1), "2").sum().item(), abs=1e-5)


def test_cells_are_means_of_blocks_and_their_shares_are_sums(net, image):
    maps = record(net, image, ["conv3_1"])["conv3_1"][0].relu()  # (256, 8, 8)
    share = attribution(net, image, Logit(2), "conv3_1").sum(0)
    single = grid_cells(net, image, "conv3_1", unit=Logit(2))
    assert torch.allclose(single.vectors[3, 5], maps[:, 3, 5]) and torch.allclose(single.adds, share)
    blocks = grid_cells(net, image, "conv3_1", group=3, unit=Logit(2))
    assert blocks.vectors.shape == (3, 3, 256)
    assert torch.allclose(blocks.vectors[0, 1], maps[:, 0:3, 3:6].mean((1, 2)), atol=1e-6)
    assert torch.allclose(
        blocks.vectors[2, 2], maps[:, 6:8, 6:8].mean((1, 2)), atol=1e-6
    )  # smaller at the border
    assert torch.allclose(blocks.adds[2, 2], share[6:8, 6:8].sum(), atol=1e-6)
    assert blocks.adds.sum().item() == pytest.approx(share.sum().item(), abs=1e-5)
    assert grid_cells(net, image, "conv3_1").adds is None


def test_every_cell_comes_nearer_to_its_own_vector(net, image):
    run = list(iter_activation_grid(net, image, "conv2_1", group=8, size=16, steps=10, transforms=[]))
    assert [grid.step for grid in run] == list(range(1, 11)) and run[0].total == 10
    assert run[-1].pictures.shape == (2, 2, 3, 16, 16)
    wanted = grid_cells(net, image, "conv2_1", group=8).vectors.flatten(0, 1)

    def cosines(grid):
        maps = record(net, grid.pictures.flatten(0, 1), ["conv2_1"])["conv2_1"]
        return torch.cosine_similarity(maps[..., maps.shape[2] // 2, maps.shape[3] // 2], wanted)

    assert (cosines(run[-1]) > cosines(run[0])).all()


def test_a_silent_cell_stays_grey():
    conv = nn.Conv2d(1, 2, 1)
    with torch.no_grad():
        conv.weight.copy_(torch.tensor([1.0, 2.0]).view(2, 1, 1, 1))
        conv.bias.zero_()
    model = models.adapt(nn.Sequential(conv, nn.ReLU()), (0.0,), (1.0,), input_size=2)
    image = torch.tensor([[[[0.0, 1.0], [0.5, 0.0]]]])
    grid = activation_grid(model, image, "0", size=4, steps=2, transforms=[])
    assert (grid.pictures[0, 0] == 0.5).all() and (grid.pictures[1, 1] == 0.5).all()
    assert (grid.pictures[0, 1] != 0.5).any()
    with pytest.raises(ValueError, match="image: expected one to which a channel of"):
        iter_activation_grid(model, torch.zeros(1, 1, 2, 2), "0")


@pytest.mark.parametrize(
    "change, error, words",
    [
        ({"group": 9}, ValueError, "group: .* 8 x 8 places"),
        ({"group": 0}, ValueError, "group"),
        ({"group": 1.5}, TypeError, "group: expected a whole number"),
        ({"layer": "classifier.0"}, ValueError, "layer: expected one that gives a map with places"),
        ({"image": torch.rand(1, 3, 3, 3)}, ValueError, "expected at least 4 x 4 px|cannot take"),
        ({"unit": Logit("zebra")}, KeyError, "zebra"),
        ({"steps": 0}, ValueError, "steps"),
        ({"size": 1}, ValueError, "1 x 1"),
    ],
)
def test_grids_that_cannot_be(net, image, change, error, words):
    asked = {"image": image, "layer": "conv3_1", **change}
    with pytest.raises(error, match=words):
        iter_activation_grid(net, **asked)


def test_shipped_grids_stand_as_the_map_does():
    for layer in ("conv4", "conv5"):
        tiles = shipped_grid("alexnet", layer, "cat")
        assert tiles.shape == (13, 13, 3, 40, 40) and tiles.min() >= 0 and tiles.max() <= 1
        assert tiles.std(dim=(2, 3, 4)).min() > 0.01
    assert shipped_grid("alexnet", "conv2", "cat") is None and shipped_grid("vgg16", "conv4", "cat") is None
