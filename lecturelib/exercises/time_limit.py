"""A time limit for code of a student in the kernel that it shares with everything else.

In the main thread on Linux and macOS a timer's signal raises `TimeIsUp` in the code, also where it sleeps, and again
and again until the code has ended: a bare `except:` in an endless loop catches the first ones, but one that comes
while the handler itself runs ends the loop. On Windows and in other threads the exception is sent to the thread and
comes with the next line of Python: a bare `except:` in an endless loop may then catch it for ever, and the kernel has
to be interrupted. A single call that computes in C (one huge matrix product) ends first, everywhere.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

AGAIN = 0.02  # seconds between exceptions, where one is caught
CAUGHT = 3  # so many may be caught


class TimeIsUp(BaseException):
    """The code has run for longer than it may; no `Exception`, so that `except Exception` does not catch it."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TimeIsUp` in the block after so many seconds.

    >>> with contextlib.suppress(TimeIsUp), time_limit(0.05):
    ...     while True:
    ...         pass
    """
    by_signal = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    with _by_signal(seconds) if by_signal else _by_thread(seconds):
        yield


@contextlib.contextmanager
def _by_signal(seconds: float) -> Iterator[None]:
    running, rings = True, 0

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal rings
        if not running:
            return
        rings += 1
        if rings > CAUGHT:
            _raise_after(1 + rings % 5, frame)
        raise TimeIsUp

    before, traced = signal.signal(signal.SIGALRM, ring), sys.gettrace()
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if rings > CAUGHT:
            sys.settrace(traced)


def _raise_after(lines: int, frame: FrameType | None) -> None:
    """Raise once more after so many lines: in the handler that has just caught the exception."""
    left = lines

    def step(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        left -= event == "line"
        if left <= 0:
            raise TimeIsUp
        return step

    while frame is not None:
        if frame.f_code.co_filename != __file__:
            frame.f_trace = step
        frame = frame.f_back
    sys.settrace(step)


@contextlib.contextmanager
def _by_thread(seconds: float) -> Iterator[None]:
    ended, lock = threading.Event(), threading.Lock()
    caller = ctypes.c_ulong(threading.get_ident())

    def watch() -> None:
        wait = seconds
        while not ended.wait(wait):
            with lock:
                if not ended.is_set():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(caller, ctypes.py_object(TimeIsUp))
            wait = AGAIN

    threading.Thread(target=watch, daemon=True, name="time limit").start()
    try:
        yield
    finally:
        # One that was sent and has not come yet comes here. It must not be taken back (PyThreadState_SetAsyncExc with
        # NULL): Python 3.11 then believes for ever that one is pending, and a profiler or debugger never gets on.
        while not ended.is_set():
            with contextlib.suppress(TimeIsUp), lock:
                ended.set()
        with contextlib.suppress(TimeIsUp):
            for _ in range(100):
                pass
