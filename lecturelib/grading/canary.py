"""`grade doctor`: a canary in the jail tries to get out, and this says what held. Run it on the machine that grades."""

from __future__ import annotations

import os
import platform
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lecturelib.grading.jail import SCRATCH, Driver, IsolationError, choose_driver
from lecturelib.grading.jail_channel import Jail, JailFailed, Reply, Stopped
from lecturelib.grading.limits import Limits

LIMITS = Limits(cpu=10, wall=40, memory=1500, memory_sum=1200, disk=16)

NETWORK = """
import socket, os
def probe(port):
    got = []
    for family, kind, where in (
        (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", port)),
        (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", port)),
        (socket.AF_INET6, socket.SOCK_STREAM, ("::1", port)), (socket.AF_UNIX, socket.SOCK_STREAM, "/run/docker.sock"),
        (socket.AF_UNIX, socket.SOCK_STREAM, "/var/run/dbus/system_bus_socket"),
    ):
        try:
            with socket.socket(family, kind) as pipe:
                pipe.settimeout(2)
                pipe.connect(where)
                pipe.send(b"x")
                got.append(str(where))
        except Exception:
            pass
    try:
        socket.getaddrinfo("example.org", 80); got.append("names")
    except Exception:
        pass
    return got
"""
SECRET = """
import os
def probe(path):
    name, found = os.path.basename(path), []
    for place in (path, "/proc/1/root" + path, "/proc/self/root" + path, f"/proc/{os.getppid()}/root" + path):
        try:
            found.append(open(place).read())
        except OSError:
            pass
    for where, below, names in os.walk("/"):
        below[:] = [each for each in below if each not in ("proc", "sys", "site-packages", "lib", "share", "python3")]
        if name in names:
            found.append(where)
    return found
"""
SEES = """
import os
def probe(word):
    seen = [word for key, value in os.environ.items() if word in value]
    for pid in os.listdir("/proc"):
        if pid.isdigit():
            for file in ("environ", "cmdline"):
                try:
                    if word.encode() in open(f"/proc/{pid}/{file}", "rb").read():
                        seen.append(pid)
                except OSError:
                    pass
    return [seen, sum(pid.isdigit() for pid in os.listdir("/proc")), os.listdir(os.path.expanduser("~"))]
"""
WRITES = """
import os
def probe(places):
    done = []
    for place in places:
        try:
            with open(os.path.join(place, "canary-was-here"), "w") as file:
                file.write("x")
            done.append(place)
        except OSError:
            pass
    return done
"""
CALLS = """
import ctypes, os
def probe(_):
    libc = ctypes.CDLL(None, use_errno=True)
    done = []
    if libc.unshare(0x10000000) == 0: done.append("unshare a user namespace")
    if libc.unshare(0x00020000) == 0: done.append("unshare a mount namespace")
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0) == 0: done.append("mount")
    if libc.ptrace(16, os.getppid(), 0, 0) == 0: done.append("ptrace its parent")
    for call in (os.setuid, os.setgid):
        try:
            call(0); done.append(call.__name__ + " 0")
        except OSError:
            pass
    return done
"""
MEMORY = """
def probe(_):
    kept = []
    while True:
        kept.append(bytearray(64_000_000))
"""
MEMORY_OF_MANY = """
import os, time
def probe(_):
    for _ in range(8):
        if os.fork() == 0:
            kept = [bytearray(50_000_000) for _ in range(8)]
            time.sleep(60)
    time.sleep(60)
"""
PROCESSES = """
import os, time
def probe(most):
    made = 0
    while made < most:
        try:
            if os.fork() == 0:
                time.sleep(60)
            made += 1
        except OSError:
            break
    return made
"""
DISK = """
import os
def probe(places):
    written = 0
    for place in places:
        for number in range(64):
            try:
                with open(f"{place}/{number}", "wb") as file:
                    for _ in range(8):
                        file.write(bytes(1_000_000)); written += 1
            except OSError:
                break
    return written
"""
ENDLESS = """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
def probe(_):
    while True:
        pass
"""
OUTLIVES = """
import os
def probe(mark):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv("/bin/sleep", ["sleep", mark])
        os._exit(0)
    return True
"""


@dataclass(frozen=True)
class Finding:
    """What the canary tried, whether the jail held, and what was seen.

    >>> Finding("reach the network", True).held
    True
    """

    tried: str
    held: bool
    seen: str = ""


def ask_canary(driver: Driver, source: str, given: Any, limits: Limits = LIMITS) -> Reply | Stopped:
    """Ask one probe in a jail of its own: its reply, or how it was stopped."""
    base = {"name": "canary", "answer": "probe", "kind": "function", "given": ""}
    with Jail(driver, limits, 1) as jail:
        try:
            load = {**base, "op": "load", "own": source, "before": [], "after": []}
            jail.ask(0, load, limits.cpu, limits.wall)
            reply = jail.ask(0, {**base, "op": "call", "inputs": (given,)}, limits.cpu, limits.wall)
        except Stopped as stopped:
            how = jail.ended(0)[0] if stopped.status == "crashed" else stopped.status
            return Stopped(how, stopped.says)
        return reply


def findings(driver: Driver) -> list[Finding]:
    """Let the canary try everything; each finding is judged from outside, by what really happened."""
    tries: tuple[Callable[[Driver], Finding], ...] = (
        _network, _secret, _sees, _writes, _calls, _memory, _memory_of_many, _processes, _disk, _endless, _outlives,
    )  # fmt: skip
    return [each(driver) for each in tries]


