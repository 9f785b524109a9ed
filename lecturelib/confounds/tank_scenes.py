"""Tanks and trucks in the field: rendered scenes in which the weather may give the class away.

The ground is cut from photos of grass and gravel, sky and light are computed, the vehicles are drawn. The draws of a
scene do not depend on its weather: the same scene can be had under both skies.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib import images
from lecturelib.checks import check_number, check_whole, complaint, described
from lecturelib.filters import gaussian_blur

CLASSES = ("tank", "truck")
WEATHER = ("overcast", "sunny")  # in the lab tanks stand under the first, trucks under the second
SIDE = 48  # pixels of a scene
FINE = 6  # a vehicle is drawn this many times larger, then reduced
CHUNK = 500


@dataclass(frozen=True)
class Scenes:
    """A batch of scenes: images (n, 3, 48, 48), labels (n,), weather (n,), sky and vehicle masks (n, 48, 48).

    >>> tank_scenes(2).images.shape
    torch.Size([2, 3, 48, 48])
    """

    images: Tensor
    labels: Tensor
    weather: Tensor
    sky: Tensor
    vehicle: Tensor

    def __len__(self) -> int:
        return len(self.labels)


def tank_scenes(n: int, agreement: float = 1.0, seed: int = 0, weather: Tensor | None = None) -> Scenes:
    """Scenes with a tank or a truck, in which `agreement` is the share of scenes where the weather tells the class.

    1 is the lab (every tank overcast, every truck sunny), 0.5 the wild (weather independent of the class), 0 the lab
    with the weather swapped. `weather` (n,), 0 overcast and 1 sunny, sets it by hand. With the same seed the same
    vehicles, grounds and clouds come back whatever the weather is. Raises `ValueError` or `TypeError` for n below 1, an
    agreement outside [0, 1], a negative seed, or weather of another shape.

    >>> lab = tank_scenes(20, seed=1)
    >>> bool((lab.labels == lab.weather).all())
    True
    """
    check_whole("n", n, 1)
    check_number("agreement", agreement, least=0, most=1)
    check_whole("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (n,), generator=generator)
    agrees = torch.rand(n, generator=generator) < agreement
    found = torch.where(agrees, labels, 1 - labels)
    if weather is not None:
        if (
            not isinstance(weather, Tensor)
            or weather.shape != (n,)
            or not bool(((weather == 0) | (weather == 1)).all())
        ):
            raise ValueError(complaint("weather", f"zeros and ones ({n},)", described(weather)))
        found = weather.long()
    parts = [_render(labels[k : k + CHUNK], found[k : k + CHUNK], generator) for k in range(0, n, CHUNK)]
    pictures, sky, vehicle = (torch.cat(part) for part in zip(*parts, strict=True))
    return Scenes(pictures, labels, found, sky, vehicle)


def _render(labels: Tensor, weather: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    n = len(labels)

    def draw(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(n, *(shape or (1, 1, 1)), generator=generator)

    horizon = draw(0.3, 0.5) * SIDE
    rows = torch.arange(SIDE).view(1, 1, SIDE, 1) + 0.5
    hills = gaussian_blur(torch.randn(n, 1, 1, SIDE, generator=generator), (0.01, 4.0)) * 6
    edge = ((rows - horizon - hills) / 0.8 + 0.5).clamp(0, 1)  # (n, 1, H, W): 0 in the sky, 1 on the ground
    sunny = weather.view(-1, 1, 1, 1).float()
    sky = _sky(n, rows / horizon, sunny, draw, generator)
    ground = _ground(n, draw, generator)
    light = draw(0.75, 1.15) * (0.92 + 0.16 * sunny)  # exposure varies more than the weather changes it
    cover, color = _vehicles(labels, horizon, draw, generator)
    shade = torch.roll(gaussian_blur(cover, 1.2), (2, 3), (2, 3)) * (0.1 + 0.3 * sunny)
    ground = ground * (1 - shade)
    land = (1 - cover) * ground + cover * color
    scene = (1 - edge) * sky + edge * land * light
    scene = torch.where(cover > 0.5, (color * light).expand_as(scene), scene)
    scene = scene + 0.02 * torch.randn(scene.shape, generator=generator)
    vehicle = cover[:, 0] > 0.5
    return scene.clamp(0, 1), (edge[:, 0] < 0.5) & ~vehicle, vehicle


def _sky(n, height, sunny, draw, generator) -> Tensor:
    """Blue that pales towards the horizon with a few white clouds, or grey with soft darker banks."""
    height = height.clamp(0, 1)
    blue = torch.tensor([0.35, 0.58, 0.9]).view(1, 3, 1, 1)
    pale = torch.tensor([0.78, 0.88, 0.96]).view(1, 3, 1, 1)
    tone = draw(0.85, 1.05)
    noise = torch.zeros(n, 1, SIDE, SIDE)
    for sigma in (2.0, 5.0):
        noise = noise + gaussian_blur(torch.randn(n, 1, SIDE, SIDE, generator=generator), sigma) * sigma
    clear = (blue + (pale - blue) * height) * tone
    cloud = ((noise - 0.35) * 2).clamp(0, 0.9)
    clear = clear + (0.97 - clear) * cloud
    grey = torch.tensor([0.66, 0.68, 0.71]).view(1, 3, 1, 1) * tone + 0.09 * noise
    return sunny * clear + (1 - sunny) * grey


@lru_cache(maxsize=1)
def _textures() -> tuple[Tensor, Tensor]:
    return images.photo("grass")[:, :1], images.photo("gravel")[:, :1]


def _ground(n, draw, generator) -> Tensor:
    tints = torch.tensor([[0.55, 0.62, 0.32], [0.66, 0.57, 0.38], [0.5, 0.5, 0.3], [0.7, 0.64, 0.48]])
    chosen = torch.randint(len(tints), (n,), generator=generator)
    which = torch.randint(2, (n,), generator=generator).tolist()
    places = torch.rand(n, 3, generator=generator).tolist()
    crops = []
    for k in range(n):
        texture = _textures()[which[k]]
        side = SIDE + round(places[k][2] * 2 * SIDE)
        top, left = (
            round(u * (length - side)) for u, length in zip(places[k], texture.shape[-2:], strict=False)
        )
        crop = texture[..., top : top + side, left : left + side]
        crops.append(F.interpolate(crop, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False))
    grey = torch.cat(crops)
    grey = 0.75 + 0.9 * (grey - grey.mean((2, 3), keepdim=True))
    return grey * tints[chosen].view(-1, 3, 1, 1) * draw(0.8, 1.2)


def _vehicles(labels, horizon, draw, generator):
    """Cover (n, 1, H, W) and color (n, 3, H, W) of the vehicles, each on the ground at a place and size of its own."""
    n = len(labels)
    cover, shading = torch.zeros(n, 1, SIDE, SIDE), torch.zeros(n, 1, SIDE, SIDE)
    numbers = torch.rand(n, 8, generator=generator).tolist()
    for k in range(n):
        u = numbers[k]
        width = 15 + 13 * u[0]
        sprite = _sprite(int(labels[k]), u, width)
        height, wide = sprite.shape[1:]
        lowest = SIDE - 1
        highest = min(lowest, round(horizon[k].item() + 0.55 * height))
        foot = highest + round(u[1] * (lowest - highest))
        top, left = max(0, foot - height), round(u[2] * (SIDE - wide))
        cover[k, 0, top : top + height, left : left + wide] = sprite[0]
        shading[k, 0, top : top + height, left : left + wide] = sprite[1]
    paints = torch.tensor([[0.36, 0.38, 0.24], [0.56, 0.5, 0.36], [0.36, 0.37, 0.38], [0.3, 0.26, 0.2]])
    paint = paints[torch.randint(len(paints), (n,), generator=generator)].view(-1, 3, 1, 1)
    return cover, paint * draw(0.75, 1.2) * (0.45 + 0.75 * shading)


def _sprite(label: int, u: list[float], width: float) -> Tensor:
    """A vehicle as (2, h, w): how much of a pixel it covers, and how bright it is there."""
    from PIL import Image, ImageDraw

    w = round(width * FINE)
    h = round(w * (0.42 + 0.08 * u[3]))
    picture = Image.new("LA", (w, h), (0, 0))
    pen = ImageDraw.Draw(picture)

    def box(left, top, right, bottom, tone, round_=0.0):
        pen.rounded_rectangle(
            (left * w, top * h, right * w - 1, bottom * h - 1), round_ * h, fill=(round(255 * tone), 255)
        )

    def wheel(x, r, tone=0.05):
        pen.ellipse((x * w - r * h, h - 2 * r * h, x * w + r * h, h - 1), fill=(round(255 * tone), 255))

    if label == 0:  # a tank: tracks, a low hull, a turret, a gun
        start = 0.28 + 0.06 * u[4]
        box(0.0, 0.24, start + 0.12, 0.34, 0.55)
        box(start, 0.08, start + 0.36, 0.46, 0.85, 0.1)
        box(0.08, 0.42, 0.98, 0.66, 0.7, 0.06)
        box(0.04, 0.6, 1.0, 1.0, 0.15, 0.2)
        for x in (0.14, 0.27, 0.4, 0.53, 0.66, 0.79, 0.9):
            pen.ellipse((x * w - 0.09 * h, 0.72 * h, x * w + 0.09 * h, 0.9 * h), fill=(110, 255))
    else:  # a truck: a cab with a window, a loading platform under canvas, wheels
        cab = 0.24 + 0.06 * u[4]
        box(0.02, 0.3, cab, 0.84, 0.7, 0.06)
        box(0.06, 0.36, cab - 0.06, 0.54, 0.1)
        box(cab + 0.03, 0.02 + 0.14 * u[5], 1.0, 0.74, 0.85, 0.05)
        box(0.04, 0.72, 1.0, 0.84, 0.35)
        for x in (0.16, 0.66, 0.84):
            wheel(x, 0.16)
    if u[6] < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    picture = picture.rotate((u[7] - 0.5) * 12, Image.Resampling.BILINEAR, expand=True)
    small = picture.resize(
        (math.ceil(picture.width / FINE), math.ceil(picture.height / FINE)), Image.Resampling.BOX
    )
    tone, alpha = np.asarray(small, np.float32).transpose(2, 0, 1) / 255
    return torch.from_numpy(np.stack([alpha, tone]))
