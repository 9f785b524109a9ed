"""Explorables of occlusion: the whole map, and a patch moved by hand."""

import math
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import torch

from lecturelib.network.baselines import GREY
from lecturelib.network.units import Logit, Probability
from lecturelib.parameters.occlusion import OcclusionMap, iter_occlusion_map, occlude
from lecturelib.parameters.occlusion_plots import boxed, occlusion_plot
from lecturelib.parameters.shipped_occlusion import shipped_occlusion_map
from lecturelib.show import Picture, bars, side_by_side
from lecturelib.widgets import Choice, Explorable, Pointer, Progress, Slider, common_controls

CLASSIFIERS = ("alexnet", "efficientnet_lite0", "lenet", "fashion_lenet", "textures_net")
FILLS: dict[str, Any] = {
    "grey 128": GREY,
    "black": 0.0,
    "white": 1.0,
    "mean color": "mean",
    "blurred picture": "blur",
}
MEASURES = {"probability": Probability, "score": Logit}
NUMBERS = {"probability": "{:.1%}", "score": "{:.2f}"}
DROP = "drop by covering"
FIXED, STRETCHED = "the same for every patch", "stretched to this map"
REMEMBERED = 8  # finished maps: another view of one needs no new pass
_finished: OrderedDict[tuple, OcclusionMap] = OrderedDict()


def _patch_sizes(name: str) -> tuple[int, int, int, int]:
    """Smallest, largest, step and usual side of a patch, in pixels, for a network's pictures."""
    size = common_controls.network(name).input_size
    if size <= 32:
        return 2, 16, 1, 8
    return (8, 32, 4, 16) if size <= 64 else (16, 112, 8, 48)


def _patch_slider(state: dict) -> Slider:
    low, high, step, usual = _patch_sizes(state["network"])
    return Slider("patch_size", low, high, step, usual, unit="px")


def _stride_control(state: dict) -> Choice:
    size = common_controls.network(state["network"]).input_size
    strides = (1, 2, 4) if size <= 32 else (2, 4, 8) if size <= 64 else (8, 16, 32)
    fitting = tuple(stride for stride in strides if stride <= state["patch_size"])
    return Choice(
        "stride", fitting, fitting[min(1, len(fitting) - 1)], labels=tuple(f"{s} px" for s in fitting)
    )


def occlusion_explorer(network: str = "alexnet", picture_name: str | None = None) -> Explorable:
    """The occlusion map of any network, image and class; a coarse map appears first."""
    start = {"network": network, "patch_size": _patch_sizes(network)[3]}
    first, *own = common_controls.picture_controls(network, picture_name)
    start |= {"picture": first.value, "own": None, "use_own": True}

    def refresh(state: dict) -> dict:
        return common_controls.settle(
            state,
            picture=common_controls.picture_control,
            patch_size=_patch_slider,
            stride=_stride_control,
            class_index=common_controls.class_control,
        )

    controls = [
        Choice("network", CLASSIFIERS, network),
        first,
        common_controls.class_control(start),
        _patch_slider(start),
        _stride_control(start),
        Choice("fill", tuple(FILLS)),
        Choice("measure", tuple(MEASURES), "score", label="what is measured"),
        Choice("view", (DROP, "value with the patch there")),
        Choice("scale", (FIXED, STRETCHED), label="scale of the colors"),
        *own,
    ]
    return Explorable(
        _render_occlusion, controls, "Occlusion explorer", _occlusion_presets(), refresh,
        resets={"class_index": common_controls.OF_PICTURE},
    )  # fmt: skip


def _occlusion_presets() -> dict[str, dict]:
    return {
        "a cat, by its face": {"network": "alexnet", "picture": "cat"},
        "espresso among 1000 classes": {"network": "efficientnet_lite0", "picture": "coffee"},
        "a 3 that becomes something else": {
            "network": "lenet",
            "picture": "3",
            "patch_size": 8,
            "measure": "probability",
        },
        "a bag on gravel": {"network": "textures_net", "picture": "bag", "measure": "probability"},
    }


