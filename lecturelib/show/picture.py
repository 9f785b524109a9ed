"""One picture: its pixels, its alt text, its caption, and how it is shown and saved."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lecturelib.checks import complaint
from lecturelib.show.matplotlib_pixels import figure_pixels
from lecturelib.show.png import encode_png
from lecturelib.show.regions import Region, svg_size
from lecturelib.show.text_metrics import escaped, prepared_text
from lecturelib.show.zooming import zoom_html

STUDENT_SIZE = 448  # CSS pixels: where small pictures are shown, so that a 28 px digit can be studied
PIXELATED_BELOW = 128  # pictures with fewer pixels keep hard edges when they are shown larger
ROUNDING = 1e-4  # how far arithmetic may carry a pixel out of [0, 1]


@dataclass(frozen=True, eq=False)
class Picture:
    """What a student sees: pixels or SVG, with its alternative text.

    `pixels`: (H, W, 3) uint8, or a string that holds an SVG. `alt`: says what the picture shows; required.
    `caption`: printed below. `width`: CSS pixels on the page, else small pictures are shown larger.
    `panels`: (left, top, right, bottom) of each picture that it is composed of, in fractions of the whole.
    `regions`: places that an explorable with a `RegionPicker` lets pick and open, each with its words.
    `zoom`: the page lets it be enlarged and moved, as a diagram of small print needs.
    Raises TypeError or ValueError where the pixels are not such an array or the alt text is missing.

    >>> import numpy as np
    >>> from lecturelib.show import Picture
    >>> Picture(np.zeros((4, 6, 3), np.uint8), "A black rectangle.")
    <Picture 6 x 4: A black rectangle.>
    """

    pixels: np.ndarray | str
    alt: str
    caption: str = ""
    width: int | None = None
    panels: tuple[tuple[float, float, float, float], ...] = ()
    regions: tuple[Region, ...] = ()
    zoom: bool = False

    def __post_init__(self):
        check_words(self.alt, self.caption)
        object.__setattr__(self, "alt", prepared_text(self.alt))
        object.__setattr__(self, "caption", prepared_text(self.caption))
        if self.width is not None and (not isinstance(self.width, int) or self.width < 1):
            raise ValueError(f"width={self.width!r}: a whole number of screen pixels, 1 or more, or None")
        if isinstance(self.pixels, str):
            if "<svg" not in self.pixels[:2000]:
                raise ValueError(f"Picture: a string must hold an <svg> element; got {self.pixels[:40]!r}")
            return
        if not isinstance(self.pixels, np.ndarray):
            raise TypeError(
                f"Picture: pixels must be a numpy array or an SVG string, got {type(self.pixels).__name__}; "
                "picture(x, alt=...) takes tensors, photos and figures"
            )
        shape, dtype = self.pixels.shape, self.pixels.dtype
        if dtype != np.uint8 or len(shape) != 3 or shape[2] != 3 or 0 in shape:
            raise ValueError(f"Picture: pixels must be uint8 of shape (H, W, 3), got {dtype} of {shape}")

    def __repr__(self) -> str:
        size = "SVG" if self.svg is not None else f"{self.raster.shape[1]} x {self.raster.shape[0]}"
        return f"<Picture {size}: {self.alt}>"

    @property
    def svg(self) -> str | None:
        """The SVG text, or None for a picture of pixels."""
        return self.pixels if isinstance(self.pixels, str) else None

    @property
    def raster(self) -> np.ndarray:
        """The pixels (H, W, 3) uint8; ValueError for an SVG."""
        if isinstance(self.pixels, str):
            raise ValueError("this picture is an SVG and has no pixels; save it as .svg")
        return self.pixels

    @property
    def mime(self) -> str:
        """The media type of `data()`."""
        return "image/png" if self.svg is None else "image/svg+xml"

    @property
    def pixelated(self) -> bool:
        """Whether the browser keeps the pixels' hard edges when it enlarges."""
        return self.svg is None and max(self.raster.shape[:2]) < PIXELATED_BELOW

    @property
    def display_width(self) -> int | None:
        """Width on the page in CSS pixels; small pictures grow by a whole factor. None: an SVG that says none."""
        if self.width is not None:
            return self.width
        if self.svg is not None:
            return round(svg_size(self.svg)[0]) or None
        height, width = self.raster.shape[:2]
        return width * max(1, STUDENT_SIZE // max(height, width))

    @property
    def ratio(self) -> float:
        """Width by height; 0 where an SVG does not say it."""
        if self.svg is not None:
            width, height = svg_size(self.svg)
            return width / (height or 1)
        return self.raster.shape[1] / self.raster.shape[0]

    def data(self) -> bytes:
        """The file a browser reads: PNG, or SVG as UTF-8."""
        return self.png() if self.svg is None else self.svg.encode()

    def png(self) -> bytes:
        """The pixels as a PNG file; ValueError for an SVG."""
        return encode_png(self.raster)

    def src(self) -> str:
        """A data URL for an <img>."""
        return f"data:{self.mime};base64,{base64.b64encode(self.data()).decode()}"

    def html(self, element_id: str = "", css_class: str = "ll-figure") -> str:
        """A <figure> with alt text and caption, on a white card that reads in light and dark themes."""
        width = self.display_width
        size = f' width="{width}"' if width else ""
        edges = ";image-rendering:pixelated" if self.pixelated else ""
        ident = f' id="{element_id}"' if element_id else ""
        caption = ""
        if self.caption:
            caption = f'<figcaption style="{_CAPTION}">{escaped(self.caption)}</figcaption>'
        image = (
            f'<img alt="{escaped(self.alt)}" src="{self.src()}"{size} '
            f'style="max-width:100%;height:auto;display:block;margin:0{edges}">'
        )
        image = zoom_html(image, self.alt.splitlines()[0].split(". ")[0].rstrip(".")) if self.zoom else image
        return f'<figure{ident} class="{css_class}" style="{_CARD}">{image}{caption}</figure>'

    def _repr_html_(self) -> str:
        return self.html()


_CARD = (
    "display:inline-block;box-sizing:border-box;max-width:100%;margin:4px 0;padding:10px;background:#fff;"
    "border:1px solid #d0d0d0;border-radius:6px"
)
_CAPTION = "color:#333;font-size:15px;line-height:1.4;margin:8px 0 0;text-align:left;max-width:70ch"


def check_words(alt: object, caption: object = "") -> None:
    """TypeError or ValueError where the alt text is missing or the caption is no text."""
    if not isinstance(alt, str):
        raise TypeError(f"alt must be text that says what the picture shows, got {type(alt).__name__}")
    if not alt.strip():
        raise ValueError(complaint("alt", "a sentence that says what the picture shows", repr(alt)))
    if not isinstance(caption, str):
        raise TypeError(f"caption must be text, got {type(caption).__name__}")


def pixels_of(image: Any) -> np.ndarray:
    """Any single image as (H, W, 3) uint8 pixels.

    Takes a tensor (3, H, W), (1, H, W) or (H, W), also as a batch of one; an array (H, W), (H, W, 1),
    (H, W, 3) or (H, W, 4), or with the channels first; a PIL image; a Picture. Floats lie in [0, 1], bytes
    in 0-255, transparency falls on white. Raises ValueError for other shapes, NaN or values outside,
    TypeError for anything else.

    >>> import torch
    >>> from lecturelib.show import pixels_of
    >>> pixels_of(torch.ones(1, 2, 3)).shape
    (2, 3, 3)
    """
    if isinstance(image, Picture):
        if image.svg is not None:
            raise ValueError("an SVG picture has no pixels; make it from an array or a matplotlib figure")
        return image.raster
    kind = type(image)
    if kind.__module__.split(".")[0] == "PIL" or hasattr(image, "getbands"):
        array, channels_first = np.asarray(image.convert("RGBA" if _transparent(image) else "RGB")), False
    elif kind.__module__.split(".")[0] == "torch" or hasattr(image, "detach"):
        # Tensors always carry their channels first, so (1, 3, 4) is never read as a tiny RGBA picture.
        array, channels_first = array_of(image), True
    elif isinstance(image, np.ndarray):
        array = image
        channels_first = array.ndim >= 3 and array.shape[-1] not in (1, 3, 4)
    else:
        raise TypeError(f"an image must be a tensor, array, PIL image or Picture, got {kind.__name__}")
    return _as_rgb(_as_bytes(array), channels_first)


def array_of(tensor: Any) -> np.ndarray:
    """A tensor's values as an array on the CPU; bfloat16, which NumPy does not know, as float32."""
    tensor = tensor.detach().cpu()
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()


def _transparent(image) -> bool:
    return "A" in image.getbands() or "transparency" in image.info


def _as_bytes(array: np.ndarray) -> np.ndarray:
    if array.size == 0:
        raise ValueError(f"this image is empty: its shape is {array.shape}")
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255
    if not np.issubdtype(array.dtype, np.floating):
        raise TypeError(f"pixels must be uint8 or float in [0, 1], got {array.dtype}")
    low, high = float(array.min()), float(array.max())
    if not np.isfinite(low) or not np.isfinite(high):
        raise ValueError("this image holds NaN or infinite values; pixels lie in [0, 1]")
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise ValueError(
            f"these values run from {low:.4g} to {high:.4g}, but pixels lie in [0, 1]; "
            "heatmap(values) shows maps of any range"
        )
    return (array.clip(0, 1) * 255).round().astype(np.uint8)


def _as_rgb(array: np.ndarray, channels_first: bool) -> np.ndarray:
    shape = array.shape
    while array.ndim > 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 2:
        array = array[:, :, None]
    elif array.ndim == 3 and channels_first:
        array = array.transpose(1, 2, 0)
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        hint = "; tiled(images, columns) shows several at once" if len(shape) == 4 and shape[0] > 1 else ""
        raise ValueError(
            f"{complaint('image', 'one image of shape (3, H, W), (1, H, W) or (H, W)', shape)}{hint}"
        )
    if array.shape[2] == 4:
        alpha = array[:, :, 3:].astype(np.float32) / 255
        array = (array[:, :, :3] * alpha + 255 * (1 - alpha)).round().astype(np.uint8)
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    return np.ascontiguousarray(array)


def picture(
    image: object, alt: str | None = None, caption: str | None = None, width: int | None = None
) -> Picture:
    """A Picture of whatever can be shown: tensor, array, PIL image, matplotlib figure, SVG text, Picture.

    Shapes and ranges as in `pixels_of`. `alt` is required unless the image is a Picture already. A matplotlib
    figure is drawn at twice the screen's resolution and closed. Raises TypeError or ValueError as there.

    >>> import torch
    >>> from lecturelib.show import picture
    >>> picture(torch.zeros(1, 4, 6), alt="A black rectangle.")
    <Picture 6 x 4: A black rectangle.>
    """
    if isinstance(image, Picture):
        given: dict[str, Any] = {"alt": alt, "caption": caption, "width": width}
        return replace(image, **{name: value for name, value in given.items() if value is not None})
    if alt is None:
        raise TypeError("alt is missing: show(image, alt='what the picture shows')")
    check_words(alt, caption or "")
    if isinstance(image, str):
        return Picture(image, alt, caption or "", width)
    if hasattr(image, "savefig"):
        pixels, natural = figure_pixels(image)
        return Picture(pixels, alt, caption or "", width or natural)
    return Picture(pixels_of(image), alt, caption or "", width)


def show(image: object, alt: str | None = None, width: int | None = None, caption: str | None = None) -> None:
    """Shows a picture in the notebook as an HTML <img> with its alt text, which exports keep.

    Takes what `picture` takes; `width` is in CSS pixels. Raises TypeError or ValueError as `picture` does.

    >>> import contextlib, io, torch
    >>> from lecturelib.show import show
    >>> with contextlib.redirect_stdout(io.StringIO()) as said:  # without a notebook, the text is printed
    ...     show(torch.zeros(1, 2, 2), alt="A black square.")
    >>> "A black square." in said.getvalue()
    True
    """
    shown = picture(image, alt, caption, width)
    from IPython.display import display

    display({"text/html": shown.html(), "text/plain": repr(shown)}, raw=True)


def save(image: object, path: str | Path, alt: str | None = None) -> Path:
    """Writes a picture to a .png, .svg or .pdf file and returns its path; the alt text goes into the file.

    A matplotlib figure keeps its lines as lines in SVG and PDF; pixels stay lossless in all three. Raises
    ValueError for another ending, or for an SVG picture as PNG or PDF.

    >>> import tempfile, torch
    >>> from lecturelib.show import save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(torch.zeros(1, 2, 2), f"{folder}/black.png", alt="A black square.").name
    'black.png'
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in (".png", ".svg", ".pdf"):
        raise ValueError(f"save: {path.name!r} must end in .png, .svg or .pdf")
    if hasattr(image, "savefig") and ending != ".png":
        if alt is not None:
            check_words(alt)
        image.savefig(path, metadata={"Title": prepared_text(alt)} if alt else None)
        return path
    made = picture(image, alt)
    if ending == ".png":
        path.write_bytes(encode_png(made.raster, description=made.alt))
    elif ending == ".svg":
        path.write_text(made.svg if made.svg is not None else _svg_around(made), encoding="utf-8")
    else:
        _write_pdf(made, path)
    return path


def _svg_around(made: Picture) -> str:
    height, width = made.raster.shape[:2]
    edges = ' style="image-rendering:pixelated"' if made.pixelated else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{made.display_width}" '
        f'viewBox="0 0 {width} {height}" role="img"><title>{escaped(made.alt)}</title>'
        f'<image width="{width}" height="{height}" href="{made.src()}"{edges}/></svg>'
    )


def _write_pdf(made: Picture, path: Path) -> None:
    # Pillow would store the pixels as JPEG in a PDF; matplotlib keeps them exactly.
    from matplotlib.figure import Figure

    height, width = made.raster.shape[:2]
    inches = (made.display_width or width) / 96
    sheet = Figure(figsize=(inches, inches * height / width))
    axes = sheet.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.imshow(made.pixels, interpolation="none", aspect="auto")
    sheet.savefig(path, format="pdf", metadata={"Title": made.alt})
