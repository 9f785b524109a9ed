"""The process in the jail: it imports torch once, forks a clean child per exercise, and each child answers questions.

Everything here is untrusted as soon as code of a student has run: it gives values, never a verdict. It is started
as a script, by the path of this file, with its settings as JSON in the only argument.
"""

from __future__ import annotations

import ast
import asyncio
import ctypes
import gc
import importlib
import inspect
import json
import os
import random
import signal
import socket
import sys
import time
from typing import Any

if sys.platform != "win32":
    import resource

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    sys.path[1:] = [place for place in sys.path[1:] if place != os.path.dirname(os.path.abspath(__file__))]

import numpy as np
import torch

from lecturelib.exercises.asking import Outcome, ask, error_line, error_text
from lecturelib.exercises.forbidden import forbidden_names
from lecturelib.exercises.starter import is_untouched_source
from lecturelib.grading import jail_slice
from lecturelib.grading.framing import framed, receive
from lecturelib.grading.jail_seccomp import no_new_privileges, refuse_system_calls

SET_DUMPABLE, SET_CHILD_SUBREAPER = 4, 36
FILE = "<answer>"


class _Anything:
    """Stands for what a notebook has and a plain program has not: takes every call, gives nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *arguments: Any, **named: Any) -> None:
        return None


def namespace() -> dict[str, Any]:
    """The names that are there before a cell runs: the usual imports, and what a notebook provides.

    >>> sorted(namespace())[:3]
    ['F', '__name__', 'check']
    """
    anything = _Anything()
    return {
        "__name__": "__answer__", "torch": torch, "nn": torch.nn, "F": torch.nn.functional, "np": np,
        "math": __import__("math"), "get_ipython": lambda: anything, "input": lambda prompt="": "",
        **dict.fromkeys(("display", "check", "hint", "progress"), anything),
    }  # fmt: skip


def scan(message: dict[str, Any]) -> list[dict[str, Any]]:
    """What is known of each possible answer before any of it runs: untouched, defining the name, forbidden names.

    >>> scan({"sources": ["f = 3"], "starter": "f = ...", "answer": "f", "forbidden": (), "given": ""})
    [{'untouched': False, 'defines': True, 'forbidden': []}]
    """
    found = []
    for source in message["sources"]:
        try:
            defines = any(message["answer"] in piece.binds for piece in jail_slice.pieces([source]))
        except (RecursionError, MemoryError):
            defines = False
        found.append(
            {
                "untouched": is_untouched_source(source, message["starter"]),
                "defines": defines or not jail_slice.pieces([source]),
                "forbidden": forbidden_names(source, message["forbidden"], message["given"]),
            }
        )
    return found


def load(message: dict[str, Any]) -> tuple[Any, Outcome]:
    """Run what the answer needs and find it: the answer, and how it went.

    >>> cells = {"own": "def f(x): return k * x", "before": ["k = 2"], "after": []}
    >>> found, how = load({**cells, "given": "", "answer": "f"})
    >>> found(3), how.status
    (6, 'ok')
    """
    space = namespace()
    name = message["answer"]
    try:
        exec(compile(message["given"], "<given>", "exec"), space)
        own = jail_slice.parse_split(message["own"], message["after"])
        before, after = (jail_slice.pieces(message[place]) for place in ("before", "after"))
        others, mine = jail_slice.needed(own, before, after, name, space)
    except Exception as error:
        return None, Outcome("error", says=error_text(error), line=error_line(error, FILE))
    for node in others:
        try:
            _run(node, "<cell>", space)
        except Exception:  # the answer will miss what it defines, and say so
            continue
    failed = Outcome("missing", says=f"the cell does not define {name}")
    for node in mine:
        try:
            _run(node, FILE, space)
        except Exception as error:
            failed = Outcome("error", says=error_text(error), line=error_line(error, FILE))
            break
    return (
        (space[name], Outcome()) if name in space else (None, failed)
    )  # as in a notebook: what is defined, is there


def _run(node: ast.stmt, file: str, space: dict[str, Any]) -> None:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(ast.Module([node], []), file, "exec", flags=flags, dont_inherit=True)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, space))
    else:
        exec(code, space)


def seed_all(seed: int) -> None:
    """Seed every generator that an answer may use without saying so.

    >>> seed_all(0)
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  the global one is meant
    torch.manual_seed(seed)


def serve(channel: Any) -> None:
    """Answer questions until the other side closes the channel."""
    found: Any = None
    how = Outcome("missing", says="nothing was asked")
    while True:
        message = receive(channel.recv)
        seed_all(message["seed"])
        try:
            if message["op"] == "scan":
                outcome = Outcome("ok", scan(message))
            elif message["op"] == "load":
                found, how = load(message)
                outcome = how
            elif how.status != "ok":
                outcome = how
            elif message["kind"] == "function" and not callable(found):
                outcome = Outcome("malformed", says=f"{message['answer']} is not a function")
            else:
                outcome = _awaited(ask(found, message["inputs"], message["kind"], FILE), found, message)
        except MemoryError:
            outcome = Outcome("memory", says="not enough memory")
        except (KeyboardInterrupt, SystemExit, GeneratorExit, Exception) as error:
            outcome = Outcome("error", says=error_text(error), line=error_line(error, FILE))
        channel.sendall(_reply(outcome, message["id"]))


