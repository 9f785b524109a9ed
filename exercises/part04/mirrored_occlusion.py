"""Part 4: occlusion without a foreign object: each patch is replaced by its own mirror image."""

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
A grey patch is itself something new in an image. Try another one: **the patch is replaced by its own mirror
image**. All its pixels stay; only what they form is changed.

Write `mirror_map(image, digit, size, stride)`. A square of `size` × `size` pixels moves over the image from the top
left corner in steps of `stride` pixels, as long as it lies wholly inside. At each position the pixels under it are
exchanged **<<which>>**, and nothing else is changed.

* `net` is the network of digits; `net(image)` gives the ten scores (before the softmax), shape (1, 10).
* `image` is a tensor (1, 1, 28, 28), `digit` from 0 to 9. The image that you are given must not be changed.
* Return a tensor (rows, columns): at each position by how much the **score** of `digit` *falls*, a positive number
  where it is lower with the mirrored patch.
"""

STARTER = """
def mirror_map(image, digit, size, stride):
    ...
"""

SOLUTION = """
def mirror_map(image, digit, size, stride):
    starts = range(0, 28 - size + 1, stride)
    covered = []
    for top in starts:
        for left in starts:
            one = image[0].clone()
            patch = image[0, :, top : top + size, left : left + size]
            one[:, top : top + size, left : left + size] = patch.flip(<<axis>>)
            covered.append(one)
    with torch.no_grad():
        scores = net(torch.stack(covered))[:, digit]
        return (net(image)[0, digit] - scores).reshape(len(starts), len(starts))
"""


def wrong(before, after):
    return SOLUTION.replace(before, after)


def cases(rng, variant):
    from lecturelib import datasets

    digits, labels = datasets.digits("test")
    for name, public, size, stride in (
        ("patches of 8, steps of 4", True, 8, 4),
        ("patches of 10, steps of 6", False, 10, 6),
        ("another size", False, 12, 4),
    ):
        k = int(rng.integers(500))
        yield Case(
            name,
            (digits[k][None], int(labels[k]), size, stride),
            points=2 if public else 1,
            public=public,
            tolerance=1e-3,
            suggests="How many positions fit, the last one included? Mirror one patch by hand and compare two scores.",
        )


exercise = Exercise(
    name="mirrored_occlusion",
    part="04",
    title="Occlusion by a mirrored patch",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="mirror_map",
    given="import torch\n\nfrom lecturelib import models\n\nnet = models.load('lenet')",
    cases=cases,
    variants=(
        {"which": "left to right", "axis": "-1", "other": "-2"},
        {"which": "top to bottom", "axis": "-2", "other": "-1"},
    ),
    mistakes=(
        Mistake(
            "value instead of drop",
            wrong("net(image)[0, digit] - scores", "scores"),
            "These are the scores with the mirrored patch. Asked is the drop: how much lower they are than without "
            "it.",
        ),
        Mistake(
            "probability",
            wrong("[:, digit]", ".softmax(1)[:, digit]").replace(
                "(image)[0, digit]", "(image).softmax(1)[0, digit]"
            ),
            "This is the drop of a probability. Where the network is sure it hardly moves, while the score does.",
        ),
        Mistake(
            "earlier patches stay",
            wrong("    covered = []\n", "    covered, running = [], image[0].clone()\n")
            .replace("one = image[0].clone()", "one = running")
            .replace("covered.append(one)", "covered.append(one.clone())"),
            "Earlier patches stay mirrored in the image when the next one comes. Each position begins with the "
            "original.",
        ),
        Mistake(
            "the whole image mirrored",
            wrong("patch = image[0, :,", "patch = image[0].flip(<<axis>>)[:,").replace(
                "patch.flip(<<axis>>)", "patch"
            ),
            "Your patch is filled from the mirror image of the *whole* image, so other pixels come in. Mirror the "
            "patch itself.",
        ),
        Mistake(
            "the other axis",
            wrong("patch.flip(<<axis>>)", "patch.flip(<<other>>)"),
            "The patch is mirrored along the other axis: here its pixels are exchanged <<which>>.",
        ),
    ),
    hints=(
        "What must be the same as in the lesson's loop, and which single line is different?",
        "`tensor.flip(axis)` gives a mirrored copy; axis -1 runs across, axis -2 runs down.",
        "Begin every position with a fresh copy of the image, and write the flipped patch into the place it came "
        "from.",
    ),
    minutes=15,
    points=4,
    trains="occlusion as a loop, and what a patch adds to an image",
    forbidden=("occlusion_map", "occlude", "captum"),
)
