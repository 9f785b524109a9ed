"""One silent pass per network and size: nobody notices it, and it tells what really ran."""

import dataclasses
import importlib
import random
import threading
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecturelib import models
from lecturelib.network.hooks import record, recording
from lecturelib.network.probe import layer_info, list_units, probe
from lecturelib.network.receptive_field import receptive_field
from lecturelib.network.units import Channel, Logit, checked_unit, read

module = importlib.import_module("lecturelib.network.probe")


class Remembers(nn.Module):
    """Counts its passes, keeps what it saw, writes on a buffer and draws random numbers that change nothing."""

    def __init__(self):
        super().__init__()
        self.conv, self.relu, self.passes, self.seen = nn.Conv2d(3, 4, (3, 5)), nn.ReLU(), 0, []
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x):
        self.passes += 1
        self.seen.append(tuple(x.shape))
        self.count += 1
        torch.rand(1), random.random(), np.random.rand()  # noqa: NPY002
        return self.relu(self.conv(x)).mean((2, 3))


PICTURE = torch.rand(1, 3, 9, 12, generator=torch.Generator().manual_seed(0))


def test_state_random_numbers_and_hooks_are_as_found():
    net, heard = Remembers().train(), []
    net.conv.register_forward_hook(lambda *_: heard.append("forward"))
    net.register_forward_pre_hook(lambda *_: heard.append("before"))
    with recording(net, ["conv"]) as acts:
        acts.forward(PICTURE)
        caught, heard[:] = acts["conv"], []
        passes = net.passes
        assert probe(net, picture=PICTURE).order == ["", "conv", "relu"]
        assert acts["conv"] is caught
    assert (net.passes, len(net.seen), net.count.item(), heard) == (passes, passes, passes, [])
    assert all(m.training for m in net.modules()) and all(p.requires_grad for p in net.parameters())
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    probe(net, (3, 10, 10))
    assert torch.equal(torch.get_rng_state(), before[0]) and random.getstate() == before[1]
    assert np.array_equal(np.random.get_state()[1], before[2])  # noqa: NPY002


def test_a_network_that_cannot_be_copied_is_put_back():
    net = Remembers()
    net.lock, heard = threading.Lock(), []
    with recording(net, ["conv"]) as acts:
        acts.forward(PICTURE)
        caught, count = acts["conv"], net.count.item()
        assert layer_info(net, "conv", (3, 9, 12)).shape == (4, 7, 8)
        assert acts["conv"] is caught and net.count.item() == count
    assert not any(m._forward_hooks for m in net.modules()) and not heard


def test_one_pass_per_network_and_size_for_all_that_is_asked(monkeypatch):
    runs = []
    whole = module.run
    monkeypatch.setattr(module, "run", lambda *a, **k: runs.append(a) or whole(*a, **k))
    model = models.load("lenet")
    image = torch.rand(2, 1, 28, 28)
    for _ in range(2):
        checked_unit(model, Channel("conv1", 3), image)
        read(model, image, Logit(2))
        list_units(model), layer_info(model, "conv2"), receptive_field(model, "conv2")
    assert len(runs) == 1
    receptive_field(model, "conv2", image_shape=(1, 30, 28))
    assert len(runs) == 2


def test_a_unit_is_looked_for_once(monkeypatch):
    asked = []
    check = Channel.check
    monkeypatch.setattr(Channel, "check", lambda self, *a: asked.append(self) or check(self, *a))
    model = models.load("lenet")
    for _ in range(3):
        read(model, torch.rand(1, 1, 28, 28), Channel("conv1", 3))
    assert len(asked) == 1
    with pytest.raises(TypeError, match="whole number"):
        checked_unit(model, Channel("conv1", 3.0), (1, 28, 28))  # equal to one that was found


