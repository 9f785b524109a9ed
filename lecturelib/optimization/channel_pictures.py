"""Channel pictures: feature visualizations of the channels of a layer, made as one batch, and those that are shipped.

`scripts/make_channel_pictures.py` makes them, `data/channel_pictures.zip` holds one sheet of tiles per layer. Some
channels of AlexNet have a large picture as well, made by `LARGE` (`scripts/make_frames.py`, series "feature").
"""

import io
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from lecturelib import assets
from lecturelib.checks import UnknownName, complaint
from lecturelib.network.probe import image_shape_of, layer_info
from lecturelib.optimization import shipped_frames
from lecturelib.optimization.ascent import AscentStep, iter_maximize
from lecturelib.optimization.regularizers import total_variation
from lecturelib.optimization.semantic_location import STEPS, Likeness, field_size
from lecturelib.optimization.transforms import jitter, rotate, scale

FILE = "channel_pictures.zip"
INDEX = "index.json"
# How a channel of AlexNet is optimized large, after its ReLU, in LARGE_STEPS. From noise not every channel begins to
# respond so (conv5 62 stays grey); what is computed live asks for the value before the ReLU.
LARGE: dict[str, Any] = {
    "size": 224,
    "learning_rate": 0.03,
    "regularizers": (total_variation(150.0),),
    "transforms": (jitter(16), scale(0.85, 1.2), rotate(10), jitter(8)),
}
LARGE_STEPS = 256


def channel_pictures(
    model: nn.Module,
    layer: str,
    channels: Sequence[int] | Tensor,
    *,
    size: int | None = None,
    steps: int = STEPS,
    **more: Any,
) -> AscentStep:
    """Feature visualization of several channels of a layer, side by side in one batch; returns the last step.

    The objective of each is that of `Channel`, the mean over the map; picture b belongs to channels[b]. `size` is the
    layer's receptive field if not given, `more` goes to `maximize`. `iter_channel_pictures`, with the same arguments,
    yields every step. Raises `IndexError` for a channel that the layer does not have. Olah et al. 2017.

    >>> from lecturelib import models
    >>> channel_pictures(models.load("lenet"), "conv2", [0, 3], steps=2).image.shape
    torch.Size([2, 1, 14, 14])
    """
    *_, step = iter_channel_pictures(model, layer, channels, size=size, steps=steps, **more)
    return step


def iter_channel_pictures(
    model: nn.Module,
    layer: str,
    channels: Sequence[int] | Tensor,
    *,
    size: int | None = None,
    steps: int = STEPS,
    **more: Any,
) -> Iterator[AscentStep]:
    """Channel pictures step by step: the run of `channel_pictures`, with its arguments.

    >>> from lecturelib import models
    >>> [step.step for step in iter_channel_pictures(models.load("lenet"), "conv2", [0, 3], steps=2)]
    [1, 2]
    """
    shape = image_shape_of(model, None) if hasattr(model, "input_size") else None
    info = layer_info(model, layer, shape)
    chosen = torch.as_tensor(channels).flatten()
    if chosen.numel() == 0 or chosen.is_floating_point() or chosen.min() < 0 or chosen.max() >= info.channels:
        expected = f"whole numbers from 0 to {info.channels - 1}, at least one"
        raise IndexError(complaint("channels", expected, chosen.tolist()))
    size = field_size(model, layer, shape) if size is None else size
    unit = Likeness(layer, torch.eye(info.channels)[chosen], power=0.0, whole=True)
    return iter_maximize(model, unit, size=size, steps=steps, batch=len(chosen), **more)


def shipped_layers(network: str) -> tuple[str, ...]:
    """The layers of a network whose channels have shipped pictures; none for most networks.

    >>> shipped_layers("alexnet")[0], shipped_layers("lenet")
    ('conv1', ())
    """
    return tuple(_index().get(network, {}))


@lru_cache(maxsize=8)
def shipped_channel_pictures(network: str, layer: str) -> Tensor:
    """The shipped pictures of all channels of a layer, (C, 3, s, s) in [0, 1]; shared, so change a copy only.

    Raises `UnknownName` for a layer without them, `AssetMissing` or `AssetAltered` where the file is not as shipped.

    >>> shipped_channel_pictures("alexnet", "conv1").shape[:2]
    torch.Size([64, 3])
    """
    if layer not in shipped_layers(network):
        there = ", ".join(f"{name} {one}" for name, layers in _index().items() for one in layers)
        expected = "a network and layer with shipped channel pictures"
        raise UnknownName(complaint("layer", expected, f"{network} {layer}", f"known: {there}"))
    made = _index()[network][layer]
    return sheet_tiles(assets.shipped_member(FILE, f"{network}_{layer}.webp"), made["side"])[
        : made["channels"]
    ].contiguous()


def sheet_tiles(data: bytes, side: int) -> Tensor:
    """The square tiles of a sheet (the bytes of a picture file), row by row: (N, 3, side, side) in [0, 1]."""
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
    tiles = torch.from_numpy(pixels.copy()).reshape(rows, side, columns, side, 3)
    tiles = tiles.permute(0, 2, 4, 1, 3)  # (rows, side, columns, side, 3) -> (rows, columns, 3, side, side)
    return tiles.reshape(rows * columns, 3, side, side).float() / 255


def large_channels(network: str, layer: str) -> tuple[int, ...]:
    """The channels of a layer that have a large shipped picture, in ascending order; none for most layers.

    >>> 202 in large_channels("alexnet", "conv5"), large_channels("lenet", "conv2")
    (True, ())
    """
    return tuple(
        sorted(
            frame.settings["channel"]
            for frame in shipped_frames.frames("feature")
            if (frame.settings["network"], frame.settings["layer"]) == (network, layer)
        )
    )


def channel_picture(network: str, layer: str, channel: int) -> Tensor:
    """The largest shipped picture of one channel, (1, 3, s, s) in [0, 1]: 224 px for some, a tile of 80 px for others.

    Raises `UnknownName` for a layer without shipped pictures, `IndexError` for a channel that the layer does not have.

    >>> channel_picture("alexnet", "conv5", 202).shape[-1], channel_picture("alexnet", "conv5", 0).shape[-1]
    (224, 80)
    """
    if channel in large_channels(network, layer):
        return shipped_frames.frame("feature", network=network, layer=layer, channel=channel).image
    tiles = shipped_channel_pictures(network, layer)
    if isinstance(channel, bool) or not 0 <= channel < len(tiles):
        raise IndexError(complaint("channel", f"a whole number from 0 to {len(tiles) - 1}", channel))
    return tiles[channel : channel + 1].clone()


@lru_cache(maxsize=1)
def _index() -> dict:
    return json.loads(assets.shipped_member(FILE, INDEX))
