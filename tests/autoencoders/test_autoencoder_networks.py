"""The networks: tied weights are one tensor, switches invert pooling, noise only while training."""

import pytest
import torch
from torch.nn import functional as F

from lecturelib.autoencoders.autoencoder_networks import (
    Autoencoder,
    ConvAutoencoder,
    MaskingNoise,
    Pooled,
    TiedAutoencoder,
    upper_left,
)
from lecturelib.autoencoders.autoencoder_training import iter_autoencoder, reconstruction_error


def pictures(n=12, seed=0):
    return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("build", [Autoencoder, TiedAutoencoder, ConvAutoencoder])
def test_pictures_come_back_as_pictures(build):
    model = build(3)
    made = model(pictures())
    assert made.shape == (12, 1, 28, 28) and made.min() >= 0 and made.max() <= 1


def test_a_dense_autoencoder_is_its_layers():
    model = Autoencoder(2, (5,))
    x = pictures(3)
    first, second = model.encoder[0], model.encoder[2]
    code = second(first(x.flatten(1)).relu())
    assert torch.equal(model.encode(x), code)
    assert torch.equal(model.decode(code), model.logits(code).sigmoid())
    assert sum(p.numel() for p in model.parameters()) == 784 * 5 + 5 + 5 * 2 + 2 + 2 * 5 + 5 + 5 * 784 + 784


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "linear"])
def test_tied_weights_are_one_tensor_and_stay_so(activation, tmp_path):
    model = TiedAutoencoder(4, activation)
    x = pictures(2)
    act = {"relu": torch.relu, "sigmoid": torch.sigmoid, "linear": lambda z: z}[activation]
    code = act(x.flatten(1) @ model.weight.T + model.encoder_bias)
    torch.testing.assert_close(model.encode(x), code)
    torch.testing.assert_close(
        model.decode(code).flatten(1), (code @ model.weight + model.decoder_bias).sigmoid()
    )
    for _ in iter_autoencoder(model, pictures(), steps=3, batch_size=4):
        pass
    torch.save(model.state_dict(), tmp_path / "tied.pt")
    again = TiedAutoencoder(4, activation)
    again.load_state_dict(torch.load(tmp_path / "tied.pt", weights_only=True))
    assert torch.equal(again.dictionary().flatten(1), model.weight)
    assert torch.equal(again(x), model(x))
    assert len(list(model.parameters())) == 3


def test_switches_invert_pooling_where_every_maximum_is_unique():
    maps = torch.zeros(1, 2, 6, 6)
    places = [(0, 1), (1, 2), (0, 5), (2, 0), (3, 3), (2, 4), (5, 1), (4, 2), (5, 5)]
    for value, (y, x) in enumerate(places, 1):
        maps[0, :, y, x] = float(value)
    pooled, switches = F.max_pool2d(maps, 2, return_indices=True)
    assert torch.equal(F.max_unpool2d(pooled, switches, 2), maps)


def test_the_decoder_puts_values_back_where_the_maxima_were():
    model = ConvAutoencoder(2)
    code = model.encode(pictures(3))
    x = model.down1(pictures(3)).relu()
    pooled, first = F.max_pool2d(x, 2, return_indices=True)
    maps, second = F.max_pool2d(model.down2(pooled).relu(), 2, return_indices=True)
    assert torch.equal(code.maps, maps)
    assert torch.equal(code.switches[0], first) and torch.equal(code.switches[1], second)
    up = model.up2(F.max_unpool2d(maps, second, 2)).relu()
    assert torch.equal(model.decode(code), model.up1(F.max_unpool2d(up, first, 2)).sigmoid())


def test_without_its_switches_the_code_says_less():
    model = ConvAutoencoder(2)
    code = model.encode(pictures(3))
    plain = model.without_switches(code)
    assert torch.equal(plain.switches[1], upper_left((3, 2, 7, 7))) and torch.equal(plain.maps, code.maps)
    unpooled = F.max_unpool2d(code.maps, plain.switches[1], 2)
    assert torch.equal(unpooled[:, :, ::2, ::2], code.maps) and unpooled[:, :, 1::2].abs().sum() == 0
    assert not torch.equal(model.decode(plain), model.decode(code))


def test_up_sampling_takes_no_notice_of_switches():
    model = ConvAutoencoder(2, "upsample")
    code = model.encode(torch.rand(1, 1, 28, 28))
    assert torch.equal(model.decode(model.without_switches(code)), model.decode(code))


