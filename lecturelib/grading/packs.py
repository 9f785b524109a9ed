"""Packs: the answer keys of one student for the exercises of a part, and the secret that hidden inputs follow from."""

from __future__ import annotations

import functools
import hashlib
import secrets as random_bytes
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import lecturelib
from lecturelib.checks import complaint
from lecturelib.exercises import wire
from lecturelib.exercises.answer_key import AnswerKey, ExerciseFault, answer_key, public_key
from lecturelib.exercises.exercise import Exercise
from lecturelib.exercises.exercise_files import load_exercises
from lecturelib.files import write_whole

SECRET_BYTES = 32
NO_FILES = "the exercises are in a checkout of the project, or give your own with --exercises FOLDER"
# What a result depends on; pages, tables and engines may change without grading again.
GRADING = {
    "grading": "answers control_groups framing grader jail jail_channel jail_seccomp jail_slice jail_worker limits "
    "notebook_stream packs processes submissions wording",
    "exercises": "answer_cells answer_key asking compare exercise exercise_files forbidden marking plain_data starter "
    "wire",
}


def read_secret(file: str | Path | None, results: str | Path) -> bytes:
    """The course's secret: from a file, or from RESULTS/secret.bin, which is made where it is not there.

    Raises FileNotFoundError for a given file that is not there, ValueError for one of fewer than 16 bytes.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_secret(None, folder) == read_secret(None, folder)
    True
    """
    if file is None:
        return make_secret(Path(results, "secret.bin"))
    if not Path(file).is_file():
        raise FileNotFoundError(complaint("--secret", "a file of 16 bytes or more", str(file)))
    return make_secret(file)


def make_secret(file: str | Path) -> bytes:
    """The secret of a file, which is made, for its owner only, where it is not there."""
    path = Path(file)
    if not path.is_file():
        write_whole(path, random_bytes.token_bytes(SECRET_BYTES), mode=0o600)
    data = path.read_bytes()
    if len(data) < 16:
        raise ValueError(complaint("--secret", "a file of 16 bytes or more", f"{len(data)}"))
    return data


def exercises_of(part: str, folder: str | Path | None = None) -> list[Exercise]:
    """The exercises of a part, from a folder of one's own or from the checkout; ValueError where there are none.

    >>> exercises_of("05", "/nowhere")
    Traceback (most recent call last):
        ...
    ValueError: --part: expected a part with exercises, such as 05, got '05'; the exercises are in a checkout...
    """
    found = load_exercises(folder, part)
    if not found:
        raise ValueError(complaint("--part", "a part with exercises, such as 05", repr(part), NO_FILES))
    return found


def student_pack(
    exercises: Sequence[Exercise], secret: bytes, student: str, own_variants: bool = False
) -> bytes:
    """The pack of one student: an answer key per exercise, public and hidden cases; faults of an exercise stand in it.

    With `own_variants` each exercise is in the variant that `release` handed to this student, else in the public one.
    The same secret, exercises and student give the same bytes.

    >>> student_pack([], bytes(32), "ana")[:4]
    b'LLX1'
    """
    keys: list[dict[str, Any]] = []
    for exercise in exercises:
        try:
            variant = exercise.variant_of(secret, student) if own_variants else 0
            public = _public_key(exercise, variant)
            hidden = exercise.hidden_cases(secret, student, variant)
            more = answer_key(exercise, hidden, variant).cases if hidden else ()
            keys.append(replace(public, cases=public.cases + more).to_plain())
        except ExerciseFault as fault:
            keys.append(
                {
                    "name": exercise.name,
                    "title": exercise.title,
                    "fault": str(fault),
                    "points": exercise.points,
                }
            )
    return wire.encode({"keys": keys})


_public: dict[tuple[int, int], tuple[Exercise, AnswerKey]] = {}


def _public_key(exercise: Exercise, variant: int) -> AnswerKey:
    """The key of the public cases, which is everybody's: made once per exercise and variant."""
    kept = _public.get((id(exercise), variant))
    if kept is None or kept[0] is not exercise:
        kept = _public[id(exercise), variant] = (exercise, public_key(exercise, variant))
    return kept[1]


def unpack(pack: bytes) -> list[AnswerKey | dict[str, Any]]:
    """The answer keys of a pack; an exercise with a fault stays a dict with its name, title, fault and points."""
    flat = wire.decode(pack, 2**31)
    return [each if "fault" in each else AnswerKey.from_plain(each) for each in flat["keys"]]


@functools.lru_cache
def grader_version() -> str:
    """16 hexadecimal digits that change with the code that grades: results of another version are not taken over.

    >>> len(grader_version())
    16
    """
    library = Path(lecturelib.__file__).parent
    digest = hashlib.sha256(lecturelib.__version__.encode())
    for file in [
        library / folder / f"{name}.py" for folder, names in GRADING.items() for name in names.split()
    ]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
