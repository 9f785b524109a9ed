"""Semantic location: the activation vector at one place of a layer, as a picture, as its channels, as attribution.

Olah et al. 2018, "The building blocks of interpretability".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from lecturelib.checks import check_image, check_number, check_whole, complaint, described
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import Activations, recording
from lecturelib.network.input_gradient import gradient_of, prepared
from lecturelib.network.layer_names import OUTPUT, LayerInfo, resolve_layer
from lecturelib.network.probe import layer_info
from lecturelib.network.receptive_field import check_size, receptive_field
from lecturelib.network.units import Shape, Unit
from lecturelib.optimization.ascent import AscentStep, iter_maximize
from lecturelib.optimization.transforms import jitter
from lecturelib.parameters.activations import activations

STEPS = 64
LEAST_COSINE = (
    0.1  # below, the dot product alone leads: a picture that begins with a cosine under 0 must still move
)


@dataclass(frozen=True, eq=False)
class Likeness(Unit):
    """Dot product with cosine similarity: (v . v0) / |v| · cos(v, v0)^power, (B,). Carter et al. 2019.

    v0 is what the layer gives in the middle of its map. That is where the vector of a location is looked for: v came
    from one place, and over the whole map every place would have to look the same, which gives a texture (`whole`,
    the mean over the map: what a channel's picture shows). The dot product alone is largest where a few strong
    channels get stronger still; the cosine asks for all of v. `v` is (C,), or (B, C): image b is matched to its own.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network.units import read
    >>> read(models.load("lenet"), torch.rand(2, 1, 28, 28), Likeness("conv1", torch.ones(16))).shape
    torch.Size([2])
    """

    layer: str
    v: Tensor = field(repr=False)
    power: float = 1.0
    whole: bool = False
    __eq__ = object.__eq__  # tensors do not compare to one bool: a likeness equals itself only
    __hash__ = object.__hash__

    def __call__(self, acts: Activations) -> Tensor:
        maps = acts.maps((self.layer, self.call))  # (B, C, h, w), or (B, C) of a layer without places
        v = self.v.to(maps)
        if v.ndim == 2 and len(v) != len(maps):
            raise ValueError(complaint("v", f"one vector for each of {len(maps)} images", len(v)))
        places = maps.flatten(2) if maps.ndim > 2 else maps[..., None]  # (B, C, h, w) -> (B, C, h * w)
        if not self.whole:
            rows, columns = maps.shape[2:] if maps.ndim == 4 else (1, 1)
            middle = rows // 2 * columns + columns // 2
            places = places[..., middle : middle + 1]  # (B, C, 1)
        along = (places * v[..., None]).sum(1) / v.norm(dim=-1, keepdim=True)  # (B, C, n) -> (B, n)
        if self.power:
            cosine = along / places.norm(dim=1).clamp_min(1e-9)
            along = along * cosine.clamp_min(LEAST_COSINE) ** self.power
        return along.mean(1)

    def _check(self, model: nn.Module, info: LayerInfo) -> "Likeness":
        if not isinstance(self.v, Tensor) or self.v.ndim not in (1, 2) or self.v.shape[-1] != info.channels:
            came = tuple(self.v.shape) if isinstance(self.v, Tensor) else type(self.v).__name__
            expected = f"a tensor ({info.channels},) or (B, {info.channels}), the channels of {info.label}"
            raise ValueError(complaint("v", expected, came))
        if not self.v.isfinite().all():
            raise ValueError(complaint("v", "finite numbers", "NaN or infinity"))
        if not self.v.norm(dim=-1).all():
            raise ValueError(complaint("v", "a vector that is not all 0", "0 everywhere"))
        check_number("power", self.power, least=0)
        # a tensor made in inference mode cannot take part in a gradient
        return replace(self, v=self.v.clone()) if self.v.is_inference() else self

    def __str__(self) -> str:
        return (
            f"the likeness to {'a vector' if self.v.ndim == 1 else f'{len(self.v)} vectors'} in {self.place}"
        )


def location_vector(model: nn.Module, image: Tensor, layer: str, y: int, x: int) -> Tensor:
    """The activation vector v (C,) at the place (y, x) of a layer; what lies below 0 becomes 0.

    So for a layer before its ReLU, v is what the ReLU lets through: what is there, not what is missing. image is one
    picture (1, C, H, W) in [0, 1]. Raises `IndexError` for a place outside the layer, `ValueError` for a layer without
    places or a picture that is too small, and as `activations` does.

    >>> import torch
    >>> from lecturelib import models
    >>> location_vector(models.load("lenet"), torch.rand(1, 1, 28, 28), "conv2", 4, 5).shape
    torch.Size([32])
    """
    _check_place(model, image, layer, y, x)
    with torch.inference_mode(False):  # what was made inside it could not be optimized for
        return activations(model, image, layer).relu()[:, y, x].clone()


def explain_location(
    model: nn.Module,
    image: Tensor,
    layer: str,
    y: int,
    x: int,
    *,
    power: float = 1.0,
    whole: bool = False,
    size: int | None = None,
    steps: int = STEPS,
    **more: Any,
) -> AscentStep:
    """The picture for v . v0: arg max over pictures of (v . v0 / |v|) cos(v, v0)^power; returns the last step.

    v is `location_vector`, the activations at (y, x) of a layer for the image (1, C, H, W); v0 those in the middle of
    the map for the picture that is optimized; see `Likeness`. It costs one optimized picture, where the sum of the
    channels' pictures weighted by v (`weighted_sum`) needs one picture per channel. `size` in pixels is the receptive
    field of the place if not given; `more` goes to `maximize` (seed, parametrization, ...). `iter_explain_location`
    yields every step. Raises as `location_vector` and `maximize` do, and `ValueError` where every channel is silent.
    Olah et al. 2018, "The building blocks of interpretability".

    >>> import torch
    >>> from lecturelib import models
    >>> step = explain_location(models.load("lenet"), torch.rand(1, 1, 28, 28), "conv2", 4, 5, steps=2)
    >>> tuple(step.image.shape)  # conv2 sees 14 x 14 pixels
    (1, 1, 14, 14)
    """
    run = iter_explain_location(
        model, image, layer, y, x, power=power, whole=whole, size=size, steps=steps, **more
    )
    *_, step = run
    return step


def iter_explain_location(
    model: nn.Module,
    image: Tensor,
    layer: str,
    y: int,
    x: int,
    *,
    power: float = 1.0,
    whole: bool = False,
    size: int | None = None,
    steps: int = STEPS,
    **more: Any,
) -> Iterator[AscentStep]:
    """The picture for v . v0 step by step: the run of `explain_location`, with its arguments.

    >>> import torch
    >>> from lecturelib import models
    >>> run = iter_explain_location(models.load("lenet"), torch.rand(1, 1, 28, 28), "conv2", 4, 5, steps=2)
    >>> [step.step for step in run]
    [1, 2]
    """
    v = location_vector(model, image, layer, y, x)
    if not v.any():
        expected = "a place where some channel responds"
        raise ValueError(complaint("y, x", expected, f"({y}, {x}) of {layer}, where all are 0"))
    size = field_size(model, layer, tuple(image.shape[1:])) if size is None else size
    more.setdefault("transforms", [jitter(max(1, size // 32))])
    return iter_maximize(model, Likeness(layer, v, power, whole), size=size, steps=steps, **more)


def weighted_sum(vector: Tensor, pictures: Tensor) -> Tensor:
    """Weighted sum of the channels' pictures (C, 3, s, s): 1/2 + Σ_c v_c (picture_c - 1/2) / |v|, (1, 3, s, s).

    Pictures are added as differences from grey, and divided by |v|, so that the sum has the contrast of one of them.
    The slow answer to what a location means: it needs a picture of every channel, and pictures of places that never
    saw each other lie on top of one another.

    >>> import torch
    >>> weighted_sum(torch.tensor([2.0, 0.0]), torch.stack([torch.zeros(3, 1, 1), torch.ones(3, 1, 1)])).flatten()
    tensor([0., 0., 0.])
    """
    if not isinstance(vector, Tensor) or vector.ndim != 1:
        came = tuple(vector.shape) if isinstance(vector, Tensor) else type(vector).__name__
        raise ValueError(complaint("vector", "activations (C,)", came))
    if not isinstance(pictures, Tensor) or pictures.ndim != 4 or vector.shape != pictures.shape[:1]:
        came = tuple(pictures.shape) if isinstance(pictures, Tensor) else type(pictures).__name__
        raise ValueError(complaint("pictures", f"({len(vector)}, 3, s, s), one per channel", came))
    weights = vector / vector.norm().clamp_min(1e-12)
    return (0.5 + torch.einsum("c,cdhw->dhw", weights.to(pictures), pictures - 0.5))[None].clamp(0, 1)


@dataclass(frozen=True, eq=False)
class Word:
    """One channel at a location: its activation, its share of |v|^2, what it adds to a class, and its picture."""

    channel: int
    activation: float
    share: float
    adds: float | None = None
    picture: Tensor | None = field(default=None, repr=False)


def semantic_dictionary(
    model: nn.Module,
    image: Tensor,
    layer: str,
    y: int,
    x: int,
    k: int = 6,
    *,
    unit: Unit | None = None,
    pictures: Tensor | None = None,
) -> list[Word]:
    """Semantic dictionary: the k channels that respond most at a place, the strongest first, each with its picture.

    `share` is v_c^2 / |v|^2: the shares of all channels add up to 1. `adds` is the channel's part of `attribution` at
    the place to a unit after the layer, if one is given. `pictures` (C, 3, s, s) are the channels' own pictures, such
    as `shipped_channel_pictures("alexnet", "conv5")`. Silent channels are left out, so fewer than k may come back.

    >>> import torch
    >>> from lecturelib import models
    >>> words = semantic_dictionary(models.load("lenet"), torch.rand(1, 1, 28, 28), "conv2", 4, 5, k=3)
    >>> len(words), words[0].share >= words[1].share
    (3, True)
    """
    v = location_vector(model, image, layer, y, x)
    check_whole("k", k, 1, len(v), "the layer's channels")
    if pictures is not None and len(pictures) != len(v):
        raise ValueError(complaint("pictures", f"one for each of {len(v)} channels", len(pictures)))
    adds = None if unit is None else attribution(model, image, unit, layer)[:, y, x].tolist()
    total = v.square().sum().item()
    return [
        Word(
            channel,
            v[channel].item(),
            v[channel].item() ** 2 / total,
            None if adds is None else adds[channel],
            None if pictures is None else pictures[channel],
        )
        for channel in v.argsort(descending=True, stable=True)[:k].tolist()
        if v[channel] > 0
    ]


def attribution(model: nn.Module, image: Tensor, unit: Unit, layer: str) -> Tensor:
    """Attribution to a layer: activation times d unit / d activation, for each channel at each place, (C, h, w).

    Summed over channels: what a place adds; over places: what a channel adds. If the network is linear from the layer
    on, everything adds up to the unit's value, less the bias; in general this is the first-order part only. image is
    one picture (1, C, H, W); unit any unit after the layer, usually a `Logit`. Raises as `backprop` does, and
    `ValueError` for a network without classes, for a layer without places or one that the unit does not depend on.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network.units import Logit
    >>> attribution(models.load("lenet"), torch.rand(1, 1, 28, 28), Logit(3), "conv2").shape
    torch.Size([32, 10, 10])
    """
    return attributions(model, image, [unit], layer)[0]


def attributions(model: nn.Module, image: Tensor, units: Sequence[Unit], layer: str) -> Tensor:
    """The `attribution` of several units, (units, C, h, w), such as all classes: one forward pass serves all.

    image is one picture (1, C, H, W). Raises as `attribution` does, and for `units` that are no list or empty.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network.units import Logit
    >>> from lecturelib.optimization import attributions
    >>> attributions(models.load("lenet"), torch.rand(1, 1, 28, 28), [Logit(3), Logit(8)], "conv2").shape
    torch.Size([2, 32, 10, 10])
    """
    info = checked_map(model, image, layer)
    if isinstance(units, Unit) or not len(units):
        raise (TypeError if isinstance(units, Unit) else ValueError)(
            complaint("units", "a list of at least one unit", described(units))
        )
    units = [prepared(model, image, unit)[1] for unit in units]
    pixels = prepared(model, image, units[0])[0]
    keys = list(dict.fromkeys(key for unit in units for key in unit.keys))
    shares, look = [], recording(model, [info.name, *keys])
    with torch.inference_mode(False), torch.enable_grad(), frozen(model), look as acts:
        acts.forward(pixels.clone().requires_grad_())
        activation = acts[info.name]
        for k, unit in enumerate(units):
            value = unit(acts).sum()
            slope = gradient_of(value, activation, unit, f"layer {info.label}", retain=k + 1 < len(units))
            shares.append((slope * activation.detach())[0])
    found = torch.stack(shares)
    return found.movedim(-1, 1) if info.channels_last else found  # (units, C, h, w)


def checked_map(model: nn.Module, image: Tensor, layer: str) -> LayerInfo:
    """The layer as it runs for one picture (1, C, H, W), if both fit and it gives a map; otherwise raises."""
    check_image(image, model)
    shape = tuple(image.shape[1:])
    check_size(model, resolve_layer(model, layer), shape)  # names the smallest size that works
    info = layer_info(model, layer, shape)
    if len(info.positions) != 2 or info.name == OUTPUT:
        sides = " x ".join(map(str, info.shape))
        came = f"{info.label or 'the output'}, which gives {sides}"
        raise ValueError(complaint("layer", "one that gives a map with places", came, "take a convolution"))
    return info


def _check_place(model: nn.Module, image: Tensor, layer: str, y: int, x: int) -> None:
    info = checked_map(model, image, layer)
    for name, value, count in zip("yx", (y, x), info.positions, strict=True):
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(complaint(name, "a whole number", described(value)))
        if not 0 <= value < count:
            rows, columns = info.positions
            expected = f"0 to {count - 1} ({info.label} has {rows} x {columns} places for this picture)"
            raise IndexError(complaint(name, expected, value))


def field_size(model: nn.Module, layer: str, shape: Shape | None) -> int:
    """The longer side of the receptive field of the layer, in pixels."""
    seen = receptive_field(model, layer, image_shape=shape)
    return max(seen.size)
