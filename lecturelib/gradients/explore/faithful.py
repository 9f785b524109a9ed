"""Insertion and deletion curves: how far a map's order of the pixels moves a probability, beside a random order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import torch
from torch import Tensor

from lecturelib.drawing import Bitmap, Drawing, Label, Shape, line_chart
from lecturelib.gradients.explore.averages import class_explorer
from lecturelib.gradients.explore.methods import METHODS, values_of
from lecturelib.gradients.faithfulness import BLUR_PATCH, Curves, insertion_deletion
from lecturelib.gradients.grad_cam import upsampled
from lecturelib.network.baselines import Fill, fill_image
from lecturelib.network.units import Logit, Probability
from lecturelib.show import Picture, pixels_of
from lecturelib.widgets import Choice, Explorable, Progress, Slider, common_controls, running

NAMES = (
    "saliency map",
    "SmoothGrad",
    "Grad-CAM",
    "gradient x input",
    "integrated gradients",
    "edges (no network)",
)
FILLS: dict[str, Fill] = {"blurred": "blur", "mean color": "mean", "grey": 0.5, "black": 0.0}
STEPS, TILE = 20, 250


def insertion_deletion_explorer(network: str = "alexnet", picture_name: str | None = None) -> Explorable:
    """Pixels leave the picture, or enter a blank one, in the order of a map: what does the probability do?

    >>> insertion_deletion_explorer("lenet", "3").state["method"]
    'saliency map'
    """
    controls = [
        Choice("method", NAMES, label="order of the pixels by"),
        Choice("fill", tuple(FILLS), label="a missing pixel is"),
        Slider("taken", 0, 100, 5, 20, unit="%", label="pixels taken away, or put in"),
    ]
    presets: dict[str, dict] = {
        "saliency map": {"method": "saliency map", "fill": "blurred"},
        "edges, which use no network": {"method": "edges (no network)"},
        "black in place of blurred": {"fill": "black"},
        "half of the pixels": {"taken": 50},
    }
    return class_explorer(_render, "Insertion and deletion", network, picture_name, controls, presets)


@lru_cache(maxsize=64)
def _map(name: str, network: str, picture: str, own: bytes | None, k: int) -> Tensor:
    state = {
        "network": network,
        "picture": picture,
        "own": own,
        "use_own": own is not None,
        "kind": "class score",
    }
    model, image = common_controls.network(network), common_controls.chosen_image(state)
    if name == "random":
        return torch.rand(image.shape[2:], generator=torch.Generator().manual_seed(0))
    *_, (_, values) = values_of(name, state, Logit(k).check(model))
    map = METHODS[name].map(values)
    return map if map.shape == image.shape[2:] else upsampled(map, image.shape[2:])


@lru_cache(maxsize=64)
def _curves(name: str, network: str, picture: str, own: bytes | None, k: int, fill: str) -> Curves:
    state = {"network": network, "picture": picture, "own": own, "use_own": own is not None}
    model, image = common_controls.network(network), common_controls.chosen_image(state)
    map = _map(name, network, picture, own, k)
    return insertion_deletion(model, image, map, Probability(k), STEPS, FILLS[fill])


def _render(state: dict) -> Iterator[Picture | Progress]:
    own = state["own"] if state["use_own"] else None
    of = (state["network"], state["picture"], own, state["class_index"])

    def both(progress) -> tuple[Curves, Curves]:
        found = _curves(state["method"], *of, state["fill"])
        progress(1, 2)
        return found, _curves("random", *of, state["fill"])

    found, chance = yield from running(both, "covering pixels")
    yield _draw(state, _map(state["method"], *of), found, chance)


def _draw(state: dict, map: Tensor, found: Curves, chance: Curves) -> Picture:
    image = common_controls.chosen_image(state)
    side = image.shape[-1]
    blank = fill_image(image, FILLS[state["fill"]], max(2, round(min(image.shape[2:]) * BLUR_PATCH)))
    rank = torch.empty(map.numel(), dtype=torch.long)
    rank[map.flatten().argsort(descending=True, stable=True)] = torch.arange(map.numel())
    changed = rank.view(map.shape) < round(map.numel() * state["taken"] / 100)
    at = state["taken"] * STEPS // 100
    shapes: list[Shape] = []
    halves = (
        ("deletion", torch.where(changed, blank, image), found.deletion, chance.deletion),
        ("insertion", torch.where(changed, image, blank), found.insertion, chance.insertion),
    )
    for k, (title, shown, curve, random) in enumerate(halves):
        top = k * (TILE + 84)
        value = curve[at].item()
        shapes.append(Label(0, top + 12, f"{title}: {value:.0%}", 14, "start", bold=True))
        shapes.append(Bitmap(0, top + 26, TILE, TILE, pixels_of(shown), hard=side < 64))
        frame = (TILE + 80.0, top + 30.0, TILE + 470.0, top + 26.0 + TILE - 8)
        series = {state["method"]: curve.tolist(), "random order": random.tolist()}
        ticks = [f"{100 * part:.0f}" for part in found.fractions.tolist()]
        what = "taken away" if k == 0 else "put in"
        shapes += line_chart(frame, ticks, series, (0, 1), "", f"% of the pixels {what}", at, state["method"])
    name = common_controls.class_labels(state["network"])[state["class_index"]]
    caption = (
        f"Probability of {name} in {state['network']}; a missing pixel is {state['fill']}. Area under deletion "
        f"{found.deletion_area:.2f} (random order {chance.deletion_area:.2f}), under insertion "
        f"{found.insertion_area:.2f} (random order {chance.insertion_area:.2f})."
    )
    alt = (
        f"{common_controls.picture_title(state)} with {state['taken']} % of its pixels taken away, and with only these "
        f"put in, beside the curves of the probability. {caption}"
    )
    return Drawing(TILE + 640, 2 * (TILE + 84) - 8, tuple(shapes), "Insertion and deletion", alt).picture(
        caption
    )
