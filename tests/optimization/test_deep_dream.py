"""DeepDream: its objective and one step by hand, octaves of odd pictures, detail that comes back, and sentences."""

import sys

import pytest
import scipy.ndimage
import torch
from torch import nn

from lecturelib import models
from lecturelib.images import photo
from lecturelib.network.hooks import record
from lecturelib.optimization.deep_dream import iter_deep_dream, iter_image_cascade, octave_sizes, zoomed

SMALL = {"octaves": 2, "steps": 2}


class Bright(nn.Module):
    """One linear layer: each position is the sum of the colors there."""

    def __init__(self):
        super().__init__()
        self.sum = nn.Conv2d(3, 1, 1, bias=False)
        self.sum.weight.data.fill_(1.0)

    def forward(self, x):
        return self.sum(x)


@pytest.fixture
def bright():
    return models.adapt(Bright().eval(), (0.0,) * 3, (1.0,) * 3, name="bright", input_size=8)


def pixels(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("size", "octaves", "scale", "expected"),
    [
        ((141, 97), 3, 1.4, [(72, 49), (101, 69), (141, 97)]),
        ((7, 5), 2, 2.0, [(4, 2), (7, 5)]),
        ((9, 9), 1, 1.4, [(9, 9)]),
        ((3, 200), 3, 4.0, [(1, 12), (1, 50), (3, 200)]),
    ],
)
def test_octaves_of_odd_pictures(size, octaves, scale, expected):
    assert octave_sizes(*size, octaves, scale) == expected


def test_the_dream_of_an_odd_picture_passes_through_its_octaves():
    steps = list(iter_deep_dream(models.load("alexnet"), "relu2", photo("cat")[..., :141, :97], steps=2))
    assert [tuple(step.image.shape[2:]) for step in steps[::2]] == [(72, 49), (101, 69), (141, 97)]
    assert [step.octave for step in steps] == [0, 0, 1, 1, 2, 2]
    assert [step.step for step in steps] == [1, 2, 3, 4, 5, 6]
    assert all(step.total == 6 for step in steps)


def test_the_objective_by_hand(bright):
    image = 0.3 * pixels(1, 3, 8, 8)
    plain = image.sum(1)  # (1, 8, 8)
    whole, inner = (
        next(iter_deep_dream(bright, "sum", image, octaves=1, jitter=0, border=b)) for b in (0, 2)
    )
    assert whole.value.item() == pytest.approx(plain.square().mean().item() / 2)
    assert inner.value.item() == pytest.approx(plain[:, 2:-2, 2:-2].square().mean().item() / 2)


def test_one_step_by_hand_is_the_activation_over_its_mean_size(bright):
    image = 0.3 * pixels(1, 3, 8, 8)
    step = next(iter_deep_dream(bright, "sum", image, octaves=1, jitter=0, border=2, step_size=0.1))
    seen = torch.zeros(1, 1, 8, 8)  # d/dx of half the mean square: the activation itself, 0 under the border
    seen[..., 2:-2, 2:-2] = image.sum(1, keepdim=True)[..., 2:-2, 2:-2]
    expected = image + 0.1 * seen / seen.mean()
    assert torch.allclose(step.image, expected.clamp(0, 1), atol=1e-5)


def test_one_smoothed_step_by_hand(bright):
    """The gradient is 1 inside the border: three blurs of it, their mean, over its deviation."""
    image = 0.3 * pixels(1, 3, 8, 8)
    asked = {"octaves": 1, "steps": 1, "jitter": 0, "border": 0, "step_size": 0.05, "smooth": (2.0, 1.0)}
    step = next(iter_deep_dream(bright, "sum", image, **asked))
    plain = image.sum(1, keepdim=True).expand_as(image) / 64  # d/dx of half the mean square of 64 places
    parts = [scipy.ndimage.gaussian_filter(plain.numpy(), (0, 0, s, s), mode="nearest", radius=(0, 0, r, r))
             for s, r in ((1.0, 3), (2.0, 6), (4.0, 12))]  # fmt: skip
    way = torch.from_numpy(sum(parts) / 3)
    assert torch.allclose(step.image, (image + 0.05 * way / way.std()).clamp(0, 1), atol=1e-5)


def test_smoothing_narrows_within_an_octave(bright, monkeypatch):
    widths = []
    monkeypatch.setattr(
        sys.modules[iter_deep_dream.__module__],
        "smoothed",
        lambda gradient, sigma: widths.append(sigma) or gradient,
    )
    list(iter_deep_dream(bright, "sum", pixels(1, 3, 8, 8), octaves=2, steps=3, smooth=(1.5, 0.5)))
    assert widths == pytest.approx([1.5, 1.0, 0.5] * 2)


def test_weights_add_up(bright):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = Bright(), Bright()
            self.b.sum.weight.data.fill_(-2.0)

        def forward(self, x):
            return self.a(x) + self.b(x)

    model, image = (
        models.adapt(Two().eval(), (0.0,) * 3, (1.0,) * 3, name="two", input_size=8),
        pixels(1, 3, 8, 8),
    )
    once = {"octaves": 1, "jitter": 0, "border": 0}
    a, b, both, mixed = (
        next(iter_deep_dream(model, layers, image, **once)).value.item()
        for layers in ("a", ["b"], ["a", "b"], {"a": 2.0, "b": -0.25})
    )
    assert (b, both) == (pytest.approx(4 * a), pytest.approx(5 * a))
    assert mixed == pytest.approx(a)


def test_it_rises_within_an_octave():
    model, image = models.load("alexnet"), photo("coffee", 96)
    steps = list(iter_deep_dream(model, "relu3", image, octaves=1, steps=6, jitter=0))
    values = [step.value.item() for step in steps]
    assert values == sorted(values)
    acts = record(model, steps[-1].image, ["relu3"])["relu3"][..., 2:-2, 2:-2]
    assert acts.square().mean().item() / 2 > values[-1]


