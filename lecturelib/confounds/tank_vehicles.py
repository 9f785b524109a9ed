"""The vehicles of the scenes: tanks and trucks, drawn large, shaded, painted in camouflage, turned and made smaller."""

import math

import numpy as np
import torch
from torch import Tensor

from lecturelib.confounds.tank_landscape import SIDE, Draw, noise, soften

FINE = 4  # a vehicle is drawn this many times larger, then reduced
WIDTHS = (26.0, 50.0)  # pixels, far and near
PAINTS = [[0.33, 0.36, 0.22], [0.55, 0.48, 0.34], [0.36, 0.38, 0.37], [0.30, 0.27, 0.20]]
DARKER = [[0.20, 0.22, 0.14], [0.36, 0.30, 0.20], [0.22, 0.24, 0.24], [0.17, 0.17, 0.12]]


def vehicles(labels: Tensor, horizon: Tensor, draw: Draw, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Cover (n, 1, 96, 96), color (n, 3, 96, 96) and shadow (n, 1, 96, 96) of a vehicle on each scene's ground.

    labels (n,), 0 a tank and 1 a truck; place, size, turn, paint and parts differ from scene to scene.
    """
    n = len(labels)
    cover, tone, shadow, grass = (torch.zeros(n, 1, SIDE, SIDE) for _ in range(4))
    numbers = torch.rand(n, 9, generator=generator).tolist()
    for k in range(n):
        u = numbers[k]
        top_row = horizon[k].item() + 8
        foot = round(top_row + u[1] * (SIDE - 3 - top_row))
        near = (foot - top_row) / (SIDE - 3 - top_row)
        width = (WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * near) * (0.9 + 0.25 * u[0])
        sprite = _sprite(int(labels[k]), u, width)
        height, wide = sprite.shape[1:]
        top, left = foot - height, round(u[2] * (SIDE - wide))
        cover[k, 0, top:foot, left : left + wide] = sprite[0]
        tone[k, 0, top:foot, left : left + wide] = sprite[1]
        grass[k, 0, foot - 3 : foot] = 1
        # the shadow: the silhouette, turned over and pressed flat, from the wheels towards the camera
        flat = sprite[:1].flip(1)[None]
        low = min(max(2, round(0.3 * height)), SIDE - foot + 2)
        flat = torch.nn.functional.interpolate(
            flat, (low, wide), mode="bilinear", antialias=True, align_corners=False
        )
        start = foot - 2
        shadow[k, 0, start : start + low, left : left + wide] = flat[0, 0, : SIDE - start]
    blades = (torch.rand(n, 1, SIDE, SIDE, generator=generator) < 0.35).float()
    cover = cover * (1 - 0.75 * grass * blades)  # blades of grass in front of the wheels
    which = torch.randint(len(PAINTS), (n,), generator=generator)
    paint, darker = (torch.tensor(table)[which].view(-1, 3, 1, 1) for table in (PAINTS, DARKER))
    spots = ((noise(n, generator, ((2.0, 3.0),)) - draw(0.2, 1.6)) * 3).clamp(0, 1)
    color = (paint + (darker - paint) * spots) * draw(0.8, 1.2)
    worn = 1 + 0.06 * noise(n, generator, ((0.6, 0.6),))
    return cover, color * tone * 1.7 * worn, soften(shadow, 1.0, 1.0)


def _sprite(label: int, u: list[float], width: float) -> Tensor:
    """A vehicle as (2, h, w): how much of a pixel it covers, and how bright it is there."""
    from PIL import Image, ImageDraw

    w = round(width * FINE)
    h = round(w * (0.4 + 0.06 * u[3]))
    picture = Image.new("LA", (w, h), (0, 0))
    (_tank if label == 0 else _truck)(ImageDraw.Draw(picture), w, h, u)
    if u[6] < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    picture = picture.rotate((u[7] - 0.5) * 10, Image.Resampling.BILINEAR, expand=True)
    small = picture.resize(
        (math.ceil(picture.width / FINE), math.ceil(picture.height / FINE)), Image.Resampling.BOX
    )
    tone, alpha = np.asarray(small, np.float32).transpose(2, 0, 1) / 255
    # under a partly covered pixel the tone is mixed with the black around it: undo that
    return torch.from_numpy(
        np.stack([alpha, np.where(alpha > 0.02, tone / np.maximum(alpha, 0.02), 0).clip(0, 1)])
    )


class _Pen:
    """Shapes at places from 0 to 1, with light from above: an upper edge that shines and a lower one in the shade."""

    def __init__(self, draw, w: int, h: int):
        self.draw, self.w, self.h = draw, w, h

    def poly(self, points, tone: float) -> None:
        self.draw.polygon([(x * self.w, y * self.h) for x, y in points], fill=(round(255 * tone), 255))

    def box(self, left, top, right, bottom, tone: float, lit: float = 0.0) -> None:
        self.poly([(left, top), (right, top), (right, bottom), (left, bottom)], tone)
        if lit:
            self.poly(
                [(left, top), (right, top), (right, top + lit), (left, top + lit)], min(1.0, tone + 0.22)
            )
            self.poly(
                [(left, bottom - lit), (right, bottom - lit), (right, bottom), (left, bottom)], tone - 0.18
            )

    def disc(self, x, y, r, tone: float) -> None:
        """A disc of radius r, in heights."""
        self.draw.ellipse(
            (x * self.w - r * self.h, (y - r) * self.h, x * self.w + r * self.h, (y + r) * self.h),
            fill=(round(255 * tone), 255),
        )


def _tank(draw, w: int, h: int, u: list[float]) -> None:
    pen = _Pen(draw, w, h)
    back, lift = 0.30 + 0.06 * u[4], 0.03 * u[5]
    pen.poly([(0.0, 0.17 + lift), (back + 0.1, 0.22), (back + 0.1, 0.32), (0.0, 0.25 + lift)], 0.46)  # gun
    pen.box(0.0, 0.14 + lift, 0.045, 0.28 + lift, 0.36)  # muzzle brake
    pen.poly(
        [(back, 0.42), (back + 0.07, 0.12), (back + 0.34, 0.1), (back + 0.42, 0.3), (back + 0.4, 0.42)], 0.6
    )
    pen.poly(
        [(back + 0.07, 0.12), (back + 0.34, 0.1), (back + 0.36, 0.16), (back + 0.06, 0.18)], 0.85
    )  # turret top
    pen.box(back + 0.16, 0.03, back + 0.27, 0.11, 0.5, 0.02)  # hatch
    pen.poly(
        [(0.03, 0.58), (0.13, 0.4), (0.95, 0.38), (0.99, 0.56), (0.97, 0.68), (0.05, 0.68)], 0.52
    )  # hull
    pen.poly([(0.13, 0.4), (0.95, 0.38), (0.97, 0.45), (0.1, 0.46)], 0.82)
    pen.poly(
        [(0.0, 0.78), (0.08, 0.62), (0.94, 0.61), (1.0, 0.76), (0.93, 0.98), (0.1, 0.99)], 0.14
    )  # tracks
    pen.box(0.05, 0.58, 0.97, 0.66, 0.44, 0.02)  # skirts
    for x in (0.1, 0.24, 0.37, 0.5, 0.63, 0.76, 0.89):
        pen.disc(x, 0.83, 0.115, 0.3)
        pen.disc(x, 0.83, 0.05, 0.16)


def _truck(draw, w: int, h: int, u: list[float]) -> None:
    pen = _Pen(draw, w, h)
    cab, roof = 0.24 + 0.06 * u[4], 0.03 + 0.12 * u[5]
    pen.box(0.03, 0.74, 0.98, 0.84, 0.2)  # chassis
    pen.poly([(0.01, 0.5), (0.05, 0.3), (cab, 0.26), (cab, 0.82), (0.01, 0.82)], 0.55)  # cab
    pen.poly([(0.05, 0.3), (cab, 0.26), (cab, 0.31), (0.05, 0.35)], 0.85)
    pen.poly([(0.05, 0.5), (0.08, 0.36), (cab - 0.05, 0.34), (cab - 0.05, 0.5)], 0.14)  # window
    pen.poly([(0.07, 0.47), (0.09, 0.39), (0.12, 0.38), (0.1, 0.47)], 0.5)  # its reflection
    pen.box(cab + 0.02, roof, 0.99, 0.76, 0.58)  # canvas
    for k in range(5):  # folds between the hoops
        x = cab + 0.02 + (0.97 - cab) * (k + 0.5) / 5
        pen.box(x, roof, x + 0.045, 0.74, 0.48)
    pen.box(cab + 0.02, roof, 0.99, roof + 0.07, 0.86)
    pen.box(cab + 0.02, 0.66, 0.99, 0.76, 0.4, 0.02)  # board
    for x in (0.15, 0.68, 0.86):
        pen.disc(x, 0.84, 0.155, 0.1)
        pen.disc(x, 0.84, 0.07, 0.36)
