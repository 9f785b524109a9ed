"""Part 7: BLEU with words and pairs of words, by hand."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
BLEU compares a translation (the *candidate*) with a translation by a human (the *reference*) by the n-grams that they
share: n words in a row. Compute a small BLEU with n = 1 and n = 2.

Write `bleu(candidate, reference)`: both are lists of words with at least two words; return a number from 0 to 1.

1. For n = 1 and n = 2 the **precision** $p_n$: of the candidate's n-grams, the share that occurs in the reference. An
   n-gram counts at most as often as it occurs in the reference: of *the the the*, with one *the* in the reference, one
   counts and two do not.
2. The **brevity penalty** for candidates that are too short: $b = \\exp(1 - r / c)$ where the candidate has c words and
   the reference r, with c < r; otherwise b = 1.
3. The result is b times the **geometric mean** of both precisions, $b \\sqrt{p_1 p_2}$.

For example *a b c* with the reference *a b d c* has the precisions 3/3 and 1/2, and the BLEU 0.507.
"""

STARTER = """
def bleu(candidate, reference):
    ...
"""

SOLUTION = """
def bleu(candidate, reference):
    precisions = []
    for n in (1, 2):
        ours, theirs = (
            Counter(tuple(words[k : k + n]) for k in range(len(words) - n + 1)) for words in (candidate, reference)
        )
        shared = sum(min(count, theirs[gram]) for gram, count in ours.items())
        precisions.append(shared / (len(candidate) - n + 1))
    c, r = len(candidate), len(reference)
    brevity = math.exp(1 - r / c) if c < r else 1.0
    return brevity * math.sqrt(precisions[0] * precisions[1])
"""

WORDS = [
    "my",
    "old",
    "friend",
    "reads",
    "a",
    "long",
    "book",
    "about",
    "trains",
    "in",
    "the",
    "garden",
    "while",
    "two",
]
WORDS += ["small", "dogs", "sleep", "under", "our", "green", "table", "and", "wait", "for", "bread"]


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    def reference():
        """Words of which the first one comes once more at the end."""
        words = [str(word) for word in rng.permutation(WORDS)[: int(rng.integers(9, 12))]]
        return [*words, words[0]]

    def short(words):
        """The beginning, with one other word in it."""
        cut = words[: int(rng.integers(5, 8))]
        cut[2] = "blue"
        return cut

    def repeated(words, length):
        """The beginning with one other word in it, its first two words once more, and the rest."""
        return (words[:2] + ["blue"] + words[3:5] + words[:2] + words[7:])[:length]

    whole = reference()
    yield Case(
        "a short candidate",
        (short(whole), whole),
        suggests="Work out the example of the text: print both precisions and b.",
        tolerance=1e-3,
    )
    whole = reference()
    yield Case(
        "a repeated word",
        (repeated(whole, len(whole)), whole),
        suggests="How often may a word that occurs twice in the candidate count?",
        tolerance=1e-3,
    )
    whole = reference()
    yield Case(
        "short and repeated",
        (repeated(whole, 7), whole),
        points=2,
        public=False,
        suggests="Try a candidate that is short and repeats a pair of words.",
        tolerance=1e-3,
    )


exercise = Exercise(
    name="bleu_by_hand",
    part="07",
    title="BLEU by hand",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="bleu",
    given="import math\nfrom collections import Counter",
    cases=cases,
    mistakes=(
        Mistake(
            "counted too often",
            wrong("min(count, theirs[gram])", "count * (gram in theirs)"),
            "An n-gram of the candidate counts each time that it occurs, however often the reference has it. "
            "Its count is limited by its count in the reference.",
            fails=("a repeated word", "short and repeated"),
        ),
        Mistake(
            "no brevity penalty",
            wrong("math.exp(1 - r / c) if c < r else 1.0", "1.0"),
            "The brevity penalty is missing: without it one right pair of words would be a perfect translation of a "
            "whole sentence.",
            fails=("a short candidate", "short and repeated"),
        ),
        Mistake(
            "arithmetic mean",
            wrong("math.sqrt(precisions[0] * precisions[1])", "sum(precisions) / 2"),
            "This is the arithmetic mean of the two precisions. BLEU takes the geometric mean: the root of their "
            "product.",
        ),
        Mistake(
            "each word once",
            wrong("min(count, theirs[gram])", "min(1, theirs[gram])"),
            "Each n-gram counts once, however often it occurs in both (as with a set). One that occurs twice in the "
            "reference may count twice.",
            fails=("a repeated word", "short and repeated"),
        ),
        Mistake(
            "the last one forgotten",
            wrong("- n + 1", "- n"),
            "The last n-gram of each sentence is missing: a sentence of c words has c words and c - 1 pairs of words.",
        ),
    ),
    hints=(
        "Take a reference of four words and a candidate of three, and write down all words and pairs of both.",
        "Count the n-grams of each side; the smaller of both counts is what an n-gram may contribute.",
        "A `Counter` of tuples counts n-grams and gives 0 for one that it does not have.",
    ),
    minutes=15,
    points=4,
    forbidden=("sacrebleu", "nltk", "sentence_bleu", "corpus_bleu"),
    trains="what BLEU rewards, and what it cannot see",
)
