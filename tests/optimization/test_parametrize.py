"""Parametrizations: each can stand for a given picture, generated or by descent; spectrum and colors as in photos."""

import pytest
import torch

from lecturelib.images import photo
from lecturelib.optimization.parametrize import (
    COLORS,
    DARKEST,
    FORMS,
    Fourier,
    Parametrization,
    Pixels,
    color_matrix,
    measured_colors,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
@pytest.mark.parametrize("shape", [(1, 3, 16, 16), (2, 1, 7, 12), (1, 3, 1, 1)])
def test_starts(form, shape):
    grey = form(shape, "grey").image()
    assert grey.shape == shape
    assert torch.allclose(grey, torch.full(shape, 0.5))
    noise = form(shape, "noise", generator()).image()
    assert 0 <= noise.min() <= noise.max() <= 1
    assert not torch.equal(noise, grey)
    assert torch.equal(noise, form(shape, "noise", generator()).image())
    assert not torch.equal(noise, form(shape, "noise", generator(1)).image())
    assert isinstance(form(shape), Parametrization)


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
@pytest.mark.parametrize("side", [15, 16])
def test_painting_a_picture_gives_that_picture(form, side):
    picture = 0.02 + 0.96 * torch.rand(2, 3, side, side, generator=generator())
    generated = form(picture.shape, "grey")
    generated.set_image(picture)
    assert torch.allclose(generated.image(), picture, atol=1e-5)
    assert torch.allclose(form(picture.shape, picture).image(), picture, atol=1e-5)


def test_a_sigmoid_reaches_neither_black_nor_white():
    picture = torch.tensor([0.0, 1.0]).repeat(2, 1)[None, None]
    generated = Fourier(picture.shape, picture).image()
    assert torch.allclose(generated, picture.clamp(DARKEST, 1 - DARKEST), atol=1e-5)
    assert torch.equal(Pixels(picture.shape, picture).image(), picture)


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
def test_descent_fits_a_photo(form):
    target = photo("cat", 24)
    own = form(target.shape, "noise", generator())
    for parameter in own.parameters:
        parameter.requires_grad_()
    adam = torch.optim.Adam(own.parameters, 0.05)
    for _ in range(150):
        adam.zero_grad()
        loss = (own.image() - target).square().mean()
        loss.backward()
        adam.step()
    assert loss < 1e-3, "the photo's own variance is about 0.02"


def test_pixels_are_brought_back():
    form = Pixels((1, 1, 1, 3))
    form.parameters[0].copy_(torch.tensor([-1.0, 0.3, 2.0]))
    form.project()
    assert form.image().flatten().tolist() == pytest.approx([0, 0.3, 1])


def test_noise_of_the_spectrum_falls_as_1_over_f():
    image = Fourier((8, 1, 64, 64), "noise", generator()).image().logit()
    amplitude = torch.fft.rfft2(image).abs().square().mean((0, 1)).sqrt()  # (64, 33)
    down, right = torch.arange(1, 31)[:, None], torch.arange(1, 32)[None]
    flat = amplitude[1:31, 1:32] * (down**2 + right**2).sqrt()  # times f, nothing falls any more
    bands = [flat[:8, :8].mean(), flat[8:16, 8:16].mean(), flat[20:, 20:].mean()]
    assert torch.stack(bands).tolist() == pytest.approx([bands[0].item()] * 3, rel=0.1)


def test_steps_of_one_coefficient_move_light_and_dark_most():
    matrix = color_matrix(3)
    assert torch.allclose(
        matrix @ matrix.T / (matrix @ matrix.T).max(), torch.tensor(COLORS) / 0.0904, atol=1e-3
    )
    lengths = matrix.norm(dim=0)
    assert lengths.tolist() == sorted(lengths.tolist())
    assert lengths[2] == 1
    assert (matrix[:, 2].sign() == matrix[0, 2].sign()).all(), "the longest way is light and dark"
    assert torch.equal(color_matrix(1), torch.eye(1))


def test_the_colors_are_the_shipped_photos():
    assert torch.allclose(measured_colors(), torch.tensor(COLORS), atol=2e-4)
