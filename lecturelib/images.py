"""Pictures as tensors: float pixels in [0, 1], (B, 3, H, W), from the shipped photos or from the user's own."""

import importlib.util
import io
import struct
import warnings
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib.checks import UnknownName, check_images, check_whole, complaint, described, nearest

LARGEST = 50_000_000  # pixels; beyond that a picture is refused before it is decoded
LONGEST = 4  # times the shorter side: what lies further out is not looked at when a square is cut out
# Pillow's ways to say that a file is damaged or cut short
DAMAGED = (OSError, SyntaxError, ValueError, RuntimeError, EOFError, struct.error)
WORKING_SIDE = 1024  # an own photo is reduced to this longer side: no network here looks at more


@dataclass(frozen=True)
class Photo:
    """A photo that comes inside an installed package: package, file, license, and what a blind reader should know."""

    package: str
    file: str
    license: str
    alt: str


PHOTOS = {
    "cat": Photo(
        "skimage", "data/chelsea.png", "CC0", "a ginger tabby cat looking up, its face filling the picture"
    ),
    "coffee": Photo(
        "skimage", "data/coffee.png", "CC0", "a cup of espresso on a saucer with a spoon, on a wooden table"
    ),
    "astronaut": Photo(
        "skimage", "data/astronaut.png", "public domain (NASA)", "an astronaut in an orange suit, smiling"
    ),
    "rocket": Photo(
        "skimage", "data/rocket.jpg", "public domain", "a rocket on its launch pad at dusk, steam around it"
    ),
    "motorcycle": Photo(
        "skimage", "data/motorcycle_left.png", "CC0", "a motorcycle standing in a cluttered garage"
    ),
    "camera": Photo(
        "skimage", "data/camera.png", "CC0", "a man with a camera on a tripod on a lawn, in grey"
    ),
    "hopper": Photo(
        "matplotlib",
        "mpl-data/sample_data/grace_hopper.jpg",
        "public domain",
        "Grace Hopper in a navy uniform and cap",
    ),
    "temple": Photo(
        "sklearn", "datasets/images/china.jpg", "CC BY 2.0", "a Chinese temple with curved roofs and trees"
    ),
    "flower": Photo(
        "sklearn", "datasets/images/flower.jpg", "CC BY 2.0", "a dahlia in bloom before dark green leaves"
    ),
    "brick": Photo("skimage", "data/brick.png", "CC0", "a brick wall, in grey"),
    "grass": Photo("skimage", "data/grass.png", "CC0", "grass seen from above, in grey"),
    "gravel": Photo("skimage", "data/gravel.png", "CC0", "gravel seen from above, in grey"),
}


def photo_names() -> list[str]:
    """List the names of the photos that come with the installed packages.

    >>> photo_names()[:2]
    ['cat', 'coffee']
    """
    return list(PHOTOS)


def photo(name: str, size: int | None = None) -> Tensor:
    """Load a shipped photo as (1, 3, H, W) in [0, 1]; with `size`, its central square of that many pixels.

    Raises `UnknownName` (a `KeyError`) with the nearest names, `TypeError` or `ValueError` for a size that is none.

    >>> photo("cat", 32).shape
    torch.Size([1, 3, 32, 32])
    """
    if name not in PHOTOS:
        near = nearest(name, PHOTOS) if isinstance(name, str) else []
        hint = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(PHOTOS)}"
        raise UnknownName(complaint("name", "a shipped photo", repr(name), hint))
    package = importlib.util.find_spec(PHOTOS[name].package)
    if package is None or package.origin is None:
        hint = f"{name!r} comes with {PHOTOS[name].package}: run `make lab` to install it"
        raise ModuleNotFoundError(complaint("name", "a photo of an installed package", repr(name), hint))
    return load_image(Path(package.origin).parent / PHOTOS[name].file, size)


def load_image(source: Any, size: int | None = None) -> Tensor:
    """Load your own picture as (1, 3, H, W) in [0, 1]; with `size`, its central square of that many pixels.

    `source` is a path, the bytes of a file (an upload), a PIL image, or an array (H, W), (H, W, 3) or (H, W, 4): uint8,
    or floats in [0, 1]. Grey becomes RGB, transparency is laid on white, the camera's rotation is applied, and a long
    side is reduced to 1024 px. Values of 16 bits are divided by 65535. Raises `ValueError` if it is not a picture, is
    damaged, empty or above 50 megapixels, or holds floats outside [0, 1].

    >>> import numpy
    >>> load_image(numpy.full((2, 3), 51, numpy.uint8))[0, :, 1, 2]
    tensor([0.2000, 0.2000, 0.2000])
    """
    if size is not None:
        check_whole("size", size, 1)
    picture = _open(source)
    if picture.width * picture.height > LARGEST:
        came = f"{picture.width} x {picture.height} px"
        raise ValueError(
            complaint("source", f"at most {LARGEST // 10**6} megapixels", came, "make it smaller first")
        )
    image = _to_tensor(picture)
    if size is not None:
        return fit(image, size)
    longer = max(image.shape[-2:])
    return _resize(image, WORKING_SIDE / longer) if longer > WORKING_SIDE else image


