"""Gradient methods against the forward and backward passes they need (the floor) and against captum."""

import warnings
from collections.abc import Callable

import torch
from captum import attr
from torch import Tensor, nn

from benchmarks.timing import Row, compare, cpu_seconds
from lecturelib import models
from lecturelib.gradients.backprop import backprop
from lecturelib.gradients.grad_cam import grad_cam
from lecturelib.gradients.integrated_gradients import integrated_gradients
from lecturelib.gradients.map_layer import last_map
from lecturelib.gradients.saliency import saliency_map
from lecturelib.gradients.smooth_grad import smooth_grad
from lecturelib.models.torchvision_cpu import import_torchvision
from lecturelib.network.inputs import channels_last
from lecturelib.network.units import Logit

# network: steps of the averages (50 in class; a floor of so many passes is the base), rounds
CASES = {"alexnet": (50, 7), "resnet18": (24, 5), "vgg16": (10, 3)}
BATCHES = (1, 2, 4, 8, 16)


def rows(names: list[str] | None = None) -> list[Row]:
    """Three rows per network; random weights, since only the shapes matter."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="captum")  # it announces its hooks
        return [row for name in names or CASES for row in _rows(name, *CASES[name])]


def _rows(name: str, steps: int, rounds: int) -> list[Row]:
    model, image, unit = _network(name)
    once, (many, batch) = _floor(model, image, 1, 1), _best_floor(model, image, steps)
    layer = last_map(model, unit)
    module = model.get_submodule(layer)
    own = {
        "floor": once,
        "saliency": lambda: saliency_map(model, image, unit),
        "guided": lambda: backprop(model, image, unit, "guided"),
        "deconvnet rule": lambda: backprop(model, image, unit, "deconvnet"),
        "captum, saliency": lambda: attr.Saliency(model).attribute(image.clone(), target=unit.k),
        "captum, guided": lambda: attr.GuidedBackprop(model).attribute(image.clone(), target=unit.k),
    }
    cam = {
        "floor": once,
        "Grad-CAM": lambda: grad_cam(model, image, unit, layer),
        "captum, Grad-CAM": lambda: attr.LayerGradCam(model, module).attribute(image.clone(), target=unit.k),
    }
    averages = {
        "floor": many,
        "integrated gradients": lambda: integrated_gradients(model, image, unit, steps=steps),
        "SmoothGrad": lambda: smooth_grad(model, image, unit, samples=steps),
        "captum, integrated gradients": lambda: attr.IntegratedGradients(model).attribute(
            image, target=unit.k, n_steps=steps
        ),
    }
    amount = "224 px, one forward and one backward pass"
    passes = f"224 px, {steps} forward and backward passes; floor in batches of {batch}"
    return [
        Row(f"gradient, {name}", amount, _compared(own, rounds * 3), "<= 1.2"),
        Row(f"Grad-CAM, {name}", amount, _compared(cam, rounds * 3), "<= 0.6"),
        Row(f"average of gradients, {name}", passes, _compared(averages, rounds), "<= 1.15"),
    ]


def _compared(methods: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    for method in methods.values():
        method()  # the first call of each looks at the network's layers, which is remembered
    return compare(methods, "floor", rounds)


def _network(name: str) -> tuple[nn.Module, Tensor, Logit]:
    torch.manual_seed(0)
    if name == "vgg16":
        network = import_torchvision("models").vgg16(num_classes=10)
        model = models.adapt(network.eval().requires_grad_(False), name=name)
    else:
        model = models.load(name, weights="random")
    return model, torch.rand(1, model.channels, model.input_size, model.input_size), Logit(3).check(model)


def _floor(model: nn.Module, image: Tensor, count: int, batch: int) -> Callable[[], None]:
    """So many forward and backward passes to the pixels and nothing else."""
    images = image.repeat(min(batch, count), 1, 1, 1)
    images = channels_last(images) if len(images) > 1 else images

    def run() -> None:
        for start in range(0, count, batch):
            pixels = images[: min(batch, count - start)].requires_grad_()
            torch.autograd.grad(model(pixels)[:, 3].sum(), pixels)

    return run


def _best_floor(model: nn.Module, image: Tensor, count: int) -> tuple[Callable[[], None], int]:
    """The passes at the batch size that suits the network best, and that size."""
    trial = min(count, 16)
    sizes = [batch for batch in BATCHES if batch <= trial]
    best = min(
        sizes,
        key=lambda batch: (
            cpu_seconds(_floor(model, image, trial // batch * batch, batch)) / (trial // batch * batch)
        ),
    )
    return _floor(model, image, count, best), best
