"""The edges between steps as torchview finds them.

Made comparable like this: of both graphs the edges between steps are taken, a step named by its class or function and
its number among these in the order of running. torchview shows a module in which only functions run as one step, so
such modules are contracted in ours; it draws each input and output as a tensor, as we do. Left out are networks with
attention: torchview opens `nn.MultiheadAttention` and shows the functions inside, where we show one step.
"""

import warnings
from collections import Counter

import pytest
import torch
from torch import nn

from lecturelib.architecture.graph.labels import function_kind
from lecturelib.architecture.graph.trace import trace
from lecturelib.models.torchvision_cpu import import_torchvision

pytestmark = pytest.mark.oracle

NAMES = (
    "alexnet",
    "vgg16",
    "resnet50",
    "googlenet",
    "mobilenet_v2",
    "efficientnet_b0",
    "squeezenet1_1",
    "densenet121",
)


def ours(graph) -> Counter:
    steps: dict[int, object] = {}
    for node in graph.nodes:
        parent = graph.calls[node.parent]
        functions_only = all(
            what == "node" and not graph.nodes[index].is_module for what, index in parent.items
        )
        contracted = parent.index > 0 and not node.is_module and functions_only
        steps[node.id] = ("call", parent.index, parent.kind) if contracted else ("node", node.id, node.kind)
    names = numbered({step: step[2] for step in steps.values()})
    edges = {
        (names[steps[e.source]], names[steps[e.target]])
        for e in graph.edges
        if steps[e.source] != steps[e.target]
    }
    return Counter(edges)


def numbered(kinds: dict) -> dict:
    seen: Counter = Counter()
    names = {}
    for step, kind in kinds.items():
        names[step] = f"{kind} {seen[kind]}"
        seen[kind] += 1
    return names


def theirs(model: nn.Module, data) -> Counter:
    import torchview
    from torchview.computation_node import FunctionNode, TensorNode

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = torchview.draw_graph(
            model, input_data=data, device="meta", depth=100, roll=False, expand_nested=True, mode="eval"
        )

    def kind(node) -> str:
        if isinstance(node, TensorNode):
            return "output" if node.name == "output-tensor" else "input"
        return function_kind(named(node.name)) if isinstance(node, FunctionNode) else node.name

    nodes = {}
    for edge in found.edge_list:
        for node in edge:
            nodes[found.id_dict[node.node_id]] = node
    names = numbered({ident: kind(nodes[ident]) for ident in sorted(nodes)})
    ident = {node.node_id: names[found.id_dict[node.node_id]] for node in nodes.values()}
    return Counter({(ident[a.node_id], ident[b.node_id]) for a, b in found.edge_list})


def named(name: str):
    def function():
        pass

    function.__name__ = name
    return function


@pytest.mark.parametrize("name", NAMES)
def test_every_edge_of_a_network(name):
    options = {"init_weights": False} if name == "googlenet" else {}
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = import_torchvision("models").get_model(name, weights=None, **options).eval()
    data = torch.empty(1, 3, 224, 224, device="meta")
    mine, peer = ours(trace(model, data)), theirs(model, data)
    assert mine - peer == Counter()
    assert peer - mine == Counter()
