"""The one font of all drawings and pictures: what of a text can be drawn, and how wide it is.

DejaVu Sans is measured and drawn, the sans-serif that comes with matplotlib, so that every machine gives the same
picture. Where a browser has another font, a drawing squeezes its text to the measured width.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

LEADING = 1.3  # from one line of text to the next, in sizes of the letters
_MEASURED = 200  # px: the size at which widths are measured; at this size hinting moves nothing

# All that Unicode or a text engine takes for the end of a line or paragraph.
_BREAKS = re.compile("\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
# What XML 1.0 forbids (control characters, lone surrogates, U+FFFE, U+FFFF), and the control characters that it allows.
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def prepared_text(text: str) -> str:
    r"""Text that every renderer can draw: lines end in "\n", tabs are spaces, undrawable characters become U+FFFD.

    Raster titles, SVG labels, matplotlib labels and alt texts all pass through here. What is replaced are control
    characters, lone surrogates and the two noncharacters that XML forbids; all other Unicode stays.

    >>> prepared_text("two\r\nlines\x85three\tcolumns\x07")
    'two\nlines\nthree columns�'
    """
    if text.isascii() and text.isprintable():
        return text
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", _BREAKS.sub("\n", text).replace("\t", " "))


def text_lines(text: str) -> list[str]:
    r"""The lines of a prepared text, at least one.

    >>> text_lines("a class\u2028with two names")
    ['a class', 'with two names']
    """
    return prepared_text(text).split("\n")


def one_line(text: str) -> str:
    r"""A prepared text with a space for each line break, for places that hold one line.

    >>> one_line("two\nlines")
    'two lines'
    """
    return prepared_text(text).replace("\n", " ")


def escaped(text: str) -> str:
    """A prepared text for the content or a quoted attribute of SVG and HTML.

    >>> escaped('a < b & "c"')
    'a &lt; b &amp; &quot;c&quot;'
    """
    return html.escape(prepared_text(text), quote=True)


@lru_cache(maxsize=4)
def font_file(bold: bool = False) -> Path:
    """The file of DejaVu Sans within matplotlib, found without importing it.

    >>> font_file(bold=True).name
    'DejaVuSans-Bold.ttf'
    """
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("matplotlib is not installed: run `make lab`, or `pip install matplotlib`")
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / name


@lru_cache
def font(size: int, bold: bool = False) -> FreeTypeFont:
    """Pillow's font object for letters of `size` pixels."""
    from PIL import ImageFont

    return ImageFont.truetype(str(font_file(bold)), size)


@lru_cache(maxsize=20_000)
def _unit_width(line: str, bold: bool) -> float:
    return font(_MEASURED, bold).getlength(line) / _MEASURED


def text_width(text: str, size: float = 13, bold: bool = False) -> float:
    r"""The width of a text in pixels, that of its longest line where it has several.

    >>> text_width("wide\nwider", 10) == text_width("wider", 10)
    True
    """
    return max(_unit_width(line, bold) for line in text_lines(text)) * size


def shortened(text: str, width: float, size: float = 13, bold: bool = False) -> str:
    """The text as one line, or as much of its start as fits into `width` pixels, with an ellipsis.

    Empty where not even that fits.

    >>> shortened("a rather long name", 60, 12)
    'a rathe…'
    """
    text = one_line(text)
    if text_width(text, size, bold) <= width:
        return text
    if text_width("…", size, bold) > width:
        return ""
    low, high = 0, len(text)
    while high - low > 1:
        middle = (low + high) // 2
        fits = text_width(text[:middle] + "…", size, bold) <= width
        low, high = (middle, high) if fits else (low, middle)
    return text[:low].rstrip() + "…"


def wrapped(text: str, width: float, size: float = 13, bold: bool = False) -> list[str]:
    """The text in lines of at most `width` pixels, broken between words; a longer word is shortened.

    >>> wrapped("the shapes that met", 80, 12)
    ['the shapes', 'that met']
    """
    lines: list[str] = []
    for word in one_line(text).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold) <= width:
            lines[-1] = longer
        else:
            lines.append(shortened(word, width, size, bold))
    return lines
