"""What is shown of an engine: bytes for the page, a description for readers who cannot see it, and a still picture."""

import numpy as np
import torch
from torch import Tensor

from lecturelib.show import Picture
from lecturelib.show.palettes import CATEGORIES, color, palette
from lecturelib.show.raster_text import draw_text
from lecturelib.training.playground.engine import Engine, grid
from lecturelib.training.playground.toy_data import DATASETS, FEATURES, REACH

MAP = 48  # pixels of a unit's map
SHOWN_LOSSES = 240  # points of the loss curves that are sent to the page
NAMES = {
    "x1": "x₁",
    "x2": "x₂",
    "x1^2": "x₁²",
    "x2^2": "x₂²",
    "x1 x2": "x₁ x₂",
    "sin x1": "sin x₁",
    "sin x2": "sin x₂",
}


def as_bytes(maps: Tensor, bounded: bool) -> Tensor:
    """Maps (units, S, S) as bytes around 127.5, where 0 is the middle; `bounded` ones lie in [-1, 1] already."""
    scale = 1.0 if bounded else maps.abs().amax(dim=(1, 2), keepdim=True).clamp(min=1e-9)
    return (127.5 + 127.5 * (maps / scale).clamp(-1, 1)).round().to(torch.uint8)


def unit_maps(engine: Engine, size: int = MAP) -> list[Tensor]:
    """Every layer's maps as bytes: inputs and hidden units around 127.5; outputs 0 to 255 for a probability."""
    inputs, *hidden, outputs = engine.maps(size)
    bounded = engine.settings["activation"] in ("tanh", "sigmoid")
    return [
        as_bytes(inputs, False),
        *(as_bytes(maps, bounded) for maps in hidden),
        (outputs * 255).round().to(torch.uint8),
    ]


def scene(engine: Engine) -> dict:
    """What stays while a network learns: the layout, the points, the inputs' maps."""
    points = engine.points
    every = [
        FEATURES[name](grid(MAP)).reshape(MAP, MAP) for name in FEATURES
    ]  # also those that are switched off
    return {
        "layout": engine.layout,
        "active": [name in engine.settings["features"] for name in FEATURES],
        "classes": DATASETS[engine.settings["dataset"]][1],
        "size": MAP,
        "reach": REACH,
        "x": points.x.to(torch.float32).numpy().tobytes(),
        "label": points.label.to(torch.uint8).numpy().tobytes(),
        "train": points.train.to(torch.uint8).numpy().tobytes(),
        "maps": as_bytes(torch.stack(every), False).numpy().tobytes(),
    }


def frame(engine: Engine) -> dict:
    """What changes with every step: maps of hidden and output units, weights, losses and words."""
    maps = torch.cat([layer.flatten() for layer in unit_maps(engine)[1:]])
    weights = torch.cat([part.flatten() for layer in engine.layers for part in layer])
    return {
        "step": engine.step_number,
        "epoch": engine.epoch,
        "losses": list(engine.losses),
        "accuracies": list(engine.accuracies),
        "history": np.asarray(thinned(engine.history), np.float32).tobytes(),
        "maps": maps.numpy().tobytes(),
        "weights": weights.to(torch.float32).numpy().tobytes(),
        "dead": [list(place) for place in engine.dead()],
        "alt": words(engine),
    }


