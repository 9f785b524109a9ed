"""The recorder of a forward pass: every module call, every function that passes tensors on, and what flows where.

Two modes watch the pass. A function mode sees each function at the level at which it was written (`+`, `torch.cat`,
`F.relu`), and remembers which step made each tensor; a dispatch mode counts the multiply-adds of what really runs.
"""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lecturelib.architecture.graph.graph import Edge, Graph, ModuleCall, Node
from lecturelib.architecture.graph.labels import (
    function_kind,
    function_words,
    module_code,
    module_detail,
    role_of,
)
from lecturelib.architecture.graph.open_calls import OpenCall, OpenCalls
from lecturelib.architecture.graph.pass_inputs import Given, named_tensors
from lecturelib.architecture.graph.tensor_origins import Source, TensorOrigins
from lecturelib.architecture.graph.tensor_stats import (
    MultiplyAdds,
    count_parameters,
    shapes_of,
    tensors_in,
    version_of,
)
from lecturelib.network.layer_names import walk

DECISIONS = {"__bool__", "item", "tolist", "__int__", "__float__", "__index__", "numpy", "__contains__"}

# Of these only the first argument's values flow on, or none: the rest says what shape or type is wanted.
FIRST_ONLY = {"to", "type_as", "expand_as", "view_as", "reshape_as"}
SHAPE_ONLY = {"zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like", "randint_like",
              "new_zeros", "new_ones", "new_empty", "new_full", "new_tensor", "bernoulli"}  # fmt: skip


def _unrecorded(method: Callable) -> Callable:
    """The method with the recorder paused: reading a tensor's shape is a function too, and would be looked at."""

    @functools.wraps(method)
    def paused(self, *args, **kwargs):
        before, self._paused = self._paused, True
        try:
            return method(self, *args, **kwargs)
        finally:
            self._paused = before

    return paused


