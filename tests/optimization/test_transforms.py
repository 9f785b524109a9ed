"""Movements of the picture: exact where they move whole pixels, one resampling for all, the same from the same seed."""

import math

import pytest
import torch

from lecturelib.optimization.transforms import ROBUST, drawn, jitter, rotate, scale, warped

PICTURE = torch.arange(12.0).view(1, 1, 3, 4)


def matrix(*rows):
    return torch.tensor([[*rows[0]], [*rows[1]], [0.0, 0.0, 1.0]])[None]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_shift_takes_each_pixel_from_its_neighbor_and_mirrors_at_the_border():
    right_and_down = warped(PICTURE, matrix((1.0, 0.0, 1.0), (0.0, 1.0, -1.0)))
    expected = [[1, 2, 3, 3], [1, 2, 3, 3], [5, 6, 7, 7]]
    assert torch.allclose(right_and_down, torch.tensor(expected).float()[None, None], atol=1e-5)
    half = warped(PICTURE, matrix((1.0, 0.0, 0.5), (0.0, 1.0, 0.0)))
    assert torch.allclose(half[0, 0, 0], torch.tensor([0.5, 1.5, 2.5, 3.0]), atol=1e-5)


def test_a_quarter_turn_and_a_doubling_by_hand():
    square = torch.tensor([[1.0, 2.0], [3.0, 4.0]])[None, None]
    turned = warped(square, matrix((0.0, -1.0, 0.0), (1.0, 0.0, 0.0)))
    assert torch.allclose(
        turned, torch.tensor([[3.0, 1.0], [4.0, 2.0]])[None, None].rot90(2, (2, 3)), atol=1e-5
    )
    row = torch.tensor([0.0, 4.0, 8.0, 12.0]).repeat(4, 1)[None, None]
    doubled = warped(row, matrix((0.5, 0.0, 0.0), (0.0, 0.5, 0.0)))
    # places -0.75, -0.25, 0.25, 0.75 pixels from the center, where the row rises by 4 a pixel through 6
    assert torch.allclose(doubled[0, 0, 0], torch.tensor([3.0, 5.0, 7.0, 9.0]), atol=1e-5)


def test_a_turn_keeps_angles_in_a_picture_that_is_no_square():
    wide = torch.zeros(1, 1, 5, 9)
    wide[0, 0, 2, 6] = 1.0  # two pixels right of the center
    turned = warped(wide, matrix((0.0, 1.0, 0.0), (-1.0, 0.0, 0.0)))
    assert turned[0, 0, 4, 4] == pytest.approx(1, abs=1e-4)  # now two below it
    assert turned.sum() == pytest.approx(1, abs=1e-4)


def test_what_is_drawn_stays_in_its_range():
    shifts = drawn([jitter(3)], generator(), 500)[:, :2, 2]
    assert set(shifts.flatten().tolist()) == set(range(-3, 4))
    turns = drawn([rotate(30)], generator(), 500)
    angles = torch.atan2(turns[:, 1, 0], turns[:, 0, 0]).abs() * 180 / math.pi
    assert 25 < angles.max() <= 30
    assert torch.allclose(torch.linalg.det(turns), torch.ones(500), atol=1e-5)
    enlarged = 1 / drawn([scale(0.5, 2.0)], generator(), 500)[:, 0, 0]
    assert 0.5 <= enlarged.min() < 0.6
    assert 1.9 < enlarged.max() <= 2


def test_a_list_is_one_warp_by_the_product_and_repeats_with_its_seed():
    together = drawn(ROBUST, generator(4), 2)
    again, one = generator(4), torch.eye(3).repeat(2, 1, 1)
    for transform in ROBUST:
        one = transform(again, 2) @ one
    assert torch.equal(together, one)
    assert not torch.equal(together[0], together[1]), "each picture moves on its own"
    assert torch.equal(drawn(ROBUST, generator(4), 2), together)
    assert not torch.equal(drawn(ROBUST, generator(5), 2), together)


def test_nothing_drawn_leaves_the_picture_itself():
    assert drawn([], generator(), 1) is None
    assert warped(PICTURE, None) is PICTURE
    still = drawn([jitter(0), rotate(0), scale(1, 1)], generator(), 1)
    assert torch.allclose(warped(PICTURE, still), PICTURE, atol=1e-5)


def test_the_gradient_comes_back_through_the_warp():
    picture = PICTURE.clone().requires_grad_()
    shifted = warped(picture, matrix((1.0, 0.0, 1.0), (0.0, 1.0, 0.0)))
    (gradient,) = torch.autograd.grad(shifted.sum(), picture)
    assert torch.allclose(gradient[0, 0, 0], torch.tensor([0.0, 1.0, 1.0, 2.0]), atol=1e-5)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: jitter(-1), ValueError, "pixels: expected a whole number from 0 up, got -1"),
        (lambda: jitter(1.5), TypeError, "pixels: expected a whole number"),
        (lambda: rotate(-5), ValueError, "degrees: expected .* at least 0 and at most 180"),
        (lambda: rotate(float("nan")), ValueError, "degrees: .* got nan"),
        (lambda: scale(0, 1), ValueError, "smallest: expected .* above 0"),
        (lambda: scale(1.2, 0.9), ValueError, "largest: expected .* at least 1.2, got 0.9"),
        (lambda: scale("a", 1), TypeError, "smallest: expected"),
    ],
)
def test_bad_numbers_are_a_sentence(make, error, words):
    with pytest.raises(error, match=words):
        make()
