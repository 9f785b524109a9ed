"""A universal adversarial patch: one round sticker that draws the answer to a class of choice, on any picture.

It is trained over random pictures, places, sizes and rotations (expectation over transformation), so that it works
where it is laid, and is not hidden: it is meant to be seen.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecturelib import assets
from lecturelib.checks import check_images, check_number, check_whole, complaint, described
from lecturelib.network.class_names import class_index
from lecturelib.network.freezing import frozen
from lecturelib.network.inputs import as_the_model_takes

SIZES = (0.3, 0.5)  # diameters in training, as shares of the picture's shorter side
PATCH_FILE, PATCH_CLASS = (
    "patch",
    "espresso",
)  # the shipped one: data/patch.safetensors, for efficientnet_lite0


@dataclass(frozen=True)
class PatchStep:
    """A patch (1, 3, P, P) after a number of training steps, and the mean loss of its batch.

    >>> PatchStep(1, 9, torch.zeros(1, 3, 8, 8), 2.0).of
    9
    """

    step: int
    of: int
    patch: Tensor
    loss: float


def place_patch(
    images: Tensor,
    patch: Tensor,
    y: float | Tensor = 0.5,
    x: float | Tensor = 0.5,
    size: float | Tensor = 0.4,
    angle: float | Tensor = 0.0,
) -> Tensor:
    """Lay a round patch on images: what lies in its disc is replaced, the rest stays bit for bit.

    images (B, C, H, W), patch (1, C, P, P). y, x: place from 0 to 1; the disc stays within the picture, so that 0 lays
    it at the edge, not across it. size: diameter as a share of the shorter side; angle in degrees, counterclockwise.
    Each is a number, or a tensor (B,). The result can be differentiated by the patch. Raises `ValueError` or
    `TypeError` for numbers outside these, or a patch that is not square.

    >>> x = place_patch(torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 4, 4), y=0, x=0, size=0.5)
    >>> int(x.sum() / 3)  # of 64 pixels
    12
    """
    if (
        not isinstance(patch, Tensor)
        or patch.ndim != 4
        or patch.shape[-1] != patch.shape[-2]
        or len(patch) != 1
    ):
        raise ValueError(complaint("patch", "a square picture (1, C, P, P)", described(patch)))
    if not isinstance(images, Tensor) or images.ndim != 4 or images.shape[1] != patch.shape[1]:
        raise ValueError(complaint("images", f"shape (B, {patch.shape[1]}, H, W)", described(images)))
    count, height, width = len(images), *images.shape[-2:]
    places = []
    for name, value, low, high in (
        ("y", y, 0, 1),
        ("x", x, 0, 1),
        ("size", size, 0.01, 1),
        ("angle", angle, -360, 360),
    ):
        if isinstance(value, Tensor):
            if value.shape != (count,) or not bool(((value >= low) & (value <= high)).all()):
                raise ValueError(
                    complaint(name, f"numbers ({count},) from {low} to {high}", described(value))
                )
            places.append(value.to(images))
        else:
            places.append(
                torch.full((count,), float(check_number(name, value, least=low, most=high))).to(images)
            )
    y, x, size, angle = (value.view(-1, 1, 1) for value in places)
    radius = size * min(height, width) / 2
    down = torch.arange(height).view(1, -1, 1).to(images) + 0.5 - (radius + y * (height - 2 * radius))
    right = torch.arange(width).view(1, 1, -1).to(images) + 0.5 - (radius + x * (width - 2 * radius))
    inside = (down.square() + right.square() <= radius.square())[:, None]  # (B, 1, H, W)
    turn = angle * math.pi / 180
    across = (torch.cos(turn) * right - torch.sin(turn) * down) / radius
    along = (torch.sin(turn) * right + torch.cos(turn) * down) / radius
    grid = torch.stack([across, along], 3)  # (B, H, W, 2) in -1 ... 1, as `grid_sample` takes it
    laid = F.grid_sample(patch.expand(count, -1, -1, -1), grid, padding_mode="border", align_corners=False)
    # interpolating may carry a pixel out of [0, 1] by rounding
    return torch.where(inside, laid.clamp(0, 1), images)


def random_places(
    count: int, generator: torch.Generator, sizes: tuple[float, float] = SIZES
) -> dict[str, Tensor]:
    """Places, sizes and angles (count,) for `place_patch`, drawn uniformly; angles within 45 degrees.

    >>> sorted(random_places(2, torch.Generator().manual_seed(0)))
    ['angle', 'size', 'x', 'y']
    """
    u = torch.rand(4, count, generator=generator)
    return {"y": u[0], "x": u[1], "size": sizes[0] + (sizes[1] - sizes[0]) * u[2], "angle": 90 * u[3] - 45}


def iter_universal_patch(
    model: nn.Module,
    images: Tensor,
    target: int | str,
    steps: int = 200,
    batch: int = 8,
    side: int = 64,
    rate: float = 0.05,
    seed: int = 0,
) -> Iterator[PatchStep]:
    """Train a universal patch for a class, step by step (targeted, white box, not confined in strength).

        min over p in [0, 1] of the mean of -log P(target | place_patch(x, p, random place, size and angle))

    images (N, 3, H, W): `batch` of them are drawn at each step. side: pixels of the patch. Adam on the patch's logits,
    from grey. Raises `ValueError`, `TypeError`, `UnknownName` or `IndexError` before any work. Brown, Mane, Roy, Abadi
    & Gilmer 2017, "Adversarial patch".

    >>> from lecturelib import models
    >>> net, x = models.load("cifar_net"), torch.rand(4, 3, 32, 32)
    >>> [found.step for found in iter_universal_patch(net, x, "ship", steps=2, batch=2, side=8)]
    [1, 2]
    """
    images = as_the_model_takes(images, model)
    goal = class_index(model, target)
    for name, value in (("steps", steps), ("batch", batch), ("side", side)):
        check_whole(name, value, 1)
    check_number("rate", rate, above=0)
    check_whole("seed", seed)
    return _patch_steps(model, images, goal, steps, batch, side, rate, seed)


def _patch_steps(model, images, goal, steps, batch, side, rate, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode(False):
        logits = torch.zeros(1, images.shape[1], side, side, requires_grad=True)
    optimizer = torch.optim.Adam([logits], rate)
    for step in range(1, steps + 1):
        chosen = images[torch.randint(len(images), (batch,), generator=generator)]
        places = random_places(batch, generator)
        with torch.inference_mode(False), torch.enable_grad(), frozen(model):
            laid = place_patch(chosen, logits.sigmoid(), **places)
            loss = F.cross_entropy(model(laid), torch.full((batch,), goal))
            (logits.grad,) = torch.autograd.grad(loss, logits)
            optimizer.step()
        yield PatchStep(step, steps, logits.detach().sigmoid(), loss.item())


@torch.inference_mode()
def patch_success(
    model: nn.Module,
    images: Tensor,
    patch: Tensor,
    target: int | str,
    size: float = 0.4,
    draws: int = 4,
    seed: int = 0,
) -> float:
    """Share of pictures with the patch, at random places and angles, that the model calls the target class.

    Raises as `place_patch` does, and for pictures that are none, an unknown class, or no draw.

    >>> from lecturelib import models
    >>> net = models.load("cifar_net")
    >>> 0 <= patch_success(net, torch.rand(4, 3, 32, 32), torch.rand(1, 3, 8, 8), "ship") <= 1
    True
    """
    check_images(images)
    check_whole("draws", draws, 1)
    check_whole("seed", seed)
    goal, generator, found = class_index(model, target), torch.Generator().manual_seed(seed), []
    for _ in range(draws):
        for part in images.split(8):
            places = random_places(len(part), generator, (size, size))
            with frozen(model):
                found.append(model(place_patch(part, patch, **places)).argmax(1) == goal)
    return torch.cat(found).float().mean().item()


def load_patch() -> Tensor:
    """The shipped patch (1, 3, 64, 64) that draws efficientnet_lite0's answer to "espresso".

    Raises `assets.AssetMissing` or `assets.AssetAltered` where data/patch.safetensors is gone or damaged.

    >>> load_patch().shape
    torch.Size([1, 3, 64, 64])
    """
    return assets.shipped_tensors(PATCH_FILE)["patch"]
