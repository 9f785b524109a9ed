"""The deep image prior: smooth pictures from the start, and a photo is fitted before its noise."""

import copy

import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from lecturelib import models
from lecturelib.images import photo
from lecturelib.network.units import Channel, read
from lecturelib.optimization.ascent import iter_maximize, maximize
from lecturelib.optimization.deep_prior import (
    DeepImagePrior,
    Hourglass,
    iter_denoise,
    psnr,
    with_noise,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_it_generates_smooth_pictures_of_any_size_and_the_seed_decides():
    before = torch.random.get_rng_state()
    one, same, other = (DeepImagePrior((2, 3, 37, 50), generator=seeded(seed)).image() for seed in (0, 0, 1))
    assert torch.equal(before, torch.random.get_rng_state())
    assert one.shape == (2, 3, 37, 50) and one.min() > 0 and one.max() < 1
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert not torch.equal(one[0], one[1])
    # neighbors are alike, before anything was learned: in noise this ratio is 2
    for picture in one.detach():
        assert picture.diff(dim=2).square().mean() / picture.var(dim=(1, 2)).mean() < 1


def test_pictures_of_a_batch_do_not_share_a_network():
    prior = DeepImagePrior((2, 1, 16, 16), width=8, depth=2)
    prior.image()[0].sum().backward()
    first, second = prior.networks
    assert all(parameter.grad.any() for parameter in first.parameters() if parameter.ndim > 1)
    assert not any(parameter.grad.any() for parameter in second.parameters())
    assert len(prior.parameters) == 2 * len(list(first.parameters()))


def test_a_copy_generates_the_same_with_weights_of_its_own():
    prior = DeepImagePrior((1, 1, 16, 16), width=8, depth=2)
    twin = copy.deepcopy(prior)
    assert torch.equal(prior.image(), twin.image())
    with torch.no_grad():
        for parameter in twin.parameters:
            parameter.add_(0.1)
    assert not torch.equal(prior.image(), twin.image())


def test_hourglass_gives_the_size_it_got():
    for size in ((1, 8, 16, 16), (1, 8, 19, 31)):
        assert Hourglass(3, 8, 2)(torch.rand(size)).shape == (1, 3, *size[2:])


def test_it_serves_in_an_ascent_that_can_go_on():
    model, unit = models.load("cifar_net"), Channel("conv2_1", 5)
    run = {"parametrization": DeepImagePrior, "transforms": (), "learning_rate": 0.01}
    steps = list(iter_maximize(model, unit, steps=8, **run))
    assert read(model, steps[-1].image, unit) > read(model, steps[0].image, unit) + 0.1
    went_on = maximize(model, unit, start=steps[3], steps=4, **run)
    torch.testing.assert_close(went_on.image, steps[-1].image)
    assert went_on.step == 8


def test_denoising_comes_nearer_to_a_photo_it_never_saw():
    clean = photo("cat", 48)
    noisy = with_noise(clean)
    before = torch.random.get_rng_state()
    steps = list(iter_denoise(noisy, 100, width=16))
    assert torch.equal(before, torch.random.get_rng_state())
    assert [step.step for step in steps] == list(range(1, 101))
    assert psnr(steps[-1].mean, clean) > psnr(noisy, clean) + 2
    assert steps[-1].error < 0.5 * steps[0].error
    assert torch.equal(steps[0].image, steps[0].mean) or torch.allclose(steps[0].image, steps[0].mean)
    by_hand = (0.98 * steps[0].image + steps[1].image) / 1.98  # the running mean, of its first two
    torch.testing.assert_close(steps[1].mean, by_hand)


def test_the_seed_reproduces_it_also_without_gradients_around():
    noisy = with_noise(photo("coffee", 32))
    one = [step.image for step in iter_denoise(noisy, 3)]
    with torch.inference_mode():
        same = [step.image for step in iter_denoise(noisy, 3)]
    other = [step.image for step in iter_denoise(noisy, 3, seed=1)]
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one[-1], other[-1])


@pytest.mark.oracle
def test_decibels_by_hand_and_against_scikit_image():
    grey = torch.full((1, 3, 4, 4), 0.5)
    assert psnr(grey, grey + 0.1) == pytest.approx(20, abs=1e-4)
    assert psnr(grey, grey) == float("inf")
    clean = photo("cat", 40)
    noisy = with_noise(clean)
    expected = peak_signal_noise_ratio(clean.numpy(), noisy.numpy(), data_range=1.0)
    assert psnr(noisy, clean) == pytest.approx(expected, abs=1e-4)


def test_noise_has_the_size_it_says():
    grey = torch.full((1, 3, 64, 64), 0.5)
    noise = with_noise(grey, 0.1) - grey
    assert noise.std().item() == pytest.approx(0.1, rel=0.03)
    assert abs(noise.mean().item()) < 0.005
    assert torch.equal(with_noise(grey, 0.1), with_noise(grey, 0.1))
    assert with_noise(torch.ones(1, 1, 8, 8)).max() <= 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: DeepImagePrior((1, 3, 20, 64)), "expected at least 32 px for 4 halvings, got 20 x 64"),
        (lambda: DeepImagePrior((1, 3, 64, 64), start="grey"), "start: expected 'noise', got str 'grey'"),
        (
            lambda: DeepImagePrior((1, 3, 64, 64), start=torch.rand(1, 3, 64, 64)),
            "`denoise` fits a given picture",
        ),
        (lambda: DeepImagePrior((1, 3, 64, 64), depth=0), "depth"),
        (lambda: iter_denoise(torch.rand(2, 3, 64, 64)), "one photo .* a batch of 2"),
        (lambda: iter_denoise(torch.rand(3, 64, 64)), r"images\[None\]"),
        (lambda: iter_denoise(torch.rand(1, 3, 64, 64) + 1), r"\[0, 1\]"),
        (lambda: iter_denoise(torch.full((1, 3, 64, 64), torch.nan)), "NaN"),
        (lambda: iter_denoise(torch.rand(1, 3, 16, 16)), "at least 32 px"),
        (lambda: iter_denoise(torch.rand(1, 3, 64, 64), 0), "steps"),
        (lambda: iter_denoise(torch.rand(1, 3, 64, 64), shake=-1), "shake"),
        (lambda: iter_denoise(torch.rand(1, 3, 64, 64), learning_rate=0), "learning_rate"),
        (lambda: with_noise(torch.rand(1, 3, 8, 8), -1), "std"),
        (lambda: psnr(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 9)), "image: expected shape"),
    ],
)
def test_bad_input_gets_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()
