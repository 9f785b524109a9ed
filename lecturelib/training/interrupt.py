"""Defer the kernel's interrupt to the end of a step, so that no step is ever half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any


class defer_interrupt:
    """Inside the `with`, Ctrl-C (the kernel's interrupt) waits for its end; a second one does not wait.

    Python delivers interrupts to the main thread only; elsewhere this does nothing.

    >>> import signal
    >>> done = []
    >>> try:
    ...     with defer_interrupt():
    ...         signal.raise_signal(signal.SIGINT)
    ...         done.append("the step")
    ... except KeyboardInterrupt:
    ...     done.append("the interrupt")
    >>> done
    ['the step', 'the interrupt']
    """

    def __enter__(self) -> defer_interrupt:
        self._came = False
        self._before: Callable[[int, FrameType | None], Any] | None = None
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            if callable(before):
                signal.signal(signal.SIGINT, self._later)
                self._before = before
        return self

    def _later(self, number: int, frame: FrameType | None) -> None:
        if self._came and self._before is not None:
            self._before(number, frame)
        self._came = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is None:
            return
        signal.signal(signal.SIGINT, self._before)
        if self._came and kind is None:
            self._before(signal.SIGINT, None)
