"""Layered drawing of a directed graph: which layer, in which order, at which place (Sugiyama et al. 1981).

Places lie on two axes: `along` the flow, one layer after the other, and `across` it. A line that passes a layer gets
a narrow place of its own there, so that it never runs through a box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

LANE = 16.0  # px across for a line that passes


@dataclass(eq=False)
class Spot:
    """A place in a layer: a box (`item`), the border of a frame (`port`), or the lane of a passing line."""

    kind: str  # "item", "in", "out", "lane"
    index: int  # of the item; of the net for ports and lanes
    size: float  # across
    layer: int = 0
    place: float = 0.0  # of its middle, across
    up: list[tuple[Spot, float, float]] = field(
        default_factory=list, repr=False
    )  # spot, own offset, its offset
    down: list[tuple[Spot, float, float]] = field(default_factory=list, repr=False)


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


def order_layers(layers: list[list[Spot]], sweeps: int = 6) -> None:
    """Sorts each layer so that few lines cross: by the mean place of what a spot is joined to, down and up."""
    best, best_crossings = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(sweeps):
        if best_crossings == 0:
            break
        downwards = sweep % 2 == 0
        sequence = layers[1:] if downwards else layers[-2::-1]
        _number(layers)
        for layer in sequence:
            places = {}
            for k, spot in enumerate(layer):
                near = spot.up if downwards else spot.down
                places[id(spot)] = sum(other.place for other, _, _ in near) / len(near) if near else k
            layer.sort(key=lambda spot: places[id(spot)])
            for k, spot in enumerate(layer):
                spot.place = k
        crossings = _crossings(layers)
        if crossings < best_crossings:
            best, best_crossings = [list(layer) for layer in layers], crossings
    for layer, found in zip(layers, best, strict=True):
        layer[:] = found


def _number(layers: list[list[Spot]]) -> None:
    for layer in layers:
        for k, spot in enumerate(layer):
            spot.place = k


def _crossings(layers: list[list[Spot]]) -> int:
    _number(layers)
    count = 0
    for layer in layers:
        ends = [(spot.place, other.place) for spot in layer for other, _, _ in spot.down]
        ends.sort()
        if len(ends) > 400:
            return 0  # too many to be drawn well in any order
        for k, (_, first) in enumerate(ends):
            count += sum(1 for _, second in ends[k + 1 :] if second < first)
    return count


def place_layers(layers: list[list[Spot]], gap: float, sweeps: int = 8) -> None:
    """Sets `place` of every spot: near what it is joined to, in order, without overlap; boxes before lanes."""
    for layer in layers:
        _spread(layer, [0.0] * len(layer), [1.0] * len(layer), gap)
    for sweep in range(sweeps):
        last = sweep == sweeps - 1
        downwards = sweep % 2 == 0
        for layer in layers if downwards else layers[::-1]:
            wanted, weights = [], []
            for spot in layer:
                near = (
                    (spot.up + spot.down)
                    if last
                    else (spot.up if downwards else spot.down) or spot.up + spot.down
                )
                total = sum(_weight(spot, other) for other, _, _ in near)
                if not total:
                    wanted.append(spot.place)
                    weights.append(0.01)
                    continue
                pull = sum(_weight(spot, other) * (other.place + theirs - own) for other, own, theirs in near)
                wanted.append(pull / total)
                weights.append(total)
            _spread(layer, wanted, weights, gap)


def _weight(spot: Spot, other: Spot) -> float:
    lanes = (spot.kind == "lane") + (other.kind == "lane")
    return (100.0, 0.1, 1.0)[lanes]


def _spread(layer: list[Spot], wanted: list[float], weights: list[float], gap: float) -> None:
    """The places nearest to those wanted (weighted squares) that keep order and distance: pool adjacent violators."""
    shifts, total = [], 0.0
    for k, spot in enumerate(layer):
        if k:
            total += (layer[k - 1].size + spot.size) / 2 + gap
        shifts.append(total)
    pools: list[list[float]] = []  # mean, weight, number of spots
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


def straighten(layers: list[list[Spot]], gap: float) -> None:
    """Moves the lanes of each passing line to one place, as far as its neighbours leave room."""
    where = {id(spot): (layer, k) for layer in layers for k, spot in enumerate(layer)}
    for _ in range(2):
        for layer in layers:
            for spot in layer:
                if spot.kind != "lane" or any(other.kind == "lane" for other, _, _ in spot.up):
                    continue
                chain = [spot]
                while follow := [other for other, _, _ in chain[-1].down if other.kind == "lane"]:
                    chain.append(follow[0])
                low, high = float("-inf"), float("inf")
                for lane in chain:
                    row, k = where[id(lane)]
                    if k:
                        low = max(low, row[k - 1].place + (row[k - 1].size + lane.size) / 2 + gap)
                    if k + 1 < len(row):
                        high = min(high, row[k + 1].place - (row[k + 1].size + lane.size) / 2 - gap)
                if low > high:
                    continue
                above = [other.place + theirs for other, _, theirs in spot.up]
                wanted = above[0] if above else spot.place
                place = min(max(wanted, low), high)
                for lane in chain:
                    lane.place = place
