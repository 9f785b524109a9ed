"""Digits on a larger canvas: nothing is lost, the centers are true, and what is tested was never trained on."""

import pytest
import torch

from lecturelib import datasets
from lecturelib.visual_attention.translated_digits import (
    TASKS,
    cluttered,
    digit_task,
    held_out_pictures,
    translated,
)

DIGITS = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_translated_digit_lies_where_its_center_says():
    placed = translated(DIGITS, 60, seeded())
    for image, center, digit in zip(placed.images, placed.centers, DIGITS, strict=True):
        left, top = ((center + 1) / 2 * 60 - 14).round().long().tolist()
        assert torch.equal(image[:, top : top + 28, left : left + 28], digit)
        assert image.sum().item() == pytest.approx(digit.sum().item(), rel=1e-5)


def test_every_place_occurs():
    placed = translated(torch.ones(1, 1, 28, 28).expand(3000, -1, -1, -1), 30, seeded())
    corners = ((placed.centers + 1) / 2 * 30 - 14).round().long()
    counts = torch.bincount(corners[:, 0] * 3 + corners[:, 1], minlength=9)
    assert len(counts) == 9 and counts.min() > 250  # 333 expected, standard deviation 17


def test_clutter_only_adds_light_and_stays_within_its_pieces():
    bare, full = translated(DIGITS, 60, seeded()), cluttered(DIGITS, 60, 4, seeded())
    assert torch.equal(bare.centers, full.centers)
    added = full.images - bare.images
    assert added.min() >= 0 and (added > 0).flatten(1).sum(1).max() <= 4 * 64
    assert (added > 0).flatten(1).any(1).all()


def test_clutter_is_cut_from_the_digits_that_are_given():
    flat = cluttered(torch.zeros(2, 1, 28, 28), 60, 3, seeded(), others=torch.full((1, 1, 28, 28), 0.5))
    assert set(flat.images.unique().tolist()) == {0.0, 0.5}


def test_plain_digits_move_by_at_most_two_pixels():
    point = torch.zeros(50, 1, 28, 28)
    point[:, 0, 14, 14] = 1
    moved = digit_task("digits", point, seeded())
    rows, columns = moved.images[:, 0].nonzero()[:, 1:].T
    assert set(rows.tolist()) == set(columns.tolist()) == {12, 13, 14, 15, 16}
    assert torch.allclose(moved.centers[:, 0], (columns - 14) / 14)


@pytest.mark.parametrize("task", TASKS)
def test_the_same_seed_gives_the_same_pictures(task):
    first, again, other = (digit_task(task, DIGITS, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.images, again.images) and not torch.equal(first.images, other.images)
    assert torch.equal(held_out_pictures(task)[0].images, held_out_pictures(task)[0].images)


def test_train_and_test_digits_are_disjoint():
    train, test = (datasets.digits(split)[0].flatten(1).mul(255).byte() for split in ("train", "test"))
    known = {row.numpy().tobytes() for row in train}
    assert not [k for k, row in enumerate(test) if row.numpy().tobytes() in known]


def test_bad_input_is_a_sentence():
    with pytest.raises(
        ValueError, match="side: expected a whole number from 28 up .the digit's width is the least."
    ):
        translated(DIGITS, 20)
    with pytest.raises(ValueError, match="pieces: expected a whole number from 0 up, got -1"):
        cluttered(DIGITS, pieces=-1)
    with pytest.raises(
        ValueError, match="task: expected 'digits', 'translated' or 'cluttered', got 'clutter'"
    ):
        digit_task("clutter", DIGITS)
    with pytest.raises(ValueError, match="digits: expected pixels in .0, 1."):
        translated(DIGITS * 255)
