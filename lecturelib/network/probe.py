"""One silent pass through a network tells what all else asks for: which layers run, in which order, and what they see.

It runs once for each network and size of image, on the picture that is at hand, on a copy of the network without
anybody's hooks, with autograd on; the network's state and the random numbers stay as they are.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from lecturelib.checks import UnknownName, complaint
from lecturelib.network.field_tracker import FieldTracker
from lecturelib.network.inputs import dtype_and_device
from lecturelib.network.layer_names import (
    OUTPUT,
    LayerInfo,
    LayerTable,
    Layout,
    check_model,
    resolve_layer,
    split_key,
    title_of,
    walk,
)
from lecturelib.network.outputs import kind_of, no_scores, scores_of
from lecturelib.network.quiet import PerNetwork, chance_outside_torch, has_hooks, trial, watched
from lecturelib.network.receptive_field_rules import Seen

Shape = tuple[int, ...]
SIZES_KEPT = 64  # shapes of images for which a network's layers are remembered
LARGEST_TRIED = 512  # px; a network that does not say its size is tried up to here


@dataclass
class Probe:
    """What one pass showed, for images of one shape (C, H, W)."""

    shape: Shape
    order: list[str] = field(
        default_factory=list
    )  # the names of the modules, in the order in which they begin
    infos: dict[tuple[str, int], LayerInfo] = field(
        default_factory=dict
    )  # as they end; those that return a tensor
    seen: dict[tuple[str, int], Seen | None] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)  # layers that return something else, and what
    failure: Exception | None = None  # what ended the pass early
    drawn: bool = False  # were random numbers drawn?
    pictured: bool = False  # was it a picture of the user's?
    checked: dict[str, Any] = field(default_factory=dict)  # units that were found to exist


_known = PerNetwork()


def probe(model: nn.Module, image_shape: Sequence[int] | None = None, picture: Tensor | None = None) -> Probe:
    """What a network does with images (C, H, W): remembered, or found by a silent pass.

    picture (B, C, H, W): an image to try it on, if there is one; else noise, for some networks fail on a constant
    image. Of a pass that ended early it knows the layers that ran. Raises `TypeError` for something that is no network,
    `ValueError` for a shape that is none, or a network without weights.
    """
    check_model(model)
    shape = image_shape_of(model, image_shape if picture is None else picture.shape[1:])
    known = _known.of(model)
    found: Probe | None = known.get(shape)
    if found is None or (found.failure is not None and picture is not None and not found.pictured):
        found = run(model, shape, picture)
        while len(known) >= SIZES_KEPT:
            known.pop(next(iter(known)), None)
        known[shape] = found
    return found


def image_shape_of(model: nn.Module, image_shape: Sequence[int] | None) -> tuple[int, ...]:
    """The shape of one input that was asked for, or (C, H, W) of the network's own size; `ValueError` without one."""
    if image_shape is None:
        size = getattr(model, "input_size", None)
        if size is None:
            what = f"None, and {title_of(model)} does not say its input size"
            hint = "pass it, or adapt the network first with models.adapt(network)"
            raise ValueError(complaint("image_shape", "(C, H, W)", what, hint))
        return (getattr(model, "channels", 3), size, size)
    shape = tuple(image_shape)
    if not shape or not all(isinstance(size, int) and size > 0 for size in shape):
        raise ValueError(complaint("image_shape", "(C, H, W), three whole numbers above 0", shape))
    return shape


def run(model: nn.Module, shape: tuple[int, ...], picture: Tensor | None = None) -> Probe:
    """A silent pass, not remembered. It is tried again without autograd, or with the network's hooks, if it must be."""
    device, dtype = dtype_and_device(model, picture)
    if picture is None:
        noise = torch.rand(1, *shape, generator=torch.Generator().manual_seed(0))
        images = noise.to(device, dtype)
    else:
        kind = dtype if picture.is_floating_point() else picture.dtype  # the numbers of tokens stay whole
        images = picture[:1].detach().to(device, kind, copy=True)
    found = _pass(model, images, gradient=True, hooks=False)
    for gradient, hooks in ((False, False), (True, True)):
        if found.failure is None or (hooks and not has_hooks(model)):
            break
        again = _pass(model, images, gradient, hooks)
        found = again if again.failure is None else found
    found.pictured = picture is not None
    return found


