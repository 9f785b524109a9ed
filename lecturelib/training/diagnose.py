"""What is wrong with this run? Causes by name, each with the measurements it rests on.

First the run is boiled down to a few measurements (`measures`), then every cause is asked how far its own lie beyond
their limits. The limits were set on runs with other seeds than those of the table in data/diagnosis.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lecturelib.training.history import History
from lecturelib.training.run_statistics import measures

HEALTHY = "healthy"
LEAST = 20  # steps

# What is too much or too little; set on the seeds from 100 of `faults`, reported on others.
LIMITS: dict[str, float] = {
    "input_std_low": 0.15,
    "input_std_high": 6.0,
    "input_mean": 2.0,
    "batch_classes": 0.6,
    "copies": 0.05,
    "apart": 1.5,
    "early_gap": 0.3,
    "gradient_high": 150.0,
    "gradient_low": 7e-4,
    "dead": 0.4,
    "agreement": 0.55,
    "reverse_gap": 0.15,
    "nothing": 0.95,
    "update_high": 0.08,
    "update_low": 5e-4,
    "unlearnt": 0.35,
    "gap": 0.1,
    "rise": 1.15,
    "by_heart": 0.97,
}

Measures = Mapping[str, float]
Check = Callable[[Measures, Mapping[str, float]], tuple[float, str]]


@dataclass(frozen=True)
class Finding:
    """One cause: its name, how far its measurements lie beyond their limits (1 is just there), and the sentence."""

    cause: str
    strength: float
    sentence: str


@dataclass(frozen=True)
class Diagnosis:
    """The causes of a run's look, what explains the others first.

    `cause`: the likeliest, or "healthy"; `sentence`: the numbers that say so. `findings`: every cause that was found;
    `others`: those that were looked for and not found, the nearest first; `missing`: what could not be looked for, and
    what to record for it; `measures`: all numbers.
    """

    cause: str
    sentence: str
    findings: tuple[Finding, ...]
    others: tuple[Finding, ...]
    missing: tuple[str, ...]
    measures: Measures

    def __str__(self) -> str:
        lines = [f"{self.cause}: {self.sentence}"]
        lines += [f"  then {one.cause}: {one.sentence}" for one in self.findings[1:]]
        lines += [f"  not looked for: {line}" for line in self.missing]
        return "\n".join(lines)


def diagnose(history: History, limits: Mapping[str, float] | None = None) -> Diagnosis:
    """The likely cause of what a run shows, with the numbers it rests on.

    The history should come from a run with `monitors.usual()`, `monitors.split` and a validation set; a cause whose
    measurements are missing is not looked for, and that is said. Causes in the data come before those in the network,
    and those before the learning rate and the fit, since an earlier one explains the symptoms of a later one.
    `limits` replaces some of `LIMITS`. Raises `TypeError` or `ValueError` for no history, an unknown limit, or one of
    fewer than 20 steps that did not stop by itself.
    """
    if not isinstance(history, History):
        raise TypeError(f"diagnose: a History is needed, got {type(history).__name__}; run.history is one")
    if "loss" not in history or "gradient_norm" not in history:
        raise ValueError("diagnose: the history has no loss or no gradient_norm; a run of fit records them")
    count = len(history["loss"])
    if count < LEAST and np.isfinite(history["loss"]).all() and np.isfinite(history["gradient_norm"]).all():
        raise ValueError(f"diagnose: {LEAST} steps or more are needed, got {count}")
    unknown = sorted(set(limits or {}) - set(LIMITS))
    if unknown:
        raise ValueError(f"diagnose: no limit is called {', '.join(unknown)}; there are: {', '.join(LIMITS)}")
    limits = {**LIMITS, **(limits or {})}
    found = measures(history)
    findings, others, missing = [], [], []
    for cause, check in CAUSES.items():
        try:
            strength, sentence = check(found, limits)
        except KeyError as error:
            missing.append(f"{cause} (record {RECORD.get(error.args[0], error.args[0])})")
            continue
        (findings if strength >= 1 else others).append(Finding(cause, strength, sentence))
    others.sort(key=lambda one: -one.strength)
    cause, sentence = (findings[0].cause, findings[0].sentence) if findings else (HEALTHY, _healthy(found))
    return Diagnosis(cause, sentence, tuple(findings), tuple(others), tuple(missing), found)


# --- the causes: how strong, and in words ------------------------------------------------------------------------


def _wrong_normalisation(m: Measures, limits: Mapping[str, float]) -> tuple[float, str]:
    std, mean = m["input_std"], m["input_mean"]
    strength = max(
        _share(limits["input_std_low"], std), std / limits["input_std_high"],
        abs(mean) / max(std, 1.0) / limits["input_mean"],
    )  # fmt: skip
    return strength, f"the inputs have mean {mean:.3g} and deviation {std:.3g}; about 0 and 1 are usual"


def _no_shuffling(m: Measures, limits: Mapping[str, float]) -> tuple[float, str]:
    kinds = m["batch_classes"]
    said = f"a batch holds {kinds:.0%} of the kinds of labels that a shuffled one would hold"
    if "accuracy_end" in m and "validation_end" in m:
        said += (
            f", and the batch accuracy of {m['accuracy_end']:.0%} says nothing about the validation set's "
            f"{m['validation_end']:.0%}"
        )
    return _share(limits["batch_classes"], kinds), said


def _leak(m: Measures, limits: Mapping[str, float]) -> tuple[float, str]:
    return m["copies"] / limits["copies"], (
        f"{m['copies']:.0%} of the validation examples looked at lie as near to a training example as a copy does; "
        f"the validation accuracy of {m['validation_end']:.0%} is no proof"
    )


def _mismatch(m: Measures, limits: Mapping[str, float]) -> tuple[float, str]:
    early = m.get("early_gap", 0.0) / limits["early_gap"]
    gap = f"the accuracy is {m['accuracy_end']:.0%} in training and {m['validation_end']:.0%} in validation"
    if early >= 1:
        gap += (
            f", and that gap was {m['early_gap']:.2f} early in the run, before anything was learnt by heart"
        )
    if "apart" not in m:
        return early, gap
    return max(m["apart"] / limits["apart"], early), (
        f"the examples of one set have their nearest neighbour in it {m['apart']:.2f} times as often as chance gives; "
        f"{gap}"
    )


def _exploding(m: Measures, limits: Mapping[str, float]) -> tuple[float, str]:
    start = m["gradient_start"] if math.isfinite(m["gradient_start"]) else math.inf
    return start / limits["gradient_high"], (
        f"the gradient's norm is {start:.3g} at the first step, before anything was learnt, and the loss "
        f"{m['loss_start']:.3g}"
    )


def _dying(m: Measures, limits: Mapping[str, float]) -> tuple[float, str]:
    # Steps that are far too long kill units as well: then the rate is the cause.
    calm = m["update_largest"] < limits["update_high"]
    return (m["dead_start"] / limits["dead"] if calm else 0.0), (
        f"from the start {m['dead_start']:.0%} of the ReLU units, on average over the layers, are 0 for every example, "
        f"{m['dead_end']:.0%} at the end; they get no gradient"
    )


def _vanishing(m: Measures, limits: Mapping[str, float]) -> tuple[float, str]:
    first, last = m["gradient_first"], m["gradient_last"]
    return _share(limits["gradient_low"], first), (
        f"the gradient is {first:.2g} per weight in the first layer and {last:.2g} in the last one, at the start"
    )


def _wrong_labels(m: Measures, limits: Mapping[str, float]) -> tuple[float, str]:
    by_heart = m["accuracy_end"] > limits["by_heart"]  # few examples have far neighbours, and tell nothing
    lonely = 0.0 if by_heart else _share(limits["agreement"], m.get("agreement", math.inf))
    reverse = -m["gap"] / limits["reverse_gap"]
    # The weights move as they should, and yet the loss is that of who only knows how often each label comes.
    moved = m.get("update", 0.0) > limits["update_low"]
    nothing = (
        m["loss_end"] / m["label_entropy"] / limits["nothing"] if moved and "label_entropy" in m else 0.0
    )
    said = (
        f"only {m['agreement']:.0%} of the training examples have the label of their nearest neighbour"
        if lonely >= 1
        else f"the loss stays at {m['loss_end']:.3g}"
    )
    return max(lonely, reverse, nothing), (
        f"{said}; the accuracy is {m['accuracy_end']:.0%} on the training labels and {m['validation_end']:.0%} on "
        "the validation set"
    )


def _rate_too_high(m: Measures, limits: Mapping[str, float]) -> tuple[float, str]:
    longest = m["update_largest"]
    strength = longest / limits["update_high"]
    if m["diverged"]:  # it began well and blew up
        strength = max(strength, limits["gradient_high"] / max(m["gradient_start"], 1e-9))
    end = "is no number any more" if m["diverged"] else f"is {m['loss_end']:.3g} at the end"
    by = f"{longest:.0%} of their size" if math.isfinite(longest) else "more than a number can say"
    return strength, (
        f"a step moved the weights by {by}, the loss went from {m['loss_start']:.3g} up to "
        f"{m['loss_largest']:.3g} and {end}"
    )


def _rate_too_low(m: Measures, limits: Mapping[str, float]) -> tuple[float, str]:
    unlearnt = m["loss_end"] > limits["unlearnt"] * m["loss_start"]
    return (_share(limits["update_low"], m["update"]) if unlearnt else 0.0), (
        f"a step moves the weights by {m['update']:.1g} of their size, and after {m['steps']:.0f} steps the loss is "
        f"still {m['loss_end']:.3g} ({m['loss_start']:.3g} at the start)"
    )


def _overfitting(m: Measures, limits: Mapping[str, float]) -> tuple[float, str]:
    rise = m.get("validation_loss_rise", 1.0)
    by_heart = rise > limits["rise"] or m["accuracy_end"] > limits["by_heart"]
    return (m["gap"] / limits["gap"] if by_heart else 0.0), (
        f"the accuracy is {m['accuracy_end']:.0%} in training and {m['validation_end']:.0%} in validation, whose "
        f"loss is {rise:.2f} times its lowest"
    )


# In this order: a cause explains the symptoms of those below it.
CAUSES: dict[str, Check] = {
    "wrong normalisation": _wrong_normalisation,
    "no shuffling": _no_shuffling,
    "train/test leak": _leak,
    "distribution mismatch": _mismatch,
    "exploding gradients": _exploding,
    "dying ReLU": _dying,
    "vanishing gradients": _vanishing,
    "learning rate too high": _rate_too_high,
    "wrong labels": _wrong_labels,
    "learning rate too low": _rate_too_low,
    "overfitting": _overfitting,
}

RECORD: dict[str, str] = {
    "input_std": "monitors.inputs",
    "input_mean": "monitors.inputs",
    "batch_classes": "monitors.classes",
    "copies": "monitors.split",
    "gradient_first": "monitors.gradients",
    "update": "monitors.updates",
    "update_largest": "monitors.updates",
    "dead_start": "monitors.dead_units, if there are ReLUs",
    "validation_end": "a validation set",
    "gap": "a validation set",
    "accuracy_end": "accuracy",
}


def _healthy(m: Measures) -> str:
    said = [f"the loss fell from {m['loss_start']:.3g} to {m['loss_end']:.3g}"]
    if "gap" in m:
        said.append(
            f"the accuracy is {m['accuracy_end']:.0%} in training and {m['validation_end']:.0%} in validation"
        )
    if "update" in m:
        said.append(f"a step moves the weights by {m['update']:.1g} of their size")
    return ", ".join(said)


def _share(limit: float, value: float) -> float:
    """How far a value lies below its limit, as a factor: 1 at the limit, 2 at half of it, 0 for NaN."""
    if math.isnan(value):
        return 0.0
    return limit / value if value > 0 else math.inf
