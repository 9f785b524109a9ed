"""Part 4: evidence in two places: what two patches together do beyond what each does alone."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
A single patch finds nothing where one of two places is enough: cover one, and the other still carries the score.
Cover **two** places at once and compare.

Write `interaction(image, digit, a, b, size)`. `a` and `b` are the top left corners (row, column) of two squares of
`size` × `size` pixels that do not overlap. A covered pixel gets the value **<<fill>>**. With the *drop* of the
score of `digit` against the uncovered image, return one float: the drop when both squares are covered **minus the
sum of the two drops** when only one is. (Above 0: the two places could stand in for each other.)

* `net` is the network of digits; `net(image)` gives the ten scores (before the softmax), shape (1, 10).
* `image` is a tensor (1, 1, 28, 28) and must not be changed; `digit` is from 0 to 9.
"""

STARTER = """
def interaction(image, digit, a, b, size):
    ...
"""

SOLUTION = """
def interaction(image, digit, a, b, size):
    def score(*corners):
        covered = image.clone()
        for top, left in corners:
            covered[..., top : top + size, left : left + size] = <<fill>>
        with torch.no_grad():
            return net(covered)[0, digit].item()

    whole = score()
    return (whole - score(a, b)) - (whole - score(a)) - (whole - score(b))
"""

LAST = "return (whole - score(a, b)) - (whole - score(a)) - (whole - score(b))"


def wrong(after):
    return SOLUTION.replace(LAST, after)


# Images of the test set whose two halves matter, with the corners of two squares of 9: all drops and their interaction
# are larger than 1.
POOL = (
    (0, (5, 14), (14, 13)), (1, (10, 15), (14, 6)), (2, (5, 14), (10, 4)),
    (4, (10, 15), (14, 6)), (5, (5, 14), (14, 13)), (6, (5, 5), (14, 6)),
    (7, (5, 5), (5, 14)), (8, (5, 14), (14, 13)), (9, (10, 15), (14, 6)),
    (10, (10, 4), (14, 13)), (11, (5, 5), (10, 15)), (12, (5, 14), (14, 13)),
    (13, (5, 14), (14, 13)), (14, (5, 14), (16, 9)), (15, (10, 15), (14, 6)),
    (16, (5, 5), (5, 14)), (18, (5, 5), (10, 15)), (19, (5, 14), (10, 4)),
    (20, (5, 5), (5, 14)), (21, (5, 14), (16, 9)), (22, (5, 5), (10, 15)),
    (23, (3, 8), (14, 13)), (24, (3, 8), (14, 13)), (25, (5, 14), (14, 13)),
)  # fmt: skip


def cases(rng, variant):
    from lecturelib import datasets

    digits, labels = datasets.digits("test")
    chosen = [POOL[int(k)] for k in rng.permutation(len(POOL))[:4]]
    for number, (k, a, b) in enumerate(chosen):
        yield Case(
            f"digit {number + 1}",
            (digits[k][None], int(labels[k]), a, b, 9),
            public=number < 2,
            tolerance=2e-3,
            suggests="Write down four scores: uncovered, a covered, b covered, both. Corners are (row, column).",
        )


exercise = Exercise(
    name="two_patches",
    part="04",
    title="Evidence in two places",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="interaction",
    given="import torch\n\nfrom lecturelib import models\n\nnet = models.load('lenet')",
    cases=cases,
    variants=({"fill": "0.0"}, {"fill": "0.5"}),
    mistakes=(
        Mistake(
            "the drop of both",
            wrong("return whole - score(a, b)"),
            "This is the drop when both are covered. How much of it is more than the two single drops?",
        ),
        Mistake(
            "the sign",
            wrong("return (whole - score(a)) + (whole - score(b)) - (whole - score(a, b))"),
            "The sign is the opposite: asked is the drop of both minus the two single drops.",
        ),
        Mistake(
            "scores instead of drops",
            wrong("return score(a, b) - score(a) - score(b)"),
            "Scores are not drops: in a difference of drops the uncovered score does not cancel here. Count how "
            "often it occurs.",
        ),
        Mistake(
            "the second on top of the first",
            wrong("return (whole - score(a, b)) - (whole - score(a)) - (score(a) - score(a, b))"),
            "Your second square is laid on an image whose first one is still covered, so nothing can be left: begin "
            "each time with the uncovered image.",
        ),
        Mistake(
            "probability",
            SOLUTION.replace("net(covered)[0, digit]", "net(covered).softmax(1)[0, digit]"),
            "These are drops of a probability. It saturates, and that alone looks like an interaction; take the "
            "score.",
        ),
    ),
    hints=(
        "How many different images go through the network?",
        "Four scores are enough: nothing, a, b, and both covered.",
        "Each drop is the uncovered score minus a covered one. Write the three drops down and then simplify.",
    ),
    minutes=10,
    points=4,
    trains="what a single patch cannot find",
    forbidden=("occlusion_map", "occlude", "captum"),
)
