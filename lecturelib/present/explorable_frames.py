"""Frozen frames of an explorable: what it shows at a few settings, for a page without a kernel."""

from __future__ import annotations

import time
from collections.abc import Iterator

from lecturelib.show import Picture
from lecturelib.show.text_metrics import escaped
from lecturelib.widgets import prepared

MOST = 5  # frames of one explorable
SECONDS = 10.0  # after which no further frame is begun


def settings_of(explorable) -> Iterator[tuple[str, dict]]:
    """Settings worth a frame, each with its words: the prepared ones, else the first controls' ends and middles."""
    if explorable.presets:
        yield from explorable.presets.items()
        return
    start = explorable.controls_at({})
    for control in start.values():
        if len(control.names) > 1:
            continue
        for value in control.values():
            if value != control.value and isinstance(value, str | int | float):
                yield f"{control.words}: {control.says(value)}", control.as_state(value)


def frames(explorable, most: int = MOST, seconds: float = SECONDS) -> list[tuple[str, Picture]]:
    """Frames as words and `Picture`s, at least one: that of the explorable as it is; equal pictures only once."""
    made = [("as it starts", explorable.picture())]
    end = time.monotonic() + seconds
    for words, state in settings_of(explorable):
        if len(made) >= most or time.monotonic() > end:
            break
        try:
            picture = explorable.picture(state)
        except (ValueError, TypeError, KeyError):
            continue  # a setting that says "choose another" is no frame
        if all(picture.data() != other.data() for _, other in made):
            made.append((words, picture))
    return made


def html_of(explorable) -> str:
    """The frames as HTML: the pictures, and a button for each, which the page's own script makes choose."""
    made = frames(explorable)
    buttons = "".join(
        f'<button type="button" aria-pressed="{str(k == 0).lower()}">{escaped(words)}</button>'
        for k, (words, _) in enumerate(made)
    )
    pictures = "".join(
        f'<div class="frame"{"" if k == 0 else " hidden"}>{picture.html()}</div>'
        for k, (_, picture) in enumerate(made)
    )
    choose = f'<div class="frame-choice" role="group">{buttons}</div>' if len(made) > 1 else ""
    return f'<section class="frames"><h4>{escaped(explorable.title)}</h4>{choose}{pictures}</section>'


def show_last() -> None:
    """Shows the frames of the explorable that was shown last: what `html_deck.py` asks of the kernel after a cell."""
    from IPython.display import HTML, display

    display(HTML(html_of(next(reversed(list(prepared._shown.values()))))))
