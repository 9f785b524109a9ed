"""The patch moved by hand: mouse or arrow keys, its size and its angle, and the class that the network names."""

from functools import lru_cache

import torch
from torch import Tensor

from lecturelib import images
from lecturelib.confounds.explore.attack_parts import NETWORK, photo_controls, photo_words
from lecturelib.confounds.universal_patch import PATCH_CLASS, load_patch, place_patch
from lecturelib.images import fit
from lecturelib.show import Picture, bars, picture, side_by_side
from lecturelib.widgets import Choice, Explorable, Pointer, Slider, common_controls

PATCHES = ("the trained patch", "random colors", "a photo of an espresso", "none")
NETWORKS = (NETWORK, "efficientnet_lite2")
ROWS = 6


def attack_patch_explorer(picture_name: str = "rocket") -> Explorable:
    """Drag a patch over a photo, and read the class; the trained one, random colors, or a photo of its class.

    >>> attack_patch_explorer().state["patch"]
    'the trained patch'
    """
    photo, *own = photo_controls(picture_name)
    controls = [
        photo,
        Choice("patch", PATCHES, label="the disc"),
        Slider("size", 10, 60, 5, 40, unit="%", label="diameter, of the photo's side"),
        Slider("angle", -90, 90, 15, 0, unit="degrees"),
        Choice("network", NETWORKS, label="network"),
        Pointer("x", "y", (0.5, 0.5), step=0.05, panel=0, label="the disc"),
        *own,
    ]
    presets: dict[str, dict] = {
        "a photo of the class, as large": {"patch": PATCHES[2]},
        "random colors, as large": {"patch": PATCHES[1]},
        "small": {"size": 20},
        "a network that took no part": {"network": NETWORKS[1]},
    }
    return Explorable(_render, controls, "Drag the patch over the photo", presets)


@lru_cache(maxsize=4)
def _patch(kind: str) -> Tensor:
    if kind == PATCHES[0]:
        return load_patch()
    if kind == PATCHES[1]:
        return torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    return fit(images.photo("coffee"), 128)


@torch.inference_mode()
def _render(state: dict) -> Picture:
    model, photo = common_controls.network(state["network"]), common_controls.chosen_image(state)
    share = state["size"] / 100
    laid = photo
    if state["patch"] != PATCHES[3]:
        # the pointer is the middle of the disc, which stays within the picture
        y, x = (
            min(max((state[axis] - share / 2) / (1 - share), 0.0), 1.0) if share < 1 else 0.5
            for axis in ("y", "x")
        )
        laid = place_patch(photo, _patch(state["patch"]), y, x, share, float(state["angle"]))
    after, before = model(laid).softmax(1)[0], common_controls.answer(state)
    goal, first, answer = model.classes.index(PATCH_CLASS), int(before.argmax()), int(after.argmax())
    kept = list(dict.fromkeys([goal, first, answer]))
    shown = kept + [k for k in after.topk(ROWS).indices.tolist() if k not in kept][: ROWS - len(kept)]
    names = common_controls.class_labels(state["network"])
    right = bars(
        [names[k] for k in shown],
        after[shown].tolist(),
        highlight=shown.index(answer),
        reference=before[shown].tolist(),
        width=420,
        form=".0%",
    )
    what = (
        "Without a disc"
        if state["patch"] == PATCHES[3]
        else f"With {state['patch']}, {state['size']} % wide,"
    )
    caption = (
        f"{what} {photo_words(state)} is {names[answer]} with {after[answer]:.0%}; without it, it is {names[first]} "
        f"with {before[first]:.0%} (marks)."
    )
    left = picture(laid, alt=f"{photo_words(state).capitalize()} with {state['patch']} on it.")
    return side_by_side(
        [left, right],
        ["drag the disc", f"what {state['network']} says"],
        height=360,
        alt=f"{left.alt} {caption}",
        caption=caption,
    )
