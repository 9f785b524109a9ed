"""What feedback and report share: one HTML page that needs nothing else, light and dark, readable without color."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lecturelib.grading.wording import visible
from lecturelib.show.text_metrics import escaped

SIGNS = {
    "ok": ("✓", "right", "good"),
    "partial": ("◐", "partly right", "part"),
    "wrong": ("✗", "not right", "bad"),
    "error": ("!", "error in the code", "bad"),
    "timeout": ("!", "time was over", "bad"),
    "memory": ("!", "too much memory or disk", "bad"),
    "crashed": ("!", "the process ended", "bad"),
    "malformed": ("✗", "not readable", "bad"),
    "missing": ("○", "no answer", "open"),
    "tampered": ("⚑", "looked at by a person", "bad"),
    "ungraded": ("?", "not graded yet", "open"),
    "by hand": ("✎", "marked by hand", "good"),
}
STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --page: #ffffff; --card: #f6f8fa; --line: #d0d7de;
  --good: #0a6b3d; --part: #7a5200; --bad: #a3262a; --open: #57606a; --bar: #0072b2; --link: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9da7b1; --page: #0d1117; --card: #161b22;
  --line: #3d444d; --good: #56d364; --part: #e3b341; --bad: #ff8a80; --open: #9da7b1;
  --bar: #56b4e9; --link: #79b8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1.05rem; margin: 1.2rem 0 .3rem; } p { margin: .4rem 0; }
.soft { color: var(--soft); } a { color: var(--link); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .8rem 1rem; margin: .8rem 0; }
.card h2, .card h3 { margin-top: 0; }
.status { font-weight: 600; } .good { color: var(--good); } .part { color: var(--part); } .bad { color: var(--bad); }
.open { color: var(--open); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .95rem; }
caption { text-align: left; color: var(--soft); padding: .2rem 0; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: break-word; }
th { font-weight: 600; } td.number, th.number { text-align: right; } td.number { white-space: nowrap; }
th[scope="row"] { min-width: 7.5rem; overflow-wrap: break-word; } th.number { overflow-wrap: normal; }
td.bar { width: 40%; min-width: 6rem; } td.bar:not(:last-child) { width: 16%; }
.bar div { background: var(--bar); height: 1rem; border-radius: 2px; }
:target { outline: 3px solid var(--link); outline-offset: 4px; }
@media print { body { max-width: none; } a { color: inherit; text-decoration: none; } }
"""


def shown(text: str) -> str:
    """A text as HTML shows it: visible characters only, escaped.

    >>> shown("<b>")
    '&lt;b&gt;'
    """
    return escaped(visible(text))


def page(title: str, body: Iterable[str]) -> str:
    """One whole page.

    >>> page("Marks", ["<p>none</p>"])[:15]
    '<!DOCTYPE html>'
    """
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    safe = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    inside = "\n".join(body)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>{head}{safe}\n<title>{shown(title)}</title>\n'
        f"<style>{STYLE}</style></head>\n<body>\n<main>\n{inside}\n</main>\n</body>\n</html>\n"
    )


def status_words(status: str) -> str:
    """A status as a sign and words, in its color.

    >>> status_words("ok")
    '<span class="status good"><span aria-hidden="true">✓</span> right</span>'
    """
    sign, words, tone = SIGNS.get(status, ("?", status, "open"))
    return f'<span class="status {tone}"><span aria-hidden="true">{sign}</span> {shown(words)}</span>'


def number(value: float) -> str:
    """A number of points as people write it.

    >>> number(2.0), number(1.25)
    ('2', '1.25')
    """
    return f"{round(float(value), 2):g}"


def table(
    caption: str, heading: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()
) -> str:
    """A table with a caption; cells are HTML already, columns in `numbers` are set to the right, one with a
    bar has no heading.

    >>> table("Marks", ["student"], [["ana"]])[:44]
    '<div class="scroll"><table><caption>Marks</c'
    """
    kinds = [' class="number"' if place in numbers else "" for place in range(len(heading))]
    head = "".join(
        f'<th scope="col"{kind}>{shown(name)}</th>' if name else '<td aria-hidden="true"></td>'
        for name, kind in zip(heading, kinds, strict=True)
    )
    lines = []
    for row in rows:
        first = f'<th scope="row"{kinds[0]}>{row[0]}</th>'
        rest = "".join(
            cell if cell.startswith("<td") else f"<td{kind}>{cell}</td>"
            for cell, kind in zip(row[1:], kinds[1:], strict=True)
        )
        lines.append(f"<tr>{first}{rest}</tr>")
    return (
        f'<div class="scroll"><table><caption>{shown(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def bar(share: float) -> str:
    """A cell with a bar for a share from 0 to 1; the number beside it says the same.

    >>> bar(0.5)
    '<td class="bar" aria-hidden="true"><div style="width: 50%"></div></td>'
    """
    width = f"{max(0.0, min(1.0, share)) * 100:.0f}%"
    return f'<td class="bar" aria-hidden="true"><div style="width: {width}"></div></td>'
