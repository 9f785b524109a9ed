"""Quizzes as text and as HTML; how they answer in a page is in tests/browser."""

import re

import pytest

from lecturelib.lesson.quiz import Answer, Question, Quiz, quiz

ONE = Question("2 + 2?", [Answer("4", True, "Two pairs."), Answer("5 < 6", False, "One too many.")])
MANY = Question(
    "Which are even?",
    (Answer("2", True, "2 = 2 x 1."), Answer("3", False, "Odd."), Answer("4", True, "4 = 2 x 2.")),
)


def test_plain_text():
    assert quiz([ONE], title="Sums", mixed=False).text() == (
        "Sums\n\n1. 2 + 2?\n   a) 4\n   b) 5 < 6\n\n   a: Right. Two pairs.\n   b: Wrong. One too many.\n"
    )
    bare = quiz([ONE, MANY]).text(solutions=False)
    assert "Two pairs" not in bare and "2. Which are even? (choose all that apply)" in bare


def test_html_holds_everything_without_a_script():
    page = quiz([ONE, MANY]).html()
    static = re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.S)
    for question in (ONE, MANY):
        for choice in question.answers:
            assert choice.why in static
    assert static.count("<details") == 5 and static.count('type="radio"') == 2
    assert static.count('type="checkbox"') == 3 and static.count("<legend>") == 2
    assert "5 &lt; 6" in static and "http" not in page


def test_choices_are_mixed_the_same_way_every_time():
    many = [
        Question(f"{n} + 1?", [Answer(str(n + k), k == 1, "Count.") for k in (1, 2, 3, 0)]) for n in range(60)
    ]
    made = quiz(many)
    assert made == quiz(many) and quiz(many, mixed=False).questions == tuple(many)
    for question, given in zip(made.questions, many, strict=True):
        assert set(question.answers) == set(given.answers)
    first = [question.answers[0].right for question in made.questions]
    assert 5 <= sum(first) <= 25  # one in four, 60 times: 15 expected


def test_the_output_is_the_same_every_time():
    assert quiz([ONE]).html() == quiz([ONE]).html() != quiz([MANY]).html()
    bundle = quiz([ONE])._repr_mimebundle_()
    assert bundle["text/plain"] == quiz([ONE]).text() and "2 + 2?" in bundle["text/html"]


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: Answer("4", True, " "), ValueError, "why of answer .4.: expected a text, got an empty one"),
        (lambda: Answer("", True, "because"), ValueError, "empty"),
        (lambda: Answer("4", 1, "because"), TypeError, "True or False"),
        (
            lambda: Question("?", [Answer("4", False, "no"), Answer("5", False, "no")]),
            ValueError,
            "at least one that is right, got none",
        ),
        (
            lambda: Question("?", [Answer("4", True, "yes")]),
            ValueError,
            "expected 2 to 26, one per letter, got 1",
        ),
        (lambda: Question("?", [Answer("4", True, "y"), Answer("4", False, "n")]), ValueError, "different"),
        (lambda: Question("?", ["4", "5"]), TypeError, "str"),
        (lambda: Question("", ONE.answers), ValueError, "empty"),
        (lambda: quiz([]), ValueError, "at least one"),
        (lambda: quiz(["2 + 2?"]), TypeError, "str"),
        (lambda: Quiz((ONE,), title=None), TypeError, "text"),
    ],
)
def test_unfinished_questions_are_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_there_are_as_many_choices_as_letters():
    choices = [Answer(str(number), number == 0, "Counted.") for number in range(27)]
    assert "z) 25" in quiz([Question("How many?", choices[:26])], mixed=False).text()
    with pytest.raises(ValueError, match="expected 2 to 26, one per letter, got 27"):
        Question("How many?", choices)


def test_control_characters_leave_the_page_whole():
    bad = "a\x07b\ud800\u2029c <&>"
    page = quiz([Question(bad, [Answer(bad, True, bad), Answer("other", False, bad)])], title=bad).html()
    page.encode()
    assert not {"\x07", "\ud800", "\u2029"} & set(page) and page.count("&lt;&amp;&gt;") == 5
