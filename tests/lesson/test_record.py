"""progress.json: kept whole, read again, and never in a student's way."""

import json
import subprocess
import sys

import pytest

from lecturelib.lesson.record import progress_file, read_record, record_answer, record_exercise, record_hint


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LECTURELIB_PROGRESS", str(tmp_path / "deep"))
    return tmp_path / "deep"


def test_the_best_result_is_kept_and_tries_are_counted():
    for status, points in (("wrong", 0), ("partial", 1), ("ok", 2), ("error", 0)):
        assert record_exercise("toy", status, points, 2) == ""
    record_hint("toy", 2)
    record_hint("toy", 1)
    kept = read_record()[0]["exercises"]["toy"]
    assert kept == {"hints": 2, "out_of": 2, "points": 2, "status": "ok", "tries": 4}


def test_answers_of_a_quiz_stay_right():
    record_answer("Part 5", 2, 3, True)
    record_answer("Part 5", 2, 3, False)
    record_answer("Part 5", 1, 3, False)
    assert read_record()[0]["quizzes"]["Part 5"] == {"right": [2], "total": 3, "tried": [1, 2]}
    for wrong in (("Part 5", 4, 3, True), ("Part 5", 0, 3, True), ("Part 5", 1, 0, True)):
        with pytest.raises(ValueError):
            record_answer(*wrong)
    for wrong in ((5, 1, 3, True), ("Part 5", 1.5, 3, True), ("Part 5", 1, 3, "yes")):
        with pytest.raises(TypeError):
            record_answer(*wrong)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"exercises": 3, "quizzes": {}}', '{"exercises": {"a": 1}, "quizzes": {}}', "[" * 99999],
)
def test_a_damaged_file_is_put_aside_and_said(folder, content):
    folder.mkdir()
    progress_file().write_text(content)
    said = record_exercise("toy", "ok", 1, 1)
    assert "was damaged" in said and "progress.damaged.json" in said
    assert (folder / "progress.damaged.json").read_text() == content
    assert read_record()[0]["exercises"]["toy"]["status"] == "ok" and read_record()[1] == ""


def test_bytes_that_are_no_text_are_put_aside(folder):
    folder.mkdir()
    progress_file().write_bytes(b"\xff\xfe\x00")
    assert "was damaged" in read_record()[1]


def test_a_folder_that_cannot_be_written_stops_nothing(folder):
    folder.write_text("a file stands where the folder should be")
    assert "could not be kept" in record_exercise("toy", "ok", 1, 1)
    assert read_record()[0]["exercises"] == {}


def test_entries_of_another_kind_are_survived(folder):
    folder.mkdir()
    odd = {"exercises": {"toy": {"tries": "x", "status": 7}}, "quizzes": {"Part 5": {"right": ["a", 9]}}}
    progress_file().write_text(json.dumps(odd))
    record_exercise("toy", "wrong", 0, 1)
    record_answer("Part 5", 1, 3, True)
    assert read_record()[0]["quizzes"]["Part 5"]["right"] == [1]


def test_two_kernels_lose_nothing():
    code = """import sys
from lecturelib.lesson.record import record_exercise
for k in range(15):
    record_exercise(f"{sys.argv[1]}{k}", "ok", 1, 1)
"""
    running = [subprocess.Popen([sys.executable, "-c", code, name]) for name in "ab"]
    assert [process.wait(60) for process in running] == [0, 0]
    assert len(read_record()[0]["exercises"]) == 30
