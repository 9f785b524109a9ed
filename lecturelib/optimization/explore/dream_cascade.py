"""DeepDream of two layers with weights, and the image cascade: zoom into the dream and dream again."""

from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache

import torch
from torch import Tensor

from lecturelib.network.hooks import record
from lecturelib.optimization.deep_dream import iter_image_cascade
from lecturelib.optimization.explore.deep_dream import NOISE, PICTURES, photo_for
from lecturelib.show import Picture, pixels_of
from lecturelib.show.raster_text import number
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Explorable, Progress, Slider, common_controls

NETWORK = "alexnet"
PAIRS = {  # what the student reads: the layer near the pixels and the deep one
    "relu2 and relu5": ("relu2", "relu5"),
    "relu2 and relu4": ("relu2", "relu4"),
    "relu3 and relu5": ("relu3", "relu5"),
}
FRAMES, SIZE = 8, 192
SETTINGS = {"octaves": 2, "steps": 6, "step_size": 0.01, "smooth": (1.5, 0.5)}
ZOOMS = (1.05, 1.15, 1.3)
SHOWN, THUMB, GAP = 384, 89, 8  # pixels
REMEMBERED = 6

_runs: OrderedDict[tuple, tuple[Iterator[Tensor], list[Tensor]]] = OrderedDict()


def cascade_explorer(picture: str = "temple") -> Explorable:
    """Mix two layers in one dream, then zoom into it and dream again, frame by frame.

    >>> cascade_explorer().state["share"]
    0.5
    """
    controls = [
        Choice("picture", PICTURES, picture, label="start"),
        Choice("pair", tuple(PAIRS), label="layers of alexnet"),
        Slider("share", 0.0, 1.0, 0.25, 0.5, label="share of the deeper layer"),
        Choice("zoom", ZOOMS, 1.15, label="zoom from frame to frame", slider=True),
        Slider("frame", 1, FRAMES, 1, 1, label="frame of the cascade"),
    ]
    presets: dict[str, dict] = {
        "only the lower layer": {"share": 0.0},
        "both": {"share": 0.5},
        "only the deeper layer": {"share": 1.0},
        "eight frames deep": {"share": 0.5, "zoom": 1.15, "frame": FRAMES},
        "from noise": {"picture": NOISE, "share": 1.0, "zoom": 1.3, "frame": FRAMES},
    }
    return Explorable(_render, controls, "Weighted layers and the image cascade", presets)


@lru_cache(maxsize=8)
def start_of(picture: str) -> Tensor:
    """What the first dream begins with, (1, 3, SIZE, SIZE)."""
    if picture != NOISE:
        return photo_for(picture, SIZE)
    noise = torch.randn(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    return (0.5 + 0.1 * noise).clamp(0, 1)


@lru_cache(maxsize=64)
def weights_of(picture: str, pair: str, share: float) -> dict[str, float]:
    """The weight of each layer: its share, divided by half the layer's mean square for the start."""
    layers = PAIRS[pair]
    acts = record(common_controls.network(NETWORK), start_of(picture), list(layers))
    shares = dict(zip(layers, (1 - share, share), strict=True))
    return {layer: part / (acts[layer].square().mean().item() / 2) for layer, part in shares.items() if part}


def _render(state: dict) -> Iterator[Picture | Progress]:
    key = tuple(state[name] for name in ("picture", "pair", "share", "zoom"))
    weights = weights_of(*key[:3])
    if key in _runs:
        run, made = _runs.pop(key)
    else:
        settings = {"frames": FRAMES, "zoom": state["zoom"], **SETTINGS}
        model, start = common_controls.network(NETWORK), start_of(state["picture"])
        run, made = iter_image_cascade(model, weights, start, **settings), []
    try:
        while len(made) < state["frame"]:
            if made:
                yield _draw(state, weights, made)
            yield Progress(len(made) / state["frame"], f"frame {len(made) + 1} of {state['frame']}")
            made.append(next(run))
    finally:  # another frame, or another setting: the run can go on later
        _runs[key] = run, made
        while len(_runs) > REMEMBERED:
            _runs.popitem(last=False)
    yield _draw(state, weights, made)


def _draw(state: dict, weights: dict[str, float], made: list[Tensor]) -> Picture:
    shown = min(state["frame"], len(made))
    sheet = Sheet()
    start = start_of(state["picture"])
    top = sheet.put(start, 0, 0, f"start: {state['picture']}", side=SHOWN)
    sheet.put(made[shown - 1], 0, SHOWN + GAP, f"frame {shown}", side=SHOWN)
    for k, image in enumerate(made[:FRAMES]):
        left = k * (THUMB + GAP)
        sheet.put(pixels_of(image), top + GAP, left, side=THUMB)
        sheet.words(str(k + 1), top + GAP + THUMB + 2, left, 13)
    weighed = " + ".join(f"{number(weight)} \N{MIDDLE DOT} {layer}" for layer, weight in weights.items())
    how = f"{SETTINGS['octaves']} octaves of {SETTINGS['steps']} steps, live, {SIZE} px"
    from_what = (
        "the start" if shown == 1 else f"the middle of frame {shown - 1}, enlarged {state['zoom']:g} times"
    )
    caption = (
        f"Objective: {weighed}, where a layer stands for half its mean square. Its weight is its share divided by its "
        f"value for the start, so equal shares count equally there. Frame {shown}: {from_what}, dreamt ({how})."
    )
    alt = f"The start, frame {shown} of the cascade, and {len(made)} small frames below. {caption}"
    return sheet.picture(alt, caption)
