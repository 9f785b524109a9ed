"""The data sets of the course as tensors: pixels in [0, 1], and labels. Everything but CIFAR-10 is shipped."""

from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib import assets, images
from lecturelib.checks import check_choice, check_whole

DIGITS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
CLOTHES = (
    "T-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

SPLITS = ("train", "test")
CIFAR10_FILE = "cifar10.npz"

# Photos whose crops are the backgrounds of `clothes_on_textures`, all CC0 or public domain.
TEXTURES = ("brick", "grass", "gravel", "coffee", "cat", "rocket")
CANVAS = 64  # side of a composed picture, in pixels
SMALLEST, LARGEST = 24, 40  # side of a pasted 28 x 28 item, in pixels, before its empty margin is cut
OFF_CENTER = 6  # an item's center lies at least this many pixels from the picture's, across or down
SILHOUETTE = 0.06  # an item's pixels above this grey belong to the item
CHUNK = 500  # pictures composed at once: bounds the memory of the intermediate steps


def digits(split: str = "train") -> tuple[Tensor, Tensor]:
    """MNIST: images (N, 1, 28, 28) with white strokes on black, labels (N,); 10,000 to train, 2,000 to test.

    Raises `ValueError` for another split. Source: LeCun et al. 1998; see data/mnist.md.

    >>> images, labels = digits("test")
    >>> images.shape, labels.shape
    (torch.Size([2000, 1, 28, 28]), torch.Size([2000]))
    """
    return _shipped("mnist.npz", split)


def clothes(split: str = "train") -> tuple[Tensor, Tensor]:
    """Fashion-MNIST: images (N, 1, 28, 28) of bright clothes on black, labels (N,); 10,000 to train, 2,000 to test.

    Raises `ValueError` for another split. Source: Xiao, Rasul and Vollgraf 2017; see data/fashion_mnist.md.

    >>> images, labels = clothes("test")
    >>> images.shape, len(CLOTHES)
    (torch.Size([2000, 1, 28, 28]), 10)
    """
    return _shipped("fashion_mnist.npz", split)


def cifar10(split: str = "train") -> tuple[Tensor, Tensor]:
    """CIFAR-10: images (N, 3, 32, 32), labels (N,); 50,000 to train (600 MB as floats), 10,000 to test.

    It may not be redistributed, so it is not shipped: `FileNotFoundError` names the command that fetches it into the
    cache. Raises `ValueError` for another split. Source: Krizhevsky 2009.
    """
    _check_split(split)
    path = cifar10_path()
    if not path.is_file():
        raise FileNotFoundError(
            f"CIFAR-10 is not in the cache ({path}): run `python scripts/fetch_cifar10.py` while online"
        )
    return _read(path, split)


def cifar10_path() -> Path:
    """Where `scripts/fetch_cifar10.py` puts CIFAR-10: the cache of the user, or LECTURELIB_CACHE where that is set."""
    return assets.cache_dir() / CIFAR10_FILE


def clothes_on_textures(
    n: int, seed: int = 0, split: str = "train", objects: bool = True
) -> tuple[Tensor, Tensor, Tensor]:
    """Synthetic images with known object boxes: clothes pasted off-center on photos, 64 x 64 px.

    Gives images (n, 3, 64, 64), labels (n,) and boxes (n, 4).

    A box (top, left, bottom, right) is the smallest half-open rectangle of pixels that holds every pixel the item
    changes. The class lies in the item alone: crop, contrast and tint of the background are drawn independently of it,
    and an item may be darker or brighter than what is behind it. With `objects=False` the same backgrounds come without
    their items; outside the box they equal the picture, bit for bit. The same seed gives the same pictures.
    Raises `ValueError` for n < 1, a negative seed, or another split.

    Items: Fashion-MNIST (the two splits share none). Photos: scikit-image's, see `images.PHOTOS`.

    >>> pictures, labels, boxes = clothes_on_textures(3, seed=1)
    >>> pictures.shape, boxes.shape
    (torch.Size([3, 3, 64, 64]), torch.Size([3, 4]))
    """
    check_whole("n", n, 1)
    check_whole("seed", seed)
    items, classes = clothes(split)
    photos = [images.photo(name) for name in TEXTURES]
    generator = torch.Generator().manual_seed(seed)
    parts = [
        _compose(items, classes, photos, min(CHUNK, n - start), generator, objects)
        for start in range(0, n, CHUNK)
    ]
    pictures, labels, boxes = (torch.cat(part) for part in zip(*parts, strict=True))
    return pictures, labels, boxes


def _compose(items, classes, photos, n, generator, objects):
    """One chunk of `clothes_on_textures`; the draws do not depend on `objects`."""
    backgrounds = torch.cat(list(_backgrounds(photos, n, generator)))  # (n, 3, 64, 64)
    chosen = torch.randint(len(items), (n,), generator=generator)
    placed = _place(items[chosen], generator)  # (n, 1, 64, 64): how bright the item is, 0 outside it
    mask = (placed > 0).float()
    color = _color(placed, backgrounds, mask, generator)
    pictures = torch.where(mask.bool(), color, backgrounds) if objects else backgrounds
    return pictures, classes[chosen], _boxes(mask[:, 0].bool())


def _backgrounds(photos: list[Tensor], n: int, generator: torch.Generator) -> Iterator[Tensor]:
    """n square crops of photos, at a random scale, contrast and tint, as (1, 3, 64, 64) each."""
    which = torch.randint(len(photos), (n,), generator=generator).tolist()
    sides = torch.randint(CANVAS, 3 * CANVAS, (n,), generator=generator).tolist()
    corners = torch.rand(n, 2, generator=generator).tolist()
    contrast = _uniform((n, 1, 1, 1), 0.5, 1.0, generator)
    tint = _uniform((n, 3, 1, 1), -0.15, 0.15, generator)
    for k in range(n):
        photo = photos[which[k]]
        side = min(sides[k], *photo.shape[-2:])
        top, left = (
            round(u * (length - side)) for u, length in zip(corners[k], photo.shape[-2:], strict=True)
        )
        crop = photo[..., top : top + side, left : left + side]
        crop = F.interpolate(crop, (CANVAS, CANVAS), mode="bilinear", antialias=True, align_corners=False)
        mean = crop.mean()
        yield (mean + contrast[k] * (crop - mean) + tint[k]).clamp(0, 1)


def _place(items: Tensor, generator: torch.Generator) -> Tensor:
    """Items (n, 1, 28, 28), each resized and pasted off-center on black (n, 1, 64, 64); 0 outside its silhouette."""
    n = len(items)
    sides = torch.randint(SMALLEST, LARGEST + 1, (n,), generator=generator).tolist()
    placed = torch.zeros(n, 1, CANVAS, CANVAS)
    for k, side in enumerate(sides):
        item = F.interpolate(
            items[k : k + 1], (side, side), mode="bilinear", antialias=True, align_corners=False
        )[0, 0]
        item = torch.where(item > SILHOUETTE, item, 0)
        top, left, bottom, right = _boxes(item[None] > 0)[0].tolist()
        item = item[top:bottom, left:right]  # without its margin, so that it reaches the picture's border
        y, x = _corner(item.shape, generator)
        placed[k, 0, y : y + item.shape[0], x : x + item.shape[1]] = item
    return placed


def _corner(shape, generator) -> tuple[int, int]:
    """A corner at which an item of this shape (height, width) lies off-center, all such corners equally likely."""
    ys, xs = (torch.arange(CANVAS - length + 1) for length in shape)
    down, across = (
        corners + length / 2 - CANVAS / 2 for corners, length in zip((ys, xs), shape, strict=True)
    )
    off_center = (down[:, None].abs() >= OFF_CENTER) | (
        across[None, :].abs() >= OFF_CENTER
    )  # (corners down, across)
    allowed = off_center.nonzero()
    y, x = allowed[torch.randint(len(allowed), (1,), generator=generator)][0].tolist()
    return y, x


def _color(placed: Tensor, backgrounds: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
    """The items in color (n, 3, 64, 64): from a dark to a bright tone of one hue, half of them as a negative."""
    n = len(placed)
    negative = torch.rand(n, 1, 1, 1, generator=generator) < 0.5
    shade = torch.where(negative, 1 - placed, placed)  # (n, 1, 64, 64)
    dark = _uniform((n, 1, 1, 1), 0.0, 0.3, generator)
    bright = _uniform((n, 1, 1, 1), 0.6, 1.0, generator)
    hue = _uniform((n, 3, 1, 1), 0.6, 1.0, generator)
    color = (dark + (bright - dark) * shade) * hue
    # a pixel that has exactly the background's color would leave the box too large by the definition above
    return torch.where((color == backgrounds) & mask.bool(), 1 - color, color)


def _boxes(masks: Tensor) -> Tensor:
    """Half-open boxes (n, 4) as top, left, bottom, right of masks (n, H, W), each with at least one pixel."""
    rows, columns = masks.any(2).long(), masks.any(1).long()  # (n, H), (n, W)
    height, width = masks.shape[1:]
    # argmax gives the first of equal values, so flipped it gives the last
    top, left = rows.argmax(1), columns.argmax(1)
    bottom, right = height - rows.flip(1).argmax(1), width - columns.flip(1).argmax(1)
    return torch.stack([top, left, bottom, right], 1)


def _uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator)


def _check_split(split: str) -> None:
    check_choice("split", split, SPLITS)


def _shipped(file: str, split: str) -> tuple[Tensor, Tensor]:
    _check_split(split)
    return _read(assets.data_path(file), split)


def _read(path: Path, split: str) -> tuple[Tensor, Tensor]:
    """uint8 arrays (N, H, W) or (N, H, W, 3) of an npz as float (N, C, H, W) in [0, 1], and labels as int64."""
    import numpy as np

    with np.load(path) as arrays:
        pixels = torch.from_numpy(arrays[f"{split}_images"])
        labels = torch.from_numpy(arrays[f"{split}_labels"].astype(np.int64))
    pixels = pixels[:, None] if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)  # (N, C, H, W)
    return pixels.contiguous().float().div_(255), labels
