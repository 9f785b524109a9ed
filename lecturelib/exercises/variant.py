"""`variant`: the task in another form; and `hint`: three steps of help."""

from __future__ import annotations

import sys

from lecturelib.exercises.catalog import exercise_key
from lecturelib.lesson.record import record_hint

_chosen: dict[str, int] = {}
_shown: dict[str, int] = {}


def chosen_variant(name: str) -> int:
    """The number of the variant that was chosen last in this session, 0 at first."""
    return _chosen.get(name, 0)


def variant(name: str, number: int | None = None) -> None:
    """Choose a variant of an exercise for this session, and show its task.

    Without a number the one in use is shown. An exercise without variants has only 0. Raises `UnknownName` for an
    exercise that there is not, ValueError for a number that it does not have.

    >>> variant("same_sentence_mask", 0)  # doctest: +ELLIPSIS
    Within your own sentence (variant 0 of 0 to 1)
    ...
    """
    key = exercise_key(name, chosen_variant(name) if number is None else number)
    _chosen[name] = key.variant
    said = f"{key.title} (variant {key.variant} of 0 to {key.variants - 1})"
    _show(f"### {said}\n\n{key.prompt}\n", f"{said}\n\n{key.prompt}")


def hint(name: str) -> None:
    """Show the next of three hints, from a question to nearly the way; after the third, all of them.

    Raises `UnknownName` for an exercise that there is not.

    >>> hint("same_sentence_mask")  # doctest: +ELLIPSIS
    Hint 1 of 3: ...
    """
    key = exercise_key(name, chosen_variant(name))
    _shown[name] = count = _shown.get(name, 0) + 1
    record_hint(name, min(count, 3))
    places = (count - 1,) if count <= 3 else (0, 1, 2)
    lines = [f"Hint {place + 1} of 3: {key.hints[place]}" for place in places]
    _show("\n\n".join(f"**{line[:11]}** {line[12:]}" for line in lines), "\n".join(lines))


def _show(markdown: str, text: str) -> None:
    module = sys.modules.get("IPython")
    if module is None or module.get_ipython() is None:
        print(text)
        return
    module.display.display({"text/markdown": markdown, "text/plain": text}, raw=True)