def _awaited(outcome: Outcome, found: Any, message: dict[str, Any]) -> Outcome:
    """An `async def` is called as any other function."""
    if outcome.status == "malformed" and inspect.iscoroutinefunction(found):
        return ask(lambda *inputs: asyncio.run(found(*inputs)), message["inputs"], message["kind"], FILE)
    return outcome


OUT_OF_MEMORY = ("MemoryError", "can't allocate memory", "Cannot allocate memory", "not enough memory")


def _reply(outcome: Outcome, number: int) -> bytes:
    status = outcome.status
    if status == "error" and any(words in outcome.says for words in OUT_OF_MEMORY):
        status = "memory"
    plain = {
        "id": number,
        "status": status,
        "says": outcome.says,
        "line": outcome.line,
        "changed": outcome.changed,
    }
    try:
        return framed({**plain, "value": outcome.value})
    except Exception as error:
        return framed({**plain, "status": "malformed", "says": error_text(error), "value": None})


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def harden(settings: dict[str, Any]) -> None:
    """Give up every privilege for good: the spare user, no new privileges, the filter of system calls."""
    if settings["uid"] is not None:
        os.setgroups([])
        os.setresgid(settings["uid"], settings["uid"], settings["uid"])
        os.setresuid(settings["uid"], settings["uid"], settings["uid"])
    if sys.platform == "linux":
        no_new_privileges()
        if settings["seccomp"] and not refuse_system_calls():
            raise OSError("the filter of system calls was not accepted")
        _prctl(
            SET_DUMPABLE, 0
        )  # neither memory nor descriptors of this process can be opened by its children
    os.umask(0o077)


def bound(limits: dict[str, Any]) -> None:
    """The limits of one process; they hold for its children, too."""
    if sys.platform == "win32":
        return
    most = {
        "RLIMIT_AS": limits["memory"] * 10**6, "RLIMIT_FSIZE": limits["disk"] * 10**6, "RLIMIT_NOFILE": 256,
        "RLIMIT_CORE": 0, "RLIMIT_NPROC": limits["nproc"], "RLIMIT_MEMLOCK": 0, "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_CPU": limits["cpu_total"],
    }  # fmt: skip
    for name, value in most.items():
        if hasattr(resource, name):
            hard = resource.getrlimit(getattr(resource, name))[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            try:
                resource.setrlimit(getattr(resource, name), (value, value))
            except (ValueError, OSError):  # macOS refuses some
                continue


def child(channel: socket.socket, others: list[socket.socket], settings: dict[str, Any]) -> None:
    """A clean process for one exercise; does not return."""
    code = 0
    try:
        for other in others:
            other.close()
        if settings["channels"] is not None:
            os.setpgid(0, 0)
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        bound(settings["limits"])
        serve(channel)
    except BaseException:
        code = 70
    finally:
        os._exit(code)


def look_after(control: socket.socket, children: list[int]) -> None:
    """Say how children ended, when asked, and end them; and whether any process was left behind."""
    while True:
        try:
            number = receive(control.recv)["ended"]
        except EOFError:
            return
        status = _end(children[number])
        waiting = set(children[number + 1 :])
        control.sendall(framed({"signal": status[0], "code": status[1], "left": _left(waiting)}))


def _end(pid: int) -> tuple[int, int]:
    """Wait a moment for a child, then kill it: (signal, exit code); signal 0 where it ended by itself."""
    for attempt in range(60):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return (os.WTERMSIG(status), 0) if os.WIFSIGNALED(status) else (0, os.WEXITSTATUS(status))
        time.sleep(0.001 if attempt < 20 else 0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return 0, 0


def _left(waiting: set[int]) -> int:
    """How many processes live that should not, and how many of those waiting for their turn were ended or stopped."""
    me = os.getpid()
    try:
        with open(f"/proc/{me}/task/{me}/children", encoding="ascii") as file:
            others = {int(pid) for pid in file.read().split()} - waiting
    except OSError:
        others = set()
    left = sum(os.waitpid(pid, os.WNOHANG) == (0, 0) for pid in others)
    return left + sum(os.waitpid(pid, os.WNOHANG | os.WUNTRACED) != (0, 0) for pid in waiting)


def main() -> None:
    """Harden, fork, and look after the children until the grader closes the control channel."""
    settings = json.loads(sys.argv[1])
    torch.set_num_threads(1)
    for name in settings["warm"]:
        try:
            importlib.import_module(name)
        except Exception:  # the exercise will say so
            continue
    if settings["channels"] is None:  # one exercise, over standard input and output
        channel = _standard()
        harden(settings)
        channel.sendall(framed({"ready": 1}))
        child(channel, [], settings)
    channels = [socket.socket(fileno=number) for number in settings["channels"]]
    control = socket.socket(fileno=settings["control"])
    harden(settings)
    if sys.platform == "linux":
        _prctl(SET_CHILD_SUBREAPER, 1)  # what an answer leaves behind becomes a child of this process
    gc.collect()
    gc.freeze()
    children = []
    for channel in channels:
        pid = os.fork()
        if pid == 0:
            child(channel, [control, *(other for other in channels if other is not channel)], settings)
        children.append(pid)
    for channel in channels:
        channel.close()
    control.sendall(framed({"ready": len(children)}))
    look_after(control, children)


class _Streams:
    """Two descriptors with the methods of a socket that are used here."""

    def __init__(self, read: int, write: int):
        self.read, self.write = read, write

    def recv(self, size: int) -> bytes:
        return os.read(self.read, size)

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self.write, view) :]


def _standard() -> Any:
    return _Streams(os.dup(0), os.dup(1))


if __name__ == "__main__":
    main()
