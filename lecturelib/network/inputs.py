"""What goes into a network: checked pixels, in the dtype and on the device of the layer that takes them."""

import contextlib

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from lecturelib.checks import check_images, complaint
from lecturelib.network.layer_names import own_buffers, own_parameters, title_of, walk
from lecturelib.network.quiet import PerNetwork, trial, watched


def as_the_model_takes(images: Tensor, model: nn.Module, name: str = "images") -> Tensor:
    """The images, checked by `check_images`, in the dtype and on the device that `dtype_and_device` says.

    Raises `ValueError` also for a model that has no weights yet, because it was built on the device "meta".

    >>> as_the_model_takes(torch.zeros(1, 3, 8, 8), nn.Conv2d(3, 1, 1).double()).dtype
    torch.float64
    """
    return to_the_weights(check_images(images, model, name), model)


def to_the_weights(images: Tensor, model: nn.Module) -> Tensor:
    """Images that were checked before, in the dtype and on the device that `dtype_and_device` says."""
    device, dtype = dtype_and_device(model, images)
    return images.to(device, dtype)


def dtype_and_device(model: nn.Module, like: Tensor | None = None) -> tuple[torch.device, torch.dtype]:
    """Where the pixels go, and as what: as the first floating-point weight of the first layer that takes them.

    Integer and complex weights do not count. Without a floating-point weight or buffer it is what `like` (a batch of
    images) has, or CPU and PyTorch's default. Raises `ValueError` for weights that hold no values: those of a network
    on the device "meta", and of a lazy layer that has not run.

    >>> dtype_and_device(nn.Conv2d(3, 1, 1).half())
    (device(type='cpu'), torch.float16)
    """
    kinds: set[tuple[torch.device, torch.dtype]] = set()
    for name, module in walk(model):
        for parameter in own_parameters(module):
            if is_lazy(parameter):
                what = f"the lazy layer {name!r} of {title_of(model)}, which has none yet"
                raise ValueError(
                    complaint("model", "weights", what, "run the network once on a batch of images")
                )
            if parameter.is_floating_point():
                kinds.add((parameter.device, parameter.dtype))
    if len(kinds) > 1:
        found = _of_the_first_layer(model, like)
    elif kinds:
        (found,) = kinds
    else:
        buffers = (buffer for _, module in walk(model) for buffer in own_buffers(module))
        first = next((buffer for buffer in buffers if buffer.is_floating_point()), like)
        found = (
            (first.device, first.dtype)
            if first is not None
            else (torch.device("cpu"), torch.get_default_dtype())
        )
    if found[0].type == "meta":
        what = f"only their shapes: {title_of(model)} was built on the device 'meta'"
        raise ValueError(
            complaint("model", "weights", what, "build it on the CPU, or load its weights first")
        )
    return found


class _Found(Exception):
    """Ends a pass at the first layer with weights of its own."""


# By network: which layer takes the pixels. Only asked where the weights are of several kinds.
_first: "PerNetwork" = PerNetwork()


def _of_the_first_layer(model: nn.Module, like: Tensor | None) -> tuple[torch.device, torch.dtype]:
    known = _first.of(model)
    if "name" not in known:
        known["name"] = _first_layer(model, like)
    weights = own_parameters(dict(walk(model))[known["name"]])
    first = next(weight for weight in weights if weight.is_floating_point())
    return first.device, first.dtype


def _first_layer(model: nn.Module, like: Tensor | None) -> str:
    """The first module without parts that runs and has a floating-point weight; found by a pass that ends there."""
    holders = [
        name for name, module in walk(model) if any(p.is_floating_point() for p in own_parameters(module))
    ]
    leaves = [name for name, module in walk(model) if name in holders and not module.__dict__.get("_modules")]
    if like is None:
        size = getattr(model, "input_size", 64)
        like = torch.zeros(1, getattr(model, "channels", 3), size, size)
    ran: list[str] = []

    def begin(name: str, module: nn.Module, inputs: tuple) -> None:
        if name in leaves:
            ran.append(name)
            raise _Found

    # It may end early in any way: what ran until then is known.
    with (
        trial(model, like.device) as tried,
        watched(tried, begin, lambda *_: None),
        torch.no_grad(),
        contextlib.suppress(Exception),
    ):
        tried(like[:1].clone())
    return (ran or leaves or holders)[0]


def channels_last(images: Tensor) -> Tensor:
    """A copy of (B, C, H, W) laid out pixel by pixel, which is 1.2-2.3 times as quick on a CPU.

    `.contiguous(memory_format=...)` leaves a grey image as it is: with one channel both layouts look alike, but
    convolutions choose by the strides.
    """
    return torch.empty_like(images, memory_format=torch.channels_last).copy_(images)
