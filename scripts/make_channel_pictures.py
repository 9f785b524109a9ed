"""Make data/channel_pictures.zip: what every channel of AlexNet's convolutions wants to see.

    python scripts/make_channel_pictures.py

A few minutes on 2 cores. Each layer becomes one WebP sheet of tiles, channel by channel.
"""

import hashlib
import io
import json
import time
import zipfile
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image

from lecturelib import models
from lecturelib.assets.shipped import write_checksums
from lecturelib.files import write_whole
from lecturelib.network.units import Channel, read
from lecturelib.optimization.channel_pictures import FILE, INDEX, iter_channel_pictures
from lecturelib.optimization.transforms import jitter, rotate, scale
from lecturelib.show import pixels_of, tiled

NETWORK, SEED, STEPS, BATCH, QUALITY, SIDE, COLUMNS = "alexnet", 0, 64, 32, 60, 80, 16
SIZES = {"conv1": 64, "conv2": 64, "conv3": 96, "conv4": 96, "conv5": 112}  # pixels that are optimized
TRANSFORMS = [jitter(4), scale(0.95, 1.05), rotate(5)]
DATA = Path(__file__).parents[1] / "data"


def sheet(model, layer: str, channels: int) -> tuple[bytes, float, float]:
    """The WebP sheet of a layer, and the channels' mean value for noise and for their own picture."""
    tiles, before, after = [], [], []
    for first in range(0, channels, BATCH):
        chosen = range(first, min(first + BATCH, channels))
        run = iter_channel_pictures(
            model,
            layer,
            list(chosen),
            size=SIZES[layer],
            steps=STEPS,
            transforms=TRANSFORMS,
            seed=SEED + first,
        )
        start = next(run)
        *_, end = run
        for k, channel in enumerate(chosen):
            before.append(read(model, start.image[k : k + 1], Channel(layer, channel)).item())
            after.append(read(model, end.image[k : k + 1], Channel(layer, channel)).item())
        tiles.append(F.interpolate(end.image, size=(SIDE, SIDE), mode="bicubic", antialias=True).clamp(0, 1))
    stream = io.BytesIO()
    whole = tiled(torch.cat(tiles), COLUMNS, pad=0, alt="tiles")
    Image.fromarray(pixels_of(whole)).save(stream, "WEBP", quality=QUALITY, method=6)
    return stream.getvalue(), sum(before) / channels, sum(after) / channels


def main() -> None:
    model = models.load(NETWORK)
    index, rows, began = {}, [], time.perf_counter()
    file = DATA / FILE
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:

        def write(name: str, data: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)  # the same bytes every time

        for layer, size in SIZES.items():
            channels = model.get_submodule(model.aliases[layer]).out_channels
            made, before, after = sheet(model, layer, channels)
            write(f"{NETWORK}_{layer}.webp", made)
            index[layer] = {
                "channels": channels,
                "side": SIDE,
                "optimized_at": size,
                "steps": STEPS,
                "seed": SEED,
            }
            rows.append(f"  {layer}: {channels} at {size} px, mean activation {before:.2f} -> {after:.2f}")
            print(rows[-1], len(made), f"{time.perf_counter() - began:.0f} s", flush=True)
        write(INDEX, json.dumps({NETWORK: index}, indent=1).encode())
    write_checksums()
    digest, megabytes = hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size / 1e6
    listed = "\n".join(rows)
    write_whole(
        DATA / "channel_pictures.md",
        f"""# channel_pictures

A picture of {SIDE} x {SIDE} px for every channel of AlexNet's five convolutions: what makes the mean of the channel
over its map large, optimized by us.

* How made: `python scripts/make_channel_pictures.py`: `channel_pictures` of `lecturelib.optimization`, Fourier
  parametrization, {STEPS} steps from noise (seed {SEED}), moved by up to 4 px, 5 degrees and 5% in every step;
  brought to {SIDE} px, one WebP sheet (quality {QUALITY}) per layer, {COLUMNS} tiles in a row, channel by channel.
* Channels, and their mean activation (before the ReLU) for the first step and for the finished picture:
{listed}
* License: that of this project; made with torchvision's AlexNet weights (BSD-3-Clause).
* file: `{FILE}`, {megabytes:.2f} MB, sha256 {digest}
""",
    )


if __name__ == "__main__":
    main()
