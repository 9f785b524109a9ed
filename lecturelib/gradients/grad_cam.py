"""Grad-CAM: which places of a layer's map raise a unit, in one pass whose backward part ends at that layer.

Selvaraju et al. 2017, "Grad-CAM: visual explanations from deep networks via gradient-based localization".
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lecturelib.checks import check_finite, check_image, check_whole, complaint, described
from lecturelib.gradients.map_layer import MapLayer, map_layer
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import leaf, recording
from lecturelib.network.input_gradient import gradient_of, prepared, value_and_gradient
from lecturelib.network.layer_names import Key
from lecturelib.network.receptive_field import ReceptiveField, receptive_field
from lecturelib.network.units import Unit


def grad_cam(model: nn.Module, image: Tensor, unit: Unit, layer: Key | None = None) -> Tensor:
    """Grad-CAM, (h, w) as the layer's map, 0 or more: where a layer raises the value of a unit.

        map(y, x) = max(0, sum_k w_k a_k(y, x)),   w_k = 1/(h w) sum_(y, x) d f / d a_k(y, x)

    f is the unit, a_k channel k of the layer. What lowers the unit is cut off at 0. image: one image (1, C,
    H, W) in [0, 1]. unit: any unit behind the layer, usually a `Logit`. layer: a name, or (name, call) for a module
    that runs several times; without one, the `last_map` before the unit. Tokens (T, C) of a vision transformer are
    laid out as the grid of their patches; class and register tokens, which stand first, are left out. The map is all
    0 where no place raises the unit.

    Up to the layer nothing is kept for a backward pass, which ends there. Raises as `backprop` does, and `ValueError`
    if the layer has no places, if the unit does not depend on it, or if the map is NaN or infinite. Selvaraju et al.
    2017, equations 1 and 2.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network import Logit
    >>> grad_cam(models.load("lenet"), torch.rand(1, 1, 28, 28), Logit("3")).shape
    torch.Size([10, 10])
    """
    check_image(image, model)
    image, unit = prepared(model, image, unit)
    return _cam(model, image, unit, map_layer(model, unit, layer, tuple(image.shape[1:])))


def guided_grad_cam(model: nn.Module, image: Tensor, unit: Unit, layer: Key | None = None) -> Tensor:
    """Guided Grad-CAM, (C, H, W), signed: guided backpropagation times the upsampled map of Grad-CAM.

    The map is `upsampled` by the receptive fields of the layer. Arguments and errors as for `grad_cam`, and as for
    `guided_backprop`. Selvaraju et al. 2017, section 3.2.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network import Logit
    >>> guided_grad_cam(models.load("lenet"), torch.rand(1, 1, 28, 28), Logit("3")).shape
    torch.Size([1, 28, 28])
    """
    check_image(image, model)
    image, unit = prepared(model, image, unit)
    place = map_layer(model, unit, layer, tuple(image.shape[1:]))
    cam = _cam(model, image, unit, place)
    # tokens lie as their patches do: in equal blocks
    tokens = place.form == "tokens"
    field = None if tokens else receptive_field(model, place.name, place.call, tuple(image.shape[1:]))
    guided = value_and_gradient(model, image, unit, "guided")[1][0]  # (1, C, H, W) -> (C, H, W)
    product = upsampled(cam, tuple(image.shape[2:]), field) * guided
    return check_finite(f"{unit}, guided Grad-CAM at layer {place.name!r}", product)


def upsampled(map: Tensor, size: Sequence[int], field: ReceptiveField | None = None) -> Tensor:
    """A layer's map (h, w) laid onto `size` (H, W) pixels, bilinear in between; its edge values go on outside.

    With the layer's `field` (of `receptive_field`) each value lies at the center of the pixels that it sees, which is
    where a network's strides put it: 0, 32, ..., 192 for the 7 x 7 map of a ResNet on 224 px. Without one, or for a
    layer that sees the whole image, the map is stretched, each value over an equal block: 15.5, 47.5, ..., 207.5. They
    agree for 2 x 2 poolings between padded convolutions, as in VGG. Raises `ValueError` or `TypeError` for another map
    or size.

    >>> import torch
    >>> upsampled(torch.tensor([[0.0, 1.0]]), (1, 4)).tolist()
    [[0.0, 0.25, 0.75, 1.0]]
    """
    if not isinstance(map, Tensor) or map.ndim != 2 or 0 in map.shape or not map.is_floating_point():
        raise ValueError(complaint("map", "floats of shape (h, w)", described(map)))
    if not isinstance(size, tuple | list | torch.Size) or len(size) != 2:
        raise ValueError(complaint("size", "(height, width) in pixels", size))
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


def _cam(model: nn.Module, image: Tensor, unit: Unit, place: MapLayer) -> Tensor:
    with torch.inference_mode(False), torch.enable_grad(), frozen(model):
        pixels = image.clone()  # no gradient asked: nothing is kept for a backward pass up to the layer
        key = (place.name, place.call)
        with leaf(model, *key), recording(model, [key, *unit.keys]) as acts:
            value = unit(acts.forward(pixels))
        activation = acts[key]
        gradient = gradient_of(value.sum(), activation, unit, f"layer {place.name!r}")
    # sums over places and channels would overflow in half precision
    exact = torch.promote_types(activation.dtype, torch.float32)
    maps, slopes = (place.maps(values).to(exact)[0] for values in (activation.detach(), gradient))
    weights = slopes.mean((1, 2))  # (C, h, w) -> (C,)
    cam = torch.einsum("c,chw->hw", weights, maps).relu().to(activation.dtype)
    return check_finite(f"{unit}, Grad-CAM at layer {place.name!r}", cam)
