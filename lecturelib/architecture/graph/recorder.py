"""The recorder of a forward pass: every module call, every function that passes tensors on, and what flows where.

Two modes watch the pass. A function mode sees each function at the level at which it was written (`+`, `torch.cat`,
`F.relu`), and remembers which step made each tensor; a dispatch mode counts the multiply-adds of what really runs.
"""

from __future__ import annotations

import threading
from collections.abc import Container
from dataclasses import dataclass, field, replace

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lecturelib.architecture.graph.graph import Edge, Graph, ModuleCall, Node, Shape
from lecturelib.architecture.graph.labels import (
    function_kind,
    function_words,
    module_code,
    module_detail,
    role_of,
)
from lecturelib.architecture.graph.tensor_stats import (
    MultiplyAdds,
    amount_of,
    shapes_of,
    storage_of,
    tensors_in,
)

DECISIONS = {"__bool__", "item", "tolist", "__int__", "__float__", "__index__", "numpy", "__contains__"}

# Of these only the first argument's values flow on, or none: the rest says what shape or type is wanted.
FIRST_ONLY = {"to", "type_as", "expand_as", "view_as", "reshape_as"}
SHAPE_ONLY = {"zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like", "randint_like",
              "new_zeros", "new_ones", "new_empty", "new_full", "new_tensor", "bernoulli"}  # fmt: skip


@dataclass
class _Frame:
    """A module call that has begun."""

    index: int
    module: nn.Module | None
    first_node: int
    first_log: int
    first_write: int
    sources: list[tuple[int, Shape]]
    count: int
    parameters: dict[str, nn.Parameter]
    shared: bool  # all its parameters were counted before
    items: list[tuple[str, int]] = field(default_factory=list)


