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

from lecturelib.grading import canary_probes
from lecturelib.grading.jail import SCRATCH, Driver, IsolationError, choose_driver
from lecturelib.grading.jail_channel import Jail, JailFailed, Reply, Stopped
from lecturelib.grading.limits import Limits

LIMITS = Limits(cpu=10, wall=40, memory=1500, memory_sum=1200, disk=16)


@dataclass(frozen=True)
class CanaryFinding:
    """What the canary tried, whether the jail held, and what was seen.

    >>> CanaryFinding("reach the network", True).held
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


def findings(driver: Driver) -> list[CanaryFinding]:
    """Let the canary try everything; each finding is judged from outside, by what really happened."""
    tries: tuple[Callable[[Driver], CanaryFinding], ...] = (
        _network, _secret, _sees, _writes, _calls, _memory, _memory_of_many, _processes, _disk, _endless, _outlives,
    )  # fmt: skip
    return [each(driver) for each in tries]


def _value(answer: Reply | Stopped, otherwise: Any) -> Any:
    return answer.value if isinstance(answer, Reply) and answer.status == "ok" else otherwise


def _network(driver: Driver) -> CanaryFinding:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        reached = _value(ask_canary(driver, canary_probes.NETWORK, server.getsockname()[1]), ["no reply"])
        try:
            server.accept()[0].close()
            reached.append("a connection arrived")
        except BlockingIOError:
            pass
    return CanaryFinding("reach this machine or another by the network", not reached, ", ".join(reached))


def _secret(driver: Driver) -> CanaryFinding:
    word = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"secret-{word[:8]}")
        file.write_text(word)
        found = _value(ask_canary(driver, canary_probes.SECRET, str(file)), ["no reply"])
    return CanaryFinding("read a secret file", not found, "it was read" if found else "")


def _sees(driver: Driver) -> CanaryFinding:
    word = secrets.token_hex(16)
    os.environ["LECTURELIB_CANARY"] = word
    try:
        seen, count, home = _value(ask_canary(driver, canary_probes.SEES, word), [["no reply"], 0, []])
    finally:
        del os.environ["LECTURELIB_CANARY"]
    more = f"{count} processes visible" if count > 6 else ""
    found = ", ".join(
        filter(None, ["the environment" if seen else "", more, "a home with files" if home else ""])
    )
    return CanaryFinding("see the grader's environment, processes or home", not found, found)


def _writes(driver: Driver) -> CanaryFinding:
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
        said = _value(ask_canary(driver, canary_probes.WRITES, places), ["no reply"])
        done = [place for place in places if Path(place, "canary-was-here").exists()]
        for place in done:
            Path(place, "canary-was-here").unlink()
    held = not done and said != ["no reply"]
    return CanaryFinding("write outside its scratch folders", held, ", ".join(done or said))


def _calls(driver: Driver) -> CanaryFinding:
    done = _value(ask_canary(driver, canary_probes.CALLS, 0), ["no reply"])
    return CanaryFinding("make namespaces, mount, trace, become root", not done, ", ".join(done))


def _memory(driver: Driver) -> CanaryFinding:
    answer = ask_canary(driver, canary_probes.MEMORY, 0)
    return CanaryFinding(
        "use more memory in one process than allowed", answer.status == "memory", answer.status
    )


def _memory_of_many(driver: Driver) -> CanaryFinding:
    answer = ask_canary(driver, canary_probes.MEMORY_OF_MANY, 0)
    return CanaryFinding(
        "use more memory in many processes than allowed", answer.status == "memory", answer.status
    )


def _processes(driver: Driver) -> CanaryFinding:
    answer = ask_canary(driver, canary_probes.PROCESSES, 1000)
    made = _value(answer, None)
    held = isinstance(answer, Stopped) or (isinstance(made, int) and made <= LIMITS.processes)
    return CanaryFinding(
        "start a thousand processes", held, f"{made} started" if made is not None else answer.status
    )


def _disk(driver: Driver) -> CanaryFinding:
    answer = ask_canary(driver, canary_probes.DISK, list(SCRATCH))
    written = _value(answer, 10**6)
    return CanaryFinding("fill the disk", written <= 3 * LIMITS.disk, f"{written} MB were written")


def _endless(driver: Driver) -> CanaryFinding:
    answer = ask_canary(driver, canary_probes.ENDLESS, 0, Limits(cpu=1, wall=20))
    return CanaryFinding("run for ever, deaf to signals", answer.status == "timeout", answer.status)


def _outlives(driver: Driver) -> CanaryFinding:
    mark = str(100_000_000 + secrets.randbelow(100_000_000))
    ask_canary(driver, canary_probes.OUTLIVES, mark)
    for _ in range(20):
        if not _running(mark):
            return CanaryFinding("leave a process behind", True)
        time.sleep(0.1)
    return CanaryFinding("leave a process behind", False, "it still runs")


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


def findings_or_failure(driver: Driver) -> list[CanaryFinding]:
    """The findings, or one that says why the jail did not start."""
    try:
        return findings(driver)
    except JailFailed as failure:
        return [CanaryFinding("start the jail", False, str(failure))]
