"""Part 7: find the induction head among several heads."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
*... Ada Lovelace ... Ada* ... what comes next? An **induction head** looks for an earlier copy of the present token,
and attends to the token that came **right after that copy**. (Olsson et al. 2022 found such heads in language models.)

Write `induction_head(tokens, weights)`: return the number of the induction head, a whole number counted from 0.

* `tokens` is a list of T token ids. Some of them occur several times, never two in a row.
* `weights` is a tensor (heads, T, T): `weights[h, t]` holds the weights of token t in head h, which sum to one.

Other heads attend to the token before, to the copy itself, to the first token, ... and no head does its job perfectly.
"""

STARTER = """
def induction_head(tokens, weights):
    ...
"""

SOLUTION = """
def induction_head(tokens, weights):
    total = torch.zeros(len(weights))
    for t in range(len(tokens)):
        for s in range(t):
            if tokens[s] == tokens[t]:
                total += weights[:, t, s + 1]
    return int(total.argmax())
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import torch

    def inputs(length):
        while True:  # tokens with irregular repetitions, none of two in a row or with one token between them
            tokens = [int(each) for each in rng.integers(10, 10 + length // 2, length)]
            near = any(a == b for gap in (1, 2) for a, b in zip(tokens, tokens[gap:], strict=False))
            if not near and length - len(set(tokens)) >= 4 and tokens[0] not in tokens[1:]:
                break
        uniform = torch.ones(length, length).tril()
        uniform = uniform / uniform.sum(1, keepdim=True)
        heads = []
        for kind in ("before", "copy", "before the copy", "induction", "first", "uniform"):
            target = uniform.clone()
            for t in range(1, length):
                copies = [s for s in range(t) if tokens[s] == tokens[t]]
                shift = {"copy": 0, "before the copy": -1, "induction": 1}.get(kind)
                places = [s + shift for s in copies if s + shift >= 0] if shift is not None else []
                places = {"before": [t - 1], "first": [0]}.get(kind, places)
                if places:
                    target[t] = 0
                    target[t, places] = 1 / len(places)
            noise = torch.from_numpy(rng.random((length, length)).astype("float32")).tril() + 1e-3 * uniform
            noise = noise / noise.sum(1, keepdim=True)
            share = 0.9 if kind == "before" else 0.75
            heads.append(share * target + (1 - share) * noise)
        order = [int(each) for each in rng.permutation(6)]
        return tokens, torch.stack([heads[k] for k in order])

    for k, (length, public) in enumerate(((16, True), (20, True), (18, False), (24, False))):
        yield Case(
            f"{length} tokens",
            inputs(length),
            public=public,
            suggests="Take one token that occurs for the second time, and look where each head attends from there."
            if k < 2
            else "Sum over all tokens that have an earlier copy.",
        )


exercise = Exercise(
    name="find_the_induction_head",
    part="07",
    title="Find the induction head",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="induction_head",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "the copy itself",
            wrong("s + 1]", "s]"),
            "This head attends to the earlier copy of the token itself. An induction head goes one further: to what "
            "came after the copy.",
        ),
        Mistake(
            "before the copy",
            wrong("s + 1]", "s - 1]"),
            "This head attends to the token before the earlier copy: off by two. What came *after* the copy is wanted.",
        ),
        Mistake(
            "the token before",
            """
            def induction_head(tokens, weights):
                return int(weights.amax(2).mean(1).argmax())
            """,
            "This head attends to the token before, whatever it is. It has the sharpest weights, but a sharp head need "
            "not be the one that you look for: use the tokens.",
        ),
        Mistake(
            "counted from 1",
            wrong("int(total.argmax())", "int(total.argmax()) + 1"),
            "The head is counted from 1. The first head has the number 0.",
        ),
    ),
    hints=(
        "For which positions t can you tell at all whether a head is an induction head?",
        "For each pair s < t of equal tokens one weight speaks for an induction head. Which one?",
        "Add this weight up over all pairs, for all heads at once: `weights[:, t, ...]` has one number for each head.",
    ),
    minutes=15,
    points=4,
    trains="testing a hypothesis about heads with a number",
)
