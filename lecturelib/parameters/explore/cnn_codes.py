"""Explorable of CNN codes: a t-SNE map of images by the activations of a layer."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from lecturelib import datasets
from lecturelib.parameters.cnn_codes import cnn_codes, embed_codes
from lecturelib.parameters.code_map_plots import (
    SIDE,
    class_number_plot,
    code_map_plot,
    picked_panel,
    places_on_canvas,
    with_frame,
)
from lecturelib.show import Picture, side_by_side
from lecturelib.widgets import Choice, Explorable, Kept, Pointer, Progress, Slider, Toggle, common_controls

PIXELS = "pixels"
LAYERS = (PIXELS, "relu1", "relu2", "relu3", "fc4")
IMAGES = 500


def _on_photos(split: Literal["train", "test"]) -> tuple[Tensor, Tensor]:
    images, labels, _ = datasets.clothes_on_textures(IMAGES, seed=0, split=split)
    return images, labels


# the network, its images, the names of their classes
MAPPED = {
    "clothes": ("fashion_lenet", datasets.clothes, datasets.CLOTHES),
    "digits": ("lenet", datasets.digits, datasets.DIGITS),
    "clothes on photos": ("textures_net", _on_photos, datasets.CLOTHES),
}
_MAP_OF = ("layer", "perplexity", "seed")
LAYERS_OF = {"clothes on photos": (PIXELS, "relu1_1", "relu2_1", "relu3_2", "relu4_2", "relu5", "fc6")}


def code_map(data: str = "clothes") -> Explorable:
    """A t-SNE map of images by their CNN codes; the mouse or the arrow keys pick one and show it large."""

    def refresh(state: dict) -> dict:
        return {"layer": _layer_control(state)}

    controls = [
        Choice("data", tuple(MAPPED), data),
        _layer_control({"data": data}),
        Choice("perplexity", (2, 5, 10, 30, 50, 100), 30, slider=True),
        Slider("seed", 0, 9),
        Choice("view", ("pictures", "numbers of the classes")),
        Toggle("by_class", True, label="color by class"),
        Pointer("x", "y", panel=0, hover=True, label="pick a picture"),
        Kept("pointed_in", (), label="picked in the map of"),
    ]
    presets: dict[str, dict] = {
        "by pixels: no network": {"layer": "pixels"},
        "by the last hidden layer": {"layer": "relu3"},
        "too small a perplexity": {"perplexity": 2},
        "clothes on photos, by pixels": {"data": "clothes on photos", "layer": PIXELS},
        "clothes on photos, by the network": {"data": "clothes on photos", "layer": "relu5"},
    }
    resets = {"layer": ("data",)}
    return Explorable(
        _render_map, controls, "Map of codes", presets, refresh, resets=resets, follow=_same_item
    )


def _same_item(before: dict, after: dict) -> dict[str, tuple]:
    """The map in which the pointer picked: the item is followed into maps of other layers, perplexities and seeds."""
    if any(before[name] != after[name] for name in ("data", "x", "y")):
        return {"pointed_in": ()}
    here = tuple(before[name] for name in _MAP_OF)
    moved = here != tuple(after[name] for name in _MAP_OF)
    return {"pointed_in": here} if moved and not before["pointed_in"] else {}


def _layer_control(state: dict) -> Choice:
    layers = LAYERS_OF.get(state["data"], LAYERS)
    return Choice("layer", layers, layers[-2], label="code: activations of")


def _render_map(state: dict) -> Iterator[Picture | Progress]:
    key = state["data"], state["layer"], state["perplexity"], state["seed"]
    yield Progress(0.1, "computing the map, a few seconds")
    canvas, places = _canvas(*key, state["view"], state["by_class"])
    images, labels, _ = _codes(state["data"], state["layer"])
    names = MAPPED[state["data"]][2]
    at = torch.tensor([state["x"], state["y"]]) * (SIDE - 1)
    pointed = _places(state["data"], *state["pointed_in"]) if state["pointed_in"] else places
    picked = int((pointed - at).square().sum(1).argmin())  # (N, 2) -> ()
    near = (places - places[picked]).square().sum(1).argsort()[1:6]
    words = (
        f"{IMAGES} pictures of {state['data']} by {state['layer']}, perplexity {state['perplexity']}, seed "
        f"{state['seed']}. Picked: {names[labels[picked]]}; nearest on the map: "
        f"{', '.join(names[k] for k in labels[near].tolist())}."
    )
    panels = [
        with_frame(canvas, places[picked]),
        picked_panel(images[picked], int(labels[picked]), names),
    ]
    yield side_by_side(
        panels, ["point at a picture", "picked"], height=SIDE, alt=f"Map: {words}", caption=words
    )


@lru_cache(maxsize=8)
def _codes(data: str, layer: str) -> tuple[Tensor, Tensor, Tensor]:
    name, load, _ = MAPPED[data]
    images, labels = (part[:IMAGES] for part in load("test"))
    if layer == PIXELS:
        return images, labels, images.flatten(1)
    return images, labels, cnn_codes(common_controls.network(name), images, layer)


@lru_cache(maxsize=64)
def _places(data: str, layer: str, perplexity: int, seed: int) -> Tensor:
    return places_on_canvas(embed_codes(_codes(data, layer)[2], perplexity, seed))


@lru_cache(maxsize=32)
def _canvas(
    data: str, layer: str, perplexity: int, seed: int, view: str, by_class: bool
) -> tuple[np.ndarray, Tensor]:
    """The map without a pick, (SIDE, SIDE, 3), and the place of each image, (N, 2)."""
    images, labels, _ = _codes(data, layer)
    places = _places(data, layer, perplexity, seed)
    if view == "pictures":
        return code_map_plot(images, labels, places, by_class), places
    return class_number_plot(labels, places, by_class), places
