"""Part 4: nine images that convince, sixty that do not: the unit for which the nine strongest images mislead "
"most."""

import functools

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
The nine strongest images of a unit are all of one class, so one is tempted to name the unit after it. Look farther
down the list before you do: perhaps it likes many classes, and the nine were luck. Find the unit for which the nine
images mislead most.

Write `misleading_unit(codes, labels)`. `codes` is a tensor (N, U): the activations of U hidden units for N pictures
of clothes, 0 or more; `labels` is a tensor (N,) with the class of each picture, 0 to 9. Return a whole number, the
index of a unit:

* its **nine** strongest pictures are all of the same class, and
* its **sixty** strongest pictures all have an activation above 0, and
* among the units of which this is true, the classes of its sixty strongest pictures have the largest **entropy**
  (in bits: $-\\sum_c p_c \\log_2 p_c$, where $p_c$ is the share of class $c$ among the sixty).
"""

STARTER = """
def misleading_unit(codes, labels):
    ...
"""

SOLUTION = """
def entropy(classes):
    share = classes.bincount().double() / len(classes)
    share = share[share > 0]
    return -(share * share.log2()).sum().item()


def misleading_unit(codes, labels):
    values, pictures = codes.sort(dim=0, descending=True, stable=True)
    ranked = labels[pictures]  # (N, U): the classes of each unit's pictures, the strongest first
    found = {
        unit: entropy(ranked[:60, unit])
        for unit in range(codes.shape[1])
        if len(ranked[:9, unit].unique()) == 1 and values[59, unit] > 0
    }
    return max(found, key=found.get)
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


@functools.cache
def codes_of_clothes():
    from lecturelib import datasets, models
    from lecturelib.parameters import cnn_codes

    pictures, labels = datasets.clothes("test")
    return cnn_codes(models.load("fashion_lenet"), pictures[:800], "relu3"), labels[:800]


def cases(rng, variant):
    import torch

    codes, labels = codes_of_clothes()  # (800, 256), (800,)

    def entropy(classes):
        share = classes.bincount().double() / len(classes)
        return -(share[share > 0] * share[share > 0].log2()).sum().item()

    def some():
        """Some pictures and units in which each way of choosing leads to another unit, by a clear margin."""
        while True:
            rows = torch.tensor(rng.permutation(800)[:260])
            units = torch.tensor(rng.permutation(256)[:48])
            values, order = codes[rows][:, units].sort(dim=0, descending=True, stable=True)
            ranked = labels[rows][order]
            pure = [len(ranked[:9, u].unique()) == 1 for u in range(48)]
            alive = [bool(values[59, u] > 0) for u in range(48)]
            far = [entropy(ranked[:60, u]) for u in range(48)]
            steps = torch.stack([values[8] - values[9], values[59] - values[60]]) / values[0]
            clear = [bool((steps[:, u] > 1e-4).all()) for u in range(48)]
            good = sorted((far[u], u) for u in range(48) if pure[u] and alive[u])
            if len(good) < 3 or good[-1][0] - good[-2][0] < 0.1 or not clear[good[-1][1]]:
                continue
            any_alive = max((u for u in range(48) if pure[u]), key=lambda u: far[u])
            any_nine = max((u for u in range(48) if alive[u]), key=lambda u: far[u])
            if len({good[-1][1], any_alive, any_nine, good[0][1]}) == 4:
                return codes[rows][:, units].contiguous(), labels[rows].contiguous()

    suggests = (
        "For each unit write down: classes among the nine, the sixtieth activation, entropy of the sixty."
    )
    yield Case("48 units, 260 pictures", some(), points=2, suggests=suggests)
    yield Case("other units and pictures", some(), points=2, public=False, suggests=suggests)


exercise = Exercise(
    name="misleading_unit",
    part="04",
    title="Nine pictures that mislead",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="misleading_unit",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "silent pictures counted",
            wrong(" and values[59, unit] > 0", ""),
            "Your unit responds to fewer than sixty of the pictures. The rest of its list has the activation 0, in "
            "an order that means nothing, so their classes are mixed for no reason.",
        ),
        Mistake(
            "the nine are mixed",
            wrong("len(ranked[:9, unit].unique()) == 1 and ", ""),
            "The nine strongest pictures of your unit are not all of one class: nobody would be misled.",
        ),
        Mistake(
            "the purest",
            wrong("return max", "return min"),
            "Your unit is the one whose sixty pictures are *least* mixed: the nine do not mislead. Entropy is small "
            "where one class is frequent.",
        ),
    ),
    hints=(
        "Write first a function that gives the entropy of a list of classes; test it: one class 0 bits, two equal "
        "ones 1.",
        "Sort each column of `codes` from the largest value down, and look up the labels in the same order.",
        "Three conditions for each unit; a class that does not occur must not enter the entropy (0 · log 0).",
    ),
    minutes=20,
    points=4,
    trains="why a few examples are not enough to name a unit",
    forbidden=("class_entropy", "maximal_images"),
)
