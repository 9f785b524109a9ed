"""One unit, all its windows at once: weights, activation, what excites it, what it made of the photo, what it asks for.

Yosinski et al. 2015, "Understanding neural networks through deep visualization", on the networks of the house.
"""

from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from lecturelib import datasets
from lecturelib.gradients.backprop import backprop
from lecturelib.gradients.deconvnet import deconvnet
from lecturelib.images import PHOTOS
from lecturelib.models import PixelModel
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import recording
from lecturelib.network.receptive_field import ReceptiveField, receptive_field
from lecturelib.network.units import Channel, Neuron
from lecturelib.optimization.ascent import AscentStep, iter_maximize
from lecturelib.optimization.channel_pictures import (
    channel_picture,
    large_channels,
    shipped_layers,
)
from lecturelib.optimization.semantic_location import Likeness
from lecturelib.optimization.transforms import jitter
from lecturelib.parameters.activations import activations, strongest_channels
from lecturelib.parameters.kernels import kernels
from lecturelib.parameters.maximal_images import LayerMaxima, maximal_images_by_channel
from lecturelib.parameters.photo_search import SCALES, PhotoSearch, search_photos
from lecturelib.show import Picture, overlay, pixels_of, tiled, with_box
from lecturelib.show.attribution_maps import around_grey, tile
from lecturelib.show.raster_text import number
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Control, Explorable, Progress, Slider, common_controls, running

NETWORKS = ("alexnet", "vgg16", "cifar_net", "textures_net", "lenet", "fashion_lenet")
DATA = {"lenet": ("digits", datasets.digits), "fashion_lenet": ("clothes", datasets.clothes)}
WINDOW, GAP = 200, 14
STEPS, SHOWN_AT = 64, (2, 4, 8, 16, 32, 48)
BEST, INPUTS = 9, 4
REMEMBERED = 60
SMALL, SMALL_SCALES = (
    64,
    (0.25, 0.15),
)  # px of a small network's pictures; scales at which photos are searched for it
EMPTY = np.full((WINDOW, WINDOW, 3), 238, np.uint8)


def deep_visualization(network: str = "alexnet", picture_name: str | None = None) -> Explorable:
    """Everything about one channel on one screen; quick windows at once, slow ones sharpen in place."""
    first, *own = common_controls.picture_controls(network, picture_name)
    start = {"network": network, "picture": first.value, "own": None, "use_own": True}
    start["layer"] = _layer_control(start).value
    controls = [
        Choice("network", NETWORKS, network),
        first,
        _layer_control(start),
        _rank_slider(start),
        *own,
    ]
    presets: dict[str, dict] = {
        "the strongest channel for the cat (conv5)": {"network": "alexnet", "layer": "conv5", "rank": 1},
        "an edge and its kernel (conv1)": {"network": "alexnet", "layer": "conv1", "rank": 2},
        "a face in a photo (conv5)": {
            "network": "alexnet",
            "picture": "astronaut",
            "layer": "conv5",
            "rank": 1,
        },
        "a stroke of a 3": {"network": "lenet", "picture": "3", "layer": "conv2", "rank": 1},
        "a small network": {"network": "cifar_net", "layer": "conv3_2"},
    }

    def refresh(state: dict) -> dict[str, Control]:
        return common_controls.settle(
            state, picture=common_controls.picture_control, layer=_layer_control, rank=_rank_slider
        )

    return Explorable(_render, controls, "One channel through all windows", presets, refresh)


def _layer_control(state: dict) -> Choice:
    layers = tuple(common_controls.layer_labels(state["network"], ("Conv2d",)))
    return Choice("layer", layers, "conv4" if "conv4" in layers else layers[-1])


def _rank_slider(state: dict) -> Slider:
    channels = common_controls.layer_labels(state["network"], ("Conv2d",))[state["layer"]].channels
    return Slider("rank", 1, channels, label="channel, by its response to the picture")


@lru_cache(maxsize=16)
def _maps(network: str, picture: str, own: bytes | None, layer: str) -> Tensor:
    """The activations (C, h, w) of a layer for a picture."""
    state = {"network": network, "picture": picture, "own": own, "use_own": True}
    return activations(common_controls.network(network), common_controls.chosen_image(state), layer)


