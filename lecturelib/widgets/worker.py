"""One thread per explorable, in which the latest job wins."""

from __future__ import annotations

import threading
from collections.abc import Callable

LINGER = 20.0  # seconds an idle thread waits for the next job before it ends


class LatestWins:
    """Runs jobs one after another in a daemon thread; a job that came while another ran replaces those waiting.

    `run(job, superseded)`: does one job, and may ask `superseded()` whether to stop early. The thread starts
    with the first job and ends after `linger` seconds without one, so that re-run cells leave none behind.
    """

    def __init__(self, run: Callable, name: str, linger: float = LINGER):
        self._run, self._name, self._linger = run, name, linger
        self._changed = threading.Condition()
        self._waiting: list = []  # at most one job
        self._busy = self._stop = self._closed = False
        self._thread: threading.Thread | None = None

    def submit(self, job) -> None:
        """Hands over a job; RuntimeError once closed."""
        with self._changed:
            if self._closed:
                raise RuntimeError("this explorable is closed; show it again, or make a new one")
            self._waiting[:] = [job]
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def superseded(self) -> bool:
        """Whether the running job should stop: a newer one waits, or somebody said stop."""
        return bool(self._waiting) or self._stop

    def stop(self) -> None:
        """Drops the waiting job and asks the running one to stop."""
        with self._changed:
            self._waiting.clear()
            self._stop = self._busy
            self._changed.notify_all()

    def wait(self, ready: Callable[[], bool] = lambda: False, timeout: float | None = None) -> bool:
        """Waits until nothing is left to do or `ready()`, at most `timeout` seconds; says whether it is so."""
        with self._changed:
            return self._changed.wait_for(lambda: ready() or not (self._waiting or self._busy), timeout)

    def tell(self) -> None:
        """Wakes who waits, so that they ask `ready()` again."""
        with self._changed:
            self._changed.notify_all()

    def close(self, timeout: float | None = 10.0) -> None:
        """Stops the running job between two of its steps and ends the thread."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._stop = True
            thread = self._thread
            self._changed.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._closed, self._linger)
                if not self._waiting:
                    self._thread = None
                    return
                job = self._waiting.pop()
                self._busy, self._stop = True, self._closed
            try:
                self._run(job, self.superseded)
            except BaseException:
                with (
                    self._changed
                ):  # an error of the shell itself: the thread dies loudly, the next job revives it
                    self._busy, self._thread = False, None
                    self._changed.notify_all()
                raise
