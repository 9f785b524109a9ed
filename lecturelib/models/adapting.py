"""Your own network beside those of the course."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Real

import torch
from torch import Tensor, nn

from lecturelib.checks import check_whole, complaint, described
from lecturelib.models.pixel_model import IMAGENET_MEAN, IMAGENET_STD, PixelModel


def adapt(
    network: nn.Module,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    classes: Sequence[str] = (),
    name: str = "",
    input_size: int = 224,
    aliases: Mapping[str, str] | None = None,
    output: Callable[[object], Tensor] | None = None,
) -> PixelModel:
    """Wrap your own network, or one of torchvision's, so that it takes pixels in [0, 1]: network((x - mean) / std).

    `mean` and `std` are those it was trained with, one number per color channel (1 or 3 of them). Its layer names stay
    as they are, and nothing of it is changed. `output` picks the scores (B, classes) out of what it returns, where that
    is not one tensor: `output=lambda out: out.logits`. Raises `TypeError` for something that is no network or no
    numbers, `ValueError` for numbers that do not fit.

    >>> import torch
    >>> net = adapt(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), (0.5,) * 3, (0.5,) * 3, input_size=2)
    >>> net(torch.rand(4, 3, 2, 2)).shape
    torch.Size([4, 2])
    """
    if not isinstance(network, nn.Module):
        raise TypeError(complaint("network", "a torch.nn.Module", described(network)))
    if isinstance(network, PixelModel):
        came = f"{network.name}, which already takes pixels and normalizes them"
        raise TypeError(complaint("network", "a network without this wrapper", came, "use it as it is"))
    check_whole("input_size", input_size, 1)
    mean, std = _numbers("mean", mean), _numbers("std", std)
    name = name or type(network).__name__
    with torch.inference_mode(False):  # mean and std made inside it could not take part in a gradient
        return PixelModel(
            network,
            mean,
            std,
            name=name,
            classes=classes,
            input_size=input_size,
            aliases=aliases,
            output=output,
        )


def _numbers(what: str, values: Sequence[float]) -> tuple[float, ...]:
    listed = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(listed, tuple | list) or not all(isinstance(n, Real) for n in listed):
        expected = "one number per color channel, (0.5, 0.5, 0.5), or (0.5,) for grey"
        raise TypeError(complaint(what, expected, described(values)))
    return tuple(listed)
