"""A picture for every channel of a layer: made as one batch, and those of AlexNet as they are shipped.

`scripts/make_channel_pictures.py` makes them, `data/channel_pictures.zip` holds one sheet of tiles per layer.
"""

import io
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from lecturelib import assets
from lecturelib.checks import UnknownName
from lecturelib.network.hooks import layer_info
from lecturelib.optimization.ascent import Step, maximize
from lecturelib.optimization.semantic_location import STEPS, Likeness, field_size

FILE = "channel_pictures.zip"
INDEX = "index.json"


def channel_pictures(
    model: nn.Module,
    layer: str,
    channels: Sequence[int] | Tensor,
    *,
    size: int | None = None,
    steps: int = STEPS,
    **more,
) -> Iterator[Step]:
    """One picture for each of some channels of a layer, optimised side by side in one batch; steps as `maximize`.

    The objective is that of `Channel`, the mean over the map; picture b belongs to channels[b]. `size` is the layer's
    receptive field if not given, `more` goes to `maximize`. Raises `IndexError` for a channel that the layer has not.
    """
    shape = (model.channels, model.input_size, model.input_size) if hasattr(model, "input_size") else None
    info = layer_info(model, layer, shape)
    chosen = torch.as_tensor(channels).flatten()
    if chosen.numel() == 0 or chosen.is_floating_point() or chosen.min() < 0 or chosen.max() >= info.channels:
        raise IndexError(
            f"channels: whole numbers from 0 to {info.channels - 1} are needed, got {chosen.tolist()}"
        )
    size = field_size(model, layer, shape) if size is None else size
    unit = Likeness(layer, torch.eye(info.channels)[chosen], power=0.0, whole=True)
    return maximize(model, unit, size=size, steps=steps, batch=len(chosen), **more)


def shipped_layers(network: str) -> tuple[str, ...]:
    """The layers of a network whose channels have shipped pictures; none for most networks."""
    return tuple(_index().get(network, {}))


@lru_cache(maxsize=8)
def shipped(network: str, layer: str) -> Tensor:
    """The shipped pictures of all channels of a layer, (C, 3, s, s) in [0, 1]; shared, so change a copy only.

    Raises `UnknownName` for a layer without them, `AssetMissing` or `AssetAltered` where the file is not as shipped.
    """
    if layer not in shipped_layers(network):
        there = ", ".join(f"{name} {one}" for name, layers in _index().items() for one in layers)
        raise UnknownName(f"no channel pictures of {layer!r} of {network!r} are shipped; there are: {there}")
    made = _index()[network][layer]
    return sheet_tiles(assets.shipped_member(FILE, f"{network}_{layer}.webp"), made["side"])[
        : made["channels"]
    ].contiguous()


def sheet_tiles(data: bytes, side: int) -> Tensor:
    """The square tiles of a sheet, a picture file, row by row: (N, 3, side, side) in [0, 1]."""
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
    tiles = torch.from_numpy(pixels.copy()).reshape(rows, side, columns, side, 3)
    tiles = tiles.permute(0, 2, 4, 1, 3)  # (rows, side, columns, side, 3) -> (rows, columns, 3, side, side)
    return tiles.reshape(rows * columns, 3, side, side).float() / 255


@lru_cache(maxsize=1)
def _index() -> dict:
    return json.loads(assets.shipped_member(FILE, INDEX))
