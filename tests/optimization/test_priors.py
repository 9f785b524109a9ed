"""Learned priors: a code is optimized and stays typical; a layer's statistics by hand; wrong sizes get a sentence."""

import pytest
import torch
from torch import nn

from lecturelib import datasets, models
from lecturelib.images import photo
from lecturelib.models.generative import VAE, Generator
from lecturelib.network.hooks import recording
from lecturelib.network.units import Channel, Logit, Probability, read
from lecturelib.optimization.ascent import iter_maximize, maximize
from lecturelib.optimization.priors import GANPrior, LayerStatistics, VAEPrior


@pytest.fixture(scope="module")
def lenet():
    return models.load("lenet")


@pytest.mark.parametrize(("prior", "name"), [(VAEPrior, "digits_vae"), (GANPrior, "digits_gan")])
def test_a_prior_generates_the_class_that_is_asked_for(lenet, prior, name):
    generator = models.load(name)
    before = [parameter.clone() for parameter in generator.parameters()]
    form = prior(generator, for_model=lenet)
    step = maximize(lenet, Logit(3), parametrization=form, transforms=(), steps=40)
    assert (
        read(lenet, step.image, Probability(3)).item()
        > 0.9
        > read(lenet, form.image(), Probability(3)).item()
    )
    assert all(torch.equal(a, b) for a, b in zip(before, generator.parameters(), strict=True))
    # the very picture is one that the model can generate, from a code that is no longer than a typical one
    code = step.state.parameters[0]
    torch.testing.assert_close(generator.decode(code), step.image)
    assert code.norm() <= generator.latent_size**0.5 + 1e-4


def test_codes_are_drawn_by_the_seed_and_kept_typical():
    one, same, other = (GANPrior("digits_gan", 5, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(one.parameters[0], same.parameters[0])
    assert not torch.equal(one.parameters[0], other.parameters[0])
    long, short = 10 * torch.ones(1, 20), 0.1 * torch.ones(1, 20)
    held = VAEPrior("digits_vae", start=torch.cat([long, short])).parameters[0]
    torch.testing.assert_close(
        held, torch.cat([torch.ones(1, 20), short])
    )  # sqrt(20) is the length of (1, ..., 1)
    free = VAEPrior("digits_vae", start=long, typical=None).parameters[0]
    assert torch.equal(free, long)
    assert VAEPrior("digits_vae", 3, "mean").parameters[0].tolist() == [[0.0] * 20] * 3
    assert VAEPrior("digits_vae", 3, short).parameters[0].shape == (3, 20)


def test_a_vae_prior_starts_from_a_picture():
    vae, pictures = models.load("digits_vae"), datasets.digits("test")[0][:3]
    prior = VAEPrior(vae, start=pictures, typical=None)
    with torch.no_grad():
        torch.testing.assert_close(prior.image(), vae(pictures))
        prior.set_image(pictures[:1])
        torch.testing.assert_close(prior.image(), vae(pictures[:1]))


def test_pictures_come_at_the_networks_size():
    grey = models.adapt(nn.Sequential(nn.Conv2d(1, 1, 3)), (0.5,), (0.5,), input_size=56)
    assert GANPrior("digits_gan", 2, for_model=grey).image().shape == (2, 1, 56, 56)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: VAEPrior("digits_vae", start=torch.zeros(1, 7)),
            ValueError,
            r"codes: expected \(B, 20\), as digits_vae takes, got \(1, 7\)",
        ),
        (lambda: VAEPrior("digits_vae", start="zero"), ValueError, "'noise', 'mean', codes"),
        (lambda: VAEPrior("digits_gan"), TypeError, "generator: expected a VAE, got digits_gan"),
        (lambda: VAEPrior(nn.Linear(1, 1)), TypeError, "a generative model.*got Linear"),
        (lambda: VAEPrior("digits_vae", 0), ValueError, "batch"),
        (lambda: VAEPrior("digits_vae", typical=-1), ValueError, "typical"),
        (lambda: VAEPrior("digits_vae", typical="long"), TypeError, "typical"),
        (lambda: VAEPrior("digits_vae", 4, torch.zeros(2, 20)), ValueError, "batch: expected 2, .* got 4"),
        (
            lambda: GANPrior("digits_gan", start=torch.rand(1, 1, 28, 28)),
            ValueError,
            "digits_gan has no encoder",
        ),
        (lambda: VAEPrior("digits_vae", start=torch.rand(1, 3, 28, 28)), ValueError, "start: .* grey images"),
        (
            lambda: VAEPrior("digits_vae", for_model=models.load("cifar_net", "random")),
            ValueError,
            "a network for grey pictures, .* got cifar_net, which takes color ones",
        ),
        (lambda: VAEPrior("digits_vae", for_model=nn.Linear(1, 1)), TypeError, "models.adapt"),
        (
            lambda: iter_maximize(
                models.load("cifar_net", "random"), Logit(0), parametrization=VAEPrior("digits_vae")
            ),
            ValueError,
            "color images",
        ),
    ],
)
def test_bad_priors_get_a_sentence(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_own_models_serve_as_priors():
    torch.manual_seed(0)
    assert VAEPrior(VAE(2, (4, 4))).image().shape == (1, 1, 14, 14)
    assert GANPrior(Generator(2, (4, 4), channels=3)).image().shape == (1, 3, 14, 14)


# A layer that repeats its input: activations are pixels, and the statistics can be worked out by hand.


@pytest.fixture()
def mirror():
    network = nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(3 * 4 * 4, 2))
    return models.adapt(network, (0.0,) * 3, (1.0,) * 3, input_size=4)


