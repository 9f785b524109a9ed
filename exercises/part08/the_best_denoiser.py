"""Part 8: the best possible denoiser for a finite set of pictures, for a noise that is not Gaussian."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
A denoiser trained with the squared error learns the **mean of all clean pictures that could have led to the noisy one,
weighted by their probability**. For a small set of pictures it can be computed exactly.

All pictures are black and white: numbers 0 and 1. `data` is a tensor (n, d): n pictures, all equally likely to be the
clean one. The noise acts on each pixel independently: <<noise>>.

Write `best_guess(noisy, data, p)`: `noisy` is a tensor (d,) of zeros and ones, `p` a float between 0 and 1. Return a
tensor (d,): the mean of the rows of `data`, each weighted by the probability that it is the clean picture, given
`noisy`.
"""

STARTER = """
def best_guess(noisy, data, p):
    ...
"""

SOLUTION = """
def best_guess(noisy, data, p):
    seen = torch.tensor(<<table>>)  # row: clean pixel, column: noisy pixel
    likely = seen[data.long(), noisy.long()].prod(1)
    return likely @ data / likely.sum()
"""

MASKED = "[[1.0, 0.0], [p, 1 - p]]"
FLIPPED = "[[1 - p, p], [p, 1 - p]]"


def wrong(before, after):
    return SOLUTION.replace(before, after)


WRONG = {
    "the likeliest picture": wrong("return likely @ data / likely.sum()", "return data[likely.argmax()]"),
    "not divided": wrong(" / likely.sum()", ""),
    "all that fit alike": wrong(".prod(1)\n", ".prod(1)\n    likely = (likely > 0).float()\n"),
    "the other noise": wrong("<<table>>", "<<other>>"),
    "a sum of probabilities": wrong(".prod(1)", ".mean(1)"),
}


def cases(rng, variant):
    import torch

    answers = []
    for source in (SOLUTION, *WRONG.values()):
        space = {"torch": torch}
        for key, value in variant.items():
            source = source.replace(f"<<{key}>>", str(value))
        exec(source, space)
        answers.append(space["best_guess"])

    def draw(n, d, p):
        """Pictures that are variations of one, for which all wrong answers differ clearly."""
        while True:
            base = rng.random(d) < 0.6
            data = torch.from_numpy((base ^ (rng.random((n, d)) < 0.2)).astype("float32"))
            clean = data[int(rng.integers(n))].numpy() > 0
            hit = rng.random(d) < p
            noisy = torch.from_numpy(
                ((clean & ~hit) if variant["kind"] == "masked" else (clean ^ hit)).astype("float32")
            )
            given = [answer(noisy, data, p) for answer in answers]
            apart = [(a - b).abs().max() for k, a in enumerate(given) for b in given[:k]]
            if min(apart) > 0.02:
                return noisy, data, p

    tip = "Take two pictures of two pixels, and work out by Bayes' rule how probable each of them is."
    yield Case("5 pictures", draw(5, 8, 0.3), suggests=tip)
    yield Case("8 pictures", draw(8, 10, 0.4), suggests=tip)
    yield Case(
        "more pictures", draw(int(rng.integers(6, 12)), 12, float(rng.choice([0.3, 0.4]))), points=2, public=False,
        suggests=tip,
    )  # fmt: skip


exercise = Exercise(
    name="the_best_denoiser",
    part="08",
    title="The best possible denoiser",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="best_guess",
    given="import torch",
    cases=cases,
    variants=(
        {
            "kind": "masked",
            "noise": "a pixel that is 1 becomes 0 with probability p; a pixel that is 0 stays 0",
            "table": MASKED,
            "other": FLIPPED,
        },
        {
            "kind": "flipped",
            "noise": "a pixel is flipped (0 becomes 1, 1 becomes 0) with probability p",
            "table": FLIPPED,
            "other": MASKED,
        },
    ),
    mistakes=(
        Mistake(
            "the likeliest picture",
            WRONG["the likeliest picture"],
            "You return the likeliest picture. The squared error is smallest for the mean of all possible ones, each "
            "by its weight: that is why a denoiser blurs.",
        ),
        Mistake(
            "not divided",
            WRONG["not divided"],
            "The weights do not sum to one: divide by their sum. (Bayes' rule: the probability of the noisy picture "
            "stands below the line.)",
        ),
        Mistake(
            "all that fit alike",
            WRONG["all that fit alike"],
            "Every picture that could have led to the noisy one gets the same weight. A picture that needs more "
            "changed pixels is less probable (or more, where p is large).",
        ),
        Mistake(
            "the other noise",
            WRONG["the other noise"],
            "This is the best denoiser for another noise. Here <<noise>>.",
        ),
        Mistake(
            "a sum of probabilities",
            WRONG["a sum of probabilities"],
            "You add up (or average) the probabilities of the single pixels. All pixels must come out as they did, "
            "independently of each other: their probabilities are multiplied.",
        ),
    ),
    hints=(
        "For one clean picture: how probable is it that the noise makes exactly this noisy one out of it?",
        "For a pixel there are four cases: clean 0 or 1, noisy 0 or 1. Write their four probabilities in a table.",
        "Multiply over the pixels, divide by the sum over the pictures, and you have a weight for each row.",
    ),
    minutes=15,
    points=4,
    trains="what a denoiser learns, for any kind of noise",
)
