"""The layer that Grad-CAM stands at: the last one with places, be they pixels of a map or tokens of a grid."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecturelib.checks import complaint
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import recording
from lecturelib.network.inputs import to_the_weights
from lecturelib.network.layer_names import OUTPUT, Key, LayerInfo, walk
from lecturelib.network.probe import image_shape_of, layer_info, list_units
from lecturelib.network.units import Shape, Unit

MOST_EXTRA_TOKENS = 8  # class, distillation and register tokens, which stand before the picture's own
ASK = "name one with layer=..."


@dataclass(frozen=True)
class MapLayer:
    """One call of a layer whose output is a map: (C, h, w), (h, w, C), or tokens (extra + h * w, C)."""

    name: str
    call: int
    grid: tuple[int, int]  # (h, w)
    form: str  # "channels first", "channels last" or "tokens"
    extra: int = 0  # tokens that stand for no place

    def maps(self, values: Tensor) -> Tensor:
        """The layer's output for B images as maps (B, C, h, w)."""
        if self.form == "tokens":
            return (
                values[:, self.extra :].transpose(1, 2).unflatten(2, self.grid)
            )  # (B, T, C) -> (B, C, h, w)
        return values.movedim(-1, 1) if self.form == "channels last" else values


def last_map(model: nn.Module, unit: Unit, image_shape: Shape | None = None) -> str:
    """The name of the layer that `grad_cam` takes by itself: the last map before the unit, in its last form.

    That is the output of the last layer with weights that still has places, after the normalization, activation and
    shortcut that follow at the same resolution: `features.11` (relu5) of AlexNet, `layer4` of a ResNet, `permute` of a
    Swin Transformer. The tokens of a vision transformer count as the grid of its patches. Where the unit reads a class
    token only, no gradient reaches the other tokens of the last layers; then it is the last layer where one does
    (`encoder.layers.encoder_layer_11.ln_1` of ViT-B).

    image_shape: (C, H, W), for a network that does not know its own. Raises `ValueError` if no layer before the unit
    has places: then one has to be named. Selvaraju et al. 2017, section 3: "the last convolutional layer".

    >>> from lecturelib import models
    >>> from lecturelib.network import Logit
    >>> last_map(models.load("lenet"), Logit("3"))
    'features.4'
    """
    return _last(model, unit, image_shape).name


def map_layer(model: nn.Module, unit: Unit, layer: Key | None, shape: Shape) -> MapLayer:
    """The layer that was asked for as a `MapLayer`, for images of this shape (C, H, W); the last one without a name.

    Raises `ValueError` if the layer has no places.
    """
    if layer is None:
        return _last(model, unit, shape)
    name, call = layer if isinstance(layer, tuple) else (layer, 0)
    info = layer_info(model, name, shape, call)
    found = None if info.name == OUTPUT else _as_map(info, call, _grids(list_units(model, shape), shape))
    if found is None:
        sides = " x ".join(map(str, info.shape))
        raise ValueError(
            complaint("layer", "a layer inside the network with maps C x h x w, or with tokens that form a grid",
                      f"{info.label or 'the output'}, which gives {sides}")
        )  # fmt: skip
    return found


def _last(model: nn.Module, unit: Unit, shape: Shape | None) -> MapLayer:
    table = list_units(model, shape)
    shape = image_shape_of(model, shape)
    names = [info.name for info in table]
    before = table[: names.index(unit.layer)] if unit.layer in names else table
    grids, modules = _grids(table, shape), dict(walk(model))
    maps = [(info, _as_map(info, 0, grids)) for info in before]
    found = [(info, place) for info, place in maps if place is not None and _is_spatial(place, shape)]
    weighted = [
        place for info, place in found if next(modules[info.name].parameters(recurse=False), None) is not None
    ]
    if not weighted:
        raise ValueError(complaint("layer", f"one with a map (h, w) before the {unit}", "none", ASK))
    last = weighted[-1]
    same = [
        place
        for info, place in found
        if info.calls == 1 and (place.grid, place.extra) == (last.grid, last.extra)
    ]
    if not same:
        raise ValueError(
            complaint("layer", f"a last map before the {unit} that runs once", "maps that run several times",
                      "name one with layer=(name, call)")
        )  # fmt: skip
    return same[-1] if last.extra == 0 else _last_with_gradient(model, unit, shape, same)


def _last_with_gradient(model: nn.Module, unit: Unit, shape: Shape, layers: list[MapLayer]) -> MapLayer:
    """The last of these layers whose grid of tokens the unit depends on, tried on noise: zero or not is structure."""
    noise = torch.rand(1, *shape, generator=torch.Generator().manual_seed(0))
    tried = [layer for layer in layers if layer.form == "tokens"]
    with torch.inference_mode(False), torch.enable_grad(), frozen(model):
        pixels = to_the_weights(noise, model).clone().requires_grad_()
        with recording(model, [*((layer.name, layer.call) for layer in tried), *unit.keys]) as acts:
            value = unit(acts.forward(pixels)).sum()
        outputs = [acts[layer.name, layer.call] for layer in tried]
        if value.requires_grad:
            gradients = torch.autograd.grad(value, outputs, allow_unused=True)
            for layer, gradient in zip(reversed(tried), reversed(gradients), strict=True):
                if gradient is not None and layer.maps(gradient).count_nonzero():
                    return layer
    raise ValueError(complaint("layer", f"tokens of a grid that the {unit} depends on", "none", ASK))


def _as_map(info: LayerInfo, call: int, grids: dict[int, tuple[int, int]]) -> MapLayer | None:
    """The layer as a map, if it has one; tokens by one of the grids that came before, or by the picture's aspect."""
    if info.name == OUTPUT:
        return None
    if len(info.shape) == 3:
        form = "channels last" if info.channels_last else "channels first"
        rows, columns = info.positions
        return MapLayer(info.name, call, (rows, columns), form)
    if len(info.shape) == 2:
        for extra in range(MOST_EXTRA_TOKENS + 1):
            if info.shape[0] - extra in grids:
                return MapLayer(info.name, call, grids[info.shape[0] - extra], "tokens", extra)
    return None


def _grids(table: list[LayerInfo], shape: Shape) -> dict[int, tuple[int, int]]:
    """How many places a grid has -> (h, w): of the maps that the network makes, else of the picture's aspect."""
    height, width = shape[1:]
    found: dict[int, tuple[int, int]] = {}
    for rows in range(2, height + 1):  # patches that are squares of pixels
        if height % rows == 0 and width % (height // rows) == 0:
            columns = width // (height // rows)
            found[rows * columns] = (rows, columns)
    for info in table:
        if len(info.shape) == 3 and min(info.positions) > 1:
            rows, columns = info.positions
            if not info.channels_last or _same_aspect((rows, columns), shape):
                found[rows * columns] = (rows, columns)
    return found


def _is_spatial(place: MapLayer, shape: Shape) -> bool:
    """Has the map more than one place? With the channels last it must look like the picture: windows do not."""
    if max(place.grid) < 2:
        return False
    return place.form != "channels last" or _same_aspect(place.grid, shape)


def _same_aspect(grid: tuple[int, int], shape: Shape) -> bool:
    """Are these the proportions of the picture, up to one cell of rounding?"""
    (rows, columns), (height, width) = grid, shape[1:]
    return abs(rows * width / height - columns) <= max(1, width / height)
