"""What is built from exercises/: as committed, the same bytes twice, without a solution, running empty and solved."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from lecturelib.exercises.answer_key import judge_source
from lecturelib.exercises.catalog import PACKS, entries
from lecturelib.exercises.exercise_files import load_exercises
from lecturelib.exercises.exercise_notebook import PARTS
from lecturelib.exercises.wire import decode

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks" / "exercises").glob("*.ipynb"))


@pytest.fixture(scope="module")
def builder():
    path = ROOT / "scripts" / "make_exercises.py"
    spec = importlib.util.spec_from_file_location("make_exercises", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def exercises():
    return load_exercises()


@pytest.fixture(scope="module")
def built(builder, exercises):
    return builder.files(exercises)


def test_what_is_committed_is_what_is_built(builder, built):
    """Packs of files that have not changed are taken as they are; the slow test computes them."""
    wrong = [words for path, content in built.items() if (words := builder.differs(path, content))]
    assert wrong == [] and builder.stale(built) == [], "run `make exercises`"


@pytest.mark.slow
def test_what_is_committed_is_what_is_computed_anew(builder, exercises):
    built = builder.files(exercises, anew=True)
    wrong = [words for path, content in built.items() if (words := builder.differs(path, content))]
    assert wrong == [], "run `make exercises ARGS=--all`"


def test_in_another_process_the_same_bytes_are_built(exercises):
    """Hash seeds and the order of imports change nothing: a pack of each part, computed here and there."""
    quick = {each.part: each.name for each in exercises if not each.slow and len(each.variants) == 1}
    code = (
        "import sys, hashlib; from lecturelib.exercises.exercise_files import load_exercises; "
        "from lecturelib.exercises.answer_key import public_key; from lecturelib.exercises.wire import encode; "
        f"print([hashlib.sha256(encode(public_key(e).to_plain())).hexdigest() for e in load_exercises() "
        f"if e.name in {sorted(quick.values())}])"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert said[0] == said[1] and len(said[0]) > 64 * len(quick)


def telling_lines(exercise, exercises):
    """Lines of the solution and of the wrong ones that give an answer away: none that is shown on purpose somewhere."""
    shown = "".join(each.starter + each.given + judge_source(each.judge) for each in exercises)
    sources = [exercise.solution, *(mistake.source for mistake in exercise.mistakes)]
    lines = {line.strip() for source in sources for line in source.splitlines()}
    return {
        line for line in lines
        if len(line) > 20 and line not in shown and not line.startswith(("#", "def ", "import ", "from "))
    }  # fmt: skip


def test_no_file_of_a_student_holds_a_line_of_a_solution(built, exercises):
    telling = {line for exercise in exercises for line in telling_lines(exercise, exercises)}
    assert len(telling) > 3 * len(exercises)
    for path, content in built.items():
        if path.parent.name != "notebooks":  # a lesson; an exercise asks for none of its lines
            text = content.decode("utf-8", "replace")
            found = [
                line for line in telling if line in text or json.dumps(line, ensure_ascii=False)[1:-1] in text
            ]
            assert found == [], path.name


def test_no_exercise_asks_for_a_line_that_a_lesson_defines(exercises):
    """The library and the lessons are an answer key: no solution stands in a notebook as a whole."""
    lessons = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "notebooks").glob("*.ipynb"))
    for exercise in exercises:
        lines = telling_lines(exercise, exercises)
        known = [line for line in lines if json.dumps(line, ensure_ascii=False)[1:-1] in lessons]
        assert len(known) <= len(lines) / 2, f"{exercise.name}: {known}"


def test_a_pack_holds_public_cases_only(exercises):
    for each in exercises:
        for flat in decode((PACKS / f"{each.part}_{each.name}.pack").read_bytes()):
            assert all(one["case"]["public"] for one in flat["cases"])
            assert "solution" not in flat


def test_the_list_names_every_exercise(exercises):
    listed = {each.name: each for each in entries()}
    assert sorted(listed) == sorted(each.name for each in exercises)
    assert all(listed[each.name].points == each.points for each in exercises)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_of_exercises_is_clean(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(nbformat.from_dict(notebook))
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[a-z0-9-]+", name) for name in ids)
    for cell in notebook["cells"]:
        assert not cell.get("outputs") and cell.get("execution_count") is None
        assert set(cell["metadata"]) <= {"slideshow"}
    text = "".join("".join(cell["source"]) for cell in notebook["cells"])
    assert "<<" not in text
    for link in re.findall(r"\]\(([^)#]+\.ipynb)\)", text):
        assert (path.parent / link).is_file(), link


def run(notebook, tmp_path, monkeypatch):
    monkeypatch.setenv("LECTURELIB_PROGRESS", str(tmp_path))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    made = nbformat.reads(notebook, as_version=4)
    NotebookClient(
        made, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    ).execute()
    shown = [
        output.get("data", {}).get("text/html", "")
        for cell in made.cells
        for output in cell.get("outputs", [])
    ]
    return re.findall(r'data-status="([^"]+)"', "".join(shown))


@pytest.mark.notebook
@pytest.mark.parametrize(
    "part", [part for part in PARTS if any(path.stem == PARTS[part][0] for path in NOTEBOOKS)]
)
def test_a_solved_notebook_is_right_throughout_and_an_empty_one_nowhere(builder, part, tmp_path, monkeypatch):
    """As a student runs it: in a kernel, from top to bottom."""
    own = load_exercises(part=part)
    (solved,) = builder.solved(own).values()
    assert run(solved.decode(), tmp_path, monkeypatch) == ["ok"] * len(own)
    empty = (ROOT / "notebooks" / "exercises" / f"{PARTS[part][0]}.ipynb").read_text(encoding="utf-8")
    assert run(empty, tmp_path, monkeypatch) == ["not attempted"] * len(own)


def test_what_the_wheel_holds_checks_without_the_checkout(exercises, tmp_path):
    """The wheel is lecturelib/ and data/ (pyproject.toml): no exercises/, no solution, and `check` answers."""
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"] == ["lecturelib", "data"]
    listed = subprocess.run(
        ["git", "ls-files", "lecturelib"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split():
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    telling = {line for exercise in exercises for line in telling_lines(exercise, exercises)}
    held = [path for path in (tmp_path / "lecturelib" / "exercises").rglob("*") if path.is_file()]
    assert len([path for path in held if path.suffix == ".pack"]) == len(exercises)
    for path in held:
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not [line for line in telling if line in text], path.name
    code = "from lecturelib import exercises as e; print(e.__file__); e.check('same_sentence_mask', 3)"
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"
    answer = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert str(tmp_path) in answer.stdout and "Your answer is no function" in answer.stdout
