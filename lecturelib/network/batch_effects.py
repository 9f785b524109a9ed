"""Do the pictures of a batch influence one another? Then only one at a time tells what the network does with each.

Batch normalization without running statistics, a deviation over the batch, a division by the largest value of all: in
such a network, also in eval mode, what is found for a picture depends on those that happen to stand beside it.
"""

import contextlib
import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lecturelib.network.inputs import dtype_and_device
from lecturelib.network.layer_names import OUTPUT, title_of, walk
from lecturelib.network.outputs import scores_of
from lecturelib.network.quiet import PerNetwork, has_hooks, trial, watched

# Each of these works on every picture by itself; what stands in a plain chain of them need not be tried out.
ALONE = (
    nn.Sequential, nn.Identity, nn.Linear, nn.Conv2d, nn.ConvTranspose2d, nn.MaxPool2d, nn.AvgPool2d,
    nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SiLU, nn.GELU,
    nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Dropout, nn.Dropout2d, nn.LayerNorm,
    nn.GroupNorm, nn.Upsample, nn.ZeroPad2d, nn.LocalResponseNorm,
)  # fmt: skip
LIBRARIES = ("lecturelib.models.", "torchvision.models.", "torchvision.ops.")  # read, and found to be so

# By layer and call: (B, 2), the mean and the root mean square per picture; None where an output has no row per picture
Statistics = dict[tuple[str, int], Tensor | None]

_known = PerNetwork()


def independent(model: nn.Module, image_shape: Sequence[int]) -> bool:
    """Whether each image (C, H, W) of a batch gets the same output as alone; found once for each network, by trying.

    Two unlike pictures, one faint and one of strong contrast, run alone and together; every layer is compared. Where
    they differ, a `UserWarning` says so once, and who runs batches takes one picture at a time.

    >>> independent(nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)), (1, 8, 8))
    True
    """
    known = _known.of(model)
    if "independent" not in known:
        known["independent"] = _is_known_to_be(model) or _tried(model, tuple(image_shape))
        if not known["independent"]:
            warnings.warn(
                f"{title_of(model)}: the pictures of a batch influence one another, also in eval mode (a normalization "
                "or a maximum over the batch); each picture is run alone, which takes longer",
                stacklevel=2,
            )
    return known["independent"]


def _is_known_to_be(model: nn.Module) -> bool:
    return not has_hooks(model) and all(_works_alone(module) for _, module in walk(model))


def _works_alone(module: nn.Module) -> bool:
    kind = type(module)
    if "forward" in module.__dict__:
        return False
    if isinstance(module, nn.modules.batchnorm._NormBase):
        return kind.__module__.startswith("torch.nn.modules.") and module.running_mean is not None
    if isinstance(module, nn.Flatten) and kind is nn.Flatten:
        return isinstance(module, nn.Flatten) and module.start_dim >= 1
    return kind in ALONE or kind.__module__.startswith(LIBRARIES)


def _tried(model: nn.Module, shape: tuple[int, ...]) -> bool:
    device, dtype = dtype_and_device(model)
    generator = torch.Generator().manual_seed(0)
    faint = 0.45 + 0.1 * torch.rand(1, *shape, generator=generator)
    strong = torch.rand(1, *shape, generator=generator).round()
    pictures = torch.cat([faint, strong]).to(device, dtype)
    with trial(model, device) as tried, torch.no_grad():
        alone = [_statistics(tried, pictures[i : i + 1]) for i in range(2)]
        together = _statistics(tried, pictures)
        rows = [{k: s if s is None else s[i : i + 1] for k, s in together.items()} for i in range(2)]
        agree = all(_agree(alone[i], rows[i], dtype) for i in range(2))
        # A network that draws random numbers answers differently in any case: that is another story.
        return agree or not _agree(alone[0], _statistics(tried, pictures[:1]), dtype)


def _statistics(model: nn.Module, pictures: Tensor) -> Statistics:
    found: Statistics = {}
    calls: dict[str, int] = {}

    def end(name: str, module: nn.Module, output) -> None:
        calls[name] = calls.get(name, -1) + 1
        values = scores_of(output) if name == OUTPUT else output
        if isinstance(values, Tensor) and values.is_floating_point() and values.ndim:
            # One row for all, as of a position embedding, is the same row for each.
            rows = len(values) in (1, len(pictures))
            found[name, calls[name]] = _sizes(values.detach()).expand(len(pictures), 2) if rows else None

    # It may end early in any way: what ran until then is known.
    with watched(model, lambda *_: None, end), contextlib.suppress(Exception):
        model(pictures.clone())
    return found


def _sizes(values: Tensor) -> Tensor:
    """The mean and the root mean square of each row, (B, 2)."""
    flat = values.flatten(1).double() if values.ndim > 1 else values[:, None].double()
    return torch.stack([flat.mean(1), flat.square().mean(1).sqrt()], 1)


def _agree(one: Statistics, other: Statistics, dtype: torch.dtype) -> bool:
    """The same layers with the same statistics, up to rounding measured by each layer's own size."""
    if one.keys() != other.keys():
        return False
    rounding = torch.finfo(dtype).eps ** 0.5
    for key, values in one.items():
        others = other[key]
        if values is None or others is None:
            continue
        scale = torch.nan_to_num(values, posinf=0).abs().max().item() or 1.0
        if not torch.allclose(values, others, rtol=0, atol=rounding * scale, equal_nan=True):
            return False
    return True
