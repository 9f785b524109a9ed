"""Claim C6 of the course, measured: covering the object costs more confidence than covering as much elsewhere."""

import torch
from torch import Tensor, nn

from lecturelib import datasets, models
from lecturelib.checks import check_whole, complaint
from lecturelib.lesson.claims import result
from lecturelib.network.freezing import frozen
from lecturelib.parameters.occlusion import GREY, occlude
from lecturelib.parameters.occlusion_fast import channels_last

PATCH = 16  # fits beside every object of `clothes_on_textures` without touching it
PLACES = 4  # patches elsewhere per picture
BATCH = 32


def c6_occlusion(model: nn.Module | None = None, n: int = 1000, seed: int = 0) -> dict:
    """C6: does a patch on the object cost more confidence than the same patch elsewhere?

    On n test pictures of clothes on textures, with the network trained on them (`textures_net`), or another for 64 px
    and ten classes of clothes: the mean drop in the probability of the true class, from 0 to 1, by a grey patch of
    16 px in the middle of the object's box, and by patches that do not touch the box (the baseline); the share of
    pictures where the first costs more than the second's mean; and the same two drops for an untrained copy.
    A difference counts if it exceeds three standard errors. Zeiler & Fergus 2014, section 4.2.
    """
    check_whole("n", n, 2)
    model = models.load("textures_net") if model is None else model
    images, labels, boxes = datasets.clothes_on_textures(n, seed, "test")
    places = [_places(box, images.shape[-1], seed + i) for i, box in enumerate(boxes.tolist())]
    numbers: dict[str, float | int] = {"pictures": n, "patch_px": PATCH}
    uncovered = _confidence(model, images, labels)
    on, off = (uncovered[:, None] - covered for covered in _covered(model, images, labels, places))
    difference = on[:, 0] - off.mean(1)  # (n,)
    error = difference.std().item() / n**0.5
    numbers |= {
        "uncovered": uncovered.mean().item(),
        "drop_on_object": on.mean().item(),
        "drop_elsewhere": off.mean().item(),
        "standard_error_of_difference": error,
        "share_object_costs_more": (difference > 0).float().mean().item(),
    }
    untrained = models.load("textures_net", weights="random", seed=seed)
    part = slice(0, max(2, n // 10))
    uncovered = _confidence(untrained, images[part], labels[part])
    covered = _covered(untrained, images[part], labels[part], places[part])
    on, off = (uncovered[:, None] - values for values in covered)
    numbers |= {"untrained_on_object": on.mean().item(), "untrained_elsewhere": off.mean().item()}
    holds = difference.mean().item() > 3 * error
    says = "covering the object costs more confidence than covering the same area elsewhere"
    return result("C6", says, holds, numbers, "mean drop of the probability of the true class")


def _places(box: list[int], size: int, seed: int) -> list[tuple[float, float]]:
    """Centers (y, x) of patches: the middle of the box first, then `PLACES` drawn among those that do not touch it."""
    top, left, bottom, right = box
    middle = ((top + bottom - 1) / 2, (left + right - 1) / 2)
    starts = torch.cartesian_prod(*[torch.arange(size - PATCH + 1)] * 2)  # (N, 2) top, left of a patch
    apart = (
        (starts[:, 0] + PATCH <= top)
        | (starts[:, 0] >= bottom)
        | (starts[:, 1] + PATCH <= left)
        | (starts[:, 1] >= right)
    )
    free = starts[apart]
    if len(free) == 0:
        raise ValueError(complaint("box", f"room for a patch of {PATCH} px beside it", box))
    drawn = free[torch.randint(len(free), (PLACES,), generator=torch.Generator().manual_seed(seed))]
    return [middle, *((drawn + (PATCH - 1) / 2).tolist())]


def _covered(model: nn.Module, images: Tensor, labels: Tensor, places: list) -> tuple[Tensor, Tensor]:
    """The confidence with the patch on the object (n, 1), and with it elsewhere (n, PLACES)."""
    columns = [
        torch.cat(
            [
                occlude(image[None], y, x, PATCH, GREY)
                for image, (y, x) in zip(images, (where[k] for where in places), strict=True)
            ]
        )
        for k in range(1 + PLACES)
    ]
    values = torch.stack([_confidence(model, column, labels) for column in columns], dim=1)  # (n, 1 + PLACES)
    return values[:, :1], values[:, 1:]


def _confidence(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """The probability (n,) of each picture's own class."""
    with frozen(model), torch.no_grad():
        scores = torch.cat([model(channels_last(part)) for part in images.split(BATCH)])  # (n, classes)
    return scores.softmax(1).gather(1, labels[:, None])[:, 0]
