"""`python -m lecturelib slides 04`: a part, run and frozen, as slides in one file of HTML that needs nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat

from lecturelib.checks import complaint
from lecturelib.files import write_whole
from lecturelib.present.pages import Page, kind_of, pages_of

TIMEOUT = 300  # seconds for one cell
_FREEZE = "from lecturelib.present.explorable_frames import show_last; show_last()"


def write(notebook: Path, to: str | Path | None = None, progress=None) -> Path:
    """Runs a notebook in a kernel of its own and writes it as slides; returns the file. The notebook is left as it is.

    Cells that fail show their error on their page, as on stage, and are named on stderr. Raises `ValueError` where no
    cell is shown.
    """
    to = Path(to) if to is not None else Path("build") / "slides" / f"{notebook.stem}.html"
    source = nbformat.read(notebook, as_version=4)
    _pages(source, notebook.name)  # nothing is run for an empty deck
    failed = run(source, notebook.parent, progress or _say)
    for name in failed:
        print(f"cell {name!r} failed: its page shows the error", file=sys.stderr)
    return write_whole(to, page(source, notebook.stem, notebook.parent))


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


def page(notebook, name: str, folder: Path = Path()) -> str:
    """A notebook that ran, as one page of HTML with its own style and script; pictures come from its folder."""
    from lecturelib.present.deck_exporter import DeckExporter

    return DeckExporter().deck(notebook, _pages(notebook, name), name, folder)


def _pages(notebook, name: str) -> list[Page]:
    pages = pages_of(kind_of(cell) for cell in notebook.cells)
    if not pages:
        raise ValueError(
            complaint(name, "at least one cell that is shown", "none", "notes and skipped cells make no page")
        )
    return pages


def _belongs_to_explorable(output) -> bool:
    data = output.get("data", {})
    return "application/vnd.jupyter.widget-view+json" in data or "ll-static" in data.get("text/html", "")


def _say(done: int, total: int) -> None:
    end = "\n" if done == total else ""
    print(f"\rrunning cell {done} of {total}", end=end, file=sys.stderr, flush=True)