def _render(state: dict) -> Iterator[Picture | Progress]:
    name, layer = state["network"], state["layer"]
    model, image = common_controls.network(name), common_controls.chosen_image(state)
    own = state["own"] if state["use_own"] else None
    maps = _maps(name, state["picture"], own, layer)
    channel = int(strongest_channels(maps, len(maps))[state["rank"] - 1])
    y, x = divmod(int(maps[channel].argmax()), maps.shape[-1])
    field = receptive_field(model, layer)
    view = _View(state, channel, (y, x), maps, field)
    view.window(0, f"{common_controls.picture_title(state)}: strongest place", _boxed(image, field, y, x))
    flat = overlay(image, maps[channel], percentile=100, color_bar=False, size=image.shape[-1])
    view.window(1, f"activation, up to {number(maps[channel].max().item())}", pixels_of(flat))
    view.window(2, *_weights(model, layer, channel))
    view.window(4, "its receptive field", _cut(image, field, y, x))
    known = (name, layer, channel)
    if layer in shipped_layers(name) and channel in large_channels(name, layer):
        _remember(_pictures, known, channel_picture(name, layer, channel), REMEMBERED)
    if known in _pictures:
        view.window(7, "optimized image", _pictures[known])
    elif layer in shipped_layers(name):
        view.window(7, "optimized image", channel_picture(name, layer, channel))
    if (name, layer) in _found:
        view.matches(_found[name, layer].of(channel))
    yield view.picture()
    unit = Neuron(layer, channel, y, x)
    guided = around_grey(backprop(model, image, unit, "guided")[0], 99.5)
    view.window(5, "guided backprop", _cut(guided[None], field, y, x))
    view.window(6, "deconvnet", _cut(around_grey(deconvnet(model, image, unit)[0], 99.5)[None], field, y, x))
    yield view.picture()
    if known not in _pictures:
        for step in _maximized(model, layer, channel, field):
            if step.step in SHOWN_AT and layer not in shipped_layers(name):
                view.window(7, f"optimized image: step {step.step}", step.image)
                yield view.picture()
            if step.step % 4 == 0:
                yield Progress(step.step / STEPS / 2, "optimizing the image")
        _remember(_pictures, known, step.image, REMEMBERED)
        view.window(7, "optimized image", step.image)
        yield view.picture()
    if (name, layer) not in _found:
        words = "searching for what excites it"
        yield from running(lambda progress: found_in_photos(name, layer, progress), words)
    view.matches(found_in_photos(name, layer).of(channel))
    with torch.inference_mode():
        view.wanted = _reached(model, _pictures[known], layer, channel)
    yield view.picture()


def _maximized(model: PixelModel, layer: str, channel: int, field: ReceptiveField) -> Iterator[AscentStep]:
    """What the channel wants: all over the picture; in a small network at one place, as large as what it sees."""
    if model.input_size > SMALL:
        return iter_maximize(model, Channel(layer, channel), steps=STEPS)
    wanted = torch.zeros(common_controls.layer_labels(model.name, ("Conv2d",))[layer].channels)
    wanted[channel] = 1
    size, moved = max(field.size), [jitter(1)]
    return iter_maximize(model, Likeness(layer, wanted, power=0), size=size, steps=STEPS, transforms=moved)


def _reached(model: PixelModel, image: Tensor, layer: str, channel: int) -> float:
    """The highest place of a channel for a picture (1, C, H, W) of any size that reaches the layer."""
    with frozen(model), recording(model, [layer]) as acts:
        return acts.forward(image)[layer][0, channel].max().item()


_pictures: OrderedDict[tuple, Tensor] = OrderedDict()
_found: OrderedDict[tuple, PhotoSearch | LayerMaxima] = OrderedDict()


def _remember(known: OrderedDict, key: tuple, value, most: int) -> None:
    known[key] = value
    while len(known) > most:
        known.popitem(last=False)


def found_in_photos(name: str, layer: str, progress=None) -> PhotoSearch | LayerMaxima:
    """What excites the channels of a layer most in the photos, or in the network's own data; remembered."""
    if (name, layer) in _found:
        return _found[name, layer]
    model = common_controls.network(name)
    found: PhotoSearch | LayerMaxima
    if name in DATA:
        found = maximal_images_by_channel(model, DATA[name][1]("test")[0], layer, k=BEST, progress=progress)
    else:
        # a small network knows its things small: at their full size it would see nothing but surfaces
        scales = SMALL_SCALES if model.input_size <= SMALL else SCALES
        found = search_photos(model, layer, scales=scales, k=BEST, progress=progress)
    _remember(_found, (name, layer), found, 6)
    return found


