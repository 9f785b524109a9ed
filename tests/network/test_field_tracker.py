"""A field is never too small: what a perturbed pixel changes lies in the fields, whatever way the value took."""

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lecturelib.models.pixel_model import PixelModel
from lecturelib.models.torchvision_cpu import import_torchvision
from lecturelib.network.hooks import record
from lecturelib.network.receptive_field import receptive_field


class Applies(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def exchanged(x):
    y = torch.zeros_like(x)
    y.data = x.flip(2)
    return y


def added_by_foreach(x):
    y = torch.zeros_like(x)
    torch._foreach_add_([y], [x.flip(3)])
    return y


def copied_out(x):
    y = torch.empty_like(x)
    return y.copy_(x.flip(2))


def through_storage(x):
    y = torch.zeros_like(x)
    y.untyped_storage().copy_(x.flip(2).contiguous().untyped_storage())
    return y


LEAVES = {
    "item": lambda x: x / x.abs().max().item(),
    "float": lambda x: x * float(x.mean()),
    "bool": lambda x: x if x[0, 0, 0, 0] > 0.5 else -x,
    "chosen as it is": lambda x: (x, -x)[bool(x[0, 0, 0, 0] > x[0, 0, 0, 0] + 1)],
    "index": lambda x: x + int(x.flatten().argmax()),
    "format": lambda x: x * (1 + int(f"{x.max().item():.3f}"[-1])),
    "numpy": lambda x: x + torch.from_numpy(x.detach().numpy().mean(keepdims=True)),
    "asarray": lambda x: x + torch.as_tensor(np.asarray(x.detach()).mean()).to(x),
    "only numpy": lambda x: torch.from_numpy(np.flip(x.detach().numpy(), 2).copy()),
    "tolist": lambda x: x + torch.tensor(x.flatten().tolist()).mean(),
    "dlpack": lambda x: torch.from_dlpack(x.detach().flip(2)),
    "shape of a selection": lambda x: x * len(x[x > 0.5]),
    "nonzero": lambda x: x * (x > 0.5).nonzero().shape[0],
    "equal": lambda x: x * (1 + torch.equal(x, x.flip(2))) + x.mean() * 0,
    "data": exchanged,
    "foreach": added_by_foreach,
    "copy": copied_out,
    "storage": through_storage,
    "data of a part": lambda x: x.data.flip(2),
}


@pytest.mark.parametrize("name", LEAVES)
@pytest.mark.parametrize("adapted", [False, True])
def test_what_leaves_the_graph_counts_as_everything(name, adapted):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), Applies(LEAVES[name]), nn.Conv2d(4, 4, 3)).eval()
    model = PixelModel(network, (0.5,) * 3, (0.5,) * 3, name="n", input_size=12) if adapted else network
    assert receptive_field(model, "0", image_shape=(3, 12, 15)).size == (3, 3)
    assert receptive_field(model, "1", image_shape=(3, 12, 15)).whole
    assert receptive_field(model, "2", image_shape=(3, 12, 15)).whole


KEEPS = {
    "PReLU": nn.PReLU(4),
    "Hardswish": nn.Hardswish(),
    "Hardswish in place": nn.Hardswish(inplace=True),
    "Hardsigmoid": nn.Hardsigmoid(),
    "GLU": nn.GLU(1),
    "LogSigmoid": nn.LogSigmoid(),
    "RReLU": nn.RReLU(),
    "zeros like it": Applies(lambda x: torch.zeros_like(x).add_(x) + x.new_ones(1)),
    "a cast": Applies(lambda x: x.double().float()),
    "half and back": Applies(lambda x: x.to(torch.bfloat16).float()),
    "a constant of another dtype": Applies(lambda x: x * torch.ones((), dtype=torch.float64).to(x)),
    "stack": Applies(lambda x: torch.stack([x, x], 2).mean(2)),
    "expand": Applies(lambda x: x[:, :1].expand(-1, 4, -1, -1)),
    "channels turned": Applies(lambda x: x.flip(1)),
    "channels chosen": Applies(lambda x: x.index_select(1, torch.tensor([2, 0]))),
    "norm over the channels": Applies(lambda x: x / torch.linalg.vector_norm(x, dim=1, keepdim=True)),
    "printed": Applies(lambda x: (repr(x), f"{x.max()}", x)[2]),
}


