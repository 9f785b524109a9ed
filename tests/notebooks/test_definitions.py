"""What a notebook defines before the student's eyes is what the library computes."""

import json
from pathlib import Path

import torch
from torch import nn

from lecturelib import models
from lecturelib.gradients.averaged import integrated_gradients, smooth_grad
from lecturelib.gradients.backprop import backprop, saliency_map
from lecturelib.gradients.grad_cam import grad_cam
from lecturelib.parameters.occlusion import occlusion_map
from lecturelib.relu_rules import RULES, relu_back
from lecturelib.units import Logit, Probability, read

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def shown_definitions(name):
    space = {"torch": torch, "nn": nn, "read": read}
    for cell in json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]:
        if "definition" in cell["metadata"].get("tags", []):
            exec("".join(cell["source"]), space)  # the course's own cell
    return space


def lenet_and_image():
    return models.load("lenet"), torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def test_occlusion_as_shown_equals_the_librarys():
    shown = shown_definitions("04_parameters")["occlusion_map_by_loop"]
    lenet, image = lenet_and_image()
    by_loop = shown(lenet, image, Probability("3"), patch_size=8, stride=4)
    torch.testing.assert_close(by_loop, occlusion_map(lenet, image, Probability("3"), 8, 4).values)


def test_gradients_as_shown_equal_the_librarys():
    shown = shown_definitions("05_gradients")
    lenet, image = lenet_and_image()
    unit = Logit("3")
    torch.testing.assert_close(shown["gradient_in_pixels"](lenet, image, unit), backprop(lenet, image, unit))
    torch.testing.assert_close(
        shown["saliency_by_hand"](lenet, image, unit), saliency_map(lenet, image, unit)
    )
    torch.testing.assert_close(
        shown["integrated_gradients_by_loop"](lenet, image, unit, steps=12),
        integrated_gradients(lenet, image, unit, steps=12).attribution,
        atol=1e-5,
        rtol=1e-4,
    )


def test_smooth_grad_as_shown_is_the_librarys_without_noise_and_near_it_with():
    shown = shown_definitions("05_gradients")["smooth_grad_by_loop"]
    lenet, image = lenet_and_image()
    image = 0.4 + 0.2 * image  # far from black and white, where the shown loop cuts the noise off
    plain = backprop(lenet, image, Logit("3"))
    torch.testing.assert_close(shown(lenet, image, Logit("3"), noise=0.0, samples=2), plain)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        by_loop = shown(lenet, image, Logit("3"), samples=200).flatten()
    library = smooth_grad(lenet, image, Logit("3"), samples=200).flatten()
    assert torch.corrcoef(torch.stack([by_loop, library]))[0, 1] > 0.95


def test_relu_rules_as_shown_equal_the_librarys():
    relu_with = shown_definitions("05_gradients")["relu_with"]
    a = torch.randn(50, generator=torch.Generator().manual_seed(0)).requires_grad_(True)
    g = torch.randn(50, generator=torch.Generator().manual_seed(1))
    for rule in RULES:
        (back,) = torch.autograd.grad(relu_with(rule)(a), a, g)
        torch.testing.assert_close(back, relu_back(rule, g, a.detach()))


def test_grad_cam_as_shown_equals_the_librarys():
    shown = shown_definitions("05_gradients")["grad_cam_by_hand"]
    lenet, image = lenet_and_image()
    features = nn.Sequential(*lenet.features[:5])
    head = nn.Sequential(lenet.features[5], nn.Flatten(), lenet.classifier)
    by_hand = shown(features, head, lenet.normalise(image), 3)
    torch.testing.assert_close(by_hand, grad_cam(lenet, image, Logit(3), "relu2"))
