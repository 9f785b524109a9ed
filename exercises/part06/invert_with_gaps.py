"""Part 6, a small research task: inversion of an activation of which half is lost, measured in decibels."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Somebody kept the activation of one layer and threw the image away. Then half of the file was damaged. Is an image still
to be found?

Write `invert_with_gaps(y, known)`.

* `layer(x)` gives the activation of `relu2` of lenet for an image `x` (1, 1, 28, 28): a tensor (1, 32, 10, 10).
* `y` has this shape. `known` is a tensor of bools of this shape: True where the value of `y` is still right. Where it
  is False, `y` holds 0 and means nothing.
* Return an image (1, 1, 28, 28) with pixels from 0 to 1 whose activation agrees with `y` **where it is known**.

Your image is measured by the signal-to-noise ratio over the known places, in decibels:
$10 \\log_{10}(\\sum y^2 / \\sum (f(x) - y)^2)$. 20 dB or more (a squared error of 1 %) earn all points, 0 dB none, in
between in proportion. You have five seconds an image; half a second is enough.
"""

STARTER = """
def invert_with_gaps(y, known):
    ...
"""

SOLUTION = """
def invert_with_gaps(y, known):
    x = torch.full((1, 1, 28, 28), 0.5, requires_grad=True)
    optimizer = torch.optim.Adam([x], 0.3)
    for _ in range(80):
        error = (layer(x) - y)[known].square().sum()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        with torch.no_grad():
            x.clamp_(0, 1)
    return x.detach()
"""

GIVEN = '''
import torch

from lecturelib import models

net = models.load("lenet")


def layer(x):
    """The activation of relu2, (1, 32, 10, 10), for an image (1, 1, 28, 28)."""
    return net.features[:5](net.normalize(x))
'''


def wrong(before, after):
    return SOLUTION.replace(before, after)


def judge(inputs, got):
    from lecturelib import models
    from lecturelib.network import recording

    y, known = inputs
    low, high = got.min().item(), got.max().item()
    if low < -1e-4 or high > 1.0001:
        return 0.0, f"pixels from {low:.2f} to {high:.2f}", "not an image"
    with recording(models.load("lenet"), ["relu2"]) as kept:
        f = kept.forward(got)["relu2"].detach()
    noise = (f - y)[known].square().sum().clamp_min(1e-12)
    decibels = 10 * (y[known].square().sum() / noise).log10().item()
    told = f"the activation has {decibels:.1f} dB over the known places (20 dB for all points)"
    if decibels >= 20:
        return 1.0, told
    share = max(0.0, decibels / 20)
    if f[~known].square().mean() < 0.5 * f[known].square().mean() and decibels > 0.5:
        return share, told, "gaps as zeros"
    if decibels < 0.5:
        return share, told, "nothing found"
    return share, told, "too few steps" if decibels < 12 else ""


def cases(rng, variant):
    import torch

    from lecturelib import datasets

    space: dict = {}
    exec(GIVEN, space)
    digits, _ = datasets.digits("test")
    for name, public, points in (("a lost image", True, 2), ("another lost image", False, 4)):
        image = digits[int(rng.integers(len(digits)))][None]
        with torch.no_grad():
            y = space["layer"](image)
        known = torch.from_numpy(rng.random(tuple(y.shape)) < 0.5)
        yield Case(name, (y * known, known), points=points, public=public)


exercise = Exercise(
    name="invert_with_gaps",
    part="06",
    title="Invert a damaged activation",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="invert_with_gaps",
    given=GIVEN,
    cases=cases,
    judge=judge,
    slow=True,
    mistakes=(
        Mistake(
            "gaps as zeros",
            wrong("(layer(x) - y)[known]", "(layer(x) - y)"),
            "Your image has an activation near 0 where y is not known: you ask it to be 0 there. Those places mean "
            "nothing and may not count in the error.",
        ),
        Mistake(
            "nothing found",
            wrong("error.backward()", "(-error).backward()"),
            "The activation of your image is no nearer to y than that of a grey image. Does the search go downhill, "
            "and do you return what it found?",
        ),
        Mistake(
            "not an image",
            wrong("        with torch.no_grad():\n            x.clamp_(0, 1)\n", ""),
            "Pixels lie outside of 0 to 1: this is no image. Keep them inside during the search; if you clip at the "
            "end only, the activation changes.",
        ),
        Mistake(
            "too few steps",
            wrong("range(80)", "range(5)"),
            "The search goes the right way, but it ends too early: take more steps, or larger ones (print the error "
            "every ten steps).",
        ),
    ),
    hints=(
        "The image is what you optimize; the network stays as it is. What is the error, and over which places?",
        "Adam with a rate of 0.1 to 0.3, from a grey image, and about a hundred steps. Where should pixels stay?",
        "`error = (...)[known].square().sum()` counts known places only; clip the pixels to 0 ... 1 after every step, "
        "without recording gradients.",
    ),
    minutes=25,
    points=6,
    forbidden=("invert", "iter_invert"),
    trains="inversion as an optimization problem with a mask",
)
