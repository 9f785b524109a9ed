"""The radial picture: everything that ran on one ring. Pretty, and not so useful; a lesson says why."""

from __future__ import annotations

from math import cos, pi, sin
from typing import Any

from torch import nn

from lecturelib.architecture.graph.graph import Graph, Node
from lecturelib.architecture.graph.trace import as_graph
from lecturelib.drawing.drawing import Circle, Curve, Drawing, Label, Shape, text_width

SIZE, RING = 820.0, 286.0  # px: the picture's side, the ring's radius
MOST_DOTS = 80  # of the step with the most multiply-adds
DOT, SPREAD = 1.7, 2.5  # px: a dot's radius, and the root of the area that it takes
GOLDEN = pi * (3 - 5**0.5)  # the angle from dot to dot in a sunflower
GAP = 2.0  # slots left free between two parts of the network
TEXT = 14
# Okabe and Ito, lightened for a dark ground and darkened for a white one: dark ground first.
_HUES = (("#6CC1F2", "#0072B2"), ("#F59A5B", "#B84E00"), ("#4FD3A8", "#007A59"), ("#EE9CC8", "#A8447B"),
         ("#E8C547", "#8A6D00"), ("#BFA3EC", "#5B3A8C"), ("#b4b8bd", "#6b6b6b"))  # fmt: skip


def radial(model_or_graph: nn.Module | Graph, *inputs: Any, dark: bool = True) -> Drawing:
    """Radial diagram: every step of a network around a ring, clockwise from the top in the order of running.

    The dots of a step are its multiply-adds, in proportion to the largest. Chords through the middle are the links that
    do not go to the next step. Colors are the network's parts. After the pictures of Graphcore's Poplar (2016), which
    show every vertex of the compiled program. `inputs`: as for `trace`; raises what `trace` raises.

    >>> from torch import nn
    >>> radial(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), (1, 4)).title
    'Radial graph of Sequential'
    """
    graph = as_graph(model_or_graph, inputs)
    parts = parts_of(graph)
    names = list(dict.fromkeys(parts))
    hue = {name: _HUES[k % len(_HUES)][0 if dark else 1] for k, name in enumerate(names)}
    angles = _angles(parts)
    chords: list[Shape] = []
    near: list[Shape] = []
    for edge in graph.edges:
        far = edge.target - edge.source > 1
        (chords if far else near).append(
            _link(angles[edge.source], angles[edge.target], hue[parts[edge.source]], far)
        )
    shapes: list[Shape] = [*chords, *near]
    largest = max((node.multiply_adds for node in graph.nodes), default=0)
    for node, angle, part in zip(graph.nodes, angles, parts, strict=True):
        shapes += _dots(node, angle, hue[part], dots(node.multiply_adds, largest))
    shapes += _names(parts, angles, hue)
    shapes += _middle(graph, len(chords))
    told = ", ".join(f"{name} {parts.count(name)}" for name in names)
    alt = (
        f"{graph.title} as a ring of {len(graph.nodes)} steps, clockwise from the top, with {len(chords)} chords "
        f"through the middle for links that skip steps. Steps in each part: {told}. More dots are more multiply-adds. "
        "No shape and no hyperparameter can be read from it."
    )
    return Drawing(SIZE, SIZE, tuple(shapes), f"Radial graph of {graph.title}", alt, dark, zoom=True)


def dots(multiply_adds: int, largest: int) -> int:
    """How many dots stand for a number of multiply-adds: 1 for none, 1 + MOST_DOTS for the largest."""
    return 1 + (round(MOST_DOTS * multiply_adds / largest) if largest else 0)


def parts_of(graph: Graph) -> list[str]:
    """The part of the network in which each node ran: the first name of its module, a function's by what is before it.

    A network that is one long part is split by the second name; single steps beside large parts are one part "others".
    """
    depth = 1
    while True:
        parts = _at_depth(graph, depth)
        if len(set(parts)) > 3 or depth == 3:
            break
        depth += 1
    counts = {name: parts.count(name) for name in parts}
    least = len(parts) // 25
    return [name if counts[name] > least else "others" for name in parts]


