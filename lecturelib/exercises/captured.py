"""What code prints and warns while it is checked: kept to be shown, at most a page of it, and never counted."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Iterator

MOST_SHOWN = 2000  # characters


class Captured(io.TextIOBase):
    """Takes text as a file does, keeps its beginning, and counts the rest."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.length = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.length < MOST_SHOWN:
            self.kept.append(text[: MOST_SHOWN - self.length])
        self.length += len(text)
        return len(text)

    @property
    def text(self) -> str:
        """What came, its end left out where it was long."""
        more = self.length - MOST_SHOWN
        return "".join(self.kept) + (f"\n... and {more} more characters" if more > 0 else "")


@contextlib.contextmanager
def captured() -> Iterator[Captured]:
    """Keep what the block prints (to both streams) and warns.

    >>> with captured() as said:
    ...     print("a shape")
    >>> said.text
    'a shape\\n'
    """
    said = Captured()

    def note(message, category, filename, lineno, file=None, line=None):
        said.write(f"{category.__name__}: {message}\n")

    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(said))
        stack.enter_context(contextlib.redirect_stderr(said))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("default")
        warnings.showwarning = note
        yield said
        sys.stdout.flush()
