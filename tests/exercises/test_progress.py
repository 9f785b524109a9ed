"""The picture of what is done: squares, signs and words say the same, and nothing lies over anything."""

import itertools

import pytest

from lecturelib.drawing import Box, Label
from lecturelib.exercises import check, hint, progress, variant
from lecturelib.exercises.catalog import Entry
from lecturelib.exercises.progress import drawing, quizzes_of, state, summary
from lecturelib.lesson.record import read_record, record_answer, record_exercise

EVERY = [
    Entry(f"toy{k}", part, f"Toy {k}", 10, 3, 1) for k, part in enumerate(["01", "01", "05", *["07"] * 9])
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LECTURELIB_PROGRESS", str(tmp_path))


def done():
    record_exercise("toy0", "ok", 3, 3)
    record_exercise("toy1", "partial", 1, 3)
    record_exercise("toy2", "error", 0, 3)
    record_exercise("toy3", "not attempted", 0, 3)
    record_answer("Part 7a", 1, 12, True)
    record_answer("Part 7b", 2, 10, False)
    return read_record()[0]


def test_states_and_words():
    record = done()
    assert [state(record, f"toy{k}") for k in range(5)] == ["ok", "partial", "tried", "", ""]
    assert quizzes_of(record, "07") == (1, 22) and quizzes_of(record, "05") == (0, 0)
    text = summary(EVERY, record)
    assert "Exercises right: 1 of 12" in text
    assert "Part 1 Architecture diagrams: 1 of 2 (Toy 0: right, Toy 1: partly right)" in text
    assert "Part 7 Attention and the Transformer: 0 of 9; quiz 1 of 22 right" in text


def test_the_picture_has_a_sign_for_each_state_and_no_overlap():
    made = drawing(EVERY, done())
    texts = [shape.text for shape in made.shapes if isinstance(shape, Label)]
    assert texts.count("✓") == 2 and texts.count("◐") == 2 and texts.count("✗") == 2  # one each in the key
    assert made.alt.startswith("Exercises right: 1 of 12")
    words = [shape.bounds for shape in made.shapes if isinstance(shape, Label) and len(shape.text) > 1]
    squares = [shape.bounds for shape in made.shapes if isinstance(shape, Box)]
    for (a, b, c, d), (e, f, g, h) in itertools.chain(
        itertools.combinations(words, 2), itertools.product(words, squares)
    ):
        assert a >= g or e >= c or b >= h or f >= d
    assert all(a >= 0 and c <= made.width and b >= 0 and d <= made.height for a, b, c, d in words + squares)
    assert "<script" not in made.svg() and made.svg(dark=True) != made.svg()


def test_checks_hints_and_variants_leave_their_traces(capsys):
    check("same_sentence_mask", lambda tokens, separator: 3)
    for _ in range(4):
        hint("same_sentence_mask")
    said = capsys.readouterr().out
    assert "Hint 1 of 3" in said and "Hint 3 of 3" in said
    kept = read_record()[0]["exercises"]["same_sentence_mask"]
    assert kept["hints"] == 3 and kept["tries"] == 1
    variant("same_sentence_mask", 1)
    assert "belongs to the sentence after it" in " ".join(capsys.readouterr().out.split())
    check("same_sentence_mask", 3)
    variant("same_sentence_mask", 0)
    made = progress()
    assert "Within your own sentence: tried" in made.text and "progress.json" in made.note
    assert set(made._repr_mimebundle_()) == {"text/html", "text/plain"}