class Recorder(TorchFunctionMode):
    """While active, notes every step between tensors that come from the inputs given to `start`."""

    def __init__(self, model: nn.Module, adds: MultiplyAdds):
        super().__init__()
        self.adds = adds
        self.nodes: list[Node] = []
        self.sources: list[list[tuple[int, Shape]]] = []  # of each node: what flows in
        self.calls: list[ModuleCall] = []
        self.notes: list[str] = []
        self.running: list[_Frame] = []
        self.names = {module: name for name, module in model.named_modules()}
        self._thread = threading.get_ident()
        self._paused = False
        # Tensors are kept, so that an id and a storage's address stay their own for the length of the pass.
        self._made: dict[int, tuple[Tensor, int]] = {}  # id -> tensor, the node that made it
        self._constant: dict[int, tuple[Tensor, tuple[str, ...]]] = {}  # id -> tensor, parameters it holds
        self._log: list[int] = []
        self._written: dict[int | None, int] = {}  # storage -> the last node that wrote there
        self._writes: list[int | None] = []
        self._storages: dict[int | None, int] = {}  # storage -> the node that first gave it
        self._counts: dict[str, int] = {}
        self._parameters = dict(model.named_parameters())
        self._counted: set[int] = set()  # ids of the parameters counted so far
        for name, tensor in (*model.named_parameters(), *model.named_buffers()):
            self._constant[id(tensor)] = (tensor, (name,) if isinstance(tensor, nn.Parameter) else ())

    # what is known of a tensor

    def maker(self, tensor: Tensor) -> int | None:
        """The node whose result a tensor is, or None for a constant."""
        made = self._made.get(id(tensor))
        if made is None:
            return None
        return max(made[1], self._written.get(storage_of(tensor), -1))

    def _sources(self, value) -> list[tuple[int, Shape]]:
        found, seen = [], set()
        for tensor in tensors_in(value):
            maker = self.maker(tensor)
            if maker is not None and id(tensor) not in seen:
                seen.add(id(tensor))
                found.append((maker, tuple(tensor.shape)))
        return found

    def _give(self, tensors, node: int) -> int:
        """Notes who made these tensors; returns the bytes of memory that are new."""
        new, here = 0, set()
        for tensor in tensors:
            self._made[id(tensor)] = (tensor, node)
            self._log.append(id(tensor))
            storage = storage_of(tensor)
            # first given by this node, or by a function that became part of it
            if storage not in here and self._storages.get(storage, node) >= node:
                new += tensor.numel() * tensor.element_size()
                self._storages[storage] = node
            here.add(storage)
        return new

    def _add(self, node: Node, sources: list[tuple[int, Shape]]) -> int:
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
        sources = self._sources(args[0] if name in FIRST_ONLY else [] if name in SHAPE_ONLY else given)
        if sources and name in DECISIONS:
            self._decides()
        versions = [tensor._version for tensor in given]
        outcome = function(*args, **kwargs)
        changed = [t for t, version in zip(given, versions, strict=True) if t._version != version]
        results = list(tensors_in(outcome)) or changed  # x[0] = y returns nothing
        if not results:
            return outcome
        weights = tuple(dict.fromkeys(w for t in given for w in self._constant.get(id(t), (t, ()))[1]))
        if not sources:
            for tensor in results:
                self._constant[id(tensor)] = (tensor, weights)
            return outcome
        # what is only handed on (dropout outside training) becomes a tensor of its own
        outcome = self._fresh(outcome, len(self.nodes), {id(tensor) for tensor in changed})
        results = list(tensors_in(outcome)) or changed
        self._note_function(function, args, kwargs, given, results, sources, weights, before)
        for tensor in changed:
            self._made.setdefault(id(tensor), (tensor, len(self.nodes) - 1))
            self._written[storage_of(tensor)] = len(self.nodes) - 1
            self._writes.append(storage_of(tensor))
        return outcome

    def _note_function(self, function, args, kwargs, given, results, sources, weights, before) -> None:
        kind = function_kind(function)
        parent = self.running[-1].index if self.running else 0
        place = self.calls[parent].name if parent else ""
        name = f"{place}.{kind}" if place else kind
        while name in self.names.values():  # a layer may be called "add"
            name += "()"
        detail, code = function_words(kind, args, kwargs, tuple(results[0].shape))
        own = [self._parameters[w] for w in weights]
        if weights:
            detail = ", ".join(
                [*filter(None, [detail]), "with " + ", ".join(w.split(".")[-1] for w in weights)]
            )
        index = len(self.nodes)
        memory = self._give(results, index)
        self._add(
            Node(
                index, kind, name, self._key(name), parent, detail, role_of(kind), shapes_of(given), shapes_of(results),
                amount_of(own), bool(own) and all(id(p) in self._counted for p in own),
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

    def begin(self, module: nn.Module | None, args, kwargs, name: str = "", kind: str = "") -> None:
        """A module's call begins; None stands for a step without a module, which needs a name and a kind."""
        if module is not None:
            name, kind = self.names.get(module, ""), type(module).__name__
        parent = self.running[-1].index if self.running else None
        call = self._key(name) if self.running else 0
        detail = module_detail(module) if module is not None else ""
        given = (args, kwargs)
        index = len(self.calls)
        self.calls.append(ModuleCall(index, name, kind, call, parent, (), shapes_of(given), detail=detail))
        sources = self._sources(given)
        parameters = dict(module.named_parameters()) if module is not None else {}
        shared = bool(parameters) and all(id(p) in self._counted for p in parameters.values())
        places = (len(self.nodes), len(self._log), len(self._writes))
        frame = _Frame(index, module, *places, sources, self.adds.count, parameters, shared)
        self.running.append(frame)

    def end(self, output):
        """A module's call ends: its result, as a fresh tensor where it hands on what it was given.

        A call is one node if nothing ran inside, or functions only, and it is PyTorch's own layer or a single function.
        """
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

    def _as_call(self, frame: _Frame, output) -> None:
        self.calls[frame.index] = replace(
            self.calls[frame.index],
            items=tuple(frame.items),
            outputs=shapes_of(output),
            parameters=amount_of(frame.parameters.values()),
            shared=frame.shared,
        )
        if self.running:
            self.running[-1].items.append(("call", frame.index))

    def _as_one_node(self, frame: _Frame, output, keep_weights: bool):
        call, module, index = self.calls.pop(), frame.module, frame.first_node
        inner = self.nodes[index:]
        sources = [*frame.sources, *(s for found in self.sources[index:] for s in found if s[0] < index)]
        del self.nodes[index:], self.sources[index:]
        for ident in self._log[frame.first_log :]:
            self._made[ident] = (self._made[ident][0], index)
        for storage in self._writes[frame.first_write :]:
            self._written[storage] = index
        output = self._fresh(output, index)
        memory = self._give(tensors_in(output), index)
        weights = tuple(w for node in inner for w in node.weights) if keep_weights else ()
        code = module_code(module) if module is not None else f"self.{call.name}(x)"
        self._add(
            Node(
                index, call.kind, call.name, call.call, call.parent, call.detail, role_of(call.kind), call.inputs,
                shapes_of(output), amount_of(frame.parameters.values()), frame.shared, self.adds.count - frame.count,
                memory, code, weights, tuple((name, tuple(p.shape)) for name, p in frame.parameters.items()),
                isinstance(module, nn.RNNBase | nn.RNNCellBase), is_module=module is not None,
            ),
            sources,
        )  # fmt: skip
        self._counted |= {id(p) for p in frame.parameters.values()}
        return output

    def _fresh(self, value, index: int, kept: Container[int] = ()):
        """The same value, with a new tensor for each that was there before node `index`, but those `kept` (by id)."""
        if isinstance(value, Tensor):
            made = self._made.get(id(value))
            if made is None or made[1] >= index or id(value) in kept:
                return value
            self._paused = True
            try:
                return value.view_as(value)
            finally:
                self._paused = False
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*(self._fresh(item, index, kept) for item in value))
        if type(value) in (list, tuple):
            return type(value)(self._fresh(item, index, kept) for item in value)
        if type(value) is dict:
            return {key: self._fresh(item, index, kept) for key, item in value.items()}
        return value

    def _note_unseen(self, frame: _Frame, output) -> None:
        """A result whose making was not seen (compiled code) gets a step of its own, fed by all that came in."""
        unseen = [t for t in tensors_in(output) if id(t) not in self._made and id(t) not in self._constant]
        if not unseen:
            return
        call, index = self.calls[frame.index], len(self.nodes)
        memory = self._give(unseen, index)
        node = Node(index, "not seen", f"{call.name}.unseen", self._key(f"{call.name}.unseen"), frame.index)
        self._add(replace(node, outputs=shapes_of(unseen), memory=memory), frame.sources)
        self.notes.append(
            f"{call.name}: a result was made in a way that leaves no trace; its inputs are guessed."
        )

    # from outside to outside

    def put(self, name: str, tensor: Tensor) -> None:
        """An input of the network."""
        shape = (tuple(tensor.shape),)
        node = Node(0, "input", name, self._key(name), 0, role="input", inputs=shape, outputs=shape)
        self._give([tensor], self._add(node, []))

    def take(self, name: str, tensor: Tensor) -> None:
        """An output of the network."""
        sources = self._sources(tensor)
        shape = (tuple(tensor.shape),)
        self._add(
            Node(0, "output", name, self._key(name), 0, role="output", inputs=shape, outputs=shape), sources
        )
        if not sources:
            self.notes.append(f"{name} does not depend on the inputs, as far as it could be followed.")

    def graph(self, title: str, model: nn.Module) -> Graph:
        """What was recorded."""
        parameters = list(model.parameters())
        edges = tuple(
            Edge(source, target, shape)
            for target, sources in enumerate(self.sources)
            for source, shape in dict.fromkeys(sources)
        )
        trainable = amount_of(p for p in parameters if p.requires_grad)
        return Graph(
            title,
            tuple(self.nodes),
            edges,
            tuple(self.calls),
            amount_of(parameters),
            trainable,
            tuple(self.notes),
        )
