"""Watch a run while it learns: one picture that is replaced at most ten times a second, with a progress bar.

    for step in live_curves(fit(model, data, epochs=3, validation=test)):
        ...

The picture is SVG text, written anew each time (no matplotlib figure); the time between two pictures grows with what
one costs, so that drawing never takes more than its share of the training.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from lecturelib.checks import complaint, described
from lecturelib.show import Picture
from lecturelib.training import plots
from lecturelib.training.run import Run, TrainingStep
from lecturelib.training.smooth import Smoother

EVERY = 0.1  # seconds at least between two pictures
SHARE = 0.03  # of the time that drawing may take

Screen = Callable[[Picture, str], None]  # (the picture, the line below it)


class Watched(Protocol):
    """An iterator that can be watched: `step` of `of` steps are done, `stopped` says why it ended early."""

    step: int
    of: int
    stopped: str

    def __iter__(self) -> Iterator: ...

    def __next__(self) -> Any: ...


def live_curves(run: Run, weight: float = 0.9, screen: Screen | None = None) -> Iterator[TrainingStep]:
    """Draw the learning curves of a run while it goes on, and hand its steps on.

    Loss, accuracy, learning rate and gradient norm, raw and smoothed: `for step in live_curves(fit(...))`.

    The kernel's interrupt (the square button, or Ctrl-C) ends the loop after a whole step, and nothing is lost:
    `for step in live_curves(run)` goes on. The last picture stays in the notebook, with an alt text that says the
    numbers. `weight`: of the smoothed lines, see `smooth`. `screen(picture, line)`: where pictures go; if None the
    notebook, or a line of text in a terminal. Raises `TypeError` for something other than a `Run` (for an iterator of
    your own take `live_pictures`).

    >>> import torch
    >>> from lecturelib.training import fit, live_curves
    >>> shown = []
    >>> run = fit(torch.nn.Linear(2, 2), (torch.eye(2), torch.arange(2)), steps=3)
    >>> len(list(live_curves(run, screen=lambda picture, line: shown.append(picture.alt))))
    3
    >>> shown[-1][:34]
    'Training curves, step 3 of 3, loss'
    """
    if not isinstance(run, Run):
        raise TypeError(complaint("run", "a Run", described(run), "call live_curves(fit(...))"))
    Smoother(weight)  # says what is wrong with it before a step is made
    return live_pictures(run, lambda run: plots.run_curves(run.history, weight, of=run.of), screen)


def live_pictures(run: Watched, draw: Callable[..., Picture], screen: Screen | None = None) -> Iterator:
    """Show `draw(run)` while any run goes on, and hand its steps on: the public way to watch an iterator of your own.

    The run is an iterator with the attributes `step` (done so far), `of` (where it ends) and `stopped` (why it ended
    early, or ""); its items have `step` and `of`. `draw(run)` returns a `Picture`; `screen` as in `live_curves`. The
    picture is drawn at most ten times a second, and costs at most 3 % of the time. An interrupt ends the loop after a
    whole step; iterating again goes on where it was left.

    >>> import torch
    >>> from lecturelib.training import fit, live_pictures, run_curves
    >>> run = fit(torch.nn.Linear(2, 2), (torch.eye(2), torch.arange(2)), steps=2)
    >>> shown = []
    >>> steps = live_pictures(run, lambda run: run_curves(run.history), lambda picture, line: shown.append(line))
    >>> [step.step for step in steps], "step 2 of 2" in shown[-1]
    ([1, 2], True)
    """
    return _pictures(run, draw, screen or _screen())


def _pictures(run: Watched, draw: Callable[..., Picture], screen: Screen) -> Iterator:
    clock = _Clock(run)
    end = ""
    try:
        while True:
            try:
                step = next(run)
            except StopIteration:
                end = run.stopped or "finished"
                break
            except KeyboardInterrupt:
                end = f"interrupted after step {run.step}: nothing is lost, iterate over the run to go on"
                break
            if clock.due():
                with clock:
                    screen(draw(run), clock.line(step))
            yield step
    finally:
        if run.step:
            words = end or f"left after step {run.step}: iterate over the run to go on"
            screen(draw(run), clock.end(words))


class _Clock:
    """When the next picture is due, and how long the run will take."""

    def __init__(self, run: Watched):
        self.run, self.first = run, run.step
        self.began = time.perf_counter()
        self.next = self.began
        self.drawn, self.pictures = 0.0, 0

    def due(self) -> bool:
        return time.perf_counter() >= self.next

    def __enter__(self) -> None:
        self._start, self._work = time.perf_counter(), time.thread_time()

    def __exit__(self, *_) -> None:
        now = time.perf_counter()
        # CPU time: on a busy machine the wall clock counts what others do
        cost = time.thread_time() - self._work
        self.drawn += cost
        self.pictures += 1
        self.next = now + max(EVERY, cost / SHARE)

    def line(self, step) -> str:
        """How far the run is: a progress bar and words, as HTML."""
        seconds = time.perf_counter() - self.began
        speed = (step.step - self.first) / seconds if seconds > 0 else 0.0
        left = (step.of - step.step) / speed if speed else 0.0
        epoch = f", epoch {step.epoch:.1f}" if hasattr(step, "epoch") else ""
        words = f"step {step.step} of {step.of}{epoch}, {speed:.0f} steps a second, {_time(left)} left"
        return _bar(step.step, step.of, words)

    def end(self, words: str) -> str:
        seconds = time.perf_counter() - self.began
        took = f"step {self.run.step} of {self.run.of} in {_time(seconds)}; {words}"
        return _bar(self.run.step, self.run.of, took)


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _bar(step: int, of: int, words: str) -> str:
    return (
        '<div style="font-size:15px;color:#333;background:#fff;padding:2px 10px 6px">'
        f'<progress value="{step}" max="{of}" aria-label="steps of the run" '
        f'style="width:220px;height:14px;vertical-align:middle"></progress> {words}</div>'
    )


def _screen() -> Screen:
    """Where pictures go: one output of the notebook that is replaced, or a line on the terminal."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None and getattr(shell, "kernel", None) is not None:
        return _notebook()
    return _terminal


def _notebook() -> Screen:
    from IPython.display import display

    handle: list = []

    def draw(picture: Picture, line: str) -> None:
        content = {"text/html": picture.html() + line, "text/plain": repr(picture)}
        if handle:
            handle[0].update(content, raw=True)
        else:
            handle.append(display(content, raw=True, display_id=True))

    return draw


def _terminal(picture: Picture, line: str) -> None:
    if sys.stderr.isatty():
        print("\r" + line.rpartition("</progress> ")[2].removesuffix("</div>"), end=" ", file=sys.stderr)
