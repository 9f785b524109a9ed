"""Say what is installed, which assets and data are there and whole, and for each missing thing what mends it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lecturelib import assets
from lecturelib.assets.cache import sha256_of
from lecturelib.assets.shipped import CHECKSUMS, checksums

SETUP = "make setup (or python scripts/course.py setup)"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")


@dataclass(frozen=True)
class Check:
    """One line of the report: whether a thing is well, whether the course needs it, and what mends it."""

    name: str
    well: bool
    needed: bool
    found: str
    mend: str = ""

    def __str__(self) -> str:
        mark = "ok     " if self.well else ("MISSING" if self.needed else "absent ")
        mend = "" if self.well else f"\n          -> {self.mend}"
        return f"  {mark} {self.name:34} {self.found}{mend}"


def pins() -> list[tuple[str, bool]]:
    """List the pinned requirements as ("torch==2.13.0", needed), from pyproject.toml or from what was installed."""
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    if project.exists():  # a checkout: what was installed from it may be older than what it now asks for
        table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        return [(pin, True) for pin in table["dependencies"]] + [
            (pin, False) for pin in table["optional-dependencies"]["test"]
        ]
    listed = importlib.metadata.requires("lecturelib") or []
    return [(line.partition(";")[0].strip(), "extra ==" not in line) for line in listed]


def packages() -> Iterator[Check]:
    """Compare what is installed with the pins."""
    from packaging.requirements import Requirement

    for pin, needed in pins():
        wanted = Requirement(pin)
        mend = SETUP if needed else "make test installs it (needed by the tests only)"
        try:
            found = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            yield Check(wanted.name, False, needed, f"not installed, expected {wanted.specifier}", mend)
            continue
        well = wanted.specifier.contains(found, prereleases=True)
        yield Check(
            wanted.name, well, needed, found if well else f"{found}, expected {wanted.specifier}", mend
        )


def weights() -> Iterator[Check]:
    """Read every asset through and compare its sha256."""
    for asset in assets.REGISTRY.values():
        found = assets.status(asset.name, again=True)
        told = f"{asset.size / 1e6:.0f} MB, sha256 as fetched" if found.state == "ready" else found.detail
        mend = f"make fetch (or python -m lecturelib fetch {asset.name})"
        yield Check(asset.name, found.state == "ready", asset.required, told, mend)


def torchvision_alone() -> Iterator[Check]:
    """Try `import torchvision` in a process of its own: its wheel may be built for another torch."""
    if importlib.util.find_spec("torchvision") is None:
        return  # said among the packages
    tried = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "import torchvision"],
        capture_output=True,
        text=True,
        check=False,
    )
    mend = (
        "the course itself works round it; in a cell of your own, write `from lecturelib import models` and "
        "`models.import_torchvision()` above `import torchvision` or `import transformers`. For good: install torch "
        "and torchvision from one index (TORCH_INDEX=https://download.pytorch.org/whl/cpu make setup)"
    )
    last = (tried.stderr.strip().splitlines() or ["stopped without a word"])[-1]
    other = "torchvision::nms" in last
    found = "built for another torch, fails alone" if other else last
    yield Check(
        "import torchvision", tried.returncode == 0, False, "works" if tried.returncode == 0 else found, mend
    )


def data_files() -> Iterator[Check]:
    """Compare the files of data/ with the list of their sha256."""
    mend = "git checkout data (or install the package again)"
    try:
        folder = assets.data_path(".")
    except assets.AssetMissing as error:
        yield Check("data/", False, True, str(error), mend)
        return
    listed = checksums(folder)
    if not listed:
        yield Check(f"data/{CHECKSUMS}", False, True, "not there", mend)
    for name, expected in listed.items():
        file = folder / name
        if not file.exists():
            yield Check(f"data/{name}", False, True, "not there", mend)
            continue
        well = sha256_of(file, again=True) == expected
        told = f"{file.stat().st_size / 1e6:.1f} MB, sha256 as shipped" if well else "not as it was shipped"
        yield Check(f"data/{name}", well, True, told, mend)


def chromium() -> str | None:
    """Find a Chromium or Chrome on the PATH, which the browser tests drive."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


def examine() -> int:
    """Print the report and return 1 where something that the course needs is missing, otherwise 0.

    >>> import contextlib, io
    >>> from lecturelib.lesson import examine
    >>> with contextlib.redirect_stdout(io.StringIO()) as report:
    ...     code = examine()
    >>> code in (0, 1), report.getvalue().splitlines()[0]
    (True, 'Python and its packages')
    """
    python = Check(
        "Python",
        sys.version_info >= (3, 11),
        True,
        f"{platform.python_version()} ({platform.system()}, {os.cpu_count()} cores)",
        "run the set-up with Python 3.11 or newer",
    )
    browser = chromium()
    mend = "install Chromium or Chrome, on Debian `apt install chromium` (needed by the browser tests only)"
    window = Check("Chromium", browser is not None, False, browser or "not found", mend)
    missing = 0
    for title, checks in (
        ("Python and its packages", [python, *packages(), *torchvision_alone()]),
        (f"Weights in {assets.cache_dir()}", weights()),
        ("Data of the course", data_files()),
        ("For the tests only", [window]),
    ):
        print(title)
        for check in checks:
            print(check)
            missing += check.needed and not check.well
    print(
        "All that the course needs is there."
        if not missing
        else f"{missing} needed things are missing; see -> above."
    )
    return int(missing > 0)
