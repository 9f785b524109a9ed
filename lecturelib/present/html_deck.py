"""`python -m lecturelib slides 04`: a part, run and frozen, as slides in one file of HTML that needs nothing else."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

import nbformat

from lecturelib.present.formulas import around_formulas
from lecturelib.present.pages import heading_of, kind_of, pages_of

HERE = Path(__file__).resolve().parent
TIMEOUT = 300  # seconds for one cell
_FREEZE = "from lecturelib.present.explorable_frames import show_last; show_last()"


def write(notebook: Path, to: str | Path | None = None, progress=None) -> Path:
    """Runs a notebook in a kernel of its own and writes it as slides; returns the file. The notebook is left as it is.

    Cells that fail show their error on their page, as on stage, and are named on stderr.
    """
    to = Path(to) if to is not None else Path("build") / "slides" / f"{notebook.stem}.html"
    source = nbformat.read(notebook, as_version=4)
    failed = run(source, notebook.parent, progress or _say)
    for name in failed:
        print(f"cell {name!r} failed: its page shows the error", file=sys.stderr)
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(page(source, notebook.stem), encoding="utf-8")
    return to


def run(notebook, folder: Path, progress=lambda done, total: None) -> list[str]:
    """Runs all cells in place, and freezes each explorable into frames; returns the ids of the cells that failed."""
    from nbclient import NotebookClient

    where = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook, timeout=TIMEOUT, allow_errors=True, coalesce_streams=True, resources=where
    )
    failed = []
    with client.setup_kernel():
        for k, cell in enumerate(notebook.cells):
            progress(k + 1, len(notebook.cells))
            if cell.cell_type != "code":
                continue
            client.execute_cell(cell, k)
            if any(output.output_type == "error" for output in cell.outputs):
                failed.append(cell.get("id", str(k)))
            if any("ll-static" in output.get("data", {}).get("text/html", "") for output in cell.outputs):
                asked = nbformat.v4.new_code_cell(_FREEZE)
                client.execute_cell(asked, k, store_history=False)
                notebook.cells[k] = cell  # the client puts what it runs into the notebook
                frozen = [output for output in asked.outputs if "data" in output]
                if frozen:
                    cell.outputs = [one for one in cell.outputs if not _belongs_to_explorable(one)] + frozen
    return failed


def page(notebook, name: str) -> str:
    """A notebook that ran, as one page of HTML with its own style and script."""
    cells = notebook.cells
    sections, running = [], ""
    for number, one in enumerate(pages_of(kind_of(cell) for cell in cells), 1):
        own = heading_of(one, cells)
        top = re.search(
            r"^#{1,2} +(.+)$",
            "\n".join(cells[k].source for k in one.cells if cells[k].cell_type == "markdown"),
            re.M,
        )
        running = re.sub(r"[*_`]", "", top[1]).strip() if top else running
        head = "" if own else f'<p class="section">{html.escape(running)}</p>'
        steps = "".join(
            f'<div class="step">{"".join(_cell(cells[k]) for k in step)}</div>' for step in one.steps
        )
        label = html.escape(own or running or f"page {number}", quote=True)
        sections.append(f'<section class="page" id="{number}" aria-label="{label}">{head}{steps}</section>')
    title = heading_of(pages_of(kind_of(cell) for cell in cells)[0], cells) or name
    style, script = ((HERE / f"html_deck.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{style}\n{_highlighting()}</style></head>\n'
        f"<body><main>{''.join(sections)}</main>"
        '<nav aria-label="Slides"><button type="button" id="back" aria-label="Previous">‹</button>'
        '<output id="place"></output><button type="button" id="on" aria-label="Next">›</button></nav>'
        f"<script>{script}</script></body></html>\n"
    )


def _cell(cell) -> str:
    from nbconvert.filters import markdown2html_mistune

    if cell.cell_type == "markdown":
        made = around_formulas(cell.source, markdown2html_mistune)
        return f'<div class="text">{re.sub(r"<a[^>]*anchor-link[^>]*>.*?</a>", "", made)}</div>'
    if cell.cell_type != "code" or not cell.source.strip():
        return ""
    quiet = "hide-input" in cell.metadata.get("tags", ())
    code = "" if quiet else f'<div class="code">{_coloured(cell.source)}</div>'
    return code + "".join(_output(output) for output in cell.outputs)


def _output(output) -> str:
    from nbconvert.filters import ansi2html

    if output.output_type == "stream":
        return f"<pre>{ansi2html(output.text)}</pre>"
    if output.output_type == "error":
        return f'<pre class="failed">{ansi2html(chr(10).join(output.traceback))}</pre>'
    data = output.get("data", {})
    if "application/vnd.jupyter.widget-view+json" in data and "text/html" not in data:
        return ""  # a control without a kernel; what it shows comes as frames
    if "text/html" in data:
        return f'<div class="output">{data["text/html"]}</div>'
    if "image/svg+xml" in data:
        return f'<div class="output">{data["image/svg+xml"]}</div>'
    if "image/png" in data:
        return f'<div class="output"><img alt="" src="data:image/png;base64,{data["image/png"]}"></div>'
    return f"<pre>{html.escape(data.get('text/plain', ''))}</pre>"


def _belongs_to_explorable(output) -> bool:
    data = output.get("data", {})
    return "application/vnd.jupyter.widget-view+json" in data or "ll-static" in data.get("text/html", "")


def _coloured(source: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return highlight(source, PythonLexer(), HtmlFormatter())


def _highlighting() -> str:
    from pygments.formatters import HtmlFormatter

    return HtmlFormatter(style="default").get_style_defs(".highlight")


def _say(done: int, total: int) -> None:
    end = "\n" if done == total else ""
    print(f"\rrunning cell {done} of {total}", end=end, file=sys.stderr, flush=True)
