"""Part 6: total variation with another norm of the differences."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
The total variation of the lesson takes, for each color on its own, the *length* of the two differences to the next
pixels. Here is another member of the family, in which the colors are coupled.

Write `variation(images)`. `images` has the shape (B, C, H, W); return a tensor (B,), one number for each image.

* For each pixel and each color take two differences: to the pixel on the **right** and to the pixel **below**. In the
  last column the first one counts as 0, in the last row the second one does.
* So each pixel has 2 C differences. Take **<<words>>** of their absolute values.
* The result is the mean of this over all H x W pixels.
"""

STARTER = """
def variation(images):
    ...
"""

SOLUTION = """
def variation(images):
    right = torch.nn.functional.pad(images.diff(dim=3), (0, 1))
    down = torch.nn.functional.pad(images.diff(dim=2), (0, 0, 0, 1))
    size = torch.cat([right, down], 1).abs().<<take>>(1)
    return size.mean((1, 2))
"""

ROUND = """
def variation(images):
    both = torch.cat([images.roll(-1, 3) - images, images.roll(-1, 2) - images], 1)
    return both.abs().<<take>>(1).mean((1, 2))
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import torch

    def images(*shape):
        return torch.from_numpy(rng.random(shape).astype("float32"))

    by_hand = "1.75" if variant["take"] == "amax" else "2"
    tip = f"By hand: the grey image of 2 x 2 pixels with the rows 0 4 and 1 4 has the variation {by_hand}."
    yield Case("one grey image", (images(1, 1, 4, 5),), suggests=tip)
    yield Case(
        "two colored images", (images(2, 3, 6, 5),), suggests="Try an image whose three colors are the same."
    )
    height, width = (int(each) for each in rng.integers(4, 9, 2))
    yield Case(
        "more images",
        (images(3, 3, height, width),),
        points=2,
        public=False,
        suggests="Try images that are not square, and more than two of them.",
    )


exercise = Exercise(
    name="variation_another_norm",
    part="06",
    title="Total variation with another norm",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="variation",
    given="import torch",
    cases=cases,
    variants=(
        {"words": "the largest", "take": "amax", "other": "sum", "instead": "the sum"},
        {"words": "the sum", "take": "sum", "other": "amax", "instead": "the largest"},
    ),
    mistakes=(
        Mistake(
            "signs kept",
            wrong(".abs()", ""),
            "You take the differences with their signs, so that steps up and steps down cancel each other. Take their "
            "absolute values.",
        ),
        Mistake(
            "round the border",
            ROUND,
            "You compare the last column with the first one, and the last row with the first. The last column has no "
            "pixel to its right and the last row none below it: these differences count as 0.",
        ),
        Mistake(
            "last row and column left out",
            wrong("return size.mean", "return size[:, :-1, :-1].mean"),
            "Your mean leaves out the pixels of the last row and of the last column. They count, too: the difference "
            "that they lack is 0, and the mean is over all H x W pixels.",
        ),
        Mistake(
            "colors apart",
            wrong(
                "torch.cat([right, down], 1).abs().<<take>>(1)",
                "torch.stack([right, down]).abs().<<take>>(0).mean(1)",
            ),
            "You take <<words>> for each color by itself, and then the mean over the colors. Take it once for each "
            "pixel, over the 2 C absolute differences of all its colors.",
            fails=("two colored images", "more images"),
        ),
        Mistake(
            "other norm",
            wrong("<<take>>", "<<other>>"),
            "For each pixel you take <<instead>> of its 2 C absolute differences. Asked for is <<words>>.",
        ),
    ),
    hints=(
        "Work out one pixel of one image on paper first: how many differences does it have?",
        "`images.diff(dim=3)` has one column fewer than the image; a column of zeros is missing at its right.",
        "Put both kinds of differences side by side along the color axis; then one reduction over this axis is left.",
    ),
    minutes=10,
    points=4,
    forbidden=("total_variation",),
    trains="penalties as reductions over the right axes",
)