def test_up_sampling_needs_no_switches():
    model = ConvAutoencoder(2, "upsample")
    code = model.encode(pictures(3))
    assert code.switches is None and model.code_size == 98
    assert model.decode(Pooled(code.maps, None)).shape == (3, 1, 28, 28)


def test_noise_masks_in_training_only_and_by_its_generator():
    noise, ones = MaskingNoise(0.5, torch.Generator().manual_seed(0)), torch.ones(1, 1, 200, 200)
    masked = noise.train()(ones)
    assert set(masked.unique().tolist()) == {0.0, 1.0} and abs(masked.mean().item() - 0.5) < 0.01
    assert noise.eval()(ones) is ones
    again = MaskingNoise(0.5, torch.Generator().manual_seed(0)).train()(ones)
    assert torch.equal(again, masked)


def test_training_lowers_the_error_and_leaves_the_mode():
    model = Autoencoder(8, (32,)).eval()
    x = pictures(1).expand(64, 1, 28, 28)
    before = reconstruction_error(model, x)
    steps = list(iter_autoencoder(model, x, steps=60, batch_size=16))
    assert reconstruction_error(model, x) < 0.3 * before
    assert not model.training and steps[-1].step == steps[-1].of == 60


def test_a_run_stops_and_goes_on_with_the_same_numbers():
    def run(pauses):
        torch.manual_seed(0)
        model = Autoencoder(2, (8,), noise=0.3)
        training = iter_autoencoder(model, pictures(), steps=10, batch_size=4, seed=3)
        for steps in pauses:
            for _ in range(steps):
                next(training)
        return training.errors, model.encoder[0].weight.detach().clone()

    (whole, weights), (parted, same) = run([10]), run([3, 7])
    assert whole == parted and torch.equal(weights, same)


def test_a_sparser_code_has_fewer_units_on_and_a_larger_error():
    x = pictures(200)
    found = []
    for weight in (0.0, 0.3):
        torch.manual_seed(0)
        model = TiedAutoencoder(40)
        *_, end = iter_autoencoder(model, x, steps=200, batch_size=32, sparsity=weight)
        found.append(((model.encode(x) > 1e-3).float().mean().item(), reconstruction_error(model, x)))
    assert found[1][0] < 0.5 * found[0][0] and found[1][1] > found[0][1]
    assert 0 <= end.units_on <= 1


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: Autoencoder(0), ValueError, "code_size: expected a whole number from 1 to 784"),
        (lambda: Autoencoder(785), ValueError, "the pixels of a picture"),
        (lambda: Autoencoder(2, noise=1.0), ValueError, "share"),
        (
            lambda: TiedAutoencoder(2, "tanh"),
            ValueError,
            "activation: expected 'relu' or 'sigmoid' or 'linear'",
        ),
        (lambda: ConvAutoencoder(2, "strides"), ValueError, "unpooling: expected 'switches' or 'upsample'"),
        (lambda: Autoencoder(2).encode(torch.zeros(1, 3, 28, 28)), ValueError, r"shape \(B, 1, 28, 28\)"),
        (lambda: Autoencoder(2).encode(torch.zeros(1, 1, 32, 32)), ValueError, "images.fit"),
        (lambda: Autoencoder(2).encode(pictures() * 255), ValueError, r"pixels in \[0, 1\]"),
        (lambda: Autoencoder(2).decode(torch.zeros(1, 3)), ValueError, r"codes: expected shape \(B, 2\)"),
        (lambda: Autoencoder(2).decode([0.0, 0.0]), TypeError, "codes"),
        (lambda: ConvAutoencoder(2).decode(Pooled(torch.zeros(1, 2, 7, 7), None)), ValueError, "switches"),
        (lambda: iter_autoencoder(Autoencoder(2), pictures()[:, 0]), ValueError, "images"),
        (lambda: iter_autoencoder(Autoencoder(2), pictures(), sparsity=-1.0), ValueError, "sparsity"),
        (lambda: iter_autoencoder(Autoencoder(2), pictures(), loss="absolute"), ValueError, "loss"),
        (lambda: iter_autoencoder(Autoencoder(2), pictures(), steps=0), ValueError, "steps"),
    ],
)
def test_bad_input_is_a_sentence(call, error, words):
    with pytest.raises(error, match=words):
        call()
