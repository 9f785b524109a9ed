"""The networks that every drawing is tried on, without weights where these are large."""

import warnings
from functools import cache

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.architecture.graph.trace import trace
from lecturelib.models.torchvision_cpu import import_torchvision

TORCHVISION = (
    "alexnet", "vgg16", "resnet50", "densenet121", "googlenet", "mobilenet_v2", "efficientnet_b0", "vit_b_16",
)  # fmt: skip


class Residual(nn.Module):
    """x + f(x), twice with the same ReLU."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(x + self.conv2(self.relu(self.conv1(x))))


class Branches(nn.Module):
    """Two branches side by side, joined by their channels."""

    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 5, 1), nn.Conv2d(3, 7, 3, padding=1)

    def forward(self, x):
        return torch.cat([self.left(x), self.right(x)], 1)


class Loop(nn.Module):
    """One LSTM cell, called at every step of time."""

    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.LSTMCell(4, 6), nn.Linear(6, 2)

    def forward(self, x):
        state, hidden = None, []
        for step in range(x.shape[1]):
            state = self.cell(x[:, step], state)
            hidden.append(state[0])
        return self.head(torch.stack(hidden, 1))


class Tagger(nn.Module):
    """Words in, a class for the sentence out."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(100, 16)
        self.lstm = nn.LSTM(16, 32, 2, batch_first=True)
        self.head = nn.Linear(32, 5)

    def forward(self, tokens):
        return self.head(self.lstm(self.embedding(tokens))[0][:, -1])


def mlp() -> nn.Module:
    layers = [nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)]
    return nn.Sequential(*layers)


OWN = {
    "mlp": (mlp, ((1, 1, 28, 28),)),
    "residual": (Residual, ((1, 4, 8, 8),)),
    "branches": (Branches, ((1, 3, 8, 8),)),
    "loop": (Loop, ((1, 5, 4),)),
    "tagger": (Tagger, ((1, 12),)),
    "rnn": (lambda: nn.RNN(10, 20), ((7, 3, 10),)),
    "transformer": (lambda: nn.Transformer(64, 4, 3, 3, 128, batch_first=True), ((1, 9, 64), (1, 5, 64))),
}


def built(name: str) -> tuple[nn.Module, tuple]:
    """A network of torchvision (without values), of the house ("house:lenet") or one of the above, and its inputs."""
    if name in OWN:
        build, inputs = OWN[name]
        return build().eval(), inputs
    if name.startswith("house:"):
        return models.load(name.removeprefix("house:"), weights="random"), ()
    options = {"init_weights": False} if name == "googlenet" else {}
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_torchvision("models").get_model(name, weights=None, **options).eval(), (
            (1, 3, 224, 224),
        )


@cache
def _graph(name: str):
    model, inputs = built(name)
    return trace(model, *inputs)


@pytest.fixture(scope="session")
def build():
    """`build(name)` -> the network and its inputs."""
    return built


@pytest.fixture(scope="session")
def graph_of():
    """`graph_of(name)` -> the traced graph, made once."""
    return _graph
