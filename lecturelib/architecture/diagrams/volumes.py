"""Pseudo-3-D volumes: the maps of a convolutional network as solids, spatial size shrinking, channels growing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from torch import nn

from lecturelib.architecture.graph.graph import Graph, Node
from lecturelib.architecture.graph.trace import as_graph
from lecturelib.checks import complaint
from lecturelib.drawing.drawing import Drawing, Label, Line, Polygon, Shape, text_width

TALLEST = 220.0  # px of the largest map's side
SLANT = (0.36, -0.26)  # where the depth of a solid goes, per px of its side
APART, GAP = 18, 3  # px between two groups of solids, and within one
SIZE, SMALL = 13, 12
# so many solids stand alone; so many still side by side; beyond, one for each size of map
SEPARATE, GROUPED = 10, 24


@dataclass(frozen=True)
class Volume:
    """One solid: its shape (C, h, w), or (units,) for a bar, and the words below it.

    `kernel`: of the convolution or pool that made it, in positions of the one before.
    """

    key: str
    role: str
    shape: tuple[int, ...]
    words: tuple[str, ...]
    kernel: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        return " × ".join(map(str, self.shape))


def volumes(model_or_graph: nn.Module | Graph, *inputs: Any) -> Drawing:
    """Volume diagram of a convolutional network: each feature map a solid, as thick as it has channels.

    Up to ten solids stand alone, each with the window that the next layer slides over it; more are grouped by the
    size of their maps; beyond 24 each size is one solid. Fully connected layers are bars. Sides and thickness are
    drawn as square roots of the true ones, or the last maps could not be seen. `inputs`: as for `trace`.
    Raises `ValueError` for a network without maps, and what `trace` raises.

    >>> from torch import nn
    >>> network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(2))
    >>> volumes(network, (1, 3, 8, 8)).keys
    ('input', '0', '1')
    """
    graph = as_graph(model_or_graph, inputs)
    found = volumes_of(graph)
    solids = [v for v in found if len(v.shape) == 3]
    if len(solids) < 2:
        expected = "a network with several maps (C, h, w)"
        raise ValueError(complaint("model", expected, graph.title, "block_diagram draws it"))
    largest = max(max(v.shape[1:]) for v in solids)
    groups = _groups(found, len(solids) <= SEPARATE)
    shapes: list[Shape] = []
    middle = 30 + TALLEST * (1 - SLANT[1]) / 2
    deepest = middle + TALLEST * (1 - SLANT[1]) / 2 + 24
    x = 16.0
    faces: list = []
    for group in groups:
        x = _draw_group(group, x, middle, deepest, largest, shapes, faces) + APART
    shapes += _windows(found, faces) if len(solids) <= SEPARATE else []
    low = max(shape.bounds[3] for shape in shapes)
    shapes.append(
        Label(
            16,
            low + 24,
            "Sides and thickness are drawn as square roots of the true ones.",
            SMALL,
            "start",
            role="muted",
        )
    )
    words = "; ".join(f"{', '.join(v.words[:-1])}: {v.text}" for v in found)
    alt = f"{graph.title} as volumes (channels × height × width), from left to right. {words}."
    return Drawing(x - APART + 16, low + 44, tuple(shapes), f"Volumes of {graph.title}", alt, zoom=True)


def volumes_of(graph: Graph) -> list[Volume]:
    """The solids of a network in the order of running: its input, convolutions, pools, and linear layers on vectors."""
    first = next((node for node in graph.inputs if len(node.output) == 4), None)
    found = (
        []
        if first is None
        else [Volume("input", "input", first.output[1:], _said("input", "", first.output[1:]))]
    )
    for node in graph.nodes:
        shape = node.output[1:]
        if len(shape) == 3 and node.role in ("conv", "pool"):
            if node.role == "pool" and found and shape == found[-1].shape:
                continue  # an adaptive pool that has nothing to do
            name, size = _named(node)
            found.append(Volume(node.key, node.role, shape, _said(name, size, shape), _window(node)))
        elif len(shape) == 1 and node.role == "linear":
            words = _said("fully connected", "", shape)
            found.append(Volume(node.key, "linear", shape, words))
    if sum(len(v.shape) == 3 for v in found) > GROUPED:
        found = _stages(graph, found)
    return found


def _said(name: str, size: str, shape: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(part for part in (name, size, " × ".join(map(str, shape))) if part)


def _window(node: Node) -> tuple[int, int] | None:
    weight = dict(node.weight_shapes).get("weight", ())
    if len(weight) == 4:
        return weight[2:]
    size = node.detail.split(",")[0].split("×")
    return (int(size[0]), int(size[1])) if len(size) == 2 and all(part.isdigit() for part in size) else None


def _named(node: Node) -> tuple[str, str]:
    """ "convolution" and "11 × 11, stride 4"; "max pool" and "3 × 3, stride 2"."""
    parts = node.detail.split(", ")
    size = parts[0].replace("×", " × ") if "×" in parts[0] else ""
    stride = next((part for part in parts[1:] if part.startswith("stride")), "")
    if node.role == "conv":
        return "convolution", ", ".join(filter(None, (size, stride)))
    name = (
        "max pool" if "max" in node.kind.lower() else "mean pool" if "a" in node.kind.lower() else node.kind
    )
    return name, ", ".join(filter(None, (size, stride)))


def _stages(graph: Graph, found: list[Volume]) -> list[Volume]:
    """One solid for each size of map: its richest result, and how many convolutions give that size."""
    stages: list[Volume] = [v for v in found if v.key == "input"]
    sizes = list(dict.fromkeys(v.shape[1:] for v in found if len(v.shape) == 3 and v.key != "input"))
    for size in sizes:
        inside = [node for node in graph.nodes if len(node.output) == 4 and node.output[2:] == size]
        last = max(
            reversed([n for n in inside if n.kind not in ("input", "output")]), key=lambda n: n.output[1]
        )
        count = sum(node.role == "conv" for node in inside)
        if count == 0:
            words = _said("mean pool" if size == (1, 1) else "pool", "", last.output[1:])
        else:
            words = _said(f"{count} convolution{'s' * (count > 1)}", "", last.output[1:])
        stages.append(Volume(last.key, "conv" if count else "pool", last.output[1:], words))
    return stages + [v for v in found if len(v.shape) == 1]


def _groups(found: list[Volume], separate: bool) -> list[list[Volume]]:
    groups: list[list[Volume]] = []
    for volume in found:
        fits = (
            groups
            and not separate
            and volume.shape[1:] == groups[-1][-1].shape[1:]
            and len(volume.shape) == 3
            and groups[-1][-1].key != "input"  # its shape stands below it
        )
        if fits:
            groups[-1].append(volume)
        else:
            groups.append([volume])
    return groups


def side(length: int, largest: int) -> float:
    """The px of a map's side: TALLEST for the largest of the network, the others by their square roots."""
    return TALLEST * (length / largest) ** 0.5


