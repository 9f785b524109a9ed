"""Part 7, a finding: what happens to the output when the words are permuted?"""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Six functions `A` ... `F` take the vectors of the words of a sentence, a tensor (T, 8) with T up to 12. What happens to
their outputs **when the words are put in another order**?

* `"invariant"`: the output stays the same;
* `"equivariant"`: the output has one row for each word, and its rows are permuted in the same way as the words;
* `"neither"`.

Find it out by experiment, for example with `x = torch.randn(6, 8)` and `order = torch.randperm(6)`: compare `A(x)` with
`A(x[order])`. Set `order_of` to a dict with the keys "A" to "F" and one of the three texts for each.
"""

STARTER = """
order_of = ...
"""

SOLUTION = """
order_of = {
    "A": "equivariant",
    "B": "invariant",
    "C": "neither",
    "D": "invariant",
    "E": "invariant",
    "F": "neither",
}
"""

GIVEN = '''
import torch

_generator = torch.Generator().manual_seed(7)
_W_q, _W_k, _W_v = torch.randn(3, 8, 8, generator=_generator) / 3
_query, _places = torch.randn(8, generator=_generator), torch.randn(12, 8, generator=_generator)


def _attend(x, mask=None):
    scores = (x @ _W_q) @ (x @ _W_k).T / 8**0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return scores.softmax(1) @ (x @ _W_v)


def A(x):
    """Self-attention."""
    return _attend(x)


def B(x):
    """Self-attention, then the mean over the words."""
    return _attend(x).mean(0)


def C(x):
    """Self-attention with a causal mask."""
    return _attend(x, torch.ones(len(x), len(x)).tril().bool())


def D(x):
    """One learned query attends to all words."""
    return ((x @ _W_k) @ _query).softmax(0) @ (x @ _W_v)


def E(x):
    """A learned encoding of the position is added to each word; then the mean over the words."""
    return (x + _places[: len(x)]).mean(0)


def F(x):
    """A learned encoding of the position is added to each word; then one layer for each word on its own."""
    return ((x + _places[: len(x)]) @ _W_v).relu()
'''


def but(**changed):
    """The solution with other texts for some of the functions."""
    text = SOLUTION
    for letter, word in changed.items():
        line = next(line for line in SOLUTION.splitlines() if f'"{letter}"' in line)
        text = text.replace(line, f'    "{letter}": "{word}",')
    return text


SUGGESTS = {
    "A": "A has one output for each word: where do you find the row of a word after the permutation?",
    "B": "B has one output for the whole sentence. Does it change?",
    "C": "In C, how many words may the first word attend to, and how many the last?",
    "D": "In D the query is not a word. Does its weight on a word depend on where the word stands?",
    "E": "Write the sum in E as two sums. Which of them depends on the order of the words?",
    "F": "In F, what is added to a word that moves from place 0 to place 3?",
}


def cases(rng, variant):
    for letter, tip in SUGGESTS.items():
        yield Case(f"function {letter}", at=letter, suggests=tip)


exercise = Exercise(
    name="words_in_any_order",
    part="07",
    title="Words in any order",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="order_of",
    kind="value",
    given=GIVEN,
    cases=cases,
    mistakes=(
        Mistake(
            "two words mixed up",
            but(A="invariant", B="equivariant", D="equivariant", E="equivariant"),
            "The two words are mixed up: invariant means that nothing changes; equivariant, that the output is "
            "permuted like the input.",
            fails=("function A", "function B", "function D", "function E"),
        ),
        Mistake(
            "positions always tell",
            but(E="neither"),
            "An encoding of the position is not enough to make the order count. Write the mean in E as two sums, and "
            "test it.",
            fails=("function E",),
        ),
        Mistake(
            "causal attention as a set",
            but(C="equivariant"),
            "A causal mask lets a word see only the words before it. So it matters which words these are: compare the "
            "last row before and after a permutation.",
            fails=("function C",),
        ),
        Mistake(
            "a query counts as a word",
            but(D="equivariant"),
            "D has one output vector, no row for each word: nothing in it could be permuted. Does it change?",
            fails=("function D",),
        ),
        Mistake(
            "words on their own",
            but(F="equivariant"),
            "F treats each word on its own, but not each word alike: what is added depends on the place.",
            fails=("function F",),
        ),
    ),
    hints=(
        "Do not guess: two lines for each function decide. Which two tensors do you compare?",
        "Invariant: f(x[order]) equals f(x). Equivariant: f(x[order]) equals f(x)[order]. Compare with "
        "`torch.allclose` and a tolerance of 1e-5.",
        "One loop over the six functions prints both comparisons; try several permutations: one alone may be lucky.",
    ),
    minutes=10,
    points=6,
    trains="invariance and equivariance under permutations",
)
