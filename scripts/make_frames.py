"""Make data/optimization_frames.zip: the pictures of part 6 that take too long for a lesson.

    python scripts/make_frames.py                 all series, about 20 minutes of one core
    python scripts/make_frames.py regularizer_comparison nine    these again, the others as they are

Each frame is one ascent with one thread and the seed named here, by the recipe of the explorable that shows it; its
numbers are read from the picture before it is packed as WebP. The card data/optimization_frames.md is written with it.
"""

import argparse
import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from lecturelib.assets.shipped import write_checksums
from lecturelib.files import write_whole
from lecturelib.images import photo
from lecturelib.network.units import Channel, Logit, read
from lecturelib.optimization import claims_inversion, shipped_frames
from lecturelib.optimization.ascent import maximize
from lecturelib.optimization.channel_pictures import LARGE, LARGE_STEPS
from lecturelib.optimization.deep_prior import iter_denoise, psnr, with_noise
from lecturelib.optimization.explore import (
    class_images,
    deep_dream,
    deep_prior,
    inversions,
    regularizer_comparison,
    starts,
)
from lecturelib.optimization.inversion import inversion_error
from lecturelib.optimization.regularizer_comparison import (
    REGULARIZATIONS,
    high_frequency_share,
    maximize_with,
    under_jitter,
)
from lecturelib.show import pixels_of
from lecturelib.widgets import common_controls

DATA = Path(__file__).resolve().parent.parent / "data"
SEED = 0
QUALITY = 84  # of WebP; photos look untouched at it
LOSSLESS = ("deep_prior",)  # packing with loss takes noise away, and here the noise is what is shown
CLASS_STEPS = 256
VGG_STEPS = 64
FEATURES = {  # network -> layer -> channels: four that the lesson shows, then prepared settings of explorables
    "alexnet": {
        "conv2": (3, 27, 51, 75),
        "conv3": (5, 125, 165, 325, 110),
        "conv4": (106, 158, 184, 236, 192, 131),
        "conv5": (26, 48, 202, 224, 55, 219),
    },
    "vgg16": {"conv3_3": (98,), "conv4_3": (60, 200), "conv5_1": (40,)},
}

# settings, picture (1, 3, H, W), numbers, steps
Made = tuple[dict, Tensor, dict[str, float], int]


def features() -> Iterator[Made]:
    """Channels of several depths: AlexNet's after their ReLU and large, VGG16's by `maximize` as it is."""
    for network, layers in FEATURES.items():
        model, large = common_controls.network(network), network == "alexnet"
        steps, how = (LARGE_STEPS, LARGE) if large else (VGG_STEPS, {"size": 128})
        for layer, channels in layers.items():
            for channel in channels:
                unit = Channel(layer.replace("conv", "relu") if large else layer, channel)
                step = maximize(model, unit, steps=steps, seed=SEED, **how)
                numbers = {"value": read(model, step.image, unit).item()}
                yield {"network": network, "layer": layer, "channel": channel}, step.image, numbers, steps


def class_image() -> Iterator[Made]:
    """Class images with more and less of each penalty; λ = 0 is one picture for both that change pixels."""
    model = common_controls.network(class_images.MAKER)
    plain: dict[str, Made] = {}
    for name in class_images.CLASSES:
        for recipe in class_images.RECIPES:
            for lam in class_images.lambdas(name, recipe):
                settings = {"class_name": name, "recipe": recipe, "lam": lam}
                if lam == 0 and class_images.on_pixels(recipe) and name in plain:
                    yield settings, *plain[name][1:]
                    continue
                steps = class_images.STATISTICS_STEPS if recipe == class_images.STATISTICS else CLASS_STEPS
                *_, step = class_images.iter_class_image(name, recipe, lam, steps=steps, seed=SEED)
                numbers = {"score": read(model, step.image, Logit(name)).item()}
                made = settings, step.image, numbers, steps
                if lam == 0 and class_images.on_pixels(recipe):
                    plain[name] = made
                yield made