class Recorder(TorchFunctionMode):
    """While active, notes every step between tensors that come from the inputs; `run` gives the graph."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.adds = MultiplyAdds()
        self.nodes: list[Node] = []
        self.sources: list[list[Source]] = []  # of each node: what flows in
        self.calls: list[ModuleCall] = []
        self.notes: list[str] = []
        self.running = OpenCalls()
        self.failing: tuple[Exception, Callable, tuple, dict] | None = None  # the last function that raised
        self.names = {module: name for name, module in walk(model)}
        self._taken = set(self.names.values())
        self._thread = threading.get_ident()
        self._paused = False
        self._counts: dict[str, int] = {}
        self._parameters = dict(model.named_parameters())
        self._counted: set[int] = set()  # ids of the parameters counted so far
        self.origins = TensorOrigins((*self._parameters.items(), *model.named_buffers()))

    def _add(self, node: Node, sources: list[Source]) -> int:
        self.nodes.append(replace(node, id=len(self.nodes)))
        self.sources.append(sources)
        if self.running:
            self.running[-1].items.append(("node", len(self.nodes) - 1))
        return len(self.nodes) - 1

    def _key(self, name: str) -> int:
        call = self._counts.get(name, 0)
        self._counts[name] = call + 1
        return call

    # functions

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if self._paused or threading.get_ident() != self._thread:
            return function(*args, **kwargs)
        name = getattr(function, "__name__", "")
        before = self.adds.count
        given = [*tensors_in(args), *tensors_in(kwargs)]
        sources = self.origins.sources(args[0] if name in FIRST_ONLY else [] if name in SHAPE_ONLY else given)
        if sources and name in DECISIONS:
            self._decides()
        versions = [version_of(tensor) for tensor in given]
        try:
            outcome = function(*args, **kwargs)
        except Exception as error:
            self.failing = (error, function, args, kwargs)
            raise
        changed = [t for t, version in zip(given, versions, strict=True) if version_of(t) != version]
        results = list(tensors_in(outcome)) or changed  # x[0] = y returns nothing
        if not results:
            return outcome
        weights = self.origins.weights(given)
        if not sources:
            for tensor in results:
                self.origins.hold(tensor, weights)
            return outcome
        # what is only handed on (dropout outside training) becomes a tensor of its own
        outcome = self._fresh(outcome, len(self.nodes), {id(tensor) for tensor in changed})
        results = list(tensors_in(outcome)) or changed
        self._leave_raised()
        self._note_function(function, args, kwargs, given, results, sources, weights, before)
        for tensor in changed:
            self.origins.write(tensor, len(self.nodes) - 1)
        return outcome

    def _note_function(self, function, args, kwargs, given, results, sources, weights, before) -> None:
        kind = function_kind(function)
        parent = self.running[-1].index if self.running else 0
        place = self.calls[parent].name if parent else ""
        name = f"{place}.{kind}" if place else kind
        while name in self._taken:  # a layer may be called "add"
            name += "()"
        detail, code = function_words(kind, args, kwargs, tuple(results[0].shape) if results else ())
        own = [self._parameters[w] for w in weights]
        if weights:
            detail = ", ".join(
                [*filter(None, [detail]), "with " + ", ".join(w.split(".")[-1] for w in weights)]
            )
        index = len(self.nodes)
        memory = self.origins.give(results, index)
        self._add(
            Node(
                index, kind, name, self._key(name), parent, detail, role_of(kind), shapes_of(given), shapes_of(results),
                count_parameters(own), bool(own) and all(id(p) in self._counted for p in own),
                self.adds.count - before, memory, code, weights,
            ),
            sources,
        )  # fmt: skip
        self._counted |= {id(p) for p in own}

    def _decides(self) -> None:
        place = self.calls[self.running[-1].index].name if self.running else ""
        where = f" in {place}" if place else ""
        note = f"The network looks at values{where} to decide what to do: other inputs may take another path."
        if note not in self.notes:
            self.notes.append(note)

    # modules

    @_unrecorded
    def begin(self, module: nn.Module | None, args, kwargs, name: str = "", kind: str = "") -> None:
        """A module's call begins; None stands for a step without a module, which needs a name and a kind."""
        if module is not None:
            name, kind = self.names.get(module, ""), type(module).__name__
        self._leave_raised()
        parent = self.running[-1].index if self.running else None
        call = self._key(name) if self.running else 0
        detail = module_detail(module) if module is not None else ""
        given = (args, kwargs)
        index = len(self.calls)
        self.calls.append(ModuleCall(index, name, kind, call, parent, (), shapes_of(given), detail=detail))
        sources = self.origins.sources(given)
        parameters = dict(module.named_parameters()) if module is not None else {}
        shared = bool(parameters) and all(id(p) in self._counted for p in parameters.values())
        places = (len(self.nodes), self.origins.mark)
        self.running.append(OpenCall(index, module, *places, sources, self.adds.count, parameters, shared))

    @_unrecorded
    def end(self, output):
        """A module's call ends: its result, as a fresh tensor where it hands on what it was given.

        A call is one node if nothing ran inside, or functions only, and it is PyTorch's own layer or a single function.
        """
        self._leave_raised()
        frame = self.running.pop()
        functions = [
            index for what, index in frame.items if what == "node" and not self.nodes[index].is_module
        ]
        if frame.index > 0 and len(functions) == len(frame.items):
            module = frame.module
            own = module is None or type(module).__module__.startswith(("torch.nn.", "torch.ao."))
            if own or len(functions) <= 1:
                return self._as_one_node(frame, output, keep_weights=not own)
        if frame.index > 0:
            self._note_unseen(frame, output)
        self._as_call(frame, output)
        return output

    def _as_call(self, frame: OpenCall, output) -> None:
        self.calls[frame.index] = replace(
            self.calls[frame.index],
            items=tuple(frame.items),
            outputs=shapes_of(output),
            parameters=count_parameters(frame.parameters.values()),
            shared=frame.shared,
        )
        if self.running:
            self.running[-1].items.append(("call", frame.index))

    @_unrecorded
    def _leave_raised(self) -> None:
        """Before anything else is noted: the network has caught the error of calls that raised."""
        for frame in self.running.pop_raised():
            call = self.calls[frame.index]
            self.notes.append(f"{call.name} ({call.kind}): raised an error, which the network caught.")
            if frame.items:
                self._as_call(frame, ())
            else:  # the last call, for nothing ran in it
                del self.calls[frame.index]

    def _as_one_node(self, frame: OpenCall, output, keep_weights: bool):
        call, module, index = self.calls.pop(), frame.module, frame.first_node
        inner = self.nodes[index:]
        sources = [*frame.sources, *(s for found in self.sources[index:] for s in found if s[0] < index)]
        del self.nodes[index:], self.sources[index:]
        self.origins.hand_over(frame.mark, index)
        output = self._fresh(output, index)
        memory = self.origins.give(tensors_in(output), index)
        code = module_code(module) if module is not None else f"self.{call.name}(x)"
        node = Node(
            index, call.kind, call.name, call.call, call.parent or 0, call.detail, role_of(call.kind), call.inputs,
            shapes_of(output), count_parameters(frame.parameters.values()), frame.shared,
            self.adds.count - frame.count, memory, code,
            weights=tuple(w for node in inner for w in node.weights) if keep_weights else (),
            weight_shapes=tuple((name, tuple(p.shape)) for name, p in frame.parameters.items()),
            recurrent=isinstance(module, nn.RNNBase | nn.RNNCellBase),
            is_module=module is not None,
        )  # fmt: skip
        self._add(node, sources)
        self._counted |= {id(p) for p in frame.parameters.values()}
        return output

    def _fresh(self, value, index: int, kept: Container[int] = ()):
        """The same value, with a new tensor for each that was there before node `index`, but those `kept` (by id)."""
        if isinstance(value, Tensor):
            if not self.origins.made_before(value, index) or id(value) in kept:
                return value
            return self._view(value)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*(self._fresh(item, index, kept) for item in value))
        if type(value) in (list, tuple):
            return type(value)(self._fresh(item, index, kept) for item in value)
        if type(value) is dict:
            return {key: self._fresh(item, index, kept) for key, item in value.items()}
        return value

    @_unrecorded
    def _view(self, tensor: Tensor) -> Tensor:
        return tensor.view_as(tensor)

    def _note_unseen(self, frame: OpenCall, output) -> None:
        """A result whose making was not seen (compiled code) gets a step of its own, fed by all that came in."""
        unseen = [t for t in tensors_in(output) if not self.origins.known(t)]
        if not unseen:
            return
        call, index = self.calls[frame.index], len(self.nodes)
        memory = self.origins.give(unseen, index)
        node = Node(index, "not seen", f"{call.name}.unseen", self._key(f"{call.name}.unseen"), frame.index)
        self._add(replace(node, outputs=shapes_of(unseen), memory=memory), frame.sources)
        self.notes.append(
            f"{call.name}: a result was made in a way that leaves no trace; its inputs are guessed."
        )

    # the whole pass

    def run(
        self, model: nn.Module, given: Given, inputs: Sequence[tuple[str, Tensor]], title: str, fused: bool
    ) -> Graph:
        """The graph of one pass; `inputs` are the tensors in what is given, by name.

        Without `fused`, oneDNN's kernels are off: they run a whole LSTM as one operation, in which nothing is counted.
        """
        for name, tensor in inputs:
            self._put(name, tensor)
        with self._watching(model), warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # what a network warns of is of no concern to a picture
            kernels = nullcontext() if fused else torch.backends.mkldnn.flags(enabled=False)
            with kernels, self.adds, self:
                output = model(*given[0], **given[1])
        for name, tensor in named_tensors("output", output):
            self._take(name, tensor)
        return self._graph(title)

    @property
    def place(self) -> str:
        """The innermost module that has begun and not ended: where a pass stopped."""
        running = [self.calls[frame.index] for frame in self.running[1:]]
        return f"{running[-1].name} ({running[-1].kind})" if running else ""

    @contextmanager
    def _watching(self, model: nn.Module) -> Iterator[None]:
        def before(module, args, kwargs):
            if threading.get_ident() == self._thread:
                self.begin(module, args, kwargs)

        def after(module, args, kwargs, output):
            if threading.get_ident() != self._thread or self.running.has_raised(module):
                return None
            return self.end(output)

        handles = []
        try:
            for _, module in walk(model):
                handles.append(module.register_forward_pre_hook(before, with_kwargs=True))
                handles.append(module.register_forward_hook(after, with_kwargs=True, always_call=True))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _put(self, name: str, tensor: Tensor) -> None:
        shape = (tuple(tensor.shape),)
        node = Node(0, "input", name, self._key(name), 0, role="input", inputs=shape, outputs=shape)
        self.origins.give([tensor], self._add(node, []))

    def _take(self, name: str, tensor: Tensor) -> None:
        sources, shape = self.origins.sources(tensor), (tuple(tensor.shape),)
        self._add(
            Node(0, "output", name, self._key(name), 0, role="output", inputs=shape, outputs=shape), sources
        )
        if not sources:
            self.notes.append(f"{name} does not depend on the inputs, as far as it could be followed.")

    def _graph(self, title: str) -> Graph:
        parameters = list(self._parameters.values())
        edges = tuple(
            Edge(source, target, shape)
            for target, sources in enumerate(self.sources)
            for source, shape in dict.fromkeys(sources)
        )
        trainable = count_parameters(p for p in parameters if p.requires_grad)
        nodes, calls, notes = tuple(self.nodes), tuple(self.calls), tuple(self.notes)
        return Graph(title, nodes, edges, calls, count_parameters(parameters), trainable, notes)
