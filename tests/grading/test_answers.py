"""Which cells count, and which statements of a notebook an answer needs: in this process, without a jail."""

import ast
import json
import zipfile

import pytest

from lecturelib.grading import answers, jail_slice, jail_worker
from lecturelib.grading.submissions import MOST_PROBLEM, Submission, read_submission, student_names


def load(own, before=(), after=(), answer="f", given=""):
    message = {"own": own, "before": list(before), "after": list(after), "given": given, "answer": answer}
    found, how = jail_worker.load(message)
    return found if how.status == "ok" else how


def test_a_cell_is_cut_at_its_markers_and_lines_are_counted():
    parts = answers.segments(["import math\n#| exercise: a\nx = 1\n\n  #| exercise : b\ny = 2", " \n"])
    assert [(each.exercise, each.above) for each in parts] == [("a", 0), ("b", 4)]
    assert parts[0].text.startswith("import math")


def test_names_in_strings_and_comments_are_no_markers():
    assert [
        each.exercise for each in answers.segments(["text = 'see #| exercise: a'", "# | exercise: a"])
    ] == ["", ""]


@pytest.mark.parametrize(
    ("own", "before", "value"),
    [
        ("def f(): return k", ["k = 1", "k = 2"], 2),
        ("def f(): return k", ["k = 1\nk += 4", "raise ValueError"], 5),
        ("def f(): return rows", ["rows = []\nrows.append(3)\nprint(rows)"], [3]),
        ("def f(): return rows", ["rows = [0, 0]", "rows[1] = 7"], [0, 7]),
        ("def f(): return rows", ["def fill(r):\n    r.append(1)", "rows = []", "fill(rows)"], [1]),
        ("def f(): return helper()", ["def helper(): return deeper()", "def deeper(): return 9"], 9),
        ("def f(): return pi", ["from math import *"], 3.141592653589793),
        ("def f(): return a + b", ["a, (b, *c) = 1, (2, 3)"], 3),
        ("def f(): return n", ["for n in range(4):\n    pass"], 3),
        ("def f(): return m", ["if (m := 3) > 2:\n    pass"], 3),
        ("def f(): return math.floor(2.5)", [], 2),
        ("import os\ndef f(): return os.sep", ["import os as system"], "/"),
        ("class C:\n    size = 3\ndef f(): return C.size", [], 3),
        ("def f(): return net.size", ["class Net: pass\nnet = Net()\nnet.size = 8"], 8),
    ],
)
def test_what_an_answer_needs_is_run(own, before, value):
    assert load(own, before)() == value


@pytest.mark.parametrize(
    "other",
    [
        "1 / 0",
        "while True: pass",
        "import nothing_of_this_name",
        "print(f(3))",
        "%%bash\nls",
        "f = None",
        "exit()",
        "!ls",
    ],
)
def test_what_an_answer_does_not_need_is_not_run(other):
    assert load("def f(): return 4", [other])() == 4


def test_a_name_bound_above_is_not_taken_from_below():
    assert load("def f(): return k", ["k = 1"], ["k = 2"])() == 1
    assert load("def f(): return k", [], ["k = 2"])() == 2


def test_an_error_above_the_definition_is_told_with_its_line():
    how = load("#| exercise: toy\nx = 1 / 0\ny = x\ndef f(): return y")
    assert (how.status, how.line) == ("error", 2)
    assert load("y = 3\nz = 4").status == "missing"


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("%matplotlib inline", "pass"),
        ("if True:\n    !ls -l", "if True:\n    pass"),
        ("x = !ls", "x = None"),
        ("x = %timeit -o f(3)", "x = -o f(3)"),
        ("%time y = 3", "y = 3"),
        ("f?", "pass"),
        ("%%capture out\nz = 1", "\nz = 1"),
        ("%%html\n<b>", ""),
    ],
)
def test_magics_become_plain_python(source, plain):
    assert jail_slice.without_magics(source) == plain


def test_python_that_looks_like_magic_is_left_alone():
    source = "x = (7\n% 4)\ntext = '''\n%time\n!ls\n'''"
    assert ast.unparse(ast.Module(jail_slice.parse(source), [])) == ast.unparse(ast.parse(source))


def test_a_function_cut_in_two_cells_is_put_together():
    assert load("def f(x):", after=["    if x:\n        return 1", "    return 2", "y = 3"])(0) == 2


def test_names_of_students_are_plain_and_different(tmp_path):
    names = ["ana.ipynb", "ana.zip", "Ana.ipynb", "bo\u202e\n.ipynb", "c:d.ipynb"]
    paths = [tmp_path / name for name in names]
    told = student_names(paths)
    assert len({name.casefold() for name in told.values()}) == len(names)
    assert told[paths[3]] == "bo__" and told[paths[4]] == "c_d"


def test_a_submission_has_one_form():
    one = Submission("ana", ("x = 'é'", "y"), "a part: breaks off")
    assert Submission.from_bytes(one.to_bytes()) == Submission("", one.sources, one.problem)
    assert Submission("bo", one.sources, one.problem).to_bytes() == one.to_bytes()


@pytest.mark.parametrize("letter", ["é", "\U0001f600"])
def test_a_long_problem_in_any_letters_comes_back(letter):
    one = Submission("", ("x = 1",), letter * MOST_PROBLEM)
    assert Submission.from_bytes(one.to_bytes()) == one


@pytest.mark.parametrize("method", ["STORED", "DEFLATED", "BZIP2", "LZMA"])
@pytest.mark.parametrize("where", ["bytes", "header"])
def test_of_a_damaged_zip_the_whole_notebooks_are_read(tmp_path, method, where):
    whole, text = json.dumps({"cells": [{"cell_type": "code", "source": "x = 1"}]}), "0123456789" * 40
    path = tmp_path / "ana.zip"
    with zipfile.ZipFile(path, "w", getattr(zipfile, f"ZIP_{method}")) as archive:
        archive.writestr("a.ipynb", whole)
        archive.writestr("b.ipynb", whole.replace("x = 1", text))
        at = archive.infolist()[1].header_offset
    data = bytearray(path.read_bytes())
    start = at + 30 + len("b.ipynb") + 6 if where == "bytes" else at
    for place in range(start, start + 10):
        data[place] ^= 0xFF
    path.write_bytes(bytes(data))
    found = read_submission(path)
    assert found.sources[:1] == ("x = 1",) and "b.ipynb: " in found.problem and "damaged" in found.problem


def test_a_notebook_of_nbformat_is_read(tmp_path):
    import nbformat

    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("x = 1"), nbformat.v4.new_markdown_cell("hello")]
    )
    nbformat.write(made, tmp_path / "ana.ipynb")
    assert read_submission(tmp_path / "ana.ipynb") == Submission("ana", ("x = 1",))
