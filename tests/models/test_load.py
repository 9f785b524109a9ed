"""Networks by name: they take pixels, they are frozen, and they know what they see."""

import copy

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.images import photo
from lecturelib.network.probe import list_units
from lecturelib.network.units import Logit, Probability, class_index, read

PIXEL_MODELS = [name for name, spec in models.MODELS.items() if type(spec) is models.ModelSpec]


@pytest.mark.parametrize("name", PIXEL_MODELS)
def test_every_network_of_the_course_loads_frozen(name):
    model = models.load(name)
    assert not any(module.training for module in model.modules())
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert not any(getattr(module, "inplace", False) for module in model.modules())
    image = torch.rand(1, model.channels, model.input_size, model.input_size)
    out = model(image)
    assert out.isfinite().all() and out.shape[1] == (len(model.classes) or 512)
    names = {info.name for info in list_units(model)}
    assert set(model.aliases.values()) <= names


@pytest.mark.parametrize("name", PIXEL_MODELS)
def test_random_weights_come_from_the_seed(name):
    one, same, other = (models.load(name, weights="random", seed=seed) for seed in (1, 1, 2))
    pairs = list(zip(one.parameters(), same.parameters(), other.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b, _ in pairs) and not all(torch.equal(a, c) for a, _, c in pairs)
    before = torch.random.get_rng_state()
    models.load(name, weights="random")
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    "network, picture, name, least",
    [
        ("efficientnet_lite0", "cat", "Egyptian cat", 0.3),
        ("efficientnet_lite0", "coffee", "espresso", 0.9),
        ("efficientnet_lite2", "cat", "Egyptian cat", 0.3),
        ("alexnet", "cat", "cat", 0.5),
    ],
)
def test_trained_networks_name_real_photos(network, picture, name, least):
    model = models.load(network)
    assert read(model, photo(picture, model.input_size), Probability(name)).item() > least


def test_a_torchvision_network_keeps_its_layer_names():
    model = models.load("resnet18", weights="random")
    assert (model.name, model.input_size, model.channels) == ("resnet18", 224, 3)
    assert [info.name for info in list_units(model)][0] == "conv1"


def test_adapt_normalizes_once_and_changes_nothing():
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(inplace=True), nn.Flatten()).train()
    model = models.adapt(network, mean=(0.1, 0.2, 0.3), std=(1, 2, 4), input_size=5)
    image = torch.rand(2, 3, 5, 5)
    by_hand = (image - torch.tensor([0.1, 0.2, 0.3]).view(3, 1, 1)) / torch.tensor([1.0, 2, 4]).view(3, 1, 1)
    torch.testing.assert_close(model(image), network(by_hand))
    assert network.training and network[1].inplace
    assert [name for name, _ in model.named_modules()] == ["", "0", "1", "2"]
    assert model.state_dict().keys() == network.state_dict().keys()
    model.eval()
    assert not network.training


def test_a_copied_model_stands_on_its_own():
    model = models.adapt(nn.Sequential(nn.Conv2d(3, 1, 1)))
    twin = copy.deepcopy(model)
    twin.requires_grad_(False).get_submodule("0").weight.zero_()
    assert model.get_submodule("0").weight.abs().sum() > 0
    assert twin(torch.rand(1, 3, 2, 2)).std() == 0


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: models.load("alexnett"), KeyError, "nearest: alexnet"),
        (lambda: models.load("alexnet", weights="good"), ValueError, "'trained', 'random' or 'online'"),
        (lambda: models.load("resnet18"), ValueError, "weights='online'"),
        (lambda: models.load(None), TypeError, "name: expected a network's name .* got None"),
        (lambda: models.load(nn.ReLU()), TypeError, "models.adapt"),
        (lambda: models.adapt(nn.ReLU(), 0.5, 0.5), TypeError, r"\(0.5,\) for grey, got float 0.5"),
        (
            lambda: models.adapt(nn.ReLU(), "abc", (1, 1, 1)),
            TypeError,
            "mean: expected one number per color",
        ),
        (lambda: models.adapt("resnet18"), TypeError, "torch.nn.Module"),
        (lambda: models.adapt(models.load("lenet")), TypeError, "already takes pixels"),
        (lambda: models.adapt(nn.ReLU(), mean=(0.5,), std=(0.5, 0.5)), ValueError, "one number per colou?r"),
        (lambda: models.adapt(nn.ReLU(), mean=(0.5,), std=(0,)), ValueError, "above 0"),
        (
            lambda: class_index(models.load("lenet"), "three"),
            KeyError,
            "class: expected a class of lenet, got 'three'",
        ),
        (lambda: class_index(models.load("lenet"), 10), IndexError, "class: expected 0 to 9"),
        (lambda: class_index(models.load("vgg16"), "cat"), KeyError, "class: expected an index, got 'cat'"),
        (lambda: read(models.load("lenet"), torch.rand(1, 1, 28, 28), Logit("8 ")), KeyError, "nearest: 8"),
    ],
)
def test_a_wrong_name_is_a_sentence(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_names_inside_the_network_may_be_anything():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = nn.Sequential(nn.Conv2d(3, 2, 1))
            self.register_buffer("mean", torch.ones(1))
            self.classes = nn.Linear(2, 2)

        def forward(self, x):
            return self.classes(self.network(x).mean((2, 3)) + self.mean)

    model = models.adapt(Odd(), input_size=4)
    assert model.get_submodule("network.0") is model._wrapped.network[0]
    assert model.mean == models.IMAGENET_MEAN and model(torch.rand(1, 3, 4, 4)).shape == (1, 2)
