"""Whether the pictures of a batch influence one another is found by trying, and told once."""

import warnings

import pytest
import torch
from torch import nn

from lecturelib.models import PixelModel, load
from lecturelib.network import batch_effects
from lecturelib.network.batch_effects import independent
from lecturelib.network.batched import batch_size_for, check_batch_size
from lecturelib.network.units import Channel, Logit, read

SHAPE = (3, 9, 12)


class Applies(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def network(middle):
    torch.manual_seed(0)
    tail = [nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)]
    return nn.Sequential(nn.Conv2d(3, 6, 3), middle, *tail).double().eval()


MIXING = {
    "batch statistics": lambda: nn.BatchNorm2d(6, track_running_stats=False),
    "a maximum": lambda: Applies(lambda x: x / x.abs().amax()),
    "a maximum as a number": lambda: Applies(lambda x: x * float(x.abs().max())),
    "a deviation over the batch": lambda: Applies(lambda x: x + x.std(0, unbiased=False).mean()),
    "softmax over the batch": lambda: nn.Softmax(0),
    "one layer only": lambda: Applies(lambda x: torch.layer_norm(x * x.abs().amax(), x.shape[1:])),
}
ALONE = {
    "running statistics": lambda: nn.BatchNorm2d(6),
    "statistics of each picture": lambda: nn.InstanceNorm2d(6),
    "a maximum of each picture": lambda: Applies(lambda x: x / x.abs().amax((1, 2, 3), keepdim=True)),
    "a chain of plain layers": lambda: nn.Sequential(nn.GELU(), nn.GroupNorm(2, 6)),
    "dropout that is off": lambda: nn.Dropout2d(),
}


@pytest.mark.filterwarnings("ignore:.*pictures of a batch influence one another")
@pytest.mark.parametrize("name", MIXING)
def test_pictures_that_influence_one_another_are_run_alone(name):
    net = network(MIXING[name]())
    assert not independent(net, SHAPE)
    assert batch_size_for(net, "0", SHAPE) == check_batch_size(7, net, "0", SHAPE) == 1
    batch = torch.rand(3, *SHAPE, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    batch[1] *= 3
    for unit in (Logit(2), Channel("1", 3)):
        alone = torch.cat([read(net, picture, unit) for picture in batch.split(1)])
        torch.testing.assert_close(read(net, batch, unit), alone, rtol=0, atol=0)


@pytest.mark.parametrize("name", ALONE)
def test_pictures_that_do_not_are_run_together(name):
    net = network(ALONE[name]())
    assert independent(net, SHAPE)
    assert check_batch_size(7, net, "0", SHAPE) == 7 and batch_size_for(net, "0", SHAPE) > 1


def test_it_is_told_once_and_tried_once(monkeypatch):
    tried = []
    whole = batch_effects._tried
    monkeypatch.setattr(batch_effects, "_tried", lambda *a: tried.append(a) or whole(*a))
    net = network(MIXING["a maximum"]())
    with pytest.warns(UserWarning, match="Sequential: the pictures of a batch influence one another") as told:
        for _ in range(3):
            independent(net, SHAPE)
    assert len(told) == len(tried) == 1
    assert independent(load("lenet"), (1, 28, 28)) and len(tried) == 1  # its layers are known
    net[1] = nn.Identity()
    assert independent(net, SHAPE)  # another structure


def test_a_network_that_draws_is_another_story():
    net = network(Applies(lambda x: nn.functional.dropout(x, 0.5, True)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert independent(net, SHAPE)


def test_nothing_of_the_network_changes():
    net = network(MIXING["batch statistics"]()).train()
    model = PixelModel(net, (0.5,) * 3, (0.5,) * 3, name="mixing", input_size=9)
    state, chance = {k: v.clone() for k, v in net.state_dict().items()}, torch.get_rng_state()
    with pytest.warns(UserWarning, match="mixing: the pictures"):
        assert not independent(model, SHAPE)
    assert torch.equal(torch.get_rng_state(), chance) and all(m.training for m in net.modules())
    assert all(torch.equal(v, state[k]) for k, v in net.state_dict().items())
    assert not any(m._forward_hooks for m in net.modules())
