"""Kernels by hand: tiles around grey, spectra of gratings and noise, and bad input."""

import math

import pytest
import torch
from torch import nn

from lecturelib.parameters.kernels import (
    high_frequency_share,
    kernel_tiles,
    kernels,
    noise_like,
    orientation_selectivity,
)


def grating(cycles_per_pixel: float, degrees: float, size: int = 11) -> torch.Tensor:
    """One kernel (1, 1, size, size) with a Gaussian envelope: a Gabor."""
    y, x = torch.meshgrid(*(torch.arange(size) - size // 2,) * 2, indexing="ij")
    angle = math.radians(degrees)
    wave = torch.cos(2 * math.pi * cycles_per_pixel * (x * math.cos(angle) + y * math.sin(angle)))
    return (wave * torch.exp(-(x**2 + y**2) / 18))[None, None]


def test_kernels_are_a_copy_of_the_weights():
    network = nn.Sequential(nn.Conv2d(3, 4, 5))
    weight = kernels(network, "0")
    assert weight.shape == (4, 3, 5, 5) and torch.equal(weight, network[0].weight)
    weight.zero_()
    assert network[0].weight.abs().sum() > 0


def test_transposed_kernels_come_output_first():
    network = nn.Sequential(nn.ConvTranspose2d(2, 5, 3))
    assert kernels(network, "0").shape == (5, 2, 3, 3)


def test_transposed_kernels_of_a_grouped_layer():
    layer = nn.ConvTranspose2d(4, 6, 3, groups=2)  # 6 kernels over 2 channels each
    found = kernels(nn.Sequential(layer), "0")
    assert found.shape == (6, 2, 3, 3)
    for kernel, (group, place) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]):
        assert torch.equal(found[kernel], layer.weight[2 * group : 2 * group + 2, place])


def test_color_tiles_by_hand():
    network = nn.Sequential(nn.Conv2d(3, 2, 1))
    network[0].weight.data = torch.tensor([[1.0, -2.0, 0.0], [0.25, 0.0, 0.0]])[:, :, None, None]
    each = kernel_tiles(network, "0")[:, :, 0, 0]
    torch.testing.assert_close(each, torch.tensor([[0.75, 0.0, 0.5], [1.0, 0.5, 0.5]]))
    shared = kernel_tiles(network, "0", scale="shared")[:, :, 0, 0]
    torch.testing.assert_close(shared, torch.tensor([[0.75, 0.0, 0.5], [0.5625, 0.5, 0.5]]))


def test_signed_tiles_of_chosen_input_channels():
    network = nn.Sequential(nn.Conv2d(4, 2, 3))
    assert kernel_tiles(network, "0").shape == (2, 1, 3, 3)
    tiles = kernel_tiles(network, "0", [1, 3], scale="shared")
    weight = network[0].weight.detach()[:, [1, 3]]
    torch.testing.assert_close(tiles[1, 0], 0.5 + 0.5 * weight[0, 1] / weight.abs().max())
    torch.testing.assert_close(tiles[2, 0], 0.5 + 0.5 * weight[1, 0] / weight.abs().max())


def test_a_zero_kernel_is_grey():
    network = nn.Sequential(nn.Conv2d(3, 1, 3))
    network[0].weight.data.zero_()
    assert (kernel_tiles(network, "0") == 0.5).all()


def test_smooth_gratings_are_low_fine_ones_high_and_noise_between():
    noise = torch.randn(200, 3, 11, 11, generator=torch.Generator().manual_seed(0))
    assert high_frequency_share(grating(0.1, 30)).item() < 0.02
    assert high_frequency_share(grating(0.4, 30)).item() > 0.98
    assert abs(high_frequency_share(noise).mean().item() - 0.75) < 0.03


@pytest.mark.parametrize("degrees", [0, 30, 45, 90, 120])
def test_a_grating_is_oriented_at_every_angle(degrees):
    assert orientation_selectivity(grating(0.2, degrees)).item() > 0.9


