"""`python -m lecturelib present`: a fresh server each time, widgets alive each time; what stands without a kernel."""

import contextlib
import os
import re
import subprocess
import time
import urllib.request

import pytest
from browser_lab import NotebookPage
from browser_stage import Stage

from lecturelib.present import live_slides

TIMES = 10
TOKEN = "t0ken"
CELLS = [
    ("slide", "# Widgets"),
    ("-", "import ipywidgets\nipywidgets.IntSlider(value=3, description='k')"),
    ("-", "ipywidgets.IntSlider(value=4, description='m')"),
    ("slide", "# Picture"),
    ("-", "print('ran to its end')"),
]
EXPLORABLE = """
import numpy as np
from lecturelib.show import picture
from lecturelib.widgets import Explorable, Slider
shade = lambda s: picture(np.full((9, 9), s["k"] / 9), alt=f"shade {s['k']}", width=200)
Explorable(shade, [Slider("k", 0, 9)], "Shades")
"""


def write(path, cells, kernel="python3"):
    import nbformat

    made = nbformat.v4.new_notebook()
    made.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
    for kind, source in cells:
        new = nbformat.v4.new_markdown_cell if source.startswith("#") else nbformat.v4.new_code_cell
        made.cells.append(new(source.strip(), metadata={"slideshow": {"slide_type": kind}}))
    nbformat.write(made, path)
    return made


@contextlib.contextmanager
def presented(notebook, home, *, run=True, token=""):
    """The product's own command, without its browser; yields the address that it would open."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ("--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0")
    options += (
        f"--IdentityProvider.token={token}",
        "--ServerApp.password=",
        "--ServerApp.disable_check_xsrf=True",
    )
    own = {f"{name}_DIR": str(home / name) for name in ("JUPYTER_CONFIG", "JUPYTER_RUNTIME", "JUPYTER_DATA")}
    own |= {f"JUPYTERLAB_{name}_DIR": str(home / name) for name in ("SETTINGS", "WORKSPACES")}
    command = live_slides.command(notebook, run, options)
    with (home / "log").open("w") as log:
        environment = live_slides.environment({**os.environ, **own, "IPYTHONDIR": str(home / "ipython")})
        server = subprocess.Popen(command, env=environment, cwd=notebook.parent, stdout=log, stderr=log)
        try:
            (opened,) = (
                part.split("=", 1)[1] for part in command if part.startswith("--LabApp.default_url=")
            )
            yield f"http://127.0.0.1:{port}", opened
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def wait_for(address, seconds=180, token=""):
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(f"{address}/api/status?token={token}", timeout=2).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture
def stage_on(_server_and_browser):
    """Opens an address in a window of its own and waits for the deck."""
    contexts = []

    def open_(address, path):
        context = _server_and_browser.browser.new_context(viewport={"width": 1280, "height": 720})
        contexts.append(context)
        stage = Stage(NotebookPage(context, address))
        stage.page.set_default_timeout(120_000)
        stage.page.goto(f"{address}{path}")
        stage.waits(120)
        return stage

    yield open_
    for context in contexts:
        context.close()


def test_widgets_live_on_ten_fresh_servers_in_a_row(tmp_path, stage_on):
    """The first opens by the address that it prints, with a token; there, a reload after leaving opens no slides."""
    plain, spaced = tmp_path / "fresh.ipynb", tmp_path / "my fresh.ipynb"
    write(plain, CELLS)
    before = plain.read_bytes()
    spaced.write_bytes(before)
    with contextlib.ExitStack() as waiting:
        ready = []
        for k in range(TIMES):
            while (
                len(ready) < 2 and k + len(ready) < TIMES
            ):  # the next one starts while this one is looked at
                home = tmp_path / f"home{k + len(ready)}"
                home.mkdir()
                given = (spaced, home) if k + len(ready) == 0 else (plain, home)
                one = contextlib.ExitStack()  # so that each ends when it was looked at
                waiting.push(one)
                token = TOKEN if k + len(ready) == 0 else ""
                ready.append((one, *one.enter_context(presented(*given, token=token))))
            server, address, path = ready.pop(0)
            wait_for(address, token="" if k else TOKEN)
            stage = stage_on(address, path if k else printed(tmp_path / "home0", address))
            stage.page.locator(".jp-Cell:not(.ll-deck-away) .noUi-handle").nth(1).wait_for()
            stage.rests()
            handle = stage.page.locator(".noUi-handle").first
            handle.focus()
            stage.press("ArrowRight")
            assert handle.get_attribute("aria-valuenow") == "4.0" and stage.number == 1, f"server {k + 1}"
            stage.press("PageDown")
            assert "ran to its end" in stage.shown
            assert stage.notebook.complaints() == []
            if k == 0:
                leave_and_reload(stage)
            stage.page.context.close()
            server.close()
    assert plain.read_bytes() == spaced.read_bytes() == before  # nothing is saved by itself


def printed(home, address):
    """The path that the server prints, which ends with a token."""
    (said,) = set(re.findall(r"http://127\.0\.0\.1:\d+/\S+", (home / "log").read_text()))
    assert said.count("?") == 1 and said.endswith("?token=...")
    return said.removeprefix(address).replace("...", TOKEN)


def leave_and_reload(stage):
    stage.press("q")
    stage.page.reload()
    stage.page.locator(".jp-Notebook").wait_for()
    stage.page.wait_for_timeout(1500)
    assert stage.page.locator(".ll-deck-away").count() == 0


def test_pictures_stand_where_no_kernel_can_be_had(tmp_path, _server_and_browser, stage_on):
    import nbformat
    from nbclient import NotebookClient

    lab = _server_and_browser
    made = write(lab.folder / "still.ipynb", [("slide", "# Still"), ("-", EXPLORABLE), ("slide", "# Next")])
    NotebookClient(made, timeout=180, resources={"metadata": {"path": str(lab.root)}}).execute()
    made.metadata["kernelspec"] = {"name": "absent", "display_name": "absent", "language": "absent"}
    made.metadata["language_info"] = {"name": "absent"}
    nbformat.write(made, lab.folder / "still.ipynb")
    stage = stage_on(lab.address, "/doc/tree/still.ipynb?present=no-run&reset")
    stage.page.locator(".jp-Dialog").wait_for()  # JupyterLab asks for a kernel; there is none to give
    stage.page.keyboard.press("Escape")
    stage.page.locator(".jp-Dialog").wait_for(state="detached")
    picture = stage.page.locator(".jp-Cell:not(.ll-deck-away) .ll-static img")
    picture.wait_for()
    assert picture.get_attribute("alt") == "shade 0" and "VBox(" not in stage.shown
    stage.press("Escape", "PageDown")
    assert stage.number == 2 and stage.heading == "Next"
    stage.press("r")  # without a kernel nothing runs, and nothing breaks
    stage.press("PageUp")
    assert stage.number == 1 and picture.is_visible()
