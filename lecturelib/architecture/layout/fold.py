"""How much of a network is shown: modules folded or open, small steps merged, repeated blocks as "x N"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lecturelib.architecture.graph.graph import Graph, ModuleCall, Node
from lecturelib.architecture.graph.labels import role_of
from lecturelib.architecture.layout.blocks import Block, Folded, Link
from lecturelib.architecture.layout.repeats import find_repeats
from lecturelib.checks import UnknownName, check_whole, complaint, nearest

# Small steps that a block takes along if nothing else reads its result: its norm, its activation, a flatten.
SMALL = {"norm", "activation", "shape"}
ALONE = {"slice", "chunk", "split", "unbind", "pad"}  # what they do matters for the picture
AS_ONE = 4  # a module of so few steps is tried as one merged block
STAYS = {"input", "output", "module", "frame", "failed"}  # they take nothing along


def fold(
    graph: Graph, depth: int = 1, fold: bool = True, open: Iterable[str] = (), merge: bool = True
) -> Folded:
    """Fold a graph to one granularity.

    `depth` 1 shows the network's own children, 2 also what these hold, and so on; `open` names modules to show open
    wherever they lie (with all that holds them). With `fold`, neighbors of equal structure become one block "x N";
    with `merge`, a convolution or linear layer takes its normalization and activation along. Raises `ValueError` for a
    depth below 1, `UnknownName` (a `KeyError`) for a module that did not run.

    >>> from torch import nn
    >>> from lecturelib.architecture.graph.trace import trace
    >>> layers = [nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(3)]
    >>> folded = fold(trace(nn.Sequential(*layers), (1, 4)))
    >>> [(block.title, block.count) for block in folded.blocks]
    [('input', 1), ('Linear', 3), ('output', 1)]
    """
    check_whole("depth", depth, 1)
    names = (open,) if isinstance(open, str) else tuple(open)
    known = {call.key: call for call in graph.calls[1:]}
    for name in names:
        if name not in known:
            raise UnknownName(_not_opened(graph, name, list(known)))
    wanted = {key for name in names for key in _with_parents(graph, known[name])}
    return _Folder(graph, depth, fold, wanted, merge).folded()


def _not_opened(graph: Graph, name: str, known: list[str]) -> str:
    came = f"the single step {name!r}" if name in graph.keys else repr(name)
    near = nearest(str(name), known) or known[:6]
    hint = f"nearest: {', '.join(near)}" if near else "nothing in it can be opened"
    return complaint("open", f"modules of {graph.title} that hold others", came, hint)


def _with_parents(graph: Graph, call: ModuleCall) -> Iterator[str]:
    while call.parent is not None:
        yield call.key
        call = graph.calls[call.parent]


@dataclass
class _Folder:
    graph: Graph
    depth: int
    fold: bool
    open: set[str]
    merge: bool
    before: dict[int, set[int]] = field(default_factory=dict)
    after: dict[int, set[int]] = field(default_factory=dict)
    twins: dict[int, list[tuple[int, int, int]]] = field(
        default_factory=dict
    )  # node -> its twin, repeat, copy
    repeats: int = 0

    def folded(self) -> Folded:
        graph = self.graph
        for edge in graph.edges:
            self.before.setdefault(edge.target, set()).add(edge.source)
            self.after.setdefault(edge.source, set()).add(edge.target)
        ends = [self._of_node(node) for node in graph.nodes if node.kind in ("input", "output")]
        inside = [self._of_item(item) for item in graph.modules.items]
        sources = [block for block in ends if block.kind == "input"]
        blocks = self._level([*sources, *inside], 1)
        blocks += [block for block in ends if block.kind == "output"]
        shown = {node: self._path(node)[0] for node in self.twins}
        return Folded(graph, tuple(blocks), self._links(blocks), shown)

    def _of_item(self, item: tuple[str, int]) -> Block:
        what, index = item
        return (
            self._of_node(self.graph.nodes[index])
            if what == "node"
            else self._of_call(self.graph.calls[index])
        )

    def _of_node(self, node: Node) -> Block:
        key = f"{node.kind}:{node.key}" if node.kind in ("input", "output") else node.key
        title = node.name if node.kind in ("input", "output") else node.kind
        output = node.outputs[0] if node.outputs else None
        return Block(
            key, title, node.kind, node.role, node.detail, (), (node.id,), node.inputs, output,
            0 if node.shared else node.parameters, node.multiply_adds, node.memory, same_weights=node.shared,
            recurrent=node.recurrent, keys=(key,),
        )  # fmt: skip

    def _of_call(self, call: ModuleCall) -> Block:
        nodes = list(self.graph.nodes_of(call))
        role = "failed" if any(node.role == "failed" for node in nodes) else "module"
        title, detail = self._call_words(call)
        return Block(
            call.key, title, call.kind, role, detail, (), tuple(node.id for node in nodes), call.inputs,
            call.outputs[0] if call.outputs else None, sum(n.parameters for n in nodes if not n.shared),
            sum(node.multiply_adds for node in nodes), sum(node.memory for node in nodes), same_weights=call.shared,
            can_open=True, keys=(call.key,),
        )  # fmt: skip

    def _call_words(self, call: ModuleCall) -> tuple[str, str]:
        parts = call.name.split(".")
        name = ".".join(parts[-2:]) if parts[-1].isdigit() else parts[-1]
        if call.kind not in ("Sequential", "ModuleList"):
            return call.kind, name
        kinds: dict[str, int] = {}
        for what, index in call.items:
            kind = self.graph.nodes[index].kind if what == "node" else self.graph.calls[index].kind
            kinds[kind] = kinds.get(kind, 0) + 1
        telling = [kind for kind in kinds if role_of(kind) not in SMALL] or list(kinds)
        return name, ", ".join(f"{kinds[kind]} {kind}" if kinds[kind] > 1 else kind for kind in telling[:2])

    def _level(self, blocks: list[Block], level: int) -> list[Block]:
        """Siblings as they are drawn: merged, repeated ones folded, open ones with what they hold."""
        if self.merge:
            blocks = self._merged(blocks, level)
        groups = (
            find_repeats(self.graph, blocks, self.before, self.after)
            if self.fold
            else [[[b]] for b in blocks]
        )
        drawn: list[Block] = []
        for copies in groups:
            drawn += self._drawn(copies, level)
        return drawn

    def _drawn(self, copies: list[list[Block]], level: int) -> list[Block]:
        """One run of `copies`, each of the same blocks in the same order, as one block or one frame."""
        if len(copies) == 1:
            return [self._opened(block, level) for block in copies[0]]
        self.repeats += 1
        ids = [sorted(node for block in copy for node in block.nodes) for copy in copies]
        for number, copy in enumerate(ids):
            for twin, node in zip(ids[0], copy, strict=True):
                self.twins.setdefault(node, []).append((twin, self.repeats, number))
        summed = [_together([copy[k] for copy in copies]) for k in range(len(copies[0]))]
        if len(summed) == 1:
            return [self._opened(summed[0], level)]
        costs: dict[str, Any] = _costs(summed)
        first = [replace(block, keys=whole.keys) for block, whole in zip(copies[0], summed, strict=True)]
        details = [whole.detail for whole in summed]
        first = [replace(block, detail=detail) for block, detail in zip(first, details, strict=True)]
        inner = tuple(self._opened(block, level) for block in first)
        last = copies[-1][-1]
        again = copies[-1]  # shared weights count 0
        same = any(block.same_weights for block in again) and not any(block.parameters for block in again)
        key = f"{inner[0].key}...{inner[-1].key}"
        return [
            Block(
                key, "", "repeat", "frame", "", (), tuple(ids[0]), inner[0].inputs, last.output, **costs,
                count=len(copies), same_weights=same,
                inner=inner, keys=(key,),
            )
        ]  # fmt: skip

    def _opened(self, block: Block, level: int) -> Block:
        if not block.can_open:
            return block
        call = self.graph.keys[block.key]
        opens = level < self.depth or bool(self.open & set(block.keys))
        if not opens and not (self.merge and len(block.nodes) <= AS_ONE):
            return block
        items = call.items if isinstance(call, ModuleCall) else ()
        inner = self._level([self._of_item(item) for item in items], level + 1)
        if len(inner) == 1 and (opens or not inner[0].can_open) and not (block.count > 1 and inner[0].inner):
            # a frame around a single block says nothing, and a convolution with its norm is a convolution
            keys, count = (*block.keys, *inner[0].keys), block.count * inner[0].count
            return replace(inner[0], **_costs([block]), count=count, output=block.output, keys=keys)
        return replace(block, inner=tuple(inner), role="frame") if opens else block

    def _merged(self, blocks: list[Block], level: int) -> list[Block]:
        out: list[Block] = []
        for block in blocks:
            host = out[-1] if out else None
            if host is not None and self._takes(host, block):
                out[-1] = _with_extra(host, block)
            else:
                out.append(block)
        return out

    def _takes(self, host: Block, block: Block) -> bool:
        small = block.role in SMALL and block.kind not in ALONE and not block.can_open
        own_weights = block.parameters > 0 and block.role != "norm"
        fits = block.kind == "normalize" if host.role == "input" else host.role not in STAYS
        if not small or own_weights or not fits:
            return False
        last, node = host.nodes[-1], block.nodes[0]
        return self.after.get(last, set()) == {node} and self.before.get(node, set()) == {last}

    # arrows

    def _path(self, node: int) -> tuple[int, dict[int, int]]:
        """The node that stands for another in the picture, and which copy of which repeat it is."""
        path: dict[int, int] = {}
        start = None
        while start != node:
            start = node
            for twin, repeat, number in self.twins.get(start, ()):
                path.setdefault(repeat, number)
                node = twin if twin != start else node
        return node, path

    def _links(self, blocks: list[Block]) -> tuple[Link, ...]:
        owner = {node: leaf.key for block in blocks for leaf in block.leaves() for node in leaf.nodes}
        links: dict[Link, None] = {}
        for edge in self.graph.edges:
            (source, here), (target, there) = self._path(edge.source), self._path(edge.target)
            if any(there.get(repeat, number) != number for repeat, number in here.items()):
                continue  # from one copy to the next
            link = Link(owner[source], owner[target], edge.shape)
            if link.source != link.target:
                links[link] = None
        return tuple(links)


def _costs(blocks: list[Block]) -> dict[str, Any]:
    names = ("parameters", "multiply_adds", "memory")
    return {name: sum(getattr(block, name) for block in blocks) for name in names}


def _together(copies: list[Block]) -> Block:
    """Blocks of the same structure as one "x N"."""
    first, last = copies[0], copies[-1]
    keys = tuple(key for block in copies for key in block.keys)
    same = all(block.same_weights for block in copies[1:])
    detail = first.detail
    if detail != last.detail:  # layers.0, layers.1 ...: "layers.0 to 5"
        end = re.search(r"\d+$", last.detail)
        detail = f"{detail} to {end.group() if end else last.detail}"
    return replace(
        first,
        **_costs(copies),
        detail=detail,
        count=len(copies),
        output=last.output,
        keys=keys,
        same_weights=same,
    )


def _with_extra(host: Block, block: Block) -> Block:
    return replace(
        host,
        **_costs([host, block]),
        extras=(*host.extras, block.kind),
        nodes=(*host.nodes, *block.nodes),
        output=block.output,
        keys=(*host.keys, *block.keys),
    )
