"""Part 7: rotary position embedding, queries and keys that are turned by their position."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
**Rotary position embedding** (RoPE, Su et al. 2021) adds nothing to the words. It *turns* each query and key by an
angle that grows with the position, so that a score depends on the distance of two words only.

Write `turned(x, base)`: `x` is a tensor (T, d), d even, whose row t belongs to position t = 0, 1, ...; return a tensor
of the same shape.

* The d numbers of a row are taken as d/2 pairs, counted by i = 0, 1, ..., d/2 - 1. Pair i consists of <<pairs>>.
* Pair i of row t is turned by the angle $t \\cdot \\text{base}^{-2i/d}$ (in radians): $(a, b)$ becomes
  $(a \\cos - b \\sin,\\; a \\sin + b \\cos)$. Both stay in their columns.

A test for you: `turned(q, 100.0)[5] @ turned(k, 100.0)[3]` should not change if the same q and k stand at the positions
8 and 6.
"""

STARTER = """
def turned(x, base):
    ...
"""

SOLUTION = """
def turned(x, base):
    length, d = x.shape
    angle = torch.arange(length)[:, None] * base ** (-torch.arange(0, d, 2) / d)
    cos, sin = angle.cos(), angle.sin()
    first, second = <<split>>
    result = torch.empty_like(x)
    result[:, first] = x[:, first] * cos - x[:, second] * sin
    result[:, second] = x[:, first] * sin + x[:, second] * cos
    return result
"""

NEIGHBORS = "slice(0, None, 2), slice(1, None, 2)"
HALVES = "slice(0, d // 2), slice(d // 2, None)"


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import torch

    def inputs(length, d, base):
        return torch.from_numpy(rng.standard_normal((length, d)).astype("float32")), base

    by_hand = "0.540, 0.841, 0.995, 0.100" if variant["split"] == NEIGHBORS else "-0.301, 0, 1.382, 0"
    tip = f"By hand: the row 1, 0, 1, 0 at position 1 becomes {by_hand} with the base 100."
    yield Case("4 words", (inputs(4, 4, 100.0)), suggests=tip)
    yield Case("7 words", (inputs(7, 8, 10000.0)), suggests=tip)
    length, d = int(rng.integers(5, 12)), int(rng.choice([4, 6, 8, 12]))
    yield Case("more words", inputs(length, d, 1000.0), points=2, public=False, suggests=tip)


exercise = Exercise(
    name="turn_by_position",
    part="07",
    title="Turned by the position",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="turned",
    given="import math\n\nimport torch",
    cases=cases,
    variants=(
        {"pairs": "the neighboring columns 2i and 2i + 1", "split": NEIGHBORS, "other": HALVES},
        {"pairs": "the columns i and i + d/2", "split": HALVES, "other": NEIGHBORS},
    ),
    mistakes=(
        Mistake(
            "the other pairs",
            wrong("<<split>>", "<<other>>"),
            "The columns are paired in another way (both ways are in use, and they do not fit together). Here pair i "
            "consists of <<pairs>>.",
        ),
        Mistake(
            "turned back",
            wrong("angle.sin()", "-angle.sin()"),
            "Everything is turned the wrong way: the signs of the sines are exchanged.",
        ),
        Mistake(
            "counted from 1",
            wrong("torch.arange(length)", "torch.arange(1, length + 1)"),
            "The first row is turned, too: positions count from 0, so the first row stays as it is.",
        ),
        Mistake(
            "one angle for all",
            wrong("torch.arange(0, d, 2) / d", "torch.zeros(d // 2)"),
            "All pairs are turned by the same angle. Each pair has its own speed: the first one turns fastest.",
        ),
        Mistake(
            "already turned",
            wrong("torch.empty_like(x)", "x = x.clone()"),
            "The second partner of each pair is computed from the first one when that is already turned. Keep the old "
            "numbers until both new ones are known.",
        ),
    ),
    hints=(
        "Row t of the result depends on row t of x only. By how many different angles is it turned?",
        "Make a table of angles (T, d/2), one for each position and pair, and cut x into first and second partners.",
        "`x[:, 0::2]` are the even columns, `x[:, : d // 2]` the first half. Write both new partners into an empty "
        "tensor of the shape of x.",
    ),
    minutes=12,
    points=4,
    trains="a positional encoding by rotation",
)
