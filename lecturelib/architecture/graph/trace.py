"""One recorded forward pass becomes a `Graph`: `trace(model, (1, 3, 224, 224))`."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from lecturelib.architecture.graph.failed_pass import failed_graph
from lecturelib.architecture.graph.graph import Graph
from lecturelib.architecture.graph.pass_inputs import (
    Given,
    candidates,
    copied,
    input_names,
    needs_values,
    said,
    title_of,
)
from lecturelib.architecture.graph.recorder import Recorder
from lecturelib.checks import complaint
from lecturelib.network.freezing import frozen
from lecturelib.network.layer_names import check_model, normalization_of, walk

Stopped = tuple[str, Exception, Graph | None]  # where a pass stopped, why, and what ran until then


def trace(model: nn.Module, *inputs: Any, **kwargs: Any) -> Graph:
    """Record one forward pass as a `Graph`: steps, data flow, shapes, parameters, multiply-adds, memory.

    Inputs, also by name, are shapes with the batch, such as (1, 3, 224, 224), or tensors, or tuples, lists and
    dictionaries of these; a house network knows its own. A shape stands for zeros in the dtype of the weights. The pass
    runs in eval mode, without gradients, on a copy without values (PyTorch's meta device), or, where a network needs
    values, on the network itself, which is left as it was found. Raises `TypeError` for something that is no network
    or no input, `ValueError` with the layer where it stopped if a network cannot take the inputs.

    >>> from torch import nn
    >>> graph = trace(nn.Sequential(nn.Conv2d(3, 8, kernel_size=3), nn.ReLU()), (1, 3, 10, 10))
    >>> [(node.kind, node.output) for node in graph.nodes][1]
    ('Conv2d', (1, 8, 8, 8))
    >>> graph.multiply_adds == 8 * 8 * 8 * 3 * 3 * 3
    True
    """
    last, given = _passes(model, inputs, kwargs)
    if isinstance(last, Graph):
        return last
    place, error, partial = last
    words = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
    drawn = "block_diagram and summary_table show what ran until then; " if partial is not None else ""
    raise ValueError(
        complaint(
            "inputs", f"inputs that {title_of(model)} can take", f"{said(given)}{f' at {place}' if place else ''}"
            f" ({type(error).__name__}: {words})",
            f"{drawn}shapes carry the batch, as in (1, 3, 224, 224), and tokens are integers",
        )
    ) from error  # fmt: skip


def trace_until_error(model: nn.Module, *inputs: Any, **kwargs: Any) -> Graph:
    """Record one forward pass as a `Graph`, up to the step that failed if one did.

    As `trace`, but an error inside the network's forward pass is not raised: the graph ends at the step where it
    arose, and `Graph.failure` says which shapes met there and what is wrong. Raises `TypeError` and `ValueError` as
    `trace` does for something that is no network or no input.

    >>> from torch import nn
    >>> graph = trace_until_error(nn.Sequential(nn.Flatten(), nn.Linear(400, 10)), (1, 8, 8, 8))
    >>> [node.kind for node in graph.nodes], graph.failure.met
    (['input', 'Flatten', 'Linear'], (('input', (1, 512)), ('weight', (10, 400))))
    >>> graph.failure.reason
    'The layer takes 400 numbers (its weight is 10×400), but 512 arrived, as 1×512.'
    """
    last, _ = _passes(model, inputs, kwargs, values=True)
    if isinstance(last, Graph):
        return last
    if last[2] is None:
        return trace(model, *inputs, **kwargs)  # it says why
    return last[2]


def _passes(
    model: nn.Module, inputs: tuple, kwargs: dict[str, Any], values: bool = False
) -> tuple[Graph | Stopped, Given]:
    """The first pass that comes to its end, else the one that came farthest; and what it was given.

    `values`: where tokens are given, a copy without values is not asked, as it looks up any token.
    """
    check_model(model)
    _check_python(model)
    with torch.inference_mode(False):  # its tensors do not say when they are written on
        tried = candidates(model, inputs, kwargs)
        if not needs_values(tried[0], tokens=values):
            for given in tried:
                last = _attempt(meta_copy(model), given, meta=True)
                if isinstance(last, Graph):
                    return last, given
        farthest: tuple[Stopped, Given] | None = None
        with frozen(model):
            for given in tried:
                last = _attempt(model, given, meta=False)
                if isinstance(last, Graph):
                    return last, given
                if farthest is None or _length(last) >= _length(farthest[0]):
                    farthest = last, given
    assert farthest is not None  # at least one input is tried
    return farthest


def _length(stopped: Stopped) -> int:
    return 0 if stopped[2] is None else len(stopped[2].nodes)


def as_graph(model_or_graph: nn.Module | Graph, inputs: tuple, partly: bool = False) -> Graph:
    """The graph itself, or that of a module; `TypeError` for inputs beside a graph.

    `partly`: a pass that fails is taken as far as it ran; else `ValueError` for one.
    """
    if isinstance(model_or_graph, Graph):
        if inputs:
            raise TypeError(
                complaint("inputs", "none beside a Graph, which has run already", f"{len(inputs)}",
                          "inputs go with a module")
            )  # fmt: skip
        if model_or_graph.failure is not None and not partly:
            came = f"one that stops at {model_or_graph.failure.place}"
            hint = "block_diagram and summary_table show what ran until then"
            raise ValueError(complaint("graph", "a forward pass that came to its end", came, hint))
        return model_or_graph
    return trace_until_error(model_or_graph, *inputs) if partly else trace(model_or_graph, *inputs)


def _check_python(model: nn.Module) -> None:
    for name, module in walk(model):
        compiled = type(module).__name__ == "OptimizedModule"
        if compiled or isinstance(module, torch.jit.ScriptModule):
            hint = "model._orig_mod" if compiled else "the module it was made from"
            came = f"compiled code in {title_of(model)} ({name or 'itself'})"
            raise ValueError(
                complaint("model", "Python modules, which can be followed", came, f"trace {hint}")
            )


def meta_copy(model: nn.Module) -> nn.Module | None:
    """A copy in eval mode whose tensors have shapes but no values; None if it cannot be copied."""
    memo: dict[int, object] = {}
    try:
        for _, module in walk(model):
            for store in (module._parameters, module._buffers, vars(module)):
                for value in store.values():
                    if isinstance(value, Tensor) and id(value) not in memo and not is_lazy(value):
                        memo[id(value)] = _empty(value)
        made = copy.deepcopy(model, memo)
    except Exception:  # locks, open files, tensors of a strange class: the network itself will run
        return None
    for _, module in walk(made):
        module.training = False
    return made


def _empty(value: Tensor) -> Tensor:
    with torch.no_grad():
        empty = torch.empty_like(value, device="meta", requires_grad=False)
    return nn.Parameter(empty, value.requires_grad) if isinstance(value, nn.Parameter) else empty


class _Alone(nn.Module):
    """A layer that is asked for by itself: a network of this one layer."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.add_module(type(layer).__name__.lower(), layer)
        self.training = False

    def forward(self, *args, **kwargs):
        return next(self.children())(*args, **kwargs)


def _attempt(model: nn.Module | None, given: Given, meta: bool) -> Graph | Stopped:
    """The graph, or where the pass stopped and why."""
    if model is None:
        return "", TypeError("it cannot be copied"), None
    library = type(model).__module__.startswith("torch.nn.modules") and not model._modules
    alone = library or isinstance(model, nn.MultiheadAttention)
    whole = _Alone(model) if alone else model
    recorder = Recorder(whole)
    values, named = copied(given[0], meta), copied(given[1], meta)
    inputs = input_names(model.forward, values, named)
    if meta and normalization_of(model):
        _watch_normalize(model, recorder)
    try:
        return recorder.run(whole, (values, named), inputs, title_of(model), fused=meta)
    except Exception as error:
        place = recorder.place
        # without values a pass may fail where the network itself would not
        partial = None if meta else failed_graph(recorder, whole, error, title_of(model))
        return place, error.with_traceback(None), partial


def _watch_normalize(model: nn.Module, recorder: Recorder) -> None:
    """In a copy of a house network, the normalization of the pixels is one step."""
    plain = model.normalize

    def watched(pixels):
        recorder.begin(None, (pixels,), {}, "normalize", "normalize")
        return recorder.end(plain(pixels))

    model.__dict__["normalize"] = watched
