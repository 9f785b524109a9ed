"""What an optimized class image shows of a confound: pictures made for a class, shown to a network for the weather."""

import torch
from torch import Tensor, nn

from lecturelib.checks import check_whole
from lecturelib.confounds.tank_networks import shared_tanks
from lecturelib.confounds.tank_scenes import CLASSES, SIDE
from lecturelib.network.class_names import class_index
from lecturelib.network.units import Logit
from lecturelib.optimization.ascent import maximize
from lecturelib.optimization.regularizers import l2, total_variation
from lecturelib.optimization.transforms import jitter

GREY_WEIGHT, EVEN_WEIGHT, MOVED = 5.0, 5.0, 2  # L2 around grey, total variation, pixels of jitter


def tank_class_images(
    model: nn.Module, target: int | str, count: int = 4, steps: int = 96, seed: int = 0
) -> Tensor:
    """Class images (count, 3, 96, 96) of a network for scenes: gradient ascent on a class score, from noise.

        arg max over x of score(x) - 5 |x - grey|^2 - 5 TV(x)

    By `optimization.maximize`, moved by up to 2 pixels in each step. Each picture starts from noise of its own. Raises
    `ValueError`, `TypeError`, `UnknownName` or `IndexError` before any work. Simonyan, Vedaldi & Zisserman 2014.

    >>> from lecturelib.confounds.tank_networks import load_tanks
    >>> tank_class_images(load_tanks("lab"), "tank", count=2, steps=2).shape
    torch.Size([2, 3, 96, 96])
    """
    check_whole("count", count, 1)
    unit = Logit(class_index(model, target))
    return maximize(
        model,
        unit,
        "noise",
        size=SIDE,
        regularizers=[l2(GREY_WEIGHT), total_variation(EVEN_WEIGHT)],
        transforms=(jitter(MOVED),),
        steps=steps,
        batch=count,
        seed=seed,
    ).image


@torch.no_grad()
def shows_its_weather(model: nn.Module, images: Tensor, target: int | str) -> Tensor:
    """Which class images (B,) show the weather that the lab had with their class, by a network for the weather.

    That network was trained on scenes in which weather and vehicle are independent: overcast is the lab's weather of
    tanks, sunny that of trucks. `target`: the class that the images were made for.

    >>> from lecturelib.confounds.tank_networks import load_tanks
    >>> shows_its_weather(load_tanks("lab"), torch.rand(2, 3, 96, 96), "tank").shape
    torch.Size([2])
    """
    return shared_tanks("weather")(images).argmax(1) == class_index(
        model, target
    )  # both are in the same order


@torch.no_grad()
def sunny_score(images: Tensor) -> Tensor:
    """The score of sunny less that of overcast (B,) of the network for the weather: the log of the odds.

    >>> sunny_score(torch.full((2, 3, 96, 96), 0.5)).shape
    torch.Size([2])
    """
    scores = shared_tanks("weather")(images)
    return scores[:, 1] - scores[:, 0]


def weather_shown(name: str, count: int = 8, seed: int = 0) -> dict[str, float]:
    """What the network for the weather sees in class images of a network of `load_tanks`, both classes.

    "share": of the images that show the lab's weather of their class; "tank" and "truck": their mean `sunny_score`.

    >>> sorted(weather_shown("lab", count=1))
    ['share', 'tank', 'truck']
    """
    model, found, verdicts = shared_tanks(name), {}, []
    for k, target in enumerate(CLASSES):
        made = tank_class_images(model, target, count, seed=seed + k)
        verdicts.append(shows_its_weather(model, made, target))
        found[target] = sunny_score(made).mean().item()
    return {"share": torch.cat(verdicts).float().mean().item()} | found
