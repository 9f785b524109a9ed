"""One network as radial diagram, as autograd's graph and as blocks: what can be read from each?"""

from __future__ import annotations

from functools import lru_cache

from torch import Tensor, nn

from lecturelib.architecture.diagrams.block_diagram import block_diagram
from lecturelib.architecture.diagrams.computational_graph import computational_graph
from lecturelib.architecture.diagrams.radial import radial
from lecturelib.architecture.graph.examples import example_network, graph_of
from lecturelib.architecture.graph.trace import trace
from lecturelib.drawing.drawing import Drawing
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Slider, Toggle

DIAGRAMS = ("radial diagram", "autograd's graph", "block diagram")
CUT = "four layers"
NETWORKS = (CUT, "alexnet", "resnet18", "resnet50")


def other_diagrams_explorer(network: str = "resnet18") -> Explorable:
    """A network in three diagrams: pretty, complete, readable; and a chain in which no gradient passes one layer.

    >>> other_diagrams_explorer().state["diagram"]
    'radial diagram'
    """

    def refresh(state: dict) -> dict:
        return {
            "cut": Slider(
                "cut", 0, 3 if state["network"] == CUT else 0, label="detached behind layer (0: none)"
            )
        }

    controls = [
        Choice("network", NETWORKS, network),
        Choice("diagram", DIAGRAMS),
        Toggle("weights", True, label="weights in autograd's graph"),
        Slider("cut", 0, 3, label="detached behind layer (0: none)"),
        Toggle("dark", False, label="dark drawing"),
    ]
    presets: dict[str, dict] = {
        "ResNet-50 as a ring": {"network": "resnet50", "diagram": "radial diagram", "dark": True},
        "AlexNet as a ring": {"network": "alexnet", "diagram": "radial diagram"},
        "AlexNet as autograd records it": {"network": "alexnet", "diagram": "autograd's graph"},
        "where does the gradient end?": {"network": CUT, "diagram": "autograd's graph", "cut": 2},
        "the same in the forward pass": {"network": CUT, "diagram": "block diagram", "cut": 2},
    }
    return Explorable(_render, controls, "The fancy and the useful", presets, refresh)


class Chain(nn.Module):
    """Four linear layers; behind layer `cut` (0: none) the gradient is cut off.

    >>> import torch
    >>> Chain(0)(torch.zeros(1, 8)).shape
    torch.Size([1, 4])
    """

    def __init__(self, cut: int):
        super().__init__()
        self.cut = cut
        self.layer1, self.layer2 = nn.Linear(8, 16), nn.Linear(16, 16)
        self.layer3, self.layer4 = nn.Linear(16, 16), nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        for k, layer in enumerate((self.layer1, self.layer2, self.layer3), 1):
            x = layer(x).relu()
            if k == self.cut:
                x = x.detach()
        return self.layer4(x)


@lru_cache(maxsize=32)
def _drawn(network: str, diagram: str, weights: bool, cut: int) -> Drawing:
    if diagram == DIAGRAMS[1]:
        model, inputs = (Chain(cut), ((1, 8),)) if network == CUT else example_network(network)
        return computational_graph(model, *inputs, weights=weights, direction="down")
    graph = trace(Chain(cut), (1, 8)) if network == CUT else graph_of(network)
    return radial(graph, dark=False) if diagram == DIAGRAMS[0] else block_diagram(graph)


def _render(state: dict) -> Picture:
    diagram = state["diagram"]
    weights = state["weights"] or diagram != DIAGRAMS[1]  # the others do not know it
    drawing = _drawn(state["network"], diagram, weights, state["cut"])
    boxes = len(drawing.keys)
    what = {
        DIAGRAMS[0]: f"{boxes} steps on a ring; a step has the more dots the more multiply-adds it takes",
        DIAGRAMS[1]: f"{boxes} boxes: a function that autograd will walk back through, or a weight",
        DIAGRAMS[2]: f"{boxes} blocks, folded as far as they can be",
    }[diagram]
    return drawing.picture(f"{state['network']} as {diagram}: {what}.", dark=state["dark"])
