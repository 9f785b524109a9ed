"""Pictures with missing pixels, completed by a factorization of low rank."""

from collections.abc import Iterator
from functools import lru_cache

import torch

from lecturelib.autoencoders.explore.samples import SETS, grey
from lecturelib.autoencoders.incomplete_factorization import (
    Factorization,
    held_out_error,
    iter_alternating_least_squares,
)
from lecturelib.show import Picture
from lecturelib.show.palettes import color
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Explorable, Progress, Slider
from lecturelib.widgets.emerging import emerging

COUNT, STEPS, SHOWN, SIDE = 500, 8, 6, 126


def factorization_explorer() -> Explorable:
    """Hide a share of the pixels of 500 pictures, and complete them by alternating least squares of some rank."""
    controls = [
        Choice("data", tuple(SETS), "clothes", label="data set"),
        Slider("missing", 0.1, 0.9, 0.1, 0.5, label="share of pixels missing"),
        Slider("rank", 1, 24, value=8),
        Slider("ridge", 0.0, 2.0, 0.25, 0.5, label="ridge penalty"),
    ]
    presets: dict[str, dict] = {
        "rank too high": {"rank": 24, "missing": 0.9, "ridge": 0.0},
        "rank too low": {"rank": 1},
    }
    return Explorable(_render, controls, "Complete what is missing", presets)


@lru_cache(maxsize=2)
def _rows(data: str) -> torch.Tensor:
    return SETS[data][0]("train")[0][:COUNT].flatten(1)


def _mask(rows: torch.Tensor, missing: float) -> torch.Tensor:
    """True where a pixel is observed: drawn once, with one observed pixel for each row and column at least."""
    generator = torch.Generator().manual_seed(0)
    draw = torch.rand(rows.shape, generator=generator)
    observed = draw >= missing
    observed[torch.arange(len(rows)), draw.argmax(1)] = True
    observed[draw.argmax(0), torch.arange(rows.shape[1])] = True
    return observed


def _render(state: dict) -> Iterator[Picture | Progress]:
    rows = _rows(state["data"])
    observed = _mask(rows, state["missing"])

    def steps() -> Iterator[Factorization]:
        return iter_alternating_least_squares(rows, observed, state["rank"], STEPS, state["ridge"])

    def draw(found: Factorization) -> Picture:
        return _drawn(found, rows, observed, state)

    yield from emerging(
        ("factorization", *sorted(state.items())), steps, STEPS, draw, "alternating least squares"
    )


def _drawn(found: Factorization, rows: torch.Tensor, observed: torch.Tensor, state: dict) -> Picture:
    completed = found.completed()
    sheet = Sheet()
    for k in range(SHOWN):
        left = k * (SIDE + 10)
        seen = grey(rows[k].view(28, 28)).copy()
        seen[~observed[k].view(28, 28).numpy()] = color("orange")
        below = sheet.put(seen, 0, left, "orange: missing" if k == 0 else " ", SIDE)
        below = sheet.put(
            grey(completed[k].view(28, 28)), below + 6, left, "completed" if k == 0 else " ", SIDE
        )
        sheet.put(grey(rows[k].view(28, 28)), below + 6, left, "the truth" if k == 0 else " ", SIDE)
    hidden = held_out_error(found, rows, ~observed)
    said = (
        f"step {found.step} of {found.of}: mean squared error {found.error:.4f} on observed pixels, {hidden:.4f} on "
        f"missing ones; rank {state['rank']}"
    )
    words = f"Six pictures of {state['data']} with {state['missing']:.0%} of the pixels missing, completed, and whole."
    return sheet.picture(f"{words} {said}.", said)
