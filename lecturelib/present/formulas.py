"""TeX formulas as drawings in the text, so that a page needs no script and no network for them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

SIZE = 20  # points at which a formula is laid out; in the page it is as large as the text around it
_FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$(?=\S)([^$\n]*(?:\n[^$\n]+)?)(?<=\S)\$(?!\d)", re.DOTALL)
_CODE = re.compile(r"^(?:```|~~~).*?^(?:```|~~~)|`[^`\n]+`", re.DOTALL | re.MULTILINE)
# What matplotlib's mathtext does not know, in words that it knows.
_WORDS = [
    (r"\\tfrac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}"),
    (r"\\tfrac", r"\\frac"),
    (r"\\[lr]Vert", r"\\Vert"),
    (r"\\[bB]igg?[lr]?\b(?=[^a-zA-Z])", ""),
    (r"\\(?:text|display)style", ""),
    (r"\\sqrt\s+(\w)", r"\\sqrt{\1}"),
    (r"\\([lg])e\b", r"\\\1eq"),
]


def drawn(tex: str, block: bool = False) -> str:
    """One formula as an SVG drawing with its TeX as alternative text; `block`: on a line of its own, larger.

    A formula that cannot be laid out is shown as TeX.
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser
    from matplotlib.textpath import TextPath

    known = " ".join(tex.split())
    for pattern, word in _WORDS:
        known = re.sub(pattern, word, known)
    font = FontProperties(family="DejaVu Sans", math_fontfamily="stix", size=SIZE)
    try:
        width, height, depth, *_ = MathTextParser("path").parse(f"${known}$", 72, font)
        path = TextPath((0, 0), f"${known}$", prop=font)
    except ValueError:
        return f"<code>{html.escape(tex)}</code>"
    # TextPath is in units of `size`; SVG counts downwards.
    letters = {1: "M", 2: "L", 3: "Q", 4: "C", 79: "Z"}
    pieces = [
        letters[code] + " ".join(f"{number:.2f}" for number in points) if code != 79 else "Z"
        for points, code in path.iter_segments(curves=True, simplify=False)
    ]
    box = f"0 {-height:.2f} {width:.2f} {height + depth:.2f}"
    scale = (1.15 if block else 1.05) / SIZE
    style = f"width:{width * scale:.3f}em;height:{(height + depth) * scale:.3f}em;vertical-align:{-depth * scale:.3f}em"
    picture = (
        f'<svg class="formula" role="img" aria-label="{html.escape(tex, quote=True)}" viewBox="{box}" style="{style}">'
        f'<path transform="scale(1,-1)" fill="currentColor" d="{"".join(pieces)}"/></svg>'
    )
    return f'<div class="formula-line">{picture}</div>' if block else picture


def around_formulas(text: str, convert: Callable[[str], str]) -> str:
    """Markdown to HTML by `convert`, with the formulas kept from it and drawn; code is left alone."""
    found: list[str] = []

    def keep(piece: str) -> str:
        found.append(piece)
        return f"FORMULA{len(found) - 1}X"

    def hide(match: re.Match) -> str:
        return keep(drawn(match[1] or match[2], block=match[1] is not None))

    parts, end = [], 0
    for code in _CODE.finditer(text):
        parts += [_FORMULA.sub(hide, text[end : code.start()]), code[0]]
        end = code.end()
    made = convert("".join([*parts, _FORMULA.sub(hide, text[end:])]))
    made = re.sub(r"<p>\s*(FORMULA\d+X)\s*</p>", r"\1", made)
    return re.sub(r"FORMULA(\d+)X", lambda match: found[int(match[1])], made)
