"""Exercises as files: `exercises/partNN/NAME.py`, one file each, which defines `exercise`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lecturelib.checks import complaint, described
from lecturelib.exercises.exercise import Exercise


def folder_of_checkout() -> Path:
    """The folder `exercises/` of this checkout; it is not part of the wheel."""
    return Path(__file__).resolve().parents[2] / "exercises"


def load_exercise(path: str | Path) -> Exercise:
    """The exercise that a file defines; its name is the file's, its part the folder's where that is called partNN.

    Raises `FileNotFoundError`, or ValueError with the file's name where it defines no exercise or one of another name.

    >>> load_exercise("exercises/nothing.py")
    Traceback (most recent call last):
        ...
    FileNotFoundError: path: expected the file of an exercise, got exercises/nothing.py
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(complaint("path", "the file of an exercise", str(path)))
    space: dict[str, Any] = {"__name__": f"exercise_{path.stem}", "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), space)
    found = space.get("exercise")
    if not isinstance(found, Exercise):
        raise ValueError(
            complaint(path.name, "a file that defines `exercise = Exercise(...)`", described(found))
        )
    if found.name != path.stem:
        raise ValueError(complaint(f"name in {path.name}", repr(path.stem), repr(found.name)))
    if path.parent.name.startswith("part") and path.parent.name != f"part{found.part}":
        raise ValueError(complaint(f"part in {path.name}", repr(path.parent.name[4:]), repr(found.part)))
    return found


def exercise_files(folder: str | Path | None = None) -> list[Path]:
    """The files of all exercises of a folder, by part and name; of the checkout unless a folder is given."""
    base = folder_of_checkout() if folder is None else Path(folder)
    return sorted(path for path in base.glob("part*/*.py") if not path.name.startswith("_"))


def load_exercises(folder: str | Path | None = None, part: str | None = None) -> list[Exercise]:
    """All exercises of a folder, or those of one part."""
    files = exercise_files(folder)
    return [load_exercise(path) for path in files if part is None or path.parent.name == f"part{part}"]
