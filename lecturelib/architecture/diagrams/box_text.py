"""What a box says and how large it must be for that."""

from __future__ import annotations

from dataclasses import dataclass

from lecturelib.architecture.graph.graph import Graph, Shape
from lecturelib.architecture.layout.blocks import Block
from lecturelib.show.text_metrics import shortened, text_width


@dataclass(frozen=True)
class Style:
    """Sizes of the text in px, the room around it, and how much is said."""

    title: float
    detail: float
    small: float
    pad: float
    widest: float
    room: float  # how far apart boxes stand
    lines: str = "all"  # "all", "few": without shapes and costs; "one": title and hyperparameters in one line


ROOMY = Style(15, 13, 12, 10, 230, 1.0)
REGULAR = Style(13, 11.5, 11, 8, 200, 0.9)
DENSE = Style(11.5, 10.5, 10, 5, 180, 0.7, "few")
TIGHT = Style(10, 9.5, 9, 3, 170, 0.62, "one")
CARD = 3.5  # px from one card of a stack to the next
STYLES = (ROOMY, REGULAR, DENSE, TIGHT)

Line = tuple[str, float, bool, str]  # text, size, bold, role


def amount(number: int) -> str:
    """A number as a reader takes it in: 23.3 k, 61.1 M, 4.09 G."""
    for limit, sign in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= 0.9995 * limit and number >= 1000:  # 999,600 is 1 M, not 1000 k
            return f"{number / limit:.3g} {sign}"
    return str(number)


def shape_text(shape: Shape, graph: Graph) -> str:
    """A shape as 64×56×56, without the batch where a single example ran."""
    first = graph.inputs[0].output if graph.inputs else ()
    if len(shape) > 1 and shape[0] == 1 and first[:1] == (1,):
        shape = shape[1:]
    return "×".join(map(str, shape)) or "1"


def face(block: Block, style: Style, graph: Graph) -> list[Line]:
    """The lines of text of a box."""
    extras = "+ " + ", ".join(block.extras) if block.extras else ""
    shape = shape_text(block.output, graph) if block.output is not None else ""
    if block.role in ("input", "output"):
        lines = [(block.title, style.title, True, "text"), (shape, style.detail, False, "text")]
        lines += [(extras, style.small, False, "muted")] if extras and style.lines == "all" else []
        return (
            [_fitted(line, style) for line in lines]
            if style.lines != "one"
            else [_fitted((f"{block.title} {shape}", style.title, True, "text"), style)]
        )
    if style.lines == "one":
        return [_fitted((f"{block.title} {block.detail}".strip(), style.title, True, "text"), style)]
    lines = [(block.title, style.title, True, "text")]
    if block.detail:
        lines.append((block.detail, style.detail, False, "text"))
    if style.lines == "all" or not block.detail:
        lines += [(extras, style.small, False, "muted")] if extras else []
    if style.lines == "all" and shape:
        costs = f"{shape}" + (f" · {amount(block.parameters)} weights" if block.parameters else "")
        lines.append((costs, style.small, False, "muted"))
    return [_fitted(line, style) for line in lines]


def _fitted(line: Line, style: Style) -> Line:
    text, size, bold, role = line
    return (shortened(text, style.widest, size, bold), size, bold, role)


def badge(block: Block) -> str:
    """ "× 3" where a block stands for several."""
    return f"× {block.count}" if block.count > 1 else ""


def face_size(block: Block, style: Style, graph: Graph) -> tuple[float, float]:
    """(width, height) of the box itself."""
    lines = face(block, style, graph)
    width = max(text_width(text, size, bold) for text, size, bold, _ in lines) + 2 * style.pad + 6
    height = sum(size * 1.3 for _, size, _, _ in lines) + 1.4 * style.pad
    if block.role == "merge":
        width += 8
    return max(width, 44.0), height


def side_room(block: Block, style: Style) -> float:
    """What a box needs at its right (and, to stay in the middle, at its left) for "× N" and a loop."""
    room = text_width(badge(block), style.title, True) + 14 if block.count > 1 else 0.0
    return room + (22.0 if block.recurrent and block.count == 1 else 0.0)


def cards_room(block: Block) -> float:
    """The room below a box for the cards behind it."""
    return 2 * CARD if block.count > 1 else 0.0


def frame_title(block: Block) -> str:
    """What is written at a frame."""
    name = ": ".join(filter(None, [block.title, block.detail]))
    words = " ".join(filter(None, [badge(block), name]))
    return words + (", same weights" if block.same_weights and block.count > 1 else "")
