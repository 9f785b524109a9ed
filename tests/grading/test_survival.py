"""One batch of everything that can go wrong: each submission gets its status, and nobody else notices."""

import hashlib
import json
import os
import socket
import time
from pathlib import Path

import pytest

from lecturelib.grading import Limits, choose_driver
from lecturelib.grading.batch import Plan, run_batch
from lecturelib.grading.jail import SPARE
from lecturelib.grading.jail_channel import JailFailed
from tests.grading.hostile_cases import ALL_OK, CASES, HONEST, write_case

pytestmark = pytest.mark.slow  # a jail and an import of PyTorch for each submission

COURSE = Path(__file__).parent / "course"
LIMITS = Limits(cpu=2.5, wall=12, memory=1100, memory_sum=900, disk=16, files=2000)
MARK = "271828182845"
POINTS = {"doubled": 3, "which_channel": 1, "table": 3}
NAMES = {case.name: f"s{number:03d} {case.name}" for number, case in enumerate(CASES)}


def tree_of(folder):
    """Every file and folder below, with its content: what a canary tree must still be afterwards."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes() if path.is_file() else b"/")
    return digest.hexdigest()


def survivors():
    """Processes that should have ended: of a spare user, a worker in a jail, or one with the mark.

    The last jail's first process takes a moment to end after its whole namespace has.
    """
    for _ in range(50):
        if not (found := _living()):
            break
        time.sleep(0.1)
    return found


def _living():
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                said = Path("/proc", name, "cmdline").read_bytes()
                owner = os.stat(f"/proc/{name}").st_uid
            except OSError:
                continue
            spare = SPARE <= owner < SPARE + 2**27 and not Path("/proc", str((owner - SPARE) // 32)).exists()
            if MARK.encode() in said or spare:
                found.append((name, owner, said))
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The whole batch, graded once: (rows by student, the results folder, what was there before and after)."""
    base = tmp_path_factory.mktemp("survival")
    submissions, place = base / "submissions", base / "canary"
    submissions.mkdir()
    (place / "below").mkdir(parents=True)
    for file in (place / "one.txt", place / "below" / "two.txt"):
        file.write_text("as it was")
        file.chmod(0o666)
    for folder in (place, place / "below"):
        folder.chmod(0o777)
    for parent in place.parents:
        if parent.is_relative_to(base.parent):
            parent.chmod(0o755)
    os.environ["GRADER_SECRET"] = "not for you"
    with socket.create_server(("127.0.0.1", 0)) as server:
        replace = {"@PLACE@": str(place), "@MARK@": MARK, "@PORT@": str(server.getsockname()[1])}
        for number, case in enumerate(CASES):
            write_case(case, submissions, NAMES[case.name], replace)
            if number % 10 == 0:
                write_case(HONEST, submissions, f"s{number:03d} aa honest", replace)
        before = tree_of(place)
        plan = Plan("05", b"s" * 32, choose_driver(), str(base / "results"), str(COURSE), limits=LIMITS)
        batch = run_batch(submissions, plan, workers=2, say=lambda text: None)
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    del os.environ["GRADER_SECRET"]
    return {row.student: row for row in batch.rows}, base / "results", before, tree_of(place)


def test_there_are_enough_cases():
    assert len(CASES) >= 60 and len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_submission_gets_its_status_and_no_other_notices(run, case):
    rows, results, before, after = run
    result = rows[NAMES[case.name]].result
    statuses = {each["name"]: each["status"] for each in result["exercises"]}
    assert statuses == case.statuses, [each["message"] for each in result["exercises"]]
    points = sum(POINTS[name] for name, status in case.statuses.items() if status == "ok")
    assert result["points"] == (points if case.points is None else case.points)
    if case.says:
        said = [each["message"] for each in result["exercises"]] + sum(
            (each["notes"] for each in result["exercises"]), []
        )
        assert any(case.says in words for words in said), said
    feedback = (results / "students" / NAMES[case.name] / "feedback.html").read_text()
    hidden = [one for each in result["exercises"] for one in each["cases"] if not one["public"]]
    assert not any("SEEN" in one["message"] for one in hidden)
    assert "secret.bin" not in feedback
    assert before == after
    assert survivors() == []


def test_the_honest_keep_their_marks(run):
    rows, *_ = run
    honest = [row for name, row in rows.items() if "honest" in name]
    assert len(honest) >= 10
    for row in honest:
        assert {each["name"]: each["status"] for each in row.result["exercises"]} == ALL_OK
        assert row.result["points"] == 7


def test_who_tampered_needs_a_person_and_comes_first_in_the_report(run):
    rows, results, *_ = run
    assert rows[NAMES["announces four gigabytes"]].reasons == ["doubled: tampered"]
    report = (results / "report.html").read_text()
    assert (
        report.index("Needs a person first")
        < report.index("announces four gigabytes")
        < report.index("hardest first")
    )


def test_a_whole_class_has_its_files(run):
    rows, results, *_ = run
    assert len((results / "marks.csv").read_text().splitlines()) == len(rows) + 1
    for row in rows.values():
        assert (
            json.loads((results / "students" / row.student / "result.json").read_text())["student"]
            == row.student
        )


def test_a_jail_that_does_not_start_is_nobodys_fault(monkeypatch):
    from lecturelib.grading import exercises_of, grade_one, grader, student_pack

    def no_jail(*arguments):
        raise JailFailed("no more space")

    monkeypatch.setattr(grader, "Jail", no_jail)
    pack = student_pack(exercises_of("05", COURSE), b"s" * 32, "ana")
    notebook = json.dumps(
        {"cells": [{"cell_type": "code", "source": text} for text in HONEST.cells]}
    ).encode()
    result = json.loads(grade_one(notebook, pack, LIMITS, choose_driver("none", trust=True)))
    assert {each["status"] for each in result["exercises"]} == {"ungraded"}
    assert result["points"] == 0 and len(result["needs_a_person"]) == 3
