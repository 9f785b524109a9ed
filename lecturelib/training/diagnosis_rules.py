"""What each cause of a bad run rests on: how far its measurements lie beyond their limits, and a sentence of numbers.

A check takes the numbers of `run_statistics` and the limits, and gives a strength (1 is just beyond the limit) and the
sentence. It raises `KeyError` for a number that was not recorded. No strength reaches 1 on a missing number, or where
another number of the run speaks against the cause.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

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
    "agreement_ratio": 0.7,
    "reverse_gap": 0.15,
    "nothing": 0.95,
    "guess": 2.5,
    "related": 0.25,
    "update_high": 0.08,
    "update_low": 5e-4,
    "overshoot": 2.0,
    "grown": 10.0,
    "fallen": 0.95,
    "unlearned": 0.35,
    "gap": 0.1,
    "rise": 1.15,
    "by_heart": 0.97,
}

Statistics = Mapping[str, float]
Evidence = tuple[float, str]
Check = Callable[[Statistics, Mapping[str, float]], Evidence]


def _wrong_normalization(m: Statistics, limits: Mapping[str, float]) -> Evidence:
    std, mean = m["input_std"], m["input_mean"]
    strength = max(
        _share(limits["input_std_low"], std), std / limits["input_std_high"],
        abs(mean) / max(std, 1.0) / limits["input_mean"],
    )  # fmt: skip
    return (
        strength,
        f"the inputs have mean {mean:.3g}, standard deviation {std:.3g}; 0 and 1 are usual",
    )


def _no_shuffling(m: Statistics, limits: Mapping[str, float]) -> Evidence:
    share = m["batch_classes"]
    said = f"a batch holds {share:.0%} of the classes that a shuffled batch would hold"
    return _share(limits["batch_classes"], share), said + _accuracies(m)


def _leak(m: Statistics, limits: Mapping[str, float]) -> Evidence:
    said = (
        f"{m['copies']:.0%} of the validation examples are as near to a training example as a copy would be"
    )
    if "validation_end" in m:
        said += f", so the validation accuracy of {m['validation_end']:.0%} also measures what was learned by heart"
    return m["copies"] / limits["copies"], said


def _mismatch(m: Statistics, limits: Mapping[str, float]) -> Evidence:
    early = m.get("early_gap", 0.0) / limits["early_gap"]
    apart = m["apart"] / limits["apart"] if "apart" in m else 0.0
    if "apart" not in m and early < 1:
        raise KeyError("apart")
    parts = []
    if "apart" in m:
        parts.append(
            f"the examples of one set have their nearest neighbor in it {m['apart']:.2f} times as often as by chance"
        )
    if early >= 1:
        parts.append(
            f"within the first epoch, when no example was seen twice, the accuracy was {m['early_gap']:.2f} higher "
            "in training than in validation"
        )
    return max(apart, early), "; ".join(parts) + _accuracies(m)


def _exploding(m: Statistics, limits: Mapping[str, float]) -> Evidence:
    start = m["gradient_start"] if math.isfinite(m["gradient_start"]) else math.inf
    return start / limits["gradient_high"], (
        f"the norm of the gradient is {start:.3g} at the first step, before any update, and the loss there is "
        f"{m['loss_start']:.3g}"
    )


def _dying(m: Statistics, limits: Mapping[str, float]) -> Evidence:
    # Steps that are far too long kill units as well: then the learning rate is the cause.
    calm = m["update_largest"] < limits["update_high"]
    return (m["dead_start"] / limits["dead"] if calm else 0.0), (
        f"{m['dead_start']:.0%} of the ReLU units, on average over the layers, are 0 for every example at the start "
        f"and {m['dead_end']:.0%} at the end; such a unit gets no gradient"
    )


def _vanishing(m: Statistics, limits: Mapping[str, float]) -> Evidence:
    first, last = m["gradient_first"], m["gradient_last"]
    # A network that knows the answers already has small gradients, too.
    learned = m["loss_start"] < 0.5 * m["label_entropy"] if "label_entropy" in m else 3 * first > last
    return (0.0 if learned else _share(limits["gradient_low"], first)), (
        f"at the first step, with a loss of {m['loss_start']:.3g}, the gradient per weight is {first:.2g} in the first "
        f"layer and {last:.2g} in the last"
    )


def _rate_too_high(m: Statistics, limits: Mapping[str, float]) -> Evidence:
    start, largest, end = m["loss_start"], m["loss_largest"], m["loss_end"]
    calm = m["gradient_start"] < limits["gradient_high"]
    rose = largest > limits["overshoot"] * start
    via = f"rose from {start:.3g} to {largest:.3g}" if largest > start else f"began at {start:.3g}"
    went = f"the loss {via} and is {'NaN or infinite' if m['diverged'] else f'{end:.3g}'} at the end"
    if "update_largest" not in m:
        # The loss alone: a run that begins calmly and ends far above its start has overshot.
        grown = math.inf if m["diverged"] and rose else end / max(start, 1e-12) / limits["grown"]
        if not calm or not grown >= 1:
            raise KeyError("update_largest")
        return grown, f"{went}, although the first gradient had a norm of only {m['gradient_start']:.3g}"
    longest = m["update_largest"]
    strength = longest / limits["update_high"] if rose or longest > 1 else 0.0
    if m["diverged"] and rose:
        strength = max(strength, limits["gradient_high"] / max(m["gradient_start"], 1e-9))
    by = f"{longest:.1%}" if math.isfinite(longest) else "infinitely many times"
    return strength, f"the longest recorded step moved the weights by {by} of their size; {went}"


def _wrong_labels(m: Statistics, limits: Mapping[str, float]) -> Evidence:
    # The labels of neighbors, with the validation set as control: in photos, neighbors seldom agree anyway.
    lonely = _share(limits["agreement_ratio"], m.get("agreement_ratio", 1.0))
    nothing = 0.0
    if "label_entropy" in m and m.get("update", 0.0) > limits["update_low"]:
        related = m.get("agreement", 0.0) > m["label_match"] + limits["related"]
        guessing = m["accuracy_end"] < limits["guess"] * math.exp(-m["label_entropy"])
        nothing = 0.0 if related or not guessing else m["loss_end"] / m["label_entropy"] / limits["nothing"]
    if max(lonely, nothing) < 1 and "agreement_ratio" not in m:
        raise KeyError("agreement_ratio")
    if lonely >= 1:
        said = (
            f"labels agree with those of the nearest neighbor only {m['agreement_ratio']:.2f} times as often in the "
            "training set as in the validation set"
        )
    else:
        said = f"the loss is {m['loss_end']:.3g} at the end"
        if "label_entropy" in m:
            said += f", and a guess by the frequency of the labels has {m['label_entropy']:.3g}"
    return max(lonely, nothing), said + _accuracies(m)


def _rate_too_low(m: Statistics, limits: Mapping[str, float]) -> Evidence:
    unlearned = m["loss_end"] > limits["unlearned"] * m["loss_start"]
    if "label_entropy" in m:  # a network that was good at the start needs no long steps
        unlearned = unlearned and m["loss_end"] > limits["unlearned"] * m["label_entropy"]
    return (_share(limits["update_low"], m["update"]) if unlearned else 0.0), (
        f"a step moves the weights by {m['update']:.1g} of their size, and after {m['steps']:.0f} steps the loss is "
        f"{m['loss_end']:.3g}, at the start it was {m['loss_start']:.3g}"
    )


def _overfitting(m: Statistics, limits: Mapping[str, float]) -> Evidence:
    rise = m.get("validation_loss_rise", 1.0)
    by_heart = rise > limits["rise"] or m["accuracy_end"] > limits["by_heart"]
    said = f"the accuracy is {m['accuracy_end']:.0%} in training and {m['validation_end']:.0%} in validation"
    if "validation_loss_rise" in m:
        said += f", whose loss is {rise:.2f} times its lowest"
    return (m["gap"] / limits["gap"] if by_heart else 0.0), said


# In this order: a cause explains the symptoms of those below it.
CAUSES: dict[str, Check] = {
    "wrong normalization": _wrong_normalization,
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

# What to record for a number that is missing.
RECORD: dict[str, str] = {
    "input_std": "input_monitor",
    "input_mean": "input_monitor",
    "batch_classes": "class_monitor",
    "copies": "split_monitor",
    "apart": "split_monitor",
    "agreement_ratio": "split_monitor",
    "gradient_first": "gradient_monitor",
    "update": "update_monitor",
    "update_largest": "update_monitor",
    "dead_start": "dead_unit_monitor, if there are ReLUs",
    "validation_end": "a validation set",
    "validation_loss_end": "a validation set",
    "gap": "a validation set",
    "accuracy_end": "accuracy",
}


def _accuracies(m: Statistics) -> str:
    if "accuracy_end" not in m or "validation_end" not in m:
        return ""
    return (
        f"; the accuracy is {m['accuracy_end']:.0%} in training and {m['validation_end']:.0%} in validation"
    )


def _share(limit: float, value: float) -> float:
    """How far a value lies below its limit, as a factor: 1 at the limit, 2 at half of it, 0 for NaN."""
    if math.isnan(value):
        return 0.0
    return limit / value if value > 0 else math.inf
