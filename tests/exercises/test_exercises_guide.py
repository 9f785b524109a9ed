"""The example of the guide is an exercise that keeps what it promises."""

import re
from pathlib import Path

from lecturelib.exercises import load_exercise
from lecturelib.exercises.answer_key import outcomes_of, student_key
from lecturelib.exercises.catalog import entries, exercise_key
from lecturelib.exercises.marking import mark

GUIDE = Path(__file__).parents[2] / "docs" / "exercises.md"


def test_the_guides_example_works_and_is_checked_from_a_folder_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "part05").mkdir()
    file = tmp_path / "part05" / "total_gradient.py"
    file.write_text(re.search(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.S)[1])
    exercise = load_exercise(file)
    key = student_key(exercise, b"secret", "ann")
    cases = [one.case for one in key.cases]
    assert mark(key, outcomes_of(exercise, exercise.solution, cases)).points == exercise.points
    for mistake in exercise.mistakes:
        assert mark(key, outcomes_of(exercise, mistake.source, cases)).mistake == mistake.name
    monkeypatch.setenv("LECTURELIB_EXERCISES", str(tmp_path))
    assert "total_gradient" in {each.name for each in entries()}
    assert len(exercise_key("total_gradient").cases) == 1  # the public one
