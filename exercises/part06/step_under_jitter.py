"""Part 6: one step of gradient ascent under jitter; the gradient has to come back to the image's own place."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Jitter moves the image before the network sees it. The step is then made in the image **at its own place**.

Write `jittered_step(image, dy, dx, size)` for one step:

1. Move the image by `dy` pixels down and `dx` to the right (negative: up, left). <<border>>
2. Take the gradient of `unit(moved image)`, a single number, **in the pixels of the image before it was moved**.
3. Return `image + size * gradient / m`, where m is the mean of the gradient's absolute values.

`image` is a tensor (1, 1, H, W), `dy` and `dx` are whole numbers smaller than H and W, `size` is a float. The result
has the shape of the image, is not moved, and is not clipped.
"""

STARTER = """
def jittered_step(image, dy, dx, size):
    ...
"""

SOLUTION = """
def jittered_step(image, dy, dx, size):
    x = image.clone().requires_grad_()
    moved = <<move>>
    (gradient,) = torch.autograd.grad(unit(moved), x)
    return image + size * gradient / gradient.abs().mean()
"""

GIVEN = '''
import torch

_generator = torch.Generator().manual_seed(6)
_first = torch.randn(4, 1, 5, 5, generator=_generator) / 5
_second = torch.randn(1, 4, 5, 5, generator=_generator) / 10
_weights = torch.randn(32, 32, generator=_generator)


def unit(x):
    """The value of a unit of a small network, for an image (1, 1, H, W)."""
    maps = torch.conv2d(torch.conv2d(x, _first).tanh(), _second).tanh()[0, 0]
    return (maps * _weights[: maps.shape[0], : maps.shape[1]]).sum()
'''

ROLL = "torch.roll(x, (dy, dx), (2, 3))"
GREY = "torch.nn.functional.pad(x - 0.5, (dx, -dx, dy, -dy)) + 0.5"


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import torch

    def inputs(height, width):
        dy, dx = (int(each) for each in rng.choice([1, 2, 3], 2, replace=False) * rng.choice([-1, 1], 2))
        return torch.from_numpy(rng.random((1, 1, height, width)).astype("float32")), dy, dx, 0.02

    tip = "Compare with a finite difference: raise one pixel of the image, move the image, ask the unit."
    yield Case("an image", inputs(14, 16), suggests=tip, tolerance=1e-3)
    yield Case("another image", inputs(18, 12), suggests=tip, tolerance=1e-3)
    for k in (1, 2):
        height, width = (int(each) for each in rng.integers(12, 20, 2))
        yield Case(f"more images {k}", inputs(height, width), public=False, suggests=tip, tolerance=1e-3)


exercise = Exercise(
    name="step_under_jitter",
    part="06",
    title="A step under jitter",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="jittered_step",
    given=GIVEN,
    cases=cases,
    variants=(
        {
            "border": "What leaves the image on one side comes in on the opposite side.",
            "move": ROLL,
            "other": GREY,
            "told": "Here the image goes around: what leaves on one side comes in on the other.",
        },
        {
            "border": "What leaves the image is lost; grey pixels (0.5) come in from the opposite side.",
            "move": GREY,
            "other": ROLL,
            "told": "Here nothing goes around: grey pixels of 0.5 come in, and what has left gets no gradient.",
        },
    ),
    mistakes=(
        Mistake(
            "not moved back",
            wrong("moved = <<move>>", "moved = (<<move>>).detach().requires_grad_()").replace(
                "unit(moved), x", "unit(moved), moved"
            ),
            "Your gradient belongs to the moved image, but you add it to the image at its own place. Each pixel of the "
            "gradient must go back to where its pixel came from.",
        ),
        Mistake(
            "down and right exchanged",
            wrong("moved =", "dy, dx = dx, dy\n    moved ="),
            "Down and right are exchanged: dy counts rows, the third axis; dx counts columns, the last one.",
        ),
        Mistake(
            "up and left",
            wrong("moved =", "dy, dx = -dy, -dx\n    moved ="),
            "The image is moved the opposite way: with positive dy and dx it moves down and to the right.",
        ),
        Mistake(
            "other border", wrong("<<move>>", "<<other>>"), "The border is treated in the other way. <<told>>"
        ),
        Mistake(
            "not divided",
            wrong(" / gradient.abs().mean()", ""),
            "The direction of the step is right, not its size: divide the gradient by the mean of its absolute values.",
        ),
    ),
    hints=(
        "At which image is the gradient taken, and in which image is the step made?",
        "Let automatic differentiation do it: make the move a part of the calculation. Then the gradient goes back "
        "through the move.",
        "Start from a copy of `image` that requires gradients, move it with tensor operations, and ask for the "
        "gradient in the copy.",
    ),
    minutes=15,
    points=4,
    trains="the gradient through a transform of the image",
)
