"""The part's face: every name is documented, and every method works on any dtype and inside `inference_mode`."""

import inspect

import pytest
import torch
from torch import nn

from lecturelib import models, optimization
from lecturelib.network import Channel, Logit, Neuron
from lecturelib.optimization import (
    DeepImagePrior,
    GANPrior,
    LayerStatistics,
    Likeness,
    VAEPrior,
    activation_grid,
    activations_of,
    channel_pictures,
    deep_dream,
    denoise,
    explain_location,
    invert,
    iter_image_cascade,
    maximize,
    maximize_with,
)

IMAGE = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def lenet(dtype=torch.float32):
    return models.load("lenet").to(dtype)


METHODS = {
    "maximize": lambda net, image: maximize(net, Logit(3), image, steps=2),
    "a dead neuron": lambda net, image: maximize(
        net, Neuron("relu2", 3, 4, 4), "grey", transforms=(), steps=2
    ),
    "maximize_with": lambda net, image: maximize_with(net, Logit(3), "blur", image, steps=2),
    "invert": lambda net, image: invert(net, "conv2", activations_of(net, image, "conv2"), steps=2),
    "deep_dream": lambda net, image: deep_dream(net, "relu2", image, octaves=2, steps=1),
    "channel_pictures": lambda net, image: channel_pictures(net, "conv2", [0, 3], steps=2),
    "explain_location": lambda net, image: explain_location(net, image, "conv2", 4, 5, steps=2),
    "a given vector": lambda net, image: maximize(net, Likeness("conv2", torch.ones(32)), steps=2),
    "VAEPrior": lambda net, image: maximize(
        net, Logit(3), parametrization=VAEPrior("digits_vae", start=image, for_model=net), steps=2
    ),
    "GANPrior": lambda net, image: maximize(net, Logit(3), parametrization=GANPrior("digits_gan"), steps=2),
    "LayerStatistics": lambda net, image: maximize(
        net,
        Channel("conv2", 3),
        regularizers=[LayerStatistics.measured(net, "conv1", torch.cat([image, 1 - image]))],
        steps=2,
    ),
    "DeepImagePrior": lambda net, image: maximize(
        net, Logit(3), parametrization=DeepImagePrior((1, 1, 28, 28), width=4, depth=2), steps=2
    ),
}


def picture_of(found):
    return found.image if hasattr(found, "image") else found.pictures


@pytest.mark.parametrize("name", METHODS)
def test_inference_mode_around_it_changes_nothing(name):
    expected = picture_of(METHODS[name](lenet(), IMAGE))
    with torch.inference_mode():
        found = picture_of(METHODS[name](lenet(), IMAGE.clone()))
    assert torch.equal(found, expected)


@pytest.mark.parametrize("name", METHODS)
def test_a_network_in_double_precision_gives_the_same_picture(name):
    torch.testing.assert_close(
        picture_of(METHODS[name](lenet(torch.float64), IMAGE)).float(),
        picture_of(METHODS[name](lenet(), IMAGE)),
        atol=1e-3,
        rtol=0,
    )


def test_others_inside_inference_mode():
    with torch.inference_mode():
        grid = activation_grid(lenet(), IMAGE, "conv2", group=5, steps=1)
        cleaned = denoise(torch.rand(1, 3, 16, 24), steps=1, width=4, depth=2)
        frames = list(iter_image_cascade(lenet(), "relu1", IMAGE, frames=2, octaves=1, steps=1))
    assert grid.pictures.shape == (2, 2, 1, 14, 14) and cleaned.image.shape == (1, 3, 16, 24)
    assert [frame.shape for frame in frames] == [IMAGE.shape] * 2


def test_generative_models_of_any_dtype_serve_as_priors():
    vae = models.load("digits_vae").double()
    prior = VAEPrior(vae, start=IMAGE)
    assert prior.parameters[0].dtype == torch.float64
    step = maximize(lenet(), Logit(3), parametrization=prior, transforms=(), steps=2)
    assert step.image.isfinite().all()


def test_every_name_is_there_and_documented():
    assert sorted(optimization.__all__) == sorted(set(optimization.__all__))
    for name in optimization.__all__:
        found = getattr(optimization, name)
        if inspect.isfunction(found) or inspect.isclass(found):
            assert inspect.getdoc(found), name


def test_every_public_argument_is_annotated():
    for name in optimization.__all__:
        found = getattr(optimization, name)
        if inspect.isfunction(found):
            for argument in inspect.signature(found).parameters.values():
                extra = argument.kind in (argument.VAR_KEYWORD, argument.VAR_POSITIONAL)
                assert extra or argument.annotation is not argument.empty, f"{name}({argument.name})"


def test_what_is_no_picture_of_the_network_is_refused_everywhere():
    for name in ("maximize", "explain_location", "deep_dream"):
        with pytest.raises((ValueError, TypeError), match="image|start"):
            METHODS[name](lenet(), nn.functional.pad(IMAGE, (0, 0), value=2.0) * 3)
