"""The trained soft windows of data/, by name, and how they closed in on the digit while they were trained."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from torch import nn

from lecturelib import assets
from lecturelib.checks import check_name
from lecturelib.visual_attention.cell_attention import CellAttentionNetwork
from lecturelib.visual_attention.translated_digits import Task
from lecturelib.visual_attention.window_network import Sampler, WindowNetwork

FILE = "soft_windows"
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class WindowSpec:
    """One soft window: the task it was trained on, and its sampler."""

    task: Task
    sampler: Sampler = "gaussian"

    def build(self, name: str = "") -> WindowNetwork:
        """The network, with fresh weights."""
        return WindowNetwork(60, 16, self.sampler, name=name)


SPECS: dict[str, WindowSpec] = {
    "window_translated": WindowSpec("translated"),
    "window_cluttered": WindowSpec("cluttered"),
    "window_translated_affine": WindowSpec("translated", "affine"),
}
CELLS = "cells_cluttered"  # soft attention over cells, trained beside the windows


def load_window(name: str) -> WindowNetwork:
    """A trained soft window by name, in eval mode, no parameter asking for gradients.

    Names: the keys of `SPECS`. Raises `UnknownName` with the nearest names, `assets.AssetMissing` or
    `assets.AssetAltered` where data/soft_windows.safetensors is gone or damaged.

    >>> load_window("window_translated").size
    16
    """
    check_name("name", name, SPECS, "soft window")
    return filled(SPECS[name].build(name), FILE, name)


def filled(network: Network, file: str, name: str) -> Network:
    """A network with the shipped weights of a name in a file, in eval mode, no parameter asking for gradients.

    >>> filled(SPECS["window_translated"].build(), FILE, "window_translated").training
    False
    """
    tensors = assets.shipped_tensors(file)
    own = {
        key.removeprefix(f"{name}/"): value for key, value in tensors.items() if key.startswith(f"{name}/")
    }
    network.load_state_dict({key: value.float() for key, value in own.items()}, strict=True)
    return network.eval().requires_grad_(False)


def load_cells() -> CellAttentionNetwork:
    """The trained network with soft attention over cells (cluttered digits), in eval mode.

    >>> load_cells().side
    60
    """
    return filled(CellAttentionNetwork(60, name=CELLS), FILE, CELLS)


@lru_cache(maxsize=1)
def shared_cells() -> CellAttentionNetwork:
    """The same, loaded once: it is shared, so nobody may change it.

    >>> shared_cells().side
    60
    """
    return load_cells()


@lru_cache(maxsize=4)
def shared_window(name: str) -> WindowNetwork:
    """The same, loaded once: it is shared, so nobody may change it.

    >>> shared_window("window_translated") is shared_window("window_translated")
    True
    """
    return load_window(name)


def window_record(name: str) -> dict:
    """How a soft window was trained: test error and mean distance for each seed, and its snapshots (of seed 0).

    A snapshot has the step, the test error, the mean distance of window and digit in pixels, and for the first test
    pictures center x and y, stride and sigma. `CELLS` has none. Raises `UnknownName`.

    >>> sorted(window_record("window_translated")["snapshots"][0])
    ['distance', 'error', 'step', 'windows']
    """
    check_name("name", name, (*SPECS, CELLS), "soft window")
    record = json.loads(assets.data_path(f"{FILE}.json").read_text(encoding="utf-8"))
    return record["networks"][name]