def thickness(channels: int) -> float:
    """The px of a solid's thickness: 1.5 times the root of its channels."""
    return 1.5 * channels**0.5


def bar(units: int) -> float:
    """The px of the height of a bar for so many units."""
    return min(TALLEST, 3.3 * units**0.5)


def _draw_group(
    group: list[Volume], x: float, middle: float, deepest: float, largest: int, shapes: list, faces: list
) -> float:
    """Draws solids side by side from x on, centered above their words; returns where they end."""
    wide = [thickness(v.shape[0]) if len(v.shape) == 3 else 12 for v in group]
    if len(group[0].shape) == 3:
        height, deep = (side(length, largest) for length in group[0].shape[1:])
    else:
        height, deep = bar(group[0].shape[0]), 12.0
    solid = sum(wide) + GAP * (len(group) - 1) + deep * SLANT[0]
    lines = _lines(group)
    room = max(solid, *(text_width(line, SIZE, row == 0) for row, line in enumerate(lines)))
    at = x + (room - solid) / 2
    for volume, width in zip(group, wide, strict=True):
        corners = _solid(volume, at, middle, width, height, deep, shapes)
        faces.append((volume, corners))
        at += width + GAP
    for row, line in enumerate(lines):
        role = "text" if row == 0 else "muted"
        place = (x + room / 2, deepest + 18 * row)
        shapes.append(Label(*place, line, SIZE, bold=row == 0, role=role, key=group[0].key))
    return x + room


