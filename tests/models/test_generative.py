"""Generative models: codes in, pictures out; the trained ones generate every class, and bad codes get a sentence."""

import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from lecturelib import assets, datasets, models
from lecturelib.checks import UnknownName
from lecturelib.models import generative
from lecturelib.models.generative import VAE, Generator

GENERATIVE = [name for name, spec in models.MODELS.items() if isinstance(spec, models.GenerativeSpec)]


def codes(n, count=4, seed=0):
    return torch.randn(count, n, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", GENERATIVE)
def test_every_model_loads_frozen_and_generates_pixels(name):
    model = models.load(name)
    assert not any(module.training for module in model.modules())
    assert not any(parameter.requires_grad for parameter in model.parameters())
    generated = model.decode(codes(model.latent_size))
    assert generated.shape == (4, 1, 28, 28) == (4, model.channels, model.size, model.size)
    assert generated.min() >= 0 and generated.max() <= 1 and generated.isfinite().all()


def test_random_weights_come_from_the_seed():
    before = torch.random.get_rng_state()
    one, same, other = (models.load("digits_gan", "random", seed) for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    z = codes(one.latent_size)
    assert torch.equal(one(z), same(z)) and not torch.equal(one(z), other(z))


@pytest.mark.parametrize("name", GENERATIVE)
def test_samples_are_of_every_class_and_not_all_alike(name):
    model = models.load(name)
    judge = models.load("lenet" if name.startswith("digits") else "fashion_lenet")
    with torch.no_grad():
        generated = model.decode(codes(model.latent_size, 400))
        chances = judge(generated).softmax(1)
    assert chances.argmax(1).unique().numel() == 10
    assert (chances.amax(1) > 0.9).float().mean() > 0.35
    apart = torch.pdist(generated.flatten(1))
    assert apart.median() > 5 and apart.min() > 0.5


@pytest.mark.parametrize(
    ("name", "read"), [("digits_vae", datasets.digits), ("clothes_vae", datasets.clothes)]
)
def test_a_vae_reconstructs_what_it_encoded(name, read):
    images = read("test")[0][:200]
    with torch.no_grad():
        error = (models.load(name)(images) - images).square().mean()
    assert error < (images.mean(0) - images).square().mean() / 4


def test_folding_batch_norm_changes_no_picture():
    torch.manual_seed(0)
    model = Generator(3, (8, 4), batch_norm=True).train()
    for _ in range(20):
        model(torch.randn(16, 3))
    with torch.no_grad():
        for layer in model.layers:
            if isinstance(layer, nn.BatchNorm2d):
                layer.weight.uniform_(0.5, 2)
                layer.bias.normal_()
    folded = generative.fold(model)
    assert model.training
    z = codes(3)
    torch.testing.assert_close(folded(z), model.eval()(z))
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in folded.layers)
    assert folded.size == model.size == 14


def test_kl_divergence_against_torch_and_by_hand():
    mean, log_variance = torch.randn(5, 7), torch.randn(5, 7)
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(generative.kl_divergence(mean, log_variance), expected)
    by_hand = generative.kl_divergence(torch.tensor([[2.0, 0.0]]), torch.zeros(1, 2))
    assert by_hand.item() == 2.0  # 2^2 / 2


def test_the_two_parts_of_the_loss():
    """A VAE whose weights are all 0 says grey with code N(0, 1): 784 coin tosses, and no divergence."""
    vae = VAE(latent_size=3, widths=(4, 4, 4))
    with torch.no_grad():
        for parameter in vae.parameters():
            parameter.zero_()
    error, kl = generative.negative_elbo(vae, torch.rand(2, 1, 28, 28), torch.Generator().manual_seed(0))
    torch.testing.assert_close(error, torch.full((2,), 784 * torch.tensor(2.0).log().item()))
    assert kl.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: models.load("digit_vae"), UnknownName, "nearest: digits_vae"),
        (lambda: models.load(3), TypeError, "name: expected a network's name .* got int 3"),
        (lambda: models.load("digits_vae", "online"), ValueError, "'trained' or 'random'"),
        (
            lambda: models.load("digits_vae", "random").decode(codes(3)),
            ValueError,
            r"expected \(B, 20\).*, got \(4, 3\)",
        ),
        (
            lambda: models.load("digits_gan", "random")(torch.zeros(32)),
            ValueError,
            r"expected \(B, 32\).*, got \(32,\)",
        ),
        (lambda: models.load("digits_gan", "random")(torch.zeros(0, 32)), ValueError, r"got \(0, 32\)"),
        (lambda: models.load("digits_gan", "random")(torch.zeros(1, 32).long()), TypeError, "int64"),
        (lambda: models.load("digits_gan", "random")([0.0] * 32), TypeError, "got list"),
        (lambda: models.load("digits_gan", "random")(torch.full((1, 32), torch.nan)), ValueError, "NaN"),
        (
            lambda: models.load("digits_vae", "random")(torch.rand(1, 3, 28, 28)),
            ValueError,
            "grey images",
        ),
        (
            lambda: models.load("digits_vae", "random")(torch.rand(1, 1, 32, 32)),
            ValueError,
            "expected 28 x 28 px",
        ),
        (
            lambda: models.load("digits_vae", "random")(2 * torch.ones(1, 1, 28, 28)),
            ValueError,
            r"\[0, 1\]",
        ),
        (lambda: Generator(0, (4,)), ValueError, "from 1 up"),
    ],
)
def test_bad_input_gets_a_sentence(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_missing_and_a_damaged_checkpoint_name_the_command(tmp_path, monkeypatch):
    whole = assets.data_path("digits_vae.safetensors").read_bytes()
    monkeypatch.setattr("lecturelib.assets.shipped._data_dir", lambda: tmp_path)
    with pytest.raises(assets.AssetMissing, match="git checkout data"):
        models.load("digits_vae")
    (tmp_path / "digits_vae.safetensors").write_bytes(whole[:5000])
    with pytest.raises(assets.AssetAltered, match="damaged .*git checkout data"):
        models.load("digits_vae")
