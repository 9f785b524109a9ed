"""JupyterLab in Chromium, as a student has it: open a notebook, run all, use the keyboard, look.

def test_part4(lab):
    page = lab.open("notebooks/04_parameters.ipynb")
    page.run_all()
    for explorable in page.explorables():
        for slider in explorable.sliders():
            explorable.moves(slider)
    assert page.cell_errors() == [] and page.complaints() == []
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Only visible cells would be drawn, and a news toast would cover them.
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
# Console errors that are JupyterLab's own, each with its reason; everything else fails a test.
KNOWN: tuple[tuple[str, str], ...] = (
    (
        r"removeChild[\s\S]*static/lab/jlab_core",
        "the splash screen is taken away twice where two themes follow one another within 200 ms",
    ),
)


def chromium() -> str | None:
    """The path of an installed Chromium or Chrome."""
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)


@contextlib.contextmanager
def jupyter_lab(folder: Path, home: Path):
    """A JupyterLab server on a folder, with its settings in `home`; yields its address."""
    _settings(home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        # the extension that presents, as this checkout has it
        "JUPYTER_PATH": str(ROOT / "lecturelib" / "present"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}"]
    command += ["--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"]
    log = home / "server.log"
    address = f"http://127.0.0.1:{port}"
    with log.open("w") as sink:
        server = subprocess.Popen(command, env=environment, cwd=folder, stdout=sink, stderr=sink)
        try:
            deadline = time.monotonic() + 180
            while not _answers(f"{address}/api/status"):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")
                time.sleep(0.2)
            yield address
        finally:
            server.terminate()  # it ends its kernels itself
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _settings(home: Path, theme: str = "JupyterLab Light") -> None:
    for name, values in {**SETTINGS, "@jupyterlab/apputils-extension/themes": {"theme": theme}}.items():
        path = home / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


class Lab:
    """One server and one browser; opens notebooks of a folder."""

    def __init__(self, browser, address: str, folder: Path, home: Path):
        self.browser, self.address, self.folder, self.home = browser, address, folder, home
        self._contexts = []
        self.root = ROOT

    def write(self, name: str, cells: list[str]) -> str:
        """Writes a notebook of code cells into the folder and returns its name."""
        import nbformat

        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells])
        # Without it, JupyterLab asks which kernel to take.
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(made, self.folder / name)
        return name

    def open(self, name: str, size: tuple[int, int] = (1280, 800), dark: bool = False) -> NotebookPage:
        """Opens a notebook in the single-document view and waits for its kernel."""
        _settings(self.home, "JupyterLab Dark" if dark else "JupyterLab Light")
        context = self.browser.new_context(viewport={"width": size[0], "height": size[1]})
        self._contexts.append(context)
        page = NotebookPage(context, self.address)
        page.load(f"{self.address}/lab/tree/{name}?reset")
        return page

    def close_pages(self) -> None:
        """Closes what was opened, kernels included."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()
        with urllib.request.urlopen(f"{self.address}/api/sessions", timeout=10) as answer:
            sessions = json.load(answer)
        for session in sessions:
            request = urllib.request.Request(f"{self.address}/api/sessions/{session['id']}", method="DELETE")
            urllib.request.urlopen(request, timeout=20).close()


