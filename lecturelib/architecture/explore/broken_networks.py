"""Networks whose forward pass fails, drawn up to the failing step; one change repairs each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import torch
from torch import Tensor, nn

from lecturelib.architecture.diagrams.block_diagram import block_diagram
from lecturelib.architecture.graph.mismatch import said_shape
from lecturelib.architecture.graph.trace import trace_until_error
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable

NAME = "MyNetwork"
INPUT = (1, 3, 32, 32)


def broken_network_explorer() -> Explorable:
    """Networks that fail, drawn as far as they run: read what met at the failing step, and repair it by one change."""

    def refresh(state: dict) -> dict:
        return {"repair": _repairs(state["network"])}

    first = next(iter(BROKEN))
    controls = [
        Choice("network", tuple(BROKEN)),
        Choice("repair", tuple(BROKEN[first].choices), label=BROKEN[first].asks),
    ]
    title, begins = "A network that fails", {"repair": ("network",)}
    return Explorable(_render, controls, title, refresh=refresh, resets=begins)


def _repairs(name: str) -> Choice:
    return Choice("repair", tuple(BROKEN[name].choices), label=BROKEN[name].asks)


class _Branches(nn.Module):
    def __init__(self, padding: int):
        super().__init__()
        self.left = nn.Conv2d(3, 16, kernel_size=5, padding=padding)
        self.right = nn.Conv2d(3, 16, kernel_size=1)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))

    def forward(self, x: Tensor) -> Tensor:
        both = torch.cat([self.left(x), self.right(x)], dim=1)
        return self.head(both.relu())


class _Skip(nn.Module):
    def __init__(self, stride: int):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.body = nn.Sequential(
            nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1)
        )
        self.skip = nn.Conv2d(16, 32, kernel_size=1, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.body(x) + self.skip(x)


class _Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, kernel_size=3, padding=1), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classify = nn.Linear(8, 10)


class _CallsHead(_Named):
    head: nn.Module  # which `_Named` does not make

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.features(x)).flatten(1)
        return self.head(x)


class _CallsClassifier(_Named):
    classifier: nn.Module

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.features(x)).flatten(1)
        return self.classifier(x)


class _CallsClassify(_Named):
    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.features(x)).flatten(1)
        return self.classify(x)


def _flattened(in_features: int) -> nn.Module:
    features = nn.Sequential(
        nn.Conv2d(3, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2)
    )  # fmt: skip
    head = nn.Sequential(nn.Flatten(), nn.Linear(in_features, 64), nn.ReLU(), nn.Linear(64, 10))
    return _parts(features=features, head=head)


def _channels(in_channels: int) -> nn.Module:
    return _parts(
        conv1=nn.Conv2d(3, 24, 3, padding=1), relu1=nn.ReLU(), conv2=nn.Conv2d(in_channels, 48, 3, padding=1),
        relu2=nn.ReLU(), pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(48, 10),
    )  # fmt: skip


def _nested(features: int) -> nn.Module:
    stages = [nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()) for _ in range(3)]
    stages += [nn.Sequential(nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(features), nn.ReLU())]
    return _parts(
        stem=nn.Conv2d(3, 16, 3, padding=1), stages=nn.Sequential(*stages), last=nn.Conv2d(32, 10, 1)
    )


def _called(kind: type[nn.Module]) -> type[nn.Module]:
    """The class under the name that its error messages give."""
    return type(NAME, (kind,), {})


def _parts(**layers: nn.Module) -> nn.Sequential:
    model = nn.Sequential()
    for name, layer in layers.items():
        model.add_module(name, layer)
    return model


@dataclass(frozen=True)
class _Fault:
    """A network to repair: what one may choose, and the network that each choice gives."""

    asks: str
    choices: dict[str, Callable[[], nn.Module]]


def _numbers(asks: str, make: Callable[[int], nn.Module], *numbers: int) -> _Fault:
    return _Fault(asks, {str(number): partial(make, number) for number in numbers})


BROKEN: dict[str, _Fault] = {
    "after flattening": _numbers("in_features of head.1", _flattened, 512, 800, 1152, 1568, 2048),
    "two convolutions": _numbers("in_channels of conv2", _channels, 3, 16, 24, 48),
    "two branches": _numbers("padding of left", _Branches, 0, 1, 2, 3),
    "a skip connection": _numbers("stride of skip", _Skip, 1, 2, 3, 4),
    "deep inside": _numbers("num_features of stages.3.1", _nested, 16, 32, 64),
    "a wrong name": _Fault(
        "forward calls",
        {
            "self.head": _called(_CallsHead),
            "self.classifier": _called(_CallsClassifier),
            "self.classify": _called(_CallsClassify),
        },
    ),
}


@lru_cache(maxsize=32)
def _render_once(name: str, repair: str) -> Picture:
    fault = BROKEN[name]
    model = fault.choices[repair]()
    model.name = NAME  # type: ignore[assignment]
    graph = trace_until_error(model, INPUT)
    drawing = block_diagram(graph, direction="down")
    asked = f"{fault.asks}: {repair}. The input is {said_shape(INPUT)}."
    if graph.failure is None:
        output = said_shape(graph.outputs[0].output)
        return drawing.picture(f"{asked} The forward pass comes to its end and gives {output}.")
    return drawing.picture(f"{asked} The forward pass fails; what is drawn above has run.")


def _render(state: dict) -> Picture:
    return _render_once(state["network"], state["repair"])
