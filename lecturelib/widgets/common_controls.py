"""What explorables let a student choose: a network, a picture or an own one, a layer, a class; nothing is drawn here.

Everything is remembered, so that a slider does not load a network twice.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor

from lecturelib import datasets, models
from lecturelib.images import fit, load_image, photo
from lecturelib.models import PixelModel
from lecturelib.network.layer_names import LayerInfo
from lecturelib.network.probe import list_units
from lecturelib.widgets import Choice, Control, Toggle, Upload

SUBJECTS = ("cat", "coffee", "hopper", "motorcycle", "temple", "flower", "astronaut", "rocket")
CLASSES_SHOWN = 10
SURE = 0.97  # an example at 100 % would hide what covering does to it
_ON_BLACK = {"lenet": datasets.digits, "fashion_lenet": datasets.clothes}  # networks for 28 px on black


def settle(state: dict, **controls: Callable[[dict], Control]) -> dict[str, Control]:
    """The controls that a state limits, one after the other: each sees the values that those before it allow."""
    found, state = {}, dict(state)
    for name, control in controls.items():
        found[name] = control(state)
        state[name] = found[name].clip(state[name])
    return found


@lru_cache(maxsize=16)
def network(name: str, weights: Literal["trained", "random", "online"] = "trained") -> PixelModel:
    """A network of the course, loaded once. It is shared, so nobody may change it."""
    return models.load(name, weights)


def picture_names(name: str) -> tuple[str, ...]:
    """The pictures that a network may be shown: photos, or one example of each class of its own data."""
    return network(name).classes if name in _ON_BLACK or name == "textures_net" else SUBJECTS


def picture_controls(name: str, value: str | None = None) -> tuple[Control, ...]:
    """The picture, the student's own file, and whether that file is used once it is there."""
    return (
        Choice("picture", picture_names(name), value),
        Upload("own", label="own picture"),
        Toggle("use_own", True, label="use own picture"),
    )


def picture_control(state: dict) -> Choice:
    """The choice of pictures for the network of a state, for an explorable's `refresh`."""
    return Choice("picture", picture_names(state["network"]))


OF_PICTURE = (
    "network",
    "picture",
    "own",
    "use_own",
)  # a class chosen for one picture means nothing for another


def picture_title(state: dict) -> str:
    """What the picture of a state is called: its name, or "your picture"."""
    return "your picture" if state["own"] is not None and state["use_own"] else str(state["picture"])


def chosen_image(state: dict, size: int | None = None) -> Tensor:
    """The picture of a state as (1, C, size, size), as its network takes it; its own input size if none is given."""
    own = state["own"] if state["use_own"] else None
    return _image(state["network"], state["picture"], own, size or network(state["network"]).input_size)


@lru_cache(maxsize=16)
def _image(name: str, picture: str, own: bytes | None, size: int) -> Tensor:
    model = network(name)
    if own is not None:
        image = load_image(own, size)
        return image if model.channels == 3 else image.mean(1, keepdim=True)  # (1, 3, H, W) -> (1, 1, H, W)
    if name in _ON_BLACK or name == "textures_net":
        return fit(_example(name, model.classes.index(picture)), size)
    return photo(picture, size)


def _example(name: str, label: int) -> Tensor:
    """A test picture of a class, (1, C, H, W), that the network names rightly with a confidence near SURE."""
    if name == "textures_net":
        images, labels, _ = datasets.clothes_on_textures(200, seed=1, split="test")
    else:
        images, labels = _ON_BLACK[name]("test")
    of_class = images[labels == label]
    with torch.inference_mode():
        confidence = network(name)(of_class).softmax(1)[:, label]  # (N, classes) -> (N,)
    return of_class[int((confidence - SURE).abs().argmin())][None].clone()


def class_control(state: dict) -> Choice:
    """The classes that the network finds likeliest in the picture of a state, the likeliest first."""
    probabilities = answer(state)
    best = probabilities.topk(min(CLASSES_SHOWN, len(probabilities)))
    names = class_labels(state["network"])
    labels = [
        f"{names[k]} ({p:.1%})" for p, k in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    ]
    return Choice("class_index", tuple(best.indices.tolist()), label="class", labels=tuple(labels))


@lru_cache(maxsize=16)
def class_labels(name: str) -> tuple[str, ...]:
    """The names of a network's classes, all different: ImageNet has two kinds of crane."""
    classes = network(name).classes
    return tuple(f"{c} #{k}" if classes.count(c) > 1 else c for k, c in enumerate(classes))


def answer(state: dict) -> Tensor:
    """The probabilities (classes,) of the network of a state for its picture."""
    own = state["own"] if state["use_own"] else None
    return _answer(state["network"], state["picture"], own)


@lru_cache(maxsize=64)
def _answer(name: str, picture: str, own: bytes | None) -> Tensor:
    model = network(name)
    with torch.inference_mode():
        return model(_image(name, picture, own, model.input_size)).softmax(1)[0]


def layer_labels(name: str, kinds: tuple[str, ...]) -> dict[str, LayerInfo]:
    """The layers of some kinds ("Conv2d", "ReLU") by what a student reads: the lecture's name, else PyTorch's."""
    found = {}
    for info in list_units(network(name)):
        if info.leaf and info.kind in kinds and len(info.shape) == 3:
            found[info.alias or info.name] = info
    return found
