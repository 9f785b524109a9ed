"""What a denoiser learns, against the exact gradient of the log density."""

import pytest
import torch
from torch.nn.functional import cosine_similarity, mse_loss

from lecturelib import datasets
from lecturelib.autoencoders.denoising import TOYS, exact_arrows, iter_denoiser, toy_points
from lecturelib.autoencoders.shipped_autoencoders import load_autoencoder
from lecturelib.filters import gaussian_blur


def log_density(data, places, sigma):
    return torch.logsumexp(-torch.cdist(places, data).square() / (2 * sigma**2), 1)


@pytest.mark.parametrize("sigma", [0.1, 0.3])
def test_exact_arrows_are_the_gradient_of_the_log_density(sigma):
    data = toy_points("two arcs", n=50).double()
    places = (torch.rand(20, 2, generator=torch.Generator().manual_seed(1)).double() * 2 - 1).requires_grad_()
    (gradient,) = torch.autograd.grad(log_density(data, places, sigma).sum(), places)
    torch.testing.assert_close(exact_arrows(data, places.detach(), sigma), sigma**2 * gradient)


def test_a_trained_denoiser_points_where_the_density_grows():
    data = toy_points("circle", n=300)
    sigma = 0.15
    *_, end = iter_denoiser(data, sigma, steps=700)
    angle = torch.arange(24) * 2 * torch.pi / 24
    for radius in (0.65, 0.95):  # inside and outside of the circle of radius .8
        places = radius * torch.stack([angle.cos(), angle.sin()], 1)
        learned, right = end.arrows(places), exact_arrows(data, places, sigma)
        assert cosine_similarity(learned, right).mean() > 0.9
        outwards = (learned * places).sum(1)
        assert ((outwards > 0) == (radius < 0.8)).float().mean() > 0.9


@pytest.mark.parametrize("shape", TOYS)
def test_toy_points_lie_in_the_frame_and_follow_their_seed(shape):
    points = toy_points(shape, n=200, seed=3)
    assert points.shape == (200, 2) and points.abs().max() < 1.1
    assert torch.equal(points, toy_points(shape, n=200, seed=3))
    assert not torch.equal(points, toy_points(shape, n=200, seed=4))


def test_the_shipped_denoiser_beats_the_identity_and_a_gaussian_filter():
    clean = datasets.digits("test")[0][:500]
    kept = torch.rand(clean.shape, generator=torch.Generator().manual_seed(0)) >= 0.5
    noisy = clean * kept
    denoised = mse_loss(load_autoencoder("digits_denoising")(noisy), clean).item()
    blurred = min(
        mse_loss((2 * gaussian_blur(noisy, sigma)).clamp(0, 1), clean).item()
        for sigma in (0.6, 0.8, 1.0, 1.3, 1.6)
    )
    assert denoised < 0.8 * blurred and denoised < 0.5 * mse_loss(noisy, clean).item()


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: toy_points("square"), ValueError, "shape: expected 'circle', 'spiral' or 'two arcs'"),
        (lambda: toy_points(n=1), ValueError, "n: expected a whole number from 2 up"),
        (lambda: toy_points(spread=-1.0), ValueError, "spread"),
        (lambda: iter_denoiser(toy_points(), sigma=0.0), ValueError, "sigma"),
        (lambda: iter_denoiser(torch.zeros(0, 2)), ValueError, "data"),
        (lambda: exact_arrows(toy_points(), torch.zeros(1, 2), 0.0), ValueError, "sigma"),
    ],
)
def test_bad_input_is_a_sentence(call, error, words):
    with pytest.raises(error, match=words):
        call()
