"""What a picture excites in a layer: the activation of every channel, and the strongest of them."""

from collections.abc import Sequence
from numbers import Integral

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecturelib.network.hooks import record
from lecturelib.network.inputs import as_the_model_takes
from lecturelib.network.layer_names import resolve_layer
from lecturelib.network.receptive_field import check_size


def activations(model: nn.Module, image: Tensor, layer: str, call: int = 0) -> Tensor:
    """The activation of every channel of a layer for one image, (C, h, w).

    `image` is (1, channels, H, W) or (channels, H, W) in [0, 1]. A vector (a fully connected layer) comes as
    (C, 1, 1), a sequence of tokens as (C, 1, tokens), a layer that keeps its channels last is turned. Raises
    `KeyError` for an unknown layer, `ValueError` for several images, a picture too small for the layer, or
    NaN activations.
    """
    name = resolve_layer(model, layer)
    if isinstance(image, Tensor) and image.ndim == 3:
        image = image[None]
    image = as_the_model_takes(image, model, name="image")
    if len(image) != 1:
        raise ValueError(f"image: activations are shown for one image, got {len(image)}; pass images[i]")
    shape = tuple(image.shape[1:])
    check_size(model, name, shape)
    values = record(model, image, [(name, call)]).maps((name, call))[0]
    if values.isnan().any():
        raise ValueError(f"{name!r} gives NaN for this image: this network's weights have diverged")
    if values.ndim == 1:
        return values[:, None, None]  # (C,) -> (C, 1, 1)
    if values.ndim == 2:
        return values[:, None]  # (C, tokens) -> (C, 1, tokens)
    return values


def _check_maps(acts: Tensor) -> Tensor:
    if not isinstance(acts, Tensor) or acts.ndim != 3 or 0 in acts.shape:
        came = tuple(acts.shape) if isinstance(acts, Tensor) else type(acts).__name__
        raise ValueError(f"acts: the activations of one image, (C, h, w), are needed, got {came}")
    if not acts.isfinite().all():
        what = "NaN" if acts.isnan().any() else "infinite"
        raise ValueError(f"acts: there are {what} activations")
    return acts


def strongest_channels(acts: Tensor, k: int, by: str = "max") -> Tensor:
    """The indices (k,) of the channels that respond most, the strongest first; of equals the lower index first.

    `acts` is (C, h, w). `by="max"` ranks by the highest place of the map, `"mean"` by its mean: a channel may
    be excited strongly at one spot, or a little everywhere. Raises `ValueError` unless 1 <= k <= C.
    """
    acts = _check_maps(acts)
    if by not in ("max", "mean"):
        raise ValueError(f"by is 'max' or 'mean', got {by!r}")
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= len(acts):
        raise ValueError(f"k: 1 to {len(acts)} channels can be chosen from this layer, got {k!r}")
    strength = acts.amax((1, 2)) if by == "max" else acts.mean((1, 2))  # (C,)
    return strength.argsort(descending=True, stable=True)[:k]


def _whole_numbers(indices) -> list[int]:
    """Channels as plain numbers; a mask or a fraction names none, so it raises instead of being rounded."""
    # a tensor or an array gives plain numbers; a single one of either gives a number, not a list
    listed = indices.tolist() if hasattr(indices, "tolist") else indices
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        hint = f"; say [{listed}]" if isinstance(listed, Integral) else ""
        raise TypeError(f"indices: a list of channels such as [0, 5] is needed, got {indices!r}{hint}")
    if not listed:
        raise ValueError("indices: name at least one channel")
    for index in listed:
        if isinstance(index, bool) or not isinstance(index, Integral):
            hint = "; mask.nonzero()[:, 0] gives the channels of a mask" if isinstance(index, bool) else ""
            raise TypeError(f"indices: whole numbers are needed, got {index!r}{hint}")
    return [int(index) for index in listed]


def activation_tiles(
    acts: Tensor, indices: Tensor | list[int] | None = None, scale: str = "shared"
) -> Tensor:
    """Chosen channels as tiles in [0, 1], (k, 1, h, w), for a magnitude palette.

    `acts` is (C, h, w). 0 stands for the lowest activation or for zero, whichever is lower, so that the
    silence after a ReLU is always 0. `scale="shared"` puts all tiles on one scale (brightness compares
    channels), `"each"` spreads every tile over the whole range (form, but not strength): say in the caption
    which. A silent channel stays 0. Raises `TypeError` unless the indices are whole numbers (a mask is none),
    `IndexError` for a channel that the layer does not have, `ValueError` for NaN and infinity.
    """
    acts = _check_maps(acts)
    if scale not in ("each", "shared"):
        raise ValueError(f"scale is 'each' or 'shared', got {scale!r}")
    chosen = list(range(len(acts))) if indices is None else _whole_numbers(indices)
    wrong = [i for i in chosen if not 0 <= i < len(acts)]
    if wrong:
        raise IndexError(f"indices: this layer has {len(acts)} channels (0-{len(acts) - 1}), got {wrong[0]}")
    maps = acts[chosen]  # (k, h, w)
    dims = (0, 1, 2) if scale == "shared" else (1, 2)
    low = maps.amin(dims, keepdim=True).clamp_max(0)
    span = maps.amax(dims, keepdim=True) - low
    return ((maps - low) / torch.where(span > 0, span, 1))[:, None]  # (k, h, w) -> (k, 1, h, w)


def paint_on(tiles: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps (k, 1, h, w) enlarged to (k, 1, height, width) of a photo, cell by cell, so the resolution stays visible.

    Each cell is drawn as an even share of the picture. A cell *sees* more than its share: its receptive
    field.
    """
    if not isinstance(tiles, Tensor) or tiles.ndim != 4 or 0 in tiles.shape:
        raise ValueError("tiles: maps (k, 1, h, w) are needed, as activation_tiles gives them")
    if len(size) != 2 or min(size) < 1:
        raise ValueError(f"size: (height, width) in pixels is needed, got {size!r}")
    return F.interpolate(tiles, size=tuple(size), mode="nearest-exact")
