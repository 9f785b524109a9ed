"""Say what is installed, which assets and data are there and whole, and for each missing thing what mends it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lecturelib import assets

SETUP = "make setup (or python scripts/course.py setup)"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")


@dataclass(frozen=True)
class Finding:
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


def packages() -> Iterator[Finding]:
    """Compare what is installed with the pins."""
    from packaging.requirements import Requirement

    for pin, needed in pins():
        wanted = Requirement(pin)
        mend = SETUP if needed else "make test installs it (needed by the tests only)"
        try:
            found = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(wanted.name, False, needed, f"not installed, expected {wanted.specifier}", mend)
            continue
        well = wanted.specifier.contains(found, prereleases=True)
        yield Finding(
            wanted.name, well, needed, found if well else f"{found}, expected {wanted.specifier}", mend
        )


def weights() -> Iterator[Finding]:
    """Read every asset through and compare its sha256."""
    for asset in assets.REGISTRY.values():
        found = assets.status(asset.name, again=True)
        told = f"{asset.size / 1e6:.0f} MB, sha256 as fetched" if found.state == "ready" else found.detail
        mend = f"make fetch (or python -m lecturelib fetch {asset.name})"
        yield Finding(asset.name, found.state == "ready", asset.required, told, mend)


def carded_files() -> dict[str, str]:
    """The files of data/ that its cards name on one line with their sha256: relative name -> sha256."""
    folder = assets.data_path(".")
    named = {}
    for card in sorted(folder.rglob("*.md")):
        for line in card.read_text(encoding="utf-8").splitlines():
            file, digest = re.search(r"`([\w./-]+\.\w+)`", line), re.search(r"\b[0-9a-f]{64}\b", line)
            if file and digest:
                named[(card.parent / file[1]).relative_to(folder).as_posix()] = digest[0]
    return named


def data_files() -> Iterator[Finding]:
    """Compare the files of data/ with the sha256 on their cards."""
    mend = "git checkout data (or install the package again)"
    try:
        named = carded_files()
    except assets.AssetMissing as error:
        yield Finding("data/", False, True, str(error), mend)
        return
    for name, expected in named.items():
        file = assets.data_path(".") / name
        if not file.exists():
            yield Finding(f"data/{name}", False, True, "not there", mend)
            continue
        well = hashlib.sha256(file.read_bytes()).hexdigest() == expected
        told = (
            f"{file.stat().st_size / 1e6:.1f} MB, sha256 as on its card" if well else "not as its card says"
        )
        yield Finding(f"data/{name}", well, True, told, mend)


def chromium() -> str | None:
    """Find a Chromium or Chrome on the PATH, which the browser tests drive."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


def examine() -> int:
    """Print the report and return 1 where something that the course needs is missing, otherwise 0."""
    python = Finding(
        "Python",
        sys.version_info >= (3, 11),
        True,
        f"{platform.python_version()} ({platform.system()}, {os.cpu_count()} cores)",
        "run the set-up with Python 3.11 or newer",
    )
    browser = chromium()
    mend = "install Chromium or Chrome, on Debian `apt install chromium` (needed by the browser tests only)"
    window = Finding("Chromium", browser is not None, False, browser or "not found", mend)
    missing = 0
    for title, findings in (
        ("Python and its packages", [python, *packages()]),
        (f"Weights in {assets.cache_dir()}", weights()),
        ("Data of the course", data_files()),
        ("For the tests only", [window]),
    ):
        print(title)
        for finding in findings:
            print(finding)
            missing += finding.needed and not finding.well
    print(
        "All that the course needs is there."
        if not missing
        else f"{missing} needed things are missing; see -> above."
    )
    return int(missing > 0)
