"""The retina sensor by hand: its size, its scales and its place, and what it sees."""

from lecturelib.drawing import Bitmap, Box, Drawing, Label, Line, Shape
from lecturelib.show import Picture, pixels_of
from lecturelib.visual_attention.explore.glimpse_samples import (
    BIG,
    EXAMPLES,
    NAMES,
    SCALE_COLORS,
    chosen_picture,
    seen_patches,
    sensor_boxes,
    spot,
    whole_picture,
)
from lecturelib.widgets import Choice, Explorable, Pointer, Slider

TILE, TOP = 150, 30


def retina_explorer() -> Explorable:
    """Move the retina over a picture (mouse or arrow keys), and choose the size and the number of its patches."""
    controls = [
        Choice("picture", tuple(NAMES)),
        Slider("example", 1, EXAMPLES, value=3, label="which example"),
        Slider("size", 4, 16, 2, 12, unit="px", label="side of a patch"),
        Slider("scales", 1, 4, value=3),
        Pointer("x", "y", (0.5, 0.5), panel=0, label="where it looks"),
    ]
    presets: dict[str, dict] = {
        "as on plain digits: one patch of 8 x 8": {"picture": "plain", "size": 8, "scales": 1},
        "at the edge": {"x": 0.03, "y": 0.4},
    }
    return Explorable(_render, controls, "The retina", presets)


def _render(state: dict) -> Picture:
    image, right = chosen_picture(NAMES[state["picture"]], state["example"])
    size, scales, side = state["size"], state["scales"], image.shape[-1]
    location = (2 * state["x"] - 1, 2 * state["y"] - 1)
    shapes: list[Shape] = [Label(0, 12, f"the picture, {side} x {side} pixels", 15, "start", bold=True)]
    shapes += whole_picture(image, 0, TOP, key="picture")
    shapes += sensor_boxes(location, size, scales, side, 0, TOP)
    for scale, patch in enumerate(seen_patches(image, location, size, scales)):
        left, top = BIG + 36 + (scale % 2) * (TILE + 24), TOP + (scale // 2) * (TILE + 38)
        words = f"covers {size * 2**scale} x {size * 2**scale}"
        shapes.append(Label(left, top - 12, words, 14, "start"))
        shapes.append(Bitmap(left, top, TILE, TILE, pixels_of(patch), hard=True))
        shapes += _frame(left, top, scale)
    x, y = spot(location, 0, TOP)
    shapes += [
        Line(((x - 7, y), (x + 7, y)), stroke="#ffffff", stroke_width=2),
        Line(((x, y - 7), (x, y + 7)), stroke="#ffffff", stroke_width=2),
    ]
    values = scales * size * size
    note = (f"{values:,} values go on", f"of {side * side:,} pixels")
    left = BIG + 36 + (TILE + 24 if scales < 4 else 0)
    top = TOP + TILE + 60 if scales < 4 else TOP + 2 * TILE + 50
    for k, line in enumerate(note):
        shapes.append(Label(left, top + 24 * k, line, 15, "start"))
    said = (
        f"{scales} x {size} x {size} = {values:,} values, of the picture's {side * side:,}; the widest patch covers "
        f"{size * 2 ** (scales - 1)} x {size * 2 ** (scales - 1)} pixels"
    )
    words = (
        f"The digit {right} with the squares of {scales} patches, and beside it what each patch shows, the finest "
        f"first. {said}."
    )
    return Drawing(
        BIG + 36 + 2 * TILE + 30, BIG + TOP + (50 if scales == 4 else 6), tuple(shapes), "The retina", words
    ).picture(said)


def _frame(left: float, top: float, scale: int) -> list[Shape]:
    return [
        Box(
            left,
            top,
            TILE,
            TILE,
            0,
            fill="none",
            stroke=SCALE_COLORS[scale],
            stroke_width=3,
            dashed=scale > 0,
        )
    ]
