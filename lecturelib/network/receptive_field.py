"""Which pixels a unit sees: computed from the operations as they really run, for any network."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from lecturelib.checks import complaint
from lecturelib.network.layer_names import OUTPUT, resolve_layer, split_key
from lecturelib.network.probe import image_shape_of, not_there, probe
from lecturelib.network.receptive_field_rules import Field, Pair, Seen

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class ReceptiveField:
    """The pixels that a position of a layer depends on, per axis (vertical, horizontal).

    Position (y, x) sees `size` pixels from `start + (y, x) * jump` on. `whole` layers see all of the image,
    whatever the position: their size is the image's and their jump 0.

    >>> from lecturelib.network import ReceptiveField
    >>> field = ReceptiveField(size=(7, 7), jump=(2, 2), start=(-2, -2))
    >>> field.box(1, 0), field.box_inside(1, 0, 28, 28)
    ((0, -2, 7, 5), (0, 0, 7, 5))
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


def receptive_field(
    model: nn.Module, layer: str, call: int = 0, image_shape: Sequence[int] | None = None
) -> ReceptiveField:
    """Compute the receptive field of a layer's positions, in pixels of the network's input.

    Along each axis r_l = r_(l-1) + (k_l - 1) d_l j_(l-1) and j_l = j_(l-1) s_l, with kernel k, dilation d and stride s.
    `image_shape` is (C, H, W); a house network knows its own. It matters only for layers that see the whole
    image, or pool adaptively. Padded convolutions, dilation, both axes, branches (their union), residual
    sums, concatenations, crops and permuted layouts are followed; a linear layer, global pooling, attention,
    a transposed convolution, group normalization, uneven adaptive pooling, up-sampling, a value that leaves the graph
    (`.item()`, `.numpy()`) and every operation that is not known see the whole image: a field may be too large, never
    too small. Raises `KeyError` for an unknown layer, `IndexError` for a call that did not happen, `ValueError` for an
    image that the network cannot take. Araujo et al. 2019, "Computing receptive fields of convolutional neural
    networks".

    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.ReLU(), nn.Conv2d(2, 2, (3, 5), padding=1))
    >>> print(receptive_field(net, "2", image_shape=(1, 20, 30)))
    7 x 11 px, every 2 x 2 px, the first at (-2, -2)
    """
    name = resolve_layer(model, layer)
    split_key((name, call))
    shape = _shape(model, image_shape)
    found = probe(model, shape)
    if (name, call) not in found.seen:
        raise not_there(model, name, call, found)
    info = found.infos.get((name, call))
    return as_receptive_field(found.seen[name, call], shape, len(info.shape) + 1 if info else 1)


def check_size(model: nn.Module, layer: str, image_shape: Sequence[int]) -> None:
    """Raise `ValueError`, naming the smallest size that works, if images (C, H, W) cannot reach a layer."""
    receptive_field(model, layer, image_shape=tuple(image_shape))


def _shape(model: nn.Module, image_shape: Sequence[int] | None) -> tuple[int, ...]:
    shape = image_shape_of(model, image_shape)
    if len(shape) != 3:
        raise ValueError(complaint("image_shape", "(C, H, W), three whole numbers above 0", shape))
    return shape


# Where maps (B, C, h, w) and (B, h, w, C) have their vertical and their horizontal axis
MAP_AXES = ((2, 3), (1, 2))


def as_receptive_field(seen: Seen | None, shape: tuple[int, ...], ndim: int) -> ReceptiveField:
    """What a tracker has seen of images (C, H, W), for a layer whose output has `ndim` dimensions.

    Positions are (y, x) of a map: one that lies on its side, or is none, counts as seeing the whole image.
    """
    if not isinstance(seen, Field) or ndim != 4 or seen.dims not in MAP_AXES:
        return ReceptiveField(size=(shape[-2], shape[-1]), jump=(0, 0), start=(0, 0), whole=True)
    return ReceptiveField(seen.size, seen.jump, seen.start)


def takes(model: nn.Module, image_shape: Sequence[int]) -> bool:
    """Can the network run from end to end on images (C, H, W)? A fully connected head may take one size only.

    >>> takes(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), (3, 2, 2))
    True
    """
    return (OUTPUT, 0) in probe(model, image_shape).seen
