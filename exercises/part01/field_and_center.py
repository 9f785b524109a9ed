"""Part 1: the receptive field of a unit with dilation and padding, and where its center lies."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
The lesson follows a receptive field through layers with a kernel and a stride. Now each layer also has **padding**
and **dilation** (its weights lie `dilation` pixels of its input apart), and you are asked **where** the field lies.

Write `field(layers)`. `layers` is a list of layers from the first to the last, each `(kernel, stride, padding,
dilation)`; kernels are odd. Everything is in one dimension. Return a list of three numbers for the *first* unit of
the last layer (the one with the index 0):

1. the size of its receptive field, in pixels of the image;
2. the jump: how many pixels farther right the field of the next unit lies;
3. the center of its field. The center of the image's first pixel is at **<<origin>>**, that of the second at
   <<second>>. The center may lie outside the image (it is then negative or too large).
"""

STARTER = """
def field(layers):
    ...
"""

SOLUTION = """
def field(layers):
    size, jump, center = 1, 1, <<origin>>
    for kernel, stride, padding, dilation in layers:
        reach = dilation * (kernel - 1)
        size += reach * jump
        center += (reach / 2 - padding) * jump
        jump *= stride
    return [size, jump, center]
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    for public in (True, False):
        layers = [
            (
                int(rng.choice([3, 5, 7])),
                2 if k in (0, 2) else int(rng.choice([1, 3])),
                int(rng.integers(1, 3)),
                int(rng.choice([2, 3])),
            )
            for k in range(4)
        ]
        which = "a network" if public else "another network"
        for place, asked, suggests in (
            (0, "size", "How far apart, in pixels of the image, are two weights of the layer?"),
            (1, "jump", "What does a stride do to all layers behind it?"),
            (2, "center", "Try one layer, kernel 3, padding 1: the first unit is then centered on the first pixel."),
        ):  # fmt: skip
            yield Case(f"the {asked} for {which}", (layers,), public=public, at=place, suggests=suggests)


SIZES = ("the size for a network", "the size for another network")
CENTERS = ("the center for a network", "the center for another network")

exercise = Exercise(
    name="field_and_center",
    part="01",
    title="A receptive field with gaps, and its center",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="field",
    cases=cases,
    variants=(
        {"origin": "0.0", "second": "1.0", "elsewhere": "0.5"},
        {"origin": "0.5", "second": "1.5", "elsewhere": "0.0"},
    ),
    mistakes=(
        Mistake(
            "dilation ignored",
            wrong("dilation * (kernel - 1)", "kernel - 1"),
            "Your field is that of layers without dilation: their weights lie side by side.",
            fails=SIZES + CENTERS,
        ),
        Mistake(
            "kernel times dilation",
            wrong("dilation * (kernel - 1)", "dilation * kernel - 1"),
            "Too large: a gap is counted behind the last weight of a kernel. Gaps lie between weights only.",
            fails=SIZES + CENTERS,
        ),
        Mistake(
            "stride too early",
            """
            def field(layers):
                size, jump, center = 1, 1, <<origin>>
                for kernel, stride, padding, dilation in layers:
                    jump *= stride
                    size += dilation * (kernel - 1) * jump
                    center += (dilation * (kernel - 1) / 2 - padding) * jump
                return [size, jump, center]
            """,
            "A layer's own stride enlarges its own kernel here. It says how far the kernel moves, so it only matters "
            "to the layers behind it.",
            fails=SIZES + CENTERS,
        ),
        Mistake(
            "padding ignored",
            wrong(" - padding", ""),
            "The size is right, but the center lies too far right: padding moves the first unit to the left.",
            fails=CENTERS,
        ),
        Mistake(
            "half a pixel",
            wrong("1, 1, <<origin>>", "1, 1, <<elsewhere>>"),
            "The center is off by half a pixel: here the center of the first pixel is at <<origin>>.",
            fails=CENTERS,
        ),
    ),
    hints=(
        "Which of the three numbers does padding change, and which does it leave alone?",
        "Measure the distance from the first to the last weight of a kernel in units of its own input, then in "
        "pixels.",
        "The first unit of a layer is centered half of that distance to the right, and padding pulls it back to the "
        "left.",
    ),
    minutes=15,
    points=6,
    trains="receptive fields with dilation and padding, and the half pixel",
    forbidden=("lecturelib.network", "receptive_field"),
)