def test_a_blob_a_plaid_and_a_flat_kernel_are_not_oriented():
    plaid = grating(0.2, 0) + grating(0.2, 90)
    assert orientation_selectivity(torch.cat([grating(0, 0), plaid])).max().item() < 0.01
    flat = torch.full((1, 3, 5, 5), 0.3)
    assert orientation_selectivity(flat).item() == 0 and high_frequency_share(flat).item() == 0


def test_both_measures_ignore_scale_and_mean():
    weight = torch.randn(5, 3, 7, 7, generator=torch.Generator().manual_seed(1))
    for measure in (high_frequency_share, orientation_selectivity):
        torch.testing.assert_close(measure(weight), measure(weight * 7 + 2))


def test_very_small_kernels_are_measured_as_well():
    weight = torch.cat([grating(0.1, 30), grating(0.4, 30)])
    for measure in (high_frequency_share, orientation_selectivity):
        for factor in (1e-13, 1e-30, 1e-160):
            torch.testing.assert_close(measure(weight.double() * factor), measure(weight))
    assert high_frequency_share(torch.full((1, 1, 3, 3), 0.1)).item() == 0


def test_noise_has_the_spread_of_the_kernels():
    weight = torch.randn(64, 3, 11, 11, generator=torch.Generator().manual_seed(1)) * 0.05 + 0.01
    noise = noise_like(weight)
    assert noise.shape == weight.shape and abs(noise.std() / weight.std() - 1) < 0.05
    assert torch.equal(noise, noise_like(weight)) and not torch.equal(noise, noise_like(weight, seed=1))


def test_bad_input_is_a_sentence():
    network = nn.Sequential(nn.Conv2d(4, 2, 3), nn.ReLU())
    with pytest.raises(TypeError, match="1: expected a 2-D convolution, got a ReLU; convolutions here: 0"):
        kernels(network, "1")
    with pytest.raises(KeyError, match="layer: expected a layer"):
        kernels(network, "conv9")
    with pytest.raises(IndexError, match=r"0 to 3 \(0 has 4 input channels\), got 4"):
        kernel_tiles(network, "0", 4)
    with pytest.raises(TypeError, match="whole numbers"):
        kernel_tiles(network, "0", 1.5)
    with pytest.raises(ValueError, match="at least one"):
        kernel_tiles(network, "0", [])
    with pytest.raises(ValueError, match="'each' or 'shared'"):
        kernel_tiles(network, "0", scale="log")
    with pytest.raises(ValueError, match=r"\(N, C, kh, kw\)"):
        high_frequency_share(torch.zeros(3, 3))
    with pytest.raises(ValueError, match=r"at least 2 x 2 px, got shape \(1, 3, 1, 1\)"):
        orientation_selectivity(torch.zeros(1, 3, 1, 1))
    network[0].weight.data[0, 0, 0, 0] = float("nan")
    with pytest.raises(ValueError, match="NaN"):
        kernel_tiles(network, "0")


@pytest.mark.parametrize("shape", [(5, 3, 3, 3), (4, 2, 5, 5), (3, 1, 2, 7), (2, 3, 11, 11), (2, 1, 40, 33)])
def test_shares_are_those_of_the_padded_fourier_transform(shape):
    """The library sums products of pixels; here every kernel is transformed on the grid of frequencies."""
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(4)).double()
    side = max(32, *shape[2:])
    centered = weight - weight.mean((2, 3), keepdim=True)
    power = torch.fft.fft2(centered, s=(side, side)).abs().square().sum(1)
    fy, fx = torch.meshgrid(*2 * [torch.fft.fftfreq(side, dtype=torch.float64)], indexing="ij")
    radius, angle = torch.hypot(fy, fx), torch.atan2(fy, fx)
    power = power * ((radius > 0) & (radius < 0.5))
    high = (power * (radius > 0.25)).sum((1, 2)) / power.sum((1, 2))
    vector = (power * torch.exp(2j * angle)).sum((1, 2)).abs() / power.sum((1, 2))
    assert torch.allclose(high_frequency_share(weight).double(), high, atol=1e-6)
    assert torch.allclose(orientation_selectivity(weight).double(), vector, atol=1e-6)
