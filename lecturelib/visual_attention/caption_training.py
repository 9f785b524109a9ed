"""Training a captioner step by step: soft attention by backprop, hard attention by REINFORCE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from lecturelib.attention.tokenizer import PAD
from lecturelib.checks import check_number, check_whole, complaint
from lecturelib.visual_attention.caption_grammar import LONGEST, encode_captions
from lecturelib.visual_attention.caption_scenes import CaptionScene
from lecturelib.visual_attention.show_attend_tell import (
    CaptionAttention,
    ShowAttendTell,
    caption_loss,
    doubly_stochastic_penalty,
    entropy,
    log_likelihood,
)

CLIP = 5.0  # largest norm of a gradient


@dataclass
class MovingBaseline:
    """The baseline of REINFORCE: moving averages of the reward still to come, one for each position in the caption.

    b <- decay b + (1 - decay) mean reward. Xu et al. 2015, equation 13, have one such average for the whole caption.

    >>> baseline = MovingBaseline(decay=0.5)
    >>> baseline.update(torch.tensor([[-4.0, -2.0]]), torch.ones(1, 2))
    >>> baseline.update(torch.tensor([[-2.0, -2.0]]), torch.ones(1, 2))
    >>> baseline.values[:2]
    tensor([-3., -2.])
    """

    decay: float = 0.9
    values: Tensor | None = None

    def of(self, count: int) -> Tensor:
        """The baselines (T,) of the first `count` positions, 0 before the first update."""
        return torch.zeros(count) if self.values is None else self.values[:count]

    def update(self, rewards: Tensor, real: Tensor) -> None:
        """Takes in rewards to go (B, T); `real` (B, T) is 1 where a word is."""
        seen = real.sum(0)
        mean = (rewards * real).sum(0) / seen.clamp_min(1)
        full, here = torch.zeros(LONGEST + 1), torch.zeros(LONGEST + 1, dtype=torch.bool)
        full[: len(mean)], here[: len(mean)] = mean, seen > 0
        if self.values is None:
            self.values = torch.where(here, full, mean.mean())
        else:
            self.values = torch.where(here, self.decay * self.values + (1 - self.decay) * full, self.values)


def reinforce_loss(
    scores: Tensor,
    attended: CaptionAttention,
    captions: Tensor,
    baseline: Tensor | float = 0.0,
    entropy_weight: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """REINFORCE for hard attention: a loss whose gradient estimates that of -E_s[log p(y | s, a)], and the rewards.

    The loss is -Σ_t [log p(y_t | s) + (R_t - b_t) log p(s_t) + λ_e H(α_t)] over the number of words, R_t and b_t held
    constant. R_t, (B, T), is the log-likelihood of the words from t on: a draw cannot change what came before it, so
    the earlier words are left out, which keeps the estimate unbiased and lowers its variance (reward to go). Raises
    `ValueError` for soft attention. Xu et al. 2015, equations 11 and 13; Williams 1992.

    >>> model = ShowAttendTell("hard")
    >>> captions = torch.tensor([[1, 3, 2]])
    >>> loss, rewards = reinforce_loss(*model(torch.zeros(1, 64, 72), captions, torch.Generator()), captions)
    >>> loss.requires_grad, rewards.shape
    (True, torch.Size([1, 2]))
    """
    if attended.log_drawn is None:
        raise ValueError(complaint("attended", "drawn cells (hard attention)", "soft weights"))
    real = (captions[:, 1:] != PAD).to(scores.dtype)
    log_p = log_likelihood(scores, captions)  # (B, T)
    rewards = log_p.detach().flip(1).cumsum(1).flip(1)  # Σ over the words from t on
    drawn = ((rewards - baseline) * real * attended.log_drawn).sum()
    spread = (entropy(attended.weights) * real).sum()
    return -(log_p.sum() + drawn + entropy_weight * spread) / real.sum(), rewards


@dataclass(frozen=True)
class CaptionStep:
    """One step: `loss` is the cross-entropy of a word in nats, `spread` the mean entropy of its attention weights."""

    step: int
    of: int
    loss: float
    spread: float


class CaptionRun(Iterator[CaptionStep]):
    """A training run: iterate to train, stop by leaving the loop, go on by iterating again; made by `iter_captioner`.

    `state()` and `restore(state)` carry a run over to another process, which then takes the same steps.
    """

    def __init__(
        self, model: ShowAttendTell, cells: Tensor, captions: Sequence[Sequence[str]], steps: int, batch_size: int,
        learning_rate: float, penalty: float, entropy_weight: float, expected_share: float, seed: int,
    ):  # fmt: skip
        if len(cells) != len(captions) or not len(cells):
            expected = f"a list of captions for each of {len(cells)} pictures"
            raise ValueError(complaint("captions", expected, f"{len(captions)} lists"))
        self.model, self.cells = model, cells
        self.of, self.step, self.stopped = check_whole("steps", steps, 1), 0, ""
        self.batch_size = check_whole("batch_size", batch_size, 1)
        self.penalty = check_number("penalty", penalty, least=0)
        self.entropy_weight = check_number("entropy_weight", entropy_weight, least=0)
        self.expected_share = check_number("expected_share", expected_share, least=0, most=1)
        check_number("learning_rate", learning_rate, above=0)
        self.encoded = [encode_captions(texts) for texts in captions]
        lengths = [int((ids != PAD).sum(1).min()) for ids in self.encoded]
        self.by_length = [
            torch.tensor([k for k, length in enumerate(lengths) if length == each])
            for each in sorted(set(lengths))
        ]
        self.baseline = MovingBaseline()
        self.errors: list[float] = []
        self.generator = torch.Generator().manual_seed(seed)
        self.optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, learning_rate, total_steps=steps + 1, pct_start=0.1, cycle_momentum=False
        )

    def batch(self) -> tuple[Tensor, Tensor]:
        """Random pictures with captions of about one length, as rows of padding cost time, and a caption of each."""
        sizes = torch.tensor([float(len(group)) for group in self.by_length])
        group = self.by_length[int(torch.multinomial(sizes, 1, generator=self.generator))]
        rows = group[torch.randint(len(group), (self.batch_size,), generator=self.generator)]
        u = torch.rand(self.batch_size, generator=self.generator).tolist()
        chosen = [
            self.encoded[k][int(r * len(self.encoded[k]))] for k, r in zip(rows.tolist(), u, strict=True)
        ]
        captions = torch.nn.utils.rnn.pad_sequence(chosen, batch_first=True, padding_value=PAD)
        kept = int((captions != PAD).any(0).sum())
        return self.cells[rows], captions[:, :kept]

    def __next__(self) -> CaptionStep:
        if self.step >= self.of:
            raise StopIteration
        cells, captions = self.batch()
        with torch.enable_grad():
            objective, error, weights = self.objective(cells, captions)
            self.optimizer.zero_grad()
            objective.backward()
        clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimizer.step()
        self.schedule.step()
        self.step += 1
        self.errors.append(error)
        real = captions[:, 1:] != PAD
        return CaptionStep(self.step, self.of, error, entropy(weights.detach())[real].mean().item())

    def objective(self, cells: Tensor, captions: Tensor) -> tuple[Tensor, float, Tensor]:
        """What is minimized on a batch, the cross-entropy of a word, and the attention weights."""
        model = self.model
        expected = bool(torch.rand(1, generator=self.generator) < self.expected_share)
        if model.kind == "soft" or expected:
            kind, model.kind = model.kind, "soft"
            try:
                scores, attended = model(cells, captions)
            finally:
                model.kind = kind
            error = caption_loss(scores, captions)
            objective = error + self.penalty * doubly_stochastic_penalty(attended.weights, captions)
            return objective, error.item(), attended.weights
        scores, attended = model(cells, captions, self.generator)
        baseline = self.baseline.of(captions.shape[1] - 1)
        objective, rewards = reinforce_loss(scores, attended, captions, baseline, self.entropy_weight)
        self.baseline.update(rewards, (captions[:, 1:] != PAD).to(rewards.dtype))
        return objective, caption_loss(scores.detach(), captions).item(), attended.weights

    def state(self) -> dict:
        """Everything that the next step depends on."""
        return {
            "step": self.step, "errors": list(self.errors), "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(), "schedule": self.schedule.state_dict(),
            "generator": self.generator.get_state(), "baseline": self.baseline.values,
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        """Goes on where `state()` was taken."""
        self.step, self.errors = state["step"], list(state["errors"])
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.generator.set_state(state["generator"])
        self.baseline.values = state["baseline"]


def iter_captioner(
    model: ShowAttendTell,
    cells: Tensor,
    captions: Sequence[Sequence[str]] | Sequence[CaptionScene],
    steps: int = 1000,
    batch_size: int = 64,
    learning_rate: float = 3e-3,
    penalty: float = 0.0,
    entropy_weight: float = 0.01,
    expected_share: float = 0.5,
    seed: int = 0,
) -> CaptionRun:
    """Train a captioner on the cells of pictures; yields a `CaptionStep` after each step.

    cells (N, L, D); captions: for each picture all its true captions (or its `CaptionScene`), of which a step draws
    one. `penalty`: weight of the doubly stochastic regularizer (soft attention). Hard attention learns by
    `reinforce_loss` with a moving baseline; `entropy_weight` is its λ_e, and `expected_share` the share of steps that
    use the expected cell Σ_i α_i a_i in place of a drawn one, half of them in Xu et al. 2015 (with 0 the estimate is
    unbiased). Raises `TypeError` or `ValueError` before any work.

    >>> run = iter_captioner(ShowAttendTell("hard"), torch.rand(2, 64, 72), [["a small red ball on wood"]] * 2, 3)
    >>> [step.step for step in run]
    [1, 2, 3]
    """
    texts = [one.captions() if isinstance(one, CaptionScene) else list(one) for one in captions]
    return CaptionRun(
        model, cells, texts, steps, batch_size, learning_rate, penalty, entropy_weight, expected_share, seed
    )
