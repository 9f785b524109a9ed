"""Part 9: a glimpse that reaches over the border of the image."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
A network that looks at one place at a time may look at a corner. Then a part of its glimpse lies outside of the image.

Write `glimpse(image, y, x, size)`: `image` is a tensor (H, W); y, x and size are whole numbers. Return a tensor
(size, size).

* Its rows show the rows `y - size // 2`, `y - size // 2 + 1`, ... of the image, its columns the columns from
  `x - size // 2` on. So the pixel (y, x) stands at `[size // 2, size // 2]` of the glimpse.
* (y, x) lies inside the image, counted from 0. The glimpse may be larger than the image.
* Where the glimpse lies outside of the image, <<outside>>.
"""

STARTER = """
def glimpse(image, y, x, size):
    ...
"""

SOLUTION = """
def glimpse(image, y, x, size):
    height, width = image.shape
    rows = torch.arange(size) + y - size // 2
    columns = torch.arange(size) + x - size // 2
    inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))[None, :]
    found = image[rows.clamp(0, height - 1)][:, columns.clamp(0, width - 1)]
    return <<result>>
"""

BLACK = "found * inside"
NEAREST = "found"


def wrong(before, after):
    return SOLUTION.replace(before, after)


WRONG = {
    "other border": wrong("<<result>>", "<<other>>"),
    "pushed inside": wrong(
        "    rows =",
        "    y = min(max(y, size // 2), height - size + size // 2)\n"
        "    x = min(max(x, size // 2), width - size + size // 2)\n"
        "    rows =",
    ),
    "rows and columns exchanged": wrong("    height, width =", "    y, x = x, y\n    height, width ="),
    "around the border": wrong(
        "image[rows.clamp(0, height - 1)][:, columns.clamp(0, width - 1)]", "image[rows % height][:, columns % width]"
    ).replace("<<result>>", "found"),
    "one off": wrong("+ y - size // 2", "+ y - (size - 1) // 2").replace(
        "+ x - size // 2", "+ x - (size - 1) // 2"
    ),
}  # fmt: skip


def cases(rng, variant):
    import torch

    answers = []
    for source in (SOLUTION, *WRONG.values()):
        for key, value in variant.items():
            source = source.replace(f"<<{key}>>", str(value))
        space = {"torch": torch}
        exec(source, space)
        answers.append(space["glimpse"])

    def draw(size, off):
        """A place near the border for which all wrong answers differ; with an odd size `one off` is right."""
        while True:
            height, width = (int(each) for each in rng.integers(8, 13, 2))
            image = torch.from_numpy(rng.integers(1, 100, (height, width)).astype("float32") / 100)
            near = int(rng.integers(0, 2)), int(rng.integers(2, width - 2))
            y, x = near if off else (height - 1 - near[0], near[1])
            inputs = image, y, min(x, width - 1), size
            given = [answer(*inputs) for answer in answers]
            given = [each.flatten().tolist() for each in given]
            alike = [a == b for k, a in enumerate(given) for b in given[:k]]
            if sum(alike) == size % 2 and height != width:
                return inputs

    by_hand = "0 0 and 0 1" if variant["result"] == BLACK else "1 1 and 1 1"
    tip = f"By hand: of the rows 1 2 3, 4 5 6, 7 8 9 the glimpse at (0, 0) of size 2 has the rows {by_hand}."
    yield Case("over the upper border", draw(4, True), suggests=tip)
    yield Case("over the lower border", draw(6, False), suggests=tip)
    yield Case("an odd size", draw(5, True), public=False, suggests=tip)
    yield Case(
        "an even size",
        draw(int(rng.choice([4, 6])), bool(rng.integers(2))),
        public=False,
        suggests=tip,
    )


EVEN = ("over the upper border", "over the lower border", "an even size")

exercise = Exercise(
    name="crop_over_the_border",
    part="09",
    title="A glimpse over the border",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="glimpse",
    given="import torch",
    cases=cases,
    variants=(
        {"outside": "its pixels are 0", "result": BLACK, "other": NEAREST},
        {
            "outside": "it shows the nearest pixel of the image (the border is continued)",
            "result": NEAREST,
            "other": BLACK,
        },
    ),
    mistakes=(
        Mistake(
            "other border",
            WRONG["other border"],
            "Outside of the image something else is asked for: <<outside>>.",
        ),
        Mistake(
            "pushed inside",
            WRONG["pushed inside"],
            "Your glimpse is pushed back until it lies inside the image: then the pixel (y, x) is no longer in its "
            "middle, and the network would not know where it looks.",
        ),
        Mistake(
            "rows and columns exchanged",
            WRONG["rows and columns exchanged"],
            "Rows and columns are exchanged: y counts rows (from the top), x counts columns.",
        ),
        Mistake(
            "around the border",
            WRONG["around the border"],
            "The glimpse goes on at the opposite side of the image. Mind negative indices and remainders: index -1 is "
            "the last row.",
        ),
        Mistake(
            "one off",
            WRONG["one off"],
            "With an even size your glimpse lies one pixel too far down and to the right: it begins at y - size // 2.",
            fails=EVEN,
        ),
    ),
    hints=(
        "Which row of the image does row 0 of the glimpse show? It may be a negative number.",
        "Either enlarge the image first, on all four sides, so that no glimpse can leave it; or make lists of row and "
        "column numbers, and decide what to do with those outside.",
        "`torch.arange(size) + y - size // 2` are the rows; `clamp` brings them into the image, a comparison tells "
        "which of them were outside.",
    ),
    minutes=10,
    points=4,
    trains="a hard window with a fixed size, at any place",
)
