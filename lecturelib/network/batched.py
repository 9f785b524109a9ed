"""Many images through a network, in batches: what a search for pictures and a map of codes have in common."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from typing import Protocol

import torch
from torch import Tensor, nn

from lecturelib.checks import check_images, check_whole, complaint, described
from lecturelib.network.batch_effects import independent
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import Activations, recording
from lecturelib.network.inputs import as_the_model_takes, to_the_weights
from lecturelib.network.layer_names import resolve_layer
from lecturelib.network.probe import list_units
from lecturelib.network.receptive_field import takes

Shape = tuple[int, ...]


class ImageSlices(Protocol):
    """Images that are cut when indexed, such as `photo_crops`."""

    def __len__(self) -> int: ...

    def __getitem__(self, which: slice, /) -> Tensor: ...


Images = (
    Tensor | ImageSlices
)  # (N, C, H, W), or anything with len() whose slices are such tensors (PhotoCrops)
Progress = Callable[[int, int], None]  # told (images done, images in all) after every batch

CACHE_FRIENDLY = 32 * 2**20  # bytes: glibc maps and unmaps anything larger on every operation
LARGEST_BATCH = 64  # more is no faster, and slower for networks of 28 px (`make bench`)


def check_many(images: Images, model: nn.Module) -> Shape:
    """(C, H, W) of the images; raises if there are none or they are not pixels for this model.

    Lazily cut crops are looked at one by one as they come; here only the first.
    """
    if not isinstance(images, Tensor) and not (
        hasattr(images, "__len__") and hasattr(images, "suppress_overlaps")
    ):
        expected = "a tensor (N, C, H, W) of floats in [0, 1], or photo_crops(...)"
        raise TypeError(complaint("images", expected, described(images)))
    if not isinstance(images, Tensor) and len(images) == 0:
        raise ValueError(complaint("images", "at least one crop", "none"))
    first: Tensor = images if isinstance(images, Tensor) else images[0:1]
    check_images(first, model)
    return tuple(to_the_weights(first[:1], model).shape[1:])


def layer_sizes(model: nn.Module, shape: Shape) -> dict[str, int]:
    """How many numbers each layer gives for one image (C, H, W), by layer, in the order in which they run.

    Where the head does not take this size, estimated by area from the network's own size.
    """
    known = takes(model, shape)
    table = list_units(model, shape if known else None)
    area = 1.0 if known else shape[1] * shape[2] / getattr(model, "input_size", shape[-1]) ** 2
    return {info.name: round(prod(info.shape) * area) for info in table}


def batch_size_for(model: nn.Module, layer: str, shape: Shape) -> int:
    """How many images (C, H, W) to run at once: the largest activation stays at 32 MiB, 64 images at most.

    One, where the pictures of a batch influence one another.

    >>> batch_size_for(nn.Sequential(nn.Conv2d(1, 2, 3)), "0", (1, 8, 8))
    64
    """
    if not independent(model, shape):
        return 1
    layer, largest = resolve_layer(model, layer), prod(shape)
    for name, size in layer_sizes(model, shape).items():
        largest = max(largest, size)
        if name == layer:
            break
    return max(1, min(LARGEST_BATCH, CACHE_FRIENDLY // (4 * largest)))


def check_batch_size(batch_size: int | None, model: nn.Module, layer: str, shape: Shape) -> int:
    """The batch size that was asked for, or a good one; `ValueError` below 1.

    It is 1 whatever was asked for where the pictures of a batch influence one another (`independent` says so).

    >>> check_batch_size(5, nn.Sequential(nn.Conv2d(1, 2, 3)), "0", (1, 8, 8))
    5
    """
    if batch_size is None:
        return batch_size_for(model, layer, shape)
    batch_size = check_whole("batch_size", batch_size, 1)
    return batch_size if independent(model, shape) else 1


@contextmanager
def looking(model: nn.Module, keys: list[tuple[str, int]]) -> Iterator[Activations]:
    """A recording in eval mode and inference mode: nothing but reading happens inside the `with`."""
    with frozen(model), torch.inference_mode(), recording(model, keys) as acts:
        yield acts


def batches(
    model: nn.Module, images: Images, size: int, progress: Progress | None = None
) -> Iterator[tuple[int, Tensor]]:
    """Yields (index of its first image, batch): as the model takes it, channels last, worth 1.2-2.3x on a CPU."""
    for first in range(0, len(images), size):
        batch: Tensor = images[first : first + size]
        # a tensor was checked as a whole before
        batch = (to_the_weights if isinstance(images, Tensor) else as_the_model_takes)(batch, model)
        # `to`, not `contiguous`: for one grey channel the latter finds nothing to do, and a pass takes 5 times longer
        yield first, batch.to(memory_format=torch.channels_last)
        if progress is not None:
            progress(min(first + size, len(images)), len(images))
