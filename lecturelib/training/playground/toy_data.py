"""Points in the plane for the playground, and the features of a point that the network may read."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from lecturelib.checks import check_name

REACH = 3.0  # the plane goes from -REACH to REACH in both directions
RADIUS = 2.5
TURNS = 1.5  # of a spiral's arm
GAP = 0.15  # half the empty band between the quarters of xor

FEATURES = {
    "x1": lambda x: x[:, 0],
    "x2": lambda x: x[:, 1],
    "x1^2": lambda x: x[:, 0] ** 2,
    "x2^2": lambda x: x[:, 1] ** 2,
    "x1 x2": lambda x: x[:, 0] * x[:, 1],
    "sin x1": lambda x: x[:, 0].sin(),
    "sin x2": lambda x: x[:, 1].sin(),
}


@dataclass(frozen=True)
class Points:
    """Places `x` (n, 2) in the plane, `label` (n,) whole numbers from 0, `train` (n,) truth values."""

    x: Tensor
    label: Tensor
    train: Tensor

    @property
    def test(self) -> Tensor:
        """The points that are kept back."""
        return ~self.train


def features_of(x: Tensor, names: list[str]) -> Tensor:
    """The named features (n, d) of places (n, 2): `x1`, `x2`, `x1^2`, `x2^2`, `x1 x2`, `sin x1`, `sin x2`."""
    return torch.stack([FEATURES[name](x) for name in names], dim=1)


def points(dataset: str, n: int, noise: float, train_share: float, seed: int) -> Points:
    """`n` points of a data set, the classes equally large to one point; the same seed gives the same points.

    `noise`: standard deviation of what is added to each place (the plane is 6 wide). `train_share` of each class
    is for training, at least one point of each class on either side. Raises `KeyError` for an unknown data set.
    """
    draw, classes = DATASETS[check_name("dataset", dataset, DATASETS, "data set")]
    generator = torch.Generator().manual_seed(seed)
    places, labels, train = [], [], []
    for k in range(classes):
        many = (n + classes - 1 - k) // classes
        u = torch.rand(many, 3, generator=generator, dtype=torch.float64)
        normal = torch.randn(many, 2, 2, generator=generator, dtype=torch.float64)
        places.append(draw(k, u, normal[:, 0]) + noise * normal[:, 1])
        labels.append(torch.full((many,), k))
        chosen = min(max(round(train_share * many), 1), many - 1)
        train.append(torch.randperm(many, generator=generator) < chosen)
    x = torch.cat(places).clamp(-REACH, REACH)  # a far point is drawn, and read, at the plane's edge
    return Points(x, torch.cat(labels), torch.cat(train))


# Each takes the class, uniform numbers u (n, 3) and normal ones (n, 2), and gives places (n, 2).


def _circle(k: int, u: Tensor, normal: Tensor) -> Tensor:
    """A disc (class 1) and a ring around it (class 0)."""
    low, high = ((0.7, 1.0), (0.0, 0.5))[k]
    return _polar(RADIUS * (low + (high - low) * u[:, 0]), 2 * math.pi * u[:, 1])


def _xor(k: int, u: Tensor, normal: Tensor) -> Tensor:
    """Opposite quarters belong together: class 1 where x1 and x2 have the same sign."""
    size = GAP + (RADIUS - GAP) * u[:, :2]  # (n, 2)
    sign = torch.where(u[:, 2:] < 0.5, -1.0, 1.0)  # (n, 1), of x1
    other = sign if k == 1 else -sign
    return size * torch.cat([sign, other], dim=1)


def _gauss(k: int, u: Tensor, normal: Tensor) -> Tensor:
    """Two clouds around (-1, -1) and (1, 1) of standard deviation 0.5."""
    return (1.0 if k == 1 else -1.0) + 0.5 * normal


def _spiral(k: int, u: Tensor, normal: Tensor) -> Tensor:
    """Two arms of one and a half turns each, half a turn apart."""
    along = 0.08 + 0.92 * u[:, 0]
    return _polar(RADIUS * along, 2 * math.pi * TURNS * along + math.pi * k)


def _pinwheel(k: int, u: Tensor, normal: Tensor) -> Tensor:
    """Three arms of half a turn, a third of a turn apart."""
    along = 0.15 + 0.85 * u[:, 0]
    angle = 2 * math.pi * k / 3 + math.pi * along
    return _polar(RADIUS * along, angle) + 0.1 * normal


def _polar(radius: Tensor, angle: Tensor) -> Tensor:
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)


# How a class is drawn, and how many classes there are.
DATASETS = {
    "circle": (_circle, 2),
    "xor": (_xor, 2),
    "gauss": (_gauss, 2),
    "spiral": (_spiral, 2),
    "pinwheel": (_pinwheel, 3),
}
