"""Draws caption scenes: shaded objects with their shadows on crops of photos, at any resolution, and their masks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib import images
from lecturelib.checks import check_images, check_whole
from lecturelib.visual_attention.caption_scenes import CaptionScene, SceneObject

SIDE = 64  # pixels of a scene as the network sees it
FINE = 3  # an object is drawn this many times larger, then reduced
PAINT = {
    "red": (0.84, 0.10, 0.09),
    "green": (0.08, 0.58, 0.20),
    "blue": (0.10, 0.28, 0.86),
    "yellow": (0.97, 0.80, 0.08),
    "purple": (0.55, 0.17, 0.72),
    "white": (0.93, 0.93, 0.91),
}
TINTS = {"grass": (0.52, 0.62, 0.30), "gravel": (0.66, 0.62, 0.56), "brick": (0.78, 0.50, 0.40)}
LEARNED = 0.62  # share of a photo from which training scenes take their grounds
WOOD = (slice(None), slice(498, 600))  # the bare table in the photo of the coffee
LIGHT = (-0.48, -0.62, 0.62)  # where the light comes from: upper left, in front
SHADOW = (0.10, 0.13)  # how far a shadow is moved, in diameters


def render_scene(scene: CaptionScene, side: int = SIDE, texture: Tensor | None = None) -> Tensor:
    """A scene as an image (1, 3, side, side) in [0, 1]; `texture`: an own picture (1, 3, H, W) as ground.

    The same scene is the same at every resolution. Raises `TypeError` or `ValueError` for a side below 16 or a texture
    that is no image.

    >>> from lecturelib.visual_attention.caption_scenes import caption_scenes
    >>> render_scene(caption_scenes(1)[0]).shape
    torch.Size([1, 3, 64, 64])
    """
    check_whole("side", side, 16)
    picture = ground(scene, side) if texture is None else images.fit(check_images(texture), side)[0]
    return draw_objects(scene.objects, picture, scene.light)


def draw_objects(objects: Sequence[SceneObject], background: Tensor, light: float = 1.0) -> Tensor:
    """Objects with their shadows on a square background (3, side, side), as (1, 3, side, side); the later on top.

    >>> draw_objects([SceneObject("small", "red", "ball", 0.5, 0.5)], torch.zeros(3, 32, 32)).shape
    torch.Size([1, 3, 32, 32])
    """
    picture = background.clone()
    for one in objects:
        (rows, columns), cover, paint, shade = _sprite(one, picture.shape[-1])
        under = picture[:, rows, columns] * (1 - shade)
        picture[:, rows, columns] = cover * paint + (1 - cover) * under
    return (picture * light).clamp(0, 1)[None]


def render_scenes(scenes: Sequence[CaptionScene], side: int = SIDE) -> Tensor:
    """Scenes as images (B, 3, side, side) in [0, 1].

    >>> from lecturelib.visual_attention.caption_scenes import caption_scenes
    >>> render_scenes(caption_scenes(2)).shape
    torch.Size([2, 3, 64, 64])
    """
    return torch.cat([render_scene(scene, side) for scene in scenes])


def object_masks(scene: CaptionScene, side: int = SIDE) -> Tensor:
    """The share of each pixel that each object covers, (objects, side, side): the truth of where to look.

    >>> from lecturelib.visual_attention.caption_scenes import caption_scenes
    >>> scene = caption_scenes(1)[0]
    >>> object_masks(scene).shape[0] == len(scene.objects)
    True
    """
    masks = torch.zeros(len(scene.objects), check_whole("side", side, 16), side)
    for mask, one in zip(masks, scene.objects, strict=True):
        (rows, columns), cover, _, _ = _sprite(one, side)
        mask[rows, columns] = cover
    return masks


@lru_cache(maxsize=8)
def _photo(name: str) -> Tensor:
    """The texture (3, H, W) of a ground, tinted where its photo is grey."""
    if name == "wood":
        return images.photo("coffee")[0][:, WOOD[0], WOOD[1]]
    grey = images.photo(name)[0, :1]
    tint = torch.tensor(TINTS[name]).view(3, 1, 1)
    return ((0.8 + 0.9 * (grey - grey.mean())) * tint).clamp(0, 1)


def ground(scene: CaptionScene, side: int) -> Tensor:
    """The bare ground of a scene, (3, side, side).

    >>> from lecturelib.visual_attention.caption_scenes import caption_scenes
    >>> ground(caption_scenes(1)[0], 32).shape
    torch.Size([3, 32, 32])
    """
    photo = _photo(scene.ground)
    edge = round(LEARNED * photo.shape[1])
    part = photo[:, edge:] if scene.unseen else photo[:, :edge]  # rows: the upper part is for training
    longest = min(180, *part.shape[1:])
    length = round(64 + scene.place[2] * (longest - 64))
    top, left = (round(u * (full - length)) for u, full in zip(scene.place[:2], part.shape[1:], strict=True))
    crop = part[None, :, top : top + length, left : left + length]
    return F.interpolate(crop, (side, side), mode="bicubic", antialias=True, align_corners=False)[0].clamp(
        0, 1
    )


def _sprite(one: SceneObject, side: int):
    """Where an object and its shadow lie, how much it covers of each pixel, its paint and its shadow there."""
    radius = one.diameter * side / 2
    reach = 1.0 + 2 * max(SHADOW) + 0.25
    top, left = (max(0, math.floor(c * side - reach * radius)) for c in (one.y, one.x))
    bottom, right = (min(side, math.ceil(c * side + reach * radius)) for c in (one.y, one.x))
    fine = FINE if side < 200 else 1
    step = 1 / fine
    y = (torch.arange(top * fine, bottom * fine) + 0.5) * step - one.y * side
    x = (torch.arange(left * fine, right * fine) + 0.5) * step - one.x * side
    y, x = torch.meshgrid(y / radius, x / radius, indexing="ij")
    distance, tone, gloss = SURFACES[one.shape](x, y)
    cover = (0.5 - distance * radius * fine).clamp(0, 1)
    sx, sy = x - 2 * SHADOW[0], y - 2 * SHADOW[1]
    shadow = torch.maximum(SURFACES[one.shape](sx, sy)[0], (sx * sx + sy * sy).sqrt() - 1)
    shade = 0.5 * torch.sigmoid(-shadow * 9)
    paint = torch.tensor(PAINT[one.color]).view(3, 1, 1) * tone + gloss
    parts = torch.cat([cover[None], shade[None], paint.clamp(0, 1) * cover])  # (5, h, w)
    if fine > 1:
        parts = F.avg_pool2d(parts[None], fine)[0]
    cover = parts[:1]
    return (slice(top, bottom), slice(left, right)), cover, parts[2:] / cover.clamp_min(1e-6), parts[1:2]


def _lit(nx: Tensor, ny: Tensor, nz: Tensor, shine: float = 0.0) -> tuple[Tensor, Tensor]:
    """Lambert's law with some light from everywhere, and a gloss, for normals (nx, ny, nz) of unit length."""
    facing = (nx * LIGHT[0] + ny * LIGHT[1] + nz * LIGHT[2]).clamp_min(0)
    half = torch.nn.functional.normalize(torch.tensor([LIGHT[0], LIGHT[1], LIGHT[2] + 1.0]), dim=0).tolist()
    gloss = shine * (nx * half[0] + ny * half[1] + nz * half[2]).clamp_min(0) ** 40
    return 0.34 + 0.8 * facing, gloss


