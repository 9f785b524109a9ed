"""`python -m lecturelib slides 04 --check`: which pages of a notebook do not fit on the stage, by their heading.

A page fits where nothing has to be scrolled, nothing is cut off at the side and no text is below 16 pixels of 720. It
is measured where it is shown, in JupyterLab in Chromium, by the extension's own `measure.js`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lecturelib.present import live_slides

SIZES = ((1280, 720), (1920, 1080))
LEAST = 16.0  # pixels of a window 720 pixels high
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
PATIENCE = 900  # seconds for a notebook to run

_SCROLLER = ".ll-deck-panel .jp-WindowedPanel-outer"
_SHOWN = ".ll-deck-panel .jp-Cell:not(.ll-deck-away):not(.ll-deck-later)"
_MEASURE = f"""async () => {{
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  for (let k = 0; k < 4; k += 1) await frame();
  const {{ measure }} = await import('/lab/extensions/lecturelib-present/measure.js');
  const nodes = [...document.querySelectorAll('{_SHOWN}')];
  const number = document.querySelector('.ll-deck-number');
  const heading = document.querySelector('.ll-deck-panel .jp-WindowedPanel-viewport').dataset.llSection
    || nodes.map((node) => node.querySelector('h1, h2, h3, h4')).find(Boolean)?.textContent.replace('¶', '') || '';
  const found = await measure(document.querySelector('{_SCROLLER}'), nodes);
  const [step, steps] = [Number(number.dataset.step), Number(number.dataset.steps)];
  return {{ ...found, heading, number: parseInt(number.textContent), step, steps }};
}}"""


@dataclass(frozen=True)
class PageFit:
    """How a page of a deck fits into a window; lengths in pixels of a window 720 pixels high.

    `over`: what is too high; `wide`: what is too wide; `text`: the smallest text and its words; `drawing`: the same
    inside pictures drawn as SVG; `cut`: what is cut off at the side.

    >>> str(PageFit(4, "Kernels", (1280, 720), 900, 180, 0, (12.0, "a label"), None, ()))
    "page 4, 'Kernels', 1280 x 720: 900 high, 180 too much; 'a label' is 12.0 px"
    """

    number: int
    heading: str
    size: tuple[int, int]
    height: int
    over: int
    wide: int
    text: tuple[float, str] | None
    drawing: tuple[float, str] | None
    cut: tuple[str, ...]

    @property
    def faults(self) -> list[str]:
        """What is wrong with the page, in words; nothing where it fits."""
        found = []
        if not self.heading:
            found.append("it has no heading")
        if self.over > 0:
            found.append(f"{self.height} high, {self.over} too much")
        if self.wide > 0:
            found.append(f"{self.wide} too wide")
        if self.text and self.text[0] < LEAST - 0.1:
            found.append(f"{self.text[1]!r} is {self.text[0]} px")
        if self.cut:
            found.append(f"cut off: {', '.join(self.cut)}")
        return found

    def __str__(self) -> str:
        wide, high = self.size
        return f"page {self.number}, {self.heading!r}, {wide} x {high}: {'; '.join(self.faults) or 'fits'}"


def measured(page: Any, sizes: tuple[tuple[int, int], ...] = SIZES) -> Iterator[PageFit]:
    """Every page of a deck in a Playwright page, from the first to the last, all its steps shown, at each size."""
    for wide, high in sizes:
        page.set_viewport_size({"width": wide, "height": high})
        for key in ("Escape", "Home"):
            page.keyboard.press(key)
        last = 0
        while True:
            found = page.evaluate(_MEASURE)
            while found["step"] + 1 < found["steps"]:
                for _ in range(found["steps"] - found["step"] - 1):
                    page.keyboard.press("ArrowRight")
                found = page.evaluate(_MEASURE)
            if found["number"] == last:
                break
            last = found["number"]
            yield PageFit(
                last, found["heading"], (wide, high), found["height"], found["over"], found["wide"],
                _said(found["text"]), _said(found["drawing"]), tuple(found["cut"]),
            )  # fmt: skip
            page.keyboard.press("ArrowRight")


def check(part: str) -> int:
    """Runs a part on the stage and prints the pages that do not fit; returns how many there are.

    Raises `FileNotFoundError` for an unknown part, `RuntimeError` where there is no browser to measure in.
    """
    notebook = live_slides.find(part)
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        browser = None
    if browser is None:
        raise RuntimeError(
            "slides --check measures in Chromium: install it and playwright (`make setup ARGS=test`)"
        )
    with (
        tempfile.TemporaryDirectory() as home,
        _server(notebook, Path(home)) as address,
        sync_playwright() as driver,
    ):
        window = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page()
        window.goto(address)
        window.wait_for_selector(".ll-deck-number", timeout=120_000)
        window.wait_for_timeout(1000)
        window.wait_for_function(
            "() => !/^(running|restarting)/.test(document.querySelector('.ll-deck-busy').textContent)",
            timeout=1000 * PATIENCE,
        )
        pages = list(measured(window))
    bad = [page for page in pages if page.faults]
    for page in bad:
        print(page)
    small = [page.drawing[0] for page in pages if page.drawing]
    drawn = f"; the smallest text inside a drawing has {min(small)} px" if small else ""
    print(f"{notebook.name}: {len(bad)} of {len(pages)} pages do not fit (two sizes){drawn}")
    return len(bad)


@contextmanager
def _server(notebook: Path, home: Path) -> Iterator[str]:
    """JupyterLab with the deck on a notebook, all cells run; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = (
        "--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0",
        "--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True",
    )  # fmt: skip
    own = {f"JUPYTERLAB_{name}_DIR": str(home / name.lower()) for name in ("SETTINGS", "WORKSPACES")}
    started = live_slides.command(notebook, True, options)
    address = next(part.split("=", 1)[1] for part in started if part.startswith("--LabApp.default_url="))
    environment = live_slides.environment({**os.environ, **own})
    server = subprocess.Popen(
        started, env=environment, cwd=notebook.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status", timeout=2).close()
                break
            except OSError:
                if time.monotonic() > deadline or server.poll() is not None:
                    raise RuntimeError("JupyterLab did not start; `make present` says why") from None
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}{address}"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _said(found: dict | None) -> tuple[float, str] | None:
    return (found["size"], found["words"]) if found else None
