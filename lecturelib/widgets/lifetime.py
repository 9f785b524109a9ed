"""How long an explorable lives: until no page shows it any more, or until its cell runs again."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable

GRACE = (
    3.0  # seconds without a view before the end: a cell that is moved leaves the page and comes back at once
)

_open: weakref.WeakSet[Lifetime] = weakref.WeakSet()


def current_cell() -> tuple[str, str] | None:
    """The id of the cell that runs and of this run of it; None where the front end does not say."""
    import sys

    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    asked: dict = getattr(get_ipython(), "get_parent", dict)()
    cell = asked.get("metadata", {}).get("cellId")
    return (cell, asked["header"]["msg_id"]) if cell else None


def left(view: str) -> None:
    """A view left with its whole notebook: what a page says over another connection, as its own is gone."""
    for shown in list(_open):
        shown.left(view)


class Lifetime:
    """Calls `end` once, when what a cell showed is gone for good.

    It is gone when its last view left the page (its output was deleted, its notebook closed) and none came back within
    `grace` seconds, and when the only cell that shows it runs again. A page that is loaded anew says nothing when it
    goes, so what it showed lives on and is there again. `views` counts the views on the page.

    >>> ended = []
    >>> shown = Lifetime(lambda: ended.append("gone"), grace=0)
    >>> shown.seen("page", "view")
    >>> shown.left("view")
    >>> ended
    ['gone']
    """

    def __init__(self, end: Callable[[], None], grace: float = GRACE):
        self._end, self._grace = end, grace
        self._lock = threading.RLock()  # views come and go in a thread of the kernel, cells run in another
        self._page = ""
        self._views: set[str] = set()
        self._cells: dict[str, str] = {}  # cell -> the run of it that showed this last
        self._timer: threading.Timer | None = None
        self._awaited = False  # a cell shows it, and the page has not said so yet
        self._ended = False
        _open.add(self)

    @property
    def views(self) -> int:
        """How many views are on the page."""
        return len(self._views)

    def shown(self, cell: tuple[str, str] | None) -> None:
        """A cell (its id, and which run of it) shows this: what only an earlier run of it showed ends."""
        with self._lock:
            self._cancel()
            self._awaited = True
            if cell is not None:
                self._cells[cell[0]] = cell[1]
        for other in list(_open):
            if other is not self:
                other._runs_again(cell)

    def seen(self, page: str, view: str) -> None:
        """A view appeared on a page; those of a page that was there before went with it."""
        with self._lock:
            self._cancel()
            self._awaited = False
            if page != self._page:
                self._page, self._views = page, set()
            self._views.add(view)

    def left(self, view: str) -> None:
        """A view left its page."""
        with self._lock:
            if view not in self._views:
                return
            self._views.discard(view)
            if self._views or self._awaited or self._ended:
                return
            if self._grace <= 0:
                self.end()
                return
            self._timer = threading.Timer(self._grace, self._end_unseen)
            self._timer.daemon = True
            self._timer.start()

    def end(self) -> None:
        """Ends it now."""
        with self._lock:
            self._cancel()
            if self._ended:
                return
            self._ended = True
            _open.discard(self)
        self._end()

    def _runs_again(self, cell: tuple[str, str] | None) -> None:
        with self._lock:
            waiting = (
                self._timer is not None
            )  # no view, and another cell shows something: it did not come back
            replaced = cell is not None and self._cells.get(cell[0], cell[1]) != cell[1]
            if cell is not None and replaced:
                del self._cells[cell[0]]
            if not (waiting or (replaced and not self._cells)):
                return
        self.end()

    def _end_unseen(self) -> None:
        with self._lock:
            if self._views or self._timer is not threading.current_thread():
                return
        self.end()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
