"""A network as a graph: what ran, what flowed where, and what it costs. Plain data without the network itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Node:
    """One step that ran: a layer, or a function such as `+`; also what goes in and what comes out.

    `id` is its place in `Graph.nodes`, in the order of running. `kind` is its class or function ("Conv2d", "add",
    "input", "output"), `name` PyTorch's name of the module ("" for a function), `call` which of the module's calls.
    `parent` is the index of the `ModuleCall` in which it ran. Shapes carry the batch. `parameters` are all those it
    uses; `shared` says that they were counted before. `multiply_adds` are those of convolutions and matrix products,
    for the whole batch. `memory`: bytes of new activations (0 for a view or a change in place).
    """

    id: int
    kind: str
    name: str
    call: int
    parent: int
    detail: str = ""
    role: str = "other"
    inputs: tuple[Shape, ...] = ()
    outputs: tuple[Shape, ...] = ()
    parameters: int = 0
    shared: bool = False
    multiply_adds: int = 0
    memory: int = 0
    code: str = ""
    weights: tuple[str, ...] = ()  # parameters that a function uses directly, by name
    weight_shapes: tuple[tuple[str, Shape], ...] = ()  # of a layer: ("weight", (64, 3, 11, 11)), ...
    recurrent: bool = False
    is_module: bool = False

    @property
    def key(self) -> str:
        """Its name for pictures and clicks: "layer1.0.relu", its second call "layer1.0.relu#1"."""
        return self.name + (f"#{self.call}" if self.call else "")

    @property
    def output(self) -> Shape:
        """The shape of the (first) result."""
        return self.outputs[0] if self.outputs else ()


@dataclass(frozen=True)
class Edge:
    """A tensor that went from one node to another, and its shape."""

    source: int
    target: int
    shape: Shape


@dataclass(frozen=True)
class ModuleCall:
    """One call of a module that is not a single step: what ran inside, in order.

    `items` are ("node", index into `Graph.nodes`) and ("call", index into `Graph.calls`). Index 0 is the network.
    """

    index: int
    name: str
    kind: str
    call: int
    parent: int | None
    items: tuple[tuple[str, int], ...] = ()
    inputs: tuple[Shape, ...] = ()
    outputs: tuple[Shape, ...] = ()
    parameters: int = 0
    shared: bool = False
    detail: str = ""

    @property
    def key(self) -> str:
        """Its name for pictures and clicks, as of a node."""
        return self.name + (f"#{self.call}" if self.call else "")


@dataclass(frozen=True)
class FailedStep:
    """The step at which a forward pass stopped: the last node of its graph, what it was given, and why it stopped.

    `place` is its key, `kind` its class or function, or the kind of the error where no step of PyTorch raised it.
    `met`: the shapes that met there, by name ("input", "weight"). `code`: the line of the network that ran ("" for a
    layer, and where it is not known). `reason`: the sizes that do not fit ("" where none is recognized). `error`: what
    Python said.
    """

    place: str
    kind: str
    met: tuple[tuple[str, Shape], ...]
    code: str
    reason: str
    error: str

    @property
    def sentence(self) -> str:
        """Where it stopped and why, in a few sentences."""
        where = f"at {self.kind}" if self.place == self.kind else f"at {self.kind} ({self.place})"
        if self.between_steps:
            module = self.place.removesuffix(self.kind).rstrip(".")
            where = f"in the code of {module}" if module else "in the network's own code"
        line = f", in the line “{self.code}”" if self.code else ""
        return " ".join(filter(None, [f"The forward pass stops {where}{line}.", self.reason, self.error]))

    @property
    def between_steps(self) -> bool:
        """Whether plain Python failed, between two steps, and no layer or function of PyTorch."""
        return self.error.startswith(f"{self.kind}:")


@dataclass(frozen=True, eq=False)
class Graph:
    """What one forward pass did: `nodes` in the order of running, `edges` between them, `calls` as a tree.

    `parameters` are the network's, each counted once; `notes` are sentences on what a picture of it leaves open.
    `failure`: the last node failed, and nothing behind it ran; None for a pass that came to its end.
    """

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    calls: tuple[ModuleCall, ...]
    parameters: int
    trainable: int
    notes: tuple[str, ...] = field(default=())
    failure: FailedStep | None = None

    @property
    def modules(self) -> ModuleCall:
        """The root of the tree of module calls."""
        return self.calls[0]

    @property
    def inputs(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.kind == "input")

    @property
    def outputs(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.kind == "output")

    @cached_property
    def multiply_adds(self) -> int:
        """Of all convolutions and matrix products, for the batch that ran."""
        return sum(node.multiply_adds for node in self.nodes)

    @cached_property
    def memory(self) -> int:
        """Bytes of all activations that were made."""
        return sum(node.memory for node in self.nodes)

    @cached_property
    def depth(self) -> int:
        """How deep modules lie in one another; 1: no module holds another."""
        depths = {0: 1}
        for call in self.calls[1:]:
            depths[call.index] = depths[call.parent or 0] + 1
        return max(depths.values())

    @cached_property
    def keys(self) -> dict[str, Node | ModuleCall]:
        """Nodes and module calls by their key."""
        found: dict[str, Node | ModuleCall] = {call.key: call for call in self.calls[1:]}
        return found | {node.key: node for node in self.nodes}

    def nodes_of(self, call: ModuleCall) -> Iterator[Node]:
        """All nodes that ran inside a call, also deep inside, in order."""
        for what, index in call.items:
            if what == "node":
                yield self.nodes[index]
            else:
                yield from self.nodes_of(self.calls[index])

    @cached_property
    def failing_path(self) -> tuple[str, ...]:
        """The keys of the module calls in which a pass failed, from the outside; empty if it came to its end."""
        path: list[str] = []
        call = self.calls[self.nodes[-1].parent] if self.failure is not None else self.calls[0]
        while call.parent is not None:
            path.append(call.key)
            call = self.calls[call.parent]
        return tuple(reversed(path))

    def __repr__(self) -> str:
        if self.failure is not None:
            return (
                f"<Graph of {self.title} up to {self.failure.place!r}, which failed: {len(self.nodes)} nodes>"
            )
        return (
            f"<Graph of {self.title}: {len(self.nodes)} nodes, {len(self.edges)} edges, "
            f"{self.parameters:,} parameters, {self.multiply_adds:,} multiply-adds>"
        )
