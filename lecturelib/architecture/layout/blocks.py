"""What is drawn of a graph: blocks, some of them frames around others, and the links between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lecturelib.architecture.graph.graph import Graph, Node, Shape
from lecturelib.checks import UnknownName, complaint, nearest


@dataclass(frozen=True)
class Block:
    """What is drawn as one box, or, if it has `inner` blocks, as a frame around these.

    `nodes` are those of its first copy; `count` says how often it stands there ("x N"), and its costs are of all
    copies; what a frame "x N" holds is one copy, with the costs of one. `extras` are the small steps merged into it.
    `keys`: all names by which it can be asked for. `output`: the shape of its result, None where it is not known.
    """

    key: str
    title: str
    kind: str
    role: str
    detail: str = ""
    extras: tuple[str, ...] = ()
    nodes: tuple[int, ...] = ()
    inputs: tuple[Shape, ...] = ()
    output: Shape | None = ()
    parameters: int = 0
    multiply_adds: int = 0
    memory: int = 0
    count: int = 1
    same_weights: bool = False
    recurrent: bool = False
    can_open: bool = False
    inner: tuple[Block, ...] = ()
    keys: tuple[str, ...] = ()

    def leaves(self) -> Iterator[Block]:
        """The boxes without those that only frame others."""
        if not self.inner:
            yield self
        for block in self.inner:
            yield from block.leaves()


@dataclass(frozen=True)
class Link:
    """An arrow from one box to another, by their keys, with the shape that flows."""

    source: str
    target: str
    shape: Shape


@dataclass(frozen=True, eq=False)
class Folded:
    """A graph at one granularity: `blocks` as a tree, and `links` between its boxes.

    `shown`: for each node of a repeated copy the node of the first copy, which is drawn for it.
    """

    graph: Graph
    blocks: tuple[Block, ...]
    links: tuple[Link, ...]
    shown: Mapping[int, int] = field(default_factory=dict)

    def leaves(self) -> Iterator[Block]:
        """All boxes, in the order of running."""
        for block in self.blocks:
            yield from block.leaves()

    def walk(self) -> Iterator[tuple[int, Block]]:
        """All blocks with how deep they lie, frames before what they hold."""
        stack = [(0, block) for block in reversed(self.blocks)]
        while stack:
            depth, block = stack.pop()
            yield depth, block
            stack += [(depth + 1, inner) for inner in reversed(block.inner)]

    def block(self, key: str) -> Block:
        """The block with a key, or that stands for it, the smallest if several do; `UnknownName` if there is none."""
        for _, block in self.walk():
            if key == block.key or key in block.keys:
                return block
        entity = self.graph.keys.get(key)
        if entity is not None:
            nodes = [entity] if isinstance(entity, Node) else self.graph.nodes_of(entity)
            shown = {self.shown.get(node.id, node.id) for node in nodes}
            holding = [block for _, block in self.walk() if shown <= set(block.nodes)]
            if holding:
                return holding[-1]
        known = [block.key for _, block in self.walk()]
        near = ", ".join(nearest(key, known) or known[:6])
        raise UnknownName(
            complaint("key", f"a block in this picture of {self.graph.title}", repr(key), f"nearest: {near}")
        )
