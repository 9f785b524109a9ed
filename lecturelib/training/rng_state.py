"""The state of torch's random number generator, kept while something draws."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_drawing = threading.RLock()  # torch's generator is one for all threads: runs in two take turns


@contextmanager
def preserve_rng_state() -> Iterator[None]:
    """Give torch's (CPU) random number generator back as it was, whatever is drawn inside the `with`.

    >>> import torch
    >>> before = torch.get_rng_state()
    >>> with preserve_rng_state():
    ...     numbers = torch.rand(3)
    >>> torch.equal(before, torch.get_rng_state())
    True
    """
    with _drawing:
        kept = torch.get_rng_state()
        try:
            yield
        finally:
            torch.set_rng_state(kept)