def _pass(model: nn.Module, images: Tensor, gradient: bool, hooks: bool) -> Probe:
    found = Probe(tuple(images.shape[1:]))
    aliases = {name: alias for alias, name in getattr(model, "aliases", {}).items()}
    calls: dict[str, int] = {}
    layout = Layout()

    def begin(name: str, module: nn.Module, inputs: tuple) -> None:
        if name not in calls:
            calls[name] = 0
            found.order.append(name)

    def end(name: str, module: nn.Module, output) -> None:
        call = calls[name]
        calls[name] += 1
        layout.after(module, output)
        tensor = scores_of(output) if name == OUTPUT else output
        if not isinstance(tensor, Tensor):
            found.others[name] = kind_of(output) if name != OUTPUT else no_scores(output)
            return
        found.seen[name, call] = tracker.seen(tensor)
        if tensor.ndim >= 2:
            kind = type(module).__name__ if name else "output"
            shape = tuple(tensor.shape[1:])
            last = layout.last and len(shape) == 3
            leaf = not module.__dict__.get("_modules")
            found.infos[name, call] = LayerInfo(name, aliases.get(name, ""), kind, shape, 1, last, leaf)

    with trial(model, images.device, hooks) as tried:
        with torch.inference_mode(False), torch.set_grad_enabled(gradient), watched(tried, begin, end):
            pixels = images.clone().requires_grad_(gradient and images.is_floating_point()).clone()
            tracker, before = FieldTracker(pixels), chance_outside_torch()
            try:
                with tracker:
                    output = tried(pixels)
            except Exception as failure:  # a network may refuse a size in any way; what it said goes along
                found.failure = _bare(failure)
        drawn = found.failure is None and (tracker.drawn or chance_outside_torch() != before)
        found.drawn = drawn and _differs(tried, images, scores_of(output))
    found.infos = {
        (name, call): replace(info, calls=calls[name]) for (name, call), info in found.infos.items()
    }
    if found.drawn:
        _say_that_it_draws(model)
    return found


def _bare(failure: Exception) -> Exception:
    """An error without the frames of its tracebacks, which would keep the network alive."""
    error: BaseException | None = failure
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
    return failure


def _differs(model: nn.Module, images: Tensor, first: Tensor | None) -> bool:
    """Does a second pass give other scores? Up to rounding."""
    if first is None:
        return False
    with torch.no_grad():
        try:
            second = scores_of(model(images.clone()))
        except Exception:
            return False
    return second is None or second.shape != first.shape or not alike(first, second)


def alike(one: Tensor, other: Tensor) -> bool:
    """Are two tensors the same up to rounding, measured by the largest value?"""
    one, other = one.detach(), other.detach()
    if not one.is_floating_point():
        return torch.equal(one, other)
    scale = torch.nan_to_num(other, posinf=0, neginf=0).abs().amax().item() if other.numel() else 0.0
    return torch.allclose(one, other, rtol=0, atol=scale * torch.finfo(one.dtype).eps ** 0.5, equal_nan=True)


_told = PerNetwork()


def _say_that_it_draws(model: nn.Module) -> None:
    told = _told.of(model)
    if not told:
        told["drawn"] = True
        warnings.warn(
            f"{title_of(model)} answers differently each time, also in eval mode (dropout or noise that is always on): "
            "two maps of one picture differ, and so do a map and a value read beside it",
            stacklevel=2,
        )


def list_units(model: nn.Module, image_shape: Sequence[int] | None = None) -> LayerTable:
    """List the layers of a network whose neurons and channels can be looked at, in the order in which they run.

    `image_shape` is (C, H, W); a house network knows its own. A layer that does not return one tensor is left out. Of a
    module that runs several times the first run is listed, with the number of its calls. Raises `ValueError` for a size
    that the network cannot take.

    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten())
    >>> print(list_units(net, (1, 6, 8)))
    layer  lecture  kind     output of one image  calls
    0               Conv2d   4 x 4 x 6            1
    1               ReLU     4 x 4 x 6            1
    2               Flatten  96                   1
                    output   96                   1
    """
    found = probe(model, image_shape)
    if found.failure is not None:
        raise ValueError(refusal(model, OUTPUT, found)) from found.failure
    return LayerTable(info for (_, call), info in found.infos.items() if call == 0)


