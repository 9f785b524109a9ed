"""Attention pooling on a noisy curve: the width of the kernel decides how far the query looks."""

from __future__ import annotations

import torch

from lecturelib.attention.kernel_regression import (
    ENDS,
    left_out_error,
    nadaraya_watson,
    noisy_curve,
    true_curve,
)
from lecturelib.attention.views.kernel_regression_view import kernel_regression_view
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Slider, Toggle

WIDTHS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0)
_GRID = torch.linspace(*ENDS, 201)


def kernel_regression_explorer() -> Explorable:
    """Measurements are values, their places keys; move a query, and set the width of the kernel that weighs them."""
    controls = [
        Choice("width", WIDTHS, 0.3, slider=True, label="width of the kernel"),
        Slider("query", 0.0, 5.0, 0.1, 2.0, label="query: where to estimate"),
        Slider("count", 10, 100, 10, 40, label="measurements"),
        Slider("seed", 0, 9, label="other measurements"),
        Toggle("truth", False, label="show the curve without noise"),
    ]
    presets: dict[str, dict] = {
        "one measurement decides": {"width": 0.02, "query": 2.0},
        "the mean of all": {"width": 5.0, "query": 2.0},
        "at the edge": {"width": 0.5, "query": 5.0, "truth": True},
        "few measurements": {"width": 0.3, "count": 10},
    }
    return Explorable(_render, controls, "Attention as a weighted mean", presets)


def _render(state: dict) -> Picture:
    x, y = noisy_curve(state["count"], state["seed"])
    width, query = state["width"], torch.tensor([float(state["query"])])
    estimate, _ = nadaraya_watson(_GRID, x, y, width)
    answer, weights = nadaraya_watson(query, x, y, width)
    truth = true_curve(_GRID)
    near = int((weights[0] > 0.01).sum())
    error = (estimate - truth).square().mean().sqrt().item()
    caption = (
        f"Width {width:g}: at {query.item():g} the estimate is {answer.item():.2f}; {near} of {len(x)} measurements "
        f"have more than 1 % of the weight. Error of measurements left out: {left_out_error(x, y, width):.2f}."
    )
    if state["truth"]:
        caption += f" Distance from the curve without noise: {error:.2f} (root mean square)."
    shown = truth if state["truth"] else None
    return kernel_regression_view(
        (x, y), (_GRID, estimate), shown, query.item(), answer.item(), weights[0], caption
    )
