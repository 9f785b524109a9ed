"""Playing: steps in a thread of their own, so that the notebook goes on and Pause is answered at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from lecturelib.training.playground.engine import Engine

FASTEST = 1 / 40  # seconds between two drawings, so that other cells get their share of the processor
LONGEST = 50_000  # steps after which playing pauses by itself: a forgotten playground must not run all night


class Player:
    """An engine that one thread trains while others change it; every change happens between two steps.

    `drawn(engine)`: called after every change, with the engine at rest. `failed(error)`: called where playing had to
    stop. `wait(pause)`: called between two drawings, returns when the next may be made, at once when `pause` is set.
    """

    def __init__(
        self,
        engine: Engine,
        drawn: Callable[[Engine], None] = lambda engine: None,
        failed: Callable[[Exception], None] = lambda error: None,
        wait: Callable[[threading.Event], None] = lambda pause: None,
    ):
        self.engine = engine
        self.drawn, self.failed, self.wait = drawn, failed, wait
        self._lock = threading.RLock()
        self._pause = threading.Event()
        self._thread: threading.Thread | None = None

    def draw_for_nobody(self) -> None:
        """Forget who is told of changes: the page is gone."""
        self.drawn = lambda engine: None
        self.failed = lambda error: None
        self.wait = lambda pause: None

    @property
    def playing(self) -> bool:
        """Whether steps follow one another."""
        return self._thread is not None

    def play(self) -> None:
        """Begins to play; nothing happens where it plays already."""
        with self._lock:
            if self._thread is None:
                self._pause = threading.Event()
                self._thread = threading.Thread(
                    target=self._run, args=(self._pause,), name="playground", daemon=True
                )
                self._thread.start()

    def pause(self) -> None:
        """Stops playing: when this returns, the network rests."""
        self._pause.set()
        with self._lock:
            if self._thread is not None:
                self._thread = None
                self.drawn(self.engine)

    def change(self, act: Callable[[Engine], Engine | None]) -> None:
        """Does something with the engine at rest, which may give a new engine, and draws it; playing goes on."""
        with self._lock:
            self.engine = act(self.engine) or self.engine
            self.drawn(self.engine)

    def _run(self, pause: threading.Event) -> None:
        left = LONGEST
        while not pause.is_set():
            start = time.perf_counter()
            with self._lock:
                if pause.is_set():
                    return
                speed = self.engine.settings["speed"]
                left -= speed
                try:
                    self.engine.step(speed)
                    error = None
                except Exception as raised:  # shown to the student, who cannot see a thread's traceback
                    error = raised
                if error is not None or left <= 0:
                    pause.set()
                    self._thread = None
                self.drawn(self.engine)
                if error is not None:
                    self.failed(error)
            pause.wait(max(0.002, FASTEST - (time.perf_counter() - start)))
            self.wait(pause)
