"""Incomplete-data factorization: D ~ U V^T where entries of D are missing, by alternating least squares or gradient.

Koren, Bell and Volinsky 2009, "Matrix factorization techniques for recommender systems".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from lecturelib.autoencoders.linear_autoencoder import check_data
from lecturelib.checks import check_choice, check_number, check_whole, complaint, described

Loss = Literal["squared_error", "cross_entropy"]
LEAST_RIDGE = 1e-4  # below, systems may be singular in 32 bits: they are solved in 64
TINY = 1e-9  # keeps them regular in 64 bits


@dataclass(frozen=True, eq=False)
class Factorization:
    """One step of a factorization: U (n, k), V (d, k), the offset of each column (d,), and the error.

    `error` is the mean loss over the observed entries: squared error, or cross-entropy in nats.
    """

    step: int
    of: int
    rows: Tensor
    columns: Tensor
    offset: Tensor
    error: float
    loss: Loss = "squared_error"

    def completed(self) -> Tensor:
        """U V^T + offset (n, d), all entries, the missing ones too; a probability for cross-entropy."""
        values = self.rows @ self.columns.T + self.offset  # (n, k) (k, d) -> (n, d)
        return values.sigmoid() if self.loss == "cross_entropy" else values


def check_mask(mask: Tensor, data: Tensor) -> Tensor:
    """The mask (n, d), True where an entry is observed; `ValueError` for a row or column without any.

    >>> check_mask(torch.ones(2, 2, dtype=torch.bool), torch.zeros(2, 2)).all().item()
    True
    """
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        raise TypeError(complaint("mask", "a tensor of bools, True where observed", described(mask)))
    if mask.shape != data.shape:
        raise ValueError(complaint("mask", f"shape {tuple(data.shape)}, as the data", tuple(mask.shape)))
    for what, dim in (("row", 1), ("column", 0)):
        empty = (~mask.any(dim)).nonzero().flatten()
        if len(empty):
            raise ValueError(
                complaint(
                    "mask",
                    f"an observed entry in every {what}",
                    f"none in {what} {empty[0].item()} ({len(empty)} in all)",
                    f"leave out each {what} of which nothing is known",
                )
            )
    return mask


def iter_alternating_least_squares(
    data: Tensor,
    mask: Tensor,
    rank: int,
    steps: int = 15,
    ridge: float = 0.1,
    center: bool = True,
    seed: int = 0,
) -> Iterator[Factorization]:
    """Alternating least squares: each row of U, then each row of V, solved exactly with the other held fixed.

    min over U, V of sum over observed (i, j) of (d_ij - offset_j - u_i . v_j)^2 + ridge (|U|^2 + |V|^2), with
    offset_j the mean of what is observed of column j (0 without `center`). data (n, d), its values at missing places
    are never read. Without a ridge a row with fewer observed entries than the rank gets the shortest of its solutions.
    Raises `ValueError` for a rank below 1 or above min(n, d), a row or column without an observed entry, or a negative
    ridge.

    >>> data = torch.outer(torch.arange(1.0, 5), torch.arange(1.0, 4))
    >>> mask = torch.ones(4, 3, dtype=torch.bool); mask[3, 2] = False
    >>> *_, end = iter_alternating_least_squares(data, mask, rank=1, ridge=0.0, center=False)
    >>> round(end.completed()[3, 2].item(), 1)  # 4 * 3, never seen
    12.0
    """
    observed, offset, centered = _prepared(data, mask, rank, steps, center)
    check_number("ridge", ridge, least=0)
    columns = _start(data, rank, seed)[1]

    def run() -> Iterator[Factorization]:
        v = columns
        for step in range(1, steps + 1):
            u = _solved(centered, observed, v, ridge)
            v = _solved(centered.T, observed.T, u, ridge)
            error = _mean((u @ v.T - centered).square(), observed)
            yield Factorization(step, steps, u, v, offset, error)

    return run()


def iter_gradient_factorization(
    data: Tensor,
    mask: Tensor,
    rank: int,
    steps: int = 300,
    learning_rate: float = 0.05,
    ridge: float = 0.1,
    loss: Loss = "squared_error",
    center: bool = True,
    seed: int = 0,
) -> Iterator[Factorization]:
    """Factorization by gradient descent (Adam on all observed entries); minimizes what ALS minimizes.

    With loss "cross_entropy" the entries are 0 or 1 (values between count as shares) and U V^T + offset are logits: the
    factorization of binary pictures (logistic PCA; Collins, Dasgupta and Schapire 2001). Raises as ALS does, and
    `ValueError` for entries outside [0, 1] with cross-entropy.

    >>> data = torch.eye(3).repeat(2, 1)
    >>> mask = torch.ones(6, 3, dtype=torch.bool)
    >>> *_, end = iter_gradient_factorization(data, mask, rank=2, steps=200, ridge=1e-3)
    >>> end.error < 0.02
    True
    """
    check_choice("loss", loss, ("squared_error", "cross_entropy"))
    observed, offset, _ = _prepared(data, mask, rank, steps, center)
    check_number("learning_rate", learning_rate, above=0)
    check_number("ridge", ridge, least=0)
    known = data.where(mask, 0.0)
    if loss == "cross_entropy":
        if known.min() < 0 or known.max() > 1:
            raise ValueError(
                complaint(
                    "data", "values in [0, 1] for cross-entropy", f"{known.min():.3g} to {known.max():.3g}"
                )
            )
        offset = offset.clamp(0.01, 0.99).logit() if center else offset
    u, v = (factor.requires_grad_() for factor in _start(data, rank, seed))

    def entry_loss(values: Tensor) -> Tensor:
        if loss == "cross_entropy":
            return binary_cross_entropy_with_logits(values, known, reduction="none")
        return (values - known).square()

    def run() -> Iterator[Factorization]:
        optimizer = torch.optim.Adam([u, v], lr=learning_rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for step in range(1, steps + 1):
            with torch.enable_grad():
                losses = entry_loss(u @ v.T + offset)  # (n, d)
                total = (losses * observed).sum() + ridge * (u.square().sum() + v.square().sum())
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
            schedule.step()
            error = _mean(losses.detach(), observed)
            yield Factorization(step, steps, u.detach().clone(), v.detach().clone(), offset, error, loss)

    return run()


def held_out_error(found: Factorization, data: Tensor, held_out: Tensor) -> float:
    """Mean squared error over entries that the factorization did not see; held_out (n, d) is True there.

    >>> zeros = torch.zeros(2, 1)
    >>> found = Factorization(1, 1, zeros, zeros, torch.zeros(2), 0.0)
    >>> held_out_error(found, torch.ones(2, 2), torch.eye(2, dtype=torch.bool))
    1.0
    """
    if not held_out.any():
        raise ValueError(complaint("held_out", "at least one entry", "none"))
    return _mean((found.completed() - data).square(), held_out.to(data.dtype))


def _prepared(
    data: Tensor, mask: Tensor, rank: int, steps: int, center: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """The mask as numbers, each column's observed mean, and the data less that mean, 0 where nothing is observed."""
    if not isinstance(data, Tensor):
        check_data(data)  # says what is wrong
    check_mask(mask, data)
    check_data(data.where(mask, 0.0))  # what stands at missing places, NaN perhaps, is not looked at
    data = data.where(mask, 0.0)
    check_whole("rank", rank, 1, min(data.shape), "the smaller side of the data")
    check_whole("steps", steps, 1)
    observed = mask.to(data.dtype)
    offset = data.sum(0) / observed.sum(0) if center else data.new_zeros(data.shape[1])
    return observed, offset, (data - offset) * observed


def _start(data: Tensor, rank: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    rows, columns = (0.1 * torch.randn(size, rank, generator=generator).to(data) for size in data.shape)
    return rows, columns


def _solved(data: Tensor, observed: Tensor, factor: Tensor, ridge: float) -> Tensor:
    """The best rows (n, k) for fixed columns `factor` (d, k): one small linear system for each row."""
    exact = torch.float64 if ridge < LEAST_RIDGE else data.dtype
    known, values, columns = (each.to(exact) for each in (observed, data, factor))
    rank = factor.shape[1]
    pairs = (columns[:, :, None] * columns[:, None, :]).flatten(1)  # (d, k * k): v_j v_j^T
    gram = (known @ pairs).view(-1, rank, rank)  # (n, k, k): sums over what is observed of a row
    gram = gram + (ridge + TINY) * torch.eye(rank).to(gram)
    return torch.linalg.solve(gram, values @ columns).to(data)  # (n, k, k), (n, k) -> (n, k)


def _mean(values: Tensor, observed: Tensor) -> float:
    return ((values * observed).sum() / observed.sum()).item()
