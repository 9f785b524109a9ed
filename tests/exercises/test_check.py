"""`check`, as a student meets it: each kind of verdict, hostile answers, time limits, prints, and the page it makes."""

import html.parser
import subprocess
import sys
import threading
import time

import pytest
import torch

from lecturelib.checks import UnknownName
from lecturelib.exercises import Case, Exercise, Mistake, check
from lecturelib.exercises.answer_key import ExerciseFault, public_key
from lecturelib.exercises.asking import ask
from lecturelib.exercises.check import NOT_GIVEN, examine
from lecturelib.exercises.marking import mark
from lecturelib.exercises.time_limit import TimeIsUp, time_limit

SOLUTION = "def total(x):\n    return 2 * x.sum()"


def toy(**changes):
    def cases(rng, variant):
        yield Case("three", (torch.arange(3.0),), suggests="Add them up by hand.")
        yield Case("none", (torch.zeros(0),), suggests="What is the sum of nothing?")
        yield Case("random", (torch.from_numpy(rng.random(5)),), public=False, points=2)

    form = {
        "name": "toy", "part": "01", "title": "A toy", "prompt": "Twice the sum.", "answer": "total", "cases": cases,
        "starter": "def total(x):\n    ...", "solution": SOLUTION, "points": 4, "seconds": 0.3,
        "mistakes": (
            Mistake("half", "def total(x):\n    return x.sum()", "Only once.", fails=("three", "random")),
            Mistake("list", "def total(x):\n    return x.sum().reshape(1)", "One too many brackets."),
        ),
        "hints": ("a", "b", "c"),
    }  # fmt: skip
    return Exercise(**{**form, **changes})


@pytest.fixture(scope="module")
def key():
    return public_key(toy())


def solution(x):
    return 2 * x.sum()


def test_right(key):
    verdict = examine(key, solution)
    assert (verdict.status, verdict.points, verdict.hidden) == ("ok", 2, 2)
    assert (
        "✓ Right: A toy, 2 of 2 points." in verdict.text()
        and "2 of the points are for inputs" in verdict.text()
    )


def test_a_mistake_that_is_known_is_named_and_the_rest_counts(key):
    verdict = examine(key, lambda x: x.sum())
    assert (verdict.status, verdict.points, verdict.mark.mistake) == ("partial", 1, "half")
    assert "Only once." in verdict.text() and "Add them up" not in verdict.text()


def test_a_mistake_that_is_not_known_gets_the_fact_and_the_suggestion(key):
    assert (
        "Its values differ at the only place. Add them up by hand."
        in examine(key, lambda x: 3 * x.sum()).text()
    )
    other = examine(key, lambda x: 3.0).text()
    assert "expected a tensor" in other and "Add them up" not in other  # of another type: first things first
    assert "is a return missing?" in examine(key, lambda x: print(x)).text()


def test_the_empty_frame_is_not_attempted(key):
    def total(x): ...

    assert examine(key, total).status == "not attempted"
    assert examine(key, ...).status == "not attempted"
    assert examine(key, NOT_GIVEN).status == "missing"
    assert examine(key, 3).status == "malformed"


def test_an_error_is_told_with_its_line_in_the_students_code(key):
    def total(x):
        y = x + 1

        return y.sum() / torch.nosuchthing

    verdict = examine(key, total)
    assert verdict.status == "error" and "nosuchthing" in verdict.code
    assert f"line {total.__code__.co_firstlineno + 3}" in verdict.headline
    assert "AttributeError" in verdict.text()


def test_an_error_inside_a_library_points_to_the_students_line(key):
    def total(x):
        return torch.ones(2) @ torch.ones(3)

    verdict = examine(key, total)
    assert verdict.code.startswith("return torch.ones(2)")


def test_errors_whose_words_cannot_be_made_and_exits_are_told(key):
    class Sly(Exception):
        def __str__(self):
            raise RuntimeError

    def total(x):
        raise Sly

    assert "its text cannot be shown" in examine(key, total).text()

    def leaves(x):
        sys.exit(3)

    assert examine(key, leaves).status == "error"

    def falls(x):
        return falls(x)

    assert "RecursionError" in examine(key, falls).text()

    def eats(x):
        raise MemoryError

    assert examine(key, eats).status == "memory"


