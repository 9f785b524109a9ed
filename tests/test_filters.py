"""The filters by their definitions: every value from a sum written out, pictures that are not square."""

import math

import pytest
import torch

from lecturelib.filters import gaussian_blur, gaussian_kernel, sobel_edges


def pixels(*shape, seed=0):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("sigma", "radius"), [(0.2, 1), (0.4, 2), (1.0, 3), (2.5, 8), (14.0, 42)])
def test_the_kernel_is_a_gaussian_cut_at_three_sigmas(sigma, radius):
    kernel = gaussian_kernel(sigma).tolist()
    bell = [math.exp(-(i**2) / (2 * sigma**2)) for i in range(-radius, radius + 1)]
    assert kernel == pytest.approx([value / sum(bell) for value in bell], rel=1e-12)


def blurred_by_definition(image, down, across):
    """The double sum over the neighbors of every pixel; coordinates outside are moved to the border."""
    height, width = image.shape
    rows, columns = gaussian_kernel(down).tolist(), gaussian_kernel(across).tolist()
    out = torch.zeros_like(image)
    for y in range(height):
        for x in range(width):
            for i, row in enumerate(rows):
                for j, column in enumerate(columns):
                    v = min(max(y + i - len(rows) // 2, 0), height - 1)
                    u = min(max(x + j - len(columns) // 2, 0), width - 1)
                    out[y, x] += row * column * image[v, u]
    return out


@pytest.mark.parametrize("sigma", [(0.8, 0.8), (0.6, 1.4), (2.0, 0.4)])
def test_blur_is_the_double_sum(sigma):
    images = pixels(2, 3, 5, 9)
    found = gaussian_blur(images, sigma)
    assert found.shape == images.shape and found.dtype == torch.float64
    for b, c in ((0, 0), (1, 2)):
        torch.testing.assert_close(found[b, c], blurred_by_definition(images[b, c], *sigma))


def test_one_sigma_serves_both_axes_and_a_constant_stays():
    images = pixels(1, 1, 6, 11)
    assert torch.equal(gaussian_blur(images, 1.3), gaussian_blur(images, (1.3, 1.3)))
    torch.testing.assert_close(
        gaussian_blur(torch.full((1, 2, 4, 7), 0.3), 2.0), torch.full((1, 2, 4, 7), 0.3)
    )


def test_variance_adds_up_in_the_middle_of_a_wide_image():
    dot = torch.zeros(1, 1, 1, 201, dtype=torch.float64)
    dot[..., 100] = 1
    spread = gaussian_blur(dot, 4.0)[0, 0, 0]
    place = torch.arange(-100, 101, dtype=torch.float64)
    assert (spread * place.square()).sum().item() == pytest.approx(16, rel=0.03)  # a little is cut off


def test_gradients_flow_through_the_blur():
    images = pixels(1, 1, 4, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: gaussian_blur(x, 0.7), images)


@pytest.mark.parametrize("sigma", [0, -1.0, float("nan"), float("inf")])
def test_a_sigma_that_is_none(sigma):
    with pytest.raises(ValueError, match="sigma: expected a finite number above 0"):
        gaussian_blur(pixels(1, 1, 4, 4), sigma)


def test_sobel_is_the_sum_of_its_definition():
    image = pixels(2, 3, 5, 8)
    grey = image.mean(1)
    found = sobel_edges(image)
    assert found.shape == (2, 5, 8)
    for b in range(2):
        for y in range(5):
            for x in range(8):
                at = lambda dy, dx: grey[b, min(max(y + dy, 0), 4), min(max(x + dx, 0), 7)].item()  # noqa: B023, E731
                across = at(-1, 1) + 2 * at(0, 1) + at(1, 1) - at(-1, -1) - 2 * at(0, -1) - at(1, -1)
                down = at(1, -1) + 2 * at(1, 0) + at(1, 1) - at(-1, -1) - 2 * at(-1, 0) - at(-1, 1)
                assert found[b, y, x].item() == pytest.approx(math.hypot(across, down), abs=1e-12)


def test_edges_are_where_brightness_changes():
    image = torch.zeros(1, 3, 6, 8)
    image[..., 4:] = 1
    assert (sobel_edges(image)[0] > 0).any(0).tolist() == [False] * 3 + [True] * 2 + [False] * 3
    assert sobel_edges(image)[0].max() == 4, "a step of 1: 1 + 2 + 1"
