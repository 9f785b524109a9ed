"""The recurrent model of visual attention: a sensor, a core that remembers, and two outputs: what it is, where next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from lecturelib.checks import check_choice, check_number, check_whole
from lecturelib.network.inputs import as_the_model_takes
from lecturelib.visual_attention.retina import check_locations, check_sensor, padded_for, sensed

Policy = Literal["learned", "random"]
POLICIES: tuple[Policy, ...] = ("learned", "random")


@dataclass(frozen=True)
class GlimpsePath:
    """What a glimpse network did with B pictures in T glimpses.

    `locations` (T, B, 2) as (x, y) in [-1, 1], where it looked; `means` (T - 1, B, 2), where its policy wanted to look;
    `log_probabilities` (T - 1, B), log densities of what was drawn; `baselines` (T - 1, B), the rewards it expected;
    `states` (T, B, hidden); `logits` (B, classes) after the last glimpse.
    """

    locations: Tensor
    means: Tensor
    log_probabilities: Tensor
    baselines: Tensor
    states: Tensor
    logits: Tensor

    @property
    def glimpses(self) -> int:
        """How many glimpses were taken."""
        return len(self.locations)


class GlimpseNetwork(nn.Module):
    """Recurrent model of visual attention (RAM): classify a picture by a few glimpses at it.

    Glimpse network: g_t = ReLU(W (ReLU(W_rho rho) ; ReLU(W_l l))) of the retina rho and its location l. Core:
    h_t = ReLU(W_h h_(t-1) + W_g g_t). Location network: mean = tanh(W h_t), and the next location is drawn from a
    normal distribution around it with standard deviation `std`. Action network: logits = W h_T. A linear baseline on
    h_t predicts the reward. Policy and baseline see h_t detached: REINFORCE trains these two only. The first glimpse is
    at the center. `policy` "random": the control, all other locations uniform over the picture.

    Raises `TypeError` or `ValueError` for zero glimpses or a sensor that cannot be. Mnih et al. 2014, section 3.

    >>> network = GlimpseNetwork(size=8, scales=1, glimpses=3)
    >>> path = network(torch.zeros(2, 1, 28, 28))
    >>> path.locations.shape, path.logits.shape
    (torch.Size([3, 2, 2]), torch.Size([2, 10]))
    """

    def __init__(
        self,
        size: int = 12,
        scales: int = 3,
        glimpses: int = 6,
        policy: Policy = "learned",
        std: float = 0.15,
        hidden: int = 256,
        classes: int = 10,
        name: str = "",
    ):
        super().__init__()
        check_sensor(size, scales)
        check_whole("glimpses", glimpses, 1, 64)
        check_choice("policy", policy, POLICIES)
        check_number("std", std, above=0, most=1)
        check_whole("hidden", hidden, 2)
        check_whole("classes", classes, 2)
        self.size, self.scales, self.glimpses, self.policy, self.std = size, scales, glimpses, policy, std
        self.hidden, self.name, self.channels = hidden, name, 1
        half = hidden // 2
        self.what = nn.Linear(scales * size * size, half)
        self.where = nn.Linear(2, half)
        self.glimpse = nn.Linear(2 * half, hidden)
        self.core = nn.Linear(2 * hidden, hidden)
        self.locator = nn.Linear(hidden, 2)
        self.baseline = nn.Linear(hidden, 1)
        self.action = nn.Linear(hidden, classes)

    def start(self, count: int) -> tuple[Tensor, Tensor]:
        """The state (count, hidden) before the first glimpse, all 0, and its location (count, 2), the center."""
        like = self.action.weight
        return like.new_zeros(count, self.hidden), like.new_zeros(count, 2)

    def look(self, images: Tensor, locations: Tensor, state: Tensor, padded: Tensor | None = None) -> Tensor:
        """One glimpse: the next state (B, hidden) from pictures (B, 1, H, W), locations (B, 2) and the last state.

        `padded`: the pictures with their border, where several glimpses share it.
        """
        if padded is None:
            padded = padded_for(images, self.size, self.scales)
        seen = sensed(padded, images.shape[-2:], locations, self.size, self.scales).flatten(1)
        both = torch.cat(
            [self.what(seen), self.where(locations)], 1
        ).relu()  # (B, scales * size * size) -> (B, hidden)
        return self.core(torch.cat([state, self.glimpse(both).relu()], 1)).relu()

    def next_mean(self, state: Tensor) -> Tensor:
        """Where the policy wants to look next, (B, 2); no gradient flows into the state."""
        return self.locator(state.detach()).tanh()

    def forward(
        self,
        images: Tensor,
        generator: torch.Generator | None = None,
        sample: bool = False,
        glimpses: int | None = None,
        random: bool = False,
    ) -> GlimpsePath:
        """The path over pictures (B, 1, H, W) in [0, 1].

        `sample`: draw the locations around their means (as in training); otherwise look at the means. A random policy
        always draws. `glimpses`: another number than it was trained with. `random`: uniform places whatever the policy.
        Raises `TypeError` or `ValueError`.
        """
        images = as_the_model_takes(images, self)
        check_sensor(self.size, self.scales, images.shape[-2:])
        count = self.glimpses if glimpses is None else check_whole("glimpses", glimpses, 1, 64)
        state, location = self.start(len(images))
        padded = padded_for(images, self.size, self.scales)
        locations, means, chances, baselines, states = [location], [], [], [], []
        for step in range(count):
            state = self.look(images, location, state, padded)
            states.append(state)
            if step == count - 1:
                break
            mean = self.next_mean(state).to(images.dtype)  # also where autocast computes in bfloat16
            uniform = random or self.policy == "random"
            if uniform:
                drawn = torch.rand(len(images), 2, generator=generator) * 2 - 1
            elif sample:
                drawn = mean.detach() + self.std * torch.randn(len(images), 2, generator=generator)
            else:
                drawn = mean.detach()
            location = drawn.clamp(-1, 1)
            locations.append(location)
            means.append(mean)
            chances.append(
                torch.full_like(mean[:, 0], -math.log(4)) if uniform else log_density(drawn, mean, self.std)
            )
            baselines.append(self.baseline(state.detach())[:, 0].to(images.dtype))
        empty = images.new_zeros(0, len(images))
        return GlimpsePath(
            torch.stack(locations),
            torch.stack(means) if means else images.new_zeros(0, len(images), 2),
            torch.stack(chances) if chances else empty,
            torch.stack(baselines) if baselines else empty,
            torch.stack(states),
            self.action(state),
        )

    def follow(self, images: Tensor, locations: Tensor) -> Tensor:
        """Logits (T, B, classes) after each glimpse, looking where it is told: locations (T, B, 2) in [-1, 1].

        Raises `TypeError` or `ValueError` for other pictures, or locations that are none.
        """
        images = as_the_model_takes(images, self)
        check_sensor(self.size, self.scales, images.shape[-2:])
        check_whole("glimpses", len(locations), 1)
        state, said = self.start(len(images))[0], []
        padded = padded_for(images, self.size, self.scales)
        for location in locations:
            state = self.look(images, check_locations(location, len(images)), state, padded)
            said.append(self.action(state))
        return torch.stack(said)

    def extra_repr(self) -> str:
        return f"{self.glimpses} glimpses of {self.size} x {self.size} at {self.scales} scales, {self.policy} policy"


def log_density(drawn: Tensor, mean: Tensor, std: float) -> Tensor:
    """Log density (B,) of points (B, 2) under a normal distribution with means (B, 2) and one standard deviation.

    >>> log_density(torch.zeros(1, 2), torch.zeros(1, 2), 1.0).exp()
    tensor([0.1592])
    """
    share = (drawn - mean).square().sum(-1) / (2 * std**2)
    return -share - math.log(2 * math.pi * std**2)
