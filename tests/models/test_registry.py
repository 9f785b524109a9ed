"""The registry: one name for every network, of whatever part, and a usable network wherever it is loaded."""

import ast
from pathlib import Path

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.gradients.backprop import backprop
from lecturelib.network.units import Logit
from lecturelib.optimization.ascent import maximize
from lecturelib.optimization.priors import VAEPrior

ENTRY_POINTS = [name for name, spec in models.MODELS.items() if isinstance(spec, models.EntryPointSpec)]
KINDS = {"classifier", "feature extractor", "generative model", "encoder", "translator"}


def test_every_entry_says_its_kind_and_every_kind_is_there():
    assert {spec.kind for spec in models.MODELS.values()} == KINDS
    assert all(spec.what for spec in models.MODELS.values())


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_an_entry_point_gives_what_its_own_module_loads(name):
    spec = models.MODELS[name]
    found = models.load(name)
    network = found if isinstance(found, nn.Module) else found.model
    assert not any(module.training for module in network.modules())
    assert not any(parameter.requires_grad for parameter in network.parameters())
    own = spec.resolve()(*spec.arguments)
    assert type(own) is type(found)
    with pytest.raises(ValueError, match=f"weights: expected 'trained' for the {spec.kind}"):
        models.load(name, "random")


def test_nothing_here_imports_a_higher_room():
    for file in Path(models.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            below = ("models", "checks", "assets", "datasets", "network", "images")
            assert all(name.split(".")[1] in below for name in names if name.startswith("lecturelib.")), file


def test_a_network_loaded_in_inference_mode_has_gradients():
    image = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    expected = backprop(models.load("lenet"), image, Logit(3))
    with torch.inference_mode():
        loaded = models.load("lenet")
        own = models.adapt(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), (0.5,), (0.5,), input_size=2)
        vae = models.load("digits_vae", "random")
        online = models.load("squeezenet1_1", "random")
    assert torch.equal(backprop(loaded, image, Logit(3)), expected)
    assert not any(parameter.is_inference() for parameter in (*vae.parameters(), *online.parameters()))
    assert maximize(loaded, Logit(3), parametrization=VAEPrior(vae), transforms=(), steps=1).step == 1
    pixels = torch.rand(1, 1, 2, 2, requires_grad=True)
    own.normalize(pixels).sum().backward()
    assert torch.equal(pixels.grad, torch.full((1, 1, 2, 2), 2.0)), "1 / std"


@pytest.mark.parametrize(
    ("name", "near"), [("alexnett", "alexnet"), ("digit_gan", "digits_gan"), ("resnet81", "resnet18")]
)
def test_a_near_miss_names_the_nearest(name, near):
    with pytest.raises(KeyError, match=rf"name: expected a network of the course .* nearest: .*{near}"):
        models.load(name)
