"""What the explorables of the scenes share: scenes under both skies, what each network says of them, and its maps."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from lecturelib.confounds.map_mass import mass_share
from lecturelib.confounds.tank_networks import shared_tanks
from lecturelib.confounds.tank_scenes import CLASSES, WEATHER, Scenes, tank_scenes
from lecturelib.drawing import Bitmap, Box, Label, Shape
from lecturelib.gradients.saliency import saliency_map
from lecturelib.network.units import Logit
from lecturelib.parameters.occlusion import occlusion_map
from lecturelib.show import overlay, pixels_of

COUNT, SEED = 120, 900  # scenes that no network saw in training
MAPPED = 12  # of them can be chosen
METHODS = ("saliency", "occlusion")
PATCH, STRIDE = 24, 12  # coarser than in claim C1, so that a map answers at once


@lru_cache(maxsize=1)
def both_skies() -> tuple[Scenes, Scenes]:
    """The same scenes with the weather as in the lab, and exchanged; shared, nobody may change them."""
    return tank_scenes(COUNT, 1.0, SEED), tank_scenes(COUNT, 0.0, SEED)


@lru_cache(maxsize=1)
def turn() -> Tensor:
    """For each scene the share (COUNT,) above which its weather is as in the lab: the order in which skies change."""
    return torch.rand(COUNT, generator=torch.Generator().manual_seed(SEED))


@lru_cache(maxsize=8)
@torch.no_grad()
def answers(network: str) -> tuple[Tensor, Tensor]:
    """The probabilities (COUNT, 2) that a network gives under each of the two skies."""
    model = shared_tanks(network)
    return tuple(
        torch.cat([model(part).softmax(1) for part in scenes.images.split(40)]) for scenes in both_skies()
    )  # type: ignore[return-value]


def agrees(share: float) -> Tensor:
    """Which scenes (COUNT,) have the lab's weather where a share of them has."""
    return turn() < share


def accuracy_at(network: str, share: float) -> float:
    """The accuracy of a network where a share of the scenes has the lab's weather."""
    lab, other = answers(network)
    said = torch.where(agrees(share)[:, None], lab, other).argmax(1)
    return (said == both_skies()[0].labels).float().mean().item()


@lru_cache(maxsize=256)
def scene_map(network: str, number: int, as_in_lab: bool, method: str) -> Tensor:
    """A map (96, 96) of one scene for the class that the network answers."""
    model = shared_tanks(network)
    image = both_skies()[0 if as_in_lab else 1].images[number : number + 1]
    answer = Logit(int(answers(network)[0 if as_in_lab else 1][number].argmax()))
    if method == "saliency":
        return saliency_map(model, image, answer)[0]
    return occlusion_map(model, image, answer, PATCH, STRIDE).drop_per_pixel()


def map_pixels(network: str, number: int, as_in_lab: bool, method: str) -> np.ndarray:
    """The map over its scene, (h, w, 3) bytes."""
    image = both_skies()[0 if as_in_lab else 1].images[number]
    found = scene_map(network, number, as_in_lab, method)
    return pixels_of(overlay(image, found, signed=method == "occlusion", color_bar=False, size=192))


def shares(network: str, number: int, as_in_lab: bool, method: str) -> dict[str, float]:
    """The share of a map's mass on the sky and on the vehicle, each divided by the share of the area."""
    scenes = both_skies()[0 if as_in_lab else 1]
    found = scene_map(network, number, as_in_lab, method)[None]
    regions = {"sky": scenes.sky[number], "vehicle": scenes.vehicle[number]}
    return {
        name: mass_share(found, region[None]).item() / region.float().mean().item()
        for name, region in regions.items()
    }


def scene_tile(number: int, as_in_lab: bool, left: float, top: float, side: float) -> Bitmap:
    """A scene as a piece of a drawing."""
    image = both_skies()[0 if as_in_lab else 1].images[number]
    return Bitmap(left, top, side, side, pixels_of(image))


def verdict(network: str, number: int, as_in_lab: bool) -> tuple[str, float, bool]:
    """What a network answers, with which probability, and whether it is right."""
    scores = answers(network)[0 if as_in_lab else 1][number]
    answer = int(scores.argmax())
    return CLASSES[answer], scores[answer].item(), answer == int(both_skies()[0].labels[number])


def sky_words(number: int, as_in_lab: bool) -> str:
    """A scene in words: "a tank, overcast"."""
    scenes = both_skies()[0 if as_in_lab else 1]
    return f"a {CLASSES[int(scenes.labels[number])]}, {WEATHER[int(scenes.weather[number])]}"


def meter(
    left: float, top: float, width: float, name: str, value: float, most: float, said: str
) -> list[Shape]:
    """A horizontal bar with its name before it and its value behind it."""
    room = 62.0
    return [
        Label(left, top + 8, name, 13, "start"),
        Box(left + room, top, width, 16, 0, fill="#eeeeee", stroke="none"),
        Box(left + room, top, max(1.0, width * min(1.0, value / most)), 16, 0, fill="#0072B2", stroke="none"),
        Label(left + room + width + 6, top + 8, said, 13, "start"),
    ]
