"""The trained soft windows of data/, by name, and how they closed in on the digit while they were trained."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

from lecturelib import assets
from lecturelib.checks import check_name
from lecturelib.visual_attention.translated_digits import Task
from lecturelib.visual_attention.window_network import Sampler, WindowNetwork

FILE = "soft_windows"


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


def load_window(name: str) -> WindowNetwork:
    """A trained soft window by name, in eval mode, no parameter asking for gradients.

    Names: the keys of `SPECS`. Raises `UnknownName` with the nearest names, `assets.AssetMissing` or
    `assets.AssetAltered` where data/soft_windows.safetensors is gone or damaged.

    >>> load_window("window_translated").size
    16
    """
    check_name("name", name, SPECS, "soft window")
    network = SPECS[name].build(name)
    tensors = assets.shipped_tensors(FILE)
    own = {
        key.removeprefix(f"{name}/"): value for key, value in tensors.items() if key.startswith(f"{name}/")
    }
    network.load_state_dict({key: value.float() for key, value in own.items()}, strict=True)
    return network.eval().requires_grad_(False)


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
    pictures center x and y, stride and sigma. Raises `UnknownName`.

    >>> sorted(window_record("window_translated")["snapshots"][0])
    ['distance', 'error', 'step', 'windows']
    """
    check_name("name", name, SPECS, "soft window")
    record = json.loads(assets.data_path(f"{FILE}.json").read_text(encoding="utf-8"))
    return record["networks"][name]