def _render_occlusion(state: dict) -> Iterator[Picture | Progress]:
    image = common_controls.chosen_image(state)
    name, number = common_controls.picture_title(state), NUMBERS[state["measure"]]
    for occluded in _maps(state, image):
        yield occlusion_plot(image, occluded, name, state["view"] == DROP, number, state["scale"] == FIXED)
        if occluded.done < 1:
            yield Progress(occluded.done, "covering one position after the other")


def _maps(state: dict, image: torch.Tensor) -> Iterator[OcclusionMap]:
    asked = ("network", "picture", "own", "use_own", "class_index", "patch_size", "stride", "fill", "measure")
    key = tuple(state[name] for name in asked)
    if key in _finished:
        _finished.move_to_end(key)
        yield _finished[key]
        return
    unit = MEASURES[state["measure"]](state["class_index"])
    shipped = shipped_occlusion_map(state, unit)
    if shipped is not None:
        yield shipped
        return
    model = common_controls.network(state["network"])
    for occluded in iter_occlusion_map(
        model, image, unit, state["patch_size"], state["stride"], FILLS[state["fill"]]
    ):
        yield occluded
    _finished[key] = occluded
    while len(_finished) > REMEMBERED:
        _finished.popitem(last=False)


def patch_by_hand(network: str = "lenet", picture_name: str | None = "3") -> Explorable:
    """A patch moved over the image by mouse or arrow keys, with the network's probabilities beside it."""
    start = {"network": network}
    first, *own = common_controls.picture_controls(network, picture_name)

    def refresh(state: dict) -> dict:
        return common_controls.settle(
            state, picture=common_controls.picture_control, patch_size=_patch_slider
        )

    controls = [
        Choice("network", CLASSIFIERS, network),
        first,
        _patch_slider(start),
        Choice("fill", tuple(FILLS)),
        Pointer("x", "y", panel=0, label="the patch"),
        *own,
    ]
    return Explorable(_render_patch, controls, "Drag the patch yourself", refresh=refresh)


def _render_patch(state: dict) -> Picture:
    model = common_controls.network(state["network"])
    image = common_controls.chosen_image(state)
    height, width = image.shape[-2:]
    y, x = state["y"] * (height - 1), state["x"] * (width - 1)
    covered = occlude(image, y, x, state["patch_size"], FILLS[state["fill"]])
    with torch.inference_mode():
        probabilities = model(covered).softmax(1)[0]  # (classes,)
    before = common_controls.answer(state)
    best = before.topk(common_controls.CLASSES_SHOWN).indices
    surprise = int(probabilities.argmax())
    shown = best.tolist() if surprise in best else [*best[:-1].tolist(), surprise]
    names = [common_controls.class_labels(state["network"])[k] for k in shown]
    right = bars(
        names,
        probabilities[shown].tolist(),
        highlight=shown.index(surprise),
        reference=before[shown].tolist(),
        width=420,
    )
    top = shown[0]
    caption = (
        f"Uncovered it was {names[0]} with {before[top]:.1%} (marks). Now {names[0]} has {probabilities[top]:.1%}, and "
        f"the answer is {names[shown.index(surprise)]} with {probabilities[surprise]:.1%} (orange)."
    )
    corner = [math.floor(place - (state["patch_size"] - 1) / 2) for place in (y, x)]  # as `occlude` lays it
    box = (*corner, *(edge + state["patch_size"] for edge in corner))
    named = f"The picture {common_controls.picture_title(state)!r} with a patch of {state['patch_size']} pixels on it."
    left = boxed(covered, box, named)
    return side_by_side(
        [left, right],
        ["drag the patch", "the answer"],
        height=360,
        alt=f"{left.alt} {caption}",
        caption=caption,
    )
