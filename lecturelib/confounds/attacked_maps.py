"""Do attribution maps give an attack away? Maps of clean and attacked pictures, compared."""

import torch
from torch import Tensor, nn

from lecturelib.checks import check_choice, check_finite, check_number
from lecturelib.gradients.grad_cam import grad_cam
from lecturelib.gradients.randomization import rank_correlation
from lecturelib.gradients.saliency import saliency_map
from lecturelib.network.class_names import class_index
from lecturelib.network.freezing import frozen
from lecturelib.network.units import Logit

MAP_METHODS = ("saliency", "Grad-CAM")


def answer_maps(
    model: nn.Module, images: Tensor, method: str = "saliency", classes: list[int] | None = None
) -> list[Tensor]:
    """Maps (H, W), or (h, w) for Grad-CAM, one for each picture, for the class that the model answers.

    `classes`: one index for each picture, to ask for another class. Raises `ValueError` for another method.

    >>> from lecturelib import models
    >>> answer_maps(models.load("lenet"), torch.rand(2, 1, 28, 28))[1].shape
    torch.Size([28, 28])
    """
    check_choice("method", method, MAP_METHODS)
    if classes is None:
        with torch.no_grad(), frozen(model):
            classes = model(images).argmax(1).tolist()
    found = []
    for image, answer in zip(images.split(1), classes, strict=True):
        unit = Logit(class_index(model, answer))
        found.append(
            saliency_map(model, image, unit)[0] if method == "saliency" else grad_cam(model, image, unit)
        )
    return found


def map_agreement(first: list[Tensor], second: list[Tensor]) -> list[float]:
    """Spearman's rank correlation of the maps of the same picture in two lists: 1 if they order the places alike.

    >>> map_agreement([torch.tensor([[1.0, 2.0]])], [torch.tensor([[0.0, 5.0]])])
    [1.0]
    """
    return [rank_correlation(a.abs(), b.abs()) for a, b in zip(first, second, strict=True)]


def concentration(map: Tensor, top: float = 0.1) -> float:
    """The share of a map's absolute sum that lies in its largest values: `top` of the places, 0.1 if it is even.

    What can be asked of one picture alone, without the clean one beside it. A map that is 0 everywhere has 0. Raises
    `ValueError` or `TypeError` for a top that is no share, or a map with NaN.

    >>> round(concentration(torch.ones(10, 10)), 4)
    0.1
    """
    check_number("top", top, above=0, most=1)
    sizes = check_finite("map", map).abs().flatten()
    count = max(1, round(top * len(sizes)))
    return (sizes.topk(count).values.sum() / sizes.sum().clamp(min=1e-30)).item()


def separation(first: list[float], second: list[float]) -> float:
    """How well one number tells two groups apart: the area under the ROC curve, 0.5 for not at all, 1 for always.

        P(a > b) + P(a = b) / 2,  a of the first group, b of the second; the larger one of this and 1 minus it

    >>> separation([3.0, 4.0], [1.0, 2.0])
    1.0
    """
    a, b = torch.tensor(first)[:, None], torch.tensor(second)[None]
    area = ((a > b).float() + 0.5 * (a == b).float()).mean().item()
    return max(area, 1 - area)
