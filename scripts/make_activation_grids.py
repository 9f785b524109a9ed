"""Make data/activation_grids.zip: what every place of AlexNet's conv4 and conv5 means, for the photos of the course.

    python scripts/make_activation_grids.py

A few minutes on 2 cores. Each grid becomes one WebP sheet of tiles, in the order of the map.
"""

import hashlib
import io
import json
import time
import zipfile
from pathlib import Path

import torch.nn.functional as F
from PIL import Image

from lecturelib import models
from lecturelib.assets.shipped import write_checksums
from lecturelib.files import write_whole
from lecturelib.images import photo
from lecturelib.optimization.activation_grid import FILE, activation_grid
from lecturelib.optimization.channel_pictures import INDEX
from lecturelib.show import pixels_of, tiled
from lecturelib.widgets import common_controls

NETWORK, LAYERS, SEED, STEPS, SIZE, SIDE, QUALITY = "alexnet", ("conv4", "conv5"), 0, 24, 64, 40, 60
RATE = 0.08  # learning rate: a few larger steps
DATA = Path(__file__).parents[1] / "data"


def sheet(model, name: str, layer: str) -> tuple[bytes, list[int]]:
    """The WebP sheet of a photo's grid, and its rows and columns."""
    image = photo(name, model.input_size)
    made = activation_grid(model, image, layer, size=SIZE, steps=STEPS, learning_rate=RATE, seed=SEED)
    rows, columns = made.strength.shape
    tiles = F.interpolate(made.pictures.flatten(0, 1), size=(SIDE, SIDE), mode="bicubic", antialias=True)
    stream = io.BytesIO()
    whole = tiled(tiles.clamp(0, 1), columns, pad=0, alt="tiles")
    Image.fromarray(pixels_of(whole)).save(stream, "WEBP", quality=QUALITY, method=6)
    return stream.getvalue(), [rows, columns]


def main() -> None:
    model = models.load(NETWORK)
    index, began = {}, time.perf_counter()
    file = DATA / FILE
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:

        def write(name: str, data: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)  # the same bytes every time

        for layer in LAYERS:
            for name in common_controls.SUBJECTS:
                made, cells = sheet(model, name, layer)
                write(f"{NETWORK}_{layer}_{name}.webp", made)
                index[f"{NETWORK}_{layer}_{name}"] = {
                    "cells": cells,
                    "side": SIDE,
                    "steps": STEPS,
                    "seed": SEED,
                }
                print(layer, name, len(made), f"{time.perf_counter() - began:.0f} s", flush=True)
        write(INDEX, json.dumps(index, indent=1).encode())
    write_checksums()
    digest, megabytes = hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size / 1e6
    write_whole(
        DATA / "activation_grids.md",
        f"""# activation_grids

A picture of {SIDE} x {SIDE} px for every place of AlexNet's {" and ".join(LAYERS)}, for the photos
{", ".join(common_controls.SUBJECTS)} (central square,
{model.input_size} px): the image that we optimized for the place's activation vector.

* How made: `python scripts/make_activation_grids.py`: `activation_grid` of `lecturelib.optimization`, every place by
  itself, Fourier parametrization, {STEPS} steps of {RATE} from noise (seed {SEED}) at {SIZE} px, brought to {SIDE} px;
  one WebP sheet (quality {QUALITY}) per photo and layer, row by row.
* License: that of this project; made with torchvision's AlexNet weights (BSD-3-Clause); what the photos are under
  stands in `lecturelib.images.PHOTOS`.
* file: `{FILE}`, {megabytes:.2f} MB, sha256 {digest}
""",
    )


if __name__ == "__main__":
    main()
