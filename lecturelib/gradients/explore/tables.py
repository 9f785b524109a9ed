"""Explorables with a handful of numbers: the three ReLU rules on a 3 x 3 table, and a linear and a step function."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from lecturelib.checks import complaint
from lecturelib.network.relu_rules import Rule, relu_rule
from lecturelib.show import Picture, pixels_of, side_by_side
from lecturelib.show.image_grids import stacked
from lecturelib.show.palettes import palette as palette_table
from lecturelib.show.raster_text import draw_text, pixel_width
from lecturelib.widgets import Explorable, Pointer, TextBox

# --- the ReLU rules ------------------------------------------------------------------------------------------

# Springenberg et al. 2015, figure 1: what goes into the ReLU, and the signal that comes back from above.
GOES_IN = ((1, -1, 5), (2, -5, -7), (-3, 2, 4))
COMES_BACK = ((-2, 3, -1), (6, -3, 1), (2, -1, 3))
RULES: tuple[Rule, ...] = ("backprop", "deconvnet", "guided")
ZEROED_BY = {
    "backprop": "where the input was negative",
    "deconvnet": "where the signal is negative",
    "guided": "where either is negative",
}
CELL = 62
LONGEST, LARGEST = 60, 99  # characters of a table, and its largest number
ORANGE, BLUE, GREY = (252, 224, 194), (208, 226, 242), (224, 224, 224)
FAINT = (120, 120, 120)


def relu_table() -> Explorable:
    """A 3 x 3 table through a ReLU, and a signal back through it by three rules; both tables are typed.

    >>> relu_table().picture({"signal": "-2 3 -1\\n6 -3 1\\n2 -1 9"}).caption
    'Of 9 numbers that come back from above, backprop keeps 5, deconvnet keeps 5, guided keeps 2. Grey: set to zero.'
    """
    goes_in, comes_back = _typed(GOES_IN), _typed(COMES_BACK)
    all_positive, signal_positive = _typed(np.abs(GOES_IN)), _typed(np.abs(COMES_BACK))
    signal_negative = _typed(-np.abs(COMES_BACK))
    controls = [
        TextBox("input", goes_in, (all_positive,), LONGEST, label="into the ReLU"),
        TextBox("signal", comes_back, (signal_positive, signal_negative), LONGEST, label="signal from above"),
    ]
    presets = {
        "the lecture's numbers": {"input": goes_in, "signal": comes_back},
        "every input positive: backprop keeps all": {"input": all_positive, "signal": comes_back},
        "every signal positive: guided is backprop": {"input": goes_in, "signal": signal_positive},
        "every signal negative: nothing is left": {"input": goes_in, "signal": signal_negative},
    }
    return Explorable(_render_table, controls, "Three ways back through a ReLU", presets)


def _typed(table: Sequence | np.ndarray) -> str:
    """A table as it is typed: three lines of three numbers."""
    return "\n".join(" ".join(f"{value:g}" for value in row) for row in np.asarray(table).tolist())


def table_from(text: str, name: str) -> Tensor:
    """The 3 x 3 table (3, 3) that somebody typed, line by line; `ValueError` for anything else."""
    rows = [
        line.replace("\N{MINUS SIGN}", "-").replace(",", " ").split() for line in text.strip().splitlines()
    ]
    try:
        table = torch.tensor([[float(cell) for cell in row] for row in rows])
    except ValueError:
        table = torch.empty(0)
    if table.shape != (3, 3) or not bool((table.abs() <= LARGEST).all()):
        expected = f"three lines of three numbers from {-LARGEST} to {LARGEST}"
        raise ValueError(complaint(name, expected, repr(text), "such as 1 -1 5"))
    return table


def back_through_relu(goes_in: Tensor, signal: Tensor, rule: Rule) -> Tensor:
    """What a rule makes of a signal on its way back through a ReLU with this input; all of one shape."""
    x = goes_in.clone().requires_grad_(True)
    with torch.enable_grad(), relu_rule(rule):
        (back,) = torch.autograd.grad(torch.relu(x), x, signal)
    return back


def _render_table(state: dict) -> Picture:
    goes_in, signal = (table_from(state[name], name) for name in ("input", "signal"))
    forward = goes_in.relu()
    back = {rule: back_through_relu(goes_in, signal, rule) for rule in RULES}
    top = [
        _grid("into the ReLU", "", goes_in),
        _grid("forward", "negative becomes 0", forward, goes_in != forward),
        _grid("signal from above", "on its way back", signal),
    ]
    bottom = [
        _grid(
            "guided backprop" if rule == "guided" else rule,
            "0 " + ZEROED_BY[rule],
            back[rule],
            back[rule] != signal,
        )
        for rule in RULES
    ]
    kept = ", ".join(f"{rule} keeps {int((back[rule] != 0).sum())}" for rule in RULES)
    caption = f"Of {int((signal != 0).sum())} numbers that come back from above, {kept}. Grey: set to zero."
    spoken = "; ".join(
        f"{name}: {_spoken(values)}"
        for name, values in [
            ("into the ReLU", goes_in),
            ("forward", forward),
            ("signal", signal),
            *back.items(),
        ]
    )
    rows = [side_by_side(row, height=CELL * 3 + 58, gap=36) for row in (top, bottom)]
    return stacked(
        rows, gap=26, alt=f"Six tables of three by three numbers, row by row. {spoken}.", caption=caption
    )


def _spoken(values: Tensor) -> str:
    return ", ".join(" ".join(f"{v:g}" for v in row) for row in values.tolist())


def _grid(title: str, below: str, values: Tensor, zeroed: Tensor | None = None) -> Picture:
    """One table: orange is positive, blue negative, grey was set to zero."""
    side, band = 3 * CELL, 30
    width = (
        max(side, pixel_width("0 " + ZEROED_BY["backprop"], 15)) + 4
    )  # the widest line: columns stay in line
    sheet = np.full((side + band + 28, width, 3), 255, np.uint8)
    texts: list = [((0, 2), title, 18, "la"), ((0, band + side + 6), below, 15, "la")]
    faint: list = []
    for row in range(3):
        for column in range(3):
            value = values[row, column].item()
            gone = zeroed is not None and bool(zeroed[row, column])
            y, x = band + row * CELL, column * CELL
            tint = GREY if gone else ORANGE if value > 0 else BLUE if value < 0 else (255, 255, 255)
            sheet[y : y + CELL, x : x + CELL] = (90, 90, 90)
            sheet[y + 1 : y + CELL - 1, x + 1 : x + CELL - 1] = tint
            words = f"{value:g}".replace("-", "\N{MINUS SIGN}")
            (faint if gone else texts).append(((x + CELL / 2, y + CELL / 2), words, 24, "mm"))
    draw_text(sheet, texts)
    draw_text(sheet, faint, FAINT)
    return Picture(sheet, f"{title}: {_spoken(values)}.", width=width)


# --- a linear function and a step ----------------------------------------------------------------------------

W, B = (5.0, 2.0), 6.0  # the lecture's y = 5 x1 + 2 x2 + 6
REACH, PLANE, DOT = (
    4.0,
    236,
    9,
)  # x1 and x2 go from -REACH to REACH; pixels of the plane, and of the dot's radius
EDGE = REACH * PLANE / (PLANE - 2 * DOT - 2)  # the plane shows a little more: the dot stays inside
COLUMNS = (0, 76, 150, 260)  # where the columns of the small table begin


def linear_and_step() -> Explorable:
    """y = 5 x1 + 2 x2 + 6 and a step at its zero: what the gradient, and gradient times input, say about each.

    >>> linear_and_step().picture(place_of(1.0, -2.0)).caption[:26]
    'x = (1, -2). Linear: y = 7'
    """
    start = place_of(1.0, -2.0)
    controls = [
        Pointer(
            "x",
            "y",
            (start["x"], start["y"]),
            step=0.1 / (2 * EDGE),
            panel=0,
            label="the dot of the upper plane",
        )
    ]
    presets = {
        "far on the one side": place_of(3.0, 2.0),
        "one step before the border": place_of(-1.9, 1.8),
        "one step behind the border": place_of(-2.0, 1.8),
        "x is zero: nothing to multiply": place_of(0.0, 0.0),
    }
    return Explorable(_render_functions, controls, "A linear function and a step", presets)


def place_of(x1: float, x2: float) -> dict[str, float]:
    """Where a point lies on the plane: `x` from the left and `y` from the top, in fractions of it."""
    return {"x": (EDGE + x1) / (2 * EDGE), "y": (EDGE - x2) / (2 * EDGE)}


def point_at(x: float, y: float) -> list[float]:
    """The point (x1, x2) at a place of the plane, rounded to tenths, at most REACH away from 0."""
    return [round(min(max((2 * share - 1) * EDGE, -REACH), REACH), 1) + 0.0 for share in (x, 1 - y)]


def gradients_by_hand(x: Tensor) -> dict[str, tuple[float, Tensor]]:
    """The value and the gradient (2,) of the linear function and of the step at x (2,), by autograd."""
    found = {}
    x = x.clone().requires_grad_(True)
    with torch.enable_grad():
        linear = x @ torch.tensor(W).to(x) + B
        (slope,) = torch.autograd.grad(linear, x)
    found["linear"] = linear.item(), slope
    found["step"] = float(linear.item() > 0), torch.zeros(2)  # flat on both sides: no gradient anywhere
    return found


def _render_functions(state: dict) -> Picture:
    x = torch.tensor(point_at(state["x"], state["y"]), dtype=torch.float64)
    found = gradients_by_hand(x)
    rows, said = [], []
    for name, formula in (
        ("linear", "y = 5 x₁ + 2 x₂ + 6"),
        ("step", "y = 1 if 5 x₁ + 2 x₂ + 6 > 0, else 0"),
    ):
        value, slope = found[name]
        value = round(value, 9)
        parts = [part + 0.0 for part in (slope.double() * x).tolist()]  # a zero without a sign
        total = round(sum(parts) + (B if name == "linear" else 0), 9)
        exact = abs(total - value) < 1e-9
        rows.append(_function_row(name, formula, x.tolist(), value, slope.tolist(), parts, total))
        said.append(
            f"{name}: y = {value:g}, gradient ({slope[0]:g}, {slope[1]:g}), gradient times input "
            f"{parts[0]:g} and {parts[1]:g}, which "
            + ("explains y" if exact else f"leaves {value - total:g} of y unexplained")
        )
    caption = f"x = ({x[0]:g}, {x[1]:g}). {said[0].capitalize()}. {said[1].capitalize()}."
    alt = f"Two planes of x1 and x2 with a point, each beside a small table. {caption}"
    whole = stacked(rows, gap=22, alt=alt, caption=caption)
    height, width = pixels_of(whole).shape[:2]
    return replace(whole, panels=((0.0, 0.0, PLANE / width, PLANE / height),))


def _function_row(name, formula, x, value, slope, parts, total) -> Picture:
    plane = _plane(name, x)
    table = np.full((PLANE, 440, 3), 255, np.uint8)

    def cells(y, words, size=17):
        return [((left, y), text, size, "la") for left, text in zip(COLUMNS, words, strict=True) if text]

    def n(number):
        return f"{round(number, 6) + 0.0:g}".replace("-", "\N{MINUS SIGN}")

    texts = [((0, 2), formula, 19, "la")]
    texts += cells(40, ("", "x", "gradient", "gradient × input"), 16)
    texts += cells(70, ("x₁", n(x[0]), n(slope[0]), n(parts[0])))
    texts += cells(98, ("x₂", n(x[1]), n(slope[1]), n(parts[1])))
    if name == "linear":
        texts += cells(126, ("constant", "", "", n(B)))
    texts += cells(160, ("sum", "", "", n(total)))
    table[154:155, :400] = (120, 120, 120)
    good = abs(total - value) < 1e-9
    verdict = "exact: the parts add up to y" if good else "the parts say nothing about this y"
    if good and name == "step":
        verdict = "y is 0, and so are the parts"
    texts.append(((0, 200), f"y = {n(value)}: {verdict}", 19, "la"))
    draw_text(table, texts)
    return side_by_side([plane, Picture(table, verdict, width=table.shape[1])], height=PLANE, gap=28)


def _plane(name: str, x: Sequence[float]) -> Picture:
    """y over the plane, 0 white, above 0 orange, below 0 blue, with the border and the point."""
    axis = np.linspace(-EDGE, EDGE, PLANE)
    x1, x2 = np.meshgrid(axis, -axis)
    linear = W[0] * x1 + W[1] * x2 + B
    y = linear / 34 if name == "linear" else (linear > 0) * 0.5
    pixels = palette_table("blue_orange")[np.rint((0.5 + 0.5 * y.clip(-1, 1)) * 255).astype(np.uint8)].copy()
    pixels[np.abs(linear) < 0.1] = (34, 34, 34)
    middle = PLANE // 2
    pixels[middle], pixels[:, middle] = pixels[middle] // 2 + 70, pixels[:, middle] // 2 + 70
    place = place_of(*x)
    column, row = place["x"] * (PLANE - 1), place["y"] * (PLANE - 1)
    far = np.hypot(*np.meshgrid(np.arange(PLANE) - column, np.arange(PLANE) - row))
    pixels[far < DOT], pixels[far < DOT - 2.5] = (255, 255, 255), (0, 0, 0)
    draw_text(
        pixels,
        [
            ((PLANE - 4, middle + 3), "x₁", 16, "ra"),
            ((middle + 5, 2), "x₂", 16, "la"),
            ((6, PLANE - 6), name, 17, "ls"),
        ],
    )
    return Picture(
        pixels, f"The {name} function over the plane, with the point ({x[0]:g}, {x[1]:g}).", width=PLANE
    )
