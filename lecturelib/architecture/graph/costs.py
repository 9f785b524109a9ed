"""What a network costs: parameters, multiply-adds, memory of activations; and how torchinfo counts.

A multiply-add is one multiplication and one addition of a convolution or a matrix product, of attention too; biases,
norms and activations are not counted. So do torchvision's table of networks and most papers. torchinfo counts
otherwise: see `torchinfo_multiply_adds`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from lecturelib.architecture.graph.graph import Graph, Node


@dataclass(frozen=True)
class Costs:
    """Parameters, trainable ones among them, multiply-adds, and `memory` in bytes.

    The memory is that of all activations of one pass, as training has to keep them; views and changes in place cost
    nothing.
    """

    parameters: int
    trainable: int
    multiply_adds: int
    memory: int


def costs(graph: Graph) -> Costs:
    """Parameters, multiply-adds and activation memory of a network, for the batch that ran.

    >>> from torch import nn
    >>> from lecturelib.architecture.graph.trace import trace
    >>> costs(trace(nn.Linear(4, 2), (3, 4)))
    Costs(parameters=10, trainable=10, multiply_adds=24, memory=24)
    """
    return Costs(graph.parameters, graph.trainable, graph.multiply_adds, graph.memory)


def torchinfo_multiply_adds(graph: Graph) -> int:
    """Multiply-adds by torchinfo's rule, as version 1.8 reports them for the same pass.

    Its rule per layer: a convolution's weights and biases times the batch and all positions; any other layer's
    `weight` and `bias` times the batch only; a recurrent layer's times the first two sizes of its output. So it counts
    biases and norms; it counts a linear layer on a sequence once instead of once per token; and it does not count
    what no layer's own weights do: the matrix products of attention, products written as functions, and the four
    matrices inside `nn.MultiheadAttention`.

    >>> from torch import nn
    >>> from lecturelib.architecture.graph.trace import trace
    >>> tokens = trace(nn.Linear(4, 2, bias=False), (1, 50, 4))
    >>> tokens.multiply_adds, torchinfo_multiply_adds(tokens)
    (400, 8)
    """
    return sum(_torchinfo_of(node) for node in graph.nodes if node.is_module)


def _torchinfo_of(node: Node) -> int:
    if node.kind == "MultiheadAttention":
        return 0  # not a leaf for torchinfo, and its output projection does not run as a module
    count = 0
    for name, shape in node.weight_shapes:
        if name in ("weight", "bias"):
            output = node.output
            positions = prod(output[:1] + output[2:]) if "Conv" in node.kind else output[0]
            count += prod(shape) * positions
        elif "weight" in name or "bias" in name:
            count += prod(shape) * prod(node.output[:2])
    return count
