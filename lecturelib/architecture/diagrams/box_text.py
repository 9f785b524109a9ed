"""What a box says and how large it must be for that."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lecturelib.architecture.graph.graph import FailedStep, Graph, Shape
from lecturelib.architecture.graph.mismatch import said_shape
from lecturelib.architecture.layout.blocks import Block
from lecturelib.show.text_metrics import LEADING, shortened, text_width


@dataclass(frozen=True)
class Style:
    """Sizes of the text in px, the room around it, and how much is said.

    `room` stretches the distances between boxes. `lines`: "all", "few" (without shapes and costs), or "one" (title and
    hyperparameters in one line).
    """

    title: float
    detail: float
    small: float
    pad: float
    widest: float
    room: float
    lines: str = "all"


ROOMY = Style(15, 13, 12, 10, 230, 1.0)
REGULAR = Style(13, 11.5, 11, 8, 200, 0.9)
DENSE = Style(11.5, 10.5, 10, 5, 180, 0.7, "few")
TIGHT = Style(10, 9.5, 9, 3, 170, 0.62, "one")
CARD = 3.5  # px from one card of a stack to the next
MET = 4  # shapes that met at a failing step are written into its box
STYLES = (ROOMY, REGULAR, DENSE, TIGHT)


@dataclass(frozen=True)
class TextLine:
    """One line of a box: its text, the size of its letters in px, whether it is bold, and the role of its color."""

    text: str
    size: float
    bold: bool = False
    role: str = "text"

    @property
    def width(self) -> float:
        """In px."""
        return text_width(self.text, self.size, self.bold)


@dataclass(frozen=True)
class BoxText:
    """What a box says, and the room that it takes in px.

    `width` and `height` are the box's own. `side` is the room that it needs at its right (and, to stay in the middle,
    at its left) for "× N" and a loop, `below` the room for the cards behind it.
    """

    lines: tuple[TextLine, ...]
    badge: str
    width: float
    height: float
    side: float
    below: float

    @property
    def room(self) -> tuple[float, float]:
        """(width, height) of all that belongs to the box."""
        return self.width + 2 * self.side, self.height + self.below


def short_number(number: int) -> str:
    """A number with three digits: 23.3 k, 61.1 M, 4.09 G.

    >>> short_number(61_100_840), short_number(999_600), short_number(512)
    ('61.1 M', '1 M', '512')
    """
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


def box_text(block: Block, style: Style, graph: Graph) -> BoxText:
    """The text of a box, cut to the style's widest, with the size of the box around it."""
    lines = tuple(
        replace(line, text=shortened(line.text, style.widest, line.size, line.bold))
        for line in _lines(block, style, graph)
    )
    width = max(line.width for line in lines) + 2 * style.pad + (14 if block.role == "merge" else 6)
    height = sum(line.size * LEADING for line in lines) + 1.4 * style.pad
    badge = count_badge(block)
    side = text_width(badge, style.title, True) + 14 if badge else 22.0 if block.recurrent else 0.0
    return BoxText(lines, badge, max(width, 44.0), height, side, 2 * CARD if badge else 0.0)


def _lines(block: Block, style: Style, graph: Graph) -> list[TextLine]:
    extras = "+ " + ", ".join(block.extras) if block.extras else ""
    shape = shape_text(block.output, graph) if block.output is not None else ""
    ends = block.role in ("input", "output")
    if block.role == "failed" and graph.failure is not None:
        return _failed_lines(block, style, graph.failure)
    if style.lines == "one":
        return [TextLine(f"{block.title} {shape if ends else block.detail}".strip(), style.title, True)]
    everything = style.lines == "all"
    lines = [TextLine(block.title, style.title, True)]
    if ends or block.detail:
        lines.append(TextLine(shape if ends else block.detail, style.detail))
    if extras and (everything or not (ends or block.detail)):
        lines.append(TextLine(extras, style.small, role="muted"))
    if everything and shape and not ends:
        weights = f" · {short_number(block.parameters)} weights" if block.parameters else ""
        lines.append(TextLine(shape + weights, style.small, role="muted"))
    return lines


def _failed_lines(block: Block, style: Style, failure: FailedStep) -> list[TextLine]:
    """What failed, and the shapes that met there."""
    title = block.title if failure.between_steps else f"{block.title} fails"
    lines = [TextLine(title, style.title, True)]
    if style.lines == "one" or block.can_open:
        return lines
    if block.detail:
        lines.append(TextLine(block.detail, style.detail))
    return lines + [
        TextLine(f"{name}: {said_shape(shape)}", style.small) for name, shape in failure.met[:MET]
    ]


def count_badge(block: Block) -> str:
    """ "× 3" where a block stands for several."""
    return f"× {block.count}" if block.count > 1 else ""


def frame_title(block: Block) -> str:
    """The title of a frame: "× 3 BasicBlock: layer1.0 to 2"."""
    name = ": ".join(filter(None, [block.title, block.detail]))
    words = " ".join(filter(None, [count_badge(block), name]))
    return words + (", same weights" if block.same_weights and block.count > 1 else "")
