"""Part 5: the guided rule for another activation function: ReLU6, which is cut off at both ends."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Networks for phones use **ReLU6**: its output is the input $a$, but at least 0 and at most 6. Write the backward
passes of the lesson for it.

Write `back(a, g)`: `a` is a tensor with the inputs of the ReLU6 in the forward pass, `g` a tensor of the same shape
with the signal that comes back from above. Return a tensor of this shape: the signal that goes on downward by
**<<rule>>**. Where `a` is exactly 0 or exactly 6 the function has a corner; there nothing passes because of `a`.
Neither tensor may be changed.
"""

STARTER = """
def back(a, g):
    ...
"""

SOLUTION = """
def back(a, g):
    was_on = (a > 0) & (a < 6)
    return torch.where(<<passes>>, g, torch.zeros_like(g))
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import torch

    def table(*shape):
        a = rng.normal(size=shape) * 6 + 2
        a.flat[:6] = (0, 6, 0, 6, 3, 9)
        g = rng.normal(size=shape) * 6
        g.flat[:8] = (1, 2, -1, -2, 9, 8, -7, 7)
        return torch.tensor(a, dtype=torch.float32), torch.tensor(g, dtype=torch.float32)

    yield Case(
        "a table of 5 by 6",
        table(5, 6),
        points=2,
        suggests="Make a table: a below 0, between, above 6; g of both signs.",
    )
    inputs = table(2, 3, int(rng.integers(4, 8)), 5)
    yield Case(
        "maps of a layer", inputs, points=2, public=False, suggests="The shape can be any: no loop is needed."
    )


exercise = Exercise(
    name="guided_relu6",
    part="05",
    title="Guided backpropagation through a ReLU6",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="back",
    given="import torch",
    cases=cases,
    variants=(
        {
            "rule": "guided backpropagation",
            "passes": "was_on & (g > 0)",
            "other": "g > 0",
            "without": "a rule that never asks a",
        },
        {
            "rule": "plain backpropagation",
            "passes": "was_on",
            "other": "was_on & (g > 0)",
            "without": "guided backpropagation",
        },
    ),  # fmt: skip
    mistakes=(
        Mistake(
            "no upper limit",
            wrong(" & (a < 6)", ""),
            "This is the rule for a ReLU. A ReLU6 is flat above 6 too, and a flat function passes no signal back.",
        ),
        Mistake(
            "corners pass",
            wrong("(a > 0) & (a < 6)", "(a >= 0) & (a <= 6)"),
            "A signal passes where a is exactly 0 or 6. At the corners nothing passes here.",
        ),
        Mistake(
            "another rule",
            wrong("<<passes>>", "<<other>>"),
            "These are the signals of another rule: of <<without>>. Which of the two, a and the sign of g, decide "
            "here?",
        ),
        Mistake(
            "the signal cut off",
            wrong("g, torch", "g.clamp(0, 6), torch"),
            "The signal itself is cut off to 0 ... 6. The limits belong to the forward pass: they decide where a "
            "signal passes, not how large it is.",
        ),
        Mistake(
            "limits of the wrong tensor",
            wrong("(a > 0) & (a < 6)", "(g > 0) & (g < 6)"),
            "You ask the signal g whether it lies between 0 and 6. What was on or off in the forward pass is said by "
            "a.",
        ),
    ),
    hints=(
        "Draw the function. Where is its slope 1, and where 0?",
        "Plain backpropagation asks a alone. Deconvnet asks the sign of g alone. Guided backpropagation asks both.",
        "Two comparisons of a, joined by &; for the guided rule a third one, of g. Then keep g there and 0 "
        "elsewhere.",
    ),
    minutes=10,
    points=4,
    trains="the three rules, understood well enough for another function",
    forbidden=("relu6", "ReLU6", "hardtanh", "captum"),
)
