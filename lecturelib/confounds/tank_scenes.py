"""Tanks and trucks in the field: rendered scenes in which the weather may give the class away.

The ground is cut from photos of grass and gravel, sky and light are computed, the vehicles are drawn. The draws of a
scene do not depend on its weather: the same scene can be had under both skies.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from lecturelib.checks import check_number, check_whole, complaint, described
from lecturelib.confounds.tank_landscape import SIDE, distance, ground, sky, soften
from lecturelib.confounds.tank_vehicles import vehicles

CLASSES = ("tank", "truck")
WEATHER = ("overcast", "sunny")  # in the lab tanks stand under the first, trucks under the second
CHUNK = 100


@dataclass(frozen=True)
class Scenes:
    """A batch of scenes: images (n, 3, 96, 96), labels (n,), weather (n,), sky and vehicle masks (n, 96, 96).

    >>> tank_scenes(2).images.shape
    torch.Size([2, 3, 96, 96])
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

    horizon = draw(0.32, 0.5) * SIDE
    rows = torch.arange(SIDE).view(1, 1, SIDE, 1) + 0.5
    sunny = weather.view(-1, 1, 1, 1).float()
    above = sky(rows / horizon, sunny, draw, generator)
    cover, color, shadow = vehicles(labels, horizon, draw, generator)
    land = ground(rows, horizon, draw, generator)
    land = land * (1 - (0.32 + 0.22 * sunny) * shadow)  # the sun throws harder shadows
    land, edge = distance(land, rows, horizon, sunny, draw, generator)
    warm = torch.tensor([1.03, 1.0, 0.95]).view(1, 3, 1, 1)
    light = draw(0.8, 1.15) * (
        1 + sunny * (1.1 * warm - 1)
    )  # exposure varies more than the weather changes it
    scene = above + (land * light - above) * edge
    scene = scene + (color * light - scene) * cover
    scene = soften(scene, 0.45, 0.45) + 0.012 * torch.randn(
        scene.shape, generator=generator
    )  # lens and sensor
    vehicle = cover[:, 0] > 0.5
    return scene.clamp(0, 1), (edge[:, 0] < 0.5) & ~vehicle, vehicle
