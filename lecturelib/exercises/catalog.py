"""The exercises at hand: packed ones, shipped with the library, and those of a folder of one's own.

`LECTURELIB_EXERCISES` names a folder with exercises in the one-file form (`partNN/NAME.py`); they come first.
"""

from __future__ import annotations

import functools
import json
import os
from dataclasses import dataclass
from pathlib import Path

from lecturelib.checks import check_name, check_whole
from lecturelib.exercises.answer_key import AnswerKey, public_key
from lecturelib.exercises.exercise import Exercise
from lecturelib.exercises.exercise_files import exercise_files, load_exercise
from lecturelib.exercises.wire import decode

PACKS = Path(__file__).parent / "packs"
INDEX = PACKS / "index.json"
FOLDER = "LECTURELIB_EXERCISES"


@dataclass(frozen=True)
class Entry:
    """What the list of exercises says of one."""

    name: str
    part: str
    title: str
    minutes: int
    points: float
    variants: int
    sha256: str = ""  # of the file that the pack was made from


def entry_of(exercise: Exercise) -> Entry:
    """The entry of an exercise in the list."""
    return Entry(
        exercise.name,
        exercise.part,
        exercise.title,
        exercise.minutes,
        exercise.points,
        len(exercise.variants),
    )


def pack_file(name: str, part: str) -> Path:
    """Where the pack of an exercise stands."""
    return PACKS / f"{part}_{name}.pack"


@functools.lru_cache(maxsize=1)
def _shipped(changed: int) -> dict[str, Entry]:
    return {each["name"]: Entry(**each) for each in json.loads(INDEX.read_text(encoding="utf-8"))}


def _own() -> dict[str, Path]:
    folder = os.environ.get(FOLDER)
    return {path.stem: path for path in exercise_files(folder)} if folder else {}


def entries() -> list[Entry]:
    """All exercises at hand, by part, the shorter ones first."""
    found = dict(_shipped(INDEX.stat().st_mtime_ns)) if INDEX.is_file() else {}
    found |= {name: entry_of(load_exercise(path)) for name, path in _own().items()}
    return sorted(found.values(), key=lambda each: (each.part, each.minutes, each.name))


def exercise_key(name: str, variant: int = 0) -> AnswerKey:
    """The public answer key of an exercise.

    Raises `UnknownName` with the nearest names, or ValueError for a variant that it does not have.
    """
    own = _own()
    known = {each.name: each for each in entries()}
    check_name("name", name, known, "exercise")
    check_whole("variant", variant, 0, known[name].variants - 1, f"{name} has {known[name].variants}")
    if name in own:
        return public_key(load_exercise(own[name]), variant)
    file = pack_file(name, known[name].part)
    return _unpacked(file, file.stat().st_mtime_ns)[variant]


@functools.lru_cache(maxsize=16)
def _unpacked(file: Path, changed: int) -> tuple[AnswerKey, ...]:
    return tuple(AnswerKey.from_plain(flat) for flat in decode(file.read_bytes()))
