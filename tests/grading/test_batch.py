"""A batch: the same bytes every time, resumed after a stop, with marks by hand, a roster and honest exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lecturelib import __main__ as command_line
from lecturelib.exercises.catalog import exercise_key
from lecturelib.exercises.exercise_notebook import exercise_notebook
from lecturelib.grading import class_report, local_pool, result_store
from lecturelib.grading.batch import Task, prepare, set_up_worker
from lecturelib.grading.local_pool import LocalPool, Lost
from lecturelib.grading.marks_table import MANUAL, read_manual
from lecturelib.grading.roster import match, people
from tests.grading.toys import COURSE, ROOT, files_of, grade, plan_for, write_class, write_submission

pytestmark = pytest.mark.slow  # a jail and an import of PyTorch for each submission


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of three, graded once: (submissions, results, batch)."""
    base = tmp_path_factory.mktemp("batch")
    folder = write_class(base / "submissions")
    return folder, base / "results", grade(folder, base / "results")


def statuses(row):
    return {each["name"]: each["status"] for each in row.result["exercises"]}


def test_each_gets_what_they_earned(graded):
    _, results, batch = graded
    ana, bo, cy = batch.rows
    assert set(statuses(ana).values()) == {"ok"} and ana.result["points"] == ana.result["out_of"] == 7
    assert statuses(bo)["doubled"] == "wrong" and bo.exercise("doubled")["mistake"] == "squared"
    assert statuses(cy) == {"doubled": "ok", "table": "error", "which_channel": "wrong"}
    assert cy.exercise("which_channel")["mistake"] == "counted from one"
    rows = (results / "marks.csv").read_text().splitlines()
    assert rows[1:] == [
        "ana,,3,3,1,7,7,,,",
        "bo,,0,3,1,4,7,doubled:wrong,,",
        "cy,,3,0,0,3,7,table:error which_channel:wrong,,",
    ]
    assert batch.graded == 3 and batch.ungraded == []


def test_no_hidden_input_and_no_expected_array_is_told(graded):
    from lecturelib.exercises.answer_key import student_key
    from lecturelib.grading import exercises_of

    _, results, _ = graded
    text = (results / "students" / "bo" / "feedback.html").read_text() + (results / "report.html").read_text()
    text += (results / "students" / "bo" / "result.json").read_text()
    key = student_key(exercises_of("05", COURSE)[0], b"s" * 32, "bo", 0)
    for case in key.cases:
        for number in [*case.case.inputs[0].tolist(), *case.expected.value.tolist()]:
            assert f"{abs(number):.4f}"[:6] not in text
    assert "This is the square" in text


def test_hidden_inputs_are_each_students_own():
    from lecturelib.grading import exercises_of, student_pack

    exercises = exercises_of("05", COURSE)
    assert student_pack(exercises, b"s" * 32, "ana") == student_pack(exercises, b"s" * 32, "ana")
    assert student_pack(exercises, b"s" * 32, "ana") != student_pack(exercises, b"s" * 32, "bo")
    assert student_pack(exercises, b"s" * 32, "ana") != student_pack(exercises, b"t" * 32, "ana")


@pytest.mark.parametrize("workers", [1, 4, 1, 4])
def test_graded_five_times_the_bytes_are_the_same(graded, tmp_path, workers):
    folder, results, _ = graded
    again = grade(folder, tmp_path / "again", workers)
    assert again.graded == 3
    assert files_of(tmp_path / "again") == files_of(results)


def test_a_second_run_takes_everything_over(graded):
    folder, results, _ = graded
    before = files_of(results)
    again = grade(folder, results)
    assert (again.graded, again.taken_over) == (0, 3)
    assert files_of(results) == before


def test_a_result_that_was_half_written_is_not_taken_over(tmp_path):
    (tmp_path / "abc.json").write_text('{"exercises": [')
    assert result_store.stored(tmp_path, "abc") is None
    result_store.store(tmp_path, "def", b'{"exercises": [{"status": "ungraded"}]}')
    assert result_store.stored(tmp_path, "def") is None


