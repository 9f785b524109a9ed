"""Part 5: sensitivity in the units of the table: the chain rule through the normalization."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
The lesson's sensitivity compares columns that were normalized to mean 0 and standard deviation 1. A doctor asks
another question: **how much does the score change per millimeter, per gram, per year?**

The network `table_net` reads *normalized* rows, (N, 5) → (N, 2) scores. Write `change_per_unit(rows, mean, std,
output)`: `rows` is a tensor (N, 5) in the **original units**, `mean` and `std` (5,) are those by which a row is
normalized, (row − mean) / std, before it enters the network. Return a tensor (5,): for each column the mean over all
rows of the **absolute** change of the score `output` (0 or 1) per unit of the *original* column. The table must not
be changed.
"""

GIVEN = """
import torch
from torch import nn

torch.manual_seed(5)
table_net = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 2))
"""

STARTER = """
def change_per_unit(rows, mean, std, output):
    ...
"""

SOLUTION = """
def change_per_unit(rows, mean, std, output):
    table = rows.clone().requires_grad_()
    scores = table_net((table - mean) / std)[:, output]
    (gradient,) = torch.autograd.grad(scores.sum(), table)
    return gradient.abs().mean(dim=0)
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import torch

    def table(n):
        mean = rng.uniform(-5, 20, 5)
        std = rng.permutation([0.2, 0.6, 1.7, 4.0, 9.0]) * rng.uniform(0.9, 1.1, 5)
        rows = mean + std * rng.normal(size=(n, 5))
        return tuple(torch.tensor(each, dtype=torch.float32) for each in (rows, mean, std))

    for name, n, public in (("twenty rows", 20, True), ("another table", int(rng.integers(25, 40)), False)):
        yield Case(
            name,
            (*table(n), int(rng.integers(2))),
            points=2,
            public=public,
            tolerance=1e-3,
            suggests="Raise one column of one row by 0.01 of its unit and compare: by how much does the score change?",
        )


exercise = Exercise(
    name="change_per_unit",
    part="05",
    title="Per millimeter, per gram, per year",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="change_per_unit",
    given=GIVEN,
    cases=cases,
    mistakes=(
        Mistake(
            "per standard deviation",
            wrong("(table - mean) / std", "normal").replace(
                "table = rows.clone().requires_grad_()", "normal = ((rows - mean) / std).requires_grad_()"
            ).replace("scores.sum(), table", "scores.sum(), normal"),
            "This is the change per standard deviation: you differentiate with respect to the normalized columns.",
        ),
        Mistake(
            "multiplied by the deviation",
            wrong("gradient.abs()", "(gradient * std * std).abs()"),
            "The normalization enters the wrong way round: a column with a large deviation moves *little* per unit "
            "of the original.",
        ),
        Mistake(
            "not normalized",
            wrong("table_net((table - mean) / std)", "table_net(table)"),
            "The rows enter the network as they are. It was made for normalized rows.",
        ),
        Mistake(
            "absolute value too late",
            wrong("gradient.abs().mean(dim=0)", "gradient.mean(dim=0).abs()"),
            "You average first and take the absolute value afterwards: rows in which the column raises the score "
            "cancel those in which it lowers it.",
        ),
        Mistake(
            "probability",
            wrong("[:, output]", ".softmax(1)[:, output]"),
            "This is the change of a probability: it also moves when the other score does.",
        ),
    ),
    hints=(
        "With respect to which tensor do you differentiate: the table, or what enters the network?",
        "Let the original table require the gradient and normalize inside the forward pass: autograd applies the "
        "chain rule.",
        "The rows do not influence one another, so the gradient of the *sum* of the scores holds every row's own "
        "gradient.",
    ),
    minutes=10,
    points=4,
    trains="the chain rule through preprocessing, and units of a gradient",
    forbidden=("sensitivity", "captum"),
)  # fmt: skip
