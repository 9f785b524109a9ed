"""Fooling images: pictures that show nothing, and that a network names with high confidence."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lecturelib.checks import check_number, check_whole
from lecturelib.confounds.adversarial import AttackStep, iter_pgd
from lecturelib.network.class_names import class_index

GREY, SPREAD = 0.5, 0.2  # the noise from which it starts: mean and standard deviation of its pixels


def fooling_image(
    model: nn.Module,
    target: int | str,
    epsilon: float = 0.1,
    steps: int = 20,
    size: int | None = None,
    seed: int = 0,
) -> Tensor:
    """Fooling image (1, C, size, size) in [0, 1]: noise, changed until a network is sure that it shows a class.

    Arguments and errors as for `iter_fooling_image`, whose end it is.

    >>> from lecturelib import models
    >>> net = models.load("lenet")
    >>> bool(net(fooling_image(net, "3", epsilon=0.3)).softmax(1)[0, 3] > 0.9)
    True
    """
    *_, last = iter_fooling_image(model, target, epsilon, steps, size, seed)
    return last.images


def iter_fooling_image(
    model: nn.Module,
    target: int | str,
    epsilon: float = 0.1,
    steps: int = 20,
    size: int | None = None,
    seed: int = 0,
) -> Iterator[AttackStep]:
    """Fooling image, step by step: a targeted white-box attack that starts from noise instead of a photo.

        x' = arg max over |x' - n| <= epsilon of log P(target | x'),   n = 0.5 + 0.2 * noise, clipped to [0, 1]

    Approached by `iter_pgd` (L-infinity). Since no pixel may move by more than epsilon, the picture stays noise to the
    eye: the class without the thing. size: pixels of a side; None: the model's `input_size`. Raises `ValueError`,
    `TypeError`, `UnknownName` or `IndexError` before any work. Nguyen, Yosinski & Clune 2015, "Deep neural networks are
    easily fooled": they evolve the pictures, and section 3.4 uses the gradient, as here.

    >>> from lecturelib import models
    >>> [found.step for found in iter_fooling_image(models.load("lenet"), "3", steps=2)]
    [1, 2]
    """
    check_number("epsilon", epsilon, least=0)
    check_whole("steps", steps, 1)
    goal = class_index(model, target)
    return iter_pgd(model, noise_picture(model, size, seed), epsilon, steps, target=goal)


def noise_picture(model: nn.Module, size: int | None = None, seed: int = 0) -> Tensor:
    """The noise (1, C, size, size) in [0, 1] from which a fooling image starts, as large as the model takes it.

    >>> noise_picture(nn.Flatten(), 8).shape
    torch.Size([1, 3, 8, 8])
    """
    side = check_whole("size", getattr(model, "input_size", 224) if size is None else size, 1)
    check_whole("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(1, getattr(model, "channels", 3), side, side, generator=generator)
    return (GREY + SPREAD * noise).clamp(0, 1)