def test_prints_and_warnings_are_shown_and_never_counted(key):
    import warnings

    def total(x):
        print("here", tuple(x.shape))
        print("oh", file=sys.stderr)
        warnings.warn("careful", UserWarning, stacklevel=1)
        return 2 * x.sum()

    verdict = examine(key, total)
    assert verdict.status == "ok"
    for words in ("here (3,)", "oh", "UserWarning: careful"):
        assert words in verdict.printed and words in verdict.text() and words in verdict.html()


def test_a_flood_of_output_is_cut(key):
    def total(x):
        for _ in range(2000):
            print("x" * 1000)
        return 2 * x.sum()

    verdict = examine(key, total)
    assert verdict.status == "ok" and len(verdict.printed) < 3000 and "more characters" in verdict.printed


def test_a_changed_input_is_told(key):
    def total(x):
        result = 2 * x.sum()
        x += 1
        return result

    verdict = examine(key, total)
    assert verdict.points == 1 and "changes its input" in verdict.text()  # of nothing, nothing can be changed
    assert examine(public_key(toy(may_change_inputs=True)), total).status == "ok"


class Equal:
    def __eq__(self, other):
        return True

    __hash__ = None


class Touchy:
    def __getattribute__(self, name):
        raise KeyboardInterrupt if name == "__len__" else RuntimeError(name)


class Mine(torch.Tensor):
    pass


