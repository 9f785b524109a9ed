"""A picture that emerges: an ascent shown while it runs, stopped between two steps, and remembered once it is done."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import closing
from typing import Any

from lecturelib.show import Picture
from lecturelib.widgets.explorable import Progress

PATIENCE = 0.15  # seconds between two pictures
REMEMBERED = 24

_finished: OrderedDict[Hashable, object] = OrderedDict()


def emerging(
    key: Hashable,
    steps: Callable[[], Iterator],
    total: int,
    draw: Callable[..., Picture],
    words: str,
    patience: float = PATIENCE,
) -> Iterator[Picture | Progress]:
    """The pictures `draw(step)` of an ascent `steps()` of `total` steps, with `Progress` in between.

    A picture at most every `patience` seconds. The end of a finished ascent is remembered under `key`, so that a
    slider set back answers at once. Where the student moves on or stops, the ascent is closed between two steps.
    """
    if key in _finished:
        _finished.move_to_end(key)
        yield draw(_finished[key])
        return
    shown, step = time.perf_counter() - patience, None
    ascent: Any = steps()  # a generator
    with closing(ascent) as running:
        for count, step in enumerate(running, start=1):
            if count < total and time.perf_counter() - shown > patience:
                yield draw(step)
                yield Progress(count / total, words)
                shown = time.perf_counter()
    _finished[key] = step
    while len(_finished) > REMEMBERED:
        _finished.popitem(last=False)
    yield draw(step)