def _at_depth(graph: Graph, depth: int) -> list[str]:
    parts: list[str] = []
    for node in graph.nodes:
        name = node.name if node.is_module else graph.calls[node.parent].name
        own = ".".join(name.split(".")[:depth])
        parts.append(own or (parts[-1] if parts else graph.title))
    return parts


def _angles(parts: list[str]) -> list[float]:
    """The angle of each step, 0 at the top and clockwise; parts are a little apart."""
    places, at = [], 0.0
    for k, part in enumerate(parts):
        at += GAP if k and part != parts[k - 1] else 0
        places.append(at)
        at += 1
    slot = 2 * pi / (at + GAP)
    return [(place + GAP / 2) * slot for place in places]


def _point(angle: float, radius: float) -> tuple[float, float]:
    return (SIZE / 2 + radius * sin(angle), SIZE / 2 - radius * cos(angle))


def _link(start: float, end: float, hue: str, far: bool) -> Curve:
    inner = RING * (0.45 if far else 0.97)
    points = (_point(start, RING - 6), _point(start, inner), _point(end, inner), _point(end, RING - 6))
    return Curve(points, stroke=hue, stroke_width=1.6 if far else 1, opacity=0.75 if far else 0.5)


def _dots(node: Node, angle: float, hue: str, count: int) -> list[Shape]:
    """A step's dots as a sunflower that touches the ring from outside."""
    cx, cy = _point(angle, RING + SPREAD * count**0.5)
    found: list[Shape] = []
    for k in range(count):
        away, turn = SPREAD * k**0.5, k * GOLDEN + angle
        x, y, faint = cx + away * sin(turn), cy - away * cos(turn), 1 - 0.5 * k / MOST_DOTS
        found.append(Circle(x, y, DOT, fill=hue, stroke="none", opacity=faint, key=node.key))
    return found


def _names(parts: list[str], angles: list[float], hue: dict[str, str]) -> list[Shape]:
    """The names of the parts around the ring, where a part is wide enough for its name."""
    found: list[Label] = []
    start = 0
    for end in range(1, len(parts) + 1):
        if end < len(parts) and parts[end] == parts[start]:
            continue
        middle, steps = (angles[start] + angles[end - 1]) / 2, end - start
        if steps >= len(parts) / 30 and parts[start] != "others":
            x, y = _point(middle, RING + 2 * SPREAD * MOST_DOTS**0.5 + 24)
            anchor = "middle" if abs(sin(middle)) < 0.3 else "start" if sin(middle) > 0 else "end"
            half = text_width(parts[start], TEXT, True)
            x = min(
                max(x, 8 + (half if anchor == "end" else half / 2 if anchor == "middle" else 0)), SIZE - 8
            )
            if anchor == "start":
                x = min(x, SIZE - 8 - half)
            label = Label(x, y, parts[start], TEXT, anchor, bold=True, fill=hue[parts[start]])
            if not any(_touch(label, other) for other in found):
                found.append(label)
        start = end
    return list(found)


def _touch(one: Label, other: Label) -> bool:
    a, b = one.bounds, other.bounds
    return a[0] < b[2] + 6 and b[0] < a[2] + 6 and a[1] < b[3] + 4 and b[1] < a[3] + 4


def _middle(graph: Graph, chords: int) -> list[Shape]:
    words = (graph.title, f"{len(graph.nodes)} steps", f"{chords} chord{'s' * (chords != 1)}")
    return [
        Label(SIZE / 2, SIZE / 2 - 24 + 24 * row, text, 22 if row == 0 else TEXT, bold=row == 0,
              role="text" if row == 0 else "muted")
        for row, text in enumerate(words)
    ]  # fmt: skip
