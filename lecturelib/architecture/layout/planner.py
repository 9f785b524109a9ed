"""Where boxes, frames and arrows go: layers along the flow, wrapped into columns, frames laid out from the inside.

By construction no two boxes overlap and no arrow runs through a box: see level.py for one level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lecturelib.architecture.layout.blocks import Block, Folded, Link
from lecturelib.architecture.layout.level import BORDER, FRAME, STRIP, LevelInput, LevelPlan
from lecturelib.architecture.layout.placement import Level, Placed, Size


def layouts(
    folded: Folded,
    sizes: Mapping[str, Size],
    titles: Mapping[str, float],
    horizontal: bool = False,
    columns: Sequence[int] = (1,),
    tallest: float = 1e9,
    room: float = 1.0,
) -> dict[int, Placed]:
    """Everything placed, for each number of `columns`: boxes of `sizes` (width, height), frames with `titles` so long.

    `room` stretches the distances between boxes. The flow runs down, or to the right if `horizontal`. The whole is
    wrapped into columns (rows, if horizontal), at most as many as asked for, where few enough lines pass; a frame is
    wrapped where it would be longer than `tallest`.
    """
    plan = _Planner(folded, sizes, titles, horizontal, tallest, room).plan(folded.blocks, None)
    found: dict[int, Placed] = {}
    for number in columns:
        level = plan.placed(number)
        size = (level.along, level.across) if horizontal else (level.across, level.along)
        found[number] = Placed(*size, horizontal)
        level.give(found[number], 0.0, 0.0, horizontal)
    return found


class _Planner:
    def __init__(self, folded: Folded, sizes, titles, horizontal: bool, tallest: float, room: float):
        self.sizes, self.titles = sizes, titles
        self.horizontal, self.tallest, self.room = horizontal, tallest, room
        # the chain of blocks from the outside to each leaf
        self.chains: dict[str, list[str]] = {}
        self._chain(folded.blocks, [])
        self.by_level: dict[str | None, dict[tuple[str, str, str], None]] = {}
        self.entering: dict[str, dict[str, None]] = {}
        self.leaving: dict[str, dict[str, None]] = {}
        for link in folded.links:
            self._share(link)

    def _chain(self, blocks: Sequence[Block], above: list[str]) -> None:
        for block in blocks:
            chain = [*above, block.key]
            if block.inner:
                self._chain(block.inner, chain)
            else:
                self.chains[block.key] = chain

    def _share(self, link: Link) -> None:
        """A link becomes one edge in each level that it passes; its net is the box it comes from."""
        source, target = self.chains[link.source], self.chains[link.target]
        same = 0
        while source[same] == target[same]:
            same += 1
        level = source[same - 1] if same else None
        net = link.source
        self._edge(level, net, source[same], target[same])
        for k in range(same, len(source) - 1):
            self.leaving.setdefault(source[k], {})[net] = None
            self._edge(source[k], net, source[k + 1], "out")
        for k in range(same, len(target) - 1):
            self.entering.setdefault(target[k], {})[net] = None
            self._edge(target[k], net, "in", target[k + 1])

    def _edge(self, level: str | None, net: str, source: str, target: str) -> None:
        self.by_level.setdefault(level, {})[net, source, target] = None

    def plan(self, blocks: Sequence[Block], key: str | None) -> LevelPlan:
        """The blocks of one level in layers, with all frames inside laid out."""
        inner = {block.key: self._frame(block) for block in blocks if block.inner}
        nets = (self.entering.get(key, ()), self.leaving.get(key, ())) if key else ((), ())
        return LevelPlan(
            LevelInput(
                key, tuple(blocks), inner, self.sizes, tuple(self.by_level.get(key, ())), tuple(nets[0]),
                tuple(nets[1]), self.horizontal, self.tallest, self.room,
            )
        )  # fmt: skip

    def _frame(self, block: Block) -> Level:
        """What a frame holds, with room for its border, and for its title at its left (above, if turned)."""
        level = self.plan(block.inner, block.key).placed(None)
        frame = FRAME * self.room + STRIP
        width = level.across + FRAME * self.room + frame
        # where no line crosses the border, nothing else keeps the boxes off it
        above, below = (0.0 if nets else BORDER * self.room for nets in (level.ins, level.outs))
        height = max(level.along + above + below, self.titles[block.key] + 16)
        rest = (height - level.along - above - below) / 2
        above, below = above + rest, below + rest
        moved = Level(width, height, {}, [], [], {}, {})
        _shift(level, moved, frame, above)
        for nets, ends in ((moved.ins, (0.0, above)), (moved.outs, (height - below, height))):
            for net, place in nets.items():
                if rest > 0:
                    line = [(place, end) for end in ends]
                    moved.lines.append((net, block.key, line, False, False))
        return moved


def _shift(level: Level, into: Level, across: float, along: float) -> None:
    into.boxes = {key: (a + across, b + along, w, h) for key, (a, b, w, h) in level.boxes.items()}
    into.inner = [(key, a + across, b + along, inner) for key, a, b, inner in level.inner]
    into.lines = [
        (s, t, [(a + across, b + along) for a, b in points], arrow, skip)
        for s, t, points, arrow, skip in level.lines
    ]
    into.ins = {net: place + across for net, place in level.ins.items()}
    into.outs = {net: place + across for net, place in level.outs.items()}
