"""Grad-CAM: which places of a layer's map speak for a unit, in one pass whose backward part ends at that layer.

Selvaraju et al. 2017, "Grad-CAM: visual explanations from deep networks via gradient-based localization".
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lecturelib.checks import check_image, check_whole
from lecturelib.gradients.backprop import gradient_of, prepared, value_and_gradient
from lecturelib.network.hooks import frozen, layer_info, list_units, recording
from lecturelib.network.layer_names import OUTPUT, Key
from lecturelib.network.receptive_field import ReceptiveField, receptive_field
from lecturelib.network.units import Unit


def grad_cam(model: nn.Module, image: Tensor, unit: Unit, layer: Key | None = None) -> Tensor:
    """Where a layer speaks for a unit, (h, w) as the layer's map, 0 or more.

    The layer's channels are added up, each weighted by the mean of its gradient d unit / d channel over the map; what
    speaks against the unit is cut off at 0. image: one image (1, C, H, W) in [0, 1]. unit: any unit behind the layer,
    usually a `Logit`. layer: a name, or (name, call) for a module that runs several times; without one, the
    `last_map` before the unit. It is all 0 where no place speaks for the unit.

    Up to the layer nothing is kept for a backward pass, which ends there. Raises as `backprop` does, and `ValueError`
    if the layer gives no map (h, w), or the unit does not depend on it.
    """
    check_image(image, model)
    image, unit = prepared(model, image, unit)
    return _cam(model, image, unit, *_map_layer(model, image, unit, layer))


def guided_grad_cam(model: nn.Module, image: Tensor, unit: Unit, layer: Key | None = None) -> Tensor:
    """Guided backprop where Grad-CAM finds the unit, (C, H, W): the product of both, signed.

    The map is `upsampled` by the receptive fields of the layer. Arguments and errors as for `grad_cam`, and as for
    `backprop` with rule "guided". Selvaraju et al. 2017, section 3.2.
    """
    check_image(image, model)
    image, unit = prepared(model, image, unit)
    name, call, channels_last = _map_layer(model, image, unit, layer)
    cam = _cam(model, image, unit, name, call, channels_last)
    field = receptive_field(model, name, call, tuple(image.shape[1:]))
    guided = value_and_gradient(model, image, unit, "guided")[1][0]  # (1, C, H, W) -> (C, H, W)
    return upsampled(cam, tuple(image.shape[2:]), field) * guided


def last_map(model: nn.Module, unit: Unit, image_shape: tuple[int, int, int] | None = None) -> str:
    """The layer that `grad_cam` takes by itself: what the last convolution before the unit makes, in its last form.

    That is the last map (h, w) of the same resolution, after normalisation, ReLU and shortcut:
    `features.11` (relu5) of AlexNet, `layer4` of a ResNet. Raises `ValueError` if no convolution gives a map before
    the unit.
    """
    table = list_units(model, image_shape)
    names = [info.name for info in table]
    before = table[: names.index(unit.layer)] if unit.layer in names else table
    maps = [info for info in before if len(info.shape) == 3 and max(info.positions) > 1]
    modules = dict(model.named_modules())
    convolved = [info.positions for info in maps if isinstance(modules[info.name], nn.Conv2d)]
    if not convolved:
        raise ValueError(f"{unit}: no convolution gives a map (h, w) before this unit; name a layer")
    same = [info.name for info in maps if info.positions == convolved[-1] and info.calls == 1]
    if not same:
        raise ValueError(
            f"{unit}: the last maps before it run several times; name one with layer=(name, call)"
        )
    return same[-1]


def upsampled(map: Tensor, size: tuple[int, int], field: ReceptiveField | None = None) -> Tensor:
    """A layer's map (h, w) laid onto `size` (H, W) pixels, linear in between; its edge values go on outside.

    With the layer's `field` (of `receptive_field`) each value lies at the centre of the pixels that it sees, which is
    where a network's strides put it: 0, 32, ..., 192 for the 7 x 7 map of a ResNet on 224 px. Without one, or for a
    layer that sees the whole image, the map is stretched, each value over an equal block: 15.5, 47.5, ..., 207.5. They
    agree for 2 x 2 poolings between padded convolutions, as in VGG. `ValueError` if map or size are no such thing.
    """
    if not isinstance(map, Tensor) or map.ndim != 2 or 0 in map.shape or not map.is_floating_point():
        came = tuple(map.shape) if isinstance(map, Tensor) else type(map).__name__
        raise ValueError(f"map: floats of shape (h, w) are needed, got {came}")
    if not isinstance(size, tuple | list | torch.Size) or len(size) != 2:
        raise ValueError(f"size: (height, width) in pixels is needed, got {size!r}")
    for name, length in zip(("height", "width"), size, strict=True):
        check_whole(name, length, 1)
    down, across = (
        _between(axis, cells, pixels, field).to(map)
        for axis, (cells, pixels) in enumerate(zip(map.shape, size, strict=True))
    )
    return down @ map @ across.T  # (H, h) (h, w) (w, W) -> (H, W)


def _between(axis: int, cells: int, pixels: int, field: ReceptiveField | None) -> Tensor:
    """How much each pixel takes from each cell along one axis, (pixels, cells); every row adds up to 1."""
    if field is None or field.whole or not field.jump[axis]:
        first, step = (pixels / cells - 1) / 2, pixels / cells
    else:
        first, step = field.start[axis] + (field.size[axis] - 1) / 2, field.jump[axis]
    place = ((torch.arange(pixels, dtype=torch.float64) - first) / step).clamp(0, cells - 1)  # in cells
    # A cell gives to the pixels less than one cell away, the more the nearer.
    return (1 - (place[:, None] - torch.arange(cells)).abs()).clamp_min(0)


def _map_layer(model: nn.Module, image: Tensor, unit: Unit, layer: Key | None) -> tuple[str, int, bool]:
    """The layer's name and call, and whether its map has the channels last."""
    shape = tuple(image.shape[1:])
    name, call = layer if isinstance(layer, tuple) else (layer, 0)
    info = layer_info(model, last_map(model, unit, shape) if name is None else name, shape, call)
    if len(info.shape) != 3 or info.name == OUTPUT:
        sides = " x ".join(map(str, info.shape))
        raise ValueError(
            f"layer: {info.label} gives {sides}, and Grad-CAM needs maps C x h x w of a layer inside the network"
        )
    return info.name, call, info.channels_last


