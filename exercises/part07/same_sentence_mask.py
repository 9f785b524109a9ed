"""Part 7: a mask that lets words attend within their own sentence only."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Two or more sentences are often packed into one row of tokens, so that no place is wasted. Then **no word may attend
to a word of another sentence.**

Write `same_sentence(tokens, separator)`: `tokens` is a list of token ids in which the id `separator` stands between
sentences. Return a tensor (T, T) of bools, True where row $i$ may attend to column $j$: where both tokens belong to
the same sentence. A separator belongs to the sentence <<side>> it.
"""

STARTER = """
def same_sentence(tokens, separator):
    ...
"""

SOLUTION = """
def same_sentence(tokens, separator):
    is_separator = torch.tensor([token == separator for token in tokens], dtype=torch.long)
    number = is_separator.cumsum(0) - is_separator * <<back>>
    return number[:, None] == number[None, :]
"""


def cases(rng, variant):
    def row(*lengths):
        tokens = []
        for length in lengths:
            tokens += [int(each) for each in rng.integers(5, 99, length)] + [2]
        return tokens[:-1]

    yield Case(
        "two sentences", (row(3, 2), 2), suggests="Draw the matrix for two sentences of 2 and 1 words."
    )
    yield Case(
        "one sentence", (row(4), 2), suggests="Without a separator every word may attend to every word."
    )
    sizes = [int(each) for each in rng.integers(1, 5, 4)]
    yield Case(
        "four sentences", (row(*sizes), 2), public=False, points=2, suggests="Try more than two sentences."
    )


exercise = Exercise(
    name="same_sentence_mask",
    part="07",
    title="Within your own sentence",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="same_sentence",
    given="import torch",
    cases=cases,
    variants=({"side": "before", "back": 1, "other": 0}, {"side": "after", "back": 0, "other": 1}),
    mistakes=(
        Mistake(
            "forbidden instead of allowed",
            SOLUTION.replace("number[:, None] == number", "number[:, None] != number"),
            "Your mask is True where attention is forbidden. In this course True means allowed (torch's own modules"
            " have it "
            "the other way round).",
        ),
        Mistake(
            "causal too",
            SOLUTION.replace("number[None, :]", "number[None, :]).tril()").replace(
                "return number", "return (number"
            ),
            "Words may attend backward only in your mask: a causal mask has slipped in. Within a sentence all "
            "directions are "
            "allowed.",
        ),
        Mistake(
            "separator on the other side",
            SOLUTION.replace("<<back>>", "<<other>>"),
            "The separator has gone to the wrong sentence: here it belongs to the one <<side>> it.",
            fails=("two sentences", "four sentences"),
        ),
        Mistake(
            "one separator",
            SOLUTION.replace("    return", "    number = number.clamp(max=1)\n    return"),
            "Every sentence after the second counts as the second: sentences need a number of their own.",
            fails=("four sentences",),
        ),
    ),
    hints=(
        "If each token knew the number of its sentence, which comparison would be the mask?",
        "A running count of separators numbers the sentences; mind where the separator itself is counted.",
        "Compare a column of numbers with a row of the same numbers: `n[:, None]` and `n[None, :]`.",
    ),
    minutes=10,
    points=4,
    trains="masks as comparisons, and broadcasting",
)
