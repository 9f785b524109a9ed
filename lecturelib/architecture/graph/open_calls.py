"""Module calls that have begun and not ended, innermost last; also those that raised an error.

A call that raised stays: if the pass ends there, it is the place where it stopped. If anything else runs, the network
has caught the error, and the call is over.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from torch import nn

from lecturelib.architecture.graph.tensor_origins import Source


@dataclass
class OpenCall:
    """A module call that has begun; `items` are the nodes and calls in it so far.

    >>> call = OpenCall(0, None, 0, (0, 0), [], 0, {}, shared=False)
    >>> call.raised, call.items
    (False, [])
    """

    index: int
    module: nn.Module | None
    first_node: int
    mark: tuple[int, int]  # in the tensor origins
    sources: list[Source]
    count: int
    parameters: dict[str, nn.Parameter]
    shared: bool  # all its parameters were counted before
    items: list[tuple[str, int]] = field(default_factory=list)
    # the error in whose handling it began
    handled: BaseException | None = field(default_factory=sys.exception)
    raised: bool = False


class OpenCalls(list[OpenCall]):
    """The stack of the calls that have begun.

    >>> calls = OpenCalls([OpenCall(0, None, 0, (0, 0), [], 0, {}, shared=False)])
    >>> calls.has_raised(None), list(calls.pop_raised())
    (False, [])
    """

    def has_raised(self, module: nn.Module | None) -> bool:
        """Whether the module's call, which is over, is so by an error; then it is marked, with all that ran in it."""
        places = [k for k, call in enumerate(self) if call.module is module and not call.raised]
        if not places or sys.exception() is self[places[-1]].handled:
            return False
        for call in self[places[-1] :]:
            call.raised = True
        return True

    def pop_raised(self) -> Iterator[OpenCall]:
        """Take the calls that raised off the stack, innermost first."""
        while self and self[-1].raised:
            yield self.pop()