def _cam(model: nn.Module, image: Tensor, unit: Unit, name: str, call: int, channels_last: bool) -> Tensor:
    with torch.inference_mode(False), torch.enable_grad(), frozen(model):
        pixels = image.clone()  # no gradient asked: nothing is kept for a backward pass up to the layer
        with _cut(model, name, call), recording(model, [(name, call), *unit.keys]) as acts:
            value = unit(acts.forward(pixels))
        activation = acts[name, call]
        gradient = gradient_of(value.sum(), activation, unit, f"layer {name!r}")
    if channels_last:
        activation, gradient = activation.movedim(-1, 1), gradient.movedim(-1, 1)
    weights = gradient[0].mean((1, 2))  # (1, C, h, w) -> (C,)
    return torch.einsum("c,chw->hw", weights, activation.detach()[0]).relu()


@contextmanager
def _cut(model: nn.Module, name: str, call: int) -> Iterator[None]:
    """Inside, the graph begins at one call of a layer: what it returns is a leaf that asks for its gradient."""
    thread, calls = threading.get_ident(), 0

    def leaf(module: nn.Module, inputs: tuple, output: Tensor):
        nonlocal calls
        if threading.get_ident() != thread:
            return None
        calls += 1
        return output.detach().requires_grad_() if calls == call + 1 else None

    handle = model.get_submodule(name).register_forward_hook(leaf)
    try:
        yield
    finally:
        handle.remove()
