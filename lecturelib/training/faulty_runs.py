"""The shipped runs with planted faults: packed into one small file, read back as histories, and counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from lecturelib import assets
from lecturelib.training.diagnose import diagnose
from lecturelib.training.faults import FAULTS
from lecturelib.training.history import History

FILE = "diagnosis.npz"
BITS = 10  # of the mantissa that are kept: three digits, and half the size

Runs = dict[tuple[str, int], History]


def pack(runs: Mapping[tuple[str, int], History]) -> dict[str, np.ndarray]:
    """Histories by (fault, seed) as three arrays: all values, all lists of steps, and a table of contents in JSON."""
    values, steps, contents = [], [], []
    lists: dict[tuple[int, ...], int] = {}
    for (fault, seed), history in runs.items():
        series = []
        for name in history:
            at = tuple(history.steps(name).tolist())
            if at not in lists:
                lists[at] = len(lists)
                steps.append(np.array([len(at), *at], np.int32))
            values.append(history[name].ravel())
            series.append([name, lists[at], list(history[name].shape)])
        contents.append({"fault": fault, "seed": seed, "series": series, "notes": history.notes})
    text = json.dumps(contents, separators=(",", ":")).encode()
    return {
        "values": _rounded(np.concatenate(values)),
        "steps": np.concatenate(steps),
        "contents": np.frombuffer(text, np.uint8),
    }


def unpack(arrays: Mapping[str, np.ndarray]) -> Runs:
    """What `pack` made, as histories again. The values have three digits."""
    lists, place = [], 0
    while place < len(arrays["steps"]):
        count = int(arrays["steps"][place])
        lists.append(arrays["steps"][place + 1 : place + 1 + count])
        place += 1 + count
    runs: Runs = {}
    start, values = 0, arrays["values"].astype(np.float64)
    for one in json.loads(arrays["contents"].tobytes()):
        found = {}
        for name, which, shape in one["series"]:
            size = int(np.prod(shape))
            found[name] = values[start : start + size].reshape(shape)
            found[f"{name}@"] = lists[which]
            start += size
        runs[one["fault"], one["seed"]] = History.from_arrays(found, one["notes"])
    return runs


def _rounded(values: np.ndarray) -> np.ndarray:
    """float32 with the last bits of the mantissa 0, so that it packs well; NaN and infinity stay."""
    with np.errstate(over="ignore"):
        bits = values.astype(np.float32).view(np.uint32)
    drop = 23 - BITS
    finite = np.isfinite(values.astype(np.float64)) & (np.abs(values) < 1e38)
    rounded = ((bits + np.uint32(1 << (drop - 1))) >> np.uint32(drop)) << np.uint32(drop)
    return np.where(finite, rounded, bits).astype(np.uint32).view(np.float32)


@lru_cache
def shipped_runs(path: Path | None = None) -> Runs:
    """The shipped runs by (fault, seed), made by scripts/diagnose_runs.py; see data/diagnosis.md."""
    with np.load(path or assets.data_path(FILE), allow_pickle=False) as arrays:
        return unpack(dict(arrays))


def without_split(history: History) -> History:
    """The same run as its curves and the network tell it, without the comparison of the two data sets."""
    arrays = {name: values for name, values in history.as_arrays().items() if not name.startswith("split/")}
    return History.from_arrays(arrays, history.notes)


def diagnosis_confusions(
    runs: Mapping[tuple[str, int], History], split: bool = True
) -> dict[str, dict[str, int]]:
    """How often each planted fault was named what: {planted: {named: runs}}, in the order of `FAULTS`.

    >>> from lecturelib.training import History, diagnosis_confusions
    >>> history = History()
    >>> for step in range(1, 41):
    ...     history.add(step, {"loss": 1.1 * 2.0**step, "gradient_norm": 2.0**step})
    >>> diagnosis_confusions({("learning rate too high", 0): history, ("overfitting", 0): history})
    {'learning rate too high': {'learning rate too high': 1}, 'overfitting': {'learning rate too high': 1}}
    """
    planted = [fault for fault in FAULTS if any(fault == key[0] for key in runs)]
    counts: dict[str, dict[str, int]] = {fault: {} for fault in planted}
    for (fault, _), history in runs.items():
        named = diagnose(history if split else without_split(history)).cause
        counts[fault][named] = counts[fault].get(named, 0) + 1
    return counts


def share_right(counts: Mapping[str, Mapping[str, int]]) -> float:
    """The share of runs that were named what was planted, 0 to 1.

    >>> from lecturelib.training import share_right
    >>> share_right({"healthy": {"healthy": 4}, "overfitting": {"overfitting": 2, "healthy": 2}})
    0.75
    """
    total = sum(sum(row.values()) for row in counts.values())
    return sum(row.get(fault, 0) for fault, row in counts.items()) / total if total else 0.0
