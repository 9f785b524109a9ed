"""captum as the oracle of the gradient methods, where it is right, and the case where it is silently not."""

import pytest
import torch
import torch.nn.functional as F
from captum import attr
from torch import nn

from lecturelib import models
from lecturelib.gradients.backprop import backprop
from lecturelib.gradients.grad_cam import grad_cam, guided_grad_cam
from lecturelib.gradients.integrated_gradients import integrated_gradients
from lecturelib.gradients.saliency import gradient_times_input, saliency_map
from lecturelib.network.units import Logit

pytestmark = [
    pytest.mark.oracle,
    # captum warns that it sets hooks, and that inputs now ask for gradients
    pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU"),
    pytest.mark.filterwarnings("ignore:Setting forward, backward hooks"),
    pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients"),
]


class Plain(nn.Module):
    """Convolutions and ReLUs, as modules or as functions."""

    def __init__(self, functional=False):
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 8, 3, padding=1)
        self.head, self.functional = nn.Linear(8 * 36, 4), functional
        self.relu1, self.pool, self.relu2 = nn.ReLU(), nn.MaxPool2d(2), nn.ReLU()

    def forward(self, x):
        first, second = (F.relu, F.relu) if self.functional else (self.relu1, self.relu2)
        maps = second(self.two(self.pool(first(self.one(x)))))
        return self.head(maps.flatten(1))


def network(functional=False):
    return models.adapt(Plain(functional).eval(), (0.4, 0.5, 0.6), (0.2, 0.3, 0.4), input_size=12)


def pixels(batch=1):
    return torch.rand(batch, 3, 12, 12, generator=torch.Generator().manual_seed(0))


def test_saliency_and_gradient_times_input():
    model, image = network(), pixels(3)
    found = attr.Saliency(model).attribute(image.clone(), target=2)
    assert torch.allclose(saliency_map(model, image, Logit(2)), found.amax(1), atol=1e-6)
    found = attr.InputXGradient(model).attribute(image.clone(), target=2)
    assert torch.allclose(gradient_times_input(model, image, Logit(2)), found, atol=1e-6)


@pytest.mark.parametrize(
    ("rule", "peer"), [("guided", attr.GuidedBackprop), ("deconvnet", attr.Deconvolution)]
)
def test_the_rules_on_modules(rule, peer):
    model, image = network(), pixels(3)
    found = peer(model).attribute(image.clone(), target=2).detach()
    assert torch.allclose(backprop(model, image, Logit(2), rule), found, atol=1e-6)
    assert not torch.allclose(found, backprop(model, image, Logit(2)), atol=1e-3)


@pytest.mark.parametrize(
    ("rule", "peer"), [("guided", attr.GuidedBackprop), ("deconvnet", attr.Deconvolution)]
)
def test_captum_gives_the_plain_gradient_where_the_relu_is_a_function_and_says_nothing(rule, peer):
    model, image = network(functional=True), pixels()
    found = peer(model).attribute(image.clone(), target=2).detach()
    assert torch.allclose(found, backprop(model, image, Logit(2)), atol=1e-6)
    right = backprop(network(), image, Logit(2), rule)
    assert torch.equal(backprop(model, image, Logit(2), rule), right)
    assert not torch.allclose(found, right, atol=1e-3)


@pytest.mark.parametrize("steps", [5, 50])
def test_integrated_gradients(steps):
    model, image = network(), pixels()
    found = attr.IntegratedGradients(model).attribute(
        image, baselines=0.3, target=2, n_steps=steps, method="riemann_middle"
    )
    ours = integrated_gradients(model, image, Logit(2), 0.3, steps)
    assert torch.allclose(ours.attribution, found.float(), atol=1e-6)


@pytest.mark.parametrize("layer", ["relu2", "two", "pool"])
def test_grad_cam(layer):
    model, image = network(), pixels()
    peer = attr.LayerGradCam(model, model.get_submodule(layer))
    found = peer.attribute(image.clone(), target=2, relu_attributions=True)[0, 0]
    assert torch.allclose(grad_cam(model, image, Logit(2), layer), found.detach(), atol=1e-6)


def test_guided_grad_cam():
    model, image = network(), pixels()
    peer = attr.GuidedGradCam(model, model.get_submodule("relu2"))
    found = peer.attribute(image.clone(), target=2, interpolate_mode="bilinear")[0].detach()
    assert torch.allclose(guided_grad_cam(model, image, Logit(2), "relu2"), found, atol=1e-6)
