"""Many images through a network, in batches: what a search for pictures and a map of codes have in common."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import prod

import torch
from torch import Tensor, nn

from lecturelib.checks import check_images
from lecturelib.network.hooks import Activations, frozen, list_units, recording
from lecturelib.network.inputs import as_the_model_takes, to_the_weights
from lecturelib.network.layer_names import resolve_layer
from lecturelib.network.receptive_field import check_size, takes
from lecturelib.network.units import Unit

Shape = tuple[int, int, int]
Images = Tensor | Sequence  # (N, C, H, W), or anything with len() whose slices are such tensors (PhotoCrops)
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
        raise TypeError(
            f"images: a tensor (N, C, H, W) of floats in [0, 1] or photo_crops(...) is needed, "
            f"got {type(images).__name__}"
        )
    if not isinstance(images, Tensor) and len(images) == 0:
        raise ValueError("images: there is no crop to look at")
    first = images if isinstance(images, Tensor) else images[0:1]
    check_images(first, model)
    return tuple(to_the_weights(first[:1], model).shape[1:])


def checked_unit(model: nn.Module, unit: Unit, shape: Shape) -> Unit:
    """The unit with names resolved, for images (C, H, W); `ValueError` if they are too small to reach it."""
    if not isinstance(unit, Unit):
        raise TypeError(f"unit: a Channel, Neuron, Logit, ... is needed, got {type(unit).__name__} {unit!r}")
    check_size(model, unit.layer, shape)
    # A LeNet's head takes one size only, its convolutions any: then the unit is checked at the network's own.
    return unit.check(model, shape if takes(model, shape) else None)


def layer_sizes(model: nn.Module, shape: Shape) -> dict[str, int]:
    """How many numbers each layer gives for one image (C, H, W), by layer, in the order in which they run.

    Where the head does not take this size, estimated by area from the network's own size.
    """
    known = takes(model, shape)
    table = list_units(model, shape if known else None)
    area = 1.0 if known else shape[1] * shape[2] / model.input_size**2
    return {info.name: round(prod(info.shape) * area) for info in table}


def batch_size_for(model: nn.Module, layer: str, shape: Shape) -> int:
    """How many images (C, H, W) to run at once: the largest activation stays at 32 MiB, 64 images at most."""
    layer, largest = resolve_layer(model, layer), prod(shape)
    for name, size in layer_sizes(model, shape).items():
        largest = max(largest, size)
        if name == layer:
            break
    return max(1, min(LARGEST_BATCH, CACHE_FRIENDLY // (4 * largest)))


def check_batch_size(batch_size: int | None, model: nn.Module, layer: str, shape: Shape) -> int:
    """The batch size that was asked for, or a good one; `ValueError` below 1."""
    if batch_size is None:
        return batch_size_for(model, layer, shape)
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(f"batch_size: a whole number above 0 is needed, got {batch_size!r}")
    return batch_size


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
        batch = images[first : first + size]
        # a tensor was checked as a whole before
        batch = (to_the_weights if isinstance(images, Tensor) else as_the_model_takes)(batch, model)
        # `to`, not `contiguous`: for one grey channel the latter finds nothing to do, and a pass takes 5 times longer
        yield first, batch.to(memory_format=torch.channels_last)
        if progress is not None:
            progress(min(first + size, len(images)), len(images))


def channels_last(images: Tensor) -> Tensor:
    """A copy of (B, C, H, W) laid out pixel by pixel, which is 1.2-2.3 times as quick on a CPU.

    `.contiguous(memory_format=...)` leaves a grey image as it is: with one channel both layouts look alike, but
    convolutions choose by the strides.
    """
    return torch.empty_like(images, memory_format=torch.channels_last).copy_(images)
