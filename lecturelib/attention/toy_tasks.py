"""Sequences of letters to copy or to reverse: tasks whose right answer, and whose right attention, everybody knows.

Letters are drawn evenly and independently, so nothing can be guessed: each has to be looked up at one place of the
source. Sizes: B sequences, L letters, S = L + 1 pieces read and T = L + 1 written, with the end sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.attention.scores import SCORES
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.tokenizer import END, SPECIAL, START
from lecturelib.attention.transformer import Looks, Transformer
from lecturelib.training.history import History
from lecturelib.training.interrupt import whole_steps

LETTERS = "abcdefghijklmnop"
VOCABULARY = len(SPECIAL) + len(LETTERS)
TASKS = ("copy", "reverse")
PROBE, LONGEST_WORD = "hbfadceg", 60
STEPS, BATCH, LENGTHS = 600, 64, (4, 9)
RATES = {"transformer": 3e-3, "recurrent": 5e-3}

Task = Literal["copy", "reverse"]


def answer(letters: Tensor, task: Task) -> Tensor:
    """What is to be written for letters (B, L): the same, or the same from the end."""
    _check_task(task)
    return letters.flip(1) if task == "reverse" else letters


def sequences(
    count: int, length: int, task: Task = "reverse", generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """(source (B, L + 1), target with START (B, L + 1), what should follow (B, L + 1)) of `count` random sequences."""
    for name, value in (("count", count), ("length", length)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name}: a whole number from 1 is needed, got {value!r}")
    return _posed(torch.randint(len(SPECIAL), VOCABULARY, (count, length), generator=generator), task)


def _posed(letters: Tensor, task: Task) -> tuple[Tensor, Tensor, Tensor]:
    written = answer(letters, task)
    start, end = (torch.full((len(letters), 1), sign) for sign in (START, END))
    return torch.cat([letters, end], 1), torch.cat([start, written], 1), torch.cat([written, end], 1)


def encode(word: str) -> Tensor:
    """The numbers (1, L) of a word of LETTERS; `ValueError` for an empty or too long word, or another letter."""
    wrong = [letter for letter in word if letter not in LETTERS]
    if not word or wrong:
        raise ValueError(
            f"letters {LETTERS[0]} to {LETTERS[-1]} are needed, got {wrong[0] if wrong else word!r}"
        )
    if len(word) > LONGEST_WORD:
        raise ValueError(f"at most {LONGEST_WORD} letters fit, got {len(word)}")
    return torch.tensor([[len(SPECIAL) + LETTERS.index(letter) for letter in word]])


def decode(ids: Sequence[int]) -> str:
    """The letters of some numbers, other signs as "." """
    return "".join(LETTERS[k - len(SPECIAL)] if k >= len(SPECIAL) else "." for k in map(int, ids))


def build(kind: str = "transformer", positions: bool = True, seed: int = 0) -> nn.Module:
    """A small untrained network for these tasks, of some 100,000 parameters.

    kind: "transformer" (one layer, one head), "fixed" (recurrent, one vector), or the name of a score (recurrent, with
    attention). `ValueError` for another.
    """
    if kind not in ("transformer", "fixed", *SCORES):
        raise ValueError(
            f"kind: 'transformer', 'fixed' or one of {', '.join(SCORES)} is needed, got {kind!r}"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if kind == "transformer":
            return Transformer(VOCABULARY, 64, 1, 1, 128, 0.0, positions=positions)
        sizes = {"embedding": 32, "encoder": 48, "dropout": 0.0}
        # without attention there is no score to learn: the decoder is as much wider
        return Seq2Seq(
            VOCABULARY, None if kind == "fixed" else kind, decoder=80 if kind == "fixed" else 64, **sizes
        )


@dataclass(frozen=True, eq=False)
class ToyStep:
    """One step: loss in nats per letter and share of letters right in its batch, before the weights moved; and where
    the network looked, for each letter of the probe that it writes: (T, S), None without attention."""

    step: int
    of: int
    loss: float
    accuracy: float
    weights: Tensor | None


class ToyRun(Iterator[ToyStep]):
    """A run of `train_toy`: iterate to train, again to go on. `model`, `history`, `step`, `of`, `last`, `probe`.

    `history` holds "loss", "accuracy", and, with attention, "on_target": the share of attention, over the probe, that
    lies on the very letter to be written.
    """

    def __init__(
        self, model: nn.Module, task: Task, steps: int, lengths: tuple[int, int], probe: str, seed: int
    ):
        self.model, self.task, self.of, self.lengths, self.probe = model, task, steps, lengths, probe
        self.step, self.stopped, self.last, self.history = 0, "", None, History()
        rate = RATES["transformer" if isinstance(model, Transformer) else "recurrent"]
        self._generator = torch.Generator().manual_seed(seed)
        self._optimizer = torch.optim.Adam(model.parameters(), lr=rate)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, rate, total_steps=steps, pct_start=0.1
        )
        self._posed = _posed(encode(probe), task)

    def __iter__(self) -> ToyRun:
        return self

    def __next__(self) -> ToyStep:
        if self.step >= self.of:
            raise StopIteration
        with whole_steps():
            low, high = self.lengths
            length = int(torch.randint(low, high + 1, (1,), generator=self._generator))
            source, target, wanted = sequences(BATCH, length, self.task, self._generator)
            self.model.train()
            scores, _ = self.model(source, target)
            loss = F.cross_entropy(scores.flatten(0, 1), wanted.flatten())
            self._optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self._optimizer.step()
            self._schedule.step()
            self.model.eval()
            self.step += 1
            accuracy = (scores.argmax(-1) == wanted)[:, :-1].float().mean().item()  # the end sign is easy
            weights, numbers = self.look(), {"loss": loss.item(), "accuracy": accuracy}
            if weights is not None:
                numbers["on_target"] = on_target(weights, self.task)
            self.history.add(self.step, numbers)
            self.last = ToyStep(self.step, self.of, loss.item(), accuracy, weights)
        return self.last

    @torch.no_grad()
    def look(self) -> Tensor | None:
        """Where the network looks now for each letter of the probe: (T, S), a mean over heads in the last layer."""
        _, looks = self.model(*self._posed[:2])
        return (
            looks.cross[-1][0].mean(0) if isinstance(looks, Looks) else (None if looks is None else looks[0])
        )


def train_toy(
    task: Task = "reverse",
    kind: str = "transformer",
    steps: int = STEPS,
    lengths: tuple[int, int] = LENGTHS,
    probe: str = PROBE,
    positions: bool = True,
    seed: int = 0,
) -> ToyRun:
    """Train a small network on sequences of `lengths` (shortest, longest), step by step: about six seconds.

    `for step in train_toy(): ...` hands out the loss, the share of letters right, and the attention for the probe, so
    that the map can be watched forming; `toy_pictures.watch(train_toy())` draws it. `kind`, `positions`: see `build`.
    Raises `ValueError` for another task or kind, lengths that do not rise from 1, or a probe of other letters.
    """
    _check_task(task)
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps: a whole number from 1 is needed, got {steps!r}")
    if len(lengths) != 2 or not 1 <= lengths[0] <= lengths[1] <= LONGEST_WORD:
        raise ValueError(
            f"lengths: shortest and longest, from 1 to {LONGEST_WORD}, are needed, got {lengths!r}"
        )
    return ToyRun(build(kind, positions, seed), task, steps, tuple(lengths), probe, seed)


def on_target(weights: Tensor, task: Task) -> float:
    """The share of attention (T, S) that lies on the very letter that is written, without the end sign's row."""
    letters = weights.shape[0] - 1
    place = answer(torch.arange(letters)[None], task)[0]
    return weights[torch.arange(letters), place].mean().item()


@torch.no_grad()
def accuracy_by_length(
    model: nn.Module, task: Task, lengths: Sequence[int], count: int = 200, seed: int = 1
) -> list[float]:
    """The share of letters right for fresh sequences of each length, each letter after the right beginning."""
    found, training = [], model.training
    model.eval()
    for length in lengths:
        source, target, wanted = sequences(count, length, task, torch.Generator().manual_seed(seed))
        guesses = model(source, target)[0].argmax(-1)
        found.append((guesses == wanted)[:, :-1].float().mean().item())
    model.train(training)
    return found


def _check_task(task: str) -> None:
    if task not in TASKS:
        raise ValueError(f"task: one of {', '.join(TASKS)} is needed, got {task!r}")
