"""The trusted end of the pipe: start a worker, ask its children one question at a time, and watch what they use.

What comes back is bytes of a stranger: `framing.unframed` makes plain values of them or refuses, and nothing else
is believed. The limits are kept from outside: CPU time and memory of all processes of the jail are read from /proc
while an answer is awaited.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lecturelib.grading import control_groups, framing, jail, processes
from lecturelib.grading.limits import Limits

TICK = 0.05
STATUSES = ("ok", "error", "missing", "malformed", "memory")


class Stopped(Exception):
    """An answer did not come: `status` is timeout, memory, crashed or tampered, `says` the words for it."""

    def __init__(self, status: str, says: str):
        super().__init__(f"{status}: {says}")
        self.status, self.says = status, says


class JailFailed(RuntimeError):
    """The jail itself did not start or was lost through no fault of a submission."""


@dataclass(frozen=True)
class Reply:
    """What a child says of one question: how it went, a plain value, an error's words and line, and changed inputs.

    >>> Reply("ok", 3).value
    3
    """

    status: str
    value: Any = None
    says: str = ""
    line: int = 0
    changed: bool = False


class Jail:
    """A started worker with one channel per exercise; `with Jail(driver, limits, 3) as jail:` ends it in any case.

    `warm` names modules that the exercises need, imported once before the children are made. `spent` and `peak` add
    up, for the benchmark, the CPU seconds of all jails of this process and their largest memory.
    """

    spent = 0.0
    peak = 0

    def __init__(self, driver: jail.Driver, limits: Limits, count: int, warm: Sequence[str] = ()):
        self.warm = list(warm)
        self.driver, self.limits, self.number = driver, limits, 0
        self.group = control_groups.make_group(limits) if driver.name == "bubblewrap" else None
        self.uid = jail.take_spare_user(driver) if driver.name in ("bubblewrap", "none") else None
        self.channels: list[socket.socket] = []
        self.control: socket.socket | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = 0
        self.scratch = tempfile.mkdtemp(prefix="lecturelib-") if driver.name == "none" else None
        self.buffers: dict[int, bytearray] = {}
        try:
            self._start(count)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Jail:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def _start(self, count: int) -> None:
        single = self.driver.channels == 1
        pairs = [socket.socketpair() for _ in range(1 if single else count + 1)]
        self.channels = [own for own, _ in pairs[: None if single else count]]
        self.control = None if single else pairs[-1][0]
        theirs = [other for _, other in pairs]
        limits = self.limits.as_data()
        limits["cpu_total"] = int(self.limits.cpu * 40 + 60)
        limits["nproc"] = self.limits.processes + (0 if self.uid is not None else _own_processes())
        settings = {
            "channels": None if single else [each.fileno() for each in theirs[:-1]],
            "control": None if single else theirs[-1].fileno(),
            "uid": self.uid, "seccomp": True, "limits": limits, "warm": self.warm,
        }  # fmt: skip
        command = jail.command_of(self.driver, json.dumps(settings), self.limits.disk, limits)
        if self.group is not None:
            command = [*self.group.enter(), *command]
        ends = theirs[0].fileno() if single else subprocess.DEVNULL
        read, write = os.pipe()
        try:
            self.process = subprocess.Popen(
                command, cwd=self.scratch, stdin=ends, stdout=ends, stderr=write, start_new_session=True,
                pass_fds=() if single else [each.fileno() for each in theirs],
                env=self._environment(), close_fds=True,
            )  # fmt: skip
            os.close(write)
            for each in theirs:
                each.close()
            for pipe in self._pipes():
                pipe.setblocking(False)
                self.buffers[id(pipe)] = bytearray()
            try:
                self._read(self.control or self.channels[0], time.monotonic() + self.limits.start, None)
            except (Stopped, framing.FrameError) as error:
                os.set_blocking(read, False)
                try:
                    said = os.read(read, 4000).decode("utf-8", "replace").strip()[-400:]
                except OSError:
                    said = ""
                raise JailFailed(f"the jail did not start ({error}){f': {said}' if said else ''}") from None
        finally:
            os.close(read)
        self.kills = self.group.kills() if self.group else 0

    def _environment(self) -> dict[str, str] | None:
        if self.driver.channels:
            return None  # the program that starts containers keeps its own
        if self.scratch is None:
            return jail.environment()
        if self.uid is not None:
            os.chown(self.scratch, self.uid, self.uid)
        return {**jail.environment(), **dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR"), self.scratch)}

    def _pipes(self) -> list[socket.socket]:
        return [*self.channels, *([] if self.control is None else [self.control])]

    def ask(self, channel: int, message: dict[str, Any], cpu: float, wall: float) -> Reply:
        """Send one question to a child and wait for its reply within the limits; raises `Stopped` where none comes."""
        pipe = self.channels[channel]
        self.number += 1
        if self._pending(pipe):
            raise Stopped("tampered", "the submission spoke before it was asked")
        assert self.process is not None
        start = processes.usage(self.process.pid)
        watch = _Watch(self, start, start.cpu + cpu)
        deadline = time.monotonic() + wall
        seed = int.from_bytes(message["name"].encode()[:4].ljust(4, b"\0"), "little")
        self._write(pipe, framing.framed({**message, "id": self.number, "seed": seed}), deadline)
        try:
            reply = framing.unframed(self._read(pipe, deadline, watch))
        except framing.FrameError as error:
            raise Stopped("tampered", f"what came is not an answer ({error})") from None
        return self._believable(reply)

    def _believable(self, reply: Any) -> Reply:
        """The reply, if it has the form of one; a child that sends something else is not asked again."""
        kinds = {"id": int, "status": str, "says": str, "line": int, "changed": bool}
        if type(reply) is not dict or set(reply) != {*kinds, "value"}:
            raise Stopped("tampered", "what came does not have the form of an answer")
        if (
            any(type(reply[name]) is not kind for name, kind in kinds.items())
            or reply["status"] not in STATUSES
        ):
            raise Stopped("tampered", "what came does not have the form of an answer")
        if reply["id"] != self.number:
            raise Stopped("tampered", "an answer to another question came")
        line = reply["line"] if 0 <= reply["line"] < 100_000 else 0
        return Reply(reply["status"], reply["value"], reply["says"][:600], line, reply["changed"])

    def ended(self, channel: int) -> tuple[str, bool]:
        """How a child ended (memory, timeout or crashed), and whether the worker is clean for the next one."""
        if self.group and self.group.kills() > self.kills:
            return "memory", False
        self.channels[channel].close()  # a child that waits for a question ends here
        if self.control is None:
            return "crashed", False
        try:
            self._write(self.control, framing.framed({"ended": channel}), time.monotonic() + 5)
            told = framing.unframed(self._read(self.control, time.monotonic() + 5, None))
            signal, left = told["signal"], told["left"]
        except (Stopped, framing.FrameError, TypeError, KeyError):
            return "crashed", False
        if self.group and self.group.kills() > self.kills:
            return "memory", False
        how = {0: "crashed", 24: "timeout"}.get(signal, "crashed")
        return how, left == 0 and not self._pending(self.control)

    def spoke(self, channel: int) -> bool:
        """Whether a child has sent something that it was not asked for."""
        return self._pending(self.channels[channel])

    def _pending(self, pipe: socket.socket) -> bool:
        if self.buffers[id(pipe)]:
            return True
        try:
            return bool(pipe.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        except OSError:
            return False

    def _write(self, pipe: socket.socket, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[pipe.send(view) :]
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Stopped("timeout", "the question was not read") from None
                select.select([], [pipe], [], TICK)
            except OSError:
                raise Stopped("crashed", "the process ended") from None

    def _read(self, pipe: socket.socket, deadline: float, watch: _Watch | None) -> bytes:
        """One whole frame; what comes after it stays in the buffer."""
        buffer = self.buffers[id(pipe)]
        wanted = framing.HEAD.size
        while True:
            if len(buffer) >= framing.HEAD.size:
                wanted = framing.HEAD.size + framing.length(bytes(buffer[: framing.HEAD.size]))
            if len(buffer) >= wanted and len(buffer) >= framing.HEAD.size:
                frame = bytes(buffer[:wanted])
                del buffer[:wanted]
                return frame
            ready, _, _ = select.select([pipe], [], [], TICK)
            if ready:
                try:
                    part = pipe.recv(1 << 20)
                except OSError:
                    part = b""
                if not part:
                    raise Stopped("crashed", "the process ended before it answered")
                buffer += part
            if time.monotonic() > deadline:
                raise Stopped("timeout", "no answer came in time")
            if watch is not None and not ready:
                watch.look()

    def close(self) -> None:
        """End every process of the jail and give everything back."""
        for pipe in self._pipes():
            pipe.close()
        if self.process is not None:
            Jail.spent += processes.usage(self.process.pid).cpu
            pids = [] if self.driver.name == "bubblewrap" else processes.descendants(self.process.pid)
            processes.kill_all([*pids, self.process.pid])
            if self.driver.name == "none" and self.uid is not None:
                processes.kill_all(processes.processes_of_user(self.uid))
            self.process.wait()
            if self.driver.name in ("bubblewrap", "none") and self.uid is not None:
                self._wait_for_the_last()
            self.process = None
        if self.group is not None:
            Jail.peak = max(Jail.peak, self.group.peak())
            self.group.remove()
            self.group = None
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)
        jail.give_back_spare_user(self.uid)
        self.uid = None

    def _wait_for_the_last(self) -> None:
        """The kernel ends the processes of a jail after the jail: wait, so that the spare user has none left."""
        assert self.uid is not None
        for _ in range(200):
            left = processes.processes_of_user(self.uid)
            if not left:
                return
            processes.kill_all(left)
            time.sleep(0.01)


class _Watch:
    """Looks now and then at what the processes of a jail use, and stops where a limit is passed."""

    def __init__(self, owner: Jail, start: processes.Usage, cpu_end: float):
        self.owner, self.start, self.cpu_end, self.looks = owner, start, cpu_end, 0

    def look(self) -> None:
        """Raise `Stopped` where the jail has used more than it may."""
        jail_, limits = self.owner, self.owner.limits
        assert jail_.process is not None
        now = processes.usage(jail_.process.pid)
        if now.cpu > self.cpu_end:
            raise Stopped("timeout", "the CPU time was over")
        if jail_.group is not None and jail_.group.kills() > jail_.kills:
            raise Stopped("memory", "all processes together used more memory than allowed")
        each = self.start.memory / max(
            1, len(self.start.pids) - 2
        )  # what a forked process shares with its parent
        more = max(0, len(now.pids) - len(self.start.pids)) * each
        if jail_.group is None and now.memory - self.start.memory - more > limits.memory_sum * 10**6:
            raise Stopped("memory", "all processes together used more memory than allowed")
        self.looks += 1
        if jail_.driver.name == "bubblewrap" and self.looks % 4 == 0:
            files, _ = processes.scratch(now.pids[-1], jail.SCRATCH) if now.pids else (0, 0)
            if files > limits.files:
                raise Stopped("memory", f"more than {limits.files} files")


def _own_processes() -> int:
    """How many processes this user has: before Linux 5.14 the kernel counted them all against a jail's bound."""
    return len(processes.processes_of_user(os.geteuid())) if hasattr(os, "geteuid") else 0
