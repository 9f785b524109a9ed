"""Pictures as tensors: float pixels in [0, 1], (B, 3, H, W), from the shipped photos or from the user's own."""

import importlib.util
import io
import struct
import warnings
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib.checks import UnknownName, check_images, check_whole

LARGEST = 50_000_000  # pixels; beyond that a picture is refused before it is decoded
LONGEST = 4  # times the shorter side: what lies further out is not looked at when a square is cut out
# Pillow's ways to say that a file is damaged or cut short
DAMAGED = (OSError, SyntaxError, ValueError, RuntimeError, EOFError, struct.error)
WORKING_SIDE = 1024  # an own photo is reduced to this longer side: no network here looks at more


@dataclass(frozen=True)
class Photo:
    """A photo that comes inside an installed package: package, file, licence, and what a blind reader should know."""

    package: str
    file: str
    licence: str
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
    """The names of the photos that come with the installed packages."""
    return list(PHOTOS)


def photo(name: str, size: int | None = None) -> Tensor:
    """A shipped photo as (1, 3, H, W) in [0, 1]; with `size`, its central square of that many pixels."""
    if name not in PHOTOS:
        raise UnknownName(f"no photo is called {name!r}; there are: {', '.join(PHOTOS)}")
    package = importlib.util.find_spec(PHOTOS[name].package)
    if package is None or package.origin is None:
        raise ModuleNotFoundError(
            f"the photo {name!r} comes with {PHOTOS[name].package}: run `make lab` to install it"
        )
    return load_image(Path(package.origin).parent / PHOTOS[name].file, size)


def load_image(source, size: int | None = None) -> Tensor:
    """Your own picture as (1, 3, H, W) in [0, 1]; with `size`, its central square of that many pixels.

    `source` is a path, the bytes of a file (an upload), a PIL image, or an array (H, W), (H, W, 3) or (H, W, 4): uint8,
    or floats in [0, 1]. Grey becomes RGB, transparency is laid on white, the camera's rotation is applied, and a long
    side is reduced to 1024 px. Values of 16 bits are divided by 65535. Raises `ValueError` if it is not a picture, is
    damaged, empty or above 50 megapixels, or holds floats outside [0, 1].
    """
    if size is not None:
        check_whole("size", size, 1)
    picture = _open(source)
    if picture.width * picture.height > LARGEST:
        raise ValueError(
            f"this picture is {picture.width} x {picture.height} px; at most {LARGEST // 10**6} megapixels"
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
            raise FileNotFoundError(
                f"no picture at {source}: check the path (this notebook runs in {Path.cwd()})"
            )
        stream = path
    elif isinstance(source, bytes | bytearray | memoryview):
        what, stream = "the upload", io.BytesIO(source)
    else:
        raise TypeError(f"a picture is a path, bytes, a PIL image or an array, got {type(source).__name__}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(stream)
    except PermissionError:
        raise  # it says which file may not be read
    except UnidentifiedImageError as error:
        raise ValueError(
            f"{what} is not a picture that can be read (PNG, JPEG, GIF, WebP, BMP, TIFF)"
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(
            f"{what} is far above {LARGEST // 10**6} megapixels: make it smaller first"
        ) from error
    except DAMAGED as error:
        raise ValueError(f"{what} is damaged or cut short: {error}") from error


def _bytes_of(array):
    import numpy as np

    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or 0 in array.shape:
        raise ValueError(
            f"an array picture is (H, W), (H, W, 3) or (H, W, 4) and not empty, got {array.shape}"
        )
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if not np.issubdtype(array.dtype, np.floating):
        raise TypeError(f"an array picture is uint8, or floats in [0, 1], got {array.dtype}")
    if np.isnan(array).any():
        raise ValueError("a float picture holds values in [0, 1], this one holds NaN")
    if array.min() < 0 or array.max() > 1:
        span = f"{array.min():.3g} to {array.max():.3g}"
        raise ValueError(f"a float picture holds values in [0, 1], got {span}; divide by 255?")
    return (array * 255).round().astype(np.uint8)


def _to_tensor(picture) -> Tensor:
    import numpy as np
    from PIL import Image, ImageOps

    try:
        picture.load()
        picture = ImageOps.exif_transpose(picture)
    except DAMAGED as error:
        raise ValueError(f"this picture is damaged or cut short: {error}") from error
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):  # Pillow would clip at 255
        picture = Image.fromarray(_grey_bytes(np.asarray(picture), picture.mode))
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    pixels = np.array(picture.convert("RGB"))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255  # (H, W, 3) -> (1, 3, H, W)


def _grey_bytes(values, mode: str):
    """Grey values of 16 bits, or floats in [0, 1], as bytes: what the values mean is never guessed from their range."""
    import numpy as np

    if mode == "F":
        return _bytes_of(values)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError(
            f"a picture of 32 bits holds values of 0 to 65535, got {values.min()} to {values.max()}; "
            "scale it to floats in [0, 1] first"
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
        excess = max(0, length - LONGEST * across) // 2  # the same at both ends: the centre stays the centre
        image = image.narrow(dim, excess, length - 2 * excess)
    return image