def test_the_photos_detail_comes_back(bright):
    photo_like = 0.2 + 0.6 * pixels(1, 3, 32, 32)
    *_, step = iter_deep_dream(bright, "sum", photo_like, octaves=3, steps=1, step_size=1e-6)
    assert torch.allclose(step.image, photo_like, atol=1e-4), (
        "nothing dreamt: the photo, though it was made small"
    )


def test_seeds_noise_and_sizes():
    model = models.load("cifar_net")
    one, again, other = (
        list(iter_deep_dream(model, "relu1_2", seed=s, **SMALL))[-1].image for s in (0, 0, 1)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert one.shape == (1, 3, 32, 32)
    assert list(iter_deep_dream(model, "relu1_2", size=(40, 33), **SMALL))[-1].image.shape == (1, 3, 40, 33)
    grey = list(iter_deep_dream(models.load("lenet"), "relu1", **SMALL))[-1].image
    assert grey.shape == (1, 1, 28, 28)
    assert 0 <= grey.min() <= grey.max() <= 1


def test_the_model_and_the_photo_stay_as_they_were():
    model, image = models.load("lenet").train(), pixels(1, 1, 28, 28)
    kept = image.clone()
    running = iter_deep_dream(model, "relu1", image, **SMALL)
    with torch.no_grad():
        next(running)
    running.close()
    assert torch.equal(image, kept)
    assert all(m.training and not m._forward_hooks for m in model.modules())


def test_zooming_by_hand():
    ramp = torch.linspace(0.1, 0.9, 41).repeat(41, 1)[None, None]
    larger = zoomed(ramp, 2.0)
    assert larger.shape == ramp.shape
    assert larger[0, 0, 20, 20].item() == pytest.approx(0.5, abs=1e-4)
    middle = larger[0, 0, 20, 10:31].diff()
    assert torch.allclose(middle, torch.full_like(middle, 0.01), atol=1e-3), "half the slope"


def test_the_cascade_zooms_and_dreams_again():
    model = models.load("lenet")
    frames = list(iter_image_cascade(model, "relu1", pixels(1, 1, 28, 28), frames=3, zoom=1.2, **SMALL))
    first = list(iter_deep_dream(model, "relu1", pixels(1, 1, 28, 28), **SMALL))[-1].image
    second = list(iter_deep_dream(model, "relu1", zoomed(first, 1.2), seed=1, **SMALL))[-1].image
    assert len(frames) == 3
    assert torch.equal(frames[0], first)
    assert torch.equal(frames[1], second)


class Off(Bright):
    """What it gives is 0 for every picture."""

    def forward(self, x):
        return super().forward(x).sub(9).relu() * 1


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"layers": "conv9"}, KeyError, "conv9"),
        ({"layers": []}, TypeError, "layers: expected a name"),
        ({"layers": {}}, ValueError, "at least one layer"),
        ({"layers": 3}, TypeError, "layers: expected a name"),
        ({"layers": {"relu1": 0.0}}, ValueError, "layers: expected a weight that is not 0"),
        ({"layers": {"relu1": float("nan")}}, ValueError, r"layers\['relu1'\]: expected a finite number"),
        ({"start": "zeros"}, ValueError, "start: expected a photo"),
        ({"start": torch.rand(1, 3, 28, 28)}, ValueError, "start: expected grey images"),
        ({"start": torch.full((1, 1, 28, 28), torch.nan)}, ValueError, "NaN"),
        ({"start": torch.rand(1, 1, 28, 28), "size": 28}, ValueError, "size: expected None"),
        (
            {"layers": "conv2", "start": torch.rand(1, 1, 14, 14), "octaves": 4},
            ValueError,
            "at least|too small",
        ),
        ({"octaves": 0}, ValueError, "octaves"),
        ({"octave_scale": 1.0}, ValueError, "octave_scale"),
        ({"steps": 0}, ValueError, "steps"),
        ({"step_size": -1.0}, ValueError, "step_size"),
        ({"border": -1}, ValueError, "border"),
        ({"jitter": 1.5}, TypeError, "jitter"),
        ({"smooth": 1.5}, ValueError, "smooth: expected None, or two"),
        ({"smooth": (1.5, 0.0)}, ValueError, r"smooth\[1\]: expected a finite number above 0"),
        ({"seed": -1}, ValueError, "seed"),
    ],
)
def test_bad_input_is_a_sentence_at_the_call(change, error, words):
    arguments = {"model": models.load("lenet"), "layers": "relu1"} | change
    with pytest.raises(error, match=words):
        iter_deep_dream(**arguments)


def test_a_plain_network_needs_a_photo():
    with pytest.raises(ValueError, match="models.adapt"):
        iter_deep_dream(nn.Sequential(nn.Conv2d(3, 4, 3)), "0")


def test_a_layer_that_sees_nothing_is_a_sentence():
    model = models.adapt(nn.Sequential(Off()), (0.0,) * 3, (1.0,) * 3, name="off", input_size=8)
    with pytest.raises(ValueError, match="start: expected a picture in which 0 is active"):
        next(iter_deep_dream(model, "0", pixels(1, 3, 8, 8), octaves=1))


@pytest.mark.parametrize(
    ("change", "words"), [({"frames": 0}, "frames"), ({"zoom": 1.0}, "zoom"), ({"steps": 0}, "steps")]
)
def test_a_bad_cascade_is_a_sentence_at_the_call(change, words):
    with pytest.raises(ValueError, match=words):
        iter_image_cascade(models.load("lenet"), "relu1", **change)
