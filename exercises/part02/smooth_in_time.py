"""Part 2: a debiased average of measurements that come at irregular steps, with a half-life in steps."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
The smoothing of the lesson counts *values*: each older value weighs less by the same factor. But some measurements
come at irregular steps: often at first, seldom later. Then the weight should depend on the **number of steps** that
have passed.

Write `smooth_in_time(steps, values, half_life)`. `steps` is a NumPy array (n,) of increasing whole numbers,
`values` an array (n,) of floats measured at these steps. Return an array (n,): at each measurement the **debiased**
average of it and all *earlier* ones, in which a value that is `half_life` steps old weighs half as much as a new
one, one that is twice as old a quarter, and so on.
"""

STARTER = """
def smooth_in_time(steps, values, half_life):
    ...
"""

SOLUTION = """
def smooth_in_time(steps, values, half_life):
    age = steps[:, None] - steps[None, :]  # (now, then)
    weight = np.where(age >= 0, 0.5 ** (np.maximum(age, 0) / half_life), 0.0)
    return weight @ values / weight.sum(axis=1)
"""


def cases(rng, variant):
    import numpy as np

    def series(n):
        steps = np.cumsum(rng.integers(1, 30, n))
        values = 2.0 / (1 + steps / 40) + 0.3 * rng.normal(size=n)
        return steps, values

    yield Case(
        "ten measurements",
        (*series(10), 20.0),
        points=2,
        suggests="Try values that are all 2: what must come out at every step?",
    )
    yield Case(
        "other measurements",
        (*series(int(rng.integers(12, 20))), float(rng.integers(10, 60))),
        points=2,
        public=False,
        suggests="Try two measurements that lie exactly one half-life apart, by hand.",
    )


exercise = Exercise(
    name="smooth_in_time",
    part="02",
    title="Smoothing measurements at irregular steps",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="smooth_in_time",
    given="import numpy as np",
    cases=cases,
    mistakes=(
        Mistake(
            "not debiased",
            """
            def smooth_in_time(steps, values, half_life):
                average, before, out = 0.0, steps[0] - half_life, []
                for step, value in zip(steps, values):
                    keep = 0.5 ** ((step - before) / half_life)
                    average = keep * average + (1 - keep) * value
                    before = step
                    out.append(average)
                return np.array(out)
            """,
            "Your average begins at 0 and creeps up: it is not debiased. If all values are 2, it must be 2 from the "
            "start.",
        ),
        Mistake(
            "index instead of steps",
            """
            def smooth_in_time(steps, values, half_life):
                n = np.arange(len(values))
                age = n[:, None] - n[None, :]
                weight = np.where(age >= 0, 0.5 ** (np.maximum(age, 0) / half_life), 0.0)
                return weight @ values / weight.sum(axis=1)
            """,
            "The age is counted in measurements, not in steps: `steps` has no influence on your answer.",
        ),
        Mistake(
            "the future counts",
            """
            def smooth_in_time(steps, values, half_life):
                weight = 0.5 ** (np.abs(steps[:, None] - steps[None, :]) / half_life)
                return weight @ values / weight.sum(axis=1)
            """,
            "Later measurements enter as well, so a curve that was drawn would change when more steps come. Only the "
            "past may count.",
        ),
        Mistake(
            "e instead of 2",
            SOLUTION.replace(
                "0.5 ** (np.maximum(age, 0) / half_life)", "np.exp(-np.maximum(age, 0) / half_life)"
            ),
            "The weights fall too fast: after one half-life yours is 1/e = 0.37, asked is one half.",
        ),
        Mistake(
            "the newest left out",
            SOLUTION.replace("age >= 0", "(age > 0) | (age == steps[:, None] - steps[0]) & (age == 0)"),
            "The newest measurement does not count in your average; its age is 0 and its weight is 1.",
        ),
    ),
    hints=(
        "An average with weights: the sum of weight × value, divided by the sum of what?",
        "For each measurement you need the ages of all others: a table of differences of `steps`.",
        "A weight is one half to the power of (age / half-life), and 0 for what has not happened yet.",
    ),
    minutes=10,
    points=4,
    trains="weighted averages, and what debiased means",
    forbidden=("pandas", "smooth", "Smoother"),
)
