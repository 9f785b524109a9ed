"""Zoom and pan for pictures of much detail: one script, for the notebook and for pages that were exported."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from lecturelib.show.text_metrics import escaped

# A notebook may run the script a moment before what it belongs to is on the page.
_START = """
function start() {
  for (const view of document.querySelectorAll(".ll-zoom:not([data-ll-live])")) {
    view.dataset.llLive = "";
    zoomable(view, view.firstElementChild, view.dataset.llTitle).turn(true);
  }
}
for (const wait of [0, 100, 1000, 4000]) setTimeout(start, wait);
"""


@lru_cache(maxsize=1)
def zoom_script() -> str:
    """The function `zoomable(view, content, title)` as JavaScript."""
    return (Path(__file__).parent / "zoom.js").read_text(encoding="utf-8")


def zoom_html(image: str, title: str) -> str:
    """An <img> that can be enlarged and moved; without scripts it is the image as it stands.

    `title` says whose keys these are. Plain HTML with the script in it, so that it also lives in an exported page.

    >>> "<img alt='x'>" in zoom_html("<img alt='x'>", "A diagram")
    True
    """
    view = f'<div class="ll-zoom" data-ll-title="{escaped(title)}"><div>{image}</div></div>'
    return f"{view}<script>(() => {{{zoom_script()}{_START}}})();</script>"
