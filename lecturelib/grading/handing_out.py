"""`release`: a notebook of exercises for every student of the roster, each in their own variants."""

from __future__ import annotations

import json
from pathlib import Path

from lecturelib.exercises.answer_key import AnswerKey, public_key
from lecturelib.exercises.exercise_notebook import PARTS, exercise_notebook
from lecturelib.files import write_whole
from lecturelib.grading.marks_table import folder_name
from lecturelib.grading.packs import exercises_of, make_secret
from lecturelib.grading.roster import read_roster


def release(part: str, roster: str, secret: str, out: str, exercises: str | None = None) -> int:
    """Write OUT/STUDENT/NN_NAME.ipynb for every student; the secret is made where its file is not there."""
    people = read_roster(roster)
    found = exercises_of(part, exercises)
    key = make_secret(secret)
    made: dict[tuple[str, int], AnswerKey] = {}
    for person in people:
        keys = []
        for each in found:
            variant = each.variant_of(key, person.student)
            if (each.name, variant) not in made:
                made[each.name, variant] = public_key(each, variant)
            keys.append(made[each.name, variant])
        notebook = exercise_notebook(keys, name_variants=True)
        text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        write_whole(Path(out) / folder_name(person.student) / f"{PARTS[part][0]}.ipynb", text)
    print(f"{len(people)} notebooks in {out}; grade them with --released --secret {secret}")
    return 0
