"""Part 1, a small research task: a wide receptive field without holes, with as few weights as possible."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Dilation makes a receptive field wide at no cost. But a field can have **holes**: pixels in it that no path leads
from, so that the unit cannot see them.

You have **four convolutions** in a row, stride 1, each with the same number of maps. Choose for each an odd `kernel`
(1 to 21) and a `dilation` (1 to 40, in pixels), so that a unit of the last layer has a receptive field that is
*exactly* `field` pixels wide and has no holes, with as few weights as possible.

Write `design(field)`; `field` is an odd whole number from 11 to 79. Return a list of four pairs `[kernel, dilation]`,
the first layer first. Kernels and dilations are the same across and down, so you can work in one dimension; a kernel
costs `kernel**2` weights.

**Measured:** the sum of `kernel**2` over the four layers, for a field of the right width without holes. You get all
points if nothing cheaper exists, fewer if it does.
"""

STARTER = """
def design(field):
    ...
"""

SOLUTION = """
def design(field):
    layers, width = [], 1
    while width < field:
        dilation = min(width, (field - width) // 2)
        layers.append([3, dilation])
        width += 2 * dilation
    return layers + [[1, 1]] * (4 - len(layers))
"""


def judge(inputs, got):
    (field,) = inputs
    if any(len(pair) != 2 for pair in got):
        return 0.0, "each layer is a pair [kernel, dilation]"
    if any(not 1 <= kernel <= 21 or kernel % 2 == 0 or not 1 <= dilation <= 40 for kernel, dilation in got):
        return 0.0, "a kernel is odd and from 1 to 21, a dilation from 1 to 40"
    seen = {0}
    for kernel, dilation in got:
        seen = {pixel + dilation * (k - kernel // 2) for pixel in seen for k in range(kernel)}
    width = max(seen) - min(seen) + 1
    if width != field:
        return 0.0, f"the field is {width} pixels wide, asked are {field}"
    if len(seen) < width:
        return 0.0, f"{width - len(seen)} of {width} pixels are never read", "holes"
    least, reached = 0, 1
    while reached < field:
        reached, least = 3 * reached, least + 1
    cheapest = 9 * least + (4 - least)
    cost = sum(kernel**2 for kernel, _ in got)
    said = f"{cost} weights for each pair of maps; the field is {width} pixels wide and has no holes"
    if cost <= cheapest:
        return 1.0, said
    return (
        0.7 if cost <= 2 * cheapest else 0.4 if cost <= 6 * cheapest else 0.2
    ), f"{said}; fewer are possible"


def cases(rng, variant):
    yield Case("a field of 31 pixels", (31,), points=2)
    for name, low in (("a narrow field", 13), ("a field of middle width", 35), ("a wide field", 63)):
        inputs = (low + 2 * int(rng.integers(0, 8)),)
        yield Case(name, inputs, public=False, suggests="Try more widths, from 11 to 79.")


exercise = Exercise(
    name="field_without_holes",
    part="01",
    title="A wide field without holes",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="design",
    cases=cases,
    judge=judge,
    mistakes=(
        Mistake(
            "holes",
            """
            def design(field):
                return [[3, (field - 1) // 2], [1, 1], [1, 1], [1, 1]]
            """,
            "The field has holes: some pixels in it are never read. A dilation must not be larger than what the "
            "layers before it see without a gap.",
        ),
        Mistake(
            "no dilation",
            """
            def design(field):
                more, left = divmod((field - 1) // 2, 4)
                return [[2 * (more + (k < left)) + 1, 1] for k in range(4)]
            """,
            "There are no holes, but all the width comes from large kernels, and a kernel's weights grow with the "
            "square of its side. Let dilation do the work.",
        ),
        Mistake(
            "the usual doubling",
            """
            def design(field):
                return [[3, 1], [3, 2], [3, 4], [3, 8]]
            """,
            "1, 2, 4, 8 is the usual choice, but its width is always the same, and its layers overlap more than they "
            "need.",
            fails=("a narrow field", "a field of middle width", "a wide field"),
        ),
        Mistake(
            "kernels of 5",
            """
            def design(field):
                layers, width = [], 1
                for _ in range(4):
                    half = (field - width) // 2
                    if half % 2 == 1:
                        layers.append([3, min(width, half)])
                        width += 2 * min(width, half)
                    elif half:
                        layers.append([5, min(width, half // 2)])
                        width += 4 * min(width, half // 2)
                    else:
                        layers.append([1, 1])
                return layers
            """,
            "No holes, but a kernel of 5 has 25 weights. Two kernels of 3 together reach farther with 18.",
        ),
    ),
    hints=(
        "Begin with two layers. Which pixels does a unit see with kernels of 3 and dilations of 1 and 4? Of 1 and 3?",
        "A layer with a kernel of 3 puts three copies of the field so far beside each other. How far apart may they "
        "be?",
        "Layer by layer: the largest dilation that leaves no hole, but no more than the width that is still missing.",
    ),
    minutes=25,
    points=5,
    trains="dilation, receptive fields and their holes, weighed against their cost",
)
