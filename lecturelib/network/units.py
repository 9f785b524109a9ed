"""What we look at: a unit turns recorded activations into one number per image."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from lecturelib.checks import check_finite, check_images, complaint, described
from lecturelib.network.batch_effects import independent
from lecturelib.network.class_names import class_index
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import Activations, recording
from lecturelib.network.inputs import to_the_weights
from lecturelib.network.layer_names import OUTPUT, LayerInfo, check_model, normalization_of
from lecturelib.network.probe import layer_info, probe
from lecturelib.network.unit_base import Shape, Unit

UNITS_KEPT = 4096  # checked units that are remembered for a network and a size


@dataclass(frozen=True)
class Neuron(Unit):
    """One activation: a channel at one place (y, x) of a map, at one token x, or one entry of a vector.

    >>> import torch
    >>> from lecturelib.network import Neuron, read
    >>> images = torch.arange(8.0).view(2, 1, 2, 2)
    >>> read(torch.nn.Identity(), images, Neuron("", 0, y=1, x=1))
    tensor([3., 7.])
    """

    layer: str
    channel: int
    y: int | None = None
    x: int | None = None

    def __call__(self, acts: Activations) -> Tensor:
        values = acts.maps((self.layer, self.call))[:, self.channel]  # (B, C, h, w) -> (B, h, w)
        place: list[Any] = [i for i in (self.y, self.x) if i is not None]
        if values.ndim != 1 + len(place):
            raise ValueError(
                complaint("neuron", f"a place y, x in maps of {tuple(values.shape[1:])}", "none")
            )
        return values[(slice(None), *place)]  # (B,)

    def _check(self, model: nn.Module, info: LayerInfo) -> "Neuron":
        self._check_index("channel", self.channel, info.channels, info)
        given = [("y", self.y), ("x", self.x)]
        expected = {0: [], 1: ["x"], 2: ["y", "x"]}[len(info.positions)]
        if [name for name, value in given if value is not None] != expected:
            needs = " and ".join(expected) or "no y and no x"
            came = " and ".join(name for name, value in given if value is not None) or "neither y nor x"
            shape = " x ".join(map(str, info.shape))
            raise ValueError(
                complaint("neuron", f"{needs} ({info.label or 'the output'} gives {shape})", came)
            )
        for name, size in zip(expected, info.positions, strict=True):
            self._check_index(name, getattr(self, name), size, info)
        return self

    def __str__(self) -> str:
        place = (
            "" if self.x is None else f" at ({self.x})" if self.y is None else f" at (y {self.y}, x {self.x})"
        )
        return f"neuron {self.channel}{place} of {self.place}"


@dataclass(frozen=True)
class Channel(Unit):
    """One channel of a layer: its mean over all positions.

    >>> import torch
    >>> from lecturelib.network import Channel, read
    >>> images = torch.arange(8.0).view(2, 1, 2, 2)
    >>> read(torch.nn.Identity(), images, Channel("", 0))
    tensor([1.5000, 5.5000])
    """

    layer: str
    channel: int

    def __call__(self, acts: Activations) -> Tensor:
        values = acts.maps((self.layer, self.call))[:, self.channel]  # (B, C, ...) -> (B, ...)
        return values.flatten(1).mean(1) if values.ndim > 1 else values  # (B,)

    def _check(self, model: nn.Module, info: LayerInfo) -> "Channel":
        self._check_index("channel", self.channel, info.channels, info)
        return self

    def __str__(self) -> str:
        return f"channel {self.channel} of {self.place}"


@dataclass(frozen=True)
class Layer(Unit):
    """A whole layer: the mean square of its activations (the objective of DeepDream).

    >>> import torch
    >>> from lecturelib.network import Layer, read
    >>> images = torch.arange(8.0).view(2, 1, 2, 2)
    >>> read(torch.nn.Identity(), images, Layer(""))
    tensor([ 3.5000, 31.5000])
    """

    layer: str

    def __call__(self, acts: Activations) -> Tensor:
        return acts[self.layer, self.call].flatten(1).square().mean(1)  # (B, C, h, w) -> (B,)

    def __str__(self) -> str:
        return f"layer {self.place}"


@dataclass(frozen=True, eq=False)
class Direction(Unit):
    """A direction v (C,) in a layer's activation space: the mean over positions of v . a(y, x).

    >>> import torch
    >>> from lecturelib.network import Direction, read
    >>> images = torch.arange(8.0).view(1, 2, 2, 2)
    >>> read(torch.nn.Identity(), images, Direction("", torch.tensor([1.0, -1.0])))
    tensor([-4.])
    """

    layer: str
    v: Tensor = field(repr=False)
    label: str = ""
    __eq__ = object.__eq__  # tensors do not compare to one bool: a direction equals itself only
    __hash__ = object.__hash__

    def __call__(self, acts: Activations) -> Tensor:
        values = acts.maps((self.layer, self.call))
        if values.ndim > 2:
            values = values.flatten(2).mean(2)  # (B, C, h, w) -> (B, C); the mean and the dot product commute
        return values @ self.v.to(values)  # (B,)

    def _check(self, model: nn.Module, info: LayerInfo) -> "Direction":
        if not isinstance(self.v, Tensor) or self.v.shape != (info.channels,):
            expected = f"a tensor of shape ({info.channels},), as {info.label or 'the output'} has channels"
            raise ValueError(complaint("v", expected, described(self.v)))
        if not self.v.isfinite().all():
            raise ValueError(complaint("v", "finite numbers", "NaN or infinity"))
        return self

    def __str__(self) -> str:
        return f"{self.label or 'a direction'} in {self.place}"


@dataclass(frozen=True)
class Logit(Unit):
    """The score of class k before the softmax; k is an index, or a name such as "tabby".

    >>> import torch
    >>> from lecturelib.network import Logit, read
    >>> read(torch.nn.Flatten(), torch.arange(4.0).view(1, 1, 2, 2), Logit(3))
    tensor([3.])
    """

    layer: ClassVar[str] = OUTPUT
    k: int | str
    name: str = ""
    word: ClassVar[str] = "score"

    def __call__(self, acts: Activations) -> Tensor:
        return acts[OUTPUT][:, self._index()]  # (B, classes) -> (B,)

    def _index(self) -> int:
        if isinstance(self.k, str):
            hint = "call unit.check(model) first, it turns the name into the index"
            raise TypeError(complaint("k", "the index of a class", repr(self.k), hint))
        return self.k

    def check(self, model: nn.Module, image_shape: Shape | None = None) -> "Logit":
        info = layer_info(model, OUTPUT, image_shape, self.call)
        if len(info.shape) != 1:
            shape = " x ".join(map(str, info.shape))
            raise ValueError(
                complaint(
                    type(self).__name__, "a network that gives one score per class", f"an output of {shape}"
                )
            )
        names = getattr(model, "classes", ())
        if isinstance(self.k, str):
            k = class_index(model, self.k)
        else:
            self._check_index("class", self.k, info.channels, info)
            k = self.k
        return dataclasses.replace(self, k=k, name=names[k] if names else "")

    def __str__(self) -> str:
        return f"{self.word} of {self.name or f'class {self.k}'}"


@dataclass(frozen=True)
class Probability(Logit):
    """The probability of class k after the softmax.

    >>> import torch
    >>> from lecturelib.network import Probability, read
    >>> read(torch.nn.Flatten(), torch.zeros(1, 1, 2, 2), Probability(3))
    tensor([0.2500])
    """

    word: ClassVar[str] = "probability"

    def __call__(self, acts: Activations) -> Tensor:
        return acts[OUTPUT].softmax(1)[:, self._index()]  # (B, classes) -> (B,)


def read(model: nn.Module, images: Tensor, unit: Unit) -> Tensor:
    """Read the value (B,) of a unit for images (B, C, H, W); gradients flow to the images if they ask for them.

    A house network, or one from `models.adapt`, takes pixels in [0, 1] and refuses others; a plain module takes what it
    takes. They are brought to the dtype and the device of its first layer. Where the pictures of a batch influence one
    another, each is run alone. Raises as `checked_unit` does, and `ValueError` for a value that is NaN or infinite.

    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, bias=False)).requires_grad_(False)
    >>> _ = nn.init.ones_(net[1].weight)
    >>> read(net, torch.ones(3, 1, 2, 2), Logit(0))
    tensor([4., 4., 4.])
    """
    if normalization_of(check_model(model)):
        check_images(images, model)
    unit = checked_unit(model, unit, images)
    if images.is_floating_point():
        images = to_the_weights(images, model)
    shape = tuple(images.shape[1:])
    parts = [images] if len(images) == 1 or independent(model, shape) else images.split(1)
    with frozen(model), recording(model, unit.keys) as acts:
        values = [unit(acts.forward(part)) for part in parts]
    return check_finite(str(unit), values[0] if len(values) == 1 else torch.cat(values))


def checked_unit(model: nn.Module, unit: Unit, images: Tensor | Sequence[int]) -> Unit:
    """The unit with names resolved, for images (B, C, H, W), or for images of a shape (C, H, W).

    A network is tried on the first of the images. Raises `TypeError` for something that is no unit, `UnknownName` for a
    layer or class that is not there, `IndexError` for a channel or a place outside the layer, `ValueError` for images
    that cannot reach the layer. A unit that was found once is not looked for again.

    >>> checked_unit(nn.Conv2d(1, 4, 3), Channel("", 3), (1, 8, 8))
    Channel(layer='', call=0, channel=3)
    """
    if not isinstance(unit, Unit):
        raise TypeError(complaint("unit", "a unit such as Channel('conv4', 3) or Logit(k)", described(unit)))
    found = probe(model, picture=images) if isinstance(images, Tensor) else probe(model, images)
    # By what it prints, for 1, 1.0 and True are equal; a unit of another class may hold a tensor that is not printed.
    key = repr(unit) if type(unit) in (Neuron, Channel, Layer, Logit, Probability) else ""
    if not key or key not in found.checked:
        checked = unit.check(model, found.shape)
        if not key:
            return checked
        if len(found.checked) >= UNITS_KEPT:
            found.checked.clear()
        found.checked[key] = checked
    return found.checked[key]
