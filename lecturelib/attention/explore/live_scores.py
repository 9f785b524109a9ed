"""One model, any score: a small recurrent network learns to copy letters while its attention map is watched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from torch import Tensor, nn

from lecturelib.attention.soft_hard_local import PredictedCenter
from lecturelib.attention.toy_plots import picture_of
from lecturelib.attention.toy_tasks import PROBE, TASKS, Task, ToyRun, train_toy
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Progress, Slider
from lecturelib.widgets.emerging import emerging

LOCAL = "additive, around a predicted center"
SCORES = ("additive", "general", "dot", "scaled dot", "cosine", LOCAL, "none: one fixed vector")
STEPS, WINDOW = (25, 50, 100, 200), 2


def live_scores_explorer() -> Explorable:
    """Exchange the score of one model, train it anew, and watch where it learns to look.

    >>> live_scores_explorer().state["score"]
    'additive'
    """
    controls = [
        Choice("score", SCORES),
        Choice("task", TASKS, "reverse"),
        Choice("steps", STEPS, 100, label="steps of training", slider=True),
        Slider("seed", 0, 4, label="seed of weights and letters"),
    ]
    presets: dict[str, dict] = {
        "additive": {"score": "additive"},
        "cosine with a learned strength": {"score": "cosine"},
        "a window around a predicted center": {"score": LOCAL},
        "without attention": {"score": "none: one fixed vector"},
    }
    return Explorable(_render, controls, "One model, any score", presets)


class LocalScore(nn.Module):
    """A score with a window around a center that the decoder's state predicts, p = (S - 1) sigmoid(v^T tanh(W s)).

    forward(queries (B, T, d), keys (B, S, k)) -> (B, T, S): score - (i - p)^2 / (2 sigma^2) with sigma = window / 2,
    and minus infinity for positions farther than the window from p rounded, so that after a softmax the weights lie
    inside it. Luong et al. 2015, equations 9 and 10 (which multiply after the softmax, so that their weights need not
    sum to one).

    >>> score = LocalScore(nn.Bilinear(4, 6, 1), d=4)
    >>> score.window
    2
    """

    def __init__(self, score: nn.Module, d: int, window: int = WINDOW):
        super().__init__()
        self.score, self.center, self.window = score, PredictedCenter(d), window

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        length = keys.shape[1]
        middle = self.center(queries, length)  # (B, T)
        distance = torch.arange(length, device=keys.device) - middle[..., None]  # (B, T, S)
        scores = self.score(queries, keys) - distance.square() / (2 * (self.window / 2) ** 2)
        whole = torch.arange(length, device=keys.device) - middle.detach().round()[..., None]
        return scores.masked_fill(whole.abs() > self.window, float("-inf"))


def run_of(score: str, task: Task, steps: int, seed: int) -> ToyRun:
    """An untrained run with one of `SCORES`; all else is equal, but for what a score itself has to learn."""
    kind = "additive" if score == LOCAL else "fixed" if score.startswith("none") else score
    run = train_toy(task, kind, steps, probe=PROBE, seed=seed)
    if score == LOCAL:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = run.model
            local = LocalScore(cast(nn.Module, model.score), d=64)
        model.score = local
        run = ToyRun(model, task, steps, run.lengths, PROBE, seed)  # its optimizer knows the center's weights
    return run


def _render(state: dict) -> Iterator[Picture | Progress]:
    given = (state["score"], state["task"], state["steps"], state["seed"])

    def training() -> Iterator[ToyRun]:
        run = run_of(*given)
        for _ in run:
            yield run

    yield from emerging(
        ("live scores", *given), training, state["steps"], lambda run: _draw(state, run), "training"
    )


def _draw(state: dict, run: ToyRun) -> Picture:
    drawn, history = picture_of(run), run.history
    count = sum(parameter.numel() for parameter in run.model.parameters())
    right = history["accuracy"][-20:].mean()
    aimed = ""
    if "on_target" in history.names(""):
        aimed = f" On the letter to be written lie {history['on_target'][-1]:.0%} of the attention."
    caption = (
        f"Score: {state['score']}; {count:,} parameters; step {run.step} of {run.of}, seed {state['seed']}. "
        f"{right:.0%} of the letters right, mean of the last {min(20, run.step)} batches.{aimed}"
    )
    return Picture(drawn.pixels, f"{drawn.alt} {caption}", caption, drawn.width)
