"""Part 8: unpooling where a block has its maximum more than once."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
Unpooling puts a value back to where the maximum of a block was. In images with few grey levels a block often has its
maximum **more than once**. PyTorch's pooling then remembers only one of the places.

Write `unpool(values, picture)`: `picture` is a tensor (H, W), H and W even, cut into blocks of 2 x 2; `values` is a
tensor (H/2, W/2) with one new value for each block. Return a tensor (H, W): each value goes to the places where
`picture` has the maximum of this block. If there are several, <<rule>>. All other places are 0.
"""

STARTER = """
def unpool(values, picture):
    ...
"""

SOLUTION = """
def unpool(values, picture):
    h, w = values.shape
    blocks = picture.view(h, 2, w, 2)
    largest = blocks == blocks.amax((1, 3), keepdim=True)
    count = largest.sum((1, 3), keepdim=True)
    return (values.view(h, 1, w, 1) * largest / <<divisor>>).reshape(2 * h, 2 * w)
"""

FIRST = """
def unpool(values, picture):
    pooled, switches = torch.nn.functional.max_pool2d(picture[None], 2, return_indices=True)
    return torch.nn.functional.max_unpool2d(values[None], switches, 2)[0]
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import torch

    def inputs(h, w):
        while True:  # blocks with one maximum and blocks with several
            picture = torch.from_numpy(rng.integers(0, 4, (2 * h, 2 * w)).astype("float32"))
            blocks = picture.view(h, 2, w, 2)
            count = (blocks == blocks.amax((1, 3), keepdim=True)).sum((1, 3))
            if (count == 1).any() and (count > 1).any() and picture.amin() == 0:
                return torch.from_numpy(rng.uniform(4, 9, (h, w)).astype("float32")), picture

    tip = (
        "Which four pixels are the first block? Take a block with two maxima, 3 1 above 3 0, and the value 8."
    )
    yield Case("a small picture", inputs(2, 3), suggests=tip)
    yield Case("another picture", inputs(3, 2), suggests=tip)
    h, w = (int(each) for each in rng.integers(3, 6, 2))
    yield Case("more pictures", inputs(h, w), points=2, public=False, suggests=tip)


exercise = Exercise(
    name="unpool_with_ties",
    part="08",
    title="Unpooling with ties",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="unpool",
    given="import torch",
    cases=cases,
    variants=(
        {"rule": "they share the value equally", "divisor": "count", "other": "1"},
        {"rule": "each of them gets the whole value", "divisor": "1", "other": "count"},
    ),
    mistakes=(
        Mistake(
            "first place only",
            FIRST,
            "Of several maxima only one gets the value, as in PyTorch's unpooling. Here <<rule>>.",
        ),
        Mistake(
            "other rule", wrong("<<divisor>>", "<<other>>"), "Ties are treated in another way: here <<rule>>."
        ),
        Mistake(
            "up-sampled",
            wrong("* largest / <<divisor>>", "* torch.ones(h, 2, w, 2)"),
            "The value goes to all four places of its block: this is up-sampling. Only places with the maximum get it.",
        ),
        Mistake(
            "no blocks",
            wrong("picture.view(h, 2, w, 2)", "picture.view(h, w, 2, 2)")
            .replace("(1, 3)", "(2, 3)")
            .replace("(h, 1, w, 1)", "(h, w, 1, 1)"),
            "Your blocks are four pixels in a row. A block of 2 x 2 has two of one row and two of the row below.",
        ),
        Mistake(
            "the old maximum",
            wrong(
                "values.view(h, 1, w, 1) * largest / <<divisor>>",
                "blocks * largest / <<divisor>>",
            ),
            "The places are right, but they hold the maxima of the picture itself. The new values are to be put back.",
        ),
    ),
    hints=(
        "For one block: which of its four places are equal to its maximum?",
        "A view of the shape (H/2, 2, W/2, 2) has one block for each pair of first and third index.",
        "Compare the view with its own maximum over the axes 1 and 3 (`amax` with `keepdim=True`); multiply by the "
        "values, and take the old shape again.",
    ),
    minutes=12,
    points=4,
    forbidden=(),
    trains="what switches say, and what they do not",
)
