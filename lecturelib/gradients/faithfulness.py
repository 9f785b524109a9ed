"""Faithfulness of an attribution map: insertion and deletion curves.

Petsiuk, Das & Saenko 2018, "RISE: randomized input sampling for explanation of black-box models", section 4.3.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecturelib.checks import check_finite, check_image, check_map, check_whole
from lecturelib.network.baselines import Fill, fill_image
from lecturelib.network.batched import batch_size_for
from lecturelib.network.inputs import to_the_weights
from lecturelib.network.units import Unit, checked_unit, read

BLUR_PATCH = 1 / 4  # of the shorter side: `fill_image` blurs by a quarter of it, 14 px at 224


@dataclass(frozen=True, eq=False)
class Curves:
    """Insertion and deletion curves: a unit's value while pixels enter a blank image, or leave the image.

    The areas are those under the curves, in the unit's measure: for a probability a faithful map has a deletion area
    near 0 and an insertion area near 1.

    >>> import torch
    >>> Curves(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0]), 0.5, 0.5).insertion_area
    0.5
    """

    fractions: Tensor  # (steps + 1,) share of pixels taken away, or put in, from 0 to 1
    insertion: Tensor  # (steps + 1,)
    deletion: Tensor  # (steps + 1,)
    insertion_area: float
    deletion_area: float


def insertion_deletion(
    model: nn.Module, image: Tensor, map: Tensor, unit: Unit, steps: int = 32, fill: Fill = "blur"
) -> Curves:
    """Insertion and deletion: a unit's value while pixels leave the image, or enter a blank one, in the order of a map.

    image (1, C, H, W) in [0, 1]; map (H, W), the highest values first (equal values in reading order). fill: what
    stands where a pixel is missing, as for `occlusion_map`: "blur" (sigma a sixteenth of the shorter side), "mean", a
    grey, a color. Take `Probability(k)` for the paper's curves. Images are made and run batch by batch, so memory does
    not grow with `steps`. The model comes back as it was.

    Raises `ValueError`, `TypeError` or `KeyError` before any work for a map of another size, a constant map (it has no
    order), NaN, steps outside 1 to the number of pixels, or a unit that the network does not have; `ValueError` if the
    network gives NaN or infinity. Petsiuk et al. 2018, algorithm 1.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network import Probability
    >>> image = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    >>> curves = insertion_deletion(models.load("lenet"), image, image[0, 0], Probability("3"), steps=4)
    >>> curves.fractions.tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    check_image(image, model)
    map = check_map(map, image.shape[2:], ordered=True)
    check_whole("steps", steps, 1, map.numel())
    unit = checked_unit(model, unit, image.shape[1:])
    cover = fill_image(image, fill, max(2, round(min(image.shape[2:]) * BLUR_PATCH)))
    image, cover = (to_the_weights(part.detach(), model) for part in (image, cover))
    order = map.flatten().argsort(descending=True, stable=True)  # (H * W,)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order), device=order.device)
    rank = rank.view(1, 1, *map.shape).to(image.device)  # (H * W,) -> (1, 1, H, W)
    counts = (torch.arange(steps + 1, device=rank.device) * map.numel()) // steps  # (steps + 1,)
    batch_size = batch_size_for(model, unit.layer, tuple(image.shape[1:]))
    deletion = _curve(model, unit, image, cover, rank, counts, batch_size)
    insertion = _curve(model, unit, cover, image, rank, counts, batch_size)
    fractions = counts.cpu().double() / map.numel()
    areas = [torch.trapezoid(curve, fractions).item() for curve in (insertion, deletion)]
    return Curves(fractions.float(), insertion.float(), deletion.float(), *areas)


def _curve(model, unit, before, after, rank, counts, batch_size) -> Tensor:
    """The unit's values (len(counts),) when the first `count` pixels by rank show `after`, and the others `before`."""
    values = []
    with torch.no_grad():
        for part in counts.split(batch_size):
            changed = rank < part.view(-1, 1, 1, 1)  # (1, 1, H, W), (b,) -> (b, 1, H, W)
            values.append(read(model, torch.where(changed, after, before), unit).cpu().double())
    return check_finite(f"{unit} on a partly covered image", torch.cat(values))