def test_marks_by_hand_win_and_survive(graded, tmp_path):
    folder, _, _ = graded
    results = tmp_path / "results"
    results.mkdir()
    (results / MANUAL).write_text("student,exercise,points,comment\nbo,doubled,2.5,an idea was there\n")
    for _ in range(2):
        batch = grade(folder, results)
        row = next(row for row in batch.rows if row.student == "bo")
        assert row.points("doubled") == 2.5 and row.total(["doubled", "table", "which_channel"]) == 6.5
        assert "bo,,2.5,3,1,6.5,7,doubled:wrong,doubled," in (results / "marks.csv").read_text()
        assert "an idea was there" in (results / "students" / "bo" / "feedback.html").read_text()
        assert (results / MANUAL).read_text().count("\n") == 2


def test_marks_by_hand_that_would_count_nowhere_are_named(tmp_path):
    folder = tmp_path / "in"
    write_submission(folder, "bo")
    (tmp_path / MANUAL).write_text("student,exercise,points\nbo,dubled,2\n")
    with pytest.raises(
        ValueError, match="line 2: exercise: expected one that is graded here, got 'dubled'; try doubled"
    ):
        grade(folder, tmp_path)
    said = []
    (tmp_path / MANUAL).write_text("student,exercise,points\nboo,doubled,2\nbo,doubled,2\n")
    grade(folder, tmp_path, say=said.append)
    assert said[0] == "manual.csv: nobody here is called boo: these marks count nowhere"


@pytest.mark.parametrize("points", ["many", "", "-1", "nan", "inf"])
def test_points_by_hand_that_are_none_are_named_with_their_line(tmp_path, points):
    (tmp_path / MANUAL).write_text(f"student,exercise,points\nbo,doubled,{points}\n")
    with pytest.raises(ValueError, match="line 2"):
        read_manual(tmp_path)


def test_a_roster_names_people_and_those_without_a_submission(tmp_path):
    write_submission(tmp_path / "in", "ruiz_4711_part05")
    write_submission(tmp_path / "in", "stranger")
    roster = people("student,name\n4711,Ana Ruiz\n4712,=Bo\n")
    batch = grade(tmp_path / "in", tmp_path / "out", roster=roster)
    told = {row.student: row for row in batch.rows}
    assert told["4711"].person.name == "Ana Ruiz" and told["4711"].result["points"] == 7
    assert told["4712"].result is None and "not in the roster" in told["stranger"].reasons
    text = (tmp_path / "out" / "marks.csv").read_text()
    assert "4712,'=Bo,0,0,0,0,7,no submission,," in text
    assert (
        "Ana" not in (tmp_path / "out" / "results" / os.listdir(tmp_path / "out" / "results")[0]).read_text()
    )


def test_names_that_fit_two_people_fit_nobody():
    roster = people("student,name\n11,Ana\n22,Bo\n")
    assert match(["11_22"], roster) == {} and match(["x_11", "y_11"], roster) == {}
    assert match(["11", "late_11"], roster)["11"].name == "Ana"


@pytest.mark.parametrize(
    ("text", "says"), [("name\nAna\n", "student"), ("student\na\nA\n", "twice"), ("", "student")]
)
def test_a_roster_that_cannot_be_used_is_refused(text, says):
    with pytest.raises(ValueError, match=says):
        people(text)


# the command


