"""Digits somewhere on a larger canvas, alone or among pieces of other digits, each with the place of its center."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from lecturelib import datasets
from lecturelib.checks import check_choice, check_images, check_whole
from lecturelib.visual_attention.retina import windows

Task = Literal["digits", "translated", "cluttered"]
TASKS: tuple[Task, ...] = ("digits", "translated", "cluttered")
SIDES = {"digits": 28, "translated": 60, "cluttered": 60}  # pixels of a picture
PIECES, PIECE = 4, 8  # pieces of clutter, and the side of one in pixels
DIGIT = 28
SHIFT = 2  # pixels by which plain digits are moved while training


class PlacedDigits(NamedTuple):
    """Pictures (B, 1, side, side), and where the center of each digit lies: (B, 2) as (x, y) in [-1, 1]."""

    images: Tensor
    centers: Tensor


def translated(digits: Tensor, side: int = 60, generator: torch.Generator | None = None) -> PlacedDigits:
    """Translated digits: each on a black canvas of side x side pixels, at a place of its own, all equally likely.

    digits (B, 1, 28, 28) in [0, 1]. Raises `TypeError` or `ValueError` for other pictures or a canvas below 28 pixels.
    Mnih et al. 2014, section 4.1.

    >>> placed = translated(torch.ones(2, 1, 28, 28), 60, torch.Generator().manual_seed(0))
    >>> placed.images.shape, placed.images.sum().item() == 2 * 28 * 28
    (torch.Size([2, 1, 60, 60]), True)
    """
    check_images(digits, name="digits")
    size = digits.shape[-1]
    check_whole("side", side, size, None, "the digit's width is the least")
    corners = torch.randint(side - size + 1, (len(digits), 2), generator=generator)  # (B, 2): left, top
    canvas = torch.zeros(len(digits), 1, side, side)
    for k, (left, top) in enumerate(corners.tolist()):
        canvas[k, :, top : top + size, left : left + size] = digits[k]
    return PlacedDigits(canvas, (corners + size / 2) / side * 2 - 1)


def cluttered(
    digits: Tensor,
    side: int = 60,
    pieces: int = PIECES,
    generator: torch.Generator | None = None,
    others: Tensor | None = None,
) -> PlacedDigits:
    """Cluttered translated digits: `translated`, with pieces of 8 x 8 pixels of other digits at random places.

    `others`: the digits that the pieces are cut from, (N, 1, 28, 28); None: the digits themselves. Where a piece covers
    something, the brighter pixel stays. Raises as `translated` does, and for pieces that are no whole number from 0.
    Mnih et al. 2014, section 4.1.

    >>> cluttered(torch.rand(2, 1, 28, 28), pieces=0).images.shape
    torch.Size([2, 1, 60, 60])
    """
    check_whole("pieces", pieces)
    others = digits if others is None else check_images(others, name="others")
    placed = translated(digits, side, generator)
    count = len(digits) * pieces
    if not count:
        return placed
    source = torch.randint(len(others), (count,), generator=generator)
    cut = torch.randint(others.shape[-1] - PIECE + 1, (count, 2), generator=generator)
    cuttings = windows(others[source], cut, PIECE)  # (B * pieces, 1, 8, 8)
    goal = torch.randint(side - PIECE + 1, (count, 2), generator=generator)  # left, top
    steps = torch.arange(PIECE)
    rows, columns = goal[:, 1, None] + steps, goal[:, 0, None] + steps
    index = (rows[:, :, None] * side + columns[:, None, :]).view(len(digits), -1)  # (B, pieces * 64)
    flat = placed.images.flatten(1)
    images = flat.scatter_reduce(1, index, cuttings.reshape(len(digits), -1), "amax").view_as(placed.images)
    return PlacedDigits(images, placed.centers)


def digit_task(
    task: Task, digits: Tensor, generator: torch.Generator | None = None, others: Tensor | None = None
) -> PlacedDigits:
    """The pictures of a task made of digits: "digits" (28 x 28, moved by up to 2 pixels), "translated" or "cluttered".

    Raises `ValueError` for another task.

    >>> digit_task("digits", torch.rand(2, 1, 28, 28)).images.shape
    torch.Size([2, 1, 28, 28])
    """
    check_choice("task", task, TASKS)
    if task == "digits":
        wide = translated(digits, DIGIT + 2 * SHIFT, generator)
        images = wide.images[:, :, SHIFT : SHIFT + DIGIT, SHIFT : SHIFT + DIGIT]
        return PlacedDigits(images, wide.centers * (DIGIT + 2 * SHIFT) / DIGIT)
    if task == "translated":
        return translated(digits, SIDES[task], generator)
    return cluttered(digits, SIDES[task], PIECES, generator, others)


def held_out_pictures(task: Task, seed: int = 0) -> tuple[PlacedDigits, Tensor]:
    """The 2,000 test pictures of a task with their labels, the same for the same seed; plain digits are not moved.

    Their digits and their clutter come from the test digits, which no training picture contains.

    >>> placed, labels = held_out_pictures("translated")
    >>> placed.images.shape, labels.shape
    (torch.Size([2000, 1, 60, 60]), torch.Size([2000]))
    """
    check_choice("task", task, TASKS)
    digits, labels = datasets.digits("test")
    if task == "digits":
        return PlacedDigits(digits, torch.zeros(len(digits), 2)), labels
    return digit_task(task, digits, torch.Generator().manual_seed(seed), digits), labels
