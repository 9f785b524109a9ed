"""Regularizers by hand on a 3 x 3 picture, penalties' gradients by finite differences, proximal steps by properties."""

import math

import pytest
import torch

from lecturelib.optimization.regularizers import (
    alpha_norm,
    bilateral,
    clipping,
    gaussian,
    l2,
    total_variation,
    wavelet,
)

PICTURE = torch.tensor([[0.5, 0.5, 0.9], [0.5, 0.1, 0.5], [0.5, 0.5, 0.8]])[None, None]


def noisy(channels=3, side=16, seed=0):
    return torch.rand(2, channels, side, side, generator=torch.Generator().manual_seed(seed))


def test_l2_by_hand_is_around_grey():
    assert l2(9.0)(PICTURE).tolist() == pytest.approx([0.16 + 0.16 + 0.09])
    assert l2(3.0)(torch.full((2, 3, 4, 4), 0.5)).tolist() == [0, 0]


def test_alpha_norm_by_hand():
    # 2 |x - 1/2|: 0.8 twice and 0.6 once, of nine pixels
    assert alpha_norm(9.0)(PICTURE).item() == pytest.approx(2 * 0.8**6 + 0.6**6)
    assert alpha_norm(9.0, 2.0)(PICTURE).item() == pytest.approx(l2(36.0)(PICTURE).item())
    assert alpha_norm(3.0)(torch.ones(2, 3, 4, 4)).tolist() == [3, 3]
    with pytest.raises(ValueError, match="alpha: expected a finite number at least 1"):
        alpha_norm(1.0, 0.5)


def test_total_variation_by_hand():
    # gradient lengths, row by row: (0, 0), (0.4, -0.4), (-, -0.4); (-0.4, 0), (0.4, 0.4), (-, 0.3); (0), (0.3), none
    diagonal = math.sqrt(0.32)
    lengths = [0, diagonal, 0.4, 0.4, diagonal, 0.3, 0, 0.3, 0]
    assert total_variation(9.0)(PICTURE).item() == pytest.approx(sum(lengths), abs=1e-3)
    squares = sum(length**2 for length in lengths)
    assert total_variation(9.0, beta=2.0)(PICTURE).item() == pytest.approx(squares, abs=1e-5)


def test_total_variation_counts_an_edge_as_a_slope_and_beta_2_does_not():
    edge, slope = torch.zeros(1, 1, 9, 9), torch.linspace(0, 1, 9).repeat(9, 1)[None, None]
    edge[..., 5:] = 1
    assert total_variation(1.0)(edge).item() == pytest.approx(total_variation(1.0)(slope).item(), rel=1e-2)
    assert total_variation(1.0, 2.0)(edge) > 5 * total_variation(1.0, 2.0)(slope)


@pytest.mark.parametrize(
    "penalty", [l2(2.0), alpha_norm(2.0), total_variation(2.0), total_variation(2.0, 1.5)]
)
def test_penalties_have_their_gradient(penalty):
    picture = noisy(side=4).double().requires_grad_()
    assert torch.autograd.gradcheck(penalty, picture)


@pytest.mark.parametrize("penalty", [l2(0.0), alpha_norm(0.0), total_variation(0.0)])
def test_a_weight_of_0_takes_nothing(penalty):
    picture = noisy().requires_grad_()
    value = penalty(picture)
    assert value.tolist() == [0, 0]
    assert torch.autograd.grad(value.sum(), picture)[0].count_nonzero() == 0


@pytest.mark.parametrize("penalty", [l2(1.0), alpha_norm(1.0), total_variation(1.0)])
def test_a_batch_is_each_picture_alone(penalty):
    both = noisy()
    singles = [penalty(picture[None]).item() for picture in both]
    assert penalty(both).tolist() == pytest.approx(singles)


def test_gaussian_by_hand():
    weights = [math.exp(-x * x / (2 * 0.5**2)) for x in range(-2, 3)]
    dot = torch.zeros(1, 1, 7, 7)
    dot[..., 3, 3] = 1
    blurred = gaussian(0.5)(dot)[0, 0]
    total = sum(weights)
    assert blurred[3, 3].item() == pytest.approx((weights[2] / total) ** 2)
    assert blurred[3, 4].item() == pytest.approx(weights[2] * weights[3] / total**2)
    assert blurred.sum().item() == pytest.approx(1)


def test_bilateral_spares_an_edge_that_gaussian_blurs():
    edge = torch.zeros(1, 3, 12, 12)
    edge[..., 6:] = 1.0
    rough = (edge * 0.8 + 0.1 + 0.02 * (noisy(3, 12)[:1] - 0.5)).clamp(0, 1)
    spared, blurred = bilateral(1.0, 0.1)(rough), gaussian(1.0)(rough)
    assert (spared[..., 6] - spared[..., 5]).mean() > 0.75
    assert (blurred[..., 6] - blurred[..., 5]).mean() < 0.5
    assert spared[..., :5].std() < 0.6 * rough[..., :5].std(), "noise on both sides goes"


def test_bilateral_by_hand_on_two_pixels():
    row = torch.tensor([[0.2, 0.4]])[None, None]  # (1, 1, 1, 2)
    found = bilateral(0.5, 0.2)(row)
    near, far = math.exp(-1 / 0.5), math.exp(-0.04 / 0.08)
    # rows above and below repeat the border: they change no share. Columns: the pixel and its repeated copy, the other
    own, other = 1 + near, near * far
    assert found[0, 0, 0, 0].item() == pytest.approx((own * 0.2 + other * 0.4) / (own + other), abs=1e-6)


