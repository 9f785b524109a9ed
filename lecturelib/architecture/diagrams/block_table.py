"""A table of the blocks of a diagram, with the line of code of the one that is picked, as pieces of a drawing."""

from __future__ import annotations

from lecturelib.architecture.diagrams.box_text import shape_text, short_number
from lecturelib.architecture.diagrams.description import code_line
from lecturelib.architecture.graph.graph import Graph
from lecturelib.architecture.layout.blocks import Block, Folded
from lecturelib.drawing.shapes import Bounds, Box, Label, Line, Shape
from lecturelib.show.text_metrics import shortened, text_width

ROW, HEAD = 23.0, 92.0  # px: one line of the table, and what stands above them
SHARES = (0.0, 0.42, 0.65, 0.81)  # where the columns begin
TITLES = ("block", "output", "weights", "mult.-adds")
TEXT, SMALL = 13, 11
INDENT = 12  # px for each level of frames

Row = tuple[str, Bounds, str]  # the key of a block, where its row lies, its words


def block_table(
    folded: Folded, picked: Block | None, left: float, top: float, width: float, height: float
) -> tuple[list[Row], list[Shape]]:
    """The rows that fit into the height, around the picked block, and all pieces of the table; sizes in px."""
    shapes = _code(folded.graph, picked, left, top, width)
    columns = [left + share * width + 8 for share in SHARES]
    head = top + 54
    shapes += [
        Label(x, head, title, TEXT, "start", bold=True) for x, title in zip(columns, TITLES, strict=True)
    ]
    shapes.append(Line(((left, head + 13), (left + width, head + 13)), role="grid"))
    blocks = [(depth, block) for depth, block in folded.walk() if block.kind != "repeat"]
    shown = _around(blocks, picked, int((height - HEAD) // ROW))
    rows: list[Row] = []
    y = head + 27
    for depth, block in shown:
        if picked is not None and block.key == picked.key:
            shapes.append(Box(left, y - ROW / 2, width, ROW, 4, role="highlight", stroke_width=1))
        shapes += _cells(folded.graph, block, columns, depth * INDENT, y)
        rows.append((block.key, (left, y - ROW / 2, left + width, y + ROW / 2), _name(block)))
        y += ROW
    if len(blocks) > len(rows):
        words = f"and {len(blocks) - len(rows)} more blocks; the table follows the block that is picked"
        shapes.append(Label(left + 8, y + 2, words, 12, "start", role="muted"))
    return rows, shapes


def _code(graph: Graph, picked: Block | None, left: float, top: float, width: float) -> list[Shape]:
    code = code_line(graph, picked) if picked is not None else "pick a block: its line of code stands here"
    size = TEXT if text_width(code, TEXT) < width - 20 else SMALL
    role, text = "text" if picked else "muted", shortened(code, width - 20, size)
    return [
        Box(left, top, width, 32, 5, role="frame"),
        Label(left + 10, top + 16, text, size, "start", role=role),
    ]


def _around(blocks: list[tuple[int, Block]], picked: Block | None, most: int) -> list[tuple[int, Block]]:
    start = 0
    if len(blocks) > most and picked is not None:
        place = next(k for k, (_, block) in enumerate(blocks) if block.key == picked.key)
        start = min(max(0, place - most // 2), len(blocks) - most)
    return blocks[start : start + most]


def _name(block: Block) -> str:
    return f"{block.title} {block.detail}".strip() + (f"  × {block.count}" if block.count > 1 else "")


def _cells(graph: Graph, block: Block, columns: list[float], indent: float, y: float) -> list[Shape]:
    room = columns[1] - columns[0] - indent - 10
    output = shape_text(block.output, graph) if block.output is not None else ""
    texts = (
        shortened(_name(block), room, TEXT, block.can_open),
        shortened(output, columns[2] - columns[1] - 8, TEXT),
        short_number(block.parameters) if block.parameters else "",
        short_number(block.multiply_adds) if block.multiply_adds else "",
    )
    return [
        Label(x + (indent if k == 0 else 0), y, text, TEXT, "start", block.can_open and k == 0)
        for k, (x, text) in enumerate(zip(columns, texts, strict=True))
        if text
    ]
