"""Part 3, a small research task: the smallest change of a digit, by its largest pixel, that changes the answer."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
How small can a change be? Change a digit so that the network gives another answer, and keep the **largest change of
any pixel** as small as you can.

Write `attack(image)`: `image` is a tensor (1, 1, 28, 28), pixels from 0 to 1; return the changed image, a tensor of
the same shape with pixels from 0 to 1. `net` is the network of digits; `net(image)` gives ten scores, (1, 10). The
given image must not be changed, and the function may run for 5 seconds.

**Measured:** the largest change of a pixel. It is compared with that of one step of the fast gradient sign method,
with the smallest epsilon that changes the answer. At most 80 % of it: all points. No more than it: half. Any other
picture that changes the answer: a quarter.
"""

STARTER = """
def attack(image):
    ...
"""

SOLUTION = """
def attack(image):
    digit = net(image).argmax().item()

    def lead(pixels):
        scores = net(pixels)[0]
        return scores[digit] - torch.cat([scores[:digit], scores[digit + 1 :]]).max()

    def within(epsilon, steps=15):
        found = image
        for _ in range(steps):
            pixels = found.clone().requires_grad_()
            value = lead(pixels)
            (gradient,) = torch.autograd.grad(value, pixels)
            if value.item() < -0.01:
                break
            found = found - 2.5 * epsilon / steps * gradient.sign()
            found = (image + (found - image).clamp(-epsilon, epsilon)).clamp(0, 1)
        with torch.no_grad():
            return found if lead(found).item() < -0.01 else None

    low, high, best = 0.0, 0.5, within(0.5)
    for _ in range(8):
        middle = (low + high) / 2
        found = within(middle)
        if found is None:
            low = middle
        else:
            high, best = middle, found
    return best
"""


def judge(inputs, got):
    import torch

    from lecturelib import models

    net = models.load("lenet")
    (image,) = inputs
    with torch.no_grad():
        digit = net(image).argmax().item()
        answer = net(got.float()).argmax().item()
    if got.min() < -1e-6 or got.max() > 1 + 1e-6:
        return 0.0, f"pixels go from {got.min():.3f} to {got.max():.3f}", "no picture"
    size = (got - image).abs().max().item()
    if answer == digit:
        return 0.0, f"the answer is still the same; the largest change is {size:.3f}"
    pixels = image.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(net(pixels), torch.tensor([digit]))
    (gradient,) = torch.autograd.grad(loss, pixels)
    sizes = torch.arange(1, 161) / 320
    with torch.no_grad():
        other = net((image + sizes.reshape(-1, 1, 1, 1) * gradient.sign()).clamp(0, 1)).argmax(1) != digit
    simple = sizes[other].min().item() if other.any() else 1.0
    said = f"the largest change is {size:.3f}; one step of the fast gradient sign method needs {simple:.3f}"
    return (1.0 if size <= 0.8 * simple else 0.5 if size <= 1.02 * simple else 0.25), said


# Images of the test set for which several steps need at most 75 % of what one step needs, and random signs need more.
POOL = (
    1, 4, 6, 7, 8, 9, 12, 19, 20, 21, 27, 28, 31, 37, 38, 41, 43, 45, 47, 48, 53, 54, 55, 59, 61, 63, 64, 66, 68, 69,
    71, 74, 75, 90, 91, 95, 97, 98, 100, 101, 103, 106, 107, 108, 109, 112, 113, 115, 121, 124, 125, 128, 129, 130, 131,
)  # fmt: skip


def cases(rng, variant):
    from lecturelib import datasets

    digits, _ = datasets.digits("test")
    for number, k in enumerate(rng.permutation(len(POOL))[:3]):
        suggests = "Draw the change around grey: does it use the whole of its range everywhere?"
        yield Case(
            f"digit {number + 1}",
            (digits[POOL[int(k)]][None],),
            points=2,
            public=number == 0,
            suggests=suggests,
        )


ONE_STEP = """
def attack(image):
    digit = net(image).argmax().item()
    pixels = image.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(net(pixels), torch.tensor([digit]))
    (gradient,) = torch.autograd.grad(loss, pixels)
    for k in range(1, 321):
        changed = (image + k / 320 * {direction}).clamp(0, 1)
        with torch.no_grad():
            if net(changed).argmax().item() != digit:
                return changed
    return changed
"""

exercise = Exercise(
    name="smallest_epsilon",
    part="03",
    title="The smallest epsilon",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="attack",
    given="import torch\n\nfrom lecturelib import confounds, models\n\nnet = models.load('lenet')",
    cases=cases,
    judge=judge,
    slow=True,
    mistakes=(
        Mistake(
            "one step",
            ONE_STEP.replace("{direction}", "gradient.sign()"),
            "This is one step along one gradient. On the way the gradient turns: take several small steps, and a new "
            "gradient at each.",
        ),
        Mistake(
            "along the gradient itself",
            ONE_STEP.replace("{direction}", "gradient / gradient.abs().max()"),
            "You step along the gradient itself: a few pixels change by all that you allow, and the others hardly. "
            "By the largest change, every pixel may use the full range: what is left of the gradient then?",
        ),
        Mistake(
            "no picture",
            ONE_STEP.replace("{direction}", "gradient.sign()").replace(".clamp(0, 1)", ""),
            "Some of your pixels are below 0 or above 1, so this is no picture.",
        ),
        Mistake(
            "random signs",
            ONE_STEP.replace(
                "{direction}", "torch.randn(image.shape, generator=torch.Generator().manual_seed(0)).sign()"
            ),
            "Random signs mostly cancel in the scores. Ask the gradient which sign each pixel needs.",
        ),
    ),
    hints=(
        "Make it work with a large epsilon first. How do you find the smallest one with which it still works?",
        "Halve the interval: if an attack succeeds, try a smaller epsilon, else a larger one. The attack itself: "
        "many steps.",
        "In each step go along the sign of the gradient, then come back into the ball of radius epsilon and into 0 "
        "to 1.",
    ),
    minutes=30,
    points=6,
    trains="attacks in several steps, the norm that is bounded, and a search by halving",
)