def _value(answer: Reply | Stopped, otherwise: Any) -> Any:
    return answer.value if isinstance(answer, Reply) and answer.status == "ok" else otherwise


def _network(driver: Driver) -> Finding:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        reached = _value(ask_canary(driver, NETWORK, server.getsockname()[1]), ["no reply"])
        try:
            server.accept()[0].close()
            reached.append("a connection arrived")
        except BlockingIOError:
            pass
    return Finding("reach this machine or another by the network", not reached, ", ".join(reached))


def _secret(driver: Driver) -> Finding:
    word = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"secret-{word[:8]}")
        file.write_text(word)
        found = _value(ask_canary(driver, SECRET, str(file)), ["no reply"])
    return Finding("read a secret file", not found, "it was read" if found else "")


def _sees(driver: Driver) -> Finding:
    word = secrets.token_hex(16)
    os.environ["LECTURELIB_CANARY"] = word
    try:
        seen, count, home = _value(ask_canary(driver, SEES, word), [["no reply"], 0, []])
    finally:
        del os.environ["LECTURELIB_CANARY"]
    more = f"{count} processes visible" if count > 6 else ""
    found = ", ".join(
        filter(None, ["the environment" if seen else "", more, "a home with files" if home else ""])
    )
    return Finding("see the grader's environment, processes or home", not found, found)


def _writes(driver: Driver) -> Finding:
    library = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        places = [
            folder,
            str(library),
            str(library.parent),
            sys.prefix,
            "/usr",
            "/etc",
            "/",
            "/dev",
            "/var",
            "/root",
        ]
        said = _value(ask_canary(driver, WRITES, places), ["no reply"])
        done = [place for place in places if Path(place, "canary-was-here").exists()]
        for place in done:
            Path(place, "canary-was-here").unlink()
    held = not done and said != ["no reply"]
    return Finding("write outside its scratch folders", held, ", ".join(done or said))


def _calls(driver: Driver) -> Finding:
    done = _value(ask_canary(driver, CALLS, 0), ["no reply"])
    return Finding("make namespaces, mount, trace, become root", not done, ", ".join(done))


def _memory(driver: Driver) -> Finding:
    answer = ask_canary(driver, MEMORY, 0)
    return Finding("use more memory in one process than allowed", answer.status == "memory", answer.status)


def _memory_of_many(driver: Driver) -> Finding:
    answer = ask_canary(driver, MEMORY_OF_MANY, 0)
    return Finding("use more memory in many processes than allowed", answer.status == "memory", answer.status)


def _processes(driver: Driver) -> Finding:
    answer = ask_canary(driver, PROCESSES, 1000)
    made = _value(answer, None)
    held = isinstance(answer, Stopped) or (isinstance(made, int) and made <= LIMITS.processes)
    return Finding(
        "start a thousand processes", held, f"{made} started" if made is not None else answer.status
    )


def _disk(driver: Driver) -> Finding:
    answer = ask_canary(driver, DISK, list(SCRATCH))
    written = _value(answer, 10**6)
    return Finding("fill the disk", written <= 3 * LIMITS.disk, f"{written} MB were written")


def _endless(driver: Driver) -> Finding:
    answer = ask_canary(driver, ENDLESS, 0, Limits(cpu=1, wall=20))
    return Finding("run for ever, deaf to signals", answer.status == "timeout", answer.status)


def _outlives(driver: Driver) -> Finding:
    mark = str(100_000_000 + secrets.randbelow(100_000_000))
    ask_canary(driver, OUTLIVES, mark)
    for _ in range(20):
        if not _running(mark):
            return Finding("leave a process behind", True)
        time.sleep(0.1)
    return Finding("leave a process behind", False, "it still runs")


def _running(mark: str) -> bool:
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if name.isdigit():
            try:
                if mark.encode() in Path("/proc", name, "cmdline").read_bytes():
                    return True
            except OSError:
                continue
    return False


def examine(isolation: str = "auto", image: str = "") -> int:
    """Print what isolation there is and what held of it; 0 where everything did, else 1."""
    try:
        driver = choose_driver(isolation, trust=isolation == "none", image=image)
    except IsolationError as error:
        print(error)
        return 1
    from lecturelib.grading.control_groups import make_group

    group = make_group(LIMITS) if driver.name == "bubblewrap" else None
    who = "root, with a spare user inside" if hasattr(os, "geteuid") and os.geteuid() == 0 else "a plain user"
    print(f"isolation: {driver.name} {driver.program}, as {who}; {platform.system()} {platform.release()}")
    sums = (
        "a control group" if group else "samples of /proc" if driver.name == "bubblewrap" else "the container"
    )
    print(f"the sum of memory is bounded by {sums if driver.isolated else 'nothing'}")
    if group:
        group.remove()
    all_held = True
    for each in findings_or_failure(driver):
        all_held &= each.held
        told = f" ({each.seen})" if each.seen and not each.held else ""
        print(f"{'held        ' if each.held else 'did NOT hold'}  {each.tried}{told}", flush=True)
    return 0 if all_held else 1


def findings_or_failure(driver: Driver) -> list[Finding]:
    """The findings, or one that says why the jail did not start."""
    try:
        return findings(driver)
    except JailFailed as failure:
        return [Finding("start the jail", False, str(failure))]
