"""Which pixels a unit sees: computed from the operations as they really run, for any network."""

import threading
import weakref
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecturelib.checks import UnknownName
from lecturelib.network.hooks import frozen
from lecturelib.network.layer_names import OUTPUT, resolve_layer
from lecturelib.network.receptive_field_rules import WHOLE, FieldTracker, Pair, Seen

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class ReceptiveField:
    """The pixels that a position of a layer sees, per axis (vertical, horizontal).

    Position (y, x) sees `size` pixels from `start + (y, x) * jump` on. `whole` layers see all of the image,
    whatever the position: their size is the image's and their jump 0.
    """

    size: Pair
    jump: Pair
    start: Pair
    whole: bool = False

    def box(self, y: int = 0, x: int = 0) -> Box:
        """(top, left, bottom, right) in pixels of the input, half-open; padding makes it reach outside the image."""
        top, left = self.start[0] + y * self.jump[0], self.start[1] + x * self.jump[1]
        return (top, left, top + self.size[0], left + self.size[1])

    def box_inside(self, y: int, x: int, height: int, width: int) -> Box:
        """The part of `box(y, x)` that lies inside an image of height x width pixels."""
        top, left, bottom, right = self.box(y, x)
        return (max(top, 0), max(left, 0), min(bottom, height), min(right, width))

    def __str__(self) -> str:
        if self.whole:
            return f"the whole image of {self.size[0]} x {self.size[1]} px"
        (height, width), (down, right), (top, left) = self.size, self.jump, self.start
        return f"{height} x {width} px, every {down} x {right} px, the first at ({top}, {left})"


# What every layer sees, remembered per network and image shape: finding it costs one forward pass.
_known: "weakref.WeakKeyDictionary[nn.Module, dict]" = weakref.WeakKeyDictionary()


def receptive_field(
    model: nn.Module, layer: str, call: int = 0, image_shape: tuple[int, int, int] | None = None
) -> ReceptiveField:
    """The receptive field of a layer's positions, in pixels of the network's input.

    `image_shape` is (C, H, W); a house network knows its own. It matters only for layers that see the whole
    image, or pool adaptively. Padded convolutions, dilation, both axes, branches (their union), residual
    sums, concatenations, crops and permuted layouts are followed; a linear layer, global pooling, attention,
    a transposed convolution, group normalisation, uneven adaptive pooling, up-sampling and every operation
    that is not known see the whole image: a field may be too large, never too small. Raises `KeyError` for an
    unknown layer, `IndexError` for a call that did not happen, `ValueError` for an image that the network
    cannot take. After Araujo et al. 2019, "Computing receptive fields of convolutional neural networks".

    >>> receptive_field(models.load("alexnet"), "conv2").size       # doctest: +SKIP
    (51, 51)
    """
    name = resolve_layer(model, layer)
    if isinstance(call, bool) or not isinstance(call, int) or call < 0:
        raise ValueError(f"call counts from 0 (the first call of a module), got {call!r}")
    shape = _shape(model, image_shape)
    fields, failure = _fields(model, shape)
    if (name, call) in fields:
        return fields[name, call]
    if failure is not None:
        words = f"{type(failure).__name__}: {failure}"
        raise ValueError(f"{too_small(model, name, shape)} (it says {words})") from failure
    calls = sum(key == name for key, _ in fields)
    if calls:
        raise IndexError(f"{name!r} runs {calls} time(s), so call is 0 to {calls - 1}, got {call}")
    raise UnknownName(f"{name!r} did not run, or does not return one tensor: choose one of list_units(model)")


def check_size(model: nn.Module, layer: str, image_shape: tuple[int, int, int]) -> None:
    """Raises `ValueError`, naming the smallest size that works, if images (C, H, W) cannot reach a layer."""
    receptive_field(model, layer, image_shape=tuple(image_shape))


def _shape(model: nn.Module, image_shape) -> tuple[int, int, int]:
    if image_shape is None:
        if not hasattr(model, "input_size"):
            raise ValueError(
                "receptive_field: this network does not say its input size, pass image_shape=(C, H, W)"
            )
        return (model.channels, model.input_size, model.input_size)
    shape = tuple(image_shape)
    if len(shape) != 3 or not all(isinstance(size, int) and size > 0 for size in shape):
        raise ValueError(f"image_shape is (C, H, W), three whole numbers above 0, got {image_shape!r}")
    return shape


