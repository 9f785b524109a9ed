"""Inversion: exact where the layer is linear and loses nothing, honest about what is lost, and sentences."""

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.images import photo
from lecturelib.network.units import Channel, read
from lecturelib.optimization.inversion import inversion_error, invert, iter_invert
from lecturelib.optimization.objectives import Match, activations_of
from lecturelib.optimization.regularizers import l2, total_variation

HOUSE_LAYERS = ["conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5", "fc6", "fc7", "fc8"]


def linear(outputs, seed=0):
    generator = torch.Generator().manual_seed(seed)
    layer = nn.Linear(48, outputs)
    # orthonormal rows: as well-conditioned as a layer can be
    layer.weight.data = torch.linalg.qr(torch.randn(48, outputs, generator=generator))[0].T.contiguous()
    layer.bias.data.zero_()
    network = nn.Sequential(nn.Flatten(), layer).eval()
    return models.adapt(network, (0.5,) * 3, (0.25,) * 3, name="linear", input_size=4)


def pixels(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("parametrization", "rate", "steps"), [("pixels", 0.01, 200), ("fourier", 0.2, 300)])
def test_a_linear_layer_that_loses_nothing_is_inverted_exactly(parametrization, rate, steps):
    model, image = linear(48), 0.1 + 0.8 * pixels(1, 3, 4, 4)
    target = activations_of(model, image, "1")
    settings = {"parametrization": parametrization, "regularizers": [], "learning_rate": rate, "steps": steps}
    step = invert(model, "1", target, **settings)
    assert torch.allclose(step.image, image, atol=2e-3)
    error = inversion_error(model, "1", step.image, image)
    assert error.feature < 1e-5
    assert error.pixel < 1e-3
    assert error.baseline == pytest.approx(
        (image - image.mean((2, 3), keepdim=True)).square().mean().sqrt().item()
    )


def test_a_linear_layer_with_l2_gives_the_ridge_solution():
    model, image = linear(24), 0.1 + 0.8 * pixels(1, 3, 4, 4)
    target = activations_of(model, image, "1")  # A (x - 1/2), of 24 numbers for 48 pixels
    settings = {"parametrization": "pixels", "regularizers": [l2(5.0)], "learning_rate": 0.01, "steps": 300}
    step = invert(model, "1", target, **settings)
    a = model.get_submodule("1").weight.detach() / 0.25
    size = target.square().sum()
    ridge = torch.linalg.solve(a.T @ a / size + 5.0 / 48 * torch.eye(48), a.T @ target[0] / size)
    assert torch.allclose(step.image.flatten() - 0.5, ridge, atol=2e-3)
    assert (step.image - image).abs().max() > 0.1, "half of the picture is lost"


def test_match_by_hand():
    model, image = linear(3), pixels(2, 3, 4, 4)
    values = activations_of(model, image, "1")  # (2, 3)
    target = torch.tensor([[3.0, 0.0, 4.0]])
    expected = -((values - target) ** 2).sum(1) / 25
    assert read(model, image, Match("1", target)).tolist() == pytest.approx(expected.tolist(), rel=1e-5)
    assert read(model, image, Match("1", values)).tolist() == [0, 0]
    assert str(Match("1", target)) == "match of 1"


def test_a_faint_target_is_no_target_of_zeros():
    model, target = linear(3), torch.tensor([[2.7e-6, 0.0, 0.0]])
    step = invert(model, "1", target, steps=2)
    value = read(model, torch.full((1, 3, 4, 4), 0.5), Match("1", target)).item()
    assert value <= 0 and step.image.isfinite().all()
    with pytest.raises(ValueError, match="squares do not underflow, got 1.0e-20 at most"):
        invert(model, "1", torch.full((1, 3), 1e-20))
    with pytest.raises(ValueError, match="0 everywhere"):
        invert(model, "1", torch.zeros(1, 3))


@pytest.mark.parametrize("layer", HOUSE_LAYERS)
def test_every_layer_of_alexnet_comes_nearer(layer):
    model, image = models.load("alexnet"), photo("cat", 64)
    target = activations_of(model, image, layer)
    first, *_, step = iter_invert(model, layer, target, size=64, steps=6)
    assert first.value.item() < step.value.item() <= 0
    error = inversion_error(model, layer, step.image, image)
    assert error.feature < -first.value.item()


def test_several_targets_at_once_are_each_inverted():
    model, images = models.load("lenet"), pixels(2, 1, 28, 28)
    target = activations_of(model, images, "conv1")
    step = invert(model, "conv1", target, regularizers=[], steps=60)
    assert step.image.shape == images.shape
    together = [(step.image[i] - images[j]).square().mean().item() for i in range(2) for j in range(2)]
    assert together[0] < 0.3 * together[1]
    assert together[3] < 0.3 * together[2]


def test_more_regularization_means_less_variation_and_a_larger_error():
    model, image = models.load("lenet"), pixels(1, 1, 28, 28)
    target = activations_of(model, image, "conv1")
    rough, smooth = (
        invert(model, "conv1", target, regularizers=[total_variation(weight)], steps=60)
        for weight in (0.0, 5.0)
    )
    assert total_variation(1.0)(smooth.image) < total_variation(1.0)(rough.image)
    assert smooth.value.item() < rough.value.item()


def test_stop_and_resume_equal_one_run():
    model = models.load("lenet")
    target = activations_of(model, pixels(1, 1, 28, 28), "fc3")
    whole = list(iter_invert(model, "fc3", target, steps=5))
    resumed = invert(model, "fc3", target, whole[1], steps=3)
    assert torch.equal(whole[-1].image, resumed.image)


@pytest.mark.parametrize(
    ("layer", "target", "error", "words"),
    [
        (
            "conv1",
            torch.ones(1, 16, 27, 28),
            ValueError,
            r"target: expected \(B, 16, 28, 28\), as conv1 .* gives for this size of picture, got",
        ),
        ("conv1", torch.ones(16, 28, 28), ValueError, r"got \(16, 28, 28\)"),
        ("fc3", torch.ones(1, 5), ValueError, r"target: expected \(B, 128\), as fc3"),
        ("fc3", torch.ones(0, 128), ValueError, "got"),
        ("fc3", torch.zeros(1, 128), ValueError, "0 everywhere"),
        ("fc3", torch.full((1, 128), torch.nan), ValueError, "NaN"),
        ("fc3", torch.ones(1, 128, dtype=torch.long), TypeError, "float tensor"),
        ("fc3", "cat", TypeError, "float tensor"),
        ("fc9", torch.ones(1, 128), KeyError, "fc9"),
    ],
)
def test_a_target_that_does_not_fit_is_a_sentence_at_the_call(layer, target, error, words):
    with pytest.raises(error, match=words):
        iter_invert(models.load("lenet"), layer, target)


def test_an_image_is_no_target_but_makes_one():
    model, image = models.load("lenet"), pixels(1, 1, 28, 28)
    with pytest.raises(ValueError, match="target"):
        iter_invert(model, "conv1", image)
    target = activations_of(model, image, "conv1")
    assert target.shape == (1, 16, 28, 28)
    assert not target.requires_grad
    assert target[0, 3].mean().item() == pytest.approx(
        read(model, image, Channel("conv1", 3)).item(), abs=1e-6
    )
