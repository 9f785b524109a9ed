"""What the processes of a jail use, read from /proc by the grader outside."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True)
class Usage:
    """CPU seconds and bytes of memory of a tree of processes together.

    >>> Usage(0.5, 1000, (7,)).cpu
    0.5
    """

    cpu: float
    memory: int
    pids: tuple[int, ...]


def descendants(pid: int) -> list[int]:
    """A process and all below it, as far as /proc tells; empty once it has ended.

    >>> import os
    >>> descendants(os.getpid())[0] == os.getpid() or os.name == "nt"
    True
    """
    found, todo = [], [pid]
    while todo:
        each = todo.pop()
        try:
            tasks = os.listdir(f"/proc/{each}/task")
        except OSError:
            continue
        found.append(each)
        for task in tasks:
            try:
                todo += map(int, Path(f"/proc/{each}/task/{task}/children").read_text().split())
            except (OSError, ValueError):
                continue
    return found


def usage(pid: int) -> Usage:
    """CPU time and memory of a process and all below it; memory that nobody else maps (resident less shared)."""
    cpu = memory = 0.0
    pids = descendants(pid)
    for each in pids:
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            cpu += sum(map(int, fields[11:15])) / TICKS
            resident, shared = map(int, Path(f"/proc/{each}/statm").read_text().split()[1:3])
            memory += (resident - shared) * PAGE
        except (OSError, ValueError, IndexError):
            continue
    return Usage(cpu, int(memory), tuple(pids))


def scratch(pid: int, places: tuple[str, ...]) -> tuple[int, int]:
    """(files, bytes) that stand in the scratch folders of a process, seen through its own root; 0 where not visible."""
    files = used = 0
    for place in places:
        try:
            state = os.statvfs(f"/proc/{pid}/root{place}")
        except OSError:
            continue
        files += state.f_files - state.f_ffree
        used += (state.f_blocks - state.f_bfree) * state.f_frsize
    return files, used


def processes_of_user(uid: int) -> list[int]:
    """The living processes of a user id.

    >>> processes_of_user(2**31 - 7)
    []
    """
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if name.isdecimal():
            try:
                if (
                    os.stat(f"/proc/{name}").st_uid == uid
                    and "\nState:\tZ" not in Path(f"/proc/{name}/status").read_text()
                ):
                    found.append(int(name))
            except OSError:
                continue
    return found


def kill_all(pids: list[int]) -> None:
    """Kill processes that may have ended already."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
