"""Well-known networks as graphs, traced once, without values: building them costs no memory."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn

from lecturelib.architecture.graph.graph import Graph
from lecturelib.architecture.graph.trace import trace
from lecturelib.checks import check_name

TORCHVISION = ("alexnet", "vgg16", "googlenet", "resnet18", "resnet50", "mobilenet_v3_small", "vit_b_16")
NAMES = (*TORCHVISION, "transformer", "lstm")


class SentenceClassifier(nn.Module):
    """Words (B, L) as numbers -> two scores (B, 2): an embedding, an LSTM, its last state."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5000, 64)
        self.lstm = nn.LSTM(64, 128, batch_first=True)
        self.classifier = nn.Linear(128, 2)

    def forward(self, words: Tensor) -> Tensor:
        states, _ = self.lstm(self.embedding(words))  # (B, L, 128)
        return self.classifier(states[:, -1])


@lru_cache(maxsize=16)
def graph_of(name: str) -> Graph:
    """Traced graph of a well-known network, by name: one of `NAMES`.

    Its input is one picture of 224 x 224 px; for "transformer" and "lstm" sentences of 12 and 10 tokens. Weights are
    not loaded. Raises `UnknownName` (a `KeyError`) for another name; `trace(model, ...)` takes any network of your own.

    >>> graph_of("alexnet").parameters
    61100840
    """
    network, inputs = example_network(name)
    return trace(network, *inputs)


def example_network(name: str) -> tuple[nn.Module, tuple]:
    """A network of `NAMES` without values, in eval mode, and the inputs that it takes."""
    check_name("name", name, NAMES, "network", "trace(model, ...) takes any other")
    with torch.device("meta"):
        if name == "transformer":
            network: nn.Module = nn.Transformer(512, 8, 6, 6, 2048, batch_first=True)
            inputs: tuple = ((1, 12, 512), (1, 10, 512))
        elif name == "lstm":
            network, inputs = SentenceClassifier(), (torch.zeros(1, 12, dtype=torch.long),)
        else:
            network, inputs = _torchvision(name), ((1, 3, 224, 224),)
    return network.eval(), inputs


def _torchvision(name: str) -> nn.Module:
    from lecturelib.models.torchvision_cpu import import_torchvision

    more = {"init_weights": False} if name == "googlenet" else {}
    return import_torchvision().models.get_model(name, weights=None, **more)
