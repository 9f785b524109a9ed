"""Part 1: the side of the output and the number of parameters of a layer with dilation and groups."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Dilation puts gaps between the weights of a kernel: its weights lie `dilation` pixels apart instead of 1. Groups split
the input maps into `groups` equal parts, and each output map reads the maps of one part only.

The layer is

    nn.<<layer>>(maps_in, maps_out, kernel, stride, padding, dilation=dilation, groups=groups)

and its input has the shape (`maps_in`, `side`, `side`). It has a bias.

Write `layer(side, maps_in, maps_out, kernel, stride, padding, dilation, groups)`. All arguments are whole numbers.
Return a dict with two whole numbers:

* `"side"`: the side of the output maps, in pixels;
* `"parameters"`: how many numbers the layer learns.

Compute both; do not build the layer. (In PyTorch's documentation of <<layer>> stands the formula for the side.)
"""

STARTER = """
def layer(side, maps_in, maps_out, kernel, stride, padding, dilation, groups):
    ...
"""

SOLUTION = """
def layer(side, maps_in, maps_out, kernel, stride, padding, dilation, groups):
    extent = dilation * (kernel - 1) + 1
    return {
        "side": <<formula>>,
        "parameters": kernel**2 * maps_in * maps_out // groups + maps_out,
    }
"""

CONVOLUTION = "(side + 2 * padding - extent) // stride + 1"
TRANSPOSED = "(side - 1) * stride - 2 * padding + extent"


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    for public in (True, False):
        groups = int(rng.choice([2, 3, 4]))
        dilation = int(rng.choice([3, 4]))
        inputs = (
            int(rng.integers(30, 60)),
            groups * int(rng.integers(2, 6)),
            groups * int(rng.integers(6, 9)),
            int(rng.choice([3, 5])),
            2,
            int(rng.integers(1, 4)),
            dilation,
            groups,
        )
        which = "a layer" if public else "another layer"
        yield Case(
            f"the side of {which}",
            inputs,
            public=public,
            at="side",
            suggests="How many pixels lie between the first and the last weight of the kernel, both included?",
        )
        yield Case(
            f"the parameters of {which}",
            inputs,
            public=public,
            at="parameters",
            suggests="Count the weights that one output map has, then all output maps, then the biases.",
        )


SIDES = ("the side of a layer", "the side of another layer")
PARAMETERS = ("the parameters of a layer", "the parameters of another layer")

exercise = Exercise(
    name="odd_layer",
    part="01",
    title="An odd layer",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="layer",
    cases=cases,
    variants=(
        {
            "layer": "Conv2d",
            "formula": CONVOLUTION,
            "other": TRANSPOSED,
            "gives": "one value for each place of the kernel",
        },
        {
            "layer": "ConvTranspose2d",
            "formula": TRANSPOSED,
            "other": CONVOLUTION,
            "gives": "a patch for each input value",
        },
    ),  # fmt: skip
    mistakes=(
        Mistake(
            "dilation ignored",
            wrong("dilation * (kernel - 1) + 1", "kernel"),
            "The side is that of a layer without dilation: the gaps make the kernel wider.",
            fails=SIDES,
        ),
        Mistake(
            "gap after the last weight",
            wrong("dilation * (kernel - 1) + 1", "dilation * kernel"),
            "Your kernel is too wide by a gap: there are gaps between the weights, none behind the last one.",
            fails=SIDES,
        ),
        Mistake(
            "the opposite layer",
            wrong("<<formula>>", "<<other>>"),
            "This is the side for the opposite kind of layer: a <<layer>> gives <<gives>>.",
            fails=SIDES,
        ),
        Mistake(
            "groups ignored",
            wrong(" // groups", ""),
            "Too many weights: an output map reads only the input maps of its own group.",
            fails=PARAMETERS,
        ),
        Mistake(
            "no bias",
            wrong(" + maps_out,", ","),
            "The biases are missing: one number for each output map, groups or not.",
            fails=PARAMETERS,
        ),
    ),
    hints=(
        "Take a kernel of 3 weights with dilation 2 and draw the pixels that it covers.",
        "Replace the kernel by one without gaps that covers as many pixels; then the usual formula holds.",
        "How many input maps does one output map read? That number times the weights of one kernel, for each output "
        "map.",
    ),
    minutes=10,
    points=4,
    trains="shapes and parameters of a layer with dilation and groups",
    forbidden=("torch",),
)