@pytest.mark.parametrize("name", KEEPS)
@pytest.mark.parametrize("adapted", [False, True])
def test_what_stays_in_its_place_keeps_its_field(name, adapted):
    network = nn.Sequential(nn.Conv2d(3, 4, (3, 5), stride=(2, 1)), KEEPS[name]).eval()
    model = PixelModel(network, (0.5,) * 3, (0.5,) * 3, name="n", input_size=12) if adapted else network
    field = receptive_field(model, "1", image_shape=(3, 12, 15))
    assert (field.size, field.jump, field.start) == ((3, 5), (2, 1), (0, 0))


def test_mobilenet_v3_sees_little_in_its_first_layers():
    network = import_torchvision("models").mobilenet_v3_small(weights=None).eval()
    assert receptive_field(network, "features.0", image_shape=(3, 64, 96)).size == (3, 3)


def made(kind, kernel, stride, padding, dilation):
    if kind == "conv":
        return nn.Conv2d(2, 2, kernel, stride, padding, (dilation, 1))
    if kind == "max":
        return nn.MaxPool2d(kernel, stride, padding)
    if kind == "mean":
        return nn.AvgPool2d(kernel, stride, padding, ceil_mode=True)
    others = {
        "sum": nn.Conv2d(2, 2, (3, 1), padding=(1, 0)),
        "cat": nn.Conv2d(4, 2, 1),
        "norm": nn.BatchNorm2d(2),
    }
    return others.get(kind, nn.Identity())


KINDS = ["conv", "conv", "max", "mean", "relu", "sum", "cat", "pad", "crop", "norm", "turn", "leave"]


class Chain(nn.Module):
    """A random chain with branches, in-place operations, odd paddings and strides along either axis."""

    def __init__(self, seed: int):
        super().__init__()
        torch.manual_seed(seed)
        chance = random.Random(seed)
        self.plan, self.layers = [], nn.ModuleList()
        for _ in range(chance.randint(1, 4)):
            kernel = (chance.randint(1, 3), chance.randint(1, 3))
            kind = chance.choice(KINDS)
            stride = (
                (chance.randint(1, 2), chance.randint(1, 2)) if kind in ("conv", "max", "mean") else (1, 1)
            )
            padding = tuple(chance.randint(0, k // 2) for k in kernel)
            layer = made(kind, kernel, stride, padding, chance.randint(1, 2))
            self.plan.append((kind, tuple(chance.randint(0, 2) for _ in range(4))))
            self.layers.append(layer)
        self.end = nn.Identity()

    def forward(self, x):
        for (kind, numbers), layer in zip(self.plan, self.layers, strict=True):
            if kind == "sum":
                y = layer(x)
                x = y.add_(x)
            elif kind == "cat":
                x = layer(torch.cat([x, x.roll(1, 1)], 1))
            elif kind == "relu":
                x = F.leaky_relu_(x.clone(), 0.3)
            elif kind == "pad":
                x = F.pad(x, numbers)
            elif kind == "crop":
                x = x[:, :, numbers[0] :, numbers[1] :]
            elif kind == "turn":
                x = x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
            elif kind == "leave":
                x = x + 0.1 * x.mean().item()
            else:
                x = layer(x)
        return self.end(x)


def flags(net):
    return [m.training for m in net.modules()] + [p.requires_grad for p in net.parameters()]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), row=st.integers(0, 16), column=st.integers(0, 12))
def test_what_a_pixel_changes_lies_in_the_fields(seed, row, column):
    net = Chain(seed).double()
    before, state = flags(net), {name: value.clone() for name, value in net.state_dict().items()}
    image = torch.rand(1, 2, 17, 13, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    changed = image.clone()
    changed[0, :, row, column] += 3.0
    one, other = (record(net, each, ["end"])["end"] for each in (image, changed))
    field = receptive_field(net, "end", image_shape=(2, 17, 13))
    for y, x in (one != other).any(1)[0].nonzero().tolist():
        top, left, bottom, right = field.box(y, x)
        assert top <= row < bottom and left <= column < right
    assert flags(net) == before
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
