"""DRAW's window against crops, by-hand sums and finite differences; the affine sampler on the same places."""

import pytest
import torch

from lecturelib.visual_attention.filterbank import SoftWindow, affine_window, filterbank, gaussian_window
from lecturelib.visual_attention.retina import retina

IMAGES = torch.rand(2, 1, 20, 20, generator=torch.Generator().manual_seed(0))


def window(x=0.0, y=0.0, stride=1.0, sigma=1.0, count=2):
    one = torch.ones(count)
    return SoftWindow(torch.tensor([[x, y]]).expand(count, 2), stride * one, sigma * one)


@pytest.mark.parametrize("sigma", [0.3, 0.1, 0.01])
def test_in_the_limit_of_small_variance_it_is_a_crop(sigma):
    crop = IMAGES[:, :, 5:11, 8:14]  # its center: row 8, column 11
    read = gaussian_window(IMAGES, window(11 / 10 - 1, 8 / 10 - 1, 1, sigma), 6)
    assert (read - crop).abs().max() < (0.1 if sigma == 0.3 else 1e-6)
    assert torch.allclose(retina(IMAGES, window(0.1, -0.2).centers, 6, 1)[:, 0], crop)


def test_a_filter_is_a_distribution_with_the_mean_and_spread_that_it_says():
    bank = filterbank(torch.tensor([0.2]), torch.tensor([1.5]), torch.tensor([1.2]), 5, 40)[0].double()
    pixels = torch.arange(40.0)
    assert torch.allclose(bank.sum(1), torch.ones(5).double(), atol=1e-5)
    means = bank @ pixels.double()
    wanted = 1.2 * 20 - 0.5 + 1.5 * (torch.arange(5) - 2)
    assert torch.allclose(means.float(), wanted, atol=1e-3)
    spread = (bank * (pixels - means[:, None]).square()).sum(1).sqrt()
    assert torch.allclose(spread.float(), torch.full((5,), 1.2), atol=1e-3)


def test_a_window_far_outside_reads_nothing_and_stays_finite():
    read = gaussian_window(IMAGES, window(3.0, 0.0, 1, 0.5), 4)
    assert torch.equal(read, torch.zeros_like(read))


def test_a_constant_picture_stays_constant():
    assert torch.allclose(
        gaussian_window(torch.full((2, 1, 20, 20), 0.7), window(0.1, 0, 1.3, 2), 6), torch.tensor(0.7)
    )


def test_gradients_agree_with_finite_differences():
    center = torch.tensor([[0.1, -0.2], [0.3, 0.05]], dtype=torch.double, requires_grad=True)
    stride = torch.tensor([1.3, 0.9], dtype=torch.double, requires_grad=True)
    sigma = torch.tensor([0.8, 1.4], dtype=torch.double, requires_grad=True)
    pictures = IMAGES.double()
    assert torch.autograd.gradcheck(
        lambda *w: gaussian_window(pictures, SoftWindow(*w), 4), (center, stride, sigma)
    )


def test_affine_and_gaussian_read_the_same_places():
    # both pick the pixels themselves where places lie on them
    place = window(1 / 20, 1 / 20, 2, 0.01)
    assert torch.allclose(affine_window(IMAGES, place, 5), gaussian_window(IMAGES, place, 5), atol=1e-5)
    assert torch.allclose(affine_window(IMAGES, place, 5)[0, 0, 2, 2], IMAGES[0, 0, 10, 10])


@pytest.mark.parametrize("read", [gaussian_window, affine_window])
def test_bad_input_is_a_sentence(read):
    with pytest.raises(TypeError, match="window: expected a SoftWindow"):
        read(IMAGES, (0, 0, 1), 4)
    with pytest.raises(ValueError, match="centers: expected shape .2, 2., for 2 pictures"):
        read(IMAGES, window(count=3), 4)
    with pytest.raises(ValueError, match="sigmas: expected pixels above 0, got 0"):
        read(IMAGES, window(sigma=0.0), 4)
    with pytest.raises(ValueError, match="strides: expected pixels above 0, got -1"):
        read(IMAGES, window(stride=-1.0), 4)
    with pytest.raises(ValueError, match="size: expected a whole number from 1"):
        read(IMAGES, window(), 0)
    with pytest.raises(ValueError, match="strides: expected finite"):
        read(IMAGES, window(stride=float("nan")), 4)
