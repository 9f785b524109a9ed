"""Train a small causal model on letters that repeat, and follow its heads: an induction head forms while one looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.attention.causal_language_model import CausalLanguageModel
from lecturelib.attention.induction import build, induction_scores, pieces, repeated
from lecturelib.checks import check_whole
from lecturelib.training.history import History
from lecturelib.training.interrupt import defer_interrupt

STEPS, BATCH, RATE, WARMUP = 600, 64, 3e-3, 100
EVERY = 10  # steps between two measurements of the heads
PERIOD, ROWS = 8, 16  # of the fresh sequences on which the heads are measured


@dataclass(frozen=True, eq=False)
class InductionStep:
    """One step: loss in nats and share right of the letters that can be known, before the weights moved.

    `scores`: the induction scores of the heads when last measured, (layers, heads).
    """

    step: int
    of: int
    loss: float
    accuracy: float
    scores: Tensor


class InductionRun(Iterator[InductionStep]):
    """A run of `train_induction`: iterate to train, again to go on. `model`, `history`, `step`, `of`, `last`.

    `history` holds "loss" and "accuracy" of every step, and "layer 1 head 1" ... (induction scores) of every tenth.
    """

    def __init__(self, layers: int, steps: int, seed: int):
        self.model: CausalLanguageModel = build(layers, seed)
        self.of, self.seed, self.step, self.stopped = steps, seed, 0, ""
        self.history = History()
        self.last: InductionStep | None = None
        self._generator = torch.Generator().manual_seed(seed)
        self._optimizer = torch.optim.AdamW(self.model.parameters(), lr=RATE, weight_decay=0.01)
        self._fresh = repeated(ROWS, PERIOD, generator=torch.Generator().manual_seed(999), distinct=True)
        self._scores = induction_scores(self.model, self._fresh)

    def __iter__(self) -> InductionRun:
        return self

    def __next__(self) -> InductionStep:
        if self.step >= self.of:
            raise StopIteration
        with defer_interrupt():
            tokens, known = pieces(BATCH, generator=self._generator)
            self._optimizer.param_groups[0]["lr"] = RATE * min(1.0, (self.step + 1) / WARMUP)
            self.model.train()
            scores, wanted = self.model(tokens[:, :-1])[0][known[:, 1:]], tokens[:, 1:][known[:, 1:]]
            loss = F.cross_entropy(scores, wanted)  # of the letters that can be known
            self._optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self._optimizer.step()
            self.model.eval()
            self.step += 1
            accuracy = (scores.argmax(-1) == wanted).double().mean().item()
            self.history.add(self.step, {"loss": loss.item(), "accuracy": accuracy})
            if self.step % EVERY == 0:
                self._scores = induction_scores(self.model, self._fresh)
                self.history.add(self.step, by_name(self._scores))
            done = self.last = InductionStep(self.step, self.of, loss.item(), accuracy, self._scores)
        return done


def by_name(scores: Tensor) -> dict[str, float]:
    """Scores (layers, heads) by the heads' names, counted from 1.

    >>> by_name(torch.tensor([[0.5, 0.25]]))
    {'layer 1 head 1': 0.5, 'layer 1 head 2': 0.25}
    """
    return {
        f"layer {layer + 1} head {head + 1}": float(value)
        for layer, row in enumerate(scores)
        for head, value in enumerate(row)
    }


def train_induction(layers: int = 2, steps: int = STEPS, seed: int = 0) -> InductionRun:
    """Train a small causal model on random letters whose pieces come back, step by step: five to fifteen seconds.

    `for step in train_induction(): ...` yields the loss, the share of letters right, and each head's induction score;
    `watch_heads(train_induction())` draws them. Where a piece is copied from changes all the time (`pieces`), so that
    the distance to the copy says nothing. Raises TypeError or ValueError for less than one layer or step. Olsson et
    al. 2022.

    >>> run = train_induction(steps=2)
    >>> [step.step for step in run], tuple(run.last.scores.shape)
    ([1, 2], (2, 2))
    """
    return InductionRun(check_whole("layers", layers, 1), check_whole("steps", steps, 1), seed)
