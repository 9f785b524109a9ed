"""Part 9: a coverage loss, which asks attention not to look twice at the same place."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
The doubly stochastic penalty asks that in the end every cell was looked at. Another penalty, the **coverage loss** (See
et al. 2017), asks at each step that attention does not go **where it has been before**.

$$\\text{coverage}_{ti} = \\sum_{s < t} \\alpha_{si}, \\qquad
\\text{loss}_t = \\sum_i \\min(\\alpha_{ti},\\, \\text{coverage}_{ti})$$

Write `coverage_loss(weights, lengths)`: `weights` is a tensor (B, T, L): for each of B captions and T steps the
attention weights on L cells. `lengths` is a list of B whole numbers: only the first `lengths[b]` steps of caption b
belong to it, the rest is padding, with weights that mean nothing.

Return a tensor (B,): for each caption the **mean** of loss_t over its own steps.
"""

STARTER = """
def coverage_loss(weights, lengths):
    ...
"""

SOLUTION = """
def coverage_loss(weights, lengths):
    before = weights.cumsum(1) - weights
    loss = torch.minimum(weights, before).sum(2)  # (B, T)
    lengths = torch.tensor(lengths)
    own = torch.arange(weights.shape[1])[None, :] < lengths[:, None]
    return (loss * own).sum(1) / lengths
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import torch

    def inputs(lengths, cells):
        weights = rng.dirichlet([0.5] * cells, (len(lengths), max(lengths) + 1))
        return torch.from_numpy(weights.astype("float32")), lengths

    tip = "By hand: two steps on two cells, (0.9, 0.1) and then (0.6, 0.4), have the losses 0 and 0.7, the mean 0.35."
    yield Case("one caption", inputs([4], 6), suggests=tip)
    yield Case(
        "three captions",
        inputs([5, 2, 3], 9),
        suggests="Change the weights of the padding: does it matter?",
    )
    lengths = [int(each) for each in rng.integers(2, 7, 4)]
    yield Case("more captions", inputs(lengths, 8), points=2, public=False, suggests=tip)


exercise = Exercise(
    name="attend_to_new_places",
    part="09",
    title="Attend to new places",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="coverage_loss",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "the present step counted",
            wrong("weights.cumsum(1) - weights", "weights.cumsum(1)"),
            "Your coverage of step t contains step t itself. Then no weight is larger than its coverage, and every "
            "loss_t is 1, whatever the weights are. Only the steps s < t count.",
        ),
        Mistake(
            "padding counted",
            wrong("(loss * own).sum(1) / lengths", "loss.mean(1)"),
            "Your mean runs over all T steps, also over those of the padding. Caption b has only its first lengths[b] "
            "steps.",
        ),
        Mistake(
            "divided by all steps",
            wrong("(loss * own).sum(1) / lengths", "(loss * own).mean(1)"),
            "You leave the padding out of the sum, but you divide by T, the number of all steps. Caption b has "
            "lengths[b] steps.",
        ),
        Mistake(
            "along the cells",
            wrong("weights.cumsum(1) - weights", "weights.cumsum(2) - weights"),
            "You add up the weights of the cells before cell i (the last axis). Coverage adds up the weights of the "
            "steps before step t (the axis in the middle).",
        ),
        Mistake(
            "product",
            wrong("torch.minimum(weights, before)", "(weights * before)"),
            "You multiply each weight by its coverage. Asked for is the smaller of the two numbers.",
        ),
    ),
    hints=(
        "What is the coverage before the first step, and before the second one?",
        "A running sum over the steps contains the present step; take it away again.",
        "Compare the numbers 0 ... T - 1 with the lengths, as in a padding mask; then sum, and divide.",
    ),
    minutes=12,
    points=4,
    forbidden=("doubly_stochastic_penalty",),
    trains="penalties on attention over time; masks of padding",
)
