"""Part 3: the smallest change that flips a linear classifier, in three norms."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
For a linear classifier the smallest adversarial change can be computed exactly. Its scores are $s = Wx + b$; it
answers with the class of the largest score.

Write `smallest_changes(weight, bias, x)`: `weight` is a tensor (K, d), `bias` (K,), `x` (d,), all 64-bit floats.
How small can a change $\\delta$ of `x` be, so that some *other* class draws level with the one that is answered
now? Return a list of three floats, the smallest possible size of $\\delta$ measured

1. by its largest entry, $\\lVert\\delta\\rVert_\\infty$;
2. by its length, $\\lVert\\delta\\rVert_2$;
3. by the sum of the sizes of its entries, $\\lVert\\delta\\rVert_1$.

`x` may take any values; there are no limits such as 0 and 1 here.
"""

STARTER = """
def smallest_changes(weight, bias, x):
    ...
"""

SOLUTION = """
def smallest_changes(weight, bias, x):
    scores = weight @ x + bias
    answer = scores.argmax()
    others = torch.arange(len(bias)) != answer
    lead = scores[answer] - scores[others]  # (K - 1,)
    slope = weight[answer] - weight[others]  # (K - 1, d)
    return [(lead / slope.norm(p=dual, dim=1)).min().item() for dual in (1, 2, torch.inf)]
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


NORMS = ("largest entry", "length", "sum")


def cases(rng, variant):
    import torch

    def problem(classes, size):
        # The strongest rival is not the nearest one: its weights are like those of the answer.
        weight = rng.normal(size=(classes, size)) * 0.5
        weight[1] = weight[0] + 0.05 * rng.normal(size=size)
        x = rng.normal(size=size)
        scores = weight @ x
        wanted = -rng.uniform(2.0, 3.0, classes)
        wanted[0], wanted[1] = 0.0, -1.5
        bias = wanted - scores
        order = rng.permutation(classes)
        return tuple(torch.tensor(each) for each in (weight[order], bias[order], x))

    for which, public, classes, size in (("", True, 3, 4), (", more classes", False, 6, 20)):
        inputs = problem(classes, size)
        for place, norm in enumerate(NORMS):
            yield Case(
                norm + which,
                inputs,
                public=public,
                at=place,
                suggests="Take two classes and two pixels: in which direction does one score catch up fastest?",
            )


LARGEST = ("largest entry", "largest entry, more classes")
SUMS = ("sum", "sum, more classes")

exercise = Exercise(
    name="distance_to_boundary",
    part="03",
    title="How far is it to the other answer?",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="smallest_changes",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "the same norm",
            wrong("(1, 2, torch.inf)", "(torch.inf, 2, 1)"),
            "You divide by the weights in the same norm as the change. If every entry may move by e, *all* of them "
            "move, and the lead shrinks by e times the sum of the sizes of the weights.",
            fails=LARGEST + SUMS,
        ),
        Mistake(
            "weights of the answer alone",
            wrong("weight[answer] - weight[others]", "weight[answer].expand(len(bias) - 1, -1)"),
            "You ask how fast the score of the answer falls. What counts is how fast its *lead* falls: the other "
            "score rises at the same time.",
        ),
        Mistake(
            "the strongest rival",
            wrong(".norm(p=dual, dim=1)).min()", ".norm(p=dual, dim=1))[lead.argmin()]"),
            "You take the class with the second largest score. The nearest boundary can be that of another class, "
            "whose lead is larger but falls faster.",
        ),
        Mistake(
            "the lead itself",
            """
            def smallest_changes(weight, bias, x):
                scores = (weight @ x + bias).sort(descending=True).values
                return [(scores[0] - scores[1]).item()] * 3
            """,
            "This is the lead in scores. How large a change of x takes it away?",
        ),
    ),
    hints=(
        "With two classes: the lead is a linear function of x. How much does it fall if each entry moves by e "
        "against it?",
        "By the largest entry the best change moves every entry, by the sum only one. Which norm of the slope is "
        "that?",
        "For each other class: its lead divided by a norm of the difference of two weight rows; then the smallest.",
    ),
    minutes=15,
    points=6,
    trains="norms of an attack, and why many small changes add up",
)
