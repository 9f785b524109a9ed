"""Toy tasks: copy or reverse random letters, where the right answer and the right attention map are known.

Letters are drawn uniformly and independently, so nothing can be guessed: each has to be looked up at one place of the
source. Sizes: B sequences, L letters, S = L + 1 tokens read and T = L + 1 written, with the end sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.attention.scores import SCORES
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.tokenizer import END, SPECIAL, START
from lecturelib.attention.transformer import AttentionWeights, Transformer
from lecturelib.checks import check_choice, check_name, check_whole, complaint, described
from lecturelib.network.freezing import frozen
from lecturelib.training.history import History
from lecturelib.training.interrupt import defer_interrupt

LETTERS = "abcdefghijklmnop"
VOCABULARY = len(SPECIAL) + len(LETTERS)
TASKS = ("copy", "reverse")
PROBE, LONGEST_WORD = "hbfadceg", 60
STEPS, BATCH, LENGTHS = 600, 64, (4, 9)
RATES = {"transformer": 3e-3, "recurrent": 5e-3}

Task = Literal["copy", "reverse"]


def answer(letters: Tensor, task: Task) -> Tensor:
    """The right answer for letters (B, L): the same, or the same in reverse. Raises ValueError for another task.

    >>> answer(torch.tensor([[4, 5, 6]]), "reverse")
    tensor([[6, 5, 4]])
    """
    check_choice("task", task, TASKS)
    return letters.flip(1) if task == "reverse" else letters


def sequences(
    count: int, length: int, task: Task = "reverse", generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Random sequences: source (B, L + 1), decoder input with START (B, L + 1), wanted output (B, L + 1), B = count.

    Source and wanted output end with END. Raises TypeError or ValueError for a count or length below 1.

    >>> source, given, wanted = sequences(1, 3, "copy", torch.Generator().manual_seed(0))
    >>> torch.equal(source, wanted), given[0, 0].item()
    (True, 1)
    """
    check_whole("count", count, 1)
    check_whole("length", length, 1)
    return _posed(torch.randint(len(SPECIAL), VOCABULARY, (count, length), generator=generator), task)


def _posed(letters: Tensor, task: Task) -> tuple[Tensor, Tensor, Tensor]:
    written = answer(letters, task)
    start, end = (torch.full((len(letters), 1), sign) for sign in (START, END))
    return torch.cat([letters, end], 1), torch.cat([start, written], 1), torch.cat([written, end], 1)


def encode(word: str) -> Tensor:
    """The token ids (1, L) of a word of LETTERS.

    Raises TypeError for something that is no text, ValueError for an empty or too long word, or another letter.

    >>> encode("ab")
    tensor([[4, 5]])
    """
    expected = f"letters from {LETTERS[0]} to {LETTERS[-1]}"
    if not isinstance(word, str):
        raise TypeError(complaint("word", expected, described(word)))
    wrong = [letter for letter in word if letter not in LETTERS]
    if not word or wrong:
        raise ValueError(complaint("word", expected, repr(wrong[0] if wrong else word)))
    if len(word) > LONGEST_WORD:
        raise ValueError(complaint("word", f"at most {LONGEST_WORD} letters", str(len(word))))
    return torch.tensor([[len(SPECIAL) + LETTERS.index(letter) for letter in word]])


def decode(ids: Sequence[int]) -> str:
    """The letters of some token ids, other signs as "."

    >>> decode([4, 5, 2])
    'ab.'
    """
    return "".join(LETTERS[k - len(SPECIAL)] if k >= len(SPECIAL) else "." for k in map(int, ids))


def build(kind: str = "transformer", positions: bool = True, seed: int = 0) -> nn.Module:
    """A small untrained network for these tasks, of about 100,000 parameters.

    kind: "transformer" (one layer, one head), "fixed" (recurrent, one vector), or the name of a score (recurrent, with
    attention). positions: with positional encoding (Transformer only). Raises `UnknownName` for another kind.

    >>> build("transformer").embedding.embedding_dim
    64
    """
    check_name("kind", kind, ("transformer", "fixed", *SCORES), "kind of network")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if kind == "transformer":
            return Transformer(VOCABULARY, 64, 1, 1, 128, 0.0, positions=positions)
        sizes: dict[str, Any] = {"embedding": 32, "encoder": 48, "dropout": 0.0}
        # without attention there is no score to learn: the decoder is as much wider
        score, width = (None, 80) if kind == "fixed" else (kind, 64)
        return Seq2Seq(VOCABULARY, score, decoder=width, **sizes)


