"""One recorded forward pass becomes a `Graph`: `trace(model, (1, 3, 224, 224))`."""

from __future__ import annotations

import contextlib
import copy
import inspect
import threading
import warnings
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from lecturelib.architecture.graph.graph import Graph
from lecturelib.architecture.graph.recorder import Recorder
from lecturelib.architecture.graph.tensor_stats import MultiplyAdds, tensors_in
from lecturelib.network.hooks import frozen
from lecturelib.network.layer_names import check_model


def trace(model: nn.Module, *inputs, **kwargs) -> Graph:
    """What one forward pass of a network does, as a `Graph`: steps, data flow, shapes, parameters, costs.

    Inputs, also by name, are shapes with the batch, such as (1, 3, 224, 224), or tensors, or tuples, lists and
    dictionaries of tensors; a house network knows its own. The pass runs in eval mode, without gradients, on a copy
    without values (PyTorch's meta device), or, where a network needs values, on the network itself, which is left as it
    was found. Raises `TypeError` for what is no network or no input, `ValueError` with the place where it stopped if a
    network cannot take the inputs.

    >>> trace(models.load("alexnet", weights="random")).multiply_adds      # doctest: +SKIP
    """
    check_model(model)
    _check_python(model)
    last: Graph | tuple[str, Exception]
    for values, named in variants(model, inputs, kwargs):
        last = _attempt(without_values(model), values, named, meta=True)
        if isinstance(last, Graph):
            return last
    with frozen(model):
        for values, named in variants(model, inputs, kwargs):
            last = _attempt(model, values, named, meta=False)
            if isinstance(last, Graph):
                return last
    place, error = last
    shapes = ", ".join(
        "×".join(map(str, tensor.shape)) or "a number" for tensor in tensors_in([values, named])
    )
    where = f" at {place}" if place else ""
    words = str(error).strip().splitlines()[0] if str(error).strip() else ""
    raise ValueError(
        f"{_title(model)} cannot be traced with {shapes or 'no input'}{where} (it says {type(error).__name__}: "
        f"{words}); shapes carry the batch, as in (1, 3, 224, 224), and tokens are whole numbers"
    ) from error


def as_graph(model_or_graph: nn.Module | Graph, inputs: tuple) -> Graph:
    """The graph itself, or that of a module; `TypeError` for inputs beside a graph."""
    if isinstance(model_or_graph, Graph):
        if inputs:
            raise TypeError("a Graph has run already: inputs go with a module")
        return model_or_graph
    return trace(model_or_graph, *inputs)


def _check_python(model: nn.Module) -> None:
    for name, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule) or type(module).__name__ == "OptimizedModule":
            hint = (
                "model._orig_mod"
                if type(module).__name__ == "OptimizedModule"
                else "the module it was made from"
            )
            raise ValueError(
                f"{_title(model)} holds compiled code ({name or 'itself'}), inside of which nothing can be seen: "
                f"trace {hint}"
            )


def variants(model: nn.Module, inputs: tuple, kwargs: dict) -> list[tuple[list, dict]]:
    """What is given to the network: tensors, zeros where a shape was given; a second time as whole numbers for tokens.

    Raises as `trace` does.
    """
    inputs = _given(model, inputs, kwargs)
    values = [_with_shapes(value, f"input {k}") for k, value in enumerate(inputs)]
    named = {name: _with_shapes(value, name) for name, value in kwargs.items()}
    if not _wants_numbers(model, inputs, kwargs):
        return [(values, named)]
    return [(values, named), (_as_tokens(values), _as_tokens(named))]


def _title(model: nn.Module) -> str:
    name = getattr(model, "name", "")
    return name if isinstance(name, str) and name else type(model).__name__


def _given(model: nn.Module, inputs: tuple, kwargs: dict) -> tuple:
    if inputs or kwargs:
        return inputs
    if hasattr(model, "input_size") and hasattr(model, "channels"):
        return ((1, model.channels, model.input_size, model.input_size),)
    raise TypeError(
        f"trace: {_title(model)} does not say its input size: give a shape, trace(model, (1, 3, 224, 224)), or tensors"
    )


def _is_shape(value) -> bool:
    if not isinstance(value, tuple | list) or not value:
        return False
    return all(isinstance(size, int) and not isinstance(size, bool) for size in value)


