"""What a location means: the vector of activations at one place of a layer, as a picture, as words, as a share.

Olah et al. 2018, "The building blocks of interpretability".
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from lecturelib.checks import check_images
from lecturelib.gradients.backprop import gradient_of, prepared
from lecturelib.network.hooks import Activations, frozen, layer_info, recording
from lecturelib.network.layer_names import OUTPUT, LayerInfo, resolve_layer
from lecturelib.network.receptive_field import check_size, receptive_field
from lecturelib.network.units import Shape, Unit
from lecturelib.optimization.ascent import Step, maximize
from lecturelib.optimization.transforms import jitter
from lecturelib.parameters.activations import activations

STEPS = 64
LEAST_COSINE = (
    0.1  # below, the dot product alone leads: a picture that begins with a cosine under 0 must still move
)


@dataclass(frozen=True, eq=False)
class Likeness(Unit):
    """How well a layer matches a vector v: (v . v0) / |v|, times the cosine between v and v0 to the power `power`.

    v0 is what the layer gives in the middle of its map. That is where the vector of a location is looked for: v came
    from one place, and over the whole map every place would have to look the same, which gives a texture (`whole`,
    the mean over the map: what a channel's picture shows). The dot product alone is largest where a few strong
    channels get stronger still; the cosine asks for all of v. `v` is (C,), or (B, C): image b is matched to its own.
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
            raise ValueError(f"Likeness: {len(v)} vectors for {len(maps)} images; one each is needed")
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
            raise ValueError(
                f"{self!r}: v must be a tensor of shape ({info.channels},) or (B, {info.channels}), got {came}"
            )
        if not self.v.isfinite().all() or not self.v.norm(dim=-1).all():
            raise ValueError(f"{self!r}: v is all 0, or holds NaN or infinity: there is nothing to look for")
        if (
            isinstance(self.power, bool)
            or not isinstance(self.power, int | float)
            or not 0 <= self.power < math.inf
        ):
            raise ValueError(f"power: a number from 0 up is needed, got {self.power!r}")
        return self

    def __str__(self) -> str:
        return (
            f"the likeness to {'a vector' if self.v.ndim == 1 else f'{len(self.v)} vectors'} in {self.place}"
        )


def location_vector(model: nn.Module, image: Tensor, layer: str, y: int, x: int) -> Tensor:
    """The activations of all channels at the place (y, x) of a layer, v (C,); what lies below 0 becomes 0.

    So for a layer before its ReLU, v is what the ReLU lets through: what is there, not what is missing. image is one
    picture (1, C, H, W) in [0, 1]. Raises `IndexError` for a place outside the layer, `ValueError` for a layer without
    places or a picture that is too small, and as `activations` does.
    """
    _check_place(model, image, layer, y, x)
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
    **more,
) -> Iterator[Step]:
    """The picture for v . v0: what the middle of a layer must see to give the activations that (y, x) gave.

    v is `location_vector`, the objective `Likeness(layer, v, power, whole)`. It costs one optimised picture, where the
    sum of the channels' pictures weighted by v (`weighted_sum`) needs one picture per channel. Yields the steps of
    `maximize`, which also takes `more` (seed, parametrization, ...). `size` in pixels is the receptive field of the
    place if not given. Raises as `location_vector` and `maximize` do, and `ValueError` where every channel is silent.
    """
    v = location_vector(model, image, layer, y, x)
    if not v.any():
        raise ValueError(
            f"no channel of {layer} responds at ({y}, {x}): there is nothing to show; choose another place"
        )
    size = field_size(model, layer, tuple(image.shape[1:])) if size is None else size
    more.setdefault("transforms", [jitter(max(1, size // 32))])
    return maximize(model, Likeness(layer, v, power, whole), size=size, steps=steps, **more)


def weighted_sum(vector: Tensor, pictures: Tensor) -> Tensor:
    """The channels' pictures (C, 3, s, s) added up, each by its activation in `vector` (C,): (1, 3, s, s) in [0, 1].

    Pictures are added as differences from grey, and divided by |v|, so that the sum has the contrast of one of them.
    The slow answer to what a location means: it needs a picture of every channel, and pictures of places that never
    saw each other lie on top of one another.
    """
    if not isinstance(vector, Tensor) or vector.ndim != 1:
        came = tuple(vector.shape) if isinstance(vector, Tensor) else type(vector).__name__
        raise ValueError(f"weighted_sum: a vector (C,) is needed, got {came}")
    if not isinstance(pictures, Tensor) or pictures.ndim != 4 or vector.shape != pictures.shape[:1]:
        came = tuple(pictures.shape) if isinstance(pictures, Tensor) else type(pictures).__name__
        raise ValueError(
            f"weighted_sum: pictures ({len(vector)}, 3, s, s), one per channel, are needed, got {came}"
        )
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
    """The k channels that respond most at a place, the strongest first: numbers become pictures that can be read.

    `share` is v_c^2 / |v|^2: the shares of all channels add up to 1. `adds` is the channel's part of `attribution` at
    the place to a unit behind the layer, if one is given. `pictures` (C, 3, s, s) are the channels' own pictures, such
    as `channel_pictures.shipped("alexnet", "conv5")`. Silent channels are left out, so fewer than k may come back.
    """
    v = location_vector(model, image, layer, y, x)
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= len(v):
        raise ValueError(f"k: 1 to {len(v)} channels can be named, got {k!r}")
    if pictures is not None and len(pictures) != len(v):
        raise ValueError(f"pictures: one for each of {len(v)} channels is needed, got {len(pictures)}")
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
    """What each channel adds to a unit at each place of a layer, (C, h, w): activation times d unit / d activation.

    Summed over channels: what a place adds; over places: what a channel adds. If the network is linear from the layer
    on, everything adds up to the unit's value, less the bias; in general this is the first-order part only. image is
    one picture (1, C, H, W); unit any unit behind the layer, usually a `Logit`. Raises as `backprop` does, and
    `ValueError` for a network without classes, for a layer without places or one that the unit does not depend on.
    """
    return attributions(model, image, [unit], layer)[0]


def attributions(model: nn.Module, image: Tensor, units: Sequence[Unit], layer: str) -> Tensor:
    """The `attribution` of several units, (units, C, h, w), such as all classes: one forward pass serves all."""
    info = checked_map(model, image, layer)
    if isinstance(units, Unit) or not len(units):
        raise ValueError(f"units: a list of at least one unit is needed, got {units!r}")
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
    check_images(image, model, "image")
    if len(image) != 1:
        raise ValueError(
            f"image: one picture (1, C, H, W) is needed, got {len(image)}; pass images[i : i + 1]"
        )
    shape = tuple(image.shape[1:])
    check_size(model, resolve_layer(model, layer), shape)  # names the smallest size that works
    info = layer_info(model, layer, shape)
    if len(info.positions) != 2 or info.name == OUTPUT:
        sides = " x ".join(map(str, info.shape))
        raise ValueError(
            f"layer: {info.label or 'the output'} gives {sides}, no map with places; take a convolution"
        )
    return info


def _check_place(model: nn.Module, image: Tensor, layer: str, y: int, x: int) -> None:
    info = checked_map(model, image, layer)
    for name, value, count in zip("yx", (y, x), info.positions, strict=True):
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name} must be a whole number, got {type(value).__name__} {value!r}")
        if not 0 <= value < count:
            rows, columns = info.positions
            raise IndexError(
                f"{info.label} has {rows} x {columns} places for this picture, so {name} is 0 to {count - 1}, "
                f"got {value}"
            )


def field_size(model: nn.Module, layer: str, shape: Shape | None) -> int:
    """The side of a picture that one place of the layer sees."""
    seen = receptive_field(model, layer, image_shape=shape)
    return max(seen.size)
