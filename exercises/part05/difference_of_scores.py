"""Part 5: why a and not b? The gradient of a difference of two class scores."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
A saliency map says which pixels raise the score of one class. Ask a sharper question: **which pixels speak for digit
$a$ rather than for digit $b$?**

Write `difference_map(image, a, b)`: the gradient of the *difference of the two scores* (score of $a$ minus score of
$b$, both before the softmax) in the pixels of `image`.

* `net` is the network of digits; `net(image)` gives the ten scores, shape (1, 10).
* `image` is a tensor (1, 1, 28, 28); return a tensor (28, 28) that keeps its signs.
* The image that you are given must not be changed.
"""

STARTER = """
def difference_map(image, a, b):
    ...
"""

SOLUTION = """
def difference_map(image, a, b):
    pixels = image.clone().requires_grad_()
    scores = net(pixels)[0]
    (gradient,) = torch.autograd.grad(scores[a] - scores[b], pixels)
    return gradient[0, 0]
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    from lecturelib import datasets

    digits, _ = datasets.digits("test")
    for name, public, count in (
        ("a photo of a digit", True, 1),
        ("another digit", True, 1),
        ("more digits", False, 2),
    ):
        for k in range(count):
            image = digits[int(rng.integers(len(digits)))][None]
            a, b = (int(each) for each in rng.permutation(10)[:2])
            yield Case(
                f"{name} {k + 1}" if count > 1 else name,
                (image, a, b),
                public=public,
                tolerance=1e-3,
                suggests="Compare with one pixel raised by 0.001: by how much does score a minus score b change?",
            )


exercise = Exercise(
    name="difference_of_scores",
    part="05",
    title="Why a and not b?",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="difference_map",
    given="import torch\n\nfrom lecturelib import models\n\nnet = models.load('lenet')",
    cases=cases,
    mistakes=(
        Mistake(
            "probability",
            wrong("net(pixels)[0]", "net(pixels)[0].softmax(0)"),
            "This is the gradient of the probabilities: a softmax stands before your difference. It mixes all ten "
            "scores, and it is nearly 0 where the network is sure. Take the scores themselves.",
        ),
        Mistake(
            "absolute value",
            wrong("gradient[0, 0]", "gradient[0, 0].abs()"),
            "The signs are lost: an absolute value is taken. Here the sign is the answer: positive speaks for a, "
            "negative for b.",
        ),
        Mistake(
            "other way round",
            wrong("scores[a] - scores[b]", "scores[b] - scores[a]"),
            "All signs are the opposite: this speaks for b rather than for a.",
        ),
        Mistake(
            "one score",
            wrong("scores[a] - scores[b]", "scores[a]"),
            "This is the gradient of the score of a alone: b has no part in it.",
        ),
    ),
    hints=(
        "The quantity whose gradient you take must be a single number. Which one?",
        "Gradients flow to a tensor that requires them: a copy of the image that does.",
        "`torch.autograd.grad(number, pixels)` gives a tuple with one gradient, of the shape of `pixels`.",
    ),
    minutes=10,
    points=4,
    trains="the gradient of any number that a network can give, and its sign",
)
