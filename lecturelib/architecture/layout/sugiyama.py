"""Layered drawing of a directed graph: which layer, in which order, at which place (Sugiyama, Tagawa & Toda 1981).

Places lie on two axes: `along` the flow, one layer after the other, and `across` it. An edge that passes a layer gets
a narrow dummy vertex there, so that its line never runs through a box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

DUMMY_WIDTH = 16.0  # px across for an edge that passes


@dataclass(eq=False)
class Vertex:
    """A vertex of the layered graph.

    `kind`: "box", "in" or "out" (where a net crosses the border of a frame), or "dummy" (where an edge passes a layer).
    `index`: of the box, else of the net. `size` and `place` (of its middle) are across. `up` and `down` are the edges
    to the layers above and below: the other vertex, the edge's own offset here and there.
    """

    kind: str
    index: int
    size: float
    layer: int = 0
    place: float = 0.0
    up: list[tuple[Vertex, float, float]] = field(default_factory=list, repr=False)
    down: list[tuple[Vertex, float, float]] = field(default_factory=list, repr=False)


def assign_layers(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The layer of each node: one more than the deepest that it reads from; sources stand just above who reads them.

    Nodes are numbered in the order of running, so that an edge always leads to a higher number.
    """
    layers = [0] * count
    for source, target in sorted(edges, key=lambda edge: edge[1]):
        layers[target] = max(layers[target], layers[source] + 1)
    reads = {target for _, target in edges}
    nearest: dict[int, int] = {}
    for source, target in edges:
        if source not in reads:
            nearest[source] = min(nearest.get(source, layers[target]), layers[target])
    for source, layer in nearest.items():
        layers[source] = layer - 1
    return layers


def order_layers(layers: list[list[Vertex]], sweeps: int = 6) -> None:
    """Sorts each layer so that few edges cross: by the barycenter of what a vertex is joined to, down and up."""
    best, best_crossings = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(sweeps):
        if best_crossings == 0:
            break
        downwards = sweep % 2 == 0
        sequence = layers[1:] if downwards else layers[-2::-1]
        _number(layers)
        for layer in sequence:
            places = {}
            for k, vertex in enumerate(layer):
                near = vertex.up if downwards else vertex.down
                places[id(vertex)] = sum(other.place for other, _, _ in near) / len(near) if near else k
            layer.sort(key=lambda vertex: places[id(vertex)])
            for k, vertex in enumerate(layer):
                vertex.place = k
        crossings = _crossings(layers)
        if crossings < best_crossings:
            best, best_crossings = [list(layer) for layer in layers], crossings
    for layer, found in zip(layers, best, strict=True):
        layer[:] = found


def _number(layers: list[list[Vertex]]) -> None:
    for layer in layers:
        for k, vertex in enumerate(layer):
            vertex.place = k


def _crossings(layers: list[list[Vertex]]) -> int:
    _number(layers)
    count = 0
    for layer in layers:
        ends = [(vertex.place, other.place) for vertex in layer for other, _, _ in vertex.down]
        ends.sort()
        if len(ends) > 400:
            return 0  # too many to be drawn well in any order
        for k, (_, first) in enumerate(ends):
            count += sum(1 for _, second in ends[k + 1 :] if second < first)
    return count


def place_layers(layers: list[list[Vertex]], gap: float, sweeps: int = 8) -> None:
    """Sets `place` of every vertex: near what it is joined to, in order, without overlap; boxes before dummies."""
    for layer in layers:
        _spread(layer, [0.0] * len(layer), [1.0] * len(layer), gap)
    for sweep in range(sweeps):
        last = sweep == sweeps - 1
        downwards = sweep % 2 == 0
        for layer in layers if downwards else layers[::-1]:
            wanted, weights = [], []
            for vertex in layer:
                near = (
                    (vertex.up + vertex.down)
                    if last
                    else (vertex.up if downwards else vertex.down) or vertex.up + vertex.down
                )
                total = sum(_weight(vertex, other) for other, _, _ in near)
                if not total:
                    wanted.append(vertex.place)
                    weights.append(0.01)
                    continue
                pull = sum(
                    _weight(vertex, other) * (other.place + theirs - own) for other, own, theirs in near
                )
                wanted.append(pull / total)
                weights.append(total)
            _spread(layer, wanted, weights, gap)


def _weight(vertex: Vertex, other: Vertex) -> float:
    dummies = (vertex.kind == "dummy") + (other.kind == "dummy")
    return (100.0, 0.1, 1.0)[dummies]


def _spread(layer: list[Vertex], wanted: list[float], weights: list[float], gap: float) -> None:
    """The places nearest to those wanted (weighted squares) that keep order and distance: pool adjacent violators."""
    shifts, total = [], 0.0
    for k, vertex in enumerate(layer):
        if k:
            total += (layer[k - 1].size + vertex.size) / 2 + gap
        shifts.append(total)
    pools: list[list[float]] = []  # mean, weight, number of vertices
    for target, shift, weight in zip(wanted, shifts, weights, strict=True):
        pools.append([target - shift, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, weight, number = pools.pop()
            before = pools[-1]
            both = before[1] + weight
            pools[-1] = [(before[0] * before[1] + mean * weight) / both, both, before[2] + number]
    k = 0
    for mean, _, number in pools:
        for _ in range(int(number)):
            layer[k].place = mean + shifts[k]
            k += 1


def straighten(layers: list[list[Vertex]], gap: float) -> None:
    """Moves the dummy vertices of each passing edge to one place, as far as their neighbors leave room."""
    where = {id(vertex): (layer, k) for layer in layers for k, vertex in enumerate(layer)}
    for _ in range(2):
        for layer in layers:
            for vertex in layer:
                if vertex.kind != "dummy" or any(other.kind == "dummy" for other, _, _ in vertex.up):
                    continue
                chain = [vertex]
                while follow := [other for other, _, _ in chain[-1].down if other.kind == "dummy"]:
                    chain.append(follow[0])
                low, high = float("-inf"), float("inf")
                for dummy in chain:
                    row, k = where[id(dummy)]
                    if k:
                        low = max(low, row[k - 1].place + (row[k - 1].size + dummy.size) / 2 + gap)
                    if k + 1 < len(row):
                        high = min(high, row[k + 1].place - (row[k + 1].size + dummy.size) / 2 - gap)
                if low > high:
                    continue
                above = [other.place + theirs for other, _, theirs in vertex.up]
                wanted = above[0] if above else vertex.place
                place = min(max(wanted, low), high)
                for dummy in chain:
                    dummy.place = place