def _with_shapes(value, name: str):
    """The input with every shape replaced by zeros; raises `TypeError` for what no network takes."""
    if _is_shape(value):
        if min(value) < 1:
            raise ValueError(f"{name}: a shape has sizes of 1 or more, got {tuple(value)}")
        return torch.zeros(tuple(value))
    if isinstance(value, nn.Module):
        raise TypeError(f"{name}: a shape or a tensor is needed, got a module, {type(value).__name__}")
    if isinstance(value, Mapping):
        return {key: _with_shapes(item, f"{name}[{key!r}]") for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return value
    if isinstance(value, list | tuple):
        return type(value)(_with_shapes(item, f"{name}[{k}]") for k, item in enumerate(value))
    return value


def _wants_numbers(model: nn.Module, inputs, kwargs) -> bool:
    shapes = any(_is_shape(value) for value in (*inputs, *kwargs.values()))
    return shapes and any(isinstance(module, nn.Embedding | nn.EmbeddingBag) for module in model.modules())


def _as_tokens(values):
    change = lambda value: value.long() if isinstance(value, Tensor) else value  # noqa: E731
    if isinstance(values, dict):
        return {name: change(value) for name, value in values.items()}
    return [change(value) for value in values]


def without_values(model: nn.Module) -> nn.Module | None:
    """A copy in eval mode whose tensors have shapes but no values; None if it cannot be copied."""
    memo: dict[int, object] = {}
    try:
        for module in model.modules():
            for store in (module._parameters, module._buffers, vars(module)):
                for value in store.values():
                    if isinstance(value, Tensor) and id(value) not in memo and not is_lazy(value):
                        memo[id(value)] = _empty(value)
        return copy.deepcopy(model, memo).eval()
    except Exception:  # locks, open files, tensors of a strange class: the network itself will run
        return None


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


def _attempt(model: nn.Module | None, values: list, named: dict, meta: bool) -> Graph | tuple[str, Exception]:
    """The graph, or where the pass stopped and why."""
    if model is None:
        return "", TypeError("it cannot be copied")
    title, forward = _title(model), model.forward
    library = type(model).__module__.startswith("torch.nn.modules") and not list(model.children())
    whole = model
    if library or isinstance(model, nn.MultiheadAttention):
        whole = _Alone(model)
    adds = MultiplyAdds()
    recorder = Recorder(whole, adds)
    values, named = prepared(values, meta), prepared(named, meta)
    for name, tensor in _input_names(forward, values, named):
        recorder.put(name, tensor)
    handles = _watch(whole, recorder)
    if meta and hasattr(model, "normalise"):
        _watch_normalise(model, recorder)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # what a network warns of is of no concern to a picture
            # oneDNN runs a whole LSTM as one operation, in which nothing can be counted
            plain = contextlib.nullcontext() if meta else torch.backends.mkldnn.flags(enabled=False)
            with plain, adds, recorder:
                output = whole(*values, **named)
    except Exception as error:
        running = [recorder.calls[frame.index] for frame in recorder.running[1:]]
        place = f"{running[-1].name} ({running[-1].kind})" if running else ""
        return place, error.with_traceback(None)
    finally:
        for handle in handles:
            handle.remove()
    for name, tensor in _output_names(output):
        recorder.take(name, tensor)
    return recorder.graph(title, model)


def prepared(value, meta: bool):
    """Fresh tensors, so that nothing of the caller's is written on and each input is its own."""
    if isinstance(value, Tensor):
        return torch.empty_like(value, device="meta") if meta else value.detach().clone()
    if isinstance(value, Mapping):
        return type(value)({key: prepared(item, meta) for key, item in value.items()})
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(prepared(item, meta) for item in value))
    if isinstance(value, list | tuple):
        return type(value)(prepared(item, meta) for item in value)
    return value


def _input_names(forward, values: list, named: dict) -> list[tuple[str, Tensor]]:
    try:
        bound = inspect.signature(forward).bind(*values, **named).arguments
    except (TypeError, ValueError):  # too many or too few inputs: the pass itself will say so
        bound = {**{f"input {k}": value for k, value in enumerate(values)}, **named}
    pairs = [pair for name, value in bound.items() for pair in _named_tensors(name, value)]
    plain = len(pairs) == 1
    return [("input" if plain else name, tensor) for name, tensor in pairs]


def _output_names(output) -> list[tuple[str, Tensor]]:
    return _named_tensors("output", output)


def _named_tensors(name: str, value) -> list[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        return [(name, value)]
    if isinstance(value, Mapping):
        # an input by its key, an output too: the name of what holds them says little
        return [pair for key, item in value.items() for pair in _named_tensors(str(key), item)]
    if isinstance(value, list | tuple):
        names = getattr(value, "_fields", None) or [f"{name} {k}" for k in range(len(value))]
        return [pair for one, item in zip(names, value, strict=True) for pair in _named_tensors(one, item)]
    return [(name, tensor) for tensor in tensors_in(value)]


def _watch(model: nn.Module, recorder: Recorder) -> list:
    thread = threading.get_ident()

    def before(module, args, kwargs):
        if threading.get_ident() == thread:
            recorder.begin(module, args, kwargs)

    def after(module, args, kwargs, output):
        return recorder.end(output) if threading.get_ident() == thread else None

    handles = []
    for module in model.modules():
        handles.append(module.register_forward_pre_hook(before, with_kwargs=True))
        handles.append(module.register_forward_hook(after, with_kwargs=True))
    return handles


def _watch_normalise(model: nn.Module, recorder: Recorder) -> None:
    """In a copy of a house network, the normalisation of the pixels is one step."""
    plain = model.normalise

    def watched(pixels):
        recorder.begin(None, (pixels,), {}, "normalise", "normalise")
        return recorder.end(plain(pixels))

    model.__dict__["normalise"] = watched