def test_a_fault_of_an_exercise_is_ungraded_and_the_exit_code_says_so(tmp_path, capsys):
    source = (COURSE / "part05" / "which_channel.py").read_text()
    (tmp_path / "own" / "part05").mkdir(parents=True)
    (tmp_path / "own" / "part05" / "which_channel.py").write_text(
        source.replace('"channel = 17"', '"channel = 1 / 0"')
    )
    write_submission(tmp_path / "in", "ana")
    options = [
        "--part",
        "05",
        "--out",
        str(tmp_path / "out"),
        "--exercises",
        str(tmp_path / "own"),
        "--workers",
        "1",
    ]
    assert command_line.main(["grade", str(tmp_path / "in"), *options]) == 3
    said = capsys.readouterr()
    assert "ungraded" in said.err and "ana" in said.err
    assert "which_channel: ungraded" in (tmp_path / "out" / "marks.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["grade", "nowhere", "--part", "05", "--out", "x"], "SUBMISSIONS"),
        (["grade", "nowhere", "--part", "05"], "--out"),
        (["grade", ".", "--part", "05", "--out", "./x"], "outside"),
        (["grade", "tests", "--part", "05", "--out", "x", "--secret", "nowhere"], "--secret"),
        (["grade", "tests", "--part", "05", "--out", "x", "--roster", "nowhere"], "--roster"),
        (["grade", "tests", "--part", "05", "--out", "x", "--isolation", "none"], "trust-submissions"),
        (["grade", "tests", "--part", "05", "--out", "x", "--isolation", "prayer"], "isolation"),
        (["export", "nowhere", "--format", "csv"], "RESULTS"),
    ],
)
def test_wrong_arguments_get_a_sentence(arguments, says, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    assert command_line.main(arguments) == 1
    assert says in capsys.readouterr().err


def test_stopped_by_the_keyboard_it_goes_on_from_there(graded, tmp_path):
    folder, whole, _ = graded
    results = tmp_path / "results"
    results.mkdir()
    (results / "secret.bin").write_bytes(b"s" * 32)
    command = [
        sys.executable,
        "-m",
        "lecturelib",
        "grade",
        str(folder),
        "--part",
        "05",
        "--out",
        str(results),
    ]
    command += ["--exercises", str(COURSE), "--workers", "1", "--cpu", "5"]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list(results.glob("results/*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=60)[1]
    assert running.returncode == 130 and "goes on from there" in said
    kept = len(list(results.glob("results/*.json")))
    assert 1 <= kept < 3
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"{3 - kept} graded now, {kept} taken over" in answer.stdout
    one = json.loads((results / "students" / "bo" / "result.json").read_text())
    assert one == json.loads((whole / "students" / "bo" / "result.json").read_text())


# the pool


def square_or_die(task):
    if task == "die":
        os._exit(7)
    if task == "raise":
        raise ValueError("no")
    return task * task


def test_a_worker_that_dies_costs_its_own_task_only():
    with LocalPool(2, square_or_die) as pool:
        found = dict(pool.run([1, "die", 2, "raise", 3]))
    assert (found[1], found[2], found[3]) == (1, 4, 9)
    assert isinstance(found["die"], Lost) and str(local_pool.ATTEMPTS) in found["die"].reason
    assert found["raise"].reason == "ValueError: no"


def test_workers_end_with_the_pool():
    pool = LocalPool(2, square_or_die)
    dict(pool.run([1, 2]))
    members = list(pool.members.values())
    pool.close()
    assert members and not any(member.is_alive() for member in members)


def test_the_variant_of_a_notebook_that_was_handed_out_is_read(tmp_path):
    handed_out = exercise_notebook([exercise_key("same_sentence_mask", 1)], name_variants=True)
    by_hand = {"cell_type": "code", "source": "check('doubled', variant=2)"}
    (tmp_path / "ana.ipynb").write_text(json.dumps({**handed_out, "cells": [*handed_out["cells"], by_hand]}))
    set_up_worker(plan_for(tmp_path / "out"))
    found = prepare(Task(str(tmp_path / "ana.ipynb"), "ana", "ana")).variants
    assert found == (("doubled", 2), ("same_sentence_mask", 1))


def test_the_median_of_an_even_number_lies_between_the_middle_two():
    assert "Mean 4, median 4 of 10 points" in class_report._mean([0.0, 0.2, 0.6, 0.8], 10)
    assert "median 2 of 10" in class_report._mean([0.0, 0.2, 0.6], 10)


def test_the_plan_keeps_results_where_it_says(tmp_path):
    assert plan_for(tmp_path).store == Path(tmp_path, "results")
