"""Part 6: the gradient of a regularizer, derived by hand."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
A regularizer acts on the image through its gradient. Derive one by hand.

$$r(x) = \\sum_{\\text{pairs}} (x_p - x_q)^2$$

The sum runs over all pairs of pixels $p, q$ that are neighbors: side by side, or one above the other. Each pair counts
once.

Write `slope(image)`: `image` is a tensor (H, W); return the gradient $\\partial r / \\partial x$, a tensor (H, W). Do
it without automatic differentiation.

A pixel inside the image has four neighbors, at the border three or two (one or two if there is a single row).
"""

STARTER = """
def slope(image):
    ...
"""

SOLUTION = """
def slope(image):
    gradient = torch.zeros_like(image)
    down, right = image.diff(dim=0), image.diff(dim=1)
    gradient[1:] += 2 * down
    gradient[:-1] -= 2 * down
    gradient[:, 1:] += 2 * right
    gradient[:, :-1] -= 2 * right
    return gradient
"""

ROUND = """
def slope(image):
    around = sum(image.roll(by, axis) for axis in (0, 1) for by in (1, -1))
    return 2 * (4 * image - around)
"""

ZEROS = """
def slope(image):
    p = torch.nn.functional.pad(image, (1, 1, 1, 1))
    return 2 * (4 * image - p[1:-1, 2:] - p[1:-1, :-2] - p[2:, 1:-1] - p[:-2, 1:-1])
"""

ONE_SIDE = SOLUTION.replace("    gradient[1:] += 2 * down\n", "").replace(
    "    gradient[:, 1:] += 2 * right\n", ""
)


def cases(rng, variant):
    import torch

    def image(height, width):
        return torch.from_numpy(rng.random((height, width)).astype("float32"))

    yield Case(
        "an image of 4 x 5",
        (image(4, 5),),
        suggests="Compare with finite differences: raise one pixel by 0.001. Begin with a corner.",
    )
    yield Case("a single row", (image(1, 6),), suggests="By hand: for the row 0 1 0 the gradient is -2 4 -2.")
    height, width = (int(each) for each in rng.integers(3, 9, 2))
    yield Case(
        "more images",
        (image(height, width + 1),),
        points=2,
        public=False,
        suggests="Check a pixel inside, one at the border and one in a corner.",
    )


exercise = Exercise(
    name="slope_of_smoothness",
    part="06",
    title="The gradient of a regularizer by hand",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="slope",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "no factor",
            SOLUTION.replace("2 * ", ""),
            "Everything is half of what it should be: the derivative of a square has a factor of 2.",
        ),
        Mistake(
            "one side",
            ONE_SIDE,
            "Each pixel uses only the neighbors to the right and below. It is also the neighbor of the pixels to its "
            "left and above, and it stands in those squares, too.",
        ),
        Mistake(
            "downhill",
            SOLUTION.replace("+=", "#=").replace("-=", "+=").replace("#=", "-="),
            "The sign is the opposite: this is the direction in which r falls. A pixel that is brighter than its "
            "neighbors raises r when it gets brighter.",
        ),
        Mistake(
            "round the border",
            ROUND,
            "The border has neighbors on the opposite side of the image (a roll goes around). Pixels at the border "
            "have fewer neighbors.",
        ),
        Mistake(
            "black around",
            ZEROS,
            "Pixels at the border are compared with zeros outside of the image. Outside there is nothing: those pairs "
            "do not exist.",
        ),
    ),
    hints=(
        "In which of the squares does one pixel stand? Count them.",
        "Each pair gives its difference to both of its pixels, with opposite signs.",
        "Take the differences of neighboring rows; add twice the difference to the lower row of each pair and subtract "
        "it from the upper one. The same with columns.",
    ),
    minutes=12,
    points=4,
    forbidden=("autograd", "backward", "requires_grad", "requires_grad_", "vjp", "torch.func"),
    trains="how a penalty acts on single pixels",
)