def test_bilateral_takes_colors_together_by_their_mean_square():
    left, right = (0.2, 0.2, 0.2), (0.2, 0.2, 0.8)  # differ in one of three colors: d^2 = 0.36 / 3 = 0.12
    row = torch.tensor([left, right]).T.reshape(1, 3, 1, 2)
    found = bilateral(0.5, 0.2)(row)
    near, far = math.exp(-1 / 0.5), math.exp(-0.12 / 0.08)
    own, other = 1 + near, near * far
    expected = (own * 0.2 + other * 0.8) / (own + other)
    assert found[0, 2, 0, 0].item() == pytest.approx(expected, abs=1e-6)
    assert found[0, :2].flatten().tolist() == pytest.approx([0.2] * 4, abs=1e-6)


def test_wavelets_have_four_levels_and_fewer_in_small_pictures():
    """A wave of 32 px lives at the fifth level of Haar, one of 16 px at the fourth: four levels leave the first."""
    columns = torch.arange(64)
    for period, changed in ((16, True), (32, False), (64, False)):
        square = 0.5 + 0.1 * ((columns // (period // 2)) % 2).float().mul(2).sub(1)
        picture = square.expand(1, 1, 48, 64)
        found = wavelet(10.0, "haar")(picture)
        assert (not torch.allclose(found, picture, atol=1e-5)) == changed, period
    small = torch.rand(1, 3, 5, 9, generator=torch.Generator().manual_seed(2))
    assert wavelet(10.0, "haar")(small).shape == small.shape


def test_penalties_of_a_picture_that_is_not_square():
    """By sums over single pixels: rows and columns cannot be confounded."""
    picture = torch.rand(1, 2, 3, 5, dtype=torch.double, generator=torch.Generator().manual_seed(3))
    total = 0.0
    for c in range(2):
        for y in range(3):
            for x in range(5):
                here = picture[0, c, y, x]
                right = picture[0, c, y, x + 1] - here if x < 4 else 0.0
                down = picture[0, c, y + 1, x] - here if y < 2 else 0.0
                total += (right**2 + down**2 + 1e-8) ** 0.75
    assert total_variation(7.0, 1.5)(picture).item() == pytest.approx(7 * float(total) / 30)


def test_the_defaults_that_the_lesson_quotes():
    from inspect import signature

    from lecturelib.optimization import deep_dream, invert, maximize
    from lecturelib.optimization.transforms import ROBUST, drawn

    assert signature(maximize).parameters["parametrization"].default == "fourier"
    assert signature(maximize).parameters["transforms"].default is ROBUST
    assert signature(deep_dream).parameters["octave_scale"].default == 1.4
    assert signature(deep_dream).parameters["octaves"].default == 3
    assert signature(invert).parameters["parametrization"].default == "fourier"
    shifts = torch.stack(
        [drawn(ROBUST[:1], torch.Generator().manual_seed(k), 1)[0, :2, 2] for k in range(99)]
    )
    assert shifts.abs().max() == 8


def test_wavelets_below_the_threshold_vanish_and_those_above_come_nearer():
    picture = torch.full((1, 1, 4, 4), 0.5)
    picture[..., ::2] += (
        0.1  # columns 0.6 0.5: the detail along x is 0.1, in Haar's 2-D scale, and there is no other
    )
    assert torch.allclose(wavelet(0.2, "haar")(picture), torch.full_like(picture, 0.55), atol=1e-6)
    half = wavelet(0.05, "haar")(picture)
    assert torch.allclose(half[..., 0], torch.full((1, 1, 4), 0.575), atol=1e-6)
    assert torch.allclose(wavelet(0.0)(noisy(3, 15)), noisy(3, 15), atol=1e-5), "odd sides too"


def test_clipping():
    assert clipping(0.4, 0.6)(PICTURE).flatten().tolist() == pytest.approx(
        [0.5, 0.5, 0.6, 0.5, 0.4, 0.5, 0.5, 0.5, 0.6]
    )


@pytest.mark.parametrize("proximal_step", [gaussian(2.0), bilateral(), wavelet(0.1), clipping()])
@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 3, 5, 8)])
def test_proximal_steps_keep_shape_and_range_of_any_picture(proximal_step, shape):
    constant = torch.full(shape, 0.25)
    assert torch.allclose(proximal_step(constant), constant, atol=1e-6)
    found = proximal_step(torch.rand(shape, generator=torch.Generator().manual_seed(1)))
    assert found.shape == shape
    assert found.isfinite().all()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: l2(-1.0), ValueError, "l2, weight: expected a finite number at least 0, got -1"),
        (lambda: l2(float("nan")), ValueError, "l2, weight: .* got nan"),
        (lambda: l2("1"), TypeError, "l2, weight: .* got str"),
        (lambda: total_variation(-0.1), ValueError, "total_variation, weight"),
        (lambda: total_variation(1.0, 0), ValueError, "beta: expected .* above 0"),
        (lambda: total_variation(1.0, "2"), TypeError, "beta: expected .* above 0"),
        (lambda: gaussian(0), ValueError, "sigma: expected .* above 0"),
        (lambda: bilateral(1.0, -1), ValueError, "contrast: expected .* above 0"),
        (lambda: wavelet(-1), ValueError, "threshold: expected .* at least 0"),
        (lambda: wavelet(0.1, "sausage"), ValueError, "name: expected a discrete wavelet"),
        (lambda: clipping(0.5, 0.5), ValueError, "high: expected .* above 0.5"),
        (lambda: clipping(-1, 1), ValueError, "low: expected .* at least 0"),
        (lambda: clipping("0", 1), TypeError, "low: expected"),
    ],
)
def test_bad_numbers_are_a_sentence(make, error, words):
    with pytest.raises(error, match=words):
        make()
