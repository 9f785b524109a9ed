"""Gradient descent closes in on the SVD: principal angles, error and basis while a linear autoencoder trains."""

from collections.abc import Iterator
from functools import lru_cache

import torch

from lecturelib.autoencoders.explore.samples import SETS
from lecturelib.autoencoders.linear_autoencoder import (
    SVD,
    LinearStep,
    basis_agreement,
    compressed,
    iter_linear_autoencoder,
    truncated_svd,
)
from lecturelib.drawing import Drawing, line_chart
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Progress, Slider, Toggle
from lecturelib.widgets.emerging import emerging

STEPS, EVERY = 1500, 25
RATE = 0.05


def angles_explorer() -> Explorable:
    """Train a linear autoencoder live, and watch the principal angles to the subspace of the SVD close."""
    controls = [
        Choice("data", tuple(SETS), label="data set"),
        Slider("code_size", 1, 12, value=4, label="code units"),
        Toggle("nested", False, label="nested dropout (orders the units)"),
        Slider("seed", 0, 9, value=0),
    ]
    return Explorable(
        _render,
        controls,
        "Gradient descent finds the subspace of the SVD",
        {"with nested dropout": {"nested": True}},
    )


@lru_cache(maxsize=2)
def _rows(data: str) -> torch.Tensor:
    rows = SETS[data][0]("train")[0][:4000].flatten(1)
    rows = rows - rows.mean(0)
    # the directions beyond 60 hold little, and dropping them keeps a step short
    basis = truncated_svd(rows, 60).basis
    return compressed(rows @ basis)


@lru_cache(maxsize=32)
def _right(data: str, code_size: int) -> SVD:
    return truncated_svd(_rows(data), code_size)


def _steps(state: dict) -> Iterator[list[tuple[LinearStep, torch.Tensor]]]:
    """What was seen so far, at some of the steps, with its angles."""
    right, seen = _right(state["data"], state["code_size"]), []
    run = iter_linear_autoencoder(
        _rows(state["data"]), state["code_size"], STEPS, RATE, state["nested"], state["seed"]
    )
    for step in run:
        if step.step % EVERY == 0 or step.step == 1:
            seen.append((step, step.angles(right.basis)))
            yield list(seen)


def _render(state: dict) -> Iterator[Picture | Progress]:
    key = ("angles", *sorted(state.items()))
    yield from emerging(
        key, lambda: _steps(state), STEPS // EVERY + 1, lambda seen: _drawn(seen, state), "training"
    )


def _drawn(seen: list[tuple[LinearStep, torch.Tensor]], state: dict) -> Picture:
    right = _right(state["data"], state["code_size"])
    end, angles = seen[-1]
    best = right.residual / _rows(state["data"]).square().sum().item()
    same = basis_agreement(end.decoder, right.basis).mean().item()
    steps = [str(step.step) for step, _ in seen]
    shapes = line_chart(
        (60, 40, 330, 230), steps,
        {"largest": [a.max().item() for _, a in seen], "smallest": [a.min().item() for _, a in seen]},
        (0.0, 1.6), "principal angles, radians", "training step", percent=False,
    )  # fmt: skip
    shapes += line_chart(
        (500, 40, 770, 230), steps,
        {"autoencoder": [step.loss for step, _ in seen], "SVD": [best] * len(seen)},
        (0.0, 1.0), "squared error, share of the data's", "training step",
    )  # fmt: skip
    said = (
        f"step {end.step}: largest angle {angles.max():.3f} rad, error {end.loss:.4f} (SVD {best:.4f}), "
        f"|cos| of unit and component of the same number {same:.2f} on average"
    )
    drawing = Drawing(880, 280, tuple(shapes), "Principal angles while training", f"Two charts. {said}.")
    return drawing.picture(said)
