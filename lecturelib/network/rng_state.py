"""The state of torch's random number generator, kept while something draws.

PyTorch's generator is one for all threads, so whoever keeps its state takes turns: a run that draws, an evaluation, a
network that is tried out. The order of locks is always the same: first the network (`freezing`), then the generator.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

DRAWING = threading.RLock()


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
    with DRAWING:
        kept = torch.get_rng_state()
        try:
            yield
        finally:
            torch.set_rng_state(kept)
