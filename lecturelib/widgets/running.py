"""A long call with a progress bar: it runs beside the explorable's thread and says how far it is."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from typing import TypeVar

from lecturelib.widgets.emerging import Progress

Result = TypeVar("Result")


def running(call: Callable[..., Result], text: str) -> Generator[Progress, None, Result]:
    """Runs `call(progress)` in a thread; yields a `Progress` each time it calls `progress(done, total)`.

    In a render: `result = yield from running(search, "searching")`. Returns what the call returns and raises what
    it raises. Where the student moves on in between, the call still ends, and may remember its result.

    >>> from lecturelib.widgets import running
    >>> def search(progress):
    ...     progress(1, 2)
    ...     return "found"
    >>> def render():
    ...     print((yield from running(search, "searching")))
    >>> [step.fraction for step in render()]
    found
    [0.0, 0.5]
    """
    said: queue.SimpleQueue = queue.SimpleQueue()

    def work() -> None:
        try:
            said.put(("result", call(lambda done, total: said.put(("progress", done / total)))))
        except BaseException as error:
            said.put(("error", error))

    threading.Thread(target=work, name=text, daemon=True).start()
    yield Progress(0.0, text)
    while True:
        kind, value = said.get()
        if kind == "progress":
            yield Progress(value, text)
        elif kind == "error":
            raise value
        else:
            return value
