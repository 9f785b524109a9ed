"""An anomaly score with its threshold: what raises the alarm, and what slips through."""

from functools import lru_cache

import torch

from lecturelib import datasets
from lecturelib.autoencoders.anomaly import anomaly_scores, area_under_curve, roc_curve
from lecturelib.autoencoders.explore.samples import grey
from lecturelib.autoencoders.shipped_autoencoders import shared_autoencoder
from lecturelib.drawing import Box, Circle, Drawing, Label, Line, Shape
from lecturelib.drawing.shapes import Bitmap
from lecturelib.show import Picture
from lecturelib.widgets import Explorable, Slider

COUNT, SIDE, SMALL = 1000, 300, 52


def anomaly_explorer() -> Explorable:
    """Move the threshold of the reconstruction error: digits are normal, clothes are not."""
    threshold = Slider("threshold", 0.0, 0.08, 0.001, 0.03, label="alarm above this error")
    presets = {"no false alarms": {"threshold": 0.06}, "no clothes missed": {"threshold": 0.011}}
    return Explorable(_render, [threshold], "When does the alarm ring?", presets)


@lru_cache(maxsize=1)
def _scores() -> tuple[torch.Tensor, torch.Tensor]:
    model = shared_autoencoder("digits_32")
    digits, clothes = (load("test")[0][:COUNT] for load in (datasets.digits, datasets.clothes))
    return anomaly_scores(model, digits), anomaly_scores(model, clothes)


def _render(state: dict) -> Picture:
    normal, anomalous = _scores()
    at = state["threshold"]
    alarms, hits = (normal >= at).float().mean().item(), (anomalous >= at).float().mean().item()
    false_alarms, found = roc_curve(normal, anomalous)
    shapes: list[Shape] = [Box(50, 30, SIDE, SIDE, 0, fill="#fafafa", stroke="#b5b5b5")]
    points = [
        (50 + SIDE * x, 30 + SIDE * (1 - y))
        for x, y in zip(false_alarms.tolist(), found.tolist(), strict=True)
    ]
    shapes.append(Line(((50, 30 + SIDE), (50 + SIDE, 30)), stroke="#999999", stroke_width=1.2, dashed=True))
    shapes.append(Line(tuple(points), stroke="#0072B2", stroke_width=2.5))
    shapes.append(Circle(50 + SIDE * alarms, 30 + SIDE * (1 - hits), 6, fill="#D55E00", stroke="#ffffff"))
    for share in (0, 0.5, 1):
        shapes.append(Label(44, 30 + SIDE * (1 - share), f"{share:.0%}", 12, "end", role="muted"))
        shapes.append(Label(50 + SIDE * share, 46 + SIDE, f"{share:.0%}", 12, role="muted"))
    shapes.append(Label(50 + SIDE / 2, 66 + SIDE, "digits that raise the alarm", 13, role="muted"))
    shapes.append(Label(50, 14, "clothes that raise the alarm", 13, "start", role="muted"))
    shapes += _borderline("digits with the largest error", normal, datasets.digits, True, 14)
    shapes += _borderline("clothes with the smallest error", anomalous, datasets.clothes, False, 130)
    blank = anomaly_scores(shared_autoencoder("digits_32"), torch.zeros(1, 1, 28, 28)).item()
    rings = "raises the alarm" if blank >= at else "raises no alarm"
    shapes.append(Label(420, 262, f"an empty picture: error {blank:.4f}, {rings}", 15, "start"))
    area = area_under_curve(normal, anomalous)
    said = f"{hits:.1%} of the clothes and {alarms:.1%} of the digits raise the alarm; area under the curve {area:.3f}"
    words = f"Receiver operating characteristic of the reconstruction error; the orange dot is this threshold. {said}."
    return Drawing(860, 400, tuple(shapes), "Anomaly detection", words).picture(said)


def _borderline(title: str, scores: torch.Tensor, load, largest: bool, top: float) -> list[Shape]:
    """Seven pictures with the largest, or the smallest, scores in a row."""
    chosen = scores.topk(7, largest=largest).indices.tolist()
    images = load("test")[0]
    shapes: list[Shape] = [Label(420, top, title, 15, "start", bold=True)]
    for k, number in enumerate(chosen):
        left = 420 + k * (SMALL + 8)
        shapes.append(Bitmap(left, top + 14, SMALL, SMALL, grey(images[number]), hard=True))
        shapes.append(Label(left + SMALL / 2, top + SMALL + 26, f"{scores[number]:.3f}", 12, role="muted"))
    return shapes
