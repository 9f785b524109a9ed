"""The fold explorer: a network as diagram, table and line of code, linked; blocks open by mouse and keys."""

from __future__ import annotations

from functools import lru_cache

from lecturelib.architecture.diagrams.block_diagram import draw_folded
from lecturelib.architecture.diagrams.block_table import block_table
from lecturelib.architecture.diagrams.description import block_words, code_line
from lecturelib.architecture.graph.examples import NAMES, graph_of
from lecturelib.architecture.graph.graph import Graph, ModuleCall
from lecturelib.architecture.layout.blocks import Block, Folded
from lecturelib.architecture.layout.fold import fold
from lecturelib.drawing.compose import moved
from lecturelib.drawing.drawing import Bounds, Box, Drawing, Label, Shape
from lecturelib.show import Picture, Region
from lecturelib.widgets import Choice, Explorable, RegionPicker, Toggle

ROOM = (1000.0, 660.0)  # px for everything
BUTTONS = 42.0  # px: above the table, where the buttons of the zoom are
TABLE, BELOW = 480.0, 212.0  # px: the table's width on the right of the diagram, its height below it


def fold_explorer(network: str = "resnet18") -> Explorable:
    """Open and close the blocks of a network; the block that is picked is found in the table and in the code."""

    def refresh(state: dict) -> dict:
        return {"picked, opened": _parts(state["network"])}

    controls = [
        Choice("network", NAMES, network),
        Toggle("repeats", True, label="equal blocks as “× N”"),
        Toggle("small", True, label="norms and activations inside their layer"),
        Toggle("dark", False, label="dark drawing"),
        _parts(network),
    ]
    presets = {
        "ResNet-18, all folded": {"network": "resnet18", "opened": []},
        "ResNet-18, one residual block": {"network": "resnet18", "opened": ["layer2", "layer2.0"]},
        "VGG16, its convolutions": {"network": "vgg16", "opened": ["features"]},
        "GoogLeNet, one inception block": {"network": "googlenet", "opened": ["inception3a"]},
        "Transformer, one encoder layer": {"network": "transformer", "opened": ["encoder", "encoder.layers.0"]},
    }  # fmt: skip
    return Explorable(_render, controls, "Fold and unfold", presets, refresh)


@lru_cache(maxsize=16)
def _parts(name: str) -> RegionPicker:
    """Everything of a network that can be picked; what can be opened is among it."""
    graph = graph_of(name)
    ends = (f"{node.kind}:{node.key}" for node in (*graph.inputs, *graph.outputs))
    keys = (*graph.keys, *ends)
    return RegionPicker(keys, label="blocks of the diagram")


@lru_cache(maxsize=64)
def _folded(name: str, opened: tuple[str, ...], repeats: bool, small: bool) -> tuple[Folded, Drawing]:
    graph = graph_of(name)
    shown = [call.key for call in graph.calls[1:] if _shows(graph, call, opened)]
    folded = fold(graph, 1, repeats, shown, small)
    return folded, draw_folded(folded)


def _shows(graph: Graph, call: ModuleCall, opened: tuple[str, ...]) -> bool:
    """Whether a module and all that hold it are opened: what is closed hides what is open inside."""
    while call.parent is not None:
        if call.key not in opened:
            return False
        call = graph.calls[call.parent]
    return True


def _render(state: dict) -> Picture:
    opened = state["opened"]
    folded, diagram = _folded(state["network"], opened, state["repeats"], state["small"])
    graph = folded.graph
    picked = _picked(folded, state["picked"])
    beside = _scale(diagram, ROOM[0] - TABLE, ROOM[1]) >= 0.9 * _scale(diagram, ROOM[0], ROOM[1] - BELOW)
    scale = _scale(diagram, ROOM[0] - TABLE, ROOM[1]) if beside else _scale(diagram, ROOM[0], ROOM[1] - BELOW)
    wide, high = diagram.width * scale, diagram.height * scale
    left, top, width = (wide + 20, BUTTONS, TABLE) if beside else (6.0, high + 12, max(wide, ROOM[0]) - 12)
    room = ROOM[1] - top if beside else BELOW
    shapes: list[Shape] = [moved(shape, 0, 0, scale) for shape in diagram.shapes]
    if picked is not None and picked.key in diagram.keys:
        shapes += _mark(diagram, picked, scale)
    rows, table = block_table(folded, picked, left, top, width, room)
    shapes += table
    size = (left + width + 6, max(high, table[-1].bounds[3] + 14) if beside else table[-1].bounds[3] + 14)
    whole = Drawing(*size, tuple(shapes), diagram.title, diagram.alt, state["dark"])
    regions = _regions(folded, diagram, scale, opened, whole) + [
        Region(key, whole.share(box), f"{words}, in the table") for key, box, words in rows
    ]
    said = "Nothing is picked: click a block, or go to the diagram with Tab and on with the arrow keys."
    if picked is not None:
        said = f"Picked: {block_words(picked, graph)}. Code: {code_line(graph, picked)}"
    caption = f"A click or Enter opens a block that holds others, or closes it. {said}"
    alt = f"Block diagram beside its table. {said} {diagram.alt}"
    return Picture(whole.svg(), alt, caption, round(whole.width), regions=tuple(regions), zoom=True)


def _scale(diagram: Drawing, width: float, height: float) -> float:
    return min(1.0, width / diagram.width, height / diagram.height)


def _picked(folded: Folded, key: str) -> Block | None:
    """The block that shows a key now: itself, or the closed one that holds it."""
    while key:
        for _, block in folded.walk():
            if key == block.key or key in block.keys:
                return block
        key = key.rpartition(".")[0]
    return None


def _mark(diagram: Drawing, block: Block, scale: float) -> list[Shape]:
    left, top, right, bottom = (value * scale for value in diagram.region(block.key))
    return [
        Box(
            left - 4,
            top - 4,
            right - left + 8,
            bottom - top + 8,
            9,
            fill="none",
            role="highlight",
            stroke_width=3.5,
        )
    ]


def _heading_box(diagram: Drawing, block: Block) -> Bounds:
    """Where an open block is clicked: its own words, not what it holds."""
    for shape in diagram.shapes:
        if isinstance(shape, Label) and shape.key == block.key:
            left, top, right, bottom = shape.bounds
            return left - 6, top - 5, right + 6, bottom + 5
    return diagram.region(block.key)


def _regions(
    folded: Folded, diagram: Drawing, scale: float, opened: tuple[str, ...], whole: Drawing
) -> list[Region]:
    """The places of the diagram that can be clicked, in the order of running."""
    regions = []
    for _, block in folded.walk():
        if block.kind == "repeat" or block.key not in diagram.keys:
            continue
        held = [key for key in block.keys if key in opened]  # the outermost first: it closes what is open
        closed = block.can_open and not block.inner
        key = held[0] if held and not closed else block.key
        box = _heading_box(diagram, block) if block.inner else diagram.region(block.key)
        state = False if closed else True if held else None
        words = block_words(block, folded.graph)
        left, top, right, bottom = box
        place = whole.share((left * scale, top * scale, right * scale, bottom * scale))
        regions.append(Region(key, place, words, state))
    return regions
