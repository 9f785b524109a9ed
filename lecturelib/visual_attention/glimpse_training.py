"""Training a glimpse network: cross-entropy for what it says, REINFORCE with a learned baseline for where it looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.checks import check_choice, check_images, check_number, check_whole, complaint, described
from lecturelib.visual_attention.glimpse_network import GlimpseNetwork, GlimpsePath
from lecturelib.visual_attention.translated_digits import TASKS, Task, digit_task


@dataclass(frozen=True)
class GlimpseStep:
    """One training step: share of the batch that was right, mean reward (log-probability of the label), loss."""

    step: int
    of: int
    accuracy: float
    reward: float
    loss: float


def glimpse_loss(path: GlimpsePath, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The loss of a batch of paths, and the rewards (B,).

    Cross-entropy of the label + mean over the batch of sum_t -(R - b_t) log pi(l_t) + (R - b_t)^2: REINFORCE with a
    learned baseline b_t. The reward R is the log-probability of the label; (R - b_t) before log pi is held constant.
    Mnih et al. 2014, equations 2 to 4 (their reward is 1 for a right answer and 0 otherwise).

    >>> network = GlimpseNetwork(size=4, scales=1, glimpses=2)
    >>> loss, rewards = glimpse_loss(network(torch.zeros(3, 1, 28, 28), sample=True), torch.tensor([1, 2, 3]))
    >>> loss.shape, rewards.shape
    (torch.Size([]), torch.Size([3]))
    """
    rewards = -F.cross_entropy(path.logits.float(), labels, reduction="none")  # (B,)
    advantage = rewards.detach() - path.baselines  # (T - 1, B)
    policy = -(advantage.detach() * path.log_probabilities).sum(0).mean()
    return -rewards.mean() + policy + advantage.square().sum(0).mean(), rewards.detach()


class GlimpseRun(Iterator[GlimpseStep]):
    """A training run of a classifier on a task: iterate to train, leave the loop to stop, iterate again to go on.

    Adam, learning rate constant and linear to 0 in the last third, batches and places drawn from `seed`. A
    `GlimpseNetwork` is trained by `glimpse_loss`, any other network of pictures by cross-entropy. `state()` and
    `restore(state)` make it resumable. Made by `iter_glimpses`.
    """

    def __init__(
        self, network: nn.Module, digits: Tensor, labels: Tensor, task: Task, steps: int, batch_size: int,
        learning_rate: float, seed: int, warm_up: int = 0,
    ):  # fmt: skip
        check_images(digits, name="digits")
        if not isinstance(labels, Tensor) or labels.shape != (len(digits),) or labels.dtype != torch.long:
            raise ValueError(complaint("labels", f"whole numbers ({len(digits)},), int64", described(labels)))
        self.network, self.digits, self.labels = network, digits, labels
        self.task = check_choice("task", task, TASKS)
        self.of, self.step, self.stopped = check_whole("steps", steps, 1), 0, ""
        self.batch_size = check_whole("batch_size", batch_size, 1)
        self.learning_rate = check_number("learning_rate", learning_rate, above=0)
        self.warm_up = check_whole("warm_up", warm_up, 0, steps, "the steps")
        self._generator = torch.Generator().manual_seed(seed)
        self.optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate, fused=True)

    def __next__(self) -> GlimpseStep:
        if self.step >= self.of:
            raise StopIteration
        rows = torch.randint(len(self.digits), (self.batch_size,), generator=self._generator)
        labels, training = self.labels[rows], self.network.training
        images = digit_task(self.task, self.digits[rows], self._generator).images
        left = (self.of - self.step) / (self.of / 3)
        self.optimizer.param_groups[0]["lr"] = self.learning_rate * min(1.0, left)
        self.network.train()
        try:
            with torch.enable_grad():
                if isinstance(self.network, GlimpseNetwork):
                    random = self.step < self.warm_up
                    path = self.network(images, self._generator, sample=True, random=random)
                    logits = path.logits
                    loss, rewards = glimpse_loss(path, labels)
                else:
                    logits = self.network(images).float()
                    rewards = -F.cross_entropy(logits, labels, reduction="none")
                    loss = -rewards.mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        finally:
            self.network.train(training)
        self.step += 1
        right = (logits.detach().argmax(1) == labels).float().mean().item()
        return GlimpseStep(self.step, self.of, right, rewards.mean().item(), loss.item())

    def state(self) -> dict:
        """What `restore` needs to go on with the same numbers."""
        return {
            "step": self.step,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self._generator.get_state(),
        }

    def restore(self, state: dict) -> None:
        """Go on where another run of the same settings was left."""
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self._generator.set_state(state["generator"])


def iter_glimpses(
    network: nn.Module,
    digits: Tensor,
    labels: Tensor,
    task: Task = "digits",
    steps: int = 1000,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    seed: int = 0,
    warm_up: int = 0,
) -> GlimpseRun:
    """Train a glimpse network (or a plain classifier, to compare) on a task; yields a `GlimpseStep` after each step.

    digits (N, 1, 28, 28) in [0, 1], labels (N,). `warm_up`: in that many steps all places are random, so that the
    network can read before the policy learns from it; up to there a run is that of the random control. Raises
    `TypeError` or `ValueError` before any work.

    >>> run = iter_glimpses(
    ...     GlimpseNetwork(4, 1, 2), torch.rand(9, 1, 28, 28), torch.zeros(9).long(), steps=2, batch_size=4
    ... )
    >>> [step.step for step in run]
    [1, 2]
    """
    return GlimpseRun(network, digits, labels, task, steps, batch_size, learning_rate, seed, warm_up)


@torch.no_grad()
def predictions(network: nn.Module, images: Tensor, seed: int = 0, batch_size: int = 500) -> Tensor:
    """Classes (B,) that a network gives pictures (B, 1, H, W), in eval mode; a learned policy looks at its means.

    `seed`: for the locations of a random policy.

    >>> predictions(GlimpseNetwork(4, 1, 2), torch.zeros(3, 1, 28, 28)).shape
    torch.Size([3])
    """
    check_images(images)
    generator = torch.Generator().manual_seed(seed)
    training = network.training
    network.eval()
    try:
        found = []
        for part in images.split(batch_size):
            out = network(part, generator) if isinstance(network, GlimpseNetwork) else network(part)
            found.append((out.logits if isinstance(out, GlimpsePath) else out).argmax(1))
    finally:
        network.train(training)
    return torch.cat(found)
