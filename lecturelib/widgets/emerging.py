"""Pictures that sharpen: how far they are, and an ascent that is shown while it runs and remembered once done."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from lecturelib.checks import complaint
from lecturelib.show import Picture

PATIENCE = 0.15  # seconds between two pictures
REMEMBERED = 24

_finished: OrderedDict[Hashable, object] = OrderedDict()


@dataclass(frozen=True)
class Progress:
    """How far a long rendering has come: `fraction` from 0 to 1, and a few words.

    >>> Progress(0.25, "row 1 of 4").fraction
    0.25
    """

    fraction: float
    text: str = ""

    def __post_init__(self):
        if not 0 <= self.fraction <= 1:
            raise ValueError(complaint("fraction", "0 to 1", self.fraction))


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