class NeedsContrast(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        if x.std() < 0.1:
            raise RuntimeError("no contrast")
        y = self.conv(x)
        y.register_hook(lambda gradient: None)  # needs autograd
        return y.mean((2, 3))


def test_networks_that_a_black_picture_or_no_grad_would_stop_are_looked_into():
    net = NeedsContrast()
    assert [info.name for info in list_units(net, (3, 9, 12))] == ["conv", ""]
    assert read(net, PICTURE.requires_grad_(), Logit(3)).shape == (1,)
    PICTURE.requires_grad_(False)


def test_it_is_tried_on_the_users_picture():
    class Knows(nn.Module):
        def forward(self, x):
            assert x.max() <= 0.25, "too bright"
            return x.mean((2, 3))

    dark = PICTURE / 4
    with pytest.raises(ValueError, match="it says AssertionError: too bright"):
        list_units(Knows(), (3, 9, 12))
    net = Knows()
    with pytest.raises(ValueError, match="too bright"):
        layer_info(net, "", (3, 9, 12))
    assert checked_unit(net, Logit(1), dark) == Logit(1)
    assert layer_info(net, "", (3, 9, 12)).shape == (3,)


def test_a_network_that_only_runs_without_autograd():
    class Numpy(nn.Module):
        def forward(self, x):
            return torch.from_numpy(x.numpy().mean((2, 3)))

    assert layer_info(Numpy(), "", (3, 9, 12)).shape == (3,)


def test_a_failure_is_passed_on_with_its_cause():
    def fails(x):
        raise KeyError("color table")

    net = nn.Sequential(nn.Conv2d(3, 4, 3), Fails(fails))
    assert layer_info(net, "0", (3, 9, 12)).shape == (4, 7, 10)  # it ran
    with pytest.raises(ValueError, match="it says KeyError: 'color table'") as caught:
        layer_info(net, "1", (3, 9, 12))
    assert isinstance(caught.value.__cause__, KeyError) and "larger" not in str(caught.value)


class Fails(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def test_the_size_that_works_is_named_also_where_the_network_does_not_say_its_own():
    net = nn.Sequential(nn.Conv2d(3, 4, (9, 5)), nn.MaxPool2d(3))
    with pytest.raises(
        ValueError, match="at least 11 x 11 px up to '1' of Sequential, got an input of 3 x 6 x 7"
    ):
        layer_info(net, "1", (3, 6, 7))


@dataclasses.dataclass
class Result:
    logits: torch.Tensor
    hidden: torch.Tensor


KINDS = {
    "dict": lambda y: {"hidden": y * 2, "logits": y},
    "dataclass": lambda y: Result(y, y * 2),
    "tuple with maps": lambda y: (y, y[:, :, None, None]),
    "list of one": lambda y: [y],
    "only one in a dict": lambda y: {"out": y, "names": ["a"]},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("adapted", [False, True])
def test_the_obvious_scores_are_taken(kind, adapted):
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), Fails(KINDS[kind])).eval()
    image = torch.rand(3, 3, 2, 2)
    expected = net[1](image.flatten(1))[:, 4]
    model = models.adapt(net, (0,) * 3, (1,) * 3, input_size=2) if adapted else net
    torch.testing.assert_close(read(model, image, Logit(4)), expected)
    assert list_units(model, (3, 2, 2))[-1].shape == (5,)


def test_scores_that_are_not_obvious_ask_for_output_and_that_works():
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), Fails(lambda y: {"a": y, "b": -y})).eval()
    image = torch.rand(1, 3, 2, 2)
    message = "expected one tensor of scores .*, got a dict with 'a', 'b'; models.adapt.*output="
    for model in (net, models.adapt(net, (0,) * 3, (1,) * 3, input_size=2)):
        with pytest.raises(TypeError, match=message):
            read(model, image, Logit(4))
        with pytest.raises(TypeError, match=message):
            record(model, image, [""])
    chosen = models.adapt(net, (0,) * 3, (1,) * 3, input_size=2, output=lambda out: out["b"])
    torch.testing.assert_close(read(chosen, image, Logit(4)), -net[1](image.flatten(1))[:, 4])
    with pytest.raises(TypeError, match="output: expected a function"):
        models.adapt(net, output="b")
    with pytest.raises(TypeError, match="returns one tensor of scores .*, got a dict"):
        models.adapt(net, (0,) * 3, (1,) * 3, input_size=2, output=lambda out: out)(image)


