"""What can be maximised: any unit, sums and differences of units, and how near a layer comes to given activations.

A unit is read at the layer it names: "conv4" is before its ReLU, "relu4" behind it. Before the ReLU is the better place
to start: there a unit that is off still says in which direction it would go on.
"""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecturelib.checks import check_images
from lecturelib.network.batched import checked_unit
from lecturelib.network.hooks import Activations, frozen, recording
from lecturelib.network.inputs import to_the_weights
from lecturelib.network.layer_names import LayerInfo, resolve_layer, split_key
from lecturelib.network.units import Combination, Unit

SMALL = 1e-12  # a target below it in mean square has no direction to come near


@dataclass(frozen=True, eq=False)
class Match(Unit):
    """How near a layer comes to a target y: -‖f(x) - y‖² / ‖y‖², 0 if it is reached, (B,). Mahendran & Vedaldi 2015.

    target: activations (1, C, h, w), (1, C) or (1, tokens, C) as recorded, or one for each picture.
    """

    layer: str
    target: Tensor = field(repr=False)
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __call__(self, acts: Activations) -> Tensor:
        values = acts[self.layer, self.call].flatten(1)  # (B, ...) -> (B, n)
        target = self.target.to(values).flatten(1)  # (1 or B, n)
        return -(values - target).square().sum(1) / target.square().sum(1)

    def _check(self, model: nn.Module, info: LayerInfo) -> "Match":
        if not isinstance(self.target, Tensor) or not self.target.is_floating_point():
            came = self.target.dtype if isinstance(self.target, Tensor) else type(self.target).__name__
            raise TypeError(
                f"target: the activations of {info.label} as a float tensor are needed, got {came}"
            )
        if self.target.ndim == 0 or tuple(self.target.shape[1:]) != info.shape or not len(self.target):
            wanted, came = (
                "(" + ", ".join(map(str, s)) + ")" for s in (("B", *info.shape), self.target.shape)
            )
            raise ValueError(f"target: {info.label} gives {wanted} for this size of picture, got {came}")
        if not self.target.isfinite().all():
            raise ValueError("target: it holds NaN or infinity")
        if self.target.square().flatten(1).mean(1).amin() < SMALL:
            raise ValueError(f"target: it is 0 everywhere: nothing was active in {info.label}")
        return self

    def __str__(self) -> str:
        return f"match of {self.place}"


def checked_objective(model: nn.Module, unit: Unit, shape: tuple[int, int, int]) -> Unit:
    """The unit with names resolved for pictures (C, H, W); raises if a layer is unknown or the picture too small."""
    if isinstance(unit, Combination):
        for _, term in unit.terms:
            checked_objective(model, term, shape)
        return unit.check(model, shape)
    return checked_unit(model, unit, shape)


def resolved_keys(model: nn.Module, keys) -> list[tuple[str, int]]:
    """Layer names, or (name, call), as a recording takes them; raises for an unknown layer."""
    return [(resolve_layer(model, name), call) for name, call in map(split_key, keys)]


def activations_of(model: nn.Module, image: Tensor, layer: str, call: int = 0) -> Tensor:
    """The activations of a layer for pictures (B, C, H, W), as a target to invert."""
    check_images(image, model, "image")
    with (
        torch.inference_mode(False),
        torch.no_grad(),
        frozen(model),
        recording(model, [(layer, call)]) as acts,
    ):
        acts.forward(to_the_weights(image, model))
    return acts[layer, call].detach().clone()


def gram(maps: Tensor) -> Tensor:
    """How the channels of maps (B, C, h, w) go together over the positions, (B, C, C), as one direction per picture."""
    flat = maps.flatten(2) if maps.ndim > 2 else maps[..., None]  # (B, C, h, w) -> (B, C, h * w)
    return F.normalize((flat @ flat.transpose(1, 2)).flatten(1), dim=1).view(len(maps), maps.shape[1], -1)
