"""The notebook of a part's exercises: stripped, the same bytes every time; without solutions, or solved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lecturelib.exercises.answer_key import AnswerKey

# What a part is called: its notebook of exercises, its title, and the lessons that it belongs to.
PARTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "01": ("01_architecture", "Architecture diagrams", ("01_architecture",)),
    "02": ("02_training", "Training", ("02_training",)),
    "03": ("03_confounds", "Confounds and adversarial examples", ("03_confounds",)),
    "04": ("04_parameters", "Simple parameter visualization", ("04_parameters",)),
    "05": ("05_gradients", "Gradient methods", ("05_gradients",)),
    "06": ("06_optimization", "Optimization methods", ("06_optimization",)),
    "07": (
        "07_attention",
        "Attention and the Transformer",
        ("07a_attention", "07b_transformer", "07c_language_model"),
    ),
    "08": ("08_autoencoders", "Autoencoders", ("08_autoencoders",)),
    "09": ("09_visual_attention", "Visual attention", ("09_visual_attention",)),
}
GO_ON = ("exercises", "go-on")  # ids of the cell that ends a lesson
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_HOW = """**How to work.** Write your answer into the cell below the task, in place of `...`, and run it. The cell
after it says at once what is right and what is not; it never shows the answer. `hint("NAME")` gives the next of three
hints. Copy a cell as often as you like, but keep its line `#| exercise: NAME`: your answer is found by it, and of two
answers the last counts. Cells in between may hold anything."""


def exercise_notebook(
    keys: Sequence[AnswerKey], solutions: Mapping[str, str] | None = None, name_variants: bool = False
) -> dict[str, Any]:
    """The notebook of some exercises of one part, as nbformat 4.5 has it.

    `solutions` holds a source for each exercise that is to stand solved. `name_variants` writes the number of the
    variant into each check, as a handed out notebook needs it.
    """
    part = keys[0].part
    number = int(part)
    _, title, lessons = PARTS[part]
    minutes, points = sum(key.minutes for key in keys), sum(key.points for key in keys)
    table = "\n".join(
        f"| {place} | {key.title} | {key.minutes} min | {key.points:g} | {key.trains} |"
        for place, key in enumerate(keys, 1)
    )
    links = " and ".join(f"[{lesson}](../{lesson}.ipynb)" for lesson in lessons)
    cells = [
        _text(
            "title",
            f"# Exercises · Part {number} · {title}\n\n{len(keys)} exercises, {minutes} minutes, {points:g} points, "
            f"for "
            f"{links}.\n\n{_HOW}",
            "slide",
        ),
        _text(
            "list",
            f"## The exercises\n\n| | exercise | time | points | trains |\n|---|---|---|---|---|\n{table}",
            "slide",
        ),
        _code(
            "setup",
            "from lecturelib import lesson\nfrom lecturelib.exercises import check, hint, progress, variant\n\n"
            f'lesson.begin("{part}")',
            "skip",
        ),
    ]
    for place, key in enumerate(keys, 1):
        cells += _cells_of(key, place, (solutions or {}).get(key.name), name_variants)
    cells += [_text("end", "## What is done so far", "slide"), _code("progress", "progress()")]
    return {
        "cells": cells,
        "metadata": {"kernelspec": _KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cells_of(key: AnswerKey, place: int, solution: str | None, name_variants: bool) -> list[dict]:
    name = key.name.replace("_", "-")
    points = f"{key.points:g} point{'' if key.points == 1 else 's'}"
    forbidden = f" Without {', '.join(f'`{each}`' for each in key.forbidden)}." if key.forbidden else ""
    more = (
        f' There are {key.variants} variants of this task: `variant("{key.name}", 1)` shows another.'
        if key.variants > 1 and not name_variants
        else ""
    )
    head = f"## {place} · {key.title}\n\n*{key.minutes} minutes, {points}.*{forbidden}{more}\n\n{key.prompt}"
    cells = [_text(name, head, "slide")]
    if key.given:
        cells.append(_code(f"{name}-given", key.given, "skip"))
    source = f"#| exercise: {key.name}\n{(key.starter if solution is None else solution).strip()}"
    cells.append(_code(f"{name}-answer", source, "subslide"))
    variant = f", variant={key.variant}" if name_variants and key.variants > 1 else ""
    cells.append(
        _code(f"{name}-check", f'check("{key.name}", {key.answer}{variant})  # stuck? hint("{key.name}")')
    )
    return cells


def lesson_page(keys: Sequence[AnswerKey]) -> dict[str, Any]:
    """The page near the end of a lesson that lists the exercises of its part: a cell with the id `exercise-page`."""
    file = f"exercises/{PARTS[keys[0].part][0]}.ipynb"
    rows = "\n".join(f"| {key.title} | {key.minutes} min | {key.trains} |" for key in keys)
    minutes = sum(key.minutes for key in keys)
    return _text(
        "exercise-page",
        f"## Exercises\n\n*Do.* Open [{file}]({file}): {len(keys)} exercises that check themselves, {minutes} "
        f"minutes in all. "
        "Choose one that you cannot solve at once.\n\n| exercise | time | trains |\n|---|---|---|\n" + rows,
        "slide",
    )


def with_page(notebook: dict[str, Any], page: dict[str, Any]) -> dict[str, Any]:
    """A lesson with its page of exercises, before the cell that says how to go on."""
    cells = [cell for cell in notebook["cells"] if cell["id"] != page["id"]]
    place = next(place for place, cell in enumerate(cells) if cell["id"] in GO_ON)
    return {**notebook, "cells": [*cells[:place], page, *cells[place:]]}


def notebook_bytes(notebook: dict[str, Any]) -> bytes:
    """A notebook as it is written: UTF-8, one space of indent, a line break at its end."""
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def _text(name: str, source: str, slide: str = "") -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": _metadata(slide), "source": _lines(source)}


def _code(name: str, source: str, slide: str = "") -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": _metadata(slide),
        "outputs": [],
        "source": _lines(source),
    }


def _metadata(slide: str) -> dict[str, Any]:
    return {"slideshow": {"slide_type": slide}} if slide else {}


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)