def test_a_network_that_answers_differently_each_time_is_noticed_once():
    def draws(x):
        return F.dropout(x, 0.5, True)

    net = nn.Sequential(Fails(draws), nn.Flatten(), nn.Linear(108 * 3, 2)).eval()
    with pytest.warns(UserWarning, match="Sequential answers differently each time") as told:
        read(net, PICTURE, Logit(0)), read(net, PICTURE, Logit(1))
    assert len(told) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(net, PICTURE, Logit(0))
        quiet = nn.Sequential(nn.Dropout(), Fails(lambda x: x + 0 * torch.rand_like(x)), nn.Flatten()).eval()
        read(quiet, PICTURE, Logit(0))  # it draws, but says the same


@pytest.mark.parametrize("draw", [random.random, np.random.rand], ids=["Python", "NumPy"])
def test_chance_that_is_not_torchs_is_noticed_and_given_back(draw):
    net = nn.Sequential(Fails(lambda x: x * float(draw())), nn.Flatten(), nn.Linear(108 * 3, 2)).eval()
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    with pytest.warns(UserWarning, match="answers differently each time"):
        list_units(net, (3, 9, 12))
    after = draw()
    random.setstate(before[0]), np.random.set_state(before[1])  # noqa: NPY002
    assert after == draw()


def test_an_attribute_called_modules_and_a_layer_with_two_names():
    class Lists(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(3, 4, 3)
            self.modules = [self.first]
            self.again = self.first

        def forward(self, x):
            return self.modules[0](x).mean((2, 3))

    net = Lists().eval()
    assert [info.name for info in list_units(net, (3, 9, 12))] == ["first", ""]
    assert layer_info(net, "again", (3, 9, 12)).name == "first"
    torch.testing.assert_close(read(net, PICTURE, Channel("again", 1)), read(net, PICTURE, Logit(1)))
    assert receptive_field(net, "again", image_shape=(3, 9, 12)).size == (3, 3)


def test_networks_that_cannot_be_looked_into_say_why():
    with torch.device("meta"):
        shapes_only = nn.Conv2d(3, 4, 3)
    with pytest.raises(ValueError, match="got only their shapes: Conv2d was built on the device 'meta'"):
        list_units(shapes_only, (3, 9, 12))
    with pytest.raises(ValueError, match="the lazy layer '0' of Sequential"):
        list_units(nn.Sequential(nn.LazyConv2d(4, 3)), (3, 9, 12))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted = torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten()).eval())
    with pytest.raises(TypeError, match="got a TorchScript network; take the module that it was made from"):
        record(scripted, PICTURE, ["0"])
    model = models.adapt(scripted, (0,) * 3, (1,) * 3, input_size=9)
    assert read(model, PICTURE, Logit(3)).shape == (1,)
    with pytest.raises(KeyError, match="which runs as TorchScript, outside Python"):
        read(model, PICTURE, Channel("0", 1))


def test_the_field_of_an_adapted_network_is_that_of_the_network():
    net = nn.Sequential(nn.Conv2d(3, 4, (3, 5), stride=(2, 1), padding=(0, 2)), nn.ReLU())
    model = models.adapt(net, (0.4, 0.5, 0.6), (0.2,) * 3, input_size=12)
    for dtype in (torch.float32, torch.float64):
        field = receptive_field(model.to(dtype), "1", image_shape=(3, 12, 15))
        assert (field.size, field.jump, field.start) == ((3, 5), (2, 1), (0, -2))
