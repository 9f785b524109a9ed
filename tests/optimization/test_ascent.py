"""`maximize`: it rises for every unit, goes on where it stopped, leaves the model alone, and says what is wrong."""

import threading

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.network.hooks import record
from lecturelib.network.probe import list_units
from lecturelib.network.units import Channel, Direction, Layer, Logit, Neuron, Probability, read
from lecturelib.optimization.ascent import iter_maximize, maximize
from lecturelib.optimization.initialization import image_shape
from lecturelib.optimization.parametrize import Fourier, Pixels
from lecturelib.optimization.redirected_relu import redirected_relu
from lecturelib.optimization.regularizers import clipping, gaussian, l2
from lecturelib.optimization.transforms import jitter

# house network: picture size (small, but its layers are reached), and a layer of maps in the middle
HOUSE = {
    "lenet": (28, "conv2"),
    "fashion_lenet": (28, "relu2"),
    "textures_net": (64, "conv3_2"),
    "cifar_net": (32, "relu2_1"),
    "alexnet": (64, "conv3"),
    "vgg16": (32, "conv2_1"),
    "efficientnet_lite0": (64, "block3_1"),
    "efficientnet_lite2": (64, "block2_2"),
}


class Tiny(nn.Module):
    """Two channels behind a ReLU; the second is off for every picture in [0, 1]."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1)
        self.conv.weight.data = torch.tensor([1.0, 1.0]).view(2, 1, 1, 1)
        self.conv.bias.data = torch.tensor([0.0, -0.6])
        self.relu = nn.ReLU()
        self.head = nn.Linear(2, 3)

    def forward(self, x):
        return self.head(self.relu(self.conv(x)).mean((2, 3)))


@pytest.fixture
def tiny():
    torch.manual_seed(0)
    return models.adapt(
        Tiny().eval(), mean=(0.0,), std=(1.0,), name="tiny", input_size=6, classes=("a", "b", "c")
    )


def units_of(model, layer, size):
    info = next(i for i in list_units(model, (model.channels, size, size)) if layer in (i.name, i.alias))
    v = torch.linspace(-1, 1, info.channels)
    height, width = info.positions
    found = [Channel(layer, 1), Neuron(layer, 0, height // 2, width // 2), Layer(layer), Direction(layer, v)]
    found.append(Channel(layer, 1) - 0.5 * Channel(layer, 2))
    return found + ([Logit(1), Probability(1)] if model.classes else [])


@pytest.mark.parametrize("name", HOUSE)
def test_every_kind_of_unit_rises_on_every_house_network(name):
    model, (size, layer) = models.load(name), HOUSE[name]
    for unit in units_of(model, layer, size):
        first, *_, step = iter_maximize(model, unit, size=size, transforms=(), steps=4, learning_rate=0.01)
        before, after = first.value.item(), read(model, step.image, unit).item()
        assert after > before, f"{unit}: {before} -> {after}"
        assert step.image.shape == (1, model.channels, size, size)
        assert 0 <= step.image.min() <= step.image.max() <= 1


@pytest.mark.parametrize("parametrization", ["fourier", "pixels", Fourier, Pixels])
def test_stop_and_resume_equal_one_run_bit_by_bit(parametrization):
    model, unit = models.load("lenet"), Logit(3)
    settings = {"regularizers": [l2(1.0), gaussian(0.3)], "transforms": [jitter(2)], "batch": 2, "seed": 5}
    whole = list(iter_maximize(model, unit, parametrization=parametrization, steps=7, **settings))
    running = iter_maximize(model, unit, parametrization=parametrization, steps=7, **settings)
    for _ in range(3):
        stopped = next(running)
    running.close()
    resumed = list(iter_maximize(model, unit, stopped, steps=4, **settings))
    assert [step.step for step in resumed] == [4, 5, 6, 7]
    assert resumed[-1].total == 7
    for one, other in zip(whole[3:], resumed, strict=True):
        assert torch.equal(one.image, other.image)
        assert torch.equal(one.value, other.value)


def test_a_step_stays_what_it_was_while_the_run_goes_on():
    model = models.load("lenet")
    running = iter_maximize(model, Logit(3), steps=5, parametrization="pixels")
    early = next(running)
    kept = early.image.clone()
    list(running)
    assert torch.equal(early.image, kept)
    once, again = (maximize(model, Logit(3), early, steps=2) for _ in range(2))
    assert torch.equal(once.image, again.image)
    other = maximize(model, Logit(8), early, steps=2)
    assert not torch.equal(once.image, other.image), "from a step one may go on to something else"


def test_seeds_repeat_and_differ():
    model = models.load("lenet")
    one, again, other = (maximize(model, Logit(3), steps=3, seed=seed).image for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_the_global_random_numbers_are_left_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    maximize(models.load("lenet"), Logit(3), steps=2)
    assert torch.equal(torch.rand(2), expected)


def test_one_step_of_adam_by_hand(tiny):
    start = torch.full((1, 1, 6, 6), 0.5)
    step = next(
        iter_maximize(
            tiny, Channel("conv", 0), start, parametrization="pixels", transforms=(), learning_rate=0.1
        )
    )
    assert torch.allclose(step.image, torch.full_like(start, 0.6), atol=1e-5), "Adam's first step is its rate"
    assert step.value.item() == pytest.approx(0.5)
    assert step.gradient == pytest.approx(1 / 6), "36 pixels with a 36th each"


def test_penalties_pull_where_the_unit_does_not(tiny):
    start = torch.full((1, 1, 6, 6), 0.7)
    settings = {"parametrization": "pixels", "transforms": (), "steps": 40, "learning_rate": 0.02}
    free = maximize(tiny, Channel("conv", 0), start, **settings)
    held = maximize(tiny, Channel("conv", 0), start, regularizers=[l2(5.0)], **settings)
    assert torch.allclose(free.image, torch.ones_like(start))
    # d/dx (x - 5 (x - 1/2)^2) = 0 at x = 0.6
    assert torch.allclose(held.image, torch.full_like(start, 0.6), atol=0.01)
    none = maximize(tiny, Channel("conv", 0), start, regularizers=[l2(0.0)], **settings)
    assert torch.equal(none.image, free.image)


def test_proximal_steps_replace_the_picture():
    model = models.load("lenet")
    for parametrization in ("pixels", "fourier"):
        step = maximize(
            model, Logit(3), parametrization=parametrization, regularizers=[clipping(0.3, 0.6)], steps=9
        )
        assert 0.299 < step.image.min() < step.image.max() < 0.601


def test_a_penalty_on_activations_gets_those_of_its_layers(tiny):
    seen = []

    def quiet(image, acts):
        seen.append((image.shape, acts["relu"].shape))
        return 10 * acts["relu"].square().mean((1, 2, 3))

    quiet.keys = ["relu"]
    free, held = (
        maximize(tiny, Channel("conv", 0), "grey", regularizers=listed, steps=30, parametrization="pixels")
        for listed in ([], [quiet])
    )
    assert set(seen) == {((1, 1, 6, 6), (1, 2, 6, 6))}
    assert held.image.mean() < free.image.mean() - 0.2


@pytest.mark.parametrize("parametrization", ["pixels", "fourier"])
def test_a_unit_that_starts_dead_moves(tiny, parametrization):
    unit, start = Channel("relu", 1), torch.full((1, 1, 6, 6), 0.4)
    assert read(tiny, start, unit).item() == 0
    step = maximize(tiny, unit, start, parametrization=parametrization, transforms=(), steps=128)
    assert read(tiny, step.image, unit).item() > 0.05


@pytest.mark.parametrize("layer", ["relu4_1", "relu4_2"])
def test_dead_neurons_of_a_trained_network_come_to_life(layer):
    """All dead neurons of the layers were tried: 67 of 67 and 106 of 106 woke; here a few, without one exception."""
    model, grey = models.load("textures_net"), torch.full((1, 3, 64, 64), 0.5)
    y = x = 4
    dead = (record(model, grey, [layer])[layer][0, :, y, x] == 0).nonzero().flatten().tolist()
    assert len(dead) > 50
    for seed, channel in enumerate(dead[:: len(dead) // 6]):
        unit = Neuron(layer, channel, y, x)
        step = maximize(model, unit, grey, steps=32, transforms=(), seed=seed)
        assert read(model, step.image, unit).item() > 0, unit


def test_a_redirected_relu_by_hand():
    x = torch.tensor([-1.0, -1.0, 2.0, 2.0, 7.0, 7.0], requires_grad=True)
    signal = torch.tensor([3.0, -3.0, 3.0, -3.0, 3.0, -3.0])
    with redirected_relu() as caught:
        relu, relu6 = x.relu(), torch.nn.functional.relu6(x)
    assert caught.count == 2
    assert torch.equal(relu, x.detach().clamp_min(0)) and torch.equal(relu6, x.detach().clamp(0, 6))
    (back,) = torch.autograd.grad(relu, x, signal)
    assert back.tolist() == [3, 0, 3, -3, 3, -3], "off: only what turns it on"
    (back,) = torch.autograd.grad(relu6, x, signal)
    assert back.tolist() == [3, 0, 3, -3, 0, -3], "at its limit: only what brings it down"
    with redirected_relu():
        y = (x * 1.0).relu_().mul_(2)  # in place, and written on in place afterwards
    (back,) = torch.autograd.grad(y, x, signal)
    assert back.tolist() == [6, 0, 6, -6, 6, -6]


def test_the_caller_may_give_the_optimizer(tiny):
    start = torch.full((1, 1, 6, 6), 0.3)
    settings = {"parametrization": "pixels", "transforms": (), "steps": 3}
    descent = {"optimizer": lambda p: torch.optim.SGD(p, lr=1.8)}
    step = maximize(tiny, Channel("conv", 0), start, **settings, **descent)
    # the mean of 36 pixels has the gradient 1 / 36 in each: three steps of 1.8 / 36
    assert torch.allclose(step.image, torch.full_like(start, 0.3 + 3 * 1.8 / 36), atol=1e-6)


@pytest.mark.parametrize("make", [lambda p: torch.optim.SGD(p, 0.5, momentum=0.9), None])
def test_a_resumed_run_goes_on_with_its_optimizer_through_proximal_steps(make):
    model, settings = models.load("lenet"), {"regularizers": [gaussian(0.3)], "transforms": ()}
    whole = list(iter_maximize(model, Logit(3), steps=6, optimizer=make, **settings))
    resumed = maximize(model, Logit(3), whole[2], steps=3, **settings)
    assert torch.equal(resumed.image, whole[-1].image)
    assert whole[2].state.optimizer["state"], "its state_dict is what is saved"
    anew = maximize(
        model, Logit(3), whole[2], steps=3, optimizer=lambda p: torch.optim.Adam(p, 0.05), **settings
    )
    assert not torch.equal(anew.image, whole[-1].image)


def test_in_a_batch_only_the_dead_pictures_take_the_other_rule(tiny):
    start = torch.cat([torch.full((1, 1, 6, 6), 0.4), torch.full((1, 1, 6, 6), 0.7)])
    settings = {"parametrization": "pixels", "transforms": (), "steps": 3}
    both = maximize(tiny, Channel("relu", 1), start, **settings)
    alone = maximize(tiny, Channel("relu", 1), start[1:], **settings)
    assert torch.equal(both.image[1:], alone.image)
    assert both.image[0].mean() > 0.5


def test_the_model_is_as_it_was_between_steps_and_after_closing(tiny):
    tiny.train().requires_grad_(True)

    def untouched():
        return all(
            m.training and not m._forward_hooks and not m._forward_pre_hooks for m in tiny.modules()
        ) and all(p.requires_grad and p.grad is None for p in tiny.parameters())

    running = iter_maximize(tiny, Logit("b"), steps=5)
    assert untouched()
    next(running)
    assert untouched()
    assert torch.is_grad_enabled()
    running.close()
    assert untouched()

    def fails(image):
        if image.requires_grad:
            raise RuntimeError("on purpose")
        return image.mean((1, 2, 3))

    with pytest.raises(RuntimeError, match="on purpose"):
        maximize(tiny, Logit("b"), regularizers=[fails])
    assert untouched()


def test_another_thread_may_use_the_model():
    model, image = models.load("lenet"), torch.rand(1, 1, 28, 28)
    expected, alone = read(model, image, Logit(2)), maximize(model, Logit(3), steps=20).image
    found, stop = [], threading.Event()

    def look():
        while not stop.is_set():
            found.append(read(model, image, Logit(2)))

    thread = threading.Thread(target=look)
    thread.start()
    beside = maximize(model, Logit(3), steps=20).image
    stop.set()
    thread.join()
    assert torch.equal(beside, alone)
    assert all(torch.equal(value, expected) for value in found)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode], ids=lambda c: c.__name__)
def test_it_works_where_the_caller_wants_no_gradients(context):
    model = models.load("lenet")
    expected = maximize(model, Logit(3), steps=3).image
    with context():
        running = iter_maximize(model, Logit(3), steps=3)
        next(running)
    *_, step = running
    assert torch.equal(step.image, expected)


def test_an_object_is_copied_and_goes_on_from_where_it_stands():
    model, own = models.load("lenet"), Pixels((1, 1, 28, 28), "grey")
    steps = list(iter_maximize(model, Logit(3), parametrization=own, steps=4))
    assert torch.equal(own.image(), torch.full((1, 1, 28, 28), 0.5))
    again = maximize(model, Logit(3), steps[1], steps=2)
    assert torch.equal(again.image, steps[-1].image)


def test_a_parametrization_without_set_image_takes_no_proximal_step():
    class Grey:
        def __init__(self):
            self.parameters = [torch.zeros(1, 1, 1, 1)]

        def image(self):
            return self.parameters[0].sigmoid().expand(1, 1, 28, 28)

    model = models.load("lenet")
    assert maximize(model, Logit(3), parametrization=Grey(), steps=2).image.std() < 1e-6
    with pytest.raises(ValueError, match="a Grey without `set_image"):
        iter_maximize(model, Logit(3), parametrization=Grey(), regularizers=[gaussian(1.0)])
    with pytest.raises(ValueError, match="a Grey without `set_image"):
        iter_maximize(model, Logit(3), torch.rand(1, 1, 28, 28), parametrization=Grey())


def test_progress_is_told_and_the_end_is_the_last_step_of_the_run():
    model, told = models.load("lenet"), []
    step = maximize(model, Logit(3), steps=3, progress=lambda *now: told.append(now))
    assert told == [(1, 3), (2, 3), (3, 3)]
    *_, end = iter_maximize(model, Logit(3), steps=3)
    assert step.step == end.step == 3 and torch.equal(step.image, end.image)


def test_sizes():
    small, large = models.load("lenet", "random"), models.load("alexnet", "random")
    assert image_shape(small, Channel("conv1", 0)) == (1, 28, 28)
    assert image_shape(large, Logit(0)) == (3, 224, 224)
    assert image_shape(large, Channel("conv2", 0)) == (3, 128, 128)
    assert image_shape(large, Channel("conv2", 0), (50, 70)) == (3, 50, 70)
    step = next(iter_maximize(large, Channel("conv2", 0), size=(51, 70)))
    assert step.image.shape == (1, 3, 51, 70)


def test_what_cannot_move_is_a_sentence(tiny):
    class Blind(nn.Module):
        def forward(self, x):
            return x.sum((2, 3)).detach() + x.sum((2, 3)) * 0

    blind = models.adapt(Blind(), (0.0,), (1.0,), name="blind", input_size=4)
    with pytest.raises(ValueError, match="no gradient arrives"):
        maximize(blind, Logit(0))
    with torch.no_grad():
        tiny.head.weight.fill_(float("nan"))
    with pytest.raises(ValueError, match="NaN or infinity at step 1"):
        maximize(tiny, Logit(0))
    with pytest.raises(ValueError, match="every pixel is 0 or 1"):
        maximize(models.load("lenet"), Logit(3), learning_rate=1e6)


@pytest.mark.parametrize("regularizer", [lambda x: x.sum((1, 2, 3)) * torch.nan, lambda x: x * torch.nan])
def test_a_regularizer_that_gives_nan_is_named(regularizer):
    run = iter_maximize(models.load("lenet"), Logit(3), regularizers=[regularizer])
    with pytest.raises(ValueError, match="regularizers: .*NaN or infinity .*at step 1"):
        next(run)


def bad(change, error, words):
    return pytest.param(change, error, words, id=words[:30])


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        bad({"model": "lenet"}, TypeError, "models.load"),
        bad({"model": nn.Conv2d(1, 1, 1)}, ValueError, "models.adapt"),
        bad({"unit": "conv1"}, TypeError, "unit: expected a unit such as"),
        bad({"unit": Channel("conv9", 0)}, KeyError, "conv9"),
        bad({"unit": Channel("conv1", 999)}, IndexError, "channel: expected a whole number from 0 to 15"),
        bad(
            {"unit": Channel("conv1", 0) + Channel("conv1", 999)},
            IndexError,
            "channel: expected a whole number from 0 to 15",
        ),
        bad({"start": "black"}, ValueError, "start: expected 'noise'"),
        bad({"start": torch.rand(1, 3, 28, 28)}, ValueError, "grey images"),
        bad({"start": torch.full((1, 1, 28, 28), torch.nan)}, ValueError, "NaN"),
        bad({"start": 2 * torch.ones(1, 1, 28, 28)}, ValueError, r"pixels in \[0, 1\]"),
        bad({"start": torch.rand(1, 1, 28, 28), "size": 20}, ValueError, "leave size out"),
        bad({"start": torch.rand(2, 1, 28, 28), "batch": 3}, ValueError, "batch: expected 2"),
        bad({"size": 0}, ValueError, "size"),
        bad({"size": 2, "unit": Channel("conv2", 0)}, ValueError, "too small|at least"),
        bad({"steps": 0}, ValueError, "steps"),
        bad({"optimizer": 3}, TypeError, "optimizer: expected a function"),
        bad({"optimizer": lambda p: None}, TypeError, "torch.optim.Optimizer"),
        bad({"optimizer": lambda p: torch.optim.LBFGS(p)}, TypeError, "needs no closure"),
        bad({"start": 3}, TypeError, "start: expected 'noise'"),
        bad({"learning_rate": 0}, ValueError, "learning_rate"),
        bad({"learning_rate": -0.1}, ValueError, "learning_rate"),
        bad({"batch": 0}, ValueError, "batch"),
        bad({"seed": -1}, ValueError, "seed"),
        bad({"parametrization": "wavelets"}, ValueError, "parametrization: expected"),
        bad({"parametrization": 3}, TypeError, "parametrization: expected"),
        bad({"regularizers": l2(1.0)}, TypeError, "regularizers: expected a list"),
        bad({"regularizers": [3]}, TypeError, "regularizers: expected a list"),
        bad({"regularizers": [lambda image: image.mean()]}, ValueError, "one number per picture"),
        bad({"transforms": jitter(1)}, TypeError, "transforms: expected a list"),
        bad(
            {"transforms": [lambda generator, count: torch.eye(3)]}, ValueError, r"\(B, 3, 3\).*got \(3, 3\)"
        ),
        bad({"parametrization": lambda *_: 5}, TypeError, "expected a factory"),
    ],
)
def test_bad_input_is_a_sentence_at_the_call(change, error, words):
    arguments = {"model": models.load("lenet"), "unit": Logit(3)} | change
    with pytest.raises(error, match=words):
        iter_maximize(**arguments)
