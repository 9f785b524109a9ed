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


class Placed(nn.Module):
    """Adds an embedding of the places, made by a layer for all pictures at once, as XCiT does."""

    def __init__(self, repeated):
        super().__init__()
        self.project, self.repeated = nn.Conv2d(2, 6, 1), repeated

    def forward(self, x):
        places = torch.stack(torch.meshgrid(*map(torch.arange, x.shape[2:]), indexing="ij")).to(x)
        return x + self.project(places[None]).repeat(len(x) if self.repeated else 1, 1, 1, 1)


class TokensFirst(nn.Module):
    """A layer whose output has its two tokens in front, (T, B, C): two, like the two pictures that are tried."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(21)

    def forward(self, x):
        tokens = x.flatten(2).unflatten(2, (-1, 2))  # (B, C, h w / 2, 2)
        tokens = self.norm(tokens[:, :, :21].permute(3, 0, 1, 2))  # (2, B, C, 21)
        return x * tokens.mean((0, 3))[..., None, None]


@pytest.mark.parametrize(
    "layer", [Placed(True), Placed(False), TokensFirst()], ids=["repeated", "one", "tokens"]
)
def test_a_layer_whose_rows_are_no_pictures_is_no_evidence(layer):
    net = network(layer)
    pictures = torch.rand(2, *SHAPE, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(net(pictures), torch.cat([net(one[None]) for one in pictures]))
    assert independent(net, SHAPE)


def test_one_row_for_all_that_the_batch_decides_is_evidence():
    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.mean = Applies(lambda x: x.mean(0, keepdim=True))

        def forward(self, x):
            return x + 0 * self.mean(x)  # the scores alone do not show it

    with pytest.warns(UserWarning, match="influence one another"):
        assert not independent(network(Shared()), SHAPE)
