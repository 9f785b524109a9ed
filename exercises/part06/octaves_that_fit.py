"""Part 6: how many octaves a dream gets when the smallest one may not be too small."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
DeepDream starts on a small copy of the image and enlarges it, octave by octave. A copy that is smaller than the
receptive field of the layer is useless. So let the size decide **how many octaves** there are.

Write `octaves_that_fit(height, width, scale, smallest)`. It returns a list of sizes `(h, w)` in pixels, the smallest
octave first, the full size last.

* Octave $k = 0, 1, 2, \\dots$ has the sides `height / scale**k` and `width / scale**k`, each rounded to the nearest
  whole number.
* Keep an octave if its shorter side, after rounding, is `smallest` or more. Octave 0 always fits.
* `height`, `width` and `smallest` are whole numbers, `scale` is a float above 1 (for example 1.4).

For example `octaves_that_fit(100, 200, 2.0, 25)` is `[(25, 50), (50, 100), (100, 200)]`.
"""

STARTER = """
def octaves_that_fit(height, width, scale, smallest):
    ...
"""

SOLUTION = """
def octaves_that_fit(height, width, scale, smallest):
    sizes, k = [], 0
    while True:
        h, w = round(height / scale**k), round(width / scale**k)
        if min(h, w) < smallest:
            return sizes[::-1]
        sizes.append((h, w))
        k += 1
"""

AGAIN = """
def octaves_that_fit(height, width, scale, smallest):
    sizes, h, w = [], height, width
    while min(h, w) >= smallest:
        sizes.append((h, w))
        h, w = round(h / scale), round(w / scale)
    return sizes[::-1]
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


WRONG = {
    "the largest first": wrong("sizes[::-1]", "sizes"),
    "the longer side": wrong("min(h, w)", "max(h, w)"),
    "an octave that just fits": wrong("< smallest", "<= smallest"),
    "rounded down": wrong("round(", "int("),
    "rounded again": AGAIN,
}


def cases(rng, variant):
    answers = {}
    for name, source in {"": SOLUTION, **WRONG}.items():
        space: dict = {}
        exec(source, space)
        answers[name] = space["octaves_that_fit"]

    def draw():
        """Sizes for which all wrong answers differ, and no side lies near the middle of two whole numbers."""
        while True:
            height, width = (int(each) for each in rng.integers(180, 640, 2))
            scale = float(rng.choice([1.2, 1.25, 1.3, 1.4, 1.5]))
            smallest = round(min(height, width) / scale ** int(rng.integers(3, 6)))
            sides = [side / scale**k for side in (height, width) for k in range(12)]
            inputs = (height, width, scale, smallest)
            given = [str(answer(*inputs)) for answer in answers.values()]
            if min(abs(side % 1 - 0.5) for side in sides) > 0.02 and len(set(given)) == len(given):
                return inputs

    yield Case(
        "an image",
        draw(),
        suggests="Does your function give the example of the text? Mind the order within a size: height first.",
    )
    yield Case(
        "another image", draw(), suggests="Print the sides before they are rounded. Which of them decide?"
    )
    for k in (1, 2):
        yield Case(
            f"more images {k}", draw(), public=False, suggests="Which side decides, and after which rounding?"
        )


exercise = Exercise(
    name="octaves_that_fit",
    part="06",
    title="Octaves that fit",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="octaves_that_fit",
    cases=cases,
    mistakes=(
        Mistake(
            "the largest first",
            WRONG["the largest first"],
            "The sizes are right, but the full size comes first. A dream starts with the smallest octave.",
        ),
        Mistake(
            "the longer side",
            WRONG["the longer side"],
            "There are too many octaves: the longer side decides in your list. An octave is too small as soon as its "
            "shorter side is.",
        ),
        Mistake(
            "an octave that just fits",
            WRONG["an octave that just fits"],
            "One octave is missing: a shorter side of exactly `smallest` pixels still fits.",
        ),
        Mistake(
            "rounded down",
            WRONG["rounded down"],
            "The sides are rounded down. The nearest whole number is asked for: 71.8 becomes 72.",
        ),
        Mistake(
            "rounded again",
            WRONG["rounded again"],
            "Each octave is computed from the rounded octave before it, so the rounding errors add up. Compute each "
            "from the full size.",
        ),
    ),
    hints=(
        "Which of the two sides reaches the limit first? And in which order do you find the octaves?",
        "Count k up from 0, compute both sides from the full size, and stop at the first octave that does not fit.",
        "You find the sizes from large to small; `sizes[::-1]` or `reversed` turns a list around.",
    ),
    minutes=10,
    points=4,
    forbidden=("octave_sizes",),
    trains="the sizes of DeepDream's octaves",
)
