"""A forward pass that failed: the graph of what ran, and the failing step with the shapes that met there."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from lecturelib.architecture.graph.graph import FailedStep, Graph, Node, Shape
from lecturelib.architecture.graph.mismatch import mismatch
from lecturelib.architecture.graph.recorder import Recorder
from lecturelib.architecture.graph.tensor_origins import Source
from lecturelib.architecture.graph.tensor_stats import tensors_in
from lecturelib.network.layer_names import walk

_TORCH = str(Path(torch.__file__).parent)
_HERE = str(Path(__file__).parent)
LONGEST = 110  # letters of a line of code
NAMED = 6  # layers that did not run are listed up to here

Met = tuple[tuple[str, Shape], ...]


def failed_graph(recorder: Recorder, model: nn.Module, error: Exception, title: str) -> Graph | None:
    """The graph of a pass that raised an error: all that ran, and as its last node the step that failed.

    What is drawn has run: a step that failed gives nothing, so nothing lies behind it. None where the error arose
    outside the network's own forward pass, so that no step can be named.
    """
    own = _own_frame(error)
    failing = recorder.failing if recorder.failing is not None and recorder.failing[0] is error else None
    if not recorder.running or (failing is None and own is None and _in(_last(error), _HERE)):
        return None
    code = _line(*own) if own is not None else ""
    met: Met = ()
    reason = ""
    if failing is not None:
        _, function, args, kwargs = failing
        given = [*tensors_in(args), *tensors_in(kwargs)]
        sources = recorder.origins.sources(given) or _at_hand(recorder, own, code)
        weights = recorder.origins.weights(given)
        recorder._note_function(function, args, kwargs, given, [], sources, weights, recorder.adds.count)
        met = _named(recorder, given)
        reason = mismatch(recorder.nodes[-1].kind, given, args, kwargs)
    elif not _is_torch(recorder.running[-1].module) or len(recorder.running) == 1:
        _note_python(recorder, error, _at_hand(recorder, own, code))
    _close(recorder)
    last = len(recorder.nodes) - 1
    node = recorder.nodes[last] = replace(recorder.nodes[last], role="failed", outputs=())
    met = met or tuple((_numbered("input", k, node.inputs), shape) for k, shape in enumerate(node.inputs))
    said = f"{type(error).__name__}: {_first_line(error)}"
    graph = recorder._graph(title)
    missing = _did_not_run(model, graph)
    # where a layer failed, the line that called it names it once more
    failure = FailedStep(node.key, node.kind, met, "" if node.is_module else code, reason, said)
    return replace(graph, notes=(*graph.notes, *missing), failure=failure)


def _close(recorder: Recorder) -> None:
    """Ends every call that has begun, from the inside: a layer of PyTorch's own becomes the step that failed."""
    while recorder.running:
        frame = recorder.running.pop()
        steps = [recorder.nodes[index] for what, index in frame.items if what == "node"]
        alone = len(steps) == len(frame.items) and not any(step.is_module for step in steps)
        if frame.index > 0 and alone and _is_torch(frame.module):
            recorder._as_one_node(frame, None, keep_weights=False)
        else:
            recorder._as_call(frame, None)


def _is_torch(module: nn.Module | None) -> bool:
    return module is None or type(module).__module__.startswith(("torch.nn.", "torch.ao."))


def _note_python(recorder: Recorder, error: Exception, sources: list[Source]) -> None:
    """A step for an error that no function of PyTorch raised: it stands between the steps, in a module's own code."""
    kind, frame = type(error).__name__, recorder.running[-1]
    place = recorder.calls[frame.index].name
    name = f"{place}.{kind}" if place else kind
    node = Node(0, kind, name, recorder._key(name), frame.index, inputs=tuple(shape for _, shape in sources))
    recorder._add(node, sources)


# the line of code that failed


def _traceback(error: Exception) -> Iterator[TracebackType]:
    at = error.__traceback__
    while at is not None:
        yield at
        at = at.tb_next


def _last(error: Exception) -> FrameType | None:
    frames = [at.tb_frame for at in _traceback(error)]
    return frames[-1] if frames else None


def _in(frame: FrameType | None, folder: str) -> bool:
    return frame is not None and frame.f_code.co_filename.startswith(folder)


def _own_frame(error: Exception) -> tuple[FrameType, int] | None:
    """The innermost frame of the network's own code, and its line: neither PyTorch's code nor the recorder's."""
    own = [at for at in _traceback(error) if not (_in(at.tb_frame, _TORCH) or _in(at.tb_frame, _HERE))]
    return (own[-1].tb_frame, own[-1].tb_lineno) if own else None


def _line(frame: FrameType, number: int) -> str:
    line = linecache.getline(frame.f_code.co_filename, number, frame.f_globals).strip()
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _at_hand(recorder: Recorder, own: tuple[FrameType, int] | None, code: str) -> list[Source]:
    """What flows into a step that PyTorch did not see: the tensors that its line reads, else all its code held."""
    if own is None:
        return list(recorder.running[-1].sources)
    held = {name: value for name, value in own[0].f_locals.items() if name != "self"}
    read = {name: value for name, value in held.items() if name in _names_read(code)}
    for values in (read, held):
        sources = recorder.origins.sources(list(values.values()))
        if sources:
            return sources
    return []


def _names_read(code: str) -> set[str]:
    """The names that a line of code reads; empty for a line that is no whole statement."""
    for whole in (code, f"{code} pass"):  # `if x.shape[1] != 3:` is half a statement
        try:
            found = ast.walk(ast.parse(whole))
        except SyntaxError:
            continue
        return {node.id for node in found if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return set()


# words


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else "no reason given").rstrip(".") + "."


def _numbered(name: str, k: int, all_of_them: tuple) -> str:
    return name if len(all_of_them) == 1 else f"{name} {k + 1}"


def _named(recorder: Recorder, given: list[Tensor]) -> Met:
    """The shapes of what a function was given: what flows as inputs, a parameter by its name; no bias, no buffer."""
    flowing = {id(tensor): tensor for tensor in given if recorder.origins.maker(tensor) is not None}
    met = [
        (_numbered("input", k, tuple(flowing)), tuple(tensor.shape))
        for k, tensor in enumerate(flowing.values())
    ]
    for name, parameter in recorder._parameters.items():
        own = name.rpartition(".")[2]
        if (
            not own.endswith("bias")
            and not is_lazy(parameter)
            and any(tensor is parameter for tensor in given)
        ):
            met.append((own, tuple(parameter.shape)))
    return tuple(met)


def _did_not_run(model: nn.Module, graph: Graph) -> list[str]:
    """A sentence on the layers that the pass did not come to, if there are any."""
    ran = {node.name for node in graph.nodes} | {call.name for call in graph.calls}
    layers = [name for name, module in walk(model) if name and not module._modules and name not in ran]
    if not layers:
        return []
    more = f" and {len(layers) - NAMED} more" if len(layers) > NAMED else ""
    return [
        f"{'Layers' if len(layers) > 1 else 'A layer'} that did not run: {', '.join(layers[:NAMED])}{more}."
    ]
