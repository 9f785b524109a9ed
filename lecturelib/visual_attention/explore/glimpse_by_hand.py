"""Drag the eye yourself: from one glimpse on you choose where the network looks, scored against its own policy."""

from functools import lru_cache

import torch

from lecturelib.drawing import Bitmap, Box, Drawing, Label, Shape
from lecturelib.show import Picture, pixels_of
from lecturelib.visual_attention.explore.glimpse_path import glimpse_path
from lecturelib.visual_attention.explore.glimpse_samples import (
    BIG,
    EXAMPLES,
    chances_along,
    chosen_picture,
    foveated,
    path_shapes,
    seen_patches,
    sensor_boxes,
    whole_picture,
)
from lecturelib.visual_attention.shipped_glimpses import SPECS, shared_glimpses
from lecturelib.widgets import Choice, Explorable, Pointer, Slider, Toggle
from lecturelib.widgets.controls import Control

NETWORKS = {"plain": "digits_6", "cluttered": "cluttered_4"}
TOP, TILE, PATHS = 30, 110, 20
WIDE = 400


def eye_by_hand() -> Explorable:
    """Drag the eye (mouse or arrow keys): the network looks where you do, and you are scored against its policy."""
    controls = [
        Choice("picture", tuple(NETWORKS)),
        Slider("example", 1, EXAMPLES, value=5, label="which example"),
        Slider("from_glimpse", 2, _most("plain"), value=2, label="you choose from glimpse"),
        Toggle("show", label="show the whole picture"),
        Pointer("x", "y", (0.2, 0.2), step=0.03, panel=0, label="the eye"),
    ]
    presets: dict[str, dict] = {
        "the whole picture": {"show": True},
        "among clutter": {"picture": "cluttered"},
        "the last glimpse only": {"from_glimpse": _most("plain")},
    }
    return Explorable(_render, controls, "Drag the eye yourself", presets, refresh=_limits)


def _most(picture: str) -> int:
    return SPECS[NETWORKS[picture]].glimpses


def _limits(state: dict) -> dict[str, Control]:
    value = min(state["from_glimpse"], _most(state["picture"]))
    return {
        "from_glimpse": Slider(
            "from_glimpse", 2, _most(state["picture"]), value=value, label="you choose from glimpse"
        )
    }


@lru_cache(maxsize=64)
@torch.no_grad()
def _by_chance(name: str, example: int, earlier: int) -> float:
    """Mean probability of the right class over paths whose places from number `earlier` on are random."""
    image, right = chosen_picture(SPECS[name].task, example)
    count = SPECS[name].glimpses
    own = torch.tensor(glimpse_path(name, example, count, False, 1)[:earlier])
    drawn = torch.rand(count - earlier, PATHS, 2, generator=torch.Generator().manual_seed(example)) * 2 - 1
    paths = torch.cat([own[:, None].expand(-1, PATHS, -1), drawn])
    logits = shared_glimpses(name).follow(image.expand(PATHS, -1, -1, -1), paths)[-1]
    return logits.softmax(1)[:, right].mean().item()


def _render(state: dict) -> Picture:
    name = NETWORKS[state["picture"]]
    network, (image, right) = shared_glimpses(name), chosen_picture(SPECS[name].task, state["example"])
    count = network.glimpses
    own = glimpse_path(name, state["example"], count, False, 1)
    earlier = state["from_glimpse"] - 1
    eye = (2 * state["x"] - 1, 2 * state["y"] - 1)
    yours = (*own[:earlier], *[eye] * (count - earlier))
    size, scales, side = network.size, network.scales, image.shape[-1]
    shown = image if state["show"] else foveated(image, yours[: earlier + 1], size, scales)
    shapes: list[Shape] = [
        Label(
            0,
            12,
            "the picture" if state["show"] else "what has been seen of the picture",
            15,
            "start",
            bold=True,
        )
    ]
    shapes += whole_picture(shown, 0, TOP, key="picture")
    shapes += sensor_boxes(eye, size, scales, side, 0, TOP)
    shapes += path_shapes(yours[: earlier + 1], 0, TOP)
    left = BIG + 30
    shapes.append(Label(left, 12, "what your eye sees", 15, "start", bold=True))
    for scale, patch in enumerate(seen_patches(image, eye, size, scales)):
        shapes.append(Bitmap(left + scale * (TILE + 12), TOP, TILE, TILE, pixels_of(patch), hard=True))
    scores = {
        "your eye": chances_along(network, image, yours)[-1],
        "its own policy": chances_along(network, image, own)[-1],
    }
    values = {who: chances[right].item() for who, chances in scores.items()}
    values["random places"] = _by_chance(name, state["example"], earlier)
    top = TOP + TILE + 40
    shapes.append(
        Label(left, top - 8, f"probability of the right class after {count} glimpses", 15, "start", bold=True)
    )
    for k, (who, value) in enumerate(values.items()):
        y = top + 12 + 36 * k
        shapes.append(Label(left, y + 12, who, 14, "start"))
        shapes.append(Box(left + 120, y, WIDE - 180, 24, 0, role="frame"))
        shapes.append(
            Box(
                left + 120,
                y,
                max(1.0, (WIDE - 180) * value),
                24,
                0,
                role="positive" if k == 0 else "negative",
            )
        )
        shapes.append(Label(left + WIDE - 8, y + 12, f"{100 * value:.0f} %", 14, "end"))
    said = {who: int(chances.argmax()) for who, chances in scores.items()}
    y = top + 12 + 36 * 3 + 22
    shapes.append(
        Label(
            left,
            y,
            f"With your eye it says {said['your eye']}, with its own {said['its own policy']}.",
            15,
            "start",
        )
    )
    verdict = _verdict(values)
    shapes.append(Label(left, y + 26, verdict, 15, "start", bold=True))
    words = (
        f"A picture; your eye looks at {state['x']:.0%} from the left, {state['y']:.0%} from the top. "
        + ", ".join(f"{who}: {value:.0%}" for who, value in values.items())
        + f". {verdict}"
    )
    last = f"glimpses {earlier + 1} to {count} look" if earlier + 1 < count else f"glimpse {count} looks"
    caption = f"{last} at the place of your eye, the earlier ones where the policy wants; {verdict}"
    return Drawing(left + WIDE, TOP + BIG + 4, tuple(shapes), "Drag the eye", words).picture(caption)


def _verdict(values: dict[str, float]) -> str:
    yours, policy, chance = (values[who] for who in ("your eye", "its own policy", "random places"))
    if yours >= policy:
        return "You are ahead of the policy."
    return "You are behind the policy, ahead of chance." if yours > chance else "You are behind chance."
