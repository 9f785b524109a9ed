"""Part 7: one step of beam search in which finished sentences compete."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
One step of **beam search**, in which finished sentences stay in the beam and compete with those that go on.

Write `beam_step(beams, log_probs, width, power, end)`.

* `beams` is a list of pairs `(tokens, total)`: the token ids so far (a list) and their summed log-probability.
* `log_probs` is a tensor (B, V): row b holds the log-probabilities of the next token after beam b.
* A beam whose last token is `end` is **finished**: it stays as it is, with its total. Every other beam is extended by
  each of the V tokens; its total grows by the token's log-probability.
* Rank all of them by `total / length**power`, where `length` counts all tokens, also the new one. Return the `width`
  best as a list of lists of tokens, the best first.

For example, with `end` 0, `power` 1.0 and `width` 2: the beams `([1, 0], -1.0)` and `([1, 2], -0.6)`, of which the
second goes on with the log-probabilities -3.0, -0.3 and -1.5, give `[[1, 2, 1], [1, 0]]`: their scores are -0.3 and
-0.5.
"""

STARTER = """
def beam_step(beams, log_probs, width, power, end):
    ...
"""

SOLUTION = """
def beam_step(beams, log_probs, width, power, end):
    candidates = []
    for (tokens, total), row in zip(beams, log_probs.tolist(), strict=True):
        if tokens[-1] == end:
            candidates.append((total / len(tokens) ** power, tokens))
            continue
        for token, log_prob in enumerate(row):
            longer = [*tokens, token]
            candidates.append(((total + log_prob) / len(longer) ** power, longer))
    candidates.sort(key=lambda one: -one[0])
    return [tokens for _, tokens in candidates[:width]]
"""

ONE_EACH = """
def beam_step(beams, log_probs, width, power, end):
    best = []
    for (tokens, total), row in zip(beams, log_probs.tolist(), strict=True):
        if tokens[-1] == end:
            best.append((total / len(tokens) ** power, tokens))
            continue
        token = max(range(len(row)), key=lambda k: row[k])
        best.append(((total + row[token]) / (len(tokens) + 1) ** power, [*tokens, token]))
    best.sort(key=lambda one: -one[0])
    return [tokens for _, tokens in best[:width]]
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


OTHERS = [  # not declared, but to be told apart from those that are
    wrong("-one[0]", "one[0]"),
    wrong("            candidates.append((total / len(tokens) ** power, tokens))\n", ""),
    wrong("(total + log_prob)", "-abs(total * log_prob)"),
]
WRONG = {
    "finished ones extended": wrong("tokens[-1] == end", "False"),
    "total forgotten": wrong("total + log_prob", "log_prob"),
    "no length": wrong(" / len(longer) ** power", "").replace(" / len(tokens) ** power", ""),
    "one of each beam": ONE_EACH,
    "the new token not counted": wrong("len(longer) ** power", "len(tokens) ** power"),
}


def cases(rng, variant):
    import torch

    answers = []
    for source in (SOLUTION, *WRONG.values(), *OTHERS):
        space: dict = {}
        exec(source, space)
        answers.append(space["beam_step"])

    def draw(count, width, power):
        """Beams of which one is finished, for which all wrong answers differ and no two scores are close."""
        while True:
            length = int(rng.integers(3, 6))
            beams = []
            for b in range(count):
                tokens = [int(each) for each in rng.integers(1, 6, length)]
                total = round(float(-rng.uniform(2.0, 5.0)), 2)
                if b == count - 2:
                    tokens = [*tokens[:-2], 0]
                beams.append((tokens, total))
            log_probs = torch.from_numpy(rng.normal(0, 1.5, (count, 6))).log_softmax(1).round(decimals=2)
            inputs = (beams, log_probs, width, power, 0)
            scores = sorted(
                (total + extra) / (len(tokens) + more) ** power
                for (tokens, total), row in zip(beams, log_probs.tolist(), strict=True)
                for extra, more in ([(0, 0)] if tokens[-1] == 0 else [(each, 1) for each in row])
            )
            apart = min(b - a for a, b in zip(scores, scores[1:], strict=False))
            given = {str(answer(*inputs)) for answer in answers}
            if apart > 0.005 and len(given) == len(answers):
                return inputs

    yield Case(
        "3 beams",
        draw(3, 4, 0.7),
        suggests="Try the example of the text, and print all candidates with their scores.",
    )
    yield Case("4 beams", draw(4, 4, 1.0), suggests="Print length, total and score of each candidate.")
    for k in (1, 2):
        yield Case(
            f"more beams {k}",
            draw(4, 5, float(rng.choice([0.5, 0.8, 1.0]))),
            public=False,
            suggests="Try a finished beam that wins, and one beam whose two best tokens both survive.",
        )


exercise = Exercise(
    name="beam_step",
    part="07",
    title="A step of beam search",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="beam_step",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "finished ones extended",
            WRONG["finished ones extended"],
            "A finished sentence is extended, too. After the end token nothing follows: it stays as it is.",
        ),
        Mistake(
            "total forgotten",
            WRONG["total forgotten"],
            "Only the new token's log-probability counts for extended beams. The total of all tokens before belongs "
            "to it: log-probabilities add up.",
        ),
        Mistake(
            "no length",
            WRONG["no length"],
            "The totals are ranked as they are. Without the division a finished sentence wins because it is short: "
            "every token more makes a total smaller.",
        ),
        Mistake(
            "one of each beam",
            WRONG["one of each beam"],
            "You keep only the best token of each beam. All beams and tokens compete: two of the best may come from "
            "the same beam.",
        ),
        Mistake(
            "the new token not counted",
            WRONG["the new token not counted"],
            "The length of an extended beam does not count its new token, so that it is compared with the finished "
            "ones as if it were shorter.",
        ),
    ),
    hints=(
        "First make a list of everything that could come next, then rank it.",
        "Each candidate needs a score and its tokens. How many candidates does a finished beam give, how many another?",
        "Sort pairs of (score, tokens) by the score, from large to small, and keep the tokens of the first ones.",
    ),
    minutes=15,
    points=4,
    forbidden=("beam_search", "length_normalized"),
    trains="beam search with a length penalty",
)
