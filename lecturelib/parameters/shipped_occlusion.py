"""Occlusion maps that are shipped: those of the settings that are shown most, so that a picture is there at once.

`scripts/make_occlusion_maps.py` makes them by `occlusion_map`, and `data/occlusion_maps.json` holds their numbers. A
test measures some of their positions anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch

from lecturelib import assets
from lecturelib.network.units import Unit
from lecturelib.parameters.occlusion import OcclusionMap
from lecturelib.parameters.patches import patch_spans

FILE = "occlusion_maps.json"
# What a map depends on; pictures of a student's own are never shipped.
SETTINGS = ("network", "picture", "class_index", "patch_size", "stride", "fill", "measure")


def key_of(state: Mapping[str, Any]) -> str:
    """The name of a map in the file: its settings, as JSON.

    >>> key_of({name: 1 for name in SETTINGS})
    '[1, 1, 1, 1, 1, 1, 1]'
    """
    return json.dumps([state[name] for name in SETTINGS])


def as_record(found: OcclusionMap) -> dict[str, Any]:
    """What the file keeps of a map: its values, at seven digits, the value without a patch, and the picture's size."""
    values = [[float(f"{value:.7g}") for value in row] for row in found.values.tolist()]
    return {"values": values, "unoccluded": float(f"{found.unoccluded:.7g}"), "size": list(found.image_size)}


@lru_cache(maxsize=1)
def records() -> dict[str, dict[str, Any]]:
    """All maps of the file, by their settings. Raises `FileNotFoundError` where it is missing."""
    return json.loads(assets.data_path(FILE).read_text(encoding="utf-8"))


def shipped_occlusion_map(state: Mapping[str, Any], unit: Unit) -> OcclusionMap | None:
    """The shipped map of the settings of an occlusion explorer, of the unit that it measures; None if there is none.

    state: a value for each of `SETTINGS`, and "own" and "use_own". What comes back is `occlusion_map` of them, up to
    the rounding of the processor that made it.

    >>> from lecturelib.network.units import Logit
    >>> state = {"network": "lenet", "picture": "none", "own": None, "use_own": True}
    >>> shipped_occlusion_map(state | {name: 1 for name in SETTINGS if name not in state}, Logit(1)) is None
    True
    """
    if state["own"] is not None and state["use_own"]:
        return None
    record = records().get(key_of(state))
    if record is None:
        return None
    size, patch, stride = tuple(record["size"]), state["patch_size"], state["stride"]
    ys, xs = (
        torch.tensor([(start + end - 1) / 2 for start, end in patch_spans(length, patch, stride)])
        for length in size
    )
    values = torch.tensor(record["values"])
    return OcclusionMap(values, ys, xs, record["unoccluded"], unit, (patch, patch), (stride, stride), size)
