"""The trained glimpse networks of data/, by name, and the errors of all that were trained beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from torch import nn

from lecturelib import assets
from lecturelib.checks import check_name
from lecturelib.visual_attention.glimpse_network import GlimpseNetwork, Policy
from lecturelib.visual_attention.same_cost import (
    conv_multiply_adds,
    conv_of_cost,
    dense_multiply_adds,
    dense_of_cost,
    glimpse_multiply_adds,
)
from lecturelib.visual_attention.shipped_windows import filled
from lecturelib.visual_attention.translated_digits import SIDES, Task

FILE = "glimpses"
Kind = Literal["glimpses", "dense", "convolutional"]


@dataclass(frozen=True)
class GlimpseSpec:
    """One network of the comparison: a task, a kind, its sensor and its policy.

    A plain classifier costs as much as the glimpse network with this sensor would.
    """

    task: Task
    kind: Kind
    size: int
    scales: int
    glimpses: int
    policy: Policy = "learned"

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds for one picture."""
        most = glimpse_multiply_adds(self.size, self.scales, self.glimpses)
        side = SIDES[self.task]
        if self.kind == "dense":
            return dense_multiply_adds(side, dense_of_cost(side, most).hidden)
        if self.kind == "convolutional":
            return conv_multiply_adds(side, conv_of_cost(side, most).hidden)
        return most

    @property
    def hidden(self) -> int:
        """Hidden units of the network."""
        if self.kind == "glimpses":
            return 256
        most = glimpse_multiply_adds(self.size, self.scales, self.glimpses)
        make = dense_of_cost if self.kind == "dense" else conv_of_cost
        return make(SIDES[self.task], most).hidden

    def build(self, name: str = "") -> nn.Module:
        """The network, with fresh weights."""
        if self.kind == "glimpses":
            return GlimpseNetwork(self.size, self.scales, self.glimpses, self.policy, name=name)
        make: Callable = dense_of_cost if self.kind == "dense" else conv_of_cost
        return make(SIDES[self.task], glimpse_multiply_adds(self.size, self.scales, self.glimpses), name)


def _compared(task: Task, size: int, scales: int, glimpses: int) -> dict[str, GlimpseSpec]:
    """A learned policy, its control, and both plain classifiers of equal cost."""
    sensor = (size, scales, glimpses)
    return {
        f"{task}_{glimpses}": GlimpseSpec(task, "glimpses", *sensor),
        f"{task}_{glimpses}_random": GlimpseSpec(task, "glimpses", *sensor, "random"),
        f"{task}_dense": GlimpseSpec(task, "dense", *sensor),
        f"{task}_convolutional": GlimpseSpec(task, "convolutional", *sensor),
    }


SPECS: dict[str, GlimpseSpec] = (
    _compared("cluttered", 12, 3, 4) | _compared("digits", 8, 1, 6) | _compared("translated", 12, 3, 4)
)
SPECS |= {f"digits_{n}": GlimpseSpec("digits", "glimpses", 8, 1, n) for n in (2, 4)}
SPECS |= {
    "digits_6_size_6": GlimpseSpec("digits", "glimpses", 6, 1, 6),
    "digits_6_scales_2": GlimpseSpec("digits", "glimpses", 8, 2, 6),
}
# Test errors in Mnih et al. 2014, tables 1 and 2, where they have the same task and sensor; trained on 60,000 digits.
# Their plain networks are not of equal cost: two hidden layers of 256, and two layers of 8 maps and 256 units.
PAPER = {
    "digits_2": 0.0379,
    "digits_4": 0.0154,
    "digits_6": 0.0112,
    "digits_dense": 0.0169,
    "digits_convolutional": 0.0121,
    "translated_4": 0.0154,
    "translated_dense": 0.0263,
    "translated_convolutional": 0.0162,
    "cluttered_4": 0.0496,
    "cluttered_dense": 0.1196,
    "cluttered_convolutional": 0.0809,
}
SHIPPED = (
    "digits_6", "digits_6_random", "cluttered_4", "cluttered_4_random",
)  # fmt: skip


def load_glimpses(name: str) -> GlimpseNetwork:
    """A trained glimpse network by name, in eval mode, no parameter asking for gradients.

    Names: `SHIPPED`. Raises `UnknownName` with the nearest names, `assets.AssetMissing` or `assets.AssetAltered` where
    data/glimpses.safetensors is gone or damaged.

    >>> load_glimpses("cluttered_4").glimpses
    4
    """
    check_name("name", name, SHIPPED, "glimpse network")
    spec = SPECS[name]
    network = GlimpseNetwork(spec.size, spec.scales, spec.glimpses, spec.policy, name=name)
    return filled(network, FILE, name)


@lru_cache(maxsize=8)
def shared_glimpses(name: str) -> GlimpseNetwork:
    """The same, loaded once: it is shared, so nobody may change it.

    >>> shared_glimpses("digits_6") is shared_glimpses("digits_6")
    True
    """
    return load_glimpses(name)


def glimpse_errors() -> dict[str, dict]:
    """Test errors as measured: name -> task, kind, sensor, multiply-adds, errors (one a seed), steps.

    >>> sorted(glimpse_errors())[0].partition("_")[0]
    'cluttered'
    """
    record = json.loads(assets.data_path(f"{FILE}.json").read_text(encoding="utf-8"))
    return record["networks"]


def glimpse_table() -> list[tuple[str, str, float, int, float | None, int]]:
    """The comparison as rows: task, who, mean test error, seeds, the paper's error (None: not in it), multiply-adds.

    >>> len(glimpse_table()[0])
    6
    """
    rows: list[tuple[str, str, float, int, float | None, int]] = []
    for name, found in glimpse_errors().items():
        spec, errors = SPECS[name], found["errors"]
        who = "fully connected" if spec.kind == "dense" else "convolutional"
        if spec.kind == "glimpses":
            way = "random places" if spec.policy == "random" else "glimpses"
            scales = f"{spec.scales} scales" if spec.scales > 1 else "1 scale"
            who = f"{way}: {spec.glimpses} of {spec.size} x {spec.size}, {scales}"
        mean = sum(errors) / len(errors)
        rows.append((spec.task, who, mean, len(errors), PAPER.get(name), spec.multiply_adds))
    return rows
