"""Near-identical answers: copies are found under other names and layout; the starter and common pieces do not count."""

import random

from lecturelib.grading.similarity import fingerprints, near_identical, tokens

STARTER = "\n".join(f"def part_{k}(image, layer_{k}):\n    # write this\n    ..." for k in range(20))


def program(seed, lines=30):
    rng = random.Random(seed)
    calls = [
        "sum",
        "mean",
        "amax",
        "amin",
        "flip",
        "roll",
        "cumsum",
        "argsort",
        "sqrt",
        "abs",
        "exp",
        "log",
        "sign",
        "tanh",
    ]
    made = [
        (rng.choice(calls), rng.randint(0, 9), rng.choice("+-*/"), rng.choice(calls)) for _ in range(lines)
    ]
    return "\n".join(
        f"    rows_{k} = image.{a}({n}) {sign} net.{b}(rows)" for k, (a, n, sign, b) in enumerate(made)
    )


def test_a_copy_with_other_names_and_comments_is_found():
    mine = STARTER + "\ndef f(image):\n" + program(1)
    copy = mine.replace("rows", "zeilen").replace("image", "bild").replace("\n", "  # so\n")
    other = STARTER + "\ndef f(image):\n" + program(2)
    found = near_identical({"ana": mine, "bo": copy, "cy": other}, STARTER)
    assert [(pair.one, pair.other) for pair in found] == [("ana", "bo")]
    assert found[0].share > 0.95


def test_the_starter_alone_is_not_alike():
    assert near_identical({"ana": STARTER, "bo": STARTER}, STARTER) == []


def test_what_a_third_of_the_class_has_does_not_count():
    shared = program(3)
    assert near_identical({f"s{k}": shared for k in range(20)}, "") == []


def test_short_answers_tell_nothing():
    assert near_identical({"ana": "def f(x): return 2 * x", "bo": "def f(x): return 2 * x"}, "") == []


def test_a_source_that_does_not_parse_is_read_as_words():
    assert tokens("def f(:\n  'open") and fingerprints("\0" * 50) is not None