class NotebookPage:
    """A notebook on the screen."""

    def __init__(self, context, address: str):
        self.page = context.new_page()
        self.page.set_default_timeout(30_000)
        self._complaints: list[str] = []
        self.page.on("console", lambda said: said.type == "error" and self._complaints.append(said.text))
        self.page.on(
            "pageerror", lambda error: self._complaints.append(f"page error: {error.stack or error}")
        )

        def offline(route):
            if route.request.url.startswith((address, "data:", "blob:")):
                route.continue_()
            else:
                self._complaints.append(f"request to another machine: {route.request.url}")
                route.abort()

        context.route("**/*", offline)

    def load(self, url: str) -> None:
        """Loads a page of JupyterLab until the kernel is ready."""
        self.page.goto(url)
        # The indicator says idle even before there is a kernel; its name comes with the kernel.
        self.page.wait_for_function(
            """() => /python/i.test(document.querySelector('.jp-Toolbar-kernelName')?.textContent || '')
              || document.querySelector('.jp-Dialog')""",
            timeout=60_000,
        )
        self.wait_idle()
        if self.page.locator(".jp-SideBar.jp-mod-left .lm-mod-current").count():
            self.page.keyboard.press("Control+b")  # the file browser: students read without it

    def wait_idle(self, timeout: float = 60) -> None:
        """Waits until the kernel rests."""
        ready = '.jp-Notebook-ExecutionIndicator[data-status="idle"]'
        self.page.wait_for_selector(ready, timeout=timeout * 1000)

    def run_all(self, timeout: float = 120) -> None:
        """Runs every cell and waits until none is left; cells that fail stop it (see `cell_errors`)."""
        asked = self.page.locator(".jp-Dialog")
        if asked.count():
            raise RuntimeError(f"JupyterLab asks instead of running: {asked.first.inner_text()!r}")
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.page.wait_for_function(
            """() => {
              const cells = [...document.querySelectorAll('.jp-CodeCell')];
              const prompts = cells.map((cell) => cell.querySelector('.jp-InputPrompt').textContent);
              const failed = [...document.querySelectorAll('[data-mime-type="application/vnd.jupyter.stderr"]')].some(
                (output) => /Traceback|Cell In\\[\\d+\\], line/.test(output.textContent));
              if (failed) return !prompts.some((prompt) => prompt.includes('*'));
              const empty = cells.map((cell) => !cell.querySelector('.cm-content').textContent.trim());
              return prompts.every((prompt, k) => empty[k] || /\\d/.test(prompt));
            }""",
            timeout=timeout * 1000,
        )
        self.wait_idle(timeout)

    def save(self) -> None:
        """Saves the notebook with its outputs."""
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("Control+s")
        self.page.wait_for_selector(".jp-DirtyIndicator, .jp-mod-dirty", state="detached")

    def cell_errors(self) -> list[str]:
        """Tracebacks that cells show."""
        # Warnings and progress bars come by the same way, but hold no traceback.
        texts = self.page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').all_inner_texts()
        return [text for text in texts if re.search(r"Traceback|Cell In\[\d+\], line", text)]

    def complaints(self) -> list[str]:
        """Console errors, page errors and requests to other machines, without the known ones."""
        return [said for said in self._complaints if not any(re.search(known, said) for known, _ in KNOWN)]

    def explorables(self) -> list[ExplorableOnPage]:
        """All explorables (at least one), each with its picture, from top to bottom."""
        roots = self.page.locator(".ll-explorable")
        self.page.wait_for_function(
            """() => {
              const all = [...document.querySelectorAll('.ll-explorable')];
              return all.length && all.every(e => e.querySelector('.ll-img[src]'));
            }"""
        )
        return [ExplorableOnPage(self.page, roots.nth(k)) for k in range(roots.count())]

    def screenshot(self, name: str, of=None) -> None:
        """Writes a PNG of the window (or of an element) into $LECTURELIB_SCREENSHOTS; without it, nothing."""
        folder = os.environ.get("LECTURELIB_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            (of or self.page).screenshot(path=str(Path(folder) / f"{name}.png"))


class ExplorableOnPage:
    """One explorable on the screen, used by keyboard."""

    def __init__(self, page, root):
        self.page, self.root = page, root
        self.image = root.locator(".ll-img")
        self.stage = root.locator(".ll-stage")

    @property
    def src(self) -> str:
        """Address of the picture; another picture has another."""
        return self.image.get_attribute("src")

    @property
    def alt(self) -> str:
        return self.image.get_attribute("alt")

    @property
    def error(self) -> str:
        """The error it shows, or nothing."""
        shown = self.root.locator(".ll-error")
        return shown.inner_text() if shown.is_visible() else ""

    def sliders(self) -> list:
        """Handles of all sliders that have somewhere to go."""
        handles = self.root.locator(".noUi-handle").all()
        ends = ("aria-valuemin", "aria-valuemax")
        return [h for h in handles if len({float(h.get_attribute(end)) for end in ends}) == 2]

    def choices(self) -> list:
        """All drop-down lists."""
        return self.root.locator("select").all()

    def presses(self, element, key: str, timeout: float = 20) -> None:
        """Focuses an element, presses a key, and waits for a new picture."""
        before = self.src
        element.focus()
        self.page.keyboard.press(key)
        self.page.wait_for_function(
            "([image, before]) => image.src !== before",
            arg=[self.image.element_handle(), before],
            timeout=timeout * 1000,
        )

    def moves(self, slider, timeout: float = 20) -> None:
        """Moves a slider by one step with an arrow key, away from its end, and waits for a new picture."""
        at, end = slider.get_attribute("aria-valuenow"), slider.get_attribute("aria-valuemax")
        self.presses(slider, "ArrowLeft" if at == end else "ArrowRight", timeout)

    def rests(self, timeout: float = 180) -> None:
        """Waits until nothing is being computed."""
        self.root.locator('.ll-card[aria-busy="false"]').wait_for(timeout=timeout * 1000)
