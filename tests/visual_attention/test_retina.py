"""The retina against plain crops, averages by hand, and bilinear values by hand."""

import pytest
import torch

from lecturelib.visual_attention.retina import padded_for, patch_box, retina, windows

PICTURE = torch.arange(100.0).view(1, 1, 10, 10) / 100


def at(row, column, side=10):
    """The location whose patch has its center at a corner between pixels, counted from the upper left."""
    return torch.tensor([[2 * column / side - 1, 2 * row / side - 1]])


def test_a_whole_position_is_a_plain_crop():
    seen = retina(PICTURE, at(4, 6), size=4, scales=1)
    assert torch.equal(seen[0, 0, 0], PICTURE[0, 0, 2:6, 4:8])


def test_x_goes_across_and_y_goes_down():
    picture = torch.zeros(1, 1, 10, 10)
    picture[0, 0, 1, 8] = 1  # high up, at the right
    assert retina(picture, torch.tensor([[0.6, -0.6]]), size=4, scales=1).sum() == 1
    assert retina(picture, torch.tensor([[-0.6, 0.6]]), size=4, scales=1).sum() == 0


def test_a_wider_patch_is_the_mean_of_blocks_of_two():
    seen = retina(PICTURE, at(5, 5), size=2, scales=2)[0, :, 0]
    assert torch.equal(seen[0], PICTURE[0, 0, 4:6, 4:6])
    blocks = PICTURE[0, 0, 3:7, 3:7]
    by_hand = [
        [blocks[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].mean().item() for column in (0, 1)]
        for row in (0, 1)
    ]
    assert torch.allclose(seen[1], torch.tensor(by_hand))


def test_between_two_pixels_it_is_bilinear():
    whole, next_, below = (retina(PICTURE, at(*place), 4, 2) for place in ((5, 5), (5, 6), (6, 5)))
    assert torch.allclose(retina(PICTURE, at(5, 5.25), 4, 2), 0.75 * whole + 0.25 * next_, atol=1e-6)
    assert torch.allclose(retina(PICTURE, at(5.5, 5), 4, 2), 0.5 * whole + 0.5 * below, atol=1e-6)


def test_outside_of_the_picture_it_is_black():
    ones = torch.ones(1, 1, 10, 10)
    corner = retina(ones, torch.tensor([[-1.0, -1.0]]), size=4, scales=1)[0, 0, 0]
    assert torch.equal(corner, torch.tensor([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]).float())
    assert retina(ones, torch.tensor([[1.0, 1.0]]), size=4, scales=2)[0, 1].sum() == 4


def test_a_batch_is_its_single_pictures_with_channels_and_any_shape():
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(5, 3, 20, 31, generator=generator)
    places = torch.rand(5, 2, generator=generator) * 2 - 1
    together = retina(images, places, size=6, scales=3)
    assert together.shape == (5, 3, 3, 6, 6)
    for k in range(5):
        assert torch.allclose(together[k], retina(images[k : k + 1], places[k : k + 1], 6, 3)[0], atol=1e-6)


def test_what_it_reads_does_not_depend_on_the_picture_around():
    small = torch.rand(1, 1, 40, 40, generator=torch.Generator().manual_seed(0))
    large = torch.zeros(1, 1, 80, 80)
    large[:, :, 20:60, 20:60] = small
    center = torch.zeros(1, 2)
    assert torch.allclose(retina(small, center, 8, 2), retina(large, center, 8, 2))


def test_gradients_in_place_and_picture_agree_with_differences():
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(2, 1, 12, 12, dtype=torch.double, generator=generator)
    places = torch.tensor([[0.13, -0.21], [0.52, 0.33]], dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda p: retina(images, p, 4, 2), (places,))
    images.requires_grad_(True)
    assert torch.autograd.gradcheck(
        lambda x: retina(x.clamp(0, 1), places.detach(), 4, 2), (images,), atol=1e-4
    )


def test_windows_with_and_without_gradient_are_the_same():
    images = torch.rand(3, 2, 9, 11)
    corners = torch.tensor([[0, 0], [7, 5], [3, 2]])
    assert torch.equal(windows(images, corners, 4), windows(images.requires_grad_(), corners, 4).detach())


def test_what_a_patch_covers():
    assert patch_box((-1.0, 0.0), 8, 0, 60, 60) == (-4, 26, 4, 34)
    assert padded_for(torch.zeros(1, 1, 60, 60), 12, 3).shape[-1] == 60 + 2 * 25


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"size": 11}, ValueError, "size: expected a whole number from 1 to 10 .the picture's shorter side., got 11"),
        ({"size": 0}, ValueError, "size: expected a whole number from 1"),
        ({"scales": 0}, ValueError, "scales: expected a whole number from 1 to 6, got 0"),
        ({"size": 3, "scales": 2}, ValueError, "size: expected an even number"),
        ({"locations": torch.zeros(1, 3)}, ValueError, "locations: expected shape .1, 2., one .x, y. a picture"),
        ({"locations": torch.tensor([[1.5, 0]])}, ValueError, "locations: expected values from -1 to 1, got 1.5"),
        ({"locations": torch.tensor([[float("nan"), 0]])}, ValueError, "locations: expected values from -1 to 1"),
        ({"locations": torch.zeros(1, 2).long()}, TypeError, "locations: expected floats"),
        ({"images": PICTURE * 255}, ValueError, "images: expected pixels in .0, 1."),
        ({"images": PICTURE[0]}, ValueError, "add the batch"),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence(arguments, error, words):
    given = {"images": PICTURE, "locations": torch.zeros(1, 2), "size": 4, "scales": 1} | arguments
    with pytest.raises(error, match=words):
        retina(**given)
