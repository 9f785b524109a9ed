"""Adversarial examples: small changes of a picture, computed by gradients, that change a network's answer.

All attacks here are white box (they use the gradients of the network they attack) and evasion attacks (they change the
input, not the training); shown to another network than the one whose gradients they used, they are transfer attacks.
Untargeted ones lead away from a class (of persons: dodging, being taken for anybody else), targeted ones to a class of
choice (impersonation, being taken for a certain person). Pixels are in [0, 1]; the network normalizes inside, and is
attacked in eval mode.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from lecturelib.checks import (
    check_choice,
    check_finite,
    check_images,
    check_number,
    check_whole,
    complaint,
    described,
)
from lecturelib.network.class_names import class_index
from lecturelib.network.freezing import frozen
from lecturelib.network.inputs import as_the_model_takes
from lecturelib.network.units import Logit

Norm = Literal["linf", "l2"]
Classes = int | str | Tensor | None
NORMS = ("linf", "l2")
STEP_SHARE = 2.5  # a step of `pgd` is this many times epsilon / steps, so that the border can be reached (Madry et al.)


@dataclass(frozen=True)
class AttackStep:
    """An attack after a number of steps: the pictures so far (B, C, H, W), and each one's loss (B,) before the step.

    >>> AttackStep(1, 5, torch.zeros(1, 1, 2, 2), torch.zeros(1)).of
    5
    """

    step: int
    of: int
    images: Tensor
    loss: Tensor


def fgsm(
    model: nn.Module,
    images: Tensor,
    epsilon: float = 4 / 255,
    label: Classes = None,
    target: Classes = None,
    mask: Tensor | None = None,
) -> Tensor:
    """Fast gradient sign method: one step of size epsilon in every pixel, (B, C, H, W) in [0, 1].

        x' = clip(x + epsilon * sign(d loss(x, label) / dx)), with the cross-entropy as the loss

    A white-box evasion attack in one step: untargeted (away from `label`; None: what the network says), or with
    `target` targeted (towards it, with a minus). epsilon is in pixels of [0, 1]. `mask`, (H, W) or (B, 1, H, W) of True
    and False, confines the change to a region. Raises `ValueError` or `TypeError` for an epsilon below 0, both a label
    and a target, a mask of another shape or pixels outside [0, 1], `UnknownName` or `IndexError` for an unknown class,
    all before any work. The model's mode and flags stay as they are. Goodfellow, Shlens & Szegedy 2015, section 4.

    >>> from lecturelib import models
    >>> net, x = models.load("lenet"), torch.full((1, 1, 28, 28), 0.5)
    >>> round((fgsm(net, x, epsilon=0.1) - x).abs().max().item(), 4)
    0.1
    """
    return pgd(model, images, epsilon, 1, epsilon or None, "linf", label, target, mask)


def pgd(
    model: nn.Module,
    images: Tensor,
    epsilon: float = 4 / 255,
    steps: int = 20,
    step_size: float | None = None,
    norm: Norm = "linf",
    label: Classes = None,
    target: Classes = None,
    mask: Tensor | None = None,
    random_start: bool = False,
    seed: int = 0,
) -> Tensor:
    """Projected gradient descent: the end of `iter_pgd`, (B, C, H, W) in [0, 1].

    Arguments and errors as there. Without a random start this is the basic iterative method (Kurakin et al. 2017).
    Madry et al. 2018, section 2.1.

    >>> from lecturelib import models
    >>> net, x = models.load("lenet"), torch.full((1, 1, 28, 28), 0.5)
    >>> found = pgd(net, x, epsilon=0.1, steps=3, target="7")
    >>> bool((found - x).abs().max() <= 0.1 + 1e-6)
    True
    """
    *_, last = iter_pgd(
        model, images, epsilon, steps, step_size, norm, label, target, mask, random_start, seed
    )
    return last.images


def iter_pgd(
    model: nn.Module,
    images: Tensor,
    epsilon: float = 4 / 255,
    steps: int = 20,
    step_size: float | None = None,
    norm: Norm = "linf",
    label: Classes = None,
    target: Classes = None,
    mask: Tensor | None = None,
    random_start: bool = False,
    seed: int = 0,
) -> Iterator[AttackStep]:
    """Projected gradient descent, step by step: many small steps, each brought back into the ball of radius epsilon.

        linf: x <- project(x + a * sign(g));   l2: x <- project(x + a * g / |g|);   g = d loss / dx

    The ball is max |x' - x| <= epsilon, or sqrt(sum (x' - x)^2) <= epsilon for each picture; the pixels stay in [0, 1].
    step_size a: 2.5 epsilon / steps if not given. A white-box evasion attack, iterative: untargeted (`label`, dodging)
    or targeted (`target`, impersonation), each a class by index or name, or a tensor (B,). A pixel is attacked where
    `mask` is True: a region-confined attack. `random_start` begins at a random place in the
    ball, drawn by `seed`. A gradient that is exactly 0, as of a saturated softmax, moves nothing.

    Raises as `fgsm` does, before any work, and `ValueError` for fewer than one step, a step size of 0, another norm.

    >>> from lecturelib import models
    >>> net, x = models.load("lenet"), torch.full((1, 1, 28, 28), 0.5)
    >>> [found.step for found in iter_pgd(net, x, epsilon=1.0, steps=2, norm="l2")]
    [1, 2]
    """
    check_number("epsilon", epsilon, least=0)
    check_whole("steps", steps, 1)
    check_choice("norm", norm, NORMS)
    if step_size is not None:
        check_number("step_size", step_size, above=0)
    start = as_the_model_takes(images, model).detach().clone()
    allowed = _checked_mask(mask, start)
    classes, sign = _goal(model, start, label, target)
    rate = STEP_SHARE * epsilon / steps if step_size is None else step_size
    return _steps(model, start, classes, sign, epsilon, steps, rate, norm, allowed, random_start, seed)


def _steps(model, start, classes, sign, epsilon, steps, rate, norm, allowed, random_start, seed):
    found = start
    if random_start:
        found = _within(
            random_noise(start, epsilon, norm, seed, uniform=True),
            start,
            epsilon,
            norm,
            allowed,
        )
    for step in range(1, steps + 1):
        loss, gradient = loss_and_gradient(model, found, classes)
        if norm == "linf":
            way = gradient.sign()
        else:
            gradient = gradient if allowed is None else gradient * allowed
            way = gradient / _length(gradient).clamp(min=1e-30)
        found = _within(found + sign * rate * way, start, epsilon, norm, allowed)
        yield AttackStep(step, steps, found, loss)


def loss_and_gradient(model: nn.Module, images: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """The cross-entropy (B,) of classes (B,) for images (B, C, H, W), and its gradient in their pixels.

    The model is held in eval mode meanwhile, and left as it was. Raises `ValueError` for a gradient with NaN.

    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(1, 2, bias=False))
    >>> _ = net[1].weight.data.copy_(torch.tensor([[0.0], [2.0]]))
    >>> loss_and_gradient(net, torch.zeros(1, 1, 1, 1), torch.tensor([0]))[1].item()
    1.0
    """
    with torch.inference_mode(False), torch.enable_grad(), frozen(model):
        pixels = images.detach().clone().requires_grad_()
        loss = nn.functional.cross_entropy(model(pixels), classes, reduction="none")
        (gradient,) = torch.autograd.grad(loss.sum(), pixels)
    return loss.detach(), check_finite("gradient of the loss at the pixels", gradient)


def random_noise(
    images: Tensor, epsilon: float = 4 / 255, norm: Norm = "linf", seed: int = 0, uniform: bool = False
) -> Tensor:
    """Images with random noise of the same size as an attack's: the control beside every adversarial example.

    linf: plus or minus epsilon in every pixel, by chance, the corner of the ball where `fgsm` ends; l2: a random
    direction of length epsilon. `uniform=True` draws inside the ball. Clipped to [0, 1]. Raises as `pgd` does.

    >>> x = torch.full((1, 1, 2, 2), 0.5)
    >>> (random_noise(x, 0.25) - x).abs().unique()
    tensor([0.2500])
    """
    check_number("epsilon", epsilon, least=0)
    check_choice("norm", norm, NORMS)
    check_whole("seed", seed)
    check_images(images)
    generator = torch.Generator().manual_seed(seed)
    shares = 2 * torch.rand(images.shape, generator=generator) - 1
    if norm == "linf":
        noise = epsilon * (shares if uniform else shares.sign())
    else:
        noise = torch.randn(images.shape, generator=generator)
        radius = torch.rand(len(images), 1, 1, 1, generator=generator) if uniform else 1.0
        noise = epsilon * radius * noise / _length(noise)
    return (images + noise.to(images)).clamp(0, 1)


def _within(images, start, epsilon, norm, allowed):
    """The pictures brought back into the ball around `start`, into the mask, and into [0, 1]."""
    change = images - start
    if allowed is not None:
        change = change * allowed
    if norm == "linf":
        change = change.clamp(-epsilon, epsilon)
    else:
        change = change * (epsilon / _length(change).clamp(min=1e-30)).clamp(max=1)
    # clipping moves a pixel towards its start, which lies in [0, 1]: the ball is not left
    return (start + change).clamp(0, 1)


def _length(values: Tensor) -> Tensor:
    """The Euclidean length of each picture of a batch, (B, 1, 1, 1)."""
    return values.flatten(1).norm(dim=1).view(-1, 1, 1, 1)


def _goal(model, images, label, target) -> tuple[Tensor, float]:
    """The classes (B,) whose loss counts, and whether it is to rise (+1) or to fall (-1)."""
    if label is not None and target is not None:
        raise ValueError(
            complaint(
                "label and target", "one of them (untargeted or targeted)", "both", "leave out the label"
            )
        )
    given, shape = label if target is None else target, tuple(images.shape[1:])
    Logit(0).check(model, shape)  # a picture of another size than the network takes ends here
    if given is None:
        with torch.no_grad(), frozen(model):
            return model(images).argmax(1), 1.0
    sign = 1.0 if target is None else -1.0
    name = "label" if target is None else "target"
    if isinstance(given, Tensor):
        if given.shape != (len(images),) or given.is_floating_point():
            raise ValueError(
                complaint(name, f"one class or whole numbers ({len(images)},)", described(given))
            )
        classes = [class_index(model, int(k)) for k in given.tolist()]
    else:
        classes = [class_index(model, given)] * len(images)
    if min(classes) < 0:
        raise IndexError(complaint(name, "an index from 0 up", min(classes)))
    Logit(max(classes)).check(model, shape)
    return torch.tensor(classes, device=images.device), sign


def _checked_mask(mask: Tensor | None, images: Tensor) -> Tensor | None:
    if mask is None:
        return None
    size = tuple(images.shape[-2:])
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        raise TypeError(complaint("mask", f"a tensor {size} of True and False", described(mask)))
    if (
        mask.ndim not in (2, 4)
        or tuple(mask.shape[-2:]) != size
        or (mask.ndim == 4 and len(mask) not in (1, len(images)))
    ):
        raise ValueError(
            complaint("mask", f"shape {size}, as the images, or (B, 1, H, W)", tuple(mask.shape))
        )
    return mask.to(images)
