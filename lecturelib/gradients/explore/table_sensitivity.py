"""Sensitivity on a table: which columns a network reacts to, and what it knows from these alone."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn

from lecturelib.drawing import Box, Drawing, Label, Line, Shape
from lecturelib.gradients.sensitivity import Sensitivity, select_features, sensitivity, train_table_net
from lecturelib.show import Picture
from lecturelib.show.text_metrics import shortened
from lecturelib.widgets import Choice, Explorable, Slider

TABLES = {"tumors": "load_breast_cancer", "wine": "load_wine", "iris": "load_iris"}
PICKED = ("most sensitive", "random", "least sensitive")
WINNER = "each row's winning class"
MOST, ROW = 14, 25  # columns that are listed, px of one line


def sensitivity_explorer(table: str = "tumors") -> Explorable:
    """Columns of noise are added to a table: which columns does a trained network react to, and how many does it need?

    >>> sensitivity_explorer("iris").state["table"]
    'iris'
    """

    def refresh(state: dict) -> dict:
        names, noise = _names(state["table"], state["noise"]), state["noise"]
        start = max(1, (len(names) - noise) // 3 + 2)
        return {
            "output": _output(state["table"]),
            "kept": Slider("kept", 1, len(names), 1, min(start, len(names))),
        }

    controls = [
        Choice("table", tuple(TABLES), table),
        _output(table),
        Slider("noise", 0, 60, 10, 30, label="columns of noise added"),
        Choice("picked", PICKED, label="columns kept"),
        Slider("kept", 1, 90, 1, 10, label="how many are kept"),
        Slider("seed", 0, 9, label="seed of noise and weights"),
    ]
    presets: dict[str, dict] = {
        "the most sensitive": {"table": "tumors", "picked": "most sensitive", "kept": 10},
        "ten at random": {"table": "tumors", "picked": "random", "kept": 10},
        "the least sensitive": {"table": "tumors", "picked": "least sensitive", "kept": 10},
        "a single column": {"table": "tumors", "picked": "most sensitive", "kept": 1},
        "three kinds of wine": {"table": "wine"},
    }
    return Explorable(
        _render, controls, "Sensitivity on a table", presets, refresh, resets={"kept": ("table",)}
    )


@lru_cache(maxsize=3)
def _loaded(table: str):
    from sklearn import datasets

    return getattr(datasets, TABLES[table])()


def _output(table_or_state: str | dict) -> Choice:
    table = table_or_state if isinstance(table_or_state, str) else table_or_state["table"]
    names = tuple(str(name) for name in _loaded(table).target_names)
    labels = (WINNER, *names)
    return Choice("output", tuple(range(-1, len(names))), label="gradient of the score of", labels=labels)


def _names(table: str, noise: int) -> list[str]:
    return [*map(str, _loaded(table).feature_names), *(f"noise {k + 1}" for k in range(noise))]


@lru_cache(maxsize=32)
def _data(table: str, noise: int, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Rows for training (n, F) with their labels, and rows for testing; each column has mean 0 and deviation 1."""
    data = _loaded(table)
    x, y = torch.tensor(data.data, dtype=torch.float), torch.tensor(data.target)
    generator = torch.Generator().manual_seed(seed)
    x = torch.cat([(x - x.mean(0)) / x.std(0), torch.randn(len(x), noise, generator=generator)], 1)
    order = torch.randperm(len(x), generator=generator)
    train, test = order[: len(x) * 7 // 10], order[len(x) * 7 // 10 :]
    return x[train], y[train], x[test], y[test]


@lru_cache(maxsize=64)
def _trained(table: str, noise: int, seed: int, columns: tuple[int, ...]) -> tuple[nn.Module, float]:
    """A network of these columns, and its accuracy on the test rows."""
    x, y, x_test, y_test = _data(table, noise, seed)
    net = train_table_net(x[:, columns], y, seed)
    with torch.no_grad():
        right = (net(x_test[:, columns]).argmax(1) == y_test).float().mean().item()
    return net, right


def _sensitivity(net: nn.Module, rows: Tensor, output: int) -> Sensitivity:
    """Of one output over all rows, or, for -1, of the output that wins in each row."""
    if output >= 0:
        return sensitivity(net, rows, output)
    with torch.no_grad():
        winner = net(rows).argmax(1)  # (N,)
    parts = [(rows[winner == k], int(k)) for k in winner.unique()]
    found = [(len(part) / len(rows), sensitivity(net, part, k)) for part, k in parts]
    return Sensitivity(
        *(
            sum(share * getattr(one, name) for share, one in found)
            for name in ("mean_abs", "mean", "share_positive")
        )
    )


def _kept(found: Sensitivity, picked: str, count: int, seed: int) -> tuple[int, ...]:
    order = select_features(found, len(found.mean_abs)).tolist()
    if picked == "random":
        return tuple(
            torch.randperm(len(order), generator=torch.Generator().manual_seed(seed))[:count].tolist()
        )
    return tuple(order[:count] if picked == PICKED[0] else order[::-1][:count])


def _render(state: dict) -> Picture:
    of = (state["table"], state["noise"], state["seed"])
    names = _names(*of[:2])
    net, whole = _trained(*of, tuple(range(len(names))))
    found = _sensitivity(net, _data(*of)[0], state["output"])
    kept = _kept(found, state["picked"], state["kept"], state["seed"])
    _, right = _trained(*of, kept)
    noisy = sum(names[k].startswith("noise") for k in kept)
    output = WINNER if state["output"] < 0 else str(_loaded(state["table"]).target_names[state["output"]])
    caption = (
        f"Kept: {len(kept)} of {len(names)} columns, {noisy} of them noise. Accuracy on rows not trained on: "
        f"{right:.1%} with these, {whole:.1%} with all columns. One seed ({state['seed']})."
    )
    shapes = _bars(found, names, set(kept), output)
    shown = min(MOST, len(names))
    alt = f"The columns with the largest mean absolute gradient of the score of {output}. {caption}"
    return Drawing(860, 62 + ROW * shown + 26, tuple(shapes), "Sensitivity on a table", alt).picture(caption)


def _bars(found: Sensitivity, names: list[str], kept: set[int], output: str) -> list[Shape]:
    """The most sensitive columns as bars, with the direction in which they move the score, and in how many rows."""
    order = select_features(found, min(MOST, len(names))).tolist()
    largest = found.mean_abs[order[0]].item() or 1.0
    shapes: list[Shape] = [
        Label(0, 14, f"mean |gradient| of the score of {output}, largest first", 15, "start", bold=True),
        Label(
            0,
            40,
            "bold: kept; orange raises the score in most rows, blue lowers it",
            13,
            "start",
            role="muted",
        ),
    ]
    for row, k in enumerate(order):
        y = 66 + ROW * row
        up = found.share_positive[k].item()
        length = 340 * found.mean_abs[k].item() / largest
        name = shortened(names[k], 210, 13, k in kept)
        share = f"{found.mean_abs[k]:.3g}; {'raises' if up > 0.5 else 'lowers'} it in {max(up, 1 - up):.0%} of the rows"
        shapes.append(Label(222, y, name, 13, "end", k in kept))
        shapes.append(Box(232, y - 8, max(length, 1), 16, 2, role="positive" if up > 0.5 else "negative"))
        shapes.append(Label(232 + length + 8, y, share, 12, "start", role="muted"))
    shapes.append(Line(((232, 54), (232, 58 + ROW * len(order))), role="grid"))
    return shapes