HOSTILE = {
    "equals everything": Equal, "raises when touched": Touchy, "text": lambda: "6",
    "generator": lambda: (k for k in "ab"),
    "tensor subclass": lambda: torch.tensor(6.0).as_subclass(Mine), "long": lambda: [0] * 10**6, "bytes": lambda: b"6",
    "nested": lambda: {1: {2: {3: object()}}}, "NaN": lambda: float("nan"), "NaNs": lambda: torch.tensor(float("nan")),
    "other dtype": lambda: torch.tensor(6), "other shape": lambda: torch.tensor([6.0]), "type": lambda: type,
    "function": lambda: print, "complex": lambda: 1j, "None": lambda: None,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_and_odd_values_get_no_point_and_a_sentence(key, name):
    verdict = examine(key, lambda x: HOSTILE[name]())
    assert verdict.points == 0 and verdict.status in ("wrong", "malformed")
    assert 5 < len(verdict.mark.message) < 400 and verdict.html()


def test_a_value_that_requires_a_gradient_is_taken(key):
    assert examine(key, lambda x: (2 * x.clone().requires_grad_()).sum()).status == "ok"


class Callable:
    def __call__(self, x):
        return 2 * x.sum()


def test_any_callable_is_asked(key):
    assert examine(key, Callable()).status == "ok"


def endless(x):
    while True:
        pass


def stubborn(x):
    while True:
        try:
            time.sleep(0.001)
        except BaseException:
            continue


def asleep(x):
    time.sleep(60)


def endless_value():
    while True:
        yield 1


@pytest.mark.parametrize("answer", [endless, stubborn, asleep, lambda x: list(endless_value())])
def test_an_endless_answer_is_stopped(key, answer):
    begun = time.monotonic()
    verdict = examine(key, answer)
    assert time.monotonic() - begun < 3
    assert verdict.status == "timeout" and "stopped after 0.3 s" in verdict.text()
    assert sys.gettrace() is None or "step" not in repr(sys.gettrace())


def test_an_endless_answer_is_stopped_in_another_thread_too(key):
    found = []
    thread = threading.Thread(target=lambda: found.append(examine(key, endless)), daemon=True)
    thread.start()
    thread.join(20)
    assert [verdict.status for verdict in found] == ["timeout"]


def test_a_time_limit_leaves_nothing_behind():
    with time_limit(0.05):
        pass
    with pytest.raises(TimeIsUp), time_limit(0.05):
        time.sleep(5)
    time.sleep(0.15)  # no later alarm


def test_an_interrupt_of_the_student_comes_through(key):
    def total(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examine(key, total)


def test_forbidden_names_are_told():
    strict = public_key(toy(forbidden=("sum", "torch.nn.functional.conv2d")))
    assert "without sum" in examine(strict, solution).text()


def test_a_value_may_be_asked_for():
    finding = public_key(
        toy(
            kind="value", answer="found", starter="found = {'a': ..., 'b': ...}", solution="found = {'a': 3, 'b': 'x'}",
            cases=lambda rng, variant: [Case("a", at="a", points=3), Case("b", at="b")],
            mistakes=(Mistake("swapped", "found = {'a': 4, 'b': 'x'}", "Not the fourth.", fails=("a",)),),
        )
    )  # fmt: skip
    assert examine(finding, {"a": ..., "b": ...}).status == "not attempted"
    assert examine(finding, {"a": 3, "b": "x"}).points == 4
    assert examine(finding, {"a": 4, "b": "x"}).mark.cases[0].message == "Not the fourth."
    assert examine(finding, {"a": 3}).points == 3 and "nothing at 'b'" in examine(finding, {"a": 3}).text()
    assert examine(finding, 7).points == 0
    assert examine(finding, {"a": 3, "b": ...}).status == "malformed"


def measured(inputs, got):
    size = float(got.abs().max())
    if size > 100:
        return 0.0, "far too large", "half"
    return min(1.0, size / 6), f"the largest is {size:.1f}; 6 for all points"


def test_a_judge_measures_and_gives_a_share():
    def cases(rng, variant):
        yield Case("one", (torch.arange(3.0),), points=4)

    judged = public_key(toy(judge=measured, cases=cases))
    assert examine(judged, solution).points == 4
    half = examine(judged, lambda x: x.sum() * 1.5)
    assert (
        half.points == 3
        and half.status == "partial"
        and "The largest is 4.5; 6 for all points." in half.text()
    )
    assert examine(judged, lambda x: x.sum() * 1000).mark.mistake == "half"
    assert "expected a tensor" in examine(judged, lambda x: 3.0).text()  # a wrong form is never measured
    assert "NaN" in examine(judged, lambda x: x.sum() * float("nan")).text()


def broken(inputs, got):
    raise KeyError("of the author")


def test_a_fault_of_the_exercise_marks_nothing():
    faulty = public_key(toy(judge=broken))
    assert examine(faulty, solution).status == "ungraded"
    with pytest.raises(ExerciseFault):
        mark(faulty, [ask(solution, one.case.inputs) for one in faulty.cases])
    with pytest.raises(ExerciseFault, match="its solution gives error"):
        public_key(toy(solution="def total(x):\n    return nothing"))
    with pytest.raises(ValueError, match="points together"):
        public_key(toy(points=7))


class Pages(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []
        self.seen = []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_says_everything_in_words_and_escapes(key):
    def total(x):
        print("<script>alert(1)</script> & \x1b[31m")
        return "<b>"

    made = examine(key, total).html()
    page = Pages()
    page.feed(made)
    assert page.open == [] and "<script" not in made
    (section,) = [attributes for tag, attributes in page.seen if tag == "section"]
    assert (
        section["role"] == "status"
        and section["data-status"] == "wrong"
        and "Not yet" in section["aria-label"]
    )
    assert "prefers-color-scheme" not in made and "var(--jp-ui-font-color1,inherit)" in made


def test_names_and_variants_that_there_are_not():
    with pytest.raises(UnknownName, match="nearest: same_sentence_mask"):
        check("same_sentnce_mask", 1)
    with pytest.raises(ValueError, match="variant: expected a whole number from 0 to 1"):
        check("same_sentence_mask", 1, variant=2)


def test_check_needs_nothing_heavy():
    code = (
        "import sys, lecturelib.exercises as e; e.check('same_sentence_mask', 3); "
        "print(*sorted(m for m in sys.modules if '.' not in m))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(answer.stdout.split()) & {"matplotlib", "ipywidgets", "torchvision", "sklearn", "IPython"}


def test_a_profiler_runs_after_a_time_limit_in_another_thread():
    """On Python 3.11 an exception for a thread that is taken back hangs every profiler and debugger of the process."""
    program = """
import cProfile, threading
from lecturelib.exercises.time_limit import time_limit

def limited():
    with time_limit(30):
        pass

thread = threading.Thread(target=limited)
thread.start()
thread.join()
cProfile.Profile().runcall(lambda: (lambda: 3)())
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