def _lines(group: list[Volume]) -> tuple[str, ...]:
    """The words below a group: of one solid its own, of several the shape, then how many of what."""
    if len(group) == 1:
        *said, shape = group[0].words
        if len(group[0].shape) == 1:
            return (shape, *" ".join(said).split(" "))  # one word below the other: a bar is narrow
        return (shape, *", ".join(said).split(", "))
    lines = [group[-1].text]
    kinds = [volume.words[:-1] for volume in group]
    for kind in dict.fromkeys(kinds):
        count = kinds.count(kind)
        lines += [
            f"{count} × {kind[0]}" if count > 1 else kind[0],
            *(kind[1:] if kind[0] != "max pool" else ()),
        ]
    return tuple(lines)


def _solid(
    volume: Volume, x: float, middle: float, width: float, height: float, deep: float, shapes: list
) -> tuple[tuple[float, float], ...]:
    """Three faces; returns the corners of the right one, which holds the map, from its near top clockwise."""
    dx, dy = deep * SLANT[0], deep * SLANT[1]
    top = middle - (height + dy) / 2
    right, bottom = x + width, top + height
    near_top, far_top, far_bottom, near_bottom = (
        (right, top), (right + dx, top + dy), (right + dx, bottom + dy), (right, bottom),
    )  # fmt: skip
    style: dict[str, Any] = {"role": volume.role, "key": volume.key, "stroke_width": 1.2}
    front = ((x, top), near_top, near_bottom, (x, bottom))
    face = (near_top, far_top, far_bottom, near_bottom)
    shapes += [
        Polygon(front, **style),
        Polygon(((x, top), (x + dx, top + dy), far_top, near_top), **style),
        Polygon(face, **style),
        Polygon(face, role="text", stroke="none", opacity=0.1, key=volume.key),  # in the shade
    ]
    return face


def _windows(found: list[Volume], faces: list) -> list[Shape]:
    """On each map the window of the next layer, and thin lines to the position that it makes."""
    shapes: list[Shape] = []
    corners = {volume.key: face for volume, face in faces}
    over: list[Shape] = []
    for before, after in pairwise(found):
        if len(before.shape) != 3:
            continue
        face = corners[before.key]
        near_top, far_top, _, near_bottom = face
        target = corners[after.key]
        front = (target[0][0] - (thickness(after.shape[0]) if len(after.shape) == 3 else 12), 0)
        middle = (front[0], (target[0][1] + target[3][1]) / 2)
        if after.kernel is None or len(after.shape) == 1:
            ends = [(far_top, (front[0], target[0][1])), (face[2], (front[0], target[3][1]))]
            shapes += [
                Line(pair, role="muted", stroke="#9a9a9a", stroke_width=1, dashed=True) for pair in ends
            ]
            continue
        _, rows, columns = before.shape
        least = 9 / max(1.0, near_bottom[1] - near_top[1])  # px: else a window of 3 x 3 could not be seen
        high, wide = (min(1.0, max(least, k / n)) for k, n in zip(after.kernel, (rows, columns), strict=True))
        across = (far_top[0] - near_top[0], far_top[1] - near_top[1])
        down = near_bottom[1] - near_top[1]

        def spot(u: float, v: float, start=near_top, across=across, down=down) -> tuple[float, float]:
            return (start[0] + u * across[0], start[1] + u * across[1] + v * down)

        u, v = (1 - wide) * 0.55, (1 - high) * 0.5
        window = (spot(u, v), spot(u + wide, v), spot(u + wide, v + high), spot(u, v + high))
        over.append(Polygon(window, role="highlight", stroke_width=1.2, key=before.key))
        over += [Line((window[k], middle), role="skip", stroke_width=1, opacity=0.75) for k in (1, 2)]
    return [*shapes, *over]
