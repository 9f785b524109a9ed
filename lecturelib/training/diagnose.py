"""What is wrong with this run? Causes by name, each with the measurements it rests on.

First the run is summarized (`run_statistics`), then every cause of `causes` is asked how far its own numbers lie beyond
their limits. The limits were set on runs with other seeds than those of the table in data/diagnosis.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lecturelib.checks import check_name, complaint, described
from lecturelib.training.diagnosis_rules import CAUSES, LIMITS, RECORD, Statistics
from lecturelib.training.history import History
from lecturelib.training.run_statistics import run_statistics

HEALTHY = "healthy"
UNDECIDED = "not enough recorded to say"
LEAST = 20  # steps
# Without these nobody can call a run healthy.
NEEDED = ("input_std", "update_largest", "validation_loss_end")


@dataclass(frozen=True)
class Finding:
    """One cause: its name, how far its numbers lie beyond their limits (1 is just there), and the sentence.

    >>> Finding("overfitting", 1.7, "the accuracy is 100% in training and 83% in validation").strength
    1.7
    """

    cause: str
    strength: float
    sentence: str


@dataclass(frozen=True)
class Diagnosis:
    """The causes found in a run, what explains the others first.

    `cause`: the likeliest, "healthy" or "not enough recorded to say"; `sentence`: the numbers that say so. `findings`:
    every cause that was found; `others`: those that were looked for and not found, the nearest first; `missing`: what
    could not be looked for, and what to record for it; `statistics`: all numbers. See `diagnose` for an example.

    >>> print(Diagnosis("healthy", "the loss fell from 2.3 to 0.4", (), (), (), {}))
    healthy: the loss fell from 2.3 to 0.4
    """

    cause: str
    sentence: str
    findings: tuple[Finding, ...]
    others: tuple[Finding, ...]
    missing: tuple[str, ...]
    statistics: Statistics

    def __str__(self) -> str:
        lines = [f"{self.cause}: {self.sentence}"]
        lines += [f"  then {one.cause}: {one.sentence}" for one in self.findings[1:]]
        lines += [f"  not looked for: {line}" for line in self.missing]
        return "\n".join(lines)


def diagnose(history: History, limits: Mapping[str, float] | None = None) -> Diagnosis:
    """Diagnose a training run: the likely cause of what its history shows, with the numbers it rests on.

    The history should come from a run with `usual_monitors()`, `split_monitor` and a validation set; a cause whose
    numbers are missing is not looked for, and that is said. A cause is named only where its own measurement lies
    beyond a limit. A run is healthy only if its loss fell and inputs, updates and a validation set were recorded;
    otherwise the answer is "not enough recorded to say". Causes in the data come before those in the network, and those
    before the learning rate and the fit, since an earlier one explains the symptoms of a later one. `limits` replaces
    some of `diagnosis_rules.LIMITS`. Raises `TypeError` for something other than a history, `UnknownName` for an
    unknown limit, `ValueError` for a history without loss or gradient norm, or of fewer than 20 steps that did not stop
    by itself.

    >>> from lecturelib.training import History, diagnose
    >>> history = History()
    >>> for step in range(1, 41):
    ...     history.add(step, {"loss": 1.1 * 2.0**step, "gradient_norm": 2.0**step})
    >>> print(diagnose(history).cause)
    learning rate too high
    """
    if not isinstance(history, History):
        raise TypeError(complaint("history", "a History", described(history), "pass run.history"))
    lost = [name for name in ("loss", "gradient_norm") if name not in history]
    if lost:
        raise ValueError(
            complaint("history", f"a series {lost[0]!r}", "none", "record it as a run of fit does")
        )
    count = len(history["loss"])
    if count < LEAST and np.isfinite(history["loss"]).all() and np.isfinite(history["gradient_norm"]).all():
        raise ValueError(complaint("history", f"{LEAST} steps or more", count))
    for name in limits or {}:
        check_name("limits", name, LIMITS, "limit")
    limits = {**LIMITS, **(limits or {})}
    found = run_statistics(history)
    missing = []
    findings: list[Finding] = []
    others: list[Finding] = []
    for cause, check in CAUSES.items():
        try:
            strength, sentence = check(found, limits)
        except KeyError as error:
            missing.append(f"{cause} (record {RECORD.get(error.args[0], error.args[0])})")
            continue
        (findings if strength >= 1 else others).append(Finding(cause, strength, sentence))
    others.sort(key=lambda one: -one.strength)
    if findings:
        cause, sentence = findings[0].cause, findings[0].sentence
    else:
        cause, sentence = _without_finding(found, limits)
    return Diagnosis(cause, sentence, tuple(findings), tuple(others), tuple(missing), found)


def _without_finding(m: Statistics, limits: Mapping[str, float]) -> tuple[str, str]:
    """Healthy, or not enough recorded, where no cause was found."""
    said = _course(m)
    if m["diverged"] or not m["loss_end"] < limits["fallen"] * m["loss_start"]:
        return UNDECIDED, f"{said}; no recorded number says why the loss did not fall"
    if "gap" in m and -m["gap"] > limits["reverse_gap"]:
        why = "no recorded number says why training is worse than validation (dropout and augmentation do that, too)"
        return UNDECIDED, f"{said}; {why}"
    lost = list(dict.fromkeys(RECORD[name] for name in NEEDED if name not in m))
    if lost:
        return (
            UNDECIDED,
            f"{said}; nothing recorded speaks against the run, but {' and '.join(lost)} were not recorded",
        )
    return HEALTHY, said


def _course(m: Statistics) -> str:
    """What the run did, in numbers."""
    start, end = m["loss_start"], m["loss_end"]
    if m["diverged"]:
        said = [f"the loss was {start:.3g} at the start, and at last NaN or infinite"]
    elif f"{start:.3g}" == f"{end:.3g}":
        said = [f"the loss is {start:.3g} at the start and at the end"]
    else:
        said = [f"the loss {'fell' if end < start else 'rose'} from {start:.3g} to {end:.3g}"]
    if "gap" in m:
        said.append(
            f"the accuracy is {m['accuracy_end']:.0%} in training and {m['validation_end']:.0%} in validation"
        )
    if "update" in m:
        said.append(f"a step moves the weights by {m['update']:.1g} of their size")
    return ", ".join(said)