def distance(model, prior, image):
    with recording(model, prior.keys) as acts:
        return prior(image, acts.forward(image))


def test_statistics_by_hand():
    prior = LayerStatistics("0", torch.tensor([0.5, 0.2]), torch.tensor([0.1, 0.2]))
    maps = torch.tensor([[[0.6, 0.6, 0.8, 0.8], [0.0, 0.4, 0.0, 0.4]]])  # (1, 2, 4)
    # channel 0: mean 0.7, two stds away; std 0.1 as it should be. Channel 1: mean 0.2 and std 0.2 as they should be.
    torch.testing.assert_close(prior.distance(maps), torch.tensor([(4 + 0 + 0 + 0) / 2]))
    flat = torch.full(
        (1, 2, 4), 0.5
    )  # channel 0: no spread, (0 - 1)^2; channel 1: 1.5 stds away, and no spread
    torch.testing.assert_close(
        prior.distance(flat), torch.tensor([(0 + 1 + 1.5**2 + 1) / 2]), atol=1e-3, rtol=0
    )
    vector = torch.tensor([[0.6, 0.2]])  # no positions: the means count alone
    torch.testing.assert_close(prior.distance(vector), torch.tensor([0.5]))


def test_whitened_statistics_by_hand():
    prior = LayerStatistics("0", torch.zeros(2), torch.ones(2), whitening=torch.eye(2))
    maps = torch.tensor([[[1.0, -1, 1, -1], [1, -1, 1, -1]]])  # variances 1, correlation 1, means 0
    torch.testing.assert_close(
        prior.distance(maps), torch.tensor([2 / 2])
    )  # two off-diagonal ones, per channel
    by_channel = LayerStatistics("0", torch.zeros(2), torch.ones(2))
    torch.testing.assert_close(by_channel.distance(maps), torch.zeros(1), atol=1e-6, rtol=0)


@pytest.mark.parametrize("covariance", [False, True])
def test_natural_pictures_are_natural_and_others_are_not(mirror, covariance):
    # two times the same picture: its own statistics are the natural ones
    generator = torch.Generator().manual_seed(0)
    picture = torch.rand(1, 3, 4, 4, generator=generator)
    prior = LayerStatistics.measured(mirror, "0", [picture, picture], covariance=covariance)
    own = distance(mirror, prior, picture).item()
    assert own < 1e-3
    others = torch.cat([torch.rand(1, 3, 4, 4, generator=generator) / 3, 1 - picture / 4])
    assert distance(mirror, prior, others).amin() > 0.1 + own


def test_its_slope_against_finite_differences(mirror):
    generator = torch.Generator().manual_seed(1)
    natural = torch.rand(4, 3, 4, 4, generator=generator)
    image = torch.rand(1, 3, 4, 4, generator=generator).double().requires_grad_()
    for covariance in (False, True):
        prior = LayerStatistics.measured(mirror, "0", natural, covariance=covariance)
        assert torch.autograd.gradcheck(lambda x, prior=prior: prior.distance(x.flatten(2)), [image])


def test_in_an_ascent_it_makes_activations_more_natural():
    model, natural = (
        models.load("cifar_net"),
        torch.cat([photo(name, 32) for name in ("cat", "coffee", "rocket")]),
    )
    prior = LayerStatistics.measured(model, "conv2_1", natural, weight=1.0)
    run = {"transforms": (), "steps": 15}
    unit = Channel("conv3_1", 5)
    free = maximize(model, unit, **run).image
    held = maximize(model, unit, regularizers=[prior], **run).image
    assert distance(model, prior, held) < 0.7 * distance(model, prior, free)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: LayerStatistics.measured(m, "0", torch.rand(1, 3, 4, 4)), "at least two pictures"),
        (lambda m: LayerStatistics.measured(m, "0", torch.rand(2, 1, 4, 4)), "color images"),
        (
            lambda m: LayerStatistics.measured(m, "0", torch.rand(2, 3, 4, 4), weight=-1),
            "weight: expected a finite number at least 0",
        ),
        (
            lambda m: LayerStatistics.measured(m, "1", torch.rand(2, 3, 4, 4), covariance=True),
            "more than 48 positions for the covariance of 48 channels, got 2",
        ),
        (lambda m: LayerStatistics("0", torch.zeros(2), torch.ones(3)), "mean, std, whitening: expected"),
        (
            lambda m: distance(
                m, LayerStatistics("0", torch.zeros(2), torch.ones(2)), torch.rand(1, 3, 4, 4)
            ),
            "expected a layer of 2 channels, as measured, got 0 with 3",
        ),
    ],
)
def test_bad_statistics_get_a_sentence(mirror, call, words):
    with pytest.raises(ValueError, match=words):
        call(mirror)


def test_an_unknown_layer_is_named(mirror):
    with pytest.raises(KeyError, match="conv9"):
        LayerStatistics.measured(mirror, "conv9", torch.rand(2, 3, 4, 4))
