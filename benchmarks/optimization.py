"""One step of feature visualization against the forward and backward pass it needs, and against the plain way.

The floor is the network cut at the unit's layer, forward and back to the pixels, and nothing else: no
parametrization, no movement, no step. The plain way runs the whole network, moves the picture by one transform after
the other, and lets `backward` fill the gradients of all weights too, as short scripts do.
"""

import torch
from torch import Tensor, nn

from benchmarks.timing import Row, compare
from lecturelib import models
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import recording
from lecturelib.network.layer_names import resolve_layer
from lecturelib.network.units import Channel, Unit
from lecturelib.optimization.ascent import iter_maximize
from lecturelib.optimization.transforms import ROBUST, warped

# network: layer, rounds; all at the same size
CASES = {"alexnet": ("conv5", 9), "vgg16": ("conv4_3", 5), "resnet18": ("layer3", 9)}
SIZE, STEPS = 128, 4  # steps a round: what happens once, at the call, is not measured


def rows(names: list[str] | None = None) -> list[Row]:
    """A row per network; random weights, since only the shapes matter."""
    return [step_row(name, *CASES[name]) for name in names or CASES]


def step_row(name: str, layer: str, rounds: int) -> Row:
    """One step of each way for a channel of a layer of a network."""
    model, image = models.load(name, weights="random"), torch.rand(1, 3, SIZE, SIZE)
    unit = Channel(layer, 3).check(model, tuple(image.shape[1:]))
    methods = {
        "floor": lambda: _floor(model, image, unit),
        "maximize": _steps(model, unit, {}),
        "maximize, pixels": _steps(model, unit, {"parametrization": "pixels"}),
        "without transforms": _steps(model, unit, {"transforms": ()}),
        "plain way": _plain(model, image, unit),
    }
    for method in methods.values():
        method()  # what is remembered on the first call is not a step's cost
    ratios = compare(methods, "floor", rounds)
    return Row(f"one step, {name} {layer}", f"{SIZE} px, one picture", ratios, "<= 1.4")


def _floor(model: nn.Module, image: Tensor, unit: Unit) -> None:
    """So many forward and backward passes of the network cut at the unit's layer, with weights that ask for nothing."""
    with frozen(model):
        for _ in range(STEPS):
            pixels = image.requires_grad_()
            with recording(model, unit.keys) as acts:
                value = unit(acts.forward(pixels))
            torch.autograd.grad(value.sum(), pixels)


def _steps(model: nn.Module, unit: Unit, settings: dict):
    running = iter_maximize(model, unit, size=SIZE, steps=10**6, **settings)
    return lambda: [next(running) for _ in range(STEPS)]


def _plain(model: nn.Module, image: Tensor, unit: Unit):
    """Whole network, one resampling per transform, pixels, `backward`, torch's Adam."""
    generator = torch.Generator().manual_seed(0)
    pixels = image.detach().clone().requires_grad_()
    adam = torch.optim.Adam([pixels], 0.05)
    found = {}
    module = model.get_submodule(resolve_layer(model, unit.layer))

    def step() -> None:
        handle = module.register_forward_hook(lambda m, i, output: found.update(output=output))
        adam.zero_grad()
        moved = pixels
        for transform in ROBUST:
            moved = warped(moved, transform(generator, 1))
        model(moved)
        (-found["output"][:, unit.channel].mean()).backward()
        handle.remove()
        adam.step()
        with torch.no_grad():
            pixels.clamp_(0, 1)

    def steps() -> None:
        asked = [parameter for parameter in model.parameters() if not parameter.requires_grad]
        for parameter in asked:
            parameter.requires_grad_(True)
        for _ in range(STEPS):
            step()
        for parameter in asked:
            parameter.requires_grad_(False)
            parameter.grad = None

    return steps