def regularizer_frames() -> Iterator[Made]:
    """Every unit under every regularization."""
    model = common_controls.network(regularizer_comparison.NETWORK)
    for label, unit in regularizer_comparison.UNITS.items():
        for name in REGULARIZATIONS:
            settings = {"size": regularizer_comparison.SIZE, "steps": regularizer_comparison.STEPS}
            image = maximize_with(model, unit, name, seed=SEED, **settings).image
            numbers = {
                "value": read(model, image, unit).item(),
                "moved": under_jitter(model, image, unit),
                "fine": high_frequency_share(image).item(),
            }
            yield {"unit": label, "regularization": name}, image, numbers, regularizer_comparison.STEPS


def dream() -> Iterator[Made]:
    """The photos at 512 pixels, and noise at 320; VGG16 on one photo only."""
    for picture, layers, size, octaves, steps in deep_dream.SHIPPED:
        for layer in layers:
            start = picture if picture == deep_dream.NOISE else deep_dream.photo_for(picture, size)
            *_, step = deep_dream.iter_dream(layer, start, octaves, steps, size)
            settings = {"layer": layer, "picture": picture, "octaves": octaves, "steps": steps}
            yield settings, step.image, {"value": step.value.item()}, step.total


def inversion() -> Iterator[Made]:
    """The astronaut's face from every layer."""
    model, picture = common_controls.network(inversions.NETWORK), "astronaut"
    photo = inversions.face(picture)
    for layer in inversions.LAYERS:
        for lam in inversions.LAMBDAS:
            *_, step = inversions.iter_inversion(photo, layer, lam)
            error = inversion_error(model, layer, step.image, photo)
            numbers = {
                "feature_error": error.feature,
                "pixel_error": error.pixel,
                "baseline": error.baseline,
            }
            yield {"picture": picture, "layer": layer, "lam": lam}, step.image, numbers, inversions.STEPS


def protocol() -> Iterator[Made]:
    """The photos of C13 from some layers, by its protocol."""
    model, names = common_controls.network(inversions.NETWORK), claims_inversion.PHOTOS
    originals = torch.cat([photo(name, model.input_size) for name in names])
    for layer in ("conv4", "conv5", "fc6"):
        weight, steps = claims_inversion.WEIGHTS[layer], claims_inversion.STEPS
        found = claims_inversion.reconstruct(model, layer, originals, weight, steps, SEED)
        pixel, _, _ = claims_inversion.pixel_errors(model, layer, found, originals)
        seen = claims_inversion.perceptual_errors(found, originals)
        for k, name in enumerate(names):
            numbers = {"pixel": pixel[k].item(), "perceptual": seen[k].item()}
            yield {"picture": name, "layer": layer}, found[k : k + 1], numbers, steps


def nine() -> Iterator[Made]:
    """Sheets of nine, with less and more diversity."""
    for unit in starts.UNITS:
        for weight in starts.WEIGHTS:
            *_, step = starts.iter_nine_starts(unit, weight, seed=SEED)
            numbers = {
                "value": step.value.mean().item(),
                "alike": starts.alikeness(step.image, starts.UNITS[unit].layer),
            }
            yield {"unit": unit, "weight": weight}, starts.as_sheet(step.image), numbers, starts.STEPS


def prior_frames() -> Iterator[Made]:
    """An untrained network's fit to a noisy photo after some steps, with the decibels on the way there."""
    clean, last = photo(deep_prior.PHOTO, deep_prior.SIZE), deep_prior.AFTER[-1]
    numbers: dict[str, float] = {"noisy": psnr(with_noise(clean), clean)}
    for step in iter_denoise(with_noise(clean), last, seed=SEED):
        pictures = {"output": step.image, "mean": step.mean}
        for shown, image in pictures.items():
            if step.step % deep_prior.EVERY == 0:
                numbers[f"{shown}_{step.step}"] = psnr(image, clean)
        if step.step in deep_prior.AFTER:
            for shown, image in pictures.items():
                yield {"shown": shown, "after": step.step}, image, dict(numbers), step.step


SERIES: dict[str, Callable[[], Iterator[Made]]] = {
    "feature": features,
    "class_image": class_image,
    "regularizer_comparison": regularizer_frames,
    "dream": dream,
    "inversion": inversion,
    "protocol": protocol,
    "nine": nine,
    "deep_prior": prior_frames,
}


