"""Explorables that cover parts of a picture: the whole map, and a patch moved by hand."""

import math
from collections.abc import Iterator

import torch

from lecturelib.network.units import Logit, Probability
from lecturelib.parameters.occlusion import OcclusionMap, coarse_to_fine, occlude
from lecturelib.show import Picture, bars, heatmap, overlay, side_by_side, with_box
from lecturelib.widgets import Choice, Explorable, Pointer, Progress, Slider, common_controls

CLASSIFIERS = ("alexnet", "efficientnet_lite0", "lenet", "fashion_lenet", "textures_net")
FILLS = {"grey 128": 128 / 255, "black": 0.0, "white": 1.0, "mean colour": "mean", "blurred picture": "blur"}
MEASURES = {"probability": Probability, "score": Logit}
SIDE = 448  # pixels of a picture's side on the page


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
    return Choice("stride", fitting, fitting[min(1, len(fitting) - 1)], labels=[f"{s} px" for s in fitting])


def occlusion_explorer(network: str = "alexnet", picture_name: str | None = None) -> Explorable:
    """Cover every place of a picture, and see where the network's confidence falls; a rough map comes at once."""
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
        Choice("view", ("what covering costs", "value with the patch there")),
        *own,
    ]
    return Explorable(_render_occlusion, controls, "Occlusion explorer", _occlusion_presets(), refresh)


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
    model = common_controls.network(state["network"])
    image = common_controls.chosen_image(state)
    unit = MEASURES[state["measure"]](state["class_index"]).check(model)
    maps = coarse_to_fine(model, image, unit, state["patch_size"], state["stride"], FILLS[state["fill"]])
    for occluded in maps:
        yield _draw_occlusion(image, occluded, state)
        if occluded.done < 1:
            yield Progress(occluded.done, "covering place after place")


def _draw_occlusion(image: torch.Tensor, occluded: OcclusionMap, state: dict) -> Picture:
    number = "{:.1%}" if state["measure"] == "probability" else "{:.2f}"
    worst = int(occluded.values.argmin())
    box = occluded.boxes.view(-1, 4)[worst].tolist()  # (rows, columns, 4) -> (positions, 4)
    if state["view"] == "what covering costs":
        drawn = overlay(image, occluded.painted(), signed=True)
    else:
        drawn = heatmap(occluded.values, percentile=100)
    named = f"{occluded.unit}, uncovered {number.format(occluded.unoccluded)}"
    least = number.format(occluded.values.min())
    where = f"least, {least}, with the patch over the orange box"
    percent = "" if occluded.done == 1 else f" ({occluded.done:.0%} of the places measured)"
    named_picture = (
        f"The picture {state['picture']!r}; an orange box marks the place whose covering costs most."
    )
    left = _boxed(image, box, named_picture)
    title = (
        "what covering costs" if state["view"] == "what covering costs" else "value, by place of the patch"
    )
    alt = f"{left.alt} Beside it: {drawn.alt} {named}; {where}."
    return side_by_side(
        [left, drawn],
        [f"{state['picture']}", title],
        alt=alt,
        caption=f"{named}; {where}{percent}. {drawn.caption}",
    )


def patch_by_hand(network: str = "lenet", picture_name: str | None = "3") -> Explorable:
    """Drag a patch over the picture (mouse, or arrow keys on the picture), and read the confidence live."""
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
    named = f"The picture {state['picture']!r} with a patch of {state['patch_size']} pixels on it."
    left = _boxed(covered, box, named)
    return side_by_side(
        [left, right],
        ["drag the patch", "the answer"],
        height=360,
        alt=f"{left.alt} {caption}",
        caption=caption,
    )


def _boxed(image: torch.Tensor, box: tuple[int, ...], alt: str) -> Picture:
    """An image (1, C, H, W) at a student's size with a box given in its own pixels."""
    zoom = max(1, SIDE // image.shape[-1])
    large = image.repeat_interleave(zoom, 2).repeat_interleave(
        zoom, 3
    )  # (1, C, H, W) -> (1, C, zoom H, zoom W)
    return with_box(large, tuple(zoom * edge for edge in box), alt=alt)
