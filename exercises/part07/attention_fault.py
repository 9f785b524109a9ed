"""Part 7: given queries, keys and weights, say what is wrong with an attention."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Somebody hands you the queries, the keys and the attention weights of a decoder, and asks: is this right? Find out
**from the numbers**.

Write `fault(q, k, weights)`. `q` and `k` have the shape (T, d), `weights` (T, T): row $i$ holds the weights of word
$i$. It should be causal scaled dot-product attention: word $i$ may attend to the words $0, \\dots, i$. Return one of
these texts:

| text | what was done |
|---|---|
| `"right"` | all as it should be |
| `"wrong axis"` | the softmax was taken over the queries: along the columns |
| `"not scaled"` | the scores were not divided by $\\sqrt d$ |
| `"scaled by d"` | the scores were divided by $d$ |
| `"one ahead"` | the mask is shifted by one: word $i$ may attend to word $i + 1$, too |

At most one thing is wrong. The weights were computed with 32 bits: compare with a tolerance, such as `torch.allclose`.
"""

STARTER = """
def fault(q, k, weights):
    ...
"""

SOLUTION = """
def fault(q, k, weights):
    words, d = q.shape

    def attend(divisor, ahead=0, axis=1):
        allowed = torch.ones(words, words, dtype=torch.bool).tril(ahead)
        return (q @ k.T / divisor).masked_fill(~allowed, -torch.inf).softmax(axis)

    suspects = {
        "right": attend(d**0.5),
        "wrong axis": attend(d**0.5, axis=0),
        "not scaled": attend(1),
        "scaled by d": attend(d),
        "one ahead": attend(d**0.5, ahead=1),
    }
    for name, suspect in suspects.items():
        if torch.allclose(weights, suspect, atol=1e-3):
            return name
"""

SUMS_ONLY = """
def fault(q, k, weights):
    if not torch.allclose(weights.sum(1), torch.ones(len(q)), atol=1e-3):
        return "wrong axis"
    return "one ahead" if weights.triu(1).any() else "right"
"""

KINDS = ("right", "wrong axis", "not scaled", "scaled by d", "one ahead")
SEEN = ("not scaled", "right", "wrong axis", "one ahead", "scaled by d")  # the order of the public cases
HIDDEN = ("wrong axis", "scaled by d", "one ahead", "right", "not scaled")


def name(public, k):
    return f"weights {'ABCDE'[k]}" if public else f"other weights {'ABCDE'[k]}"


def named(*kinds):
    return tuple(
        name(order is SEEN, k) for order in (SEEN, HIDDEN) for k, kind in enumerate(order) if kind in kinds
    )


def cases(rng, variant):
    import torch

    for order in (SEEN, HIDDEN):
        for number, kind in enumerate(order):
            words, d = int(rng.integers(4, 8)), int(rng.choice([8, 16, 32]))
            q, k = (torch.from_numpy(rng.standard_normal((words, d)).astype("float32")) for _ in "qk")
            divisor = {"not scaled": 1, "scaled by d": d}.get(kind, d**0.5)
            allowed = torch.ones(words, words, dtype=torch.bool).tril(int(kind == "one ahead"))
            scores = (q @ k.T / divisor).masked_fill(~allowed, -torch.inf)
            weights = scores.softmax(0 if kind == "wrong axis" else 1)
            yield Case(
                name(order is SEEN, number),
                (q, k, weights),
                points=0.5,
                public=order is SEEN,
                suggests="Compute from q and k what the weights would be for each of the five texts, and compare.",
            )


exercise = Exercise(
    name="attention_fault",
    part="07",
    title="The fault of an attention",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="fault",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "sums only",
            SUMS_ONLY,
            "The sums of the rows and the zeros of the mask are not enough: a wrong scale leaves both as they are. "
            "Compute the weights from q and k.",
            fails=named("not scaled", "scaled by d"),
        ),
        Mistake(
            "the wrong scale taken for right",
            SOLUTION.replace('"right": attend(d**0.5)', '"scaled by d": attend(d**0.5)').replace(
                '"scaled by d": attend(d),', '"right": attend(d),'
            ),
            "You take a division by d for right, and the division by its root for wrong. A sum of d products has the "
            "standard deviation sqrt(d).",
            fails=named("right", "scaled by d"),
        ),
        Mistake(
            "axes exchanged",
            SOLUTION.replace(
                '"wrong axis": attend(d**0.5, axis=0)', '"right": attend(d**0.5, axis=0)'
            ).replace('"right": attend(d**0.5),', '"wrong axis": attend(d**0.5),'),
            "You take a softmax along the columns for right. Row i holds the weights of word i, and these sum to one: "
            "the softmax runs along the rows.",
            fails=named("right", "wrong axis"),
        ),
        Mistake(
            "the mask not tested",
            SOLUTION.replace(
                "    for name, suspect",
                '    if weights.triu(1).any():\n        return "right"\n    for name, suspect',
            ),
            "A shifted mask goes unnoticed. Which weights must be exactly 0 in causal attention?",
            fails=named("one ahead"),
        ),
    ),
    hints=(
        "You have q and k: so you can compute what the weights should be.",
        "Compute five tables of weights, one for each text, and see which one agrees with the given one.",
        "One inner function with three settings (divisor, how far the mask reaches, axis of the softmax) gives all "
        "five tables; `tril(0)` and `tril(1)` are the two masks.",
    ),
    minutes=15,
    points=5,
    forbidden=("scaled_dot_product_attention",),
    trains="testing an implementation of attention from outside",
)
