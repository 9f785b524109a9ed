"""Recording catches what a layer really returned, and leaves nothing behind."""

import threading

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecturelib.models.pixel_model import PixelModel
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import leaf, record, recording
from lecturelib.network.layer_names import resolve_layer
from lecturelib.network.probe import layer_info, list_units


class Twice(nn.Module):
    """One ReLU called twice, and in-place operations wherever torchvision has them."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1)
        self.relu = nn.ReLU(inplace=True)
        self.norm = nn.BatchNorm2d(2)

    def forward(self, x):
        x = self.relu(self.conv(x))
        y = self.norm(x)
        y += x
        return self.relu(-y).flatten(1)


def hooks_of(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


@pytest.fixture
def twice():
    torch.manual_seed(0)
    return Twice().eval()


def test_records_what_a_layer_returned_although_it_is_overwritten_later(twice):
    x = torch.randn(3, 1, 4, 4)
    acts = record(twice, x, ["conv", "norm", ("relu", 1), "relu"])
    conv = F.conv2d(x, twice.conv.weight, twice.conv.bias)
    torch.testing.assert_close(acts["conv"], conv)
    torch.testing.assert_close(acts["relu"], conv.relu())
    torch.testing.assert_close(acts["norm"], twice.norm(conv.relu()))
    torch.testing.assert_close(acts["relu", 1], (-(twice.norm(conv.relu()) + conv.relu())).relu())


def test_recording_does_not_change_the_output(twice):
    x = torch.randn(2, 1, 4, 4)
    plain = twice(x)
    with recording(twice, ["conv", "relu"]):
        torch.testing.assert_close(twice(x), plain, rtol=0, atol=0)


def test_forward_stops_after_the_deepest_layer():
    ran = []
    net = nn.Sequential(nn.Identity(), nn.Identity(), nn.Identity())
    for i, layer in enumerate(net):
        layer.register_forward_hook(lambda *_, i=i: ran.append(i))
    with recording(net, ["1"]) as acts:
        acts.forward(torch.ones(1, 2))
        assert ran == [0, 1]
        net(torch.ones(1, 2))
    assert ran == [0, 1, 0, 1, 2]


def test_the_gradient_of_the_output_reaches_a_recorded_layer(twice):
    x = torch.randn(1, 1, 2, 2)
    with recording(twice, ["conv"]) as acts:
        out = twice(x)
        (gradient,) = torch.autograd.grad(out.sum(), acts["conv"])
    assert gradient.shape == acts["conv"].shape


def test_no_hook_stays_also_after_an_error_inside_the_network(twice):
    before = hooks_of(twice)
    with pytest.raises(RuntimeError), recording(twice, ["conv"]) as acts:
        acts.forward(torch.randn(1, 7, 4, 4))
    assert hooks_of(twice) == before


def test_nested_and_repeated_recordings_do_not_disturb_each_other(twice):
    x = torch.randn(1, 1, 4, 4)
    with recording(twice, ["norm"]) as outer:
        with recording(twice, ["conv"]) as inner:
            inner.forward(x)
            assert list(inner) == [("conv", 0)]
        outer.forward(x)
        first = outer["norm"]
        outer.forward(2 * x)
        assert not torch.equal(first, outer["norm"])
    assert hooks_of(twice) == 0


def test_another_thread_using_the_same_network_is_not_recorded(twice):
    x = torch.randn(1, 1, 4, 4)
    with recording(twice, ["conv"]) as acts:
        acts.forward(x)
        before = acts["conv"].clone()
        other = threading.Thread(target=twice, args=(5 * x,))
        other.start()
        other.join()
        torch.testing.assert_close(acts["conv"], before)


def test_frozen_restores_every_flag_after_an_error():
    net = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.Dropout()))
    net.train()
    net[1][1].eval()
    net[0].bias.requires_grad_(False)
    modes = [m.training for m in net.modules()]
    flags = [p.requires_grad for p in net.parameters()]
    with pytest.raises(ZeroDivisionError), frozen(net):
        assert not any(m.training for m in net.modules())
        assert not any(p.requires_grad for p in net.parameters())
        1 / 0  # noqa: B018
    assert [m.training for m in net.modules()] == modes
    assert [p.requires_grad for p in net.parameters()] == flags


def test_frozen_reaches_the_network_inside_a_pixel_model():
    class Mode(nn.Module):
        def forward(self, x):
            return x if self.training else x + 1

    network = Mode().train()
    model = PixelModel(network, (0.0,), (1.0,), name="mode")
    with frozen(model):
        assert model(torch.zeros(1, 1, 1, 1)).item() == 1
    assert network.training and model.training


@pytest.mark.parametrize(
    "layers, error, words",
    [
        (["convv"], KeyError, "nearest: conv"),
        ([("conv", -1)], ValueError, "from 0 up"),
        ([3], TypeError, "a name such as 'features.0'"),
        ([], ValueError, "non-empty"),
        ("conv", ValueError, "non-empty list"),
    ],
)
def test_a_wrong_layer_is_a_sentence(twice, layers, error, words):
    with pytest.raises(error, match=words), recording(twice, layers):
        raise AssertionError("the error must come before the body runs")
    assert hooks_of(twice) == 0


def test_a_call_that_does_not_happen_is_a_sentence(twice):
    with pytest.raises(KeyError, match="call: expected a call of 'relu' from 0 to 1, .* got 2"):
        record(twice, torch.randn(1, 1, 4, 4), [("relu", 2)])
    with recording(twice, ["conv"]) as acts, pytest.raises(KeyError, match="a layer that has run"):
        acts["conv"]


def test_a_layer_that_returns_a_tuple_is_a_sentence():
    net = nn.Sequential(nn.LSTM(2, 3))
    with pytest.raises(TypeError, match="got '0': a tuple of 2"):
        record(net, torch.zeros(1, 1, 2), ["0"])


def test_list_units_tells_shapes_calls_and_aliases(twice):
    model = PixelModel(twice, (0.0,), (1.0,), name="twice", input_size=4, aliases={"conv1": "conv"})
    table = list_units(model)
    assert [(i.name, i.shape, i.calls) for i in table] == [
        ("conv", (2, 4, 4), 1),
        ("relu", (2, 4, 4), 2),
        ("norm", (2, 4, 4), 1),
        ("", (32,), 1),
    ]
    assert "conv1" in str(table) and "2 x 4 x 4" in str(table)
    assert resolve_layer(model, "conv1") == "conv"
    assert layer_info(model, "conv1").label == "conv1 (conv)"
    assert hooks_of(model) == 0


def test_list_units_sees_a_replaced_layer():
    net = nn.Sequential(nn.Conv2d(1, 2, 1))
    assert list_units(net, (1, 4, 4))[0].shape == (2, 4, 4)
    net[0] = nn.Conv2d(1, 5, 1)
    assert list_units(net, (1, 4, 4))[0].shape == (5, 4, 4)


def test_frozen_may_overlap_and_the_last_one_gives_back():
    net = nn.Sequential(nn.Linear(2, 2), nn.Dropout()).train()
    one, other = frozen(net), frozen(net)
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert not net[1].training and not net[0].weight.requires_grad  # the other still looks
    other.__exit__(None, None, None)
    assert all(m.training for m in net.modules()) and net[0].weight.requires_grad


def test_the_callers_image_is_not_overwritten_by_a_network_that_begins_in_place():
    net = nn.Sequential(nn.SiLU(inplace=True), nn.Conv2d(3, 4, 3))
    image = torch.rand(1, 3, 8, 8)
    before = image.clone()
    assert torch.equal(record(net, image, ["1"])["1"], record(net, image, ["1"])["1"])
    assert torch.equal(image, before)


def test_each_call_of_a_module_has_its_own_shape():
    class Shrinks(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu = nn.ReLU()

        def forward(self, x):
            return self.relu(self.relu(x)[:, :1, ::2, ::2])

    net = Shrinks()
    assert layer_info(net, "relu", (2, 8, 8)).shape == (2, 8, 8)
    assert layer_info(net, "relu", (2, 8, 8), call=1).shape == (1, 4, 4)
    assert [info.calls for info in list_units(net, (2, 8, 8))] == [2, 1]
    with pytest.raises(IndexError, match=r"call: expected 0 to 1 \(relu runs 2 time\(s\)\), got 2"):
        layer_info(net, "relu", (2, 8, 8), call=2)


def test_looking_for_shapes_disturbs_no_recording():
    net = nn.Sequential(nn.LayerNorm([2, 4, 4]), nn.Conv2d(2, 3, 1))
    image = torch.rand(1, 2, 4, 4)
    with recording(net, ["1"]) as acts:
        acts.forward(image)
        caught = acts["1"].clone()
        list_units(net, (2, 4, 4))
        assert torch.equal(acts["1"], caught)


def test_a_stride_changed_by_hand_is_seen():
    net = nn.Sequential(nn.Conv2d(1, 1, 2))
    assert layer_info(net, "0", (1, 8, 8)).shape == (1, 7, 7)
    net[0].stride = (2, 2)
    assert layer_info(net, "0", (1, 8, 8)).shape == (1, 4, 4)


@pytest.mark.parametrize("call", [lambda: list_units("alexnet"), lambda: record("alexnet", IMAGE, ["conv1"])])
def test_a_name_instead_of_a_network_is_a_sentence(call):
    with pytest.raises(TypeError, match=r"models.load\('alexnet'\) gives one"):
        call()


IMAGE = torch.zeros(1, 3, 8, 8)


def test_a_leaf_cuts_the_graph_at_one_call_of_a_layer(twice):
    x = torch.randn(1, 1, 3, 4, requires_grad=True)
    with leaf(twice, "relu", 1) as leaves:
        assert leaves == []
        out = twice(x)
    (gradient,) = torch.autograd.grad((out * out.detach()).sum(), leaves[0])
    assert leaves[0].is_leaf and torch.equal(gradient, leaves[0].detach())
    assert torch.equal(out.detach(), twice(x).flatten(1).detach()) and hooks_of(twice) == 0


def test_a_leaf_of_the_second_pass_replaces_that_of_the_first(twice):
    with leaf(twice, "conv") as leaves:
        twice(torch.zeros(1, 1, 2, 2))
        first = leaves[0]
        twice(torch.ones(1, 1, 2, 2))
    assert len(leaves) == 1 and leaves[0] is not first


def test_a_leaf_belongs_to_its_own_thread(twice):
    x = torch.randn(1, 1, 4, 4, requires_grad=True)
    others = []
    with leaf(twice, "norm") as leaves:
        thread = threading.Thread(target=lambda: others.append(twice(x)))
        thread.start()
        thread.join()
        assert leaves == []
        twice(x)
    assert len(leaves) == 1
    (gradient,) = torch.autograd.grad(others[0].sum(), x, allow_unused=True)
    assert gradient is not None  # its graph was not cut


@pytest.mark.parametrize(
    "layer, call, error", [("nrom", 0, KeyError), ("norm", -1, ValueError), (3, 0, TypeError)]
)
def test_a_leaf_of_nothing_is_a_sentence(twice, layer, call, error):
    with pytest.raises(error), leaf(twice, layer, call):
        raise AssertionError("the error must come before the body runs")
    assert hooks_of(twice) == 0
