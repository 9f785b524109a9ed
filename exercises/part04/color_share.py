"""Part 4: how much of a kernel is color: the share of its energy that is lost on a grey image."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
The kernels of a first layer are of two families: edges, which are nearly grey, and blobs of color. Measure it.

Split a kernel (3, k, k) into two kernels that add up to it: its **grey part**, which has at each place the mean of
the three weights there in all three color channels, and its **color part**, which is the rest. The **energy** of a
kernel is the sum of its squared weights, over the channels and places.

Write `color_share(kernels)`: `kernels` is a tensor (n, 3, k, k); return a tensor (n,), for each kernel the energy
of its color part divided by the energy of the whole kernel, from 0 (grey) to 1 (on a grey image it responds to
nothing).
"""

STARTER = """
def color_share(kernels):
    ...
"""

SOLUTION = """
def color_share(kernels):
    color = kernels - kernels.mean(dim=1, keepdim=True)
    return color.square().sum(dim=(1, 2, 3)) / kernels.square().sum(dim=(1, 2, 3))
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    import torch

    def some(n, k):
        grey = rng.normal(size=(n, 1, k, k)) * rng.uniform(0.2, 2, size=(n, 1, 1, 1))
        return torch.tensor(grey + rng.normal(size=(n, 3, k, k)) + 0.3, dtype=torch.float32)

    grey = torch.tensor(rng.normal(size=(1, 1, 3, 3)), dtype=torch.float32).expand(1, 3, 3, 3)
    shift = torch.tensor([0.5, -0.75, 0.25]).reshape(1, 3, 1, 1)
    yield Case(
        "a grey kernel and three others",
        (torch.cat([grey, some(2, 3), grey + shift]),),
        points=2,
        suggests="A grey kernel must get 0. Are the two energies sums over the same places and channels?",
    )
    yield Case(
        "other kernels",
        (some(int(rng.integers(5, 9)), 5),),
        points=2,
        public=False,
        suggests="Do the energies of the two parts add up to that of the kernel?",
    )


exercise = Exercise(
    name="color_share",
    part="04",
    title="How much of a kernel is color?",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="color_share",
    given="import torch",
    cases=cases,
    mistakes=(
        Mistake(
            "grey counted once",
            """
            def color_share(kernels):
                grey = kernels.mean(dim=1)
                return 1 - grey.square().sum(dim=(1, 2)) / kernels.square().sum(dim=(1, 2, 3))
            """,
            "Your grey part stands in one channel only, so its energy is three times too small: it stands in all "
            "three.",
        ),
        Mistake(
            "no squares",
            wrong(".square()", ".abs()"),
            "You add up absolute values. Energy is the sum of squares; only with squares do the two parts add up to "
            "the whole.",
        ),
        Mistake(
            "mean over the places",
            wrong("kernels.mean(dim=1, keepdim=True)", "kernels.mean(dim=(2, 3), keepdim=True)"),
            "You subtract the mean over the places of each channel. Grey means: the same in all three channels at "
            "one place.",
        ),
        Mistake(
            "one number for the layer",
            """
            def color_share(kernels):
                color = kernels - kernels.mean(dim=1, keepdim=True)
                return (color.square().sum() / kernels.square().sum()).expand(len(kernels)).clone()
            """,
            "Every kernel gets the same number, that of the whole layer. Strong kernels hide the others in it.",
        ),
        Mistake(
            "the other part",
            wrong(
                "color = kernels - kernels.mean(dim=1, keepdim=True)",
                "color = kernels.mean(dim=1, keepdim=True).expand_as(kernels)",
            ),
            "This is the share of the grey part; a grey kernel gets 1.",
        ),
    ),
    hints=(
        "What does a kernel that is the same in all three channels have as its color part?",
        "Which axis of (n, 3, k, k) holds the colors? The grey part is constant along it.",
        "Subtract the mean along that axis (keep the axis, so that the shapes fit), square, and add up all but the "
        "first.",
    ),
    minutes=10,
    points=4,
    trains="decomposing a kernel, and energies that add up",
)