def _open(source):
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    if isinstance(source, Image.Image):
        return source
    if isinstance(source, np.ndarray):
        return Image.fromarray(_bytes_of(source))
    if isinstance(source, str | PathLike):
        what, path = f"{source}", Path(source).expanduser()
        if not path.is_file():
            hint = f"check the path (this notebook runs in {Path.cwd()})"
            raise FileNotFoundError(
                complaint("source", "the path of a picture", f"{source}, where no file is", hint)
            )
        stream = path
    elif isinstance(source, bytes | bytearray | memoryview):
        what, stream = "the upload", io.BytesIO(source)
    else:
        raise TypeError(complaint("source", "a path, bytes, a PIL image or an array", described(source)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(stream)
    except PermissionError:
        raise  # it says which file may not be read
    except UnidentifiedImageError as error:
        kinds = "PNG, JPEG, GIF, WebP, BMP, TIFF"
        came = f"{what}, which is not a picture that can be read"
        raise ValueError(complaint("source", f"a picture ({kinds})", came)) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        came = f"{what}, which is far above"
        expected = f"at most {LARGEST // 10**6} megapixels"
        raise ValueError(complaint("source", expected, came, "make it smaller first")) from error
    except DAMAGED as error:
        came = f"{what}, which is damaged or cut short: {error}"
        raise ValueError(complaint("source", "a whole picture", came)) from error


def _bytes_of(array):
    import numpy as np

    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or 0 in array.shape:
        expected = "an array (H, W), (H, W, 3) or (H, W, 4) that is not empty"
        raise ValueError(complaint("source", expected, f"shape {array.shape}"))
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if not np.issubdtype(array.dtype, np.floating):
        raise TypeError(complaint("source", "an array of uint8, or of floats in [0, 1]", str(array.dtype)))
    if np.isnan(array).any():
        raise ValueError(complaint("source", "floats in [0, 1]", "NaN"))
    if array.min() < 0 or array.max() > 1:
        span = f"{array.min():.3g} to {array.max():.3g}"
        raise ValueError(complaint("source", "floats in [0, 1]", span, "divide by 255"))
    return (array * 255).round().astype(np.uint8)


def _to_tensor(picture) -> Tensor:
    import numpy as np
    from PIL import Image, ImageOps

    if 0 in picture.size:
        came = f"{picture.width} x {picture.height} px"
        raise ValueError(complaint("source", "a picture of at least one pixel", came))
    try:
        clear = _transparent_value(picture)
        picture.load()
        picture = ImageOps.exif_transpose(picture)
    except DAMAGED as error:
        what = f"one that is damaged or cut short: {error}"
        raise ValueError(complaint("source", "a whole picture", what)) from error
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):  # Pillow would clip at 255
        values = np.asarray(picture)
        grey = _grey_bytes(values, picture.mode)
        if isinstance(clear, int):
            grey[values == clear] = 255  # transparency is laid on white
        picture = Image.fromarray(grey)
    elif clear is not None:
        picture.info["transparency"] = clear
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    pixels = np.array(picture.convert("RGB"))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255  # (H, W, 3) -> (1, 3, H, W)


def _transparent_value(picture):
    """The grey, color or index that a PNG calls transparent, in the measure of Pillow's pixels; None if there is none.

    Pillow brings grey of 2 or 4 bits and colors of 16 to 8 bits, but leaves this value as the file has it.
    """
    clear = picture.info.get("transparency")
    if picture.format != "PNG" or not isinstance(clear, int | tuple) or picture.mode not in ("L", "RGB"):
        return clear
    raw = str(picture.tile[0][3]) if picture.tile else ""  # such as "L;4" or "RGB;16B"
    if isinstance(clear, int):
        return clear * {"L;2": 85, "L;4": 17}.get(raw, 1)
    return tuple(value >> 8 for value in clear) if "16" in raw else clear


def _grey_bytes(values, mode: str):
    """Grey values of 16 bits, or floats in [0, 1], as bytes: what the values mean is never guessed from their range."""
    import numpy as np

    if mode == "F":
        return _bytes_of(values)
    if values.min() < 0 or values.max() > 65535:
        came = f"{values.min()} to {values.max()}"
        raise ValueError(
            complaint("source", "values of 0 to 65535", came, "scale it to floats in [0, 1] first")
        )
    return (values / 65535 * 255).round().astype(np.uint8)


def _resize(image: Tensor, factor: float) -> Tensor:
    height, width = image.shape[-2:]
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    return F.interpolate(image, size=size, mode="bilinear", antialias=True, align_corners=False).clamp_(0, 1)


def fit(image: Tensor, size: int) -> Tensor:
    """Images (B, C, H, W) with the shorter side brought to `size`, and the central square of that size cut out.

    A new tensor, also where there is nothing to do. Raises `ValueError` or `TypeError` for a size or images that are
    none.

    >>> fit(torch.rand(2, 3, 40, 60), 20).shape
    torch.Size([2, 3, 20, 20])
    """
    check_whole("size", size, 1)
    image = _without_far_ends(check_images(image, name="image"))
    height, width = image.shape[-2:]
    if min(height, width) != size:
        image = _resize(image, size / min(height, width))
    top, left = (image.shape[-2] - size) // 2, (image.shape[-1] - size) // 2
    return image[..., top : top + size, left : left + size].clone(memory_format=torch.contiguous_format)


def _without_far_ends(image: Tensor) -> Tensor:
    """The middle of a very long picture: enlarged as a whole, 10 x 100 000 px would fill the memory."""
    for dim in (-2, -1):
        length, across = image.shape[dim], min(image.shape[-2:])
        excess = max(0, length - LONGEST * across) // 2  # the same at both ends: the center stays the center
        image = image.narrow(dim, excess, length - 2 * excess)
    return image
