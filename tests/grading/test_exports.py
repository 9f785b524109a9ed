"""Marks for other systems, notebooks for every student, and the autograder in a container without a network."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lecturelib import __main__ as command_line
from lecturelib.grading import jail
from lecturelib.grading.class_report import report_html
from lecturelib.grading.feedback_page import feedback_html
from lecturelib.grading.gradescope import write_autograder
from lecturelib.grading.gradescope_form import gradescope_results
from lecturelib.grading.marks_table import Manual, StudentRow
from lecturelib.grading.packs import exercises_of
from lecturelib.grading.roster import Person
from tests.grading.toys import COURSE, ROOT, grade, write_class, write_submission

CANVAS_ROSTER = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Old (1)\n    Points Possible,,,,,10\n"
    '"Ruiz, Ana",101,u1,ana,A,9\n"Bo, Li",102,u2,bo,A,\n"Doe, Dee",103,u3,dee,B,\n'
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    base = tmp_path_factory.mktemp("exports")
    grade(write_class(base / "in"), base / "out")
    (base / "out" / "manual.csv").write_text("student,exercise,points,comment\nbo,doubled,2,nearly\n")
    (base / "canvas.csv").write_text(CANVAS_ROSTER)
    (base / "roster.csv").write_text(
        "student,name,email\nana,Ana Ruiz,ana@example.org\nbo,Bo Li,\ndee,Dee Doe,\n"
    )
    return base


def table(path):
    return list(csv.DictReader(io.StringIO(path.read_text())))


def export(base, *options):
    assert command_line.main(["export", str(base / "out"), *options]) == 0


def test_plain_marks_count_those_by_hand(results):
    export(results, "--format", "csv", "--roster", str(results / "roster.csv"))
    rows = table(results / "out" / "csv.csv")
    assert [(row["student"], row["name"], row["total"]) for row in rows] == [
        ("ana", "Ana Ruiz", "7"), ("bo", "Bo Li", "6"), ("cy", "", "3"), ("dee", "Dee Doe", "0"),
    ]  # fmt: skip


def test_canvas_gets_its_own_columns_back(results):
    options = ["--format", "canvas", "--roster", str(results / "canvas.csv"), "--assignment", "Part 5 (77)"]
    export(results, *options, "--to", str(results / "gradebook.csv"))
    rows = table(results / "gradebook.csv")
    assert list(rows[0]) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Part 5 (77)"]
    assert rows[0]["Student"] == "    Points Possible" and rows[0]["Part 5 (77)"] == "7"
    assert [(row["Student"], row["ID"], row["Part 5 (77)"]) for row in rows[1:]] == [
        ("Ruiz, Ana", "101", "7"), ("Bo, Li", "102", "6"), ("Doe, Dee", "103", "0"),
    ]  # fmt: skip


def test_canvas_without_its_roster_is_refused(results, capsys):
    assert command_line.main(["export", str(results / "out"), "--format", "canvas"]) == 1
    assert "--roster" in capsys.readouterr().err


def test_nbgraders_columns(results):
    export(results, "--format", "nbgrader", "--roster", str(results / "roster.csv"))
    row = table(results / "out" / "nbgrader.csv")[0]
    assert (row["student_id"], row["first_name"], row["last_name"], row["email"]) == (
        "ana", "Ana", "Ruiz", "ana@example.org",
    )  # fmt: skip
    assert (row["score"], row["max_score"], row["raw_score"]) == ("7", "7", "7")


def test_gradescopes_results(results):
    export(results, "--format", "gradescope")
    told = json.loads((results / "out" / "gradescope" / "bo" / "results.json").read_text())
    assert told["score"] == 6
    first = told["tests"][0]
    assert (first["name"], first["score"], first["max_score"]) == (
        "Twice as much",
        2,
        3,
    ) and "nearly" in first["output"]
    assert {test["visibility"] for test in told["tests"]} == {"visible"}


@pytest.mark.parametrize("points, status", [(3, "passed"), (2.5, "failed")])
def test_a_mark_by_hand_says_on_gradescope_whether_it_is_passed(points, status):
    one = {"name": "toy", "title": "A toy", "status": "wrong", "points": 0.0, "message": "", "cases": []}
    row = StudentRow("ana", None, {"exercises": [one]}, {"toy": Manual(points)})
    told = gradescope_results({"exercises": ["toy"], "out_of": 3, "points": {"toy": 3}}, row)
    assert (told["tests"][0]["score"], told["tests"][0]["status"], told["score"]) == (points, status, points)


def test_every_student_gets_an_own_notebook(tmp_path, capsys):
    (tmp_path / "roster.csv").write_text("student,name\nana,Ana\nbo,Bo\ncy,Cy\ndora,Dora\neve,Eve\n")
    source = (COURSE / "part05" / "which_channel.py").read_text()
    own = tmp_path / "own" / "part05"
    own.mkdir(parents=True)
    source = source.replace("channel = 17", "channel = <<k>>").replace("channel = 18", "channel = <<k>> + 1")
    source = source.replace("answers.", "answers to <<k>>.").replace(
        "    hints", "    variants=({'k': 17}, {'k': 23}),\n    hints"
    )
    (own / "which_channel.py").write_text(source)
    secret = str(tmp_path / "secret")
    options = ["--part", "05", "--exercises", str(tmp_path / "own")]
    names = ["--roster", str(tmp_path / "roster.csv"), "--secret", secret, "--out", str(tmp_path / "hand")]
    assert command_line.main(["release", *options, *names]) == 0
    files = sorted((tmp_path / "hand").rglob("*.ipynb"))
    assert [file.parent.name for file in files] == ["ana", "bo", "cy", "dora", "eve"]
    texts = [file.read_text() for file in files]
    assert not any("channel = 17" in text or "channel = 23" in text for text in texts)
    asked = ["23" if "answers to 23" in text else "17" for text in texts]
    assert len(set(asked)) == 2 or len(set(texts)) == 1
    assert os.stat(secret).st_mode & 0o077 == 0
    for file, number in zip(files, asked, strict=True):
        cells = [{"cell_type": "code", "source": f"#| exercise: which_channel\nchannel = {number}"}]
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{file.parent.name}.ipynb").write_text(json.dumps({"cells": cells}))
    graded = ["grade", str(tmp_path / "in"), *options, "--out", str(tmp_path / "out"), "--secret", secret]
    assert command_line.main([*graded, "--released", "--workers", "2"]) == 0
    assert {row["total"] for row in table(tmp_path / "out" / "marks.csv")} == {"1"}


# the autograder


def test_the_autograder_grades_in_a_container_without_a_network(tmp_path):
    """The zip in a place like Gradescope's: root, no network, nothing of this project but what it brings."""
    (tmp_path / "secret").write_bytes(b"s" * 32)
    archive = write_autograder(tmp_path / "autograder.zip", "05", tmp_path / "secret", COURSE)
    with zipfile.ZipFile(archive) as zipped:
        names = set(zipped.namelist())
        assert {"setup.sh", "run_autograder", "private/secret.bin", "requirements.txt"} <= names
        assert "private/exercises/part05/doubled.py" in names and "lecturelib/grading/grader.py" in names
        small = [name for name in names if not name.startswith("data/")]
        zipped.extractall(tmp_path / "autograder" / "source", small)
    root = tmp_path / "autograder"
    (root / "source" / "data").mkdir()
    (root / "results").mkdir()
    write_submission(
        root / "submission",
        "part05",
        doubled="def doubled(x):\n    return open('/mnt/source/private/secret.bin') or x",
    )
    (root / "submission_metadata.json").write_text('{"users": [{"email": "ana@example.org"}]}')
    (root / "source" / "run_autograder").chmod(0o755)
    site = Path(sys.prefix, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
    program = jail.bubblewrap()
    walls = [
        program,
        "--unshare-net",
        "--unshare-pid",
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
    ]
    walls += [
        "--tmpfs",
        "/tmp",
        "--ro-bind",
        sys.prefix,
        sys.prefix,
        "--bind",
        str(root),
        "/mnt",
        "--setenv",
        "AUTOGRADER",
        "/mnt",
    ]
    walls += ["--setenv", "PYTHON", sys.executable, "--setenv", "PYTHONPATH", f"/mnt/source:{site}"]
    command = [*walls, "bash", "/mnt/source/run_autograder"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert answer.returncode == 0, answer.stderr
    told = json.loads((root / "results" / "results.json").read_text())
    assert {test["number"]: test["score"] for test in told["tests"]} == {
        "doubled": 0,
        "table": 3,
        "which_channel": 1,
    }
    assert told["score"] == 4


def test_the_autograder_is_the_same_every_time(tmp_path, monkeypatch):
    from lecturelib.assets import shipped

    (tmp_path / "data").mkdir()
    monkeypatch.setattr(shipped, "_data_dir", lambda: tmp_path / "data")
    (tmp_path / "secret").write_bytes(b"s" * 32)
    made = [
        write_autograder(tmp_path / name, "05", tmp_path / "secret", COURSE).read_bytes() for name in "ab"
    ]
    assert made[0] == made[1]


# the pages


class Outline(HTMLParser):
    """What a page consists of: headings, tables with captions, links, and everything that would be loaded."""

    VOID = {"meta", "br", "link", "img", "input", "hr"}

    def __init__(self, text):
        super().__init__()
        self.open, self.headings, self.loads, self.captions, self.tables, self.languages = (
            [],
            [],
            [],
            0,
            0,
            [],
        )
        self.feed(text)
        assert self.open == [], self.open

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        self.tables += tag == "table"
        self.captions += tag == "caption"
        if tag == "html":
            self.languages.append(named.get("lang"))
        self.loads += [named[name] for name in ("src", "srcset", "data") if name in named]
        self.loads += [tag] if tag in ("script", "link", "iframe", "object") else []
        if tag == "th":
            assert named.get("scope") in ("row", "col")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


HOSTILE = "<script>alert(1)</script>\"'&\u202e"


def evil_row():
    case = {"name": HOSTILE, "public": True, "status": "error", "points": 0, "out_of": 3, "message": HOSTILE}
    one = {
        "name": "doubled",
        "title": HOSTILE,
        "status": "error",
        "points": 0.0,
        "out_of": 3,
        "message": HOSTILE,
    }
    one |= {"mistake": "squared", "line": 3, "notes": [HOSTILE], "cases": [{**case, "mistake": HOSTILE}]}
    result = {"exercises": [one], "problem": HOSTILE, "out_of": 3, "points": 0}
    return StudentRow("ana", Person("ana", HOSTILE), result, {"table": Manual(1, HOSTILE)}, [HOSTILE])


@pytest.mark.parametrize("kind", ["feedback", "report"])
def test_pages_are_whole_offline_and_keep_strangers_words_as_words(kind, results):
    exercises = exercises_of("05", COURSE)
    for row in (evil_row(), StudentRow("nobody")):
        if kind == "feedback":
            text = feedback_html(row, ["doubled", "table"], "05")
        else:
            text = report_html([row], exercises, "05", "bubblewrap")
        outline = Outline(text)
        assert outline.loads == [] and "<script" not in text and "http" not in text.replace("http-equiv", "")
        assert outline.languages == ["en"] and outline.headings[0] == 1 and outline.headings.count(1) == 1
        assert all(
            later - first <= 1 for first, later in zip(outline.headings, outline.headings[1:], strict=False)
        )
        assert outline.captions == outline.tables
        assert "\u202e" not in text


def test_the_report_names_mistakes_and_puts_the_hardest_first(results):
    text = (results / "out" / "report.html").read_text()
    assert (
        text.index("Which channel?</h3>") < text.index("A table</h3>") or text.index("Twice as much</h3>") > 0
    )
    assert "squared" in text and "counted from one" in text and "This is the square" in text
    assert 'href="students/bo/feedback.html"' in text


def test_the_root_is_this_project():
    assert (ROOT / "pyproject.toml").is_file()
