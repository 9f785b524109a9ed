"""A control group of the Linux kernel for one jail: a bound on the sum of its memory and on its processes.

Limits of a process (rlimits) hold for each process alone. Version 2 of control groups and the older version 1 are
tried; where neither can be written, `make_group` returns None, and the grader samples the memory instead.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from lecturelib.grading.limits import Limits

ROOT = Path("/sys/fs/cgroup")
_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Group:
    """The folders of one jail's control group, and the file that counts the processes killed for memory."""

    folders: tuple[Path, ...]
    events: Path

    def enter(self) -> list[str]:
        """The beginning of a command that enters the group and then becomes the rest of the command."""
        files = [str(folder / "cgroup.procs") for folder in self.folders]
        script = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ > "$1" || exit 97; shift; n=$((n-1)); done; exec "$@"'
        return ["/bin/sh", "-c", script, "sh", str(len(files)), *files]

    def kills(self) -> int:
        """How many processes the kernel has ended because the group had no memory left."""
        try:
            found = re.search(r"^oom_kill (\d+)$", self.events.read_text(), flags=re.M)
        except OSError:
            return 0
        return int(found[1]) if found else 0

    def peak(self) -> int:
        """The most bytes that the group has had at once; 0 where the kernel does not tell."""
        for name in ("memory.peak", "memory.max_usage_in_bytes"):
            try:
                return int((self.folders[0] / name).read_text())
            except (OSError, ValueError):
                continue
        return 0

    def remove(self) -> None:
        """Remove the group; its processes must have ended."""
        for folder in self.folders:
            for _ in range(100):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:  # the last process is still on its way out
                    time.sleep(0.01)


def make_group(limits: Limits) -> Group | None:
    """A new control group with these limits; None where this process cannot make one."""
    name = f"lecturelib-{os.getpid()}-{next(_NUMBERS)}"
    try:
        own = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    except (OSError, ValueError):
        return None
    if (ROOT / "cgroup.controllers").exists():
        return _version_2(name, own.get("", "/"), limits)
    return _version_1(name, own, limits)


def _version_2(name: str, own: str, limits: Limits) -> Group | None:
    here = ROOT / own.strip("/")
    for place in dict.fromkeys((here, here.parent, ROOT)):
        try:
            if "memory" not in (place / "cgroup.subtree_control").read_text().split():
                continue
            folder = place / name
            _sweep(place)
            folder.mkdir()
        except OSError:
            continue
        sizes = {"memory.max": limits.memory_sum * 10**6, "pids.max": limits.processes + 16}
        if _write(folder, sizes, {"memory.swap.max": 0, "memory.oom.group": 0}):
            return Group((folder,), folder / "memory.events")
    return None


def _version_1(name: str, own: dict[str, str], limits: Limits) -> Group | None:
    bytes_ = limits.memory_sum * 10**6
    wanted: tuple[tuple[str, dict[str, int], dict[str, int]], ...] = (
        ("memory", {"memory.limit_in_bytes": bytes_}, {"memory.memsw.limit_in_bytes": bytes_}),
        ("pids", {"pids.max": limits.processes + 16}, {}),
    )
    folders: list[Path] = []
    for controller, needed, more in wanted:
        folder = ROOT / controller / own.get(controller, "/").strip("/") / name
        try:
            _sweep(folder.parent)
            folder.mkdir()
        except OSError:
            continue
        if _write(folder, needed, more):
            folders.append(folder)
    if not folders or folders[0].parent != ROOT / "memory" / own.get("memory", "/").strip("/"):
        for folder in folders:
            folder.rmdir()
        return None
    return Group(tuple(folders), folders[0] / "memory.oom_control")


def _sweep(place: Path) -> None:
    """Remove the empty groups of graders that were killed before they could."""
    for folder in place.glob("lecturelib-*-*"):
        pid = folder.name.split("-")[1]
        if pid.isdigit() and not Path("/proc", pid).exists():
            try:
                folder.rmdir()
            except OSError:
                continue


def _write(folder: Path, needed: dict[str, int], more: dict[str, int]) -> bool:
    try:
        for file, number in needed.items():
            (folder / file).write_text(str(number))
        (folder / "cgroup.procs").read_text()
    except OSError:
        folder.rmdir()
        return False
    for file, number in more.items():
        try:
            (folder / file).write_text(str(number))
        except OSError:
            continue
    return True
