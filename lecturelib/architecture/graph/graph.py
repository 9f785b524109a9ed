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


@dataclass(frozen=True, eq=False)
class Graph:
    """What one forward pass did: `nodes` in the order of running, `edges` between them, `calls` as a tree.

    `parameters` are the network's, each counted once; `notes` are sentences on what a picture of it leaves open.
    """

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    calls: tuple[ModuleCall, ...]
    parameters: int
    trainable: int
    notes: tuple[str, ...] = field(default=())

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

    def __repr__(self) -> str:
        return (
            f"<Graph of {self.title}: {len(self.nodes)} nodes, {len(self.edges)} edges, "
            f"{self.parameters:,} parameters, {self.multiply_adds:,} multiply-adds>"
        )
