"""Part 2: the largest stable learning rate of gradient descent with momentum on a quadratic loss."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Near a minimum a loss is a quadratic: $L(w) = \\tfrac12\\, w^\\top H w$ with a symmetric matrix $H$ (the
**Hessian**) whose eigenvalues are positive. Its gradient is $Hw$. Gradient descent with **momentum** $\\beta$
remembers its last step:

$$v \\leftarrow \\beta v - \\eta H w, \\qquad w \\leftarrow w + v$$

Without momentum ($\\beta = 0$) and in one dimension the lesson found a bound for the learning rate $\\eta$. What is
the bound now?

Write `largest_rate(hessian, momentum)`: `hessian` is a tensor (n, n) of 64-bit floats, `momentum` a number from 0.3
to 0.95. Return a float, the learning rate from which on the weights no longer go to 0, whatever the start. (One
percent of deviation is accepted, so that you may also *search* for it.)
"""

STARTER = """
def largest_rate(hessian, momentum):
    ...
"""

SOLUTION = """
def largest_rate(hessian, momentum):
    steepest = torch.linalg.eigvalsh(hessian).max().item()
    return 2 * (1 + momentum) / steepest
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import numpy as np
    import torch

    def hessian(n):
        turn, _ = np.linalg.qr(rng.normal(size=(n, n)) + np.ones((n, n)))
        values = np.concatenate([[float(rng.uniform(5, 20))], rng.uniform(0.2, 4, n - 1)])
        return torch.tensor(turn @ np.diag(values) @ turn.T)

    for name, n, momentum, public in (
        ("two weights", 2, 0.9, True),
        ("three weights", 3, 0.65, True),
        ("other weights", 5, round(float(rng.uniform(0.3, 0.95)), 2), False),
        ("many weights", 12, round(float(rng.uniform(0.3, 0.95)), 2), False),
    ):
        yield Case(
            name,
            (hessian(n), momentum),
            public=public,
            tolerance=0.01,
            suggests="Run 2000 steps a little below and a little above your bound: do the weights go to 0?",
        )


exercise = Exercise(
    name="rate_with_momentum",
    part="02",
    title="How large may the learning rate be with momentum?",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="largest_rate",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "momentum ignored",
            wrong("2 * (1 + momentum)", "2"),
            "This is the bound without momentum. With momentum the weights still go to 0 at this rate, and beyond.",
        ),
        Mistake(
            "momentum the other way",
            wrong("1 + momentum", "1 - momentum"),
            "Your bound falls as the momentum grows. Try it out in one dimension: momentum damps the jumping to and "
            "fro.",
        ),
        Mistake(
            "flattest direction",
            wrong(".max()", ".min()"),
            "Your bound comes from the flattest direction, but the steepest one is the first in which the weights "
            "diverge.",
        ),
        Mistake(
            "the diagonal",
            wrong("torch.linalg.eigvalsh(hessian).max()", "hessian.diagonal().max()"),
            "You take the largest curvature along an axis. The steepest direction need not be an axis.",
        ),
        Mistake(
            "all curvatures together",
            wrong("torch.linalg.eigvalsh(hessian).max()", "hessian.trace()"),
            "You take the sum of the curvatures. Each direction moves on its own, and only the steepest limits the "
            "rate.",
        ),
    ),
    hints=(
        "Take one dimension with curvature 1 and try rates with momentum 0.5: where do the weights stop going to 0?",
        "In its eigenvectors the Hessian falls apart into one-dimensional problems. Which of them fails first?",
        "At the bound the weight jumps between +c and -c for ever. Put w = c, then -c, then c into the two formulas.",
    ),
    minutes=15,
    points=4,
    trains="curvature, stability, and what momentum does to them",
)
