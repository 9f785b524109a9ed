"""Every exercise that is found: its solution, its untouched starter and its declared mistakes do what they promise."""

import ast
import inspect
import re
import time

import pytest

from lecturelib.exercises import Exercise
from lecturelib.exercises.answer_key import AnswerKey, outcomes_of, public_key, student_key
from lecturelib.exercises.asking import ask, run_given, run_source
from lecturelib.exercises.exercise_files import exercise_files, load_exercise
from lecturelib.exercises.marking import mark
from lecturelib.exercises.plain_data import same
from lecturelib.exercises.starter import is_untouched, is_untouched_source
from lecturelib.exercises.wire import decode, encode

FILES = exercise_files()
SECRET = b"a secret of the tests"
LARGEST_PACK = 200_000  # bytes of one variant's public key


def params():
    """Each file; those that say slow=True are left to the long run of the tests."""
    for file in FILES:
        slow = re.search(r"\bslow=True", file.read_text(encoding="utf-8"))
        yield pytest.param(file, id=file.stem, marks=[pytest.mark.slow] if slow else [])


for_each = pytest.mark.parametrize("file", list(params()))
few_and_many = pytest.mark.parametrize(
    "seeds", [pytest.param(range(2), id="few"), pytest.param(range(2, 8), id="many", marks=pytest.mark.slow)]
)


@pytest.fixture(scope="module")
def load():
    kept: dict = {}

    def loaded(file) -> Exercise:
        if file not in kept:
            kept[file] = load_exercise(file)
        return kept[file]

    return loaded


def spaces(exercise):
    return [run_given(exercise.fill(exercise.given, v)) for v in range(len(exercise.variants))]


def marked(key, exercise, source, space):
    cases = [one.case for one in key.cases]
    return mark(key, outcomes_of(exercise, source, cases, key.variant, space))


@few_and_many
@for_each
def test_solution_mistakes_and_starter_over_many_seeds(file, seeds, load):
    exercise = load(file)
    if exercise.slow:
        seeds = [seed for seed in seeds if seed < 3]
    prepared = spaces(exercise)
    shapes = set()
    for seed in seeds:
        variant = seed % len(exercise.variants)
        space = prepared[variant]
        key = student_key(exercise, SECRET, f"student {seed}", variant)
        shapes.add(tuple((one.case.name, one.case.points, one.case.public) for one in key.cases))
        solved = marked(key, exercise, exercise.solution, space)
        assert (solved.status, solved.points) == ("ok", exercise.points), solved
        for mistake in exercise.mistakes:
            wrong = marked(key, exercise, mistake.source, space)
            failed = [each.name for each in wrong.cases if each.points < each.out_of]
            expected = list(mistake.fails) or [one.case.name for one in key.cases]
            assert sorted(failed) == sorted(expected), f"{mistake.name} fails {failed}; expected {expected}"
            for each in wrong.cases:
                if each.name in failed:
                    assert each.mistake == mistake.name, (
                        f"{mistake.name} is taken for {each.mistake or each.message!r}"
                    )
                    assert each.message == exercise.fill(mistake.message, variant)
        if seed < len(exercise.variants):
            started = marked(key, exercise, exercise.starter, space)
            assert started.points == 0
            assert not any(each.mistake for each in started.cases), (
                "the untouched starter is taken for a mistake"
            )
    assert len({tuple(sorted(shape)) for shape in shapes}) <= len(exercise.variants), (
        "cases must not depend on chance"
    )


@for_each
def test_the_untouched_starter_is_not_attempted_and_the_solution_is(file, load):
    exercise = load(file)
    for variant, space in enumerate(spaces(exercise)):
        starter, solution = (exercise.fill(each, variant) for each in (exercise.starter, exercise.solution))
        assert "..." in starter
        found, _ = run_source(space, starter, exercise.answer)
        assert is_untouched(found, starter, exercise.answer)
        assert is_untouched_source(starter, starter) and not is_untouched_source(solution, starter)
        found, _ = run_source(space, solution, exercise.answer)
        assert not is_untouched(found, starter, exercise.answer)


@for_each
def test_the_form_is_complete(file, load):
    exercise = load(file)
    cases = exercise.public_cases()
    assert cases, "at least one public case"
    cases += exercise.hidden_cases(SECRET, "ann")
    assert 2 <= len(exercise.mistakes) <= 5
    assert all(hint.strip() for hint in exercise.hints) and exercise.trains.strip()
    assert 5 <= exercise.minutes <= 60
    assert all(case.suggests.strip() for case in cases) or exercise.judge
    for mistake in exercise.mistakes:
        assert set(mistake.fails) <= {case.name for case in cases}
    for variant in range(len(exercise.variants)):
        texts = (exercise.prompt, exercise.starter, exercise.solution, exercise.given, *exercise.hints)
        for text in (*texts, *(mistake.source + mistake.message for mistake in exercise.mistakes)):
            left = re.findall(r"<<\w+>>", exercise.fill(text, variant))
            assert left == [], f"the variant has no {left}"


