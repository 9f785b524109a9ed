"""Shipped pictures of part 6: each frame with its settings, its seed, and the numbers measured on it.

`scripts/make_frames.py` makes them, `data/optimization_frames.zip` holds them (WebP files and one index), and the
explorables of part 6 show them at once and go on from them.
"""

import io
import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from torch import Tensor

from lecturelib import assets
from lecturelib.checks import UnknownName, check_name, complaint
from lecturelib.images import load_image

FILE = "optimization_frames.zip"
INDEX = "index.json"


@dataclass(frozen=True, eq=False)
class Frame:
    """One shipped picture: `image` (1, 3, H, W) in [0, 1], the settings it is asked by, and what was measured.

    `numbers` were read from the picture before it was compressed; `seed` and `steps` make it again.
    """

    series: str
    settings: dict[str, Any]
    numbers: dict[str, float] = field(repr=False)
    seed: int
    steps: int
    member: str = field(repr=False)

    @property
    def image(self) -> Tensor:
        return _image(self.member).clone()


def series() -> tuple[str, ...]:
    """Names of the series that are shipped: "class_image", "regularizer_comparison", "dream" ..."""
    return tuple(_index())


def frames(name: str) -> tuple[Frame, ...]:
    """All frames of a series, in the order they were made; `UnknownName` for a series that is not shipped.

    >>> len(frames("nine"))
    9
    """
    check_name("name", name, _index(), "series of frames")
    return _index()[name]


def options(name: str, setting: str) -> tuple:
    """The values of one setting in a series, in the order they were made."""
    found = dict.fromkeys(frame.settings[setting] for frame in frames(name) if setting in frame.settings)
    if not found:
        raise UnknownName(
            complaint("setting", f"one of {', '.join(frames(name)[0].settings)} for {name}", repr(setting))
        )
    return tuple(found)


def frame(name: str, **settings: object) -> Frame:
    """The one frame of a series with these settings.

    Raises `UnknownName` where none has them, with the values that there are; `ValueError` where several have.

    >>> frame("inversion", layer="conv3", lam=2).image.shape
    torch.Size([1, 3, 224, 224])
    """
    for key, value in settings.items():
        if value not in options(name, key):
            there = ", ".join(map(str, options(name, key)))
            raise UnknownName(complaint(key, f"one of {there} for {name}", repr(value)))
    fit = [f for f in frames(name) if all(f.settings.get(key) == value for key, value in settings.items())]
    if len(fit) > 1:
        open_keys = ", ".join(key for key in fit[0].settings if key not in settings)
        came = f"{settings}, which {len(fit)} frames have"
        raise ValueError(
            complaint("settings", f"those of one frame of {name}", came, f"name also {open_keys}")
        )
    if not fit:
        raise UnknownName(complaint("settings", f"those of one frame of {name}", f"{settings} together"))
    return fit[0]


@lru_cache(maxsize=1)
def _index() -> dict[str, tuple[Frame, ...]]:
    made = json.loads(assets.shipped_member(FILE, INDEX))
    return {name: tuple(Frame(series=name, **entry) for entry in entries) for name, entries in made.items()}


@lru_cache(maxsize=128)
def _image(member: str) -> Tensor:
    return load_image(io.BytesIO(assets.shipped_member(FILE, member)).getvalue())
