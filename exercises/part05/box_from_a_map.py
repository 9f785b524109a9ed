"""Part 5, a small research task: a box around the object, from nothing but maps; scored by its overlap."""

import functools

from lecturelib.exercises import Case, Exercise, Mistake

PROMPT = """
The network `textures_net` was trained to name a piece of clothing on a texture. Nobody told it *where* the clothing
lies. Find the place from its gradients, better than the lesson does.

Write `find_box(picture)`: `picture` is a tensor (1, 3, 64, 64). Return a list of four whole numbers, the edges of a
box around the clothing in pixels: `[top, left, bottom, right]`, where bottom and right are the first row and column
*outside* the box. You may use everything that `lecturelib.gradients` has; the picture must not be changed.

**Measured:** the IoU of your box and the known one (the area that both share, divided by the area of both
together). All points from 0.7 on, half of them from 0.5 on, a quarter from 0.3 on. The box that the lesson draws
around a saliency map has an IoU of about 0.5 on these pictures.
"""

STARTER = """
def find_box(picture):
    ...
"""

SOLUTION = """
def find_box(picture):
    unit = Logit(textures_net(picture).argmax().item())
    energy = saliency_map(textures_net, picture, unit, "guided")[0].square()

    def ends(profile):
        share = profile.cumsum(0) / profile.sum()
        return (share < 0.025).sum().item(), (share < 0.975).sum().item() + 1

    (top, bottom), (left, right) = ends(energy.sum(1)), ends(energy.sum(0))
    return [top, left, bottom, right]
"""


def judge(inputs, got):
    # the sum of a picture's pixels (0 to 255) tells which one it is
    boxes = {
        1074645: (13, 1, 39, 19), 1513179: (17, 39, 43, 63), 1559284: (35, 21, 45, 49),
        913117: (43, 20, 63, 58), 1429406: (3, 3, 30, 20), 809170: (7, 12, 37, 49),
        1710392: (23, 6, 58, 37), 1231123: (19, 4, 34, 32), 1601730: (29, 2, 48, 32),
        910796: (41, 12, 55, 44), 812743: (19, 33, 29, 62), 1008344: (41, 30, 52, 60),
        1381123: (9, 34, 42, 61), 1361493: (13, 15, 50, 33), 1368082: (22, 18, 57, 45),
        1223620: (4, 12, 31, 34), 1000572: (19, 40, 45, 52), 1069773: (16, 34, 46, 59),
        1052265: (27, 14, 58, 42), 1432172: (16, 14, 49, 27), 1200709: (37, 19, 61, 50),
        1355212: (0, 43, 37, 59), 1450848: (8, 26, 33, 47), 608390: (13, 15, 51, 31),
        1213140: (13, 31, 52, 60), 1688323: (3, 34, 34, 47),
    }  # fmt: skip
    number = (inputs[0] * 255).round().double().sum().item()
    box = boxes[min(boxes, key=lambda each: abs(each - number))]
    top, left, bottom, right = got
    if not (0 <= top < bottom <= 64 and 0 <= left < right <= 64):
        return (
            0.0,
            "a box is [top, left, bottom, right] in pixels from 0 to 64, with top < bottom and left < right",
        )
    high = max(0, min(bottom, box[2]) - max(top, box[0]))
    wide = max(0, min(right, box[3]) - max(left, box[1]))
    both = (bottom - top) * (right - left) + (box[2] - box[0]) * (box[3] - box[1]) - high * wide
    iou = high * wide / both
    return (
        1.0 if iou >= 0.7 else 0.5 if iou >= 0.5 else 0.25 if iou >= 0.3 else 0.0
    ), f"the IoU is {iou:.2f}"


POOL = (
    1, 3, 5, 9, 12, 13, 14, 15, 19, 21, 23, 25, 29, 30, 33, 34, 35, 43, 48, 49, 50, 51, 52, 54, 55, 56,
)  # fmt: skip


@functools.cache
def pictures():
    from lecturelib import datasets

    made, _, _ = datasets.clothes_on_textures(60, seed=77, split="test")
    return (made * 255).round() / 255


def cases(rng, variant):
    suggests = "Draw your map and your box over the picture: what else does the box hold?"
    for number, k in enumerate(rng.permutation(len(POOL))[:3]):
        picture = pictures()[POOL[int(k)]][None].clone()
        yield Case(f"picture {number + 1}", (picture,), points=2, public=number == 0, suggests=suggests)


exercise = Exercise(
    name="box_from_a_map",
    part="05",
    title="Where is it?",
    prompt=PROMPT,
    starter=STARTER,
    solution=SOLUTION,
    answer="find_box",
    given="""
    import torch

    from lecturelib import models
    from lecturelib.gradients import (
        grad_cam,
        gradient_times_input,
        integrated_gradients,
        localize,
        saliency_map,
        smooth_grad,
        upsampled,
    )
    from lecturelib.network import Logit

    textures_net = models.load("textures_net")
    """,
    cases=cases,
    judge=judge,
    mistakes=(
        Mistake(
            "as the lesson does",
            """
            def find_box(picture):
                unit = Logit(textures_net(picture).argmax().item())
                return list(localize(saliency_map(textures_net, picture, unit)[0]))
            """,
            "This is the lesson's box around a plain saliency map. The map is noisy and bright in few places only: "
            "try another map, and another way from a map to a box.",
        ),
        Mistake(
            "left before top",
            SOLUTION.replace("return [top, left, bottom, right]", "return [left, top, right, bottom]"),
            "Your box comes as left, top, right, bottom. Rows come first: top, left, bottom, right.",
        ),
        Mistake(
            "the whole picture",
            """
            def find_box(picture):
                return [0, 0, 64, 64]
            """,
            "The whole picture holds the object, and much more: the IoU counts what is too much as well.",
        ),
        Mistake(
            "the noise counts too",
            SOLUTION.replace(', "guided")[0].square()', ")[0]"),
            "Your box is far too large. A plain gradient is a little above 0 everywhere, and all those small values "
            "together hold more of the sum than the object does.",
        ),
        Mistake(
            "a square around the largest value",
            """
            def find_box(picture):
                unit = Logit(textures_net(picture).argmax().item())
                row, column = divmod(saliency_map(textures_net, picture, unit)[0].argmax().item(), 64)
                return [max(row - 12, 0), max(column - 12, 0), min(row + 12, 64), min(column + 12, 64)]
            """,
            "The largest value lies in the object, but rarely in its middle, and the size of the object is not in "
            "one pixel.",
        ),
    ),
    hints=(
        "Compare the maps of several methods on one picture. Which is smallest outside the object?",
        "Squares of small values are very small: an energy suppresses noise. Its sums over rows and columns are two "
        "profiles.",
        "Cut a few percent of the energy off at each end of both profiles; what remains between the cuts is the box.",
    ),
    minutes=30,
    points=6,
    trains="from a map to a measured result, and what the choices on the way cost",
)