@for_each
def test_the_answer_does_not_stand_in_what_a_student_sees(file, load):
    exercise = load(file)
    seen = [exercise.prompt, exercise.starter, exercise.given, *exercise.hints]
    seen += [mistake.message for mistake in exercise.mistakes]
    lines = [line.strip() for line in exercise.solution.splitlines()]
    telling = [
        line for line in lines
        if len(line) > 20 and line not in exercise.starter and not line.startswith(("def ", "import ", "from ", "#"))
    ]  # fmt: skip
    for text in seen:
        for line in telling:
            assert line not in text, f"a line of the solution: {line}"


@for_each
def test_the_public_key_can_be_packed_and_gives_the_same_marks(file, load):
    exercise = load(file)
    for variant, space in enumerate(spaces(exercise)):
        key = public_key(exercise, variant)
        packed = encode(key.to_plain())
        assert len(packed) <= LARGEST_PACK
        if variant == 0 and not exercise.slow:
            assert packed == encode(public_key(exercise, variant).to_plain()), "built twice, it differs"
        again = AnswerKey.from_plain(decode(packed))
        cases = [one.case for one in again.cases]
        begun = time.process_time()
        outcomes = outcomes_of(exercise, exercise.solution, cases, variant, space)
        assert mark(again, outcomes).status == "ok"
        limit = exercise.seconds if exercise.slow else 1.0
        assert time.process_time() - begun < limit, "a check takes longer than it may"


@for_each
def test_inputs_of_students_differ_and_come_again(file, load):
    exercise = load(file)
    if exercise.kind == "value" or not exercise.hidden_cases(SECRET, "ann"):
        return
    ann, again = ([case.inputs for case in exercise.hidden_cases(SECRET, "ann")] for _ in range(2))
    assert same(tuple(ann), tuple(again))
    others = [tuple(case.inputs for case in exercise.hidden_cases(SECRET, f"student {k}")) for k in range(2)]
    assert not all(same(tuple(ann), other) for other in others), "hidden inputs do not depend on the student"


@for_each
def test_a_judge_stands_alone(file, load):
    exercise = load(file)
    if exercise.judge is None:
        return
    key = public_key(exercise)
    assert inspect.getsource(exercise.judge).strip().startswith("def ")
    found, _ = run_source(key.given, exercise.fill(exercise.solution), exercise.answer)
    for one in key.cases:
        outcome = ask(found, one.case.inputs, exercise.kind)
        assert outcome.status == "ok", outcome


def bound_names(source):
    """What each name of a source that stands in its own cell is bound to there; imports by what they import."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            where = getattr(node, "module", "") or ""
            found |= {alias.asname or alias.name: f"{where}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = ast.unparse(node)
        else:
            found |= {each.id: ast.unparse(node) for each in ast.walk(node) if isinstance(each, ast.Name)
                      and isinstance(each.ctx, ast.Store)}  # fmt: skip
    return found


@for_each
def test_one_notebook_holds_all_exercises_of_a_part(file, load):
    """All share a kernel: a name means one thing, or an earlier answer would be checked with another's network."""
    exercise = load(file)
    own = bound_names(exercise.fill(exercise.given))
    for other in (each for each in FILES if each.parent == file.parent and each != file):
        theirs = load(other)
        assert theirs.answer != exercise.answer, f"{other.stem} asks for {exercise.answer}, too"
        assert theirs.answer not in own, f"{theirs.answer} is what {other.stem} asks for"
        for name, value in bound_names(theirs.fill(theirs.given)).items():
            assert own.get(name, value) == value, f"{name} means something else in {other.stem}: {value}"
    assert {"check", "hint", "progress", "variant", "lesson"}.isdisjoint({*own, exercise.answer})


@for_each
def test_what_is_right_in_one_variant_is_not_in_another(file, load):
    exercise = load(file)
    prepared = spaces(exercise)
    for variant in range(1, len(prepared)):
        key = public_key(exercise, variant)
        for other in range(variant):
            foreign, _ = run_source(prepared[other], exercise.fill(exercise.solution, other), exercise.answer)
            outcomes = [ask(foreign, one.case.inputs, exercise.kind) for one in key.cases]
            assert mark(key, outcomes).status != "ok", f"variants {other} and {variant}"