def layer_info(
    model: nn.Module,
    name: str,
    image_shape: Sequence[int] | None = None,
    call: int = 0,
    picture: Tensor | None = None,
) -> LayerInfo:
    """Look up the `LayerInfo` of one call of a layer, by PyTorch's name or the lecture's alias.

    `image_shape` is (C, H, W), or a `picture` (B, C, H, W) is at hand. Raises `UnknownName` for a layer that did not
    run, `IndexError` for a call that did not happen, `TypeError` for a layer that does not return one tensor, and
    `ValueError` for a size with which the network does not come that far.

    >>> layer_info(nn.Sequential(nn.Conv2d(1, 4, (3, 1))), "0", (1, 6, 8)).shape
    (4, 4, 8)
    """
    name = resolve_layer(model, name)
    split_key((name, call))
    found = probe(model, image_shape, picture)
    if (name, call) in found.infos:
        return found.infos[name, call]
    raise not_there(model, name, call, found)


def not_there(model: nn.Module, name: str, call: int, found: Probe) -> Exception:
    """The error for a call of a layer that a pass did not show."""
    if name in found.others:
        if name == OUTPUT:
            return TypeError(found.others[name])
        hint = "ask for one of its submodules"
        return TypeError(
            complaint("layer", "one that returns a tensor", f"{name!r}: {found.others[name]}", hint)
        )
    if found.failure is not None:
        error = ValueError(refusal(model, name, found))
        error.__cause__ = found.failure
        return error
    first = found.infos.get((name, 0))
    if first is not None:
        label = f"{first.label or 'the output'} runs {first.calls} time(s)"
        return IndexError(complaint("call", f"0 to {first.calls - 1} ({label})", call))
    part = dict(walk(model)).get(name)
    why = (
        "runs as TorchScript, outside Python" if isinstance(part, torch.jit.ScriptModule) else "does not run"
    )
    return UnknownName(
        complaint("layer", "one that runs", f"{name!r}, which {why}", "choose one of list_units(model)")
    )


def refusal(model: nn.Module, layer: str, found: Probe) -> str:
    """The sentence for a pass that ended before a layer: which size works, if it is the size, and what was said."""
    shape, said = found.shape, f"it says {type(found.failure).__name__}: {found.failure}"
    place = (
        f"up to {layer!r} of {title_of(model)}"
        if layer != OUTPUT
        else f"up to the output of {title_of(model)}"
    )
    came = "an input of " + " x ".join(map(str, shape))
    own = getattr(model, "input_size", None)
    if len(shape) != 3:
        return complaint("inputs", f"a shape that goes {place}", f"{came} ({said})")
    tries = (
        [own] if own else [size for size in (2 * max(shape[1:]), 224, LARGEST_TRIED) if size > max(shape[1:])]
    )
    works = next((size for size in tries if _reaches(model, layer, (shape[0], size, size))), None)
    if works is None:  # it is not the size
        return complaint("images", f"images that go {place}", f"{came} ({said})")
    low, high = min(shape[1:]), works
    if low >= works or (own and not _reaches(model, layer, (shape[0], own - 1, own - 1))):
        hint = f"images.fit(image, {works}) brings a picture there ({said})"
        return complaint("images", f"{works} x {works} px {place}", came, hint)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _reaches(model, layer, (shape[0], middle, middle)) else (middle, high)
    usual = f"{own} x {own} px are usual; " if own else ""
    return complaint("images", f"at least {high} x {high} px {place}", came, f"{usual}{said}")


def _reaches(model: nn.Module, layer: str, shape: Shape) -> bool:
    return any(name == layer for name, _ in run(model, shape).infos)
