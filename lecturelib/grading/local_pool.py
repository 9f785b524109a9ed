"""A pool of processes on this machine: each does one task at a time; one that dies costs its task one more attempt.

The standard pool ends with its first worker that dies, and a task of ours handles bytes of strangers. Workers are
started afresh (`spawn`), end with this process, and leave Ctrl-C to it.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from typing import Any

ATTEMPTS = 3
SET_PARENT_DEATH_SIGNAL = 1


class Lost:
    """What stands for the result of a task whose worker died each time, or that raised: the reason in words.

    >>> Lost("it died").reason
    'it died'
    """

    def __init__(self, reason: str):
        self.reason = reason


class LocalPool:
    """`workers` processes that call `function(task)`, after `prepare(*arguments)` once each.

    Functions, arguments, tasks and results pass between our own processes, so they must be picklable.
    """

    def __init__(
        self,
        workers: int,
        function: Callable[[Any], Any],
        prepare: Callable[..., None] | None = None,
        arguments: tuple = (),
    ):
        self.context = multiprocessing.get_context("spawn")
        self.start = (function, prepare, arguments)
        self.size = workers
        self.members: dict[Connection, Any] = {}
        self.doing: dict[Connection, tuple[Any, int]] = {}

    def __enter__(self) -> LocalPool:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def run(self, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """(task, result) of every task, as they end; a `Lost` where a task could not be done."""
        waiting = deque((task, 1) for task in tasks)
        while waiting or self.doing:
            while waiting and len(self.members) < self.size and not self._idle():
                self._add()
            for pipe in self._idle():
                if waiting:
                    self._give(pipe, waiting)
            for ready in multiprocessing.connection.wait(list(self.doing), 1.0):
                pipe = next(each for each in self.doing if each is ready)
                task, attempt = self.doing.pop(pipe)
                try:
                    yield task, pipe.recv()
                except (EOFError, OSError):
                    self._drop(pipe)
                    if attempt < ATTEMPTS:
                        waiting.append((task, attempt + 1))
                    else:
                        yield task, Lost(f"the process that graded it died {attempt} times")

    def _idle(self) -> list[Connection]:
        return [pipe for pipe in self.members if pipe not in self.doing]

    def _give(self, pipe: Connection, waiting: deque[tuple[Any, int]]) -> None:
        task, attempt = waiting.popleft()
        try:
            pipe.send(task)
            self.doing[pipe] = (task, attempt)
        except OSError:
            self._drop(pipe)
            waiting.appendleft((task, attempt))

    def _add(self) -> None:
        own, other = self.context.Pipe()
        member = self.context.Process(target=_work, args=(other, *self.start), daemon=True)
        member.start()
        other.close()
        self.members[own] = member

    def _drop(self, pipe: Connection) -> None:
        member = self.members.pop(pipe)
        pipe.close()
        member.kill()
        member.join()

    def close(self) -> None:
        """End all workers at once, what they were doing too."""
        for pipe in list(self.members):
            self._drop(pipe)
        self.doing.clear()


def _work(
    pipe: Connection, function: Callable[[Any], Any], prepare: Callable[..., None] | None, arguments: tuple
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":  # nobody is left behind, even where the parent is killed
        import ctypes

        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if prepare is not None:
        prepare(*arguments)
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            result = function(task)
        except Exception as error:
            result = Lost(f"{type(error).__name__}: {error}"[:300])
        pipe.send(result)
