"""The computational graph as the library itself records it: what autograd will walk back through."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from lecturelib.architecture.diagrams.block_diagram import Direction, draw_folded
from lecturelib.architecture.graph.graph import Graph, ModuleCall, Node
from lecturelib.architecture.graph.pass_inputs import candidates, copied
from lecturelib.architecture.graph.tensor_stats import tensors_in
from lecturelib.architecture.graph.trace import meta_copy, trace
from lecturelib.architecture.layout.blocks import Block, Folded, Link
from lecturelib.checks import complaint
from lecturelib.drawing.drawing import Drawing
from lecturelib.network.layer_names import check_model

MOST = 1500  # backward functions
SMALL = 20_000_000  # parameters of a network that is copied with its values


def computational_graph(
    model: nn.Module,
    *inputs: Any,
    weights: bool = True,
    direction: Direction = "auto",
    dark: bool = False,
    **kwargs: Any,
) -> Drawing:
    """Diagram of autograd's graph: the backward functions that PyTorch keeps after a forward pass, `AddmmBackward0` ...

    Arrows follow the data, so the gradient runs against them. `weights` also draws the parameters for which gradients
    are accumulated. Inputs as for `trace`. Good for debugging: where an arrow is missing, no gradient arrives. Poor for
    a report: it shows what the library does, not what the network means. It runs on a copy, of a large network without
    values; if none of the parameters requires gradients, all of the copy's do. Raises `ValueError` if no result
    requires a gradient, or if the graph has more than 1500 functions.

    >>> from torch import nn
    >>> drawing = computational_graph(nn.Sequential(nn.Linear(4, 2), nn.ReLU()), (1, 4))
    >>> "ReluBackward0" in drawing.alt
    True
    """
    check_model(model)
    with torch.inference_mode(False):  # in which autograd records nothing
        whole, output = _run_copy(model, inputs, kwargs)
    results = list(tensors_in(output))
    roots = [tensor.grad_fn for tensor in results if tensor.grad_fn is not None]
    if not roots:
        came = f"none from {type(model).__name__}, so PyTorch keeps no graph"
        raise ValueError(complaint("model", "a result that requires a gradient", came))
    return draw_folded(_folded(whole, roots, weights, tuple(results[0].shape)), direction, dark)


def _run_copy(model: nn.Module, inputs: tuple, kwargs: dict[str, Any]) -> tuple[nn.Module, Any]:
    """A copy of the network in eval mode, and what it returned with gradients recorded."""
    # a copy with values where that is cheap: without, a whole LSTM falls apart into its smallest steps
    small = sum(parameter.numel() for parameter in model.parameters()) <= SMALL
    meta = None if small and not _on_meta(model) else meta_copy(model)
    whole = copy.deepcopy(model).eval() if meta is None else meta
    if not any(parameter.requires_grad for parameter in whole.parameters()):
        whole.requires_grad_(True)  # a network of the house is frozen as a whole
    output = None
    for values, named in candidates(model, inputs, kwargs):
        try:
            with torch.enable_grad():
                output = whole(*copied(values, meta is not None), **copied(named, meta is not None))
        except Exception as error:
            problem = error
    if output is None:
        trace(model, *inputs, **kwargs)  # it says where and why, if the network cannot take this at all
        came = f"{type(problem).__name__} from {type(model).__name__}"
        raise ValueError(complaint("model", "a network whose copy runs", came)) from problem
    return whole, output


def _on_meta(model: nn.Module) -> bool:
    return any(tensor.is_meta for tensor in (*model.parameters(), *model.buffers()))


def _folded(model: nn.Module, roots: list, weights: bool, shape: tuple[int, ...]) -> Folded:
    title = getattr(model, "name", "") or type(model).__name__
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    order, before = _walk(roots)
    blocks: list[Block] = []
    keys: dict[object, str] = {}
    for function in order:
        variable: Tensor | None = getattr(function, "variable", None)
        if variable is not None and not weights:
            continue
        key = keys[function] = f"{len(keys)}"
        own = tuple(variable.shape) if variable is not None else ()
        name = names.get(id(variable), "input") if variable is not None else function.name()
        blocks.append(
            Block(
                key, name, "AccumulateGrad" if variable is not None else "function",
                "embedding" if variable is not None else "other", "×".join(map(str, own)), output=None, keys=(key,),
            )
        )  # fmt: skip
    links = [
        Link(keys[source], keys[function], ())
        for function in order
        for source in before[function]
        if source in keys and function in keys
    ]
    blocks.append(Block("loss", "output", "output", "output", output=shape, keys=("loss",)))
    links += [Link(keys[root], "loss", ()) for root in dict.fromkeys(roots)]
    parameters = sum(p.numel() for p in model.parameters())
    root = ModuleCall(0, "", title, 0, None)
    note = "This is autograd's own graph: backward functions, and the parameters for which they gather gradients."
    nodes = (Node(0, "input", "input", 0, 0),)
    graph = Graph(f"{title}, as autograd records it", nodes, (), (root,), parameters, parameters, (note,))
    return Folded(graph, tuple(blocks), tuple(dict.fromkeys(links)))


def _walk(roots: list) -> tuple[list, dict]:
    """All functions in the order of the forward pass, and what each reads from."""
    before: dict = {}
    order: list = []
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        function, done = stack.pop()
        if done:
            order.append(function)
            continue
        if function in before:
            continue
        before[function] = [source for source, _ in function.next_functions if source is not None]
        if len(before) > MOST:
            hint = "take a smaller network, or a part of this one"
            raise ValueError(complaint("model", f"at most {MOST} backward functions", "more", hint))
        stack.append((function, True))
        stack += [(source, False) for source in reversed(before[function]) if source not in before]
    return order, before
