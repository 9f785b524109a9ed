"""`python -m lecturelib present 04`: JupyterLab on one notebook, with the deck started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from lecturelib.checks import complaint

HERE = Path(__file__).resolve().parent
SHARE = HERE  # Jupyter looks for extensions in a folder `labextensions` here
CONFIG = HERE / "etc" / "jupyter"  # JupyterLab's settings for a presentation
PREPARED = "LECTURELIB_PREPARED"  # read by lecturelib.widgets.prepared in the kernel


def find(part: str) -> Path:
    """The notebook of a part ("04", "4" or "07a"), or the notebook at a path.

    Raises `FileNotFoundError` with the parts that there are.
    """
    given = Path(part)
    if given.suffix == ".ipynb":
        if not given.is_file():
            raise FileNotFoundError(complaint("part", "a notebook that is there", part))
        return given.resolve()
    folders = [Path.cwd() / "notebooks", Path.cwd(), HERE.parent.parent / "notebooks"]
    found: dict[str, Path] = {}
    for folder in reversed(folders):
        found |= {path.name.split("_")[0]: path for path in folder.glob("[0-9][0-9]*_*.ipynb")}
    number = part.zfill(2 if part.isdigit() else 3)  # 4 is 04, 7a is 07a
    if number not in found:
        there = (
            f"known: {', '.join(sorted(found))}"
            if found
            else "run this in the course's folder, or name a notebook"
        )
        raise FileNotFoundError(complaint("part", "the number of a part", repr(part), there))
    return found[number].resolve()


def environment(base: Mapping[str, str], prepared: str | None = None) -> dict[str, str]:
    """The variables under which JupyterLab finds the extension and the settings of this package, before all others."""
    made = dict(base)
    for name, place in (("JUPYTER_PATH", SHARE), ("JUPYTER_CONFIG_PATH", CONFIG)):
        made[name] = os.pathsep.join(filter(None, [str(place), base.get(name, "")]))
    if prepared is not None:
        made[PREPARED] = str(Path(prepared).resolve())
    return made


def command(notebook: Path, run: bool = True, options: tuple[str, ...] = ()) -> list[str]:
    """The command that opens the deck on a notebook; `run`: all its cells too; `options` go to JupyterLab."""
    # What to present goes into the page's settings, not into the address: Jupyter ends the address with a token.
    address = f"/doc/tree/{quote(notebook.name)}"
    settings = {"page_config_data": {"lecturelibPresent": {"notebook": address, "run": run}}}
    return [
        *(sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={notebook.parent}"),
        *(f"--ServerApp.tornado_settings={settings!r}", f"--LabApp.default_url={address}", *options),
    ]


def present(part: str, run: bool = True, prepared: str | None = None, options: tuple[str, ...] = ()) -> int:
    """Opens a part as slides and waits until JupyterLab ends; returns its exit code."""
    notebook = find(part)
    if prepared is not None:
        from lecturelib.widgets.prepared import read

        read(prepared)  # what is wrong with it is said now, not on stage
    started = command(notebook, run, options)
    variables = environment(os.environ, prepared)
    print(f"{notebook.name}: H shows the keys, Q leaves the slides, Ctrl-C here ends JupyterLab.", flush=True)
    if os.name == "nt":
        return subprocess.call(started, env=variables, cwd=notebook.parent)
    os.chdir(notebook.parent)
    os.execve(started[0], started, variables)  # Ctrl-C goes straight to JupyterLab
    return 1
