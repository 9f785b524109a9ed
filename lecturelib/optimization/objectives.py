"""Objectives of an ascent: any unit, sums and differences of units, and how near a layer comes to given activations.

A unit is read at the layer it names: "conv4" is before its ReLU, "relu4" after it. Before the ReLU is the better place
to start: there a unit whose ReLU is off still has a gradient.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecturelib.checks import check_images, complaint, described
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import Activations, recording
from lecturelib.network.inputs import to_the_weights
from lecturelib.network.layer_names import LayerInfo, resolve_layer, split_key
from lecturelib.network.unit_base import Combination, Unit
from lecturelib.network.units import checked_unit

SMALLEST = 1e-30  # ‖y‖² below it cannot be divided by in single precision


@dataclass(frozen=True, eq=False)
class Match(Unit):
    """How near a layer comes to a target y: -‖f(x) - y‖² / ‖y‖², 0 if it is reached, (B,). Mahendran & Vedaldi 2015.

    target: activations (1, C, h, w), (1, C) or (1, tokens, C) as recorded, or one for each picture. Raises `TypeError`
    or `ValueError` for another shape or dtype, NaN, and a target that is 0 everywhere.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network.units import read
    >>> net, image = models.load("lenet"), torch.rand(1, 1, 28, 28)
    >>> abs(read(net, image, Match("conv1", activations_of(net, image, "conv1"))).item())
    0.0
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
            expected = f"the activations of {info.label} as a float tensor"
            raise TypeError(complaint("target", expected, described(self.target)))
        if self.target.ndim == 0 or tuple(self.target.shape[1:]) != info.shape or not len(self.target):
            wanted, came = (
                "(" + ", ".join(map(str, s)) + ")" for s in (("B", *info.shape), self.target.shape)
            )
            raise ValueError(
                complaint("target", f"{wanted}, as {info.label} gives for this size of picture", came)
            )
        if not self.target.isfinite().all():
            raise ValueError(complaint("target", "finite activations", "NaN or infinity"))
        largest = self.target.abs().flatten(1).amax(1).amin().item()
        if largest == 0:
            raise ValueError(
                complaint("target", f"activations of {info.label} that are not all 0", "0 everywhere")
            )
        if self.target.double().square().flatten(1).sum(1).amin() < SMALLEST:
            came = f"{largest:.1e} at most"
            raise ValueError(complaint("target", "activations whose squares do not underflow", came))
        # a tensor made in inference mode cannot take part in a gradient
        return replace(self, target=self.target.clone()) if self.target.is_inference() else self

    def __str__(self) -> str:
        return f"match of {self.place}"


def checked_objective(model: nn.Module, unit: Unit, shape: tuple[int, ...]) -> Unit:
    """The unit with names resolved for pictures (C, H, W); raises if a layer is unknown or the picture too small."""
    if isinstance(unit, Combination):
        for _, term in unit.terms:
            checked_objective(model, term, shape)
        return unit.check(model, shape)
    return checked_unit(model, unit, shape)


def resolved_keys(model: nn.Module, keys: Sequence[str | tuple[str, int]]) -> list[tuple[str, int]]:
    """Layer names, or (name, call), as a recording takes them; raises for an unknown layer."""
    return [(resolve_layer(model, name), call) for name, call in map(split_key, keys)]


def activations_of(model: nn.Module, image: Tensor, layer: str, call: int = 0) -> Tensor:
    """The activations of a layer for pictures (B, C, H, W) in [0, 1], as a target to invert.

    >>> import torch
    >>> from lecturelib import models
    >>> activations_of(models.load("lenet"), torch.rand(2, 1, 28, 28), "conv1").shape
    torch.Size([2, 16, 28, 28])
    """
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
    """The Gram matrix of maps (B, C, h, w): Σ over positions of a_i a_j, (B, C, C), divided by its length.

    >>> import torch
    >>> gram(torch.tensor([[[[3.0]], [[4.0]]]]))
    tensor([[[0.3600, 0.4800],
             [0.4800, 0.6400]]])
    """
    flat = maps.flatten(2) if maps.ndim > 2 else maps[..., None]  # (B, C, h, w) -> (B, C, h * w)
    return F.normalize((flat @ flat.transpose(1, 2)).flatten(1), dim=1).view(len(maps), maps.shape[1], -1)
