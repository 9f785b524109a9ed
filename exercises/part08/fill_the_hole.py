"""Part 8, a small research task: fill a hole in digits, better than the shipped denoiser does; measured."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
The shipped denoiser was trained on single pixels set to 0. A **hole** in the middle is another kind of damage: there
the denoiser is worse than a fixed filling. Can you do better?

Write `fill(pictures)`: `pictures` is a tensor (N, 28, 28) of digits from 0 to 1 in which the rows 8 to 19 and the
columns 8 to 19 (both counted from 0) are set to 0. Return what was there, a tensor (N, 12, 12).

* `train` (10000, 28, 28) holds digits without holes, none of them among the pictures that are asked for.
* `denoiser` is the shipped denoising autoencoder: `denoiser(images)` for images (B, 1, 28, 28).

Your error is the mean squared error in the hole, divided by that of a fixed filling: the mean of all training digits.
**0.65 or less** earns all points, 1 earns none, in between in proportion. (The denoiser has about 1.3.)
"""

STARTER = """
def fill(pictures):
    ...
"""

SOLUTION = """
def fill(pictures):
    known = torch.ones(28, 28, dtype=torch.bool)
    known[8:20, 8:20] = False
    distance = torch.cdist(pictures[:, known], train[:, known])
    nearest = distance.topk(10, largest=False).indices
    return train[nearest][:, :, 8:20, 8:20].mean(1)
"""

GIVEN = """
import torch

from lecturelib import autoencoders, datasets

train = datasets.digits("train")[0][:, 0]
denoiser = autoencoders.load_autoencoder("digits_denoising")
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def judge(inputs, got):
    import torch

    from lecturelib import datasets

    (pictures,) = inputs
    known = torch.ones(28, 28, dtype=torch.bool)
    known[8:20, 8:20] = False
    test = datasets.digits("test")[0][:, 0]
    truth = test[torch.cdist(pictures[:, known], test[:, known]).argmin(1)][:, 8:20, 8:20]
    fixed = datasets.digits("train")[0].mean(0)[0, 8:20, 8:20]
    error = ((got - truth).square().mean() / (fixed - truth).square().mean()).item()
    share = min(1.0, max(0.0, (1 - error) / 0.35))
    told = f"the error is {error:.2f} of that of the mean digit (0.65 for all points)"
    if share < 1 and not got.any():
        return share, told, "left black"
    if share < 1 and (got - got[:1]).abs().max() < 1e-4:
        return share, told, "the same for all"
    return share, told


def cases(rng, variant):
    import torch

    from lecturelib import datasets

    digits, _ = datasets.digits("test")
    for name, public, points in (("twenty digits", True, 2), ("twenty others", False, 4)):
        pictures = digits[torch.from_numpy(rng.choice(len(digits), 20, replace=False)), 0].clone()
        pictures[:, 8:20, 8:20] = 0
        yield Case(name, (pictures,), points=points, public=public)


exercise = Exercise(
    name="fill_the_hole",
    part="08",
    title="Fill the hole",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="fill",
    given=GIVEN,
    cases=cases,
    judge=judge,
    slow=True,
    mistakes=(
        Mistake(
            "left black",
            wrong("train[nearest][:, :, 8:20, 8:20].mean(1)", "pictures[:, 8:20, 8:20]"),
            "The hole is still black: you return what you were given.",
        ),
        Mistake(
            "the same for all",
            wrong(
                "train[nearest][:, :, 8:20, 8:20].mean(1)",
                "train[:, 8:20, 8:20].mean(0).expand(len(pictures), 12, 12)",
            ),
            "All pictures get the same filling: it does not depend on the strokes around the hole, which tell much.",
        ),
        Mistake(
            "the hole compared, too",
            wrong("    known[8:20, 8:20] = False\n", ""),
            "You look for similar training digits, but compare the black hole as well: then digits with an empty "
            "middle win. Compare the pixels that are known.",
        ),
        Mistake(
            "only one neighbor",
            wrong("topk(10", "topk(1"),
            "The one most similar training digit is a sharp guess, and often a wrong one. The squared error rewards "
            "the mean of several good guesses.",
        ),
        Mistake(
            "the denoiser alone",
            """
            def fill(pictures):
                with torch.no_grad():
                    return denoiser(pictures[:, None])[:, 0, 8:20, 8:20]
            """,
            "This is the denoiser's output: it was trained on another kind of damage, and takes the hole for a part of "
            "the digit.",
        ),
    ),
    hints=(
        "The strokes around the hole tell which digit it is. Where do you find digits with similar strokes?",
        "Compare with the training digits, but only where pixels are known. How many of the most similar ones do you "
        "use?",
        "`torch.cdist(a, b)` gives all distances between rows of a and rows of b; average the middles of the ten "
        "nearest. (A linear regression from the known pixels to the hole is about as good.)",
    ),
    minutes=30,
    points=6,
    forbidden=("datasets",),
    trains="why a denoiser is good at its own noise only; means of possible answers",
)
