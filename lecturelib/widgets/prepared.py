"""Settings that an instructor prepares for explorables: by title, in a file or a cell, called by name on stage."""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lecturelib.checks import UnknownName, complaint, described

START = "start"  # the prepared setting at which an explorable begins, and to which it is reset
VARIABLE = "LECTURELIB_PREPARED"  # names a file of prepared settings for every kernel

_prepared: dict[str, dict[str, dict]] | None = (
    None  # title -> name -> state; None: the file has not been read
)
_shown: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()


def read(path: str | Path) -> dict[str, dict[str, dict]]:
    """A file of prepared settings: JSON, `{"title": {"name": {"control": value, ...}, ...}, ...}`.

    Raises `FileNotFoundError`, or `ValueError` with what is wrong in it. Names and values of controls are checked when
    the explorable is made.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            complaint("prepared settings", "a JSON file", f"{str(path)!r}, which is not there")
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(complaint(path.name, "JSON", f"a text that is not ({error})")) from error
    return _checked(found, path.name)


def prepare(title: str, settings: Mapping[str, Mapping]) -> None:
    """Prepares settings for the explorable of a title, shown already or still to come; adds to those prepared before.

    `settings`: states by name, also incomplete ones, `{"small patch": {"patch": 16}}`. The one named "start" is where
    the explorable begins and where Reset goes. Raises what the explorable says to a wrong state, if it is there.

    >>> import numpy as np
    >>> from lecturelib.present import prepare
    >>> from lecturelib.show import picture
    >>> from lecturelib.widgets import Explorable, Slider
    >>> shade = lambda state: picture(np.full((4, 4), state["k"] / 9), alt=f"shade {state['k']}")
    >>> prepare("Shades, prepared", {"dark": {"k": 1}, "start": {"k": 5}})
    >>> shades = Explorable(shade, [Slider("k", 0, 9)], "Shades, prepared")
    >>> shades.state, shades.presets
    ({'k': 5}, {'dark': {'k': 1}})
    """
    _checked({title: settings}, "prepare")
    if title in _shown:
        _shown[title].prepare(settings)
    _all().setdefault(title, {}).update({name: dict(state) for name, state in settings.items()})


def settings(title: str) -> dict[str, dict]:
    """What is prepared for a title."""
    return dict(_all().get(title, {}))


def explorable(words: str):
    """The explorable shown last whose title holds these words; a cell sets it: `explorable("patch").state = {...}`.

    Raises `KeyError` with the titles that there are.

    >>> import numpy as np
    >>> from lecturelib.present import explorable
    >>> from lecturelib.show import picture
    >>> from lecturelib.widgets import Explorable, Slider
    >>> from lecturelib.widgets import prepared
    >>> shade = lambda state: picture(np.full((4, 4), state["k"] / 9), alt=f"shade {state['k']}")
    >>> shades = Explorable(shade, [Slider("k", 0, 9)], "Shades, by name")
    >>> prepared.remember(shades)  # shades.show() does it
    >>> explorable("by name").state = {"k": 7}
    >>> shades.state
    {'k': 7}
    """
    for title, found in reversed(list(_shown.items())):
        if words.lower() in title.lower():
            return found
    known = f"known: {', '.join(_shown)}" if _shown else "run a cell that shows one"
    raise UnknownName(complaint("explorable", "words of the title of one that is shown", repr(words), known))


def remember(shown) -> None:
    """Notes that an explorable is shown."""
    _shown.pop(shown.title, None)
    _shown[shown.title] = shown


def forget(closed: Any) -> None:
    """Notes that an explorable is closed."""
    title = closed.title
    if _shown.get(title) is closed:
        del _shown[title]


def _all() -> dict[str, dict[str, dict]]:
    global _prepared
    if _prepared is None:
        _prepared = read(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else {}
    return _prepared


def _checked(found, where: str) -> dict[str, dict[str, dict]]:
    if not isinstance(found, Mapping):
        raise ValueError(complaint(where, "titles of explorables and their settings", described(found)))
    for title, named in found.items():
        if not isinstance(named, Mapping) or not all(isinstance(state, Mapping) for state in named.values()):
            raise ValueError(
                complaint(
                    f"{title!r} in {where}", "settings by name, such as {'deep': {'k': 7}}", described(named)
                )
            )
    return {title: {name: dict(state) for name, state in named.items()} for title, named in found.items()}
