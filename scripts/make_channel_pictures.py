"""Make data/channel_pictures.zip: what every channel of AlexNet's convolutions wants to see.

    python scripts/make_channel_pictures.py                 every layer, a quarter of an hour of one core
    python scripts/make_channel_pictures.py conv1 conv5     these again, the others as they are

Each layer becomes one WebP sheet of tiles, channel by channel. A channel of conv1 is optimized after its ReLU: before
it, the mean of a linear filter over the map depends on little but the brightness, and gives a square of one color.
"""

import argparse
import hashlib
import io
import json
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image

from lecturelib import models
from lecturelib.assets.shipped import write_checksums
from lecturelib.files import write_whole
from lecturelib.network.units import Channel, read
from lecturelib.optimization.channel_pictures import FILE, INDEX, iter_channel_pictures
from lecturelib.optimization.regularizers import total_variation
from lecturelib.optimization.transforms import Transform, jitter, rotate, scale
from lecturelib.show import pixels_of, tiled

NETWORK, SEED, STEPS, QUALITY, SIDE, COLUMNS = "alexnet", 0, 64, 60, 80, 16
DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True)
class Recipe:
    """How the channels of a layer are optimized: at `size` px, `batch` at once; before or after their ReLU."""

    size: int
    after_relu: bool = False
    total_variation: float = 0.0
    transforms: tuple[Transform, ...] = (jitter(4), scale(0.95, 1.05), rotate(5))
    batch: int = 32

    def __str__(self) -> str:
        where = "after" if self.after_relu else "before"
        return f"{where} the ReLU, total variation {self.total_variation:g}"


RECIPES = {
    "conv1": Recipe(64, True, 5.0, (jitter(2), scale(0.9, 1.1), rotate(5)), 16),
    "conv2": Recipe(64),
    "conv3": Recipe(96),
    "conv4": Recipe(96),
    "conv5": Recipe(112),
}


def sheet(model, layer: str, channels: int) -> tuple[bytes, float, float]:
    """The WebP sheet of a layer, and the channels' mean value for noise and for their own picture."""
    tiles, before, after = [], [], []
    recipe = RECIPES[layer]
    asked = layer.replace("conv", "relu") if recipe.after_relu else layer
    penalties = [total_variation(recipe.total_variation)] if recipe.total_variation else []
    for first in range(0, channels, recipe.batch):
        chosen = range(first, min(first + recipe.batch, channels))
        run = iter_channel_pictures(
            model,
            asked,
            list(chosen),
            size=recipe.size,
            steps=STEPS,
            transforms=recipe.transforms,
            regularizers=penalties,
            seed=SEED + first,
        )
        start = next(run)
        *_, end = run
        for k, channel in enumerate(chosen):
            before.append(read(model, start.image[k : k + 1], Channel(asked, channel)).item())
            after.append(read(model, end.image[k : k + 1], Channel(asked, channel)).item())
        tiles.append(F.interpolate(end.image, size=(SIDE, SIDE), mode="bicubic", antialias=True).clamp(0, 1))
    stream = io.BytesIO()
    whole = tiled(torch.cat(tiles), COLUMNS, pad=0, alt="tiles")
    Image.fromarray(pixels_of(whole)).save(stream, "WEBP", quality=QUALITY, method=6)
    return stream.getvalue(), sum(before) / channels, sum(after) / channels


def kept(file: Path) -> tuple[dict, dict[str, bytes]]:
    """The index of what was made before, and its sheets by layer."""
    if not file.exists():
        return {}, {}
    with zipfile.ZipFile(file) as archive:
        index = json.loads(archive.read(INDEX))[NETWORK]
        return index, {layer: archive.read(f"{NETWORK}_{layer}.webp") for layer in index}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("layers", nargs="*", help=f"some of {', '.join(RECIPES)}; all by default")
    options.add_argument("--out", type=Path, default=DATA / FILE)
    asked = options.parse_args()
    if unknown := set(asked.layers) - set(RECIPES):
        options.error(f"no layer {', '.join(sorted(unknown))}; there are {', '.join(RECIPES)}")
    torch.set_num_threads(1)
    model, file, began = models.load(NETWORK), asked.out, time.process_time()
    index, sheets = kept(file)
    for layer in asked.layers or RECIPES:
        channels = model.get_submodule(model.aliases[layer]).out_channels
        sheets[layer], before, after = sheet(model, layer, channels)
        index[layer] = {
            "channels": channels,
            "side": SIDE,
            "optimized_at": RECIPES[layer].size,
            "steps": STEPS,
            "seed": SEED,
            "before": round(before, 2),
            "after": round(after, 2),
        }
        print(layer, index[layer], len(sheets[layer]), f"{time.process_time() - began:.0f} s", flush=True)
    index = {layer: index[layer] for layer in RECIPES if layer in index}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:

        def write(name: str, data: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)  # the same bytes every time

        for layer in index:
            write(f"{NETWORK}_{layer}.webp", sheets[layer])
        write(INDEX, json.dumps({NETWORK: index}, indent=1).encode())
    write_checksums()
    digest, megabytes = hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size / 1e6
    listed = "\n".join(
        f"  {layer}: {made['channels']} at {made['optimized_at']} px, {RECIPES[layer]}, mean activation "
        f"{made['before']:.2f} -> {made['after']:.2f}"
        for layer, made in index.items()
    )
    write_whole(
        file.with_suffix(".md"),
        f"""# channel_pictures

A picture of {SIDE} x {SIDE} px for every channel of AlexNet's five convolutions: what makes the mean of the channel
over its map large, optimized by us.

* How made: `python scripts/make_channel_pictures.py`: `channel_pictures` of `lecturelib.optimization`, Fourier
  parametrization, {STEPS} steps from noise (seed {SEED}), moved by up to 4 px (conv1 2), 5 degrees and 5% (conv1 10%)
  in every step; brought to {SIDE} px, one WebP sheet (quality {QUALITY}) per layer, {COLUMNS} tiles in a row, channel
  by channel.
* Channels, pixels that were optimized, and their mean activation, as optimized, for the first step and for the
  finished picture:
{listed}
* License: that of this project; made with torchvision's AlexNet weights (BSD-3-Clause).
* file: `{FILE}`, {megabytes:.2f} MB, sha256 {digest}
""",
    )


if __name__ == "__main__":
    main()
