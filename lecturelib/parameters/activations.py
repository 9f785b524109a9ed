"""Activation maps: the activation of every channel of a layer for one image, and the strongest channels."""

from collections.abc import Sequence
from numbers import Integral

import torch
from torch import Tensor, nn

from lecturelib.checks import check_choice, check_images, check_whole, complaint, described
from lecturelib.network.hooks import record
from lecturelib.network.inputs import to_the_weights
from lecturelib.network.layer_names import resolve_layer
from lecturelib.network.probe import layer_info


def activations(model: nn.Module, image: Tensor, layer: str, call: int = 0) -> Tensor:
    """The activation maps of a layer for one image, (C, h, w).

    `image` is (1, channels, H, W) or (channels, H, W) in [0, 1]. `call` counts the calls of a module that runs several
    times. A vector (a fully connected layer) comes as (C, 1, 1), a sequence of tokens as (C, 1, tokens), a layer that
    keeps its channels last is permuted. Raises `KeyError` for an unknown layer, `ValueError` for several images, an
    image too small for the layer, or NaN activations.

    >>> import torch
    >>> from lecturelib import models
    >>> activations(models.load("lenet"), torch.zeros(1, 1, 28, 28), "conv1").shape
    torch.Size([16, 28, 28])
    """
    name = resolve_layer(model, layer)
    if isinstance(image, Tensor) and image.ndim == 3:
        image = image[None]
    image = to_the_weights(check_images(image, model, name="image"), model)
    if len(image) != 1:
        raise ValueError(
            complaint("image", "one image (1, C, H, W)", f"a batch of {len(image)}", "pass images[i]")
        )
    # raises where an image of this shape does not reach the layer
    layer_info(model, name, call=call, picture=image)
    values = record(model, image, [(name, call)]).maps((name, call))[0]
    if values.isnan().any():
        raise ValueError(complaint(name, "finite activations", "NaN", "the network's weights have diverged"))
    if values.ndim == 1:
        return values[:, None, None]  # (C,) -> (C, 1, 1)
    if values.ndim == 2:
        return values[:, None]  # (C, tokens) -> (C, 1, tokens)
    return values


def _check_maps(acts: Tensor) -> Tensor:
    expected = "the activations of one image, (C, h, w)"
    if not isinstance(acts, Tensor):
        raise TypeError(complaint("acts", expected, described(acts)))
    if acts.ndim != 3 or 0 in acts.shape:
        raise ValueError(complaint("acts", expected, f"shape {tuple(acts.shape)}"))
    if not acts.isfinite().all():
        raise ValueError(complaint("acts", "finite values", "NaN" if acts.isnan().any() else "infinity"))
    return acts


def strongest_channels(acts: Tensor, k: int, by: str = "max") -> Tensor:
    """The indices (k,) of the k channels with the largest activation, in descending order; ties by the lower index.

    `acts` is (C, h, w). `by="max"` ranks by the largest value of the map, `"mean"` by its mean: a channel may
    respond strongly at one spot, or a little everywhere. Raises `ValueError` unless 1 <= k <= C.

    >>> import torch
    >>> strongest_channels(torch.tensor([[[0.0, 9.0]], [[5.0, 5.0]]]), k=2, by="mean")
    tensor([1, 0])
    """
    acts = _check_maps(acts)
    check_choice("by", by, ("max", "mean"))
    check_whole("k", k, 1, len(acts), "the layer's channels")
    strength = acts.amax((1, 2)) if by == "max" else acts.mean((1, 2))  # (C,)
    return strength.argsort(descending=True, stable=True)[:k]


def _whole_numbers(indices: Tensor | Sequence[int]) -> list[int]:
    """Channels as plain integers; a mask or a fraction raises instead of being rounded."""
    # a tensor or an array gives plain numbers; a single one of either gives a number, not a list
    listed = indices.tolist() if hasattr(indices, "tolist") else indices
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        hint = f"write [{listed}]" if isinstance(listed, Integral) else ""
        raise TypeError(complaint("indices", "a list of channels such as [0, 5]", repr(indices), hint))
    if not listed:
        raise ValueError(complaint("indices", "at least one channel", "none"))
    for index in listed:
        if isinstance(index, bool) or not isinstance(index, Integral):
            hint = "mask.nonzero()[:, 0] gives the channels of a mask" if isinstance(index, bool) else ""
            raise TypeError(complaint("indices", "whole numbers", index, hint))
    return [int(index) for index in listed]


def activation_tiles(
    acts: Tensor, indices: Tensor | Sequence[int] | None = None, scale: str = "shared"
) -> Tensor:
    """Activation maps of chosen channels as tiles in [0, 1], (k, 1, h, w), for a sequential color map.

    `acts` is (C, h, w), `indices` the channels (all by default). 0 stands for the smallest activation or for zero,
    whichever is smaller, so that zero after a ReLU is always drawn as 0. `scale="shared"` puts all tiles on one scale
    (brightness compares channels), `"each"` scales every tile to its own maximum (shape, but not strength): say in
    the caption which. A channel that is 0 everywhere stays 0. Raises `TypeError` unless the indices are whole numbers,
    `IndexError` for a channel that the layer does not have, `ValueError` for NaN and infinity.

    >>> import torch
    >>> activation_tiles(torch.tensor([[[0.0, 4.0]], [[0.0, 1.0]]])).flatten()
    tensor([0.0000, 1.0000, 0.0000, 0.2500])
    """
    acts = _check_maps(acts)
    check_choice("scale", scale, ("each", "shared"))
    chosen = list(range(len(acts))) if indices is None else _whole_numbers(indices)
    wrong = [i for i in chosen if not 0 <= i < len(acts)]
    if wrong:
        expected = f"channels 0 to {len(acts) - 1} (this layer has {len(acts)})"
        raise IndexError(complaint("indices", expected, wrong[0]))
    maps = acts[chosen]  # (k, h, w)
    dims = (0, 1, 2) if scale == "shared" else (1, 2)
    low = maps.amin(dims, keepdim=True).clamp_max(0)
    span = maps.amax(dims, keepdim=True) - low
    return ((maps - low) / torch.where(span > 0, span, 1))[:, None]  # (k, h, w) -> (k, 1, h, w)
