"""Part 2: units that respond seldom: the share of the examples to which each unit of a layer responds."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
A dead unit responds to no example at all. Units that respond to one example in a thousand are nearly as useless,
and a count of dead units does not show them. So measure the **response rate**: the share of the examples to which a
unit responds.

Write `response_rate(values)`. `values` is a tensor (N, C, h, w): for N examples what a convolution with C units gives
**before** its ReLU, at h × w places. A unit responds to an example if its value *after* the ReLU is above 0 at *one
place at least*. Return a tensor (C,) of floats, the share of the N examples to which each unit responds, from 0 to 1.
"""

STARTER = """
def response_rate(values):
    ...
"""

SOLUTION = """
def response_rate(values):
    strongest = values.amax(dim=(2, 3))  # (N, C)
    return (strongest > 0).float().mean(dim=0)
"""


def cases(rng, variant):
    import numpy as np
    import torch

    def layer(n, c, h, w):
        # units from nearly dead to nearly always on; each responds to some of the examples
        offset = np.linspace(-2.4, 0.6, c)[None, :, None, None]
        values = rng.normal(size=(n, c, h, w)) + offset
        values[0] -= 5  # one example to which no unit responds, one to which all do at one place
        values[1, :, 0, 0] = 1
        return torch.tensor(values, dtype=torch.float32)

    yield Case(
        "a layer of five units",
        (layer(12, 5, 3, 4),),
        points=2,
        suggests="Take 2 examples and 1 unit with 2 places and write the answer down by hand.",
    )
    inputs = (layer(int(rng.integers(15, 25)), 7, 4, 3),)
    yield Case(
        "another layer",
        inputs,
        points=2,
        public=False,
        suggests="N, C, h and w can be any sizes; which axes vanish?",
    )


exercise = Exercise(
    name="response_rate",
    part="02",
    title="Units that respond seldom",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="response_rate",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "places counted as examples",
            """
            def response_rate(values):
                return (values > 0).float().mean(dim=(0, 2, 3))
            """,
            "Your rates are too low: you count the share of all places, but one place is enough for an example.",
        ),
        Mistake(
            "all places must respond",
            """
            def response_rate(values):
                return (values > 0).flatten(2).all(dim=2).float().mean(dim=0)
            """,
            "Here an example counts only if the unit responds at all of its places; one place is enough.",
        ),
        Mistake(
            "dead or not",
            """
            def response_rate(values):
                return (values > 0).any(dim=3).any(dim=2).any(dim=0).float()
            """,
            "Every rate is 0 or 1: this says whether a unit responds to any example, not to how many of them.",
        ),
        Mistake(
            "mean activation",
            """
            def response_rate(values):
                return values.relu().mean(dim=(0, 2, 3))
            """,
            "This is the mean activation. A unit that responds seldom but strongly would look busy.",
        ),
        Mistake(
            "examples instead of units",
            """
            def response_rate(values):
                return (values.amax(dim=(2, 3)) > 0).float().mean(dim=1)
            """,
            "There is one number for each example; asked is one for each unit. The wrong axis was averaged.",
        ),
    ),
    hints=(
        "Two questions, one after the other: does unit c respond to example n? And to what share of them?",
        "The first question has a bool for each example and each unit: (N, C). What of the places decides it?",
        "Reduce the two axes of places first, compare with 0, and only then average over the examples.",
    ),
    minutes=10,
    points=4,
    trains="which axis is which, and what counts as one example",
)
