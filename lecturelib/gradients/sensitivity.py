"""Which columns of a table matter to a network? The gradient of an output, aggregated over a data set.

One row's gradient says what matters there; its mean over all rows says what matters to the network, with a sign.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecturelib.checks import check_whole
from lecturelib.network.units import Logit, Unit, check_unit, read

ROWS = 4096  # rows at once: bounds the memory on long tables


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The gradient of one output by each of F features, over N rows.

    `mean_abs` says how much a feature matters; `mean` and `share_positive` (0 to 1: the share of rows where more of it
    raises the output) say in which direction.
    """

    mean_abs: Tensor  # (F,) in output per unit of the feature
    mean: Tensor  # (F,)
    share_positive: Tensor  # (F,)


def sensitivity(model: nn.Module, inputs: Tensor, unit: Unit | int) -> Sensitivity:
    """How an output of a network answers to each column of a table, over all its rows.

    inputs (N, F), each column brought to one scale (mean 0, deviation 1), or the columns cannot be compared. unit: the
    column k of the network's output (N, outputs), or any unit. The model comes back as it was. Raises `ValueError`,
    `TypeError` or `IndexError` before any work for a table of another shape, NaN, or an output that is not there.
    """
    table = check_table(inputs)
    if isinstance(unit, int) and not isinstance(unit, bool):
        unit = Logit(unit)
    try:
        unit = check_unit(model, unit, table.shape[1:])
    except ValueError as error:
        if not isinstance(error.__cause__, RuntimeError):
            raise
        raise ValueError(
            f"inputs: the network cannot take rows of {table.shape[1]} features ({error.__cause__})"
        ) from error
    table = table.to(next(model.parameters(), table))
    total_abs, total, positive = torch.zeros(3, table.shape[1], dtype=torch.double)
    for rows in table.split(ROWS):
        gradient = _gradient(model, rows, unit).double().cpu()  # (n, F)
        total_abs += gradient.abs().sum(0)
        total += gradient.sum(0)
        positive += (gradient > 0).sum(0)
    if not total_abs.isfinite().all():
        raise ValueError(f"{unit}: the network's gradient holds NaN or infinity")
    count = len(table)
    return Sensitivity(*((part / count).float() for part in (total_abs, total, positive)))


def _gradient(model: nn.Module, rows: Tensor, unit: Unit) -> Tensor:
    rows = rows.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(read(model, rows, unit).sum(), rows)  # rows do not mix in eval mode
    return gradient


def select_features(found: Sensitivity, k: int) -> Tensor:
    """The indices (k,) of the k features that matter most, the first one most, by `mean_abs`.

    Raises `ValueError` unless 1 <= k <= F.
    """
    if not isinstance(found, Sensitivity):
        raise TypeError(f"sensitivity: what sensitivity(...) returned is needed, got {type(found).__name__}")
    check_whole("k", k, 1, len(found.mean_abs))
    return found.mean_abs.argsort(descending=True, stable=True)[:k]


def train_table_net(
    x: Tensor, y: Tensor, seed: int = 0, hidden: int = 32, steps: int = 200, decay: float = 1e-2
) -> nn.Sequential:
    """A small network F -> hidden -> classes, trained on a table x (N, F) with labels y (N,) from 0; in eval mode.

    Full-batch AdamW with weight decay, on two cores well under a second; the same seed gives the same network. Raises
    `ValueError` or `TypeError` for a bad table, or labels that do not fit it.
    """
    table = check_table(x, "x").float()
    if not isinstance(y, Tensor) or y.shape != (len(table),) or y.dtype != torch.long or y.min() < 0:
        came = f"{tuple(y.shape)} {y.dtype}" if isinstance(y, Tensor) else type(y).__name__
        raise ValueError(
            f"y: whole labels ({len(table)},) from 0 up, as a long tensor, are needed, got {came}"
        )
    check_whole("hidden", hidden, 1)
    check_whole("steps", steps, 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Sequential(
            nn.Linear(table.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, int(y.max()) + 1)
        )
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=decay)
    with torch.enable_grad():
        for _ in range(steps):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(table), y).backward()
            optimiser.step()
    return model.eval().requires_grad_(False)


def check_table(inputs: Tensor, name: str = "inputs") -> Tensor:
    """The table, if it is a float tensor (N, F) without NaN; otherwise `ValueError` or `TypeError`."""
    if not isinstance(inputs, Tensor):
        raise TypeError(f"{name}: a tensor (N, F) of floats is needed, got {type(inputs).__name__}")
    if inputs.ndim != 2 or 0 in inputs.shape:
        raise ValueError(f"{name}: a table (rows N, features F) is needed, got shape {tuple(inputs.shape)}")
    if not inputs.is_floating_point():
        raise TypeError(f"{name}: floats are needed, got {inputs.dtype}; use .float()")
    if not inputs.isfinite().all():
        raise ValueError(f"{name}: there is NaN or infinity in the table")
    return inputs.detach()
