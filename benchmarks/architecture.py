"""What a block diagram costs: tracing and drawing against torchview's graph and torchinfo's table, without values."""

import copy
import warnings
from collections.abc import Sequence

import torch
from torch import nn

from benchmarks.timing import Row, compare
from lecturelib.architecture import block_diagram, trace
from lecturelib.models.torchvision_cpu import import_torchvision

NAMES = ("alexnet", "resnet50", "googlenet", "densenet121")
SHAPE = (1, 3, 224, 224)
ROUNDS = 3


class Block(nn.Module):
    """A residual block of four modules, counting itself."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.relu = nn.Linear(8, 8), nn.Linear(8, 8), nn.ReLU()

    def forward(self, x):
        return x + self.second(self.relu(self.first(x)))


def rows(names: Sequence[str] = NAMES, rounds: int = ROUNDS) -> list[Row]:
    """One row per network, and one of a network of 1001 modules, all of them drawn."""
    import torchinfo
    import torchview

    found = []
    for name in names:
        options = {"init_weights": False} if name == "googlenet" else {}
        with torch.device("meta"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = import_torchvision("models").get_model(name, weights=None, **options).eval()
        data = torch.empty(SHAPE, device="meta")
        graph = trace(model, data)

        def forward(model=model, data=data):
            with torch.no_grad():
                model(data)

        methods = {
            "forward without values": forward,
            "trace": lambda model=model, data=data: trace(model, data),
            "fold, lay out, SVG": lambda graph=graph: block_diagram(graph, depth=2).svg(),
            "torchinfo": lambda model=model, data=data: torchinfo.summary(
                model, input_data=data, verbose=0, device="meta", depth=20
            ),
            "torchview, without its layout": lambda model=model, data=data: torchview.draw_graph(
                model, input_data=data, device="meta", depth=100
            ),
        }
        amount = f"{len(list(model.modules()))} modules"
        found.append(Row(name, amount, compare(methods, "forward without values", rounds)))
    return [*found, _large(250, rounds)]


def _large(blocks: int, rounds: int) -> Row:
    model = nn.Sequential(*(Block() for _ in range(blocks))).eval()
    graph = trace(model, (1, 8))
    empty, data = copy.deepcopy(model).to("meta"), torch.empty(1, 8, device="meta")

    def forward():
        with torch.no_grad():
            empty(data)

    methods = {
        "forward without values": forward,
        "trace": lambda: trace(model, (1, 8)),
        "fold, lay out, SVG": lambda: block_diagram(graph, depth=2, fold=False).svg(),
    }
    amount = f"{len(list(model.modules()))} modules"
    return Row("residual blocks, every one drawn", amount, compare(methods, "forward without values", rounds))
