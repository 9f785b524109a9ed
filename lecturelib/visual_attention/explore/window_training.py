"""The differentiable window closes in: where it reads held-out pictures at steps of its training."""

from functools import lru_cache

import torch

from lecturelib.drawing import Bitmap, Box, Drawing, Label, Shape
from lecturelib.show import Picture, pixels_of
from lecturelib.visual_attention.explore.glimpse_samples import task_pictures
from lecturelib.visual_attention.filterbank import SoftWindow
from lecturelib.visual_attention.shipped_windows import SPECS, shared_window, window_record
from lecturelib.widgets import Choice, Explorable, Slider

NETWORKS = {
    "Gaussian window, translated digits": "window_translated",
    "Gaussian window, cluttered digits": "window_cluttered",
    "bilinear sampler, translated digits": "window_translated_affine",
}
SHOWN, TILE, READ, TOP = 6, 136, 84, 34


def window_training_explorer() -> Explorable:
    """Step through the training of a soft window, and watch it close in on the digits of six held-out pictures."""
    controls = [
        Choice("network", tuple(NETWORKS)),
        Slider(
            "snapshot", 1, len(_snapshots("window_translated")), value=5, label="snapshot of the training"
        ),
    ]
    last = len(_snapshots("window_translated"))
    presets: dict[str, dict] = {
        "before training": {"snapshot": 1},
        "trained": {"snapshot": last},
        "trained, among clutter": {"snapshot": last, "network": "Gaussian window, cluttered digits"},
    }
    return Explorable(_render, controls, "The window closes in", presets)


@lru_cache(maxsize=4)
def _snapshots(name: str) -> list[dict]:
    return window_record(name)["snapshots"]


def _render(state: dict) -> Picture:
    name = NETWORKS[state["network"]]
    snapshot = _snapshots(name)[state["snapshot"] - 1]
    network, (placed, labels) = shared_window(name), task_pictures(SPECS[name].task)
    rows = torch.tensor(snapshot["windows"][:SHOWN])
    window = SoftWindow(rows[:, :2], rows[:, 2], rows[:, 3])
    read = network.read(placed.images[:SHOWN], window).clamp(0, 1)
    zoom = TILE / network.side
    shapes: list[Shape] = [
        Label(
            0, 12, f"step {snapshot['step']:,}: the square is what the window spans", 15, "start", bold=True
        )
    ]
    for k in range(SHOWN):
        left = k * (TILE + 14)
        shapes.append(Bitmap(left, TOP, TILE, TILE, pixels_of(placed.images[k]), hard=True))
        reach = rows[k, 2].item() * network.size / 2
        middle = [(value + 1) / 2 * network.side for value in rows[k, :2].tolist()]
        edges = [min(max(edge, 0.0), network.side) * zoom for m in middle for edge in (m - reach, m + reach)]
        shapes.append(
            Box(left + edges[0], TOP + edges[2], edges[1] - edges[0], edges[3] - edges[2], 0,
                fill="none", stroke="#E69F00", stroke_width=2.6)
        )  # fmt: skip
        below = TOP + TILE + 30
        shapes.append(Bitmap(left, below, READ, READ, pixels_of(read[k]), hard=True))
        shapes.append(Label(left + READ + 8, below + 12, f"a {labels[k].item()}", 14, "start"))
        shapes.append(Label(left + READ + 8, below + 34, f"σ {rows[k, 3]:.1f}", 12, "start", role="muted"))
    shapes.append(Label(0, TOP + TILE + 16, "what the window reads", 15, "start", bold=True))
    said = (
        f"step {snapshot['step']:,}: test error {snapshot['error']:.1%}; the window's center is "
        f"{snapshot['distance']:.1f} pixels from the digit's on average"
    )
    words = (
        f"{SHOWN} held-out pictures with the square that the window spans, and below what it reads. {said}."
    )
    return Drawing(
        SHOWN * (TILE + 14) - 8, TOP + TILE + 34 + READ, tuple(shapes), "The window closes in", words
    ).picture(said)