def packed(image: Tensor, lossless: bool = False) -> bytes:
    """A picture as a WebP file."""
    stream = io.BytesIO()
    Image.fromarray(pixels_of(image)).save(stream, "WEBP", quality=QUALITY, method=6, lossless=lossless)
    return stream.getvalue()


def make(name: str) -> tuple[list[dict], dict[str, bytes]]:
    """The index entries and files of one series."""
    entries, files, members, began = [], {}, {}, time.process_time()
    for settings, image, numbers, steps in SERIES[name]():
        content = packed(image, name in LOSSLESS)
        member = members.setdefault(
            content, f"{name}/{len(files):03d}.webp"
        )  # equal pictures are stored once
        files[member] = content
        rounded = {key: round(value, 4) for key, value in numbers.items()}
        entries.append(
            {"settings": settings, "numbers": rounded, "seed": SEED, "steps": steps, "member": member}
        )
        print(f"{name} {settings} {rounded} {time.process_time() - began:.0f} s", flush=True)
    return entries, files


def kept(path: Path) -> tuple[dict, dict[str, bytes]]:
    """What an earlier run made."""
    if not path.exists():
        return {}, {}
    with zipfile.ZipFile(path) as archive:
        files = {
            member: archive.read(member) for member in archive.namelist() if member != shipped_frames.INDEX
        }
        return json.loads(archive.read(shipped_frames.INDEX)), files


def write(path: Path, index: dict, files: dict[str, bytes]) -> None:
    """The zip, the same bytes for the same pictures, and its card."""
    members = {shipped_frames.INDEX: json.dumps(index, ensure_ascii=False, indent=0).encode(), **files}
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            entry = zipfile.ZipInfo(member)  # dated 1980: a date of today would change the file
            entry.compress_type = (
                zipfile.ZIP_DEFLATED if member == shipped_frames.INDEX else zipfile.ZIP_STORED
            )
            archive.writestr(entry, content)
    write_checksums()
    counts = ", ".join(f"{len(entries)} {name}" for name, entries in index.items())
    size, digest = path.stat().st_size / 1e6, hashlib.sha256(path.read_bytes()).hexdigest()
    write_whole(
        path.with_suffix(".md"),
        CARD.format(
            counts=counts, seed=SEED, torch=torch.__version__, size=size, file=path.name, digest=digest
        ),
    )
    print(f"{path.name}: {size:.2f} MB, {counts}")


CARD = """\
# optimization_frames

Pictures of part 6 that were optimized beforehand: {counts}. `index.json` inside names for each its settings, its seed,
its steps, and the numbers read from it (the unit's value, scores, errors) before it was packed as WebP.

* How made: `python scripts/make_frames.py`, seed {seed}, one thread, PyTorch {torch}. Other processors give
  pictures that differ in detail.
* Networks: `alexnet`, `vgg16`, `efficientnet_lite0` as `lecturelib.models.load` gives them.
* Photos they start from, or were found again from: `temple`, `flower` (scikit-learn, CC BY 2.0), `astronaut` (NASA,
  public domain), `cat` (scikit-image, CC0); the dreams of the first two are adaptations of them.
* License: that of this project, for the dreams of `temple` and `flower` CC BY 2.0 as for their photos.
* file: `{file}`, {size:.2f} MB, sha256 {digest}
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("series", nargs="*", help=f"some of {', '.join(SERIES)}; all by default")
    options.add_argument("--out", type=Path, default=DATA / shipped_frames.FILE)
    asked = options.parse_args()
    if unknown := set(asked.series) - set(SERIES):
        options.error(f"no series {', '.join(sorted(unknown))}; there are {', '.join(SERIES)}")
    torch.set_num_threads(1)
    for name in asked.series or SERIES:
        entries, files = make(name)
        index, old = kept(asked.out)
        index[name] = entries
        old = {member: content for member, content in old.items() if not member.startswith(f"{name}/")}
        index = {key: index[key] for key in SERIES if key in index}
        write(asked.out, index, {**old, **files})


if __name__ == "__main__":
    main()
