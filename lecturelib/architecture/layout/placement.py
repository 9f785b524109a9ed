"""What a layout is: boxes, frames and lines with their places; and one level of it, in its own coordinates."""

from __future__ import annotations

from dataclasses import dataclass, field

from lecturelib.drawing.shapes import Point

Size = tuple[float, float]
Rect = tuple[float, float, float, float]  # left, top, width, height


@dataclass(frozen=True)
class Route:
    """One line: from a box, or the border of a frame, to the next; a head where it arrives at a box."""

    source: str
    target: str
    points: tuple[Point, ...]
    arrow: bool
    skip: bool = False


@dataclass
class Placed:
    """Boxes and frames by key, lines, and the size of the whole, in px."""

    width: float
    height: float
    horizontal: bool = False
    boxes: dict[str, Rect] = field(default_factory=dict)
    frames: dict[str, Rect] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)

    @property
    def longest_frame(self) -> float:
        """The length of the longest frame along the flow, in px; 0 without frames."""
        lengths = (rect[2] if self.horizontal else rect[3] for rect in self.frames.values())
        return max(lengths, default=0.0)


@dataclass
class Level:
    """One level laid out, in its own coordinates (across, along)."""

    across: float
    along: float
    boxes: dict[str, Rect]  # leaf boxes: across, along, and their sizes
    inner: list[tuple[str, float, float, Level]]  # frames: key, place, level
    lines: list[tuple[str, str, list[Point], bool, bool]]
    ins: dict[str, float]  # net -> where it enters, across
    outs: dict[str, float]

    def give(self, placed: Placed, across: float, along: float, horizontal: bool) -> None:
        turn = (lambda a, b: (b, a)) if horizontal else (lambda a, b: (a, b))
        for key, (a, b, width, height) in self.boxes.items():
            placed.boxes[key] = (*turn(across + a, along + b), *turn(width, height))
        for key, a, b, level in self.inner:
            placed.frames[key] = (*turn(across + a, along + b), *turn(level.across, level.along))
            level.give(placed, across + a, along + b, horizontal)
        for source, target, points, arrow, skip in self.lines:
            route = tuple(turn(across + a, along + b) for a, b in points)
            placed.routes.append(Route(source, target, route, arrow, skip))