@dataclass(frozen=True, eq=False)
class ToyStep:
    """One training step: loss in nats per letter and share of letters right in its batch, before the weights moved.

    `weights`: the attention weights for the probe after the step, (T, S), None without attention.
    """

    step: int
    of: int
    loss: float
    accuracy: float
    weights: Tensor | None


class ToyRun(Iterator[ToyStep]):
    """A run of `train_toy`: iterate to train, again to go on. `model`, `history`, `step`, `of`, `last`, `probe`.

    `step` of `of` steps are done, `last` is the last `ToyStep`; `probe` is the word whose attention map is followed.
    `history` holds "loss", "accuracy", and, with attention, "on_target": the share of attention, over the probe, that
    lies on the very letter to be written.
    """

    def __init__(
        self, model: nn.Module, task: Task, steps: int, lengths: tuple[int, int], probe: str, seed: int
    ):
        self.model, self.task, self.of, self.lengths, self.probe = model, task, steps, lengths, probe
        self.step, self.stopped, self.history = 0, "", History()
        self.last: ToyStep | None = None
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
        with defer_interrupt():
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
            accuracy = (scores.argmax(-1) == wanted)[:, :-1].double().mean().item()  # END is easy
            weights, numbers = self.attention(), {"loss": loss.item(), "accuracy": accuracy}
            if weights is not None:
                numbers["on_target"] = on_target(weights, self.task)
            self.history.add(self.step, numbers)
            done = self.last = ToyStep(self.step, self.of, loss.item(), accuracy, weights)
        return done

    @torch.no_grad()
    def attention(self) -> Tensor | None:
        """The attention weights for the probe now: (T, S), a mean over heads in the last layer; None without any."""
        _, weights = self.model(*self._posed[:2])
        if isinstance(weights, AttentionWeights):
            return weights.cross[-1][0].mean(0)
        return None if weights is None else weights[0]


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

    `for step in train_toy(): ...` yields the loss, the share of letters right, and the attention weights for the probe,
    so that the map can be watched forming; `toy_plots.watch(train_toy())` draws it. `kind`, `positions`: see `build`.
    Raises ValueError for another task, lengths that do not rise from 1, or a probe of other letters, TypeError or
    ValueError for less than one step, `UnknownName` for another kind.

    >>> run = train_toy("copy", steps=1)
    >>> for step in run:
    ...     print(step.step, tuple(step.weights.shape))
    1 (9, 9)
    """
    check_choice("task", task, TASKS)
    check_whole("steps", steps, 1)
    if len(lengths) != 2 or not 1 <= lengths[0] <= lengths[1] <= LONGEST_WORD:
        raise ValueError(complaint("lengths", f"(shortest, longest) from 1 to {LONGEST_WORD}", lengths))
    return ToyRun(build(kind, positions, seed), task, steps, (lengths[0], lengths[1]), probe, seed)


def on_target(weights: Tensor, task: Task) -> float:
    """The share of attention (T, S) that lies on the letter that is to be written, without END's row.

    >>> on_target(torch.eye(3), "copy")
    1.0
    """
    letters = weights.shape[0] - 1
    places = torch.arange(letters, device=weights.device)
    return weights[places, answer(places[None], task)[0]].mean().item()


@torch.no_grad()
def accuracy_by_length(
    model: nn.Module, task: Task, lengths: Sequence[int], count: int = 200, seed: int = 1
) -> list[float]:
    """The share of letters right for fresh sequences of each length, each letter after the right beginning.

    The model is evaluated in eval mode and left in its own.

    >>> 0 <= accuracy_by_length(build(), "copy", [3], count=5)[0] <= 1
    True
    """
    found = []
    device = next(model.parameters(), torch.zeros(())).device
    with frozen(model):
        for length in lengths:
            posed = sequences(count, length, task, torch.Generator().manual_seed(seed))
            source, target, wanted = (part.to(device) for part in posed)
            guesses = model(source, target)[0].argmax(-1)
            found.append((guesses == wanted)[:, :-1].double().mean().item())
    return found
