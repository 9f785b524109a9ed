"""Part 7, measured: queries and keys in the plane with which every word attends to the word before it."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
A head that attends to the word before copies a sentence one place further. Build one by hand, with queries and keys
of **two numbers** each.

Write `queries_and_keys(length)`: return two tensors `(q, k)`, each of the shape (length, 2), for a whole number
`length` from 4 to 16. With the weights `(q @ k.T / 2**0.5).softmax(1)`

* every word $t$ should attend to the word $t - 1$, and word 0 to the last word;
* no query and no key may be longer than 10 (the root of the sum of its squares).

There is no mask. Measured is the **smallest** of the weights that lie on the right word. 0.95 earns all points, less
earns them in proportion.
"""

STARTER = """
def queries_and_keys(length):
    ...
"""

SOLUTION = """
def queries_and_keys(length):
    angle = 2 * torch.pi * torch.arange(length) / length
    k = 10 * torch.stack([angle.cos(), angle.sin()], 1)
    q = k.roll(1, 0)
    return q, k
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def judge(inputs, got):
    import torch

    q, k = got
    (length,) = inputs
    longest = max(q.norm(dim=1).max().item(), k.norm(dim=1).max().item())
    if longest > 10.001:
        return 0.0, f"the longest query or key has the length {longest:.1f}", "longer than 10"
    weights = (q @ k.T / 2**0.5).softmax(1)
    words = torch.arange(length)
    before = (words - 1) % length
    lowest = weights[words, before].min().item()
    told = f"the smallest weight on the right word is {lowest:.3f} (0.95 for all points)"
    if lowest >= 0.95:
        return 1.0, told
    most = weights.argmax(1)
    if (most == words).all():
        return lowest / 0.95, told, "attends to itself"
    if (most == (words + 1) % length).all():
        return lowest / 0.95, told, "the word after"
    if (most == before).all() and longest < 9:
        return lowest / 0.95, told, "too short"
    return lowest / 0.95, told, "in a line"


def cases(rng, variant):
    yield Case("5 words", (5,))
    yield Case("12 words", (12,))
    yield Case("another length", (int(rng.integers(13, 17)),), points=2, public=False)


exercise = Exercise(
    name="weights_that_copy",
    part="07",
    title="Attend to the word before",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="queries_and_keys",
    given="import torch",
    cases=cases,
    judge=judge,
    mistakes=(
        Mistake(
            "attends to itself",
            wrong("k.roll(1, 0)", "k.clone()"),
            "Every word attends to itself most: the query of word t fits the key of word t. It should fit the key of "
            "word t - 1.",
        ),
        Mistake(
            "the word after",
            wrong("roll(1, 0)", "roll(-1, 0)"),
            "Every word attends to the word after it: the shift goes the wrong way.",
        ),
        Mistake(
            "too short",
            wrong("10 * torch", "1 * torch"),
            "The right word has the largest weight everywhere, but it is not large. Queries and keys may be longer; "
            "the longer they are, the sharper are the weights.",
        ),
        Mistake(
            "longer than 10",
            wrong("10 * torch", "20 * torch"),
            "A query or a key is longer than 10. Directions, not only lengths, must do the work.",
        ),
        Mistake(
            "in a line",
            wrong(
                "torch.stack([angle.cos(), angle.sin()], 1)",
                "torch.stack([angle / 7, (1 - (angle / 7) ** 2).clamp_min(0).sqrt()], 1)",
            ),
            "Not all words attend to the right word. A dot product prefers the key that lies farthest in "
            "the query's direction: no key should be hidden behind others, and neighbors should be equally far apart.",
        ),
    ),
    hints=(
        "Draw the keys as points in the plane. For which arrangement is each of them the farthest in some direction?",
        "Put the keys on a circle, at equal distances and as far out as allowed. Which direction must a query have?",
        "The angle of key t is t times a full turn / length; the query of word t points to the key of word t - 1.",
    ),
    minutes=15,
    points=4,
    trains="how directions and lengths of queries and keys become weights",
)