def thinned(history: list, most: int = SHOWN_LOSSES) -> list:
    """At most about `most` of the measured losses, evenly, with the first and the last."""
    every = -(-len(history) // most)
    return history[:-1:every] + history[-1:]


def words(engine: Engine) -> str:
    """The playground in a sentence or two: data, network, losses."""
    s = engine.settings
    hidden = (
        f"{' and '.join(map(str, s['hidden']))} {s['activation']} units in {len(s['hidden'])} hidden "
        f"layer{'s' if len(s['hidden']) > 1 else ''}"
        if s["hidden"]
        else "no hidden layer"
    )
    (train, test), (train_right, test_right) = engine.losses, engine.accuracies
    dead = len(engine.dead())
    return (
        f"{s['dataset']} with noise {s['noise']:g}, inputs {', '.join(s['features'])}, {hidden}. Step "
        f"{engine.step_number}: train loss {train:.3f} ({train_right:.0%} right), test loss {test:.3f} "
        f"({test_right:.0%} right)." + (f" {dead} of {sum(s['hidden'])} ReLUs dead." if dead else "")
    )


# --- the still picture, for pages without a kernel ---------------------------------------------------------------

WIDE, HIGH, SCALE = 950, 470, 2  # CSS pixels; drawn at twice the size, so that it stays sharp
TILE, BIG, MARGIN = 40, 300, 10
INK, GREY = (34, 34, 34), (120, 120, 120)
CLASS_COLORS = (CATEGORIES[0], CATEGORIES[1], CATEGORIES[2])  # blue, orange, green


def picture(engine: Engine, caption: str = "") -> Picture:
    """The network with every unit's map and its weights, the border with the points, and the loss curves."""
    from PIL import Image, ImageDraw

    sheet = Image.new("RGB", (WIDE * SCALE, HIGH * SCALE), "white")
    pen = ImageDraw.Draw(sheet)
    layers = unit_maps(engine)
    places = _places(engine.layout)
    _edges(pen, engine, places)
    dead = set(engine.dead())
    texts: list = []
    for k, (maps, spots) in enumerate(zip(layers, places, strict=True)):
        for unit, (x, y) in enumerate(spots):
            tile = _colored(maps[unit].numpy(), engine, k, unit)
            left, top = round((x - TILE / 2) * SCALE), round((y - TILE / 2) * SCALE)
            sheet.paste(
                Image.fromarray(tile).resize((TILE * SCALE,) * 2, Image.Resampling.BILINEAR), (left, top)
            )
            box = (left - 2, top - 2, left + TILE * SCALE + 1, top + TILE * SCALE + 1)
            pen.rectangle(box, outline=INK, width=2)
            if (k, unit) in dead:
                pen.line((box[0], box[1], box[2], box[3]), fill=INK, width=4)
                pen.line((box[0], box[3], box[2], box[1]), fill=INK, width=4)
        name = "inputs" if k == 0 else "output" if k == len(layers) - 1 else f"layer {k}"
        texts.append(((spots[0][0], 14), name, 15, "mm"))
    for name, (_, y) in zip(engine.settings["features"], places[0], strict=True):
        texts.append(((72, y), NAMES[name], 15, "rm"))
    _border(sheet, pen, engine, layers[-1])
    texts += _curves(pen, engine)
    texts.append(
        ((6, HIGH - 12), "lines: orange solid is a positive weight, blue dashed a negative one", 13, "lm")
    )
    pixels = np.asarray(sheet).copy()
    draw_text(
        pixels, [((x * SCALE, y * SCALE), said, size * SCALE, anchor) for (x, y), said, size, anchor in texts]
    )
    return Picture(pixels, f"Playground: {words(engine)}", caption or words(engine), width=WIDE)


def _places(layout: list[int]) -> list[list[tuple[float, float]]]:
    """The center of every unit in CSS pixels, a list per layer."""
    columns = np.linspace(104, WIDE - BIG - MARGIN - 70, len(layout))
    found = []
    for x, units in zip(columns, layout, strict=True):
        step = min(58.0, (HIGH - 70) / units)
        rows = 220 + step * (np.arange(units) - (units - 1) / 2)
        found.append([(float(x), float(y)) for y in rows])
    return found


def _edges(pen, engine: Engine, places) -> None:
    """Lines between units: width by size, orange solid for positive weights, blue dashed for negative ones."""
    for k, (weight, _) in enumerate(engine.layers):
        for unit, row in enumerate(weight.tolist()):
            for source, value in enumerate(row):
                if value == 0:
                    continue
                (x0, y0), (x1, y1) = places[k][source], places[k + 1][unit]
                width = max(1, round(SCALE * min(7.0, 0.5 + 1.8 * abs(value))))
                ink = color("orange" if value > 0 else "blue")
                line = np.linspace([x0, y0], [x1, y1], 2 if value > 0 else 25) * SCALE
                for start, end in zip(
                    line[::2] if value < 0 else line, line[1::2] if value < 0 else line[1:], strict=False
                ):
                    pen.line((*start, *end), fill=ink, width=width)


def _colored(values: np.ndarray, engine: Engine, layer: int, unit: int) -> np.ndarray:
    """A unit's bytes (S, S) as colors; several outputs each in their class's own."""
    if layer == len(engine.layers) and engine.outputs > 1:
        share = values[..., None] / 255
        return (255 * (1 - share) + np.array(color(CLASS_COLORS[unit])) * share).round().astype(np.uint8)
    return palette("blue_orange")[values]


def _border(sheet, pen, engine: Engine, outputs: Tensor) -> None:
    """The large map of the classes with its border, and the points: filled to train, hollow to test."""
    from PIL import Image

    left, top, side = (WIDE - BIG - MARGIN) * SCALE, 24 * SCALE, BIG * SCALE
    large = [
        np.asarray(Image.fromarray(one.numpy()).resize((side, side), Image.Resampling.BILINEAR)).astype(float)
        / 255
        for one in outputs
    ]
    if engine.outputs == 1:
        pixels = palette("blue_orange")[np.rint(63 + 127 * large[0]).astype(np.uint8)]
        winner = (large[0] > 0.5).astype(int)
    else:
        winner = np.argmax(large, axis=0)
        inks = np.array([color(name) for name in CLASS_COLORS])
        share = 0.65 * np.max(large, axis=0)[..., None]
        pixels = (255 * (1 - share) + inks[winner] * share).round().astype(np.uint8)
    pixels = pixels.copy()
    line = np.zeros_like(winner, bool)
    line[:, 1:] |= winner[:, 1:] != winner[:, :-1]
    line[1:] |= winner[1:] != winner[:-1]
    line[:, 1:] |= line[:, :-1]
    pixels[line] = INK
    sheet.paste(Image.fromarray(pixels), (left, top))
    pen.rectangle((left - 2, top - 2, left + side + 1, top + side + 1), outline=INK, width=2)
    points = engine.points
    for (x, y), label, train in zip(
        points.x.tolist(), points.label.tolist(), points.train.tolist(), strict=True
    ):
        at = left + (x + REACH) / (2 * REACH) * side, top + (REACH - y) / (2 * REACH) * side
        _point(pen, at, label, train)


def _point(pen, at: tuple[float, float], label: int, train: bool) -> None:
    """A circle, a square or a triangle by class; filled to train, hollow to test."""
    x, y = at
    r, ink = 3.2 * SCALE, color(CLASS_COLORS[label])
    style = (
        {"fill": ink, "outline": (255, 255, 255), "width": 1}
        if train
        else {"fill": (255, 255, 255), "outline": ink, "width": 3}
    )
    if label == 0:
        pen.ellipse((x - r, y - r, x + r, y + r), **style)
    elif label == 1:
        pen.rectangle((x - 0.9 * r, y - 0.9 * r, x + 0.9 * r, y + 0.9 * r), **style)
    else:
        pen.polygon([(x, y - 1.2 * r), (x - 1.1 * r, y + r), (x + 1.1 * r, y + r)], **style)


def _curves(pen, engine: Engine) -> list:
    """Loss curves below the border: train solid, test dashed; returns the texts."""
    left, top, wide, high = WIDE - BIG - MARGIN, BIG + 54, BIG, HIGH - BIG - 80
    steps, train, test = np.array(engine.history, float).T
    most = 1.08 * max(1e-6, float(np.nanmax([train, test])))
    x = left + (steps - steps[0]) / max(1.0, steps[-1] - steps[0]) * wide
    pen.rectangle([v * SCALE for v in (left, top, left + wide, top + high)], outline=GREY, width=2)
    for values, name, dashed in ((train, "blue", False), (test, "orange", True)):
        y = top + (1 - values / most) * high
        dense = np.arange(x[0], x[-1] + 1)  # a point a pixel, so that dashes are of one length
        drawn = np.interp(dense, x, y)
        line = list(zip((dense * SCALE).tolist(), (drawn * SCALE).tolist(), strict=True))
        pieces = [line[k : k + 9] for k in range(0, len(line), 14)] if dashed else [line]
        for piece in pieces:
            if len(piece) > 1:
                pen.line(piece, fill=color(name), width=5)
    train_loss, test_loss = engine.losses
    return [
        ((left, 12), "filled: train, hollow: test", 15, "lm"),
        ((left, top - 14), f"train loss {train_loss:.3f} (solid), test {test_loss:.3f} (dashed)", 14, "lm"),
        ((left, top + high + 14), f"step {int(steps[0])}", 13, "lm"),
        ((left + wide, top + high + 14), f"step {int(steps[-1])}", 13, "rm"),
        ((left - 6, top + 6), f"{most:.2f}", 13, "rm"),
        ((left - 6, top + high - 6), "0", 13, "rm"),
    ]  # fmt: skip
