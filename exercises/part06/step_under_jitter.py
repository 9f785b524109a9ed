"""Part 6: one step of gradient ascent under jitter; the gradient has to come back to the image's own place."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Jitter moves the image before the network sees it. The step is then made in the image that was **not** moved.

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
            "told": "Pixels that leave the image on one side have to come in again on the opposite side.",
        },
        {
            "border": "What leaves the image is lost; grey pixels (0.5) come in from the opposite side.",
            "move": GREY,
            "other": ROLL,
            "told": "Pixels that leave the image are lost, and grey pixels (0.5) come in on the opposite side.",
        },
    ),
    mistakes=(
        Mistake(
            "not moved back",
            wrong("moved = <<move>>", "moved = (<<move>>).detach().requires_grad_()").replace(
                "unit(moved), x", "unit(moved), moved"
            ),
            "You take the gradient in the pixels of the moved image and add it to the image that was not moved, so "
            "each value lands on a wrong pixel. Take it in the pixels of the image before the move.",
        ),
        Mistake(
            "down and right exchanged",
            wrong("moved =", "dy, dx = dx, dy\n    moved ="),
            "You have exchanged dy and dx: dy moves the image along its rows (the third axis), dx along its columns "
            "(the last axis).",
        ),
        Mistake(
            "up and left",
            wrong("moved =", "dy, dx = -dy, -dx\n    moved ="),
            "You move the image the opposite way. With a positive dy it moves down, with a positive dx to the right.",
        ),
        Mistake(
            "other border", wrong("<<move>>", "<<other>>"), "The move is right except at the border. <<told>>"
        ),
        Mistake(
            "not divided",
            wrong(" / gradient.abs().mean()", ""),
            "Your step has the right direction and the wrong length: divide the gradient by the mean of its absolute "
            "values before you multiply it by `size`.",
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