def _fields(model: nn.Module, shape: tuple[int, int, int]) -> tuple[dict, Exception | None]:
    # extra_repr holds kernel, stride and padding: a module changed by hand is noticed
    structure = tuple((name, id(module), module.extra_repr()) for name, module in model.named_modules())
    known = _known.setdefault(model, {})
    if known.get("structure") != structure:
        known.clear()
        known["structure"] = structure
    found = known.get(shape)
    if found is None:
        known[shape] = found = _follow(model, shape)
    return found  # not read back: another thread may have cleared what is known


def _follow(model: nn.Module, shape: tuple[int, int, int]) -> tuple[dict, Exception | None]:
    """The field of every call of every layer, and what ended the pass early, if anything did."""
    parameter = next(model.parameters(), torch.zeros(()))
    image = torch.zeros(1, *shape, device=parameter.device, dtype=parameter.dtype)
    tracker = FieldTracker(image)
    fields: dict[tuple[str, int], ReceptiveField] = {}
    calls: dict[str, int] = {}
    thread = threading.get_ident()

    def look(name: str):
        def hook(module: nn.Module, inputs: tuple, output) -> None:
            if threading.get_ident() == thread and isinstance(output, Tensor):
                calls[name] = calls.get(name, -1) + 1
                fields[name, calls[name]] = as_receptive_field(tracker.seen(output), shape, output.ndim)

        return hook

    handles = []
    try:
        for name, module in model.named_modules():
            handles.append(module.register_forward_hook(look(name)))
        with frozen(model), torch.no_grad(), tracker:
            model(image)
    except (
        Exception
    ) as failure:  # the head of a LeNet takes one size only; torchvision's ViT asserts its size
        return fields, failure.with_traceback(None)  # its frames would keep the network alive
    finally:
        for handle in handles:
            handle.remove()
    return fields, None


# Where maps (B, C, h, w) and (B, h, w, C) have their vertical and their horizontal axis
MAP_AXES = ((2, 3), (1, 2))


def as_receptive_field(seen: Seen | None, shape: tuple[int, int, int], ndim: int) -> ReceptiveField:
    """What a tracker has seen of images (C, H, W), for a layer whose output has `ndim` dimensions.

    Positions are (y, x) of a map: one that lies on its side, or is none, counts as seeing the whole image.
    """
    if seen is None or seen is WHOLE or ndim != 4 or seen.dims not in MAP_AXES:
        return ReceptiveField(size=shape[1:], jump=(0, 0), start=(0, 0), whole=True)
    return ReceptiveField(seen.size, seen.jump, seen.start)


def too_small(model: nn.Module, layer: str, shape: tuple[int, int, int]) -> str:
    """The sentence for images of a size that a layer cannot take: it names the smallest size that works."""
    title, place = getattr(model, "name", "this network"), layer if layer != OUTPUT else "its output"
    came = f"{title} cannot take images of {shape[1]} x {shape[2]} px up to {place}"
    own = getattr(model, "input_size", None)
    if own is None or not _reaches(model, layer, (shape[0], own, own)):
        return f"{came}: try larger ones"
    low, high = min(shape[1:]), own
    if low >= own or not _reaches(model, layer, (shape[0], own - 1, own - 1)):
        return f"{came}: it takes {own} x {own} px (images.fit(image, {own}) brings a picture there)"
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _reaches(model, layer, (shape[0], middle, middle)) else (middle, high)
    return f"{came}: at least {high} x {high} px are needed, {own} x {own} are usual"


def _reaches(model: nn.Module, layer: str, shape: tuple[int, int, int]) -> bool:
    return any(name == layer for name, _ in _follow(model, shape)[0])


def takes(model: nn.Module, image_shape: tuple[int, int, int]) -> bool:
    """Can the network run from end to end on images (C, H, W)? A fully connected head may take one size only."""
    return (OUTPUT, 0) in _fields(model, _shape(model, image_shape))[0]
