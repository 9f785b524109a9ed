"""Part 1: the multiply-adds of a grouped convolution, of a 1 x 1 convolution, and of the convolution they "
"replace."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Networks for phones replace one convolution by two: a **grouped** one, in which each output map reads only the input
maps of its own group, and a 1 × 1 convolution behind it, which mixes all maps.

    grouped   = nn.Conv2d(maps_in, maps_in, kernel, stride, padding, groups=groups)
    pointwise = nn.Conv2d(maps_in, maps_out, 1)
    plain     = nn.Conv2d(maps_in, maps_out, kernel, stride, padding)      # what the two replace

Write `work(height, width, maps_in, maps_out, kernel, stride, groups)`, all whole numbers. The input of the block has
the shape (`maps_in`, `height`, `width`), `kernel` is odd and the padding is `kernel // 2`. Return a dict with three
whole numbers, the **multiply-adds** of each layer for one image: `"grouped"`, `"pointwise"`, `"plain"`.

One multiplication and one addition together are *one* multiply-add. Biases are not counted.
"""

STARTER = """
def work(height, width, maps_in, maps_out, kernel, stride, groups):
    ...
"""

SOLUTION = """
def work(height, width, maps_in, maps_out, kernel, stride, groups):
    places = ((height - 1) // stride + 1) * ((width - 1) // stride + 1)
    return {
        "grouped": places * kernel**2 * maps_in * (maps_in // groups),
        "pointwise": places * maps_in * maps_out,
        "plain": places * kernel**2 * maps_in * maps_out,
    }
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    suggests = {
        "grouped": "How many input maps does one output map of this layer read?",
        "pointwise": "On how many places does this layer run: before or after the stride?",
        "plain": "For each value that comes out: how many values are multiplied and added?",
    }
    for public in (True, False):
        groups, stride = int(rng.choice([2, 4, 8])), int(rng.choice([2, 3]))
        maps_in = groups * int(rng.integers(2, 5))
        height, width = stride * int(rng.integers(8, 14)) + 1, stride * int(rng.integers(15, 20)) + stride - 1
        maps_out = maps_in + groups * int(rng.integers(1, 4))
        inputs = (height, width, maps_in, maps_out, int(rng.choice([3, 5, 7])), stride, groups)
        for layer, said in suggests.items():
            name = f"{layer}" if public else f"{layer}, another block"
            yield Case(name, inputs, public=public, at=layer, suggests=said, tolerance=0)


GROUPED = ("grouped", "grouped, another block")

exercise = Exercise(
    name="separable_work",
    part="01",
    title="The work of two layers that replace one",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="work",
    cases=cases,
    mistakes=(
        Mistake(
            "groups ignored",
            wrong(" // groups", ""),
            "The grouped layer works too hard: each of its output maps reads the maps of one group only.",
            fails=GROUPED,
        ),
        Mistake(
            "places of the input",
            wrong("((height - 1) // stride + 1) * ((width - 1) // stride + 1)", "height * width"),
            "Too many places: a value is computed for every place of the output, and the stride leaves fewer of "
            "them.",
        ),
        Mistake(
            "two operations",
            wrong("places = ", "places = 2 * "),
            "Exactly twice as many: a multiplication and an addition count as one multiply-add.",
        ),
        Mistake(
            "biases counted",
            """
            def work(height, width, maps_in, maps_out, kernel, stride, groups):
                places = ((height - 1) // stride + 1) * ((width - 1) // stride + 1)
                return {
                    "grouped": places * maps_in * (kernel**2 * maps_in // groups + 1),
                    "pointwise": places * maps_out * (maps_in + 1),
                    "plain": places * maps_out * (kernel**2 * maps_in + 1),
                }
            """,
            "A little too many: the biases are counted (some tools do so). A bias is added, but multiplied with "
            "nothing.",
        ),
        Mistake(
            "rounded down",
            wrong(
                "((height - 1) // stride + 1) * ((width - 1) // stride + 1)",
                "(height // stride) * (width // stride)",
            ),
            "A few places are missing: with this padding a stride rounds the side *up*, since the kernel also stands "
            "on the first pixel.",
        ),
    ),
    hints=(
        "Take one value of the output. How many products are added up for it?",
        "That number, times how many values come out. The size of the output maps depends on the stride.",
        "With a padding of `kernel // 2` the side of the output is the side of the input divided by the stride, "
        "rounded up.",
    ),
    minutes=10,
    points=6,
    trains="multiply-adds, groups, and why a separable convolution is cheap",
    forbidden=("torch", "lecturelib", "costs", "trace"),
)
