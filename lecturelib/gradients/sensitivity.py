"""Sensitivity analysis of a table: the gradient of an output by each column, aggregated over all rows.

One row's gradient says what matters in that row; its mean over all rows says what matters to the network, with a sign.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lecturelib.checks import check_whole, complaint, described
from lecturelib.network.input_gradient import value_and_gradient
from lecturelib.network.inputs import to_the_weights
from lecturelib.network.units import Logit, Unit, checked_unit

ROWS = 4096  # rows at once: bounds the memory on long tables


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The gradient of one output by each of F features, over N rows.

    `mean_abs` says how much a feature matters; `mean` and `share_positive` (0 to 1: the share of rows where more of it
    raises the output) say in which direction.

    >>> import torch
    >>> Sensitivity(torch.tensor([2.0]), torch.tensor([-2.0]), torch.tensor([0.0])).mean_abs
    tensor([2.])
    """

    mean_abs: Tensor  # (F,) in output per unit of the feature
    mean: Tensor  # (F,)
    share_positive: Tensor  # (F,)


def sensitivity(model: nn.Module, inputs: Tensor, unit: Unit | int) -> Sensitivity:
    """Sensitivity of an output to each column of a table, averaged over all its rows.

        mean_abs_i = 1/N sum_n |d f(x_n) / d x_ni|,   f the unit, x_n row n

    inputs (N, F), each column brought to one scale (mean 0, deviation 1), or the columns cannot be compared. unit:
    the column k of the network's output (N, outputs), or any unit. The model comes back as it was. Raises
    `ValueError`, `TypeError` or `IndexError` before any work for a table of another shape, NaN, or an output that is
    not there. Zurada, Malinowski & Cloete 1994, "Sensitivity analysis for minimization of input data dimension".

    >>> import torch
    >>> net = torch.nn.Linear(2, 1)
    >>> _ = net.weight.data.copy_(torch.tensor([[3.0, -1.0]]))
    >>> sensitivity(net, torch.rand(5, 2), 0).mean
    tensor([ 3., -1.])
    """
    table = check_table(inputs)
    asked: Any = Logit(unit) if isinstance(unit, int) and not isinstance(unit, bool) else unit
    try:
        unit = checked_unit(model, asked, table.shape[1:])
    except ValueError as error:
        if not isinstance(error.__cause__, RuntimeError):
            raise
        hint = f"the network says: {error.__cause__}"
        expected = "rows that the network can take"
        raise ValueError(complaint("inputs", expected, f"{table.shape[1]} features", hint)) from error
    table = to_the_weights(table, model)
    total_abs, total, positive = torch.zeros(3, table.shape[1], dtype=torch.double)
    for rows in table.split(ROWS):
        _, gradient = value_and_gradient(model, rows, unit)
        gradient = gradient.double().cpu()  # (n, F)
        total_abs += gradient.abs().sum(0)
        total += gradient.sum(0)
        positive += (gradient > 0).sum(0)
    count = len(table)
    return Sensitivity(*((part / count).float() for part in (total_abs, total, positive)))


def select_features(found: Sensitivity, k: int) -> Tensor:
    """Feature selection: the indices (k,) of the k features with the largest `mean_abs`, the largest first.

    Raises `ValueError` or `TypeError` unless 1 <= k <= F.

    >>> import torch
    >>> select_features(Sensitivity(torch.tensor([0.1, 0.5, 0.3]), torch.zeros(3), torch.zeros(3)), 2)
    tensor([1, 2])
    """
    if not isinstance(found, Sensitivity):
        raise TypeError(complaint("found", "what sensitivity(...) returned", described(found)))
    check_whole("k", k, 1, len(found.mean_abs), "the number of features")
    return found.mean_abs.argsort(descending=True, stable=True)[:k]


def train_table_net(
    x: Tensor, y: Tensor, seed: int = 0, hidden: int = 32, steps: int = 200, decay: float = 1e-2
) -> nn.Sequential:
    """A network with one hidden layer, F -> hidden -> classes, trained on a table; in eval mode.

    x (N, F): floats; y (N,): labels from 0 up.

    Full-batch AdamW with weight decay, on two cores well under a second; the same seed gives the same network. Raises
    `ValueError` or `TypeError` for a bad table, or labels that do not fit it.

    >>> import torch
    >>> x = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))
    >>> train_table_net(x, (x[:, 0] > 0).long(), steps=5)(x).shape
    torch.Size([40, 2])
    """
    table = check_table(x, "x").float()
    if not isinstance(y, Tensor) or y.shape != (len(table),) or y.dtype != torch.long or y.min() < 0:
        raise ValueError(
            complaint("y", f"whole labels ({len(table)},) from 0 up, as a long tensor", described(y))
        )
    check_whole("hidden", hidden, 1)
    check_whole("steps", steps, 1)
    with torch.inference_mode(False), torch.enable_grad(), torch.random.fork_rng(devices=[]):
        table, y = table.clone(), y.clone()  # tensors made inside inference_mode cannot be trained on
        torch.manual_seed(seed)
        model = nn.Sequential(
            nn.Linear(table.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, int(y.max()) + 1)
        )
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=decay)
        for _ in range(steps):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(table), y).backward()
            optimizer.step()
    return model.eval().requires_grad_(False)


def check_table(inputs: Tensor, name: str = "inputs") -> Tensor:
    """The table, if it is a float tensor (N, F) without NaN; otherwise `ValueError` or `TypeError`."""
    if not isinstance(inputs, Tensor):
        raise TypeError(complaint(name, "a tensor (N, F) of floats", described(inputs)))
    if inputs.ndim != 2 or 0 in inputs.shape:
        raise ValueError(complaint(name, "a table (rows N, features F)", f"shape {tuple(inputs.shape)}"))
    if not inputs.is_floating_point():
        raise TypeError(complaint(name, "floats", str(inputs.dtype), f"use {name}.float()"))
    if not inputs.isfinite().all():
        raise ValueError(complaint(name, "finite values", "NaN or infinity"))
    return inputs.detach()
