"""Summary statistics used by `diagnose`."""

from __future__ import annotations

import math

import numpy as np

from lecturelib.training.history import History
from lecturelib.training.smooth import smooth

SMOOTHING = 0.95  # about the last 20 steps
HALF = 0.5  # the training accuracy at which the validation set is compared for the first time


def run_statistics(history: History) -> dict[str, float]:
    """Summarize a run in about 25 numbers, by name; a name is missing where the history does not hold what it needs.

    * loss_start, loss_largest: of the batches; loss_end, loss_best: smoothed; accuracy_end: smoothed, 0 to 1;
      diverged: 1 if a loss was NaN or infinite; steps
    * gradient_start, gradient_largest: norm of the whole gradient; gradient_first, gradient_last: root mean square per
      weight in the first and the last layer at the start
    * update, update_largest: a step's length by the size of the weights, median over the layers and over the run, or
      its largest; dead_start, dead_end: share of dead units, mean over the layers
    * input_mean, input_std; batch_classes: classes in a batch by those that a shuffled batch would hold; label_entropy:
      the cross-entropy in nats of a guess by the labels' frequencies; label_match: how often two labels agree by chance
    * apart, copies, agreement, agreement_ratio: see `split_monitor`
    * validation_end, validation_loss_end, validation_loss_rise: last validation accuracy and loss, and the last loss by
      the lowest; gap: training accuracy minus validation accuracy; early_gap: the same within the first epoch, as soon
      as half of the batch was right

    >>> from lecturelib.training import History
    >>> history = History()
    >>> for step in (1, 2, 3):
    ...     history.add(step, {"loss": 3.0 / step, "gradient_norm": 1.0})
    >>> found = run_statistics(history)
    >>> found["loss_start"], found["loss_largest"], "update" in found
    (3.0, 3.0, False)
    """
    found: dict[str, float] = {}
    loss = history["loss"]
    even = smooth(loss, SMOOTHING)
    found["steps"] = float(len(loss))
    found["diverged"] = float(not np.isfinite(loss).all())
    found["loss_start"], found["loss_end"] = float(loss[0]), float(even[-1])
    found["loss_best"] = float(np.nanmin(even)) if np.isfinite(even).any() else math.nan
    found["loss_largest"] = float(np.max(loss[np.isfinite(loss)], initial=0.0))
    norms = history["gradient_norm"]
    found["gradient_start"] = float(norms[0])
    found["gradient_largest"] = float(np.max(norms[np.isfinite(norms)], initial=0.0))
    if "accuracy" in history:
        found["accuracy_end"] = float(smooth(history["accuracy"], SMOOTHING)[-1])
    _layers(history, found)
    _data(history, found)
    _validation(history, found)
    return found


def _layers(history: History, found: dict[str, float]) -> None:
    gradients = history.names("gradients/")
    if gradients:
        found["gradient_first"] = float(history[gradients[0]][0])
        found["gradient_last"] = float(history[gradients[-1]][0])
    updates = [history[name] for name in history.names("updates/")]
    if updates:
        layers = np.median(np.stack(updates), 0)  # (records,): over the layers
        # infinity counts here: it is larger than any
        found["update_largest"] = float(np.max(layers[~np.isnan(layers)], initial=0.0))
        found["update"] = _median(layers[1:]) if len(layers) > 1 else found["update_largest"]
    dead = [history[name] for name in history.names("dead/")]
    if dead:
        # over the layers; two monitors may have recorded at different steps
        found["dead_start"], found["dead_end"] = (
            float(np.mean([shares[k] for shares in dead])) for k in (0, -1)
        )


def _data(history: History, found: dict[str, float]) -> None:
    for name in ("mean", "std"):
        if f"inputs/{name}" in history:
            found[f"input_{name}"] = float(history[f"inputs/{name}"][0])
    if "targets/counts" in history:
        counts = history["targets/counts"]  # (records, K)
        pooled = counts.sum(0) / counts.sum()
        entropy = -(pooled[pooled > 0] * np.log(pooled[pooled > 0])).sum()
        found["label_entropy"], found["label_match"] = float(entropy), float((pooled**2).sum())
        # A small sample shows less entropy than there is (Miller 1955).
        expected = math.exp(max(0.0, entropy - ((pooled > 0).sum() - 1) / (2 * counts.sum(1).mean())))
        found["batch_classes"] = _median(history["targets/classes"]) / expected
    for name in ("apart", "copies", "agreement", "agreement_ratio"):
        if f"split/{name}" in history:
            found[name] = float(history[f"split/{name}"][-1])


def _validation(history: History, found: dict[str, float]) -> None:
    if "validation_loss" in history:
        losses = history["validation_loss"]
        finite = losses[np.isfinite(losses)]
        found["validation_loss_end"] = float(losses[-1])
        if len(finite):
            found["validation_loss_rise"] = float(finite[-1] / finite.min()) if finite.min() > 0 else 1.0
    if "validation_accuracy" not in history or "accuracy" not in history:
        return
    steps, right = history.steps("validation_accuracy"), history["validation_accuracy"]
    learned = smooth(history["accuracy"], SMOOTHING)  # at steps 1, 2, ...
    found["validation_end"] = float(right[-1])
    found["gap"] = found["accuracy_end"] - found["validation_end"]
    at = np.clip(np.searchsorted(history.steps("accuracy"), steps), 0, len(learned) - 1)
    # Within the first epoch nothing was seen twice: a gap is no learning by heart.
    known = (steps > 0) & (steps <= history.notes.get("steps_per_epoch", 0)) & (learned[at] >= HALF)
    if known.any():
        k = int(known.argmax())
        found["early_gap"] = float(learned[at[k]] - right[k])


def _median(values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else math.nan