# --- the windows ---------------------------------------------------------------------------------------------


class _View:
    """The eight windows of a channel, filled one after the other."""

    TITLES = (
        "the photo", "activation", "weights", "images that excite it", "its receptive field", "guided backprop",
        "deconvnet", "optimized image",
    )  # fmt: skip

    def __init__(self, state: dict, channel: int, place, maps: Tensor, field: ReceptiveField):
        self.state, self.channel, self.place, self.maps, self.field = state, channel, place, maps, field
        self.windows: dict[int, tuple[str, object]] = {}
        self.best: float | None = None
        self.wanted: float | None = None

    def window(self, k: int, title: str, part: object) -> None:
        self.windows[k] = title, part

    def matches(self, found) -> None:
        grid = tiled([_square(one) for one in found.crops], 3, pad=2, zoom=1, alt="nine")
        self.best = found.values.max().item()
        self.windows[3] = f"excite it most: {number(self.best)}", pixels_of(grid)

    def picture(self) -> Picture:
        sheet = Sheet()
        for k, waiting in enumerate(self.TITLES):
            row, column = divmod(k, 4)
            title, part = self.windows.get(k, (f"{waiting} …", EMPTY))
            sheet.put(part, row * (WINDOW + 24 + GAP), column * (WINDOW + GAP), title, side=WINDOW)
        state, (y, x) = self.state, self.place
        data = DATA[state["network"]][0] if state["network"] in DATA else f"{len(PHOTOS)} photos"
        largest = number(self.maps[self.channel].max().item())
        caption = (
            f"Channel {self.channel} of {state['layer']} in {state['network']}, number {state['rank']} of "
            f"{len(self.maps)} by its response to {common_controls.picture_title(state)}: {largest} at "
            f"row {y}, column {x}, which sees {self.field.size[0]} x {self.field.size[1]} px."
        )
        if self.best is not None:
            caption += f" The strongest place found in {data}: {number(self.best)}."
        if self.wanted is not None:
            caption += f" In the optimized picture it reaches {number(self.wanted)}."
        titles = "; ".join(title for title, _ in self.windows.values())
        return sheet.picture(f"Windows of one channel: {titles}. {caption}", caption)


def _boxed(image: Tensor, field: ReceptiveField, y: int, x: int) -> np.ndarray:
    height, width = image.shape[-2:]
    zoom = max(1, 224 // width)
    box = [edge * zoom for edge in field.box_inside(y, x, height, width)]
    large = pixels_of(image).repeat(zoom, 0).repeat(zoom, 1)
    return with_box(large, box, line=4, alt="the photo").raster


def _cut(image: Tensor, field: ReceptiveField, y: int, x: int) -> np.ndarray:
    top, left, bottom, right = field.box_inside(y, x, *image.shape[-2:])
    return _square(image[0, :, top:bottom, left:right])


def _square(part: Tensor) -> np.ndarray:
    """(C, h, w) in the middle of a light square: a field at the border is cut by it. Small ones as blocks."""
    pixels = pixels_of(part)
    side = max(pixels.shape[:2])
    whole = np.full((side, side, 3), 238, np.uint8)
    top, left = (side - pixels.shape[0]) // 2, (side - pixels.shape[1]) // 2
    whole[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return whole


def _weights(model: PixelModel, layer: str, channel: int) -> tuple[str, np.ndarray]:
    """The kernel of a first layer; of a later one its slices for the input channels with the largest weights."""
    weight = kernels(model, layer)[channel]  # (inputs, kh, kw)
    if len(weight) == 3:
        return "its kernel (grey is 0)", pixels_of(around_grey(weight, 100))
    if len(weight) == 1:
        return "its kernel (white is 0)", tile(weight[0], "signed", percentile=100)
    most = weight.square().sum((1, 2)).argsort(descending=True)[:INPUTS].tolist()
    scale = weight.abs().max()
    parts = [tile(torch.cat([weight[i].flatten(), scale[None]]), "signed", percentile=100)[:-1] for i in most]
    side = weight.shape[-1]
    slices = [part.reshape(side, side, 3) for part in parts]
    labels = [f"input {i}" for i in most]
    return "its largest weights", pixels_of(tiled(slices, 2, labels, zoom=78 // side, pad=4, alt="kernels"))
