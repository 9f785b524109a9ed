"""One level of a drawing: its blocks in layers, wrapped into columns, and the lines between them.

Arrows run across only between layers, along only in a lane of their own, and from column to column in the gutter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lecturelib.architecture.layout.blocks import Block
from lecturelib.architecture.layout.edge_routing import assign_tracks
from lecturelib.architecture.layout.placement import Level, Size
from lecturelib.architecture.layout.sugiyama import (
    DUMMY_WIDTH,
    Vertex,
    assign_layers,
    order_layers,
    place_layers,
    straighten,
)
from lecturelib.drawing.shapes import Point

ARROW = 26.0  # px between two layers; this and what follows shrinks with `room`
TRACK = 9.0  # px between two lines in one channel
GUTTER = 30.0  # px between two columns
MOST_ACROSS = 4  # lines that may pass from one column to the next
FRAME = 12.0  # px between a frame and what it holds
GAP = 18.0  # px between two boxes of a layer
BORDER = 18.0  # px between the border of a frame and its first layer
CLOSE = 5.0  # px: a line so little out of line leaves or arrives beside the middle of a box instead
STRIP = 20.0  # px for the title of a frame


@dataclass(frozen=True)
class LevelInput:
    """What one level is laid out from: its blocks, those of them that are frames, and the edges between them.

    `key` is that of the frame whose inside this is, None for the whole drawing. `sizes`: (width, height) of each box;
    `inner`: the frames, laid out. `edges`: (net, source, target), where a net is named by the box that it comes from,
    and "in" and "out" are the frame's border; `ins` and `outs` are the nets that cross it. `tallest`: px along the flow
    beyond which a frame is wrapped.
    """

    key: str | None
    blocks: tuple[Block, ...]
    inner: Mapping[str, Level]
    sizes: Mapping[str, Size]
    edges: tuple[tuple[str, str, str], ...]
    ins: tuple[str, ...]
    outs: tuple[str, ...]
    horizontal: bool
    tallest: float
    room: float


class LevelPlan:
    """The blocks of one level, in layers; then in columns."""

    def __init__(self, given: LevelInput):
        self.given = given
        self.blocks, self.inner, self.key = given.blocks, given.inner, given.key
        self.ins, self.outs, self.room = given.ins, given.outs, given.room
        self.sizes: list[Size] = []  # (across, along)
        for block in self.blocks:
            if block.key in self.inner:
                self.sizes.append((self.inner[block.key].across, self.inner[block.key].along))
            else:
                width, height = given.sizes[block.key]
                self.sizes.append((height, width) if given.horizontal else (width, height))
        self._make_layers()

    # layers

    def _make_layers(self) -> None:
        first = len(self.ins)
        number = {block.key: first + k for k, block in enumerate(self.blocks)}
        last = first + len(self.blocks)
        enter = {net: k for k, net in enumerate(self.ins)}
        leave = {net: last + k for k, net in enumerate(self.outs)}
        self.edges: list[tuple[str, int, int]] = []
        for net, source, target in self.given.edges:
            a = enter[net] if source == "in" else number[source]
            b = leave[net] if target == "out" else number[target]
            self.edges.append((net, a, b))
        count = last + len(self.outs)
        depth = assign_layers(count, [(a, b) for _, a, b in self.edges])
        for k in range(first):
            depth[k] = 0
        if first:  # the border is a layer of its own
            depth[first:last] = [max(d, 1) for d in depth[first:last]]
        bottom = max([*depth[:last], 0]) + 1
        depth[last:] = [bottom] * len(self.outs)
        self.vertices: list[Vertex] = []
        for k in range(count):
            if k < first:
                vertex = Vertex("in", k, DUMMY_WIDTH)
            elif k < last:
                vertex = Vertex("box", k - first, self.sizes[k - first][0])
            else:
                vertex = Vertex("out", k - last, DUMMY_WIDTH)
            vertex.layer = depth[k]
            self.vertices.append(vertex)
        self.layers: list[list[Vertex]] = [[] for _ in range(max(depth, default=0) + 1)]
        for vertex in self.vertices:
            self.layers[vertex.layer].append(vertex)
        self._make_dummies()
        order_layers(self.layers)
        gap = GAP * self.room
        place_layers(self.layers, gap)
        straighten(self.layers, gap)

    def _make_dummies(self) -> None:
        """One dummy vertex per net and layer passed; a net that goes to several places shares them."""
        self.pieces: list[dict[tuple[str, int, int], tuple[Vertex, Vertex]]] = [{} for _ in self.layers]
        self.paths: list[tuple[str, int, int, list[Vertex]]] = []
        dummies: dict[tuple[str, int, int], Vertex] = {}
        for net, a, b in self.edges:
            source, target = self.vertices[a], self.vertices[b]
            path = [source]
            for layer in range(source.layer + 1, target.layer):
                dummy = dummies.get((net, a, layer))
                if dummy is None:
                    dummy = dummies[net, a, layer] = Vertex("dummy", a, DUMMY_WIDTH, layer)
                    self.layers[layer].append(dummy)
                path.append(dummy)
            path.append(target)
            for upper, lower in zip(path, path[1:], strict=False):
                piece = (net, id(upper), id(lower))
                if piece not in self.pieces[upper.layer]:
                    self.pieces[upper.layer][piece] = (upper, lower)
                    own, theirs = self._offset(upper, net, "outs"), self._offset(lower, net, "ins")
                    upper.down.append((lower, own, theirs))
                    lower.up.append((upper, theirs, own))
            self.paths.append((net, a, b, path))

    def _offset(self, vertex: Vertex, net: str, side: str) -> float:
        """Where a net leaves or enters a frame, from the frame's middle."""
        if vertex.kind != "box":
            return 0.0
        inner = self.inner.get(self.blocks[vertex.index].key)
        return getattr(inner, side)[net] - inner.across / 2 if inner is not None else 0.0

    # columns

    def _along(self, vertex: Vertex) -> float:
        return self.sizes[vertex.index][1] if vertex.kind == "box" else 0.0

    def placed(self, columns: int | None) -> Level:
        """The level in so many columns; None: as few as keep it below `tallest`."""
        self._entries()
        depths = [max((self._along(vertex) for vertex in layer), default=0.0) for layer in self.layers]
        self.channel = [self._channel(k) for k in range(len(self.layers))]
        heights = [depth + self._below(k) for k, depth in enumerate(depths)]
        starts = self._breaks(heights, columns)
        return self._assemble(starts, depths)

    def _below(self, k: int) -> float:
        """The room below layer k."""
        if k == len(self.layers) - 1:
            return 0.0
        count = self.channel[k][1]
        border = any(vertex.kind in ("in", "out") for vertex in self.layers[k] + self.layers[k + 1])
        return (BORDER if border else ARROW) * self.room + TRACK * max(count - 1, 0)

    def _entries(self) -> None:
        """Where each piece ends at a box: the straightest in the middle, others beside it, as they come."""
        self.entry: dict[tuple[str, int, int], float] = {}
        coming: dict[int, list[tuple[float, tuple[str, int, int], Vertex]]] = {}
        for pieces in self.pieces:
            for piece, (upper, lower) in pieces.items():
                start = upper.place + self._offset(upper, piece[0], "outs")
                if self._is_leaf(lower):
                    coming.setdefault(id(lower), []).append((start - lower.place, piece, lower))
                else:
                    self.entry[piece] = lower.place + self._offset(lower, piece[0], "ins")
        for ends in coming.values():
            ends.sort(key=lambda end: end[0])
            lower = ends[0][2]
            nearest = min(range(len(ends)), key=lambda k: (abs(ends[k][0]), k))
            room = max(self.sizes[lower.index][0] / 2 - 10, 0)
            step = min(16.0, room / max(nearest, len(ends) - 1 - nearest, 1))
            for k, (_, piece, _) in enumerate(ends):
                shift = (
                    ends[nearest][0] if abs(ends[nearest][0]) < CLOSE else 0.0
                )  # a line nearly straight stays so
                self.entry[piece] = lower.place + (k - nearest) * step + shift

    def _ends(self, piece: tuple[str, int, int], upper: Vertex) -> tuple[float, float]:
        start, end = upper.place + self._offset(upper, piece[0], "outs"), self.entry[piece]
        return (end, end) if abs(start - end) < CLOSE and self._is_leaf(upper) else (start, end)

    def _is_leaf(self, vertex: Vertex) -> bool:
        return vertex.kind == "box" and self.blocks[vertex.index].key not in self.inner

    def _channel(self, k: int) -> tuple[dict[tuple[str, int], int], int]:
        """The track of each net that has to run across below layer k, and how many tracks there are."""
        spans: dict[tuple[str, int], list[tuple[float, float]]] = {}
        for piece, (upper, _) in self.pieces[k].items():
            start, end = self._ends(piece, upper)
            spans.setdefault((piece[0], piece[1]), []).append((start, end))
        return assign_tracks(spans)

    def _breaks(self, heights: list[float], columns: int | None) -> list[int]:
        """The first layer of each column."""
        allowed = [False] + [
            len({piece[:2] for piece in self.pieces[k - 1]}) <= MOST_ACROSS
            and not any(vertex.kind in ("in", "out") for vertex in self.layers[k - 1] + self.layers[k])
            for k in range(1, len(self.layers))
        ]
        total = sum(heights)
        if columns is None:
            columns = 1 if total <= self.given.tallest else round(total / self.given.tallest + 0.5)
        if columns <= 1:
            return [0]
        cap = total / columns
        while True:
            starts, height, possible = [0], 0.0, None
            for k, own in enumerate(heights):
                if k and allowed[k]:
                    possible = k
                if height + own > cap and possible is not None and possible > starts[-1]:
                    starts.append(possible)
                    height = sum(heights[possible:k])
                    possible = None
                height += own
            if len(starts) <= columns:
                return starts
            cap *= 1.03

    def _assemble(self, starts: list[int], depths: list[float]) -> Level:
        ends = [*starts[1:], len(self.layers)]
        columns = list(zip(starts, ends, strict=True))
        left: dict[int, float] = {}  # layer -> shift across
        top: dict[int, float] = {}  # layer -> its start along
        across, tallest = 0.0, 0.0
        passing = [
            list(dict.fromkeys(piece[:2] for piece in self.pieces[end - 1])) for _, end in columns[:-1]
        ]
        head = max((16.0 + TRACK * len(nets) for nets in passing), default=0.0)
        gutters: list[float] = []
        bottoms: list[float] = []
        for number, (start, end) in enumerate(columns):
            low, high = self._extent(start, end)
            along = head
            for k in range(start, end):
                left[k], top[k] = across - low, along
                along += depths[k] + (self._below(k) if k < end - 1 else 0.0)
            bottoms.append(along)
            across += high - low
            if number < len(columns) - 1:
                gutters.append(across + GUTTER * self.room / 2)
                across += GUTTER * self.room + TRACK * len(passing[number])
                along += 14.0 + TRACK * len(passing[number])
            tallest = max(tallest, along)
        level = Level(across, tallest, {}, [], [], {}, {})
        self._give_boxes(level, left, top, depths)
        self._give_ports(level, left, tallest)
        self._give_lines(level, left, top, depths, starts, passing, gutters, bottoms, tallest)
        return level

    def _extent(self, start: int, end: int) -> tuple[float, float]:
        vertices = [vertex for layer in self.layers[start:end] for vertex in layer]
        edges = [self.entry[piece] for k in range(start, end - 1) for piece in self.pieces[k]]
        low = min([vertex.place - vertex.size / 2 for vertex in vertices] + edges)
        high = max([vertex.place + vertex.size / 2 for vertex in vertices] + edges)
        return low, high

    def _give_boxes(self, level: Level, left, top, depths) -> None:
        for k, layer in enumerate(self.layers):
            for vertex in layer:
                if vertex.kind != "box":
                    continue
                across, along = self.sizes[vertex.index]
                place = (vertex.place + left[k] - across / 2, top[k] + (depths[k] - along) / 2)
                block = self.blocks[vertex.index]
                if block.key in self.inner:
                    level.inner.append((block.key, *place, self.inner[block.key]))
                else:
                    level.boxes[block.key] = (*place, across, along)

    def _give_ports(self, level: Level, left, tallest: float) -> None:
        for k, layer in enumerate(self.layers):
            for vertex in layer:
                if vertex.kind == "in":
                    level.ins[self.ins[vertex.index]] = vertex.place + left[k]
                elif vertex.kind == "out":
                    level.outs[self.outs[vertex.index]] = vertex.place + left[k]

    def _give_lines(self, level, left, top, depths, starts, passing, gutters, bottoms, tallest) -> None:
        column = {}
        for number, start in enumerate(starts):
            for k in range(start, starts[number + 1] if number + 1 < len(starts) else len(self.layers)):
                column[k] = number
        for net, a, b, path in self.paths:
            points: list[Point] = []
            for upper, lower in zip(path, path[1:], strict=False):
                k, piece = upper.layer, (net, id(upper), id(lower))
                start, end = self._ends(piece, upper)
                half = (depths[k] - self._along(upper)) / 2
                low = top[k] + depths[k]
                here = (start + left[k], low - (half if upper.kind == "box" else 0))
                there = (end + left[k + 1], top[k + 1] + (depths[k + 1] - self._along(lower)) / 2)
                if lower.kind == "dummy":
                    there = (there[0], top[k + 1])
                points.append(here)
                if column[k] != column[k + 1]:
                    number = column[k]
                    lane = passing[number].index(piece[:2])
                    gutter, below = gutters[number] + TRACK * lane, bottoms[number] + 10.0 + TRACK * lane
                    above = top[k + 1] - 14.0 - TRACK * lane
                    points += [(here[0], below), (gutter, below), (gutter, above), (there[0], above)]
                elif abs(here[0] - there[0]) > 0.01:
                    names, count = self.channel[k]
                    room = self._below(k)
                    first = low + (room - TRACK * (count - 1)) / 2 - 2
                    across = first + TRACK * names[piece[:2]]
                    points += [(here[0], across), (there[0], across)]
                points.append(there)
            target, source = self.vertices[b], self.vertices[a]
            if target.kind == "out":
                points.append((points[-1][0], tallest))
            if source.kind == "in":
                points.insert(0, (points[0][0], 0.0))
            leaf = self._is_leaf(target)
            merges = leaf and self.blocks[target.index].role == "merge"
            skip = merges and len(path) > 2 and len(self._reading(b)) > 1
            name = self.blocks[target.index].key if target.kind == "box" else self.key
            level.lines.append((net, name, _plain(points), leaf, skip))

    def _reading(self, b: int) -> set[int]:
        return {a for _, a, target in self.edges if target == b}


def _plain(points: list[Point]) -> list[Point]:
    """Without points that repeat or lie on the straight line between their neighbors."""
    out: list[Point] = []
    for point in points:
        if out and abs(point[0] - out[-1][0]) < 0.01 and abs(point[1] - out[-1][1]) < 0.01:
            continue
        if len(out) > 1 and any(
            abs(out[-2][d] - out[-1][d]) < 0.01 and abs(out[-1][d] - point[d]) < 0.01 for d in (0, 1)
        ):
            out[-1] = point
            continue
        out.append(point)
    return out
