"""Build what is derived from exercises/: students' notebooks, public packs, a page in each lesson, solved notebooks.

.venv/bin/python -m scripts.make_exercises              # what belongs to files that changed
.venv/bin/python -m scripts.make_exercises --all        # everything anew, after a change of the library: minutes
.venv/bin/python -m scripts.make_exercises --check      # write nothing, say what differs (with --all: compute it anew)
.venv/bin/python -m scripts.make_exercises --solutions build/solutions
"""

import argparse
import dataclasses
import hashlib
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from lecturelib.exercises.answer_key import AnswerKey, public_key
from lecturelib.exercises.catalog import INDEX, entry_of, pack_file
from lecturelib.exercises.compare import difference
from lecturelib.exercises.exercise import Exercise
from lecturelib.exercises.exercise_files import load_exercises
from lecturelib.exercises.exercise_notebook import (
    PARTS,
    exercise_notebook,
    lesson_page,
    notebook_bytes,
    with_page,
)
from lecturelib.exercises.wire import decode, encode
from lecturelib.files import write_whole

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks" / "exercises"
PACKS = ROOT / "lecturelib" / "exercises" / "packs"
SLOW = 3  # CPU seconds for one pack from which on they are printed


def ordered(exercises: list[Exercise]) -> list[Exercise]:
    """The order in a notebook: short ones first."""
    return sorted(exercises, key=lambda each: (each.part, each.minutes, each.name))


def digest(exercise: Exercise) -> str:
    """The sha256 of an exercise's file."""
    path = ROOT / "exercises" / f"part{exercise.part}" / f"{exercise.name}.py"
    return hashlib.sha256(path.read_bytes()).hexdigest()


def packed(exercise: Exercise) -> list[AnswerKey]:
    """The public keys of an exercise as they were packed from the file as it is now; none where it has changed."""
    try:
        if {each["name"]: each.get("sha256") for each in listed()}.get(exercise.name) != digest(exercise):
            return []
        return [
            AnswerKey.from_plain(flat)
            for flat in decode(pack_file(exercise.name, exercise.part).read_bytes())
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def keys_of(exercise: Exercise, anew: bool = False) -> list[AnswerKey]:
    """The public keys of an exercise, one for each of its variants."""
    kept = [] if anew else packed(exercise)
    if kept:
        return kept
    begun = time.process_time()
    made = [public_key(exercise, variant) for variant in range(len(exercise.variants))]
    if time.process_time() - begun > SLOW:
        print(f"{exercise.name}: {time.process_time() - begun:.0f} s for its pack", flush=True)
    return made


def listed() -> list[dict]:
    """The list of exercises as it was built last."""
    return json.loads(INDEX.read_text(encoding="utf-8")) if INDEX.is_file() else []


def files(exercises: list[Exercise], anew: bool = False, part: str | None = None) -> dict[Path, bytes]:
    """Every file that is built, with its bytes; where a part is named, the list keeps the other parts as they are."""
    exercises = ordered(exercises)
    keys = {each.name: keys_of(each, anew) for each in exercises}
    index = [{**dataclasses.asdict(entry_of(each)), "sha256": digest(each)} for each in exercises]
    if part is not None:
        index += [each for each in listed() if each["part"] != part]
    index.sort(key=lambda each: (each["part"], each["minutes"], each["name"]))
    built = {INDEX: (json.dumps(index, indent=1, ensure_ascii=False) + "\n").encode()}
    for each in exercises:
        built[pack_file(each.name, each.part)] = encode([key.to_plain() for key in keys[each.name]])
    for part, (name, _, lessons) in PARTS.items():
        own = [keys[each.name][0] for each in exercises if each.part == part]
        there = [path for lesson in lessons if (path := NOTEBOOKS.parent / f"{lesson}.ipynb").is_file()]
        if own and there:  # no exercises for students before there is a lesson
            built[NOTEBOOKS / f"{name}.ipynb"] = notebook_bytes(exercise_notebook(own))
            for path in there:
                lesson = json.loads(path.read_text(encoding="utf-8"))
                built[path] = notebook_bytes(with_page(lesson, lesson_page(own)))
    return built


def solved(exercises: list[Exercise], variant: int = 0) -> dict[str, bytes]:
    """The solved notebook of each part, by file name; each exercise in this variant, or its last where it has fewer."""
    made = {}
    for part, (name, _, _) in PARTS.items():
        own = [each for each in ordered(exercises) if each.part == part]
        if own:
            numbers = [min(variant, len(each.variants) - 1) for each in own]
            keys = [keys_of(each)[number] for each, number in zip(own, numbers, strict=True)]
            sources = {
                each.name: each.fill(each.solution, number) for each, number in zip(own, numbers, strict=True)
            }
            made[f"{name}.ipynb"] = notebook_bytes(exercise_notebook(keys, sources, name_variants=True))
    return made


def differs(path: Path, content: bytes) -> str:
    """How a committed file differs from what is built; "" where it does not.

    Numbers of a pack may differ as much as another processor's do.
    """
    shown = path.relative_to(ROOT)
    if not path.is_file():
        return f"{shown} is not there"
    committed = path.read_bytes()
    if committed == content:
        return ""
    if path.suffix == ".pack":
        wrong = difference(decode(committed), decode(content), 1e-3)
        return f"{shown} differs: {wrong}" if wrong else ""
    return f"{shown} differs"


def stale(built: dict[Path, bytes], part: str | None = None) -> list[Path]:
    """Built files of exercises that are gone; where a part is named, of that part."""
    there = [*PACKS.glob(f"{part or ''}*.pack"), *NOTEBOOKS.glob(f"{part or ''}*.ipynb")]
    return [path for path in there if path not in built]


def main(arguments: list[str] | None = None) -> int:
    """Build, check, or write solved notebooks."""
    parser = argparse.ArgumentParser(description="Build what is derived from exercises/.")
    parser.add_argument("--all", action="store_true", help="compute everything anew")
    parser.add_argument("--part", help='this part only, such as "05"')
    parser.add_argument("--check", action="store_true", help="write nothing, say what differs")
    parser.add_argument("--solutions", metavar="FOLDER", help="write solved notebooks there, for instructors")
    chosen = parser.parse_args(arguments)
    exercises = load_exercises(ROOT / "exercises", chosen.part)
    if chosen.solutions:
        for name, content in solved(exercises).items():
            print(write_whole(Path(chosen.solutions) / name, content))
        return 0
    built = files(exercises, chosen.all, chosen.part)
    wrong = [words for path, content in built.items() if (words := differs(path, content))]
    wrong += [f"{path.relative_to(ROOT)} belongs to no exercise" for path in stale(built, chosen.part)]
    if chosen.check:
        print("\n".join([*wrong, "run `make exercises`"]) if wrong else "everything is as it is built")
        return bool(wrong)
    for path, content in built.items():
        if differs(path, content):
            write_whole(path, content)
    for path in stale(built, chosen.part):
        path.unlink()
    points, minutes = sum(each.points for each in exercises), sum(each.minutes for each in exercises)
    mistakes = sum(len(each.mistakes) for each in exercises)
    print("\n".join(wrong) or "nothing to do")
    print(f"{len(exercises)} exercises, {points:g} points, {minutes} minutes, {mistakes} declared mistakes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
