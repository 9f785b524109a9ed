"""Part 2, a small research task: the learning rates of a few steps that leave least of any error."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Along a direction with curvature $\\lambda$ a step of gradient descent multiplies the error of the weights by
$1 - \\eta\\lambda$ (section 4). With a new learning rate at each step, $\\eta_1, \\dots, \\eta_n$, what is left after
$n$ steps is $|(1 - \\eta_1\\lambda) \\cdots (1 - \\eta_n\\lambda)|$ of it.

You may take only `count` steps, and you know only that all curvatures lie between `low` and `high`. Choose the rates.

Write `rates(low, high, count)`: return a list of `count` floats, the learning rates. `low` is from 0.1 to 1, `high`
is 20 to 60 times `low`, `count` from 5 to 9.

**Measured:** what is left after these steps along the *slowest* direction, the largest value of the product for any
$\\lambda$ from `low` to `high`. The best constant rate leaves 40 to 85 % and gets a part of the points. You get all
of them if nothing better exists (10 % of deviation is accepted).
"""

STARTER = """
def rates(low, high, count):
    ...
"""

SOLUTION = """
def rates(low, high, count):
    places = np.cos(np.pi * (np.arange(count) + 0.5) / count)  # the zeros of Chebyshev's polynomial
    curvatures = (high + low) / 2 + (high - low) / 2 * places
    return (1 / curvatures).tolist()
"""


def judge(inputs, got):
    import numpy as np

    low, high, count = inputs
    curvatures = np.linspace(low, high, 4001)
    with np.errstate(over="ignore", invalid="ignore"):
        left = np.abs(np.prod([1 - rate * curvatures for rate in got], axis=0))
    worst = float(np.nan_to_num(left, nan=np.inf).max())
    said = f"along the slowest direction {worst:.1%} of the error is left after {count} steps"
    if worst >= 0.999:
        return (
            0.0,
            f"along some direction nothing is gained in {count} steps: {min(worst, 9e99):.3g} times the error is left",
        )
    best = 1 / np.cosh(count * np.arccosh((high + low) / (high - low)))
    constant = ((high - low) / (high + low)) ** count
    if worst <= 1.1 * best:
        return 1.0, said
    if worst >= 0.98 * constant:
        return 0.3, f"{said}; a constant rate can do that, too"
    gained = np.log(worst / constant) / np.log(best / constant)
    return (
        0.8 if gained >= 0.6 else 0.5
    ), f"{said}; better than any constant rate ({constant:.1%}), but less is possible"


def cases(rng, variant):
    yield Case("curvatures from 0.5 to 20, 8 steps", (0.5, 20.0, 8), points=2)
    for k, count in enumerate((6, 9)):
        low = round(float(rng.uniform(0.1, 1)), 2)
        inputs = (low, round(low * float(rng.uniform(25, 55)), 2), count)
        suggests = "Try other ranges of curvatures and other numbers of steps."
        yield Case(f"another range {k + 1}", inputs, points=2, public=False, suggests=suggests)


exercise = Exercise(
    name="a_few_rates",
    part="02",
    title="A few steps, the best rates",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="rates",
    given="import numpy as np",
    cases=cases,
    judge=judge,
    mistakes=(
        Mistake(
            "one rate for all steps",
            """
            def rates(low, high, count):
                return [2 / (low + high)] * count
            """,
            "This is the best rate of all constant ones. Let the rates differ: a large one for the flat directions "
            "may overshoot in the steep ones if another step brings them back.",
        ),
        Mistake(
            "at the limit",
            """
            def rates(low, high, count):
                return [2 / high] * count
            """,
            "At 2 / high the steepest direction jumps to and fro for ever: nothing is gained along it.",
        ),
        Mistake(
            "evenly spaced curvatures",
            """
            def rates(low, high, count):
                return (1 / np.linspace(low, high, count)).tolist()
            """,
            "Each of your rates is exact for one curvature, and these are evenly spaced. Draw what is left over all "
            "curvatures: between which of them is most left?",
        ),
        Mistake(
            "no rate above 2 / high",
            """
            def rates(low, high, count):
                return (np.linspace(1, 1.9, count) / high).tolist()
            """,
            "No rate of yours is above 2 / high, so no step overshoots, and the flat directions hardly move. A "
            "single step may overshoot if others make up for it.",
        ),
    ),
    hints=(
        "Draw the product over all curvatures for your rates. Where is it largest?",
        "The product is a polynomial in λ that is 1 at λ = 0. A rate η puts a zero of it at λ = 1/η.",
        "Move the zeros until all hills between low and high have the same height: denser near both ends. Which "
        "known polynomials have equal hills?",
    ),
    minutes=30,
    points=6,
    trains="what a learning rate does to each curvature, and why schedules help",
)