def _ball(x: Tensor, y: Tensor):
    r = (x * x + y * y).sqrt()
    nz = (1 - r * r).clamp_min(0).sqrt()
    return r - 0.97, *_lit(x, y, nz, 0.75)


def _cube(x: Tensor, y: Tensor):
    """Seen from above one corner: three faces of their own brightness."""
    side = x.abs()
    distance = torch.maximum(side - 0.84, (y.abs() + 0.54 * side - 0.96) / 1.14)
    top = y < -0.05 - 0.54 * side
    tone = torch.where(top, 1.12 - 0.08 * y, torch.where(x < 0, 0.80 - 0.12 * y, 0.48 - 0.10 * y))
    return distance, tone, torch.zeros_like(x)


def _cone(x: Tensor, y: Tensor):
    half = 0.88 * (y + 0.97) / 1.55
    low = 0.58 + 0.30 * (1 - (x / 0.88) ** 2).clamp_min(0).sqrt()
    distance = torch.maximum((x.abs() - half) * 0.87, y - low)
    u = (x / half.clamp_min(0.05)).clamp(-1, 1)
    return distance, *_lit(0.9 * u, torch.full_like(u, -0.3), 0.9 * (1 - u * u).sqrt(), 0.35)


def _ring(x: Tensor, y: Tensor):
    r = (x * x + y * y).sqrt().clamp_min(1e-6)
    q = ((r - 0.66) / 0.31).clamp(-1, 1)
    return (r - 0.66).abs() - 0.31, *_lit(q * x / r, q * y / r, (1 - q * q).sqrt(), 0.6)


def _star(x: Tensor, y: Tensor):
    """Five points, each of two facets."""
    fifth = 2 * math.pi / 5
    angle = torch.atan2(x, -y - 0.06)
    r = (x * x + (y + 0.06) ** 2).sqrt()
    turned = torch.remainder(angle + fifth / 2, fifth) - fifth / 2
    tip, inner = 1.06, 0.47
    # the edge from the tip (tip, 0) to the inner corner, and its outward normal
    ex, ey = inner * math.cos(fifth / 2) - tip, inner * math.sin(fifth / 2)
    length = math.hypot(ex, ey)
    px, py = r * turned.cos(), r * turned.sin().abs()
    distance = ((px - tip) * ey - py * ex) / length
    toward = angle - turned + torch.sign(turned) * math.atan2(-ex, ey)  # direction of the facet's normal
    nx, ny = 0.62 * toward.sin(), -0.62 * toward.cos()
    return distance, *_lit(nx, ny, torch.full_like(x, 0.78))


SURFACES = {"ball": _ball, "cube": _cube, "cone": _cone, "ring": _ring, "star": _star}
