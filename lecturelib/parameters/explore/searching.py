"""Explorables that search: the pictures that excite a channel most, and a map of what a network finds alike."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lecturelib import datasets
from lecturelib.images import PHOTOS, photo
from lecturelib.parameters.cnn_codes import codes, embed_codes
from lecturelib.parameters.maximal_images import LayerMaxima, every_channel
from lecturelib.parameters.photo_search import PhotoMatches, PhotoSearch, search_photos
from lecturelib.show import Picture, pixels_of, side_by_side, tiled, with_box
from lecturelib.show.palettes import TEN
from lecturelib.show.palettes import colour as colour_bytes
from lecturelib.show.raster_text import draw_text
from lecturelib.widgets import Choice, Explorable, Pointer, Progress, Slider, Toggle, common_controls, running

# --- a map of codes ------------------------------------------------------------------------------------------

MAPPED = {  # what is laid out: the network, the pictures, and the layers whose codes are offered
    "clothes": (
        "fashion_lenet",
        datasets.clothes,
        datasets.CLOTHES,
        ("pixels", "relu1", "relu2", "relu3", "fc4"),
    ),
    "digits": ("lenet", datasets.digits, datasets.DIGITS, ("pixels", "relu1", "relu2", "relu3", "fc4")),
}
PICTURES = 500
MAP_SIDE, THUMBNAIL, PANEL = 680, 22, 260
INKS = tuple(map(colour_bytes, TEN))


def code_map(data: str = "clothes") -> Explorable:
    """A t-SNE map of pictures by their codes; the mouse or the arrow keys pick one and show it large."""

    def refresh(state: dict) -> dict:
        return {"layer": Choice("layer", MAPPED[state["data"]][3], "relu3")}

    controls = [
        Choice("data", tuple(MAPPED), data),
        Choice("layer", MAPPED[data][3], "relu3", label="code: activations of"),
        Choice("perplexity", (2, 5, 10, 30, 50, 100), 30, slider=True),
        Slider("seed", 0, 9),
        Choice("view", ("pictures", "numbers of the classes")),
        Toggle("by_class", True, label="colour by class"),
        Pointer("x", "y", panel=0, hover=True, label="pick a picture"),
    ]
    presets = {
        "by pixels: no network": {"layer": "pixels"},
        "by the last hidden layer": {"layer": "relu3"},
        "too small a perplexity": {"perplexity": 2},
    }
    return Explorable(_render_map, controls, "Map of codes", presets, refresh)


def _render_map(state: dict) -> Iterator[Picture | Progress]:
    key = state["data"], state["layer"], state["perplexity"], state["seed"]
    yield Progress(0.1, "laying out the map, a few seconds")
    canvas, places = _canvas(*key, state["view"], state["by_class"])
    images, labels, _ = _codes(state["data"], state["layer"])
    names = MAPPED[state["data"]][2]
    at = torch.tensor([state["x"], state["y"]]) * (MAP_SIDE - 1)
    nearest = int((places - at).square().sum(1).argmin())  # (N, 2) -> ()
    drawn = canvas.copy()
    x, y = places[nearest].int().tolist()
    half = THUMBNAIL // 2 + 2
    top, left = max(0, y - half), max(0, x - half)
    for line in (0, 1, 2):
        _frame(drawn, top + line, left + line, y + half - line, x + half - line)
    panel = _panel(images[nearest], int(labels[nearest]), names)
    neighbours = (places - places[nearest]).square().sum(1).argsort()[1:6]
    near = [names[k] for k in labels[neighbours].tolist()]
    words = (
        f"{PICTURES} pictures of {state['data']} by {state['layer']}, perplexity {state['perplexity']}, seed "
        f"{state['seed']}. Picked: {names[labels[nearest]]}; nearest on the map: {', '.join(near)}."
    )
    yield side_by_side(
        [drawn, panel], ["point at a picture", "picked"], height=MAP_SIDE, alt=f"Map: {words}", caption=words
    )


def _frame(pixels: np.ndarray, top: int, left: int, bottom: int, right: int) -> None:
    """A one-pixel orange frame, in place."""
    bottom, right = min(bottom, len(pixels) - 1), min(right, pixels.shape[1] - 1)
    ink = colour_bytes("orange")
    pixels[top, left : right + 1] = pixels[bottom, left : right + 1] = ink
    pixels[top : bottom + 1, left] = pixels[top : bottom + 1, right] = ink


@lru_cache(maxsize=8)
def _codes(data: str, layer: str) -> tuple[Tensor, Tensor, Tensor]:
    name, load, _, _ = MAPPED[data]
    images, labels = (part[:PICTURES] for part in load("test"))
    found = images.flatten(1) if layer == "pixels" else codes(common_controls.network(name), images, layer)
    return images, labels, found


@lru_cache(maxsize=64)
def _layout(data: str, layer: str, perplexity: int, seed: int) -> Tensor:
    """Places (N, 2) as x, y on the canvas, in pixels."""
    plane = embed_codes(_codes(data, layer)[2], perplexity, seed)
    low, high = plane.amin(0), plane.amax(0)
    margin = THUMBNAIL
    return margin + (plane - low) / (high - low) * (MAP_SIDE - 2 * margin)


@lru_cache(maxsize=32)
def _canvas(data, layer, perplexity, seed, view, by_class) -> tuple[np.ndarray, Tensor]:
    """The map without anything picked, (MAP_SIDE, MAP_SIDE, 3), and where each picture lies."""
    images, labels, _ = _codes(data, layer)
    places = _layout(data, layer, perplexity, seed)
    canvas = np.full((MAP_SIDE, MAP_SIDE, 3), 255, np.uint8)
    inks = [INKS[k] if by_class else (34, 34, 34) for k in labels.tolist()]
    if view != "pictures":
        for k, ink in enumerate(INKS if by_class else [(34, 34, 34)] * len(INKS)):
            spots = [((x, y), str(k), 18, "mm") for x, y in places[labels == k].tolist()]
            draw_text(canvas, spots, ink)
        return canvas, places
    small = torch.nn.functional.interpolate(images, size=(THUMBNAIL, THUMBNAIL), mode="area")[:, 0].numpy()
    for (x, y), picture, ink in zip(places.int().tolist(), small, inks, strict=True):
        top, left = y - THUMBNAIL // 2, x - THUMBNAIL // 2
        spot = canvas[top : top + THUMBNAIL, left : left + THUMBNAIL]
        share = picture[: len(spot), : spot.shape[1], None]  # what is bright on black becomes ink on paper
        spot[:] = spot * (1 - share) + np.array(ink) * share
    return canvas, places


def _panel(image: Tensor, label: int, names: tuple[str, ...]) -> np.ndarray:
    """The picked picture, large, and the legend of the classes."""
    panel = np.full((MAP_SIDE, PANEL, 3), 255, np.uint8)
    zoom = 224 // image.shape[-1]
    large = (255 - 255 * image[0].numpy().repeat(zoom, 0).repeat(zoom, 1)).astype(np.uint8)
    panel[: len(large), : large.shape[1]] = large[:, :, None]
    draw_text(panel, [((0, 250), names[label], 24, "lt")])
    for k, name in enumerate(names):
        y = 310 + 32 * k
        draw_text(panel, [((0, y), str(k), 22, "lm")], INKS[k])
        panel[y - 8 : y + 8, 26:42] = INKS[k]
        draw_text(panel, [((52, y), name, 20, "lm")])
    return panel


# --- maximally activating images -----------------------------------------------------------------------------

SEARCHED = {  # the network, and what is searched: the photos at several scales, or a data set of its own size
    "alexnet": "photos",
    "vgg16": "photos",
    "fashion_lenet": "clothes",
    "lenet": "digits",
    "cifar_net": "CIFAR-10",
}
_LAYERS = ("Conv2d", "ReLU", "MaxPool2d")
BEST = 9
WHOLE = (300, 220)  # width and height of a whole photo in the grid
LOADERS = {"clothes": datasets.clothes, "digits": datasets.digits, "CIFAR-10": datasets.cifar10}


def maximal_browser(network: str = "alexnet") -> Explorable:
    """The nine places, in thousands, that excite a channel most: photos at several scales, or a data set."""

    def refresh(state: dict) -> dict:
        return common_controls.settle(state, layer=_layer_control, channel=_channel_slider)

    offered = [name for name in SEARCHED if name != "cifar_net" or datasets.cifar10_path().is_file()]
    start = {"network": network}
    start["layer"] = _layer_control(start).value
    controls = [
        Choice("network", tuple(offered), network),
        _layer_control(start),
        _channel_slider(start),
        Toggle("whole", False, label="show the whole picture, not only what the unit sees"),
    ]
    presets = {
        "edges (conv1)": {"network": "alexnet", "layer": "conv1"},
        "textures (conv3)": {"network": "alexnet", "layer": "conv3"},
        "faces? (conv5)": {"network": "alexnet", "layer": "conv5", "channel": 60},
        "a flower detector? (conv5)": {"network": "alexnet", "layer": "conv5", "channel": 5},
        "strokes of digits": {"network": "lenet", "layer": "conv2"},
    }
    return Explorable(_render_maximal, controls, "Maximally activating images", presets, refresh)


def _layer_control(state: dict) -> Choice:
    layers = tuple(common_controls.layer_labels(state["network"], _LAYERS))
    return Choice("layer", layers, [name for name in layers if name.startswith("conv")][-1])


def _channel_slider(state: dict) -> Slider:
    return Slider(
        "channel", 0, common_controls.layer_labels(state["network"], _LAYERS)[state["layer"]].channels - 1
    )


def _render_maximal(state: dict) -> Iterator[Picture | Progress]:
    name, layer = state["network"], state["layer"]
    if (name, layer) not in _searches:
        yield from running(lambda progress: _search(name, layer, progress), f"searching the {SEARCHED[name]}")
    yield _draw_matches(_searches[name, layer], state)


_searches: dict[tuple[str, str], PhotoSearch | LayerMaxima] = {}


def _search(name: str, layer: str, progress) -> None:
    """Search for all channels of a layer at once, and remember it: moving the channel then costs nothing."""
    model = common_controls.network(name)
    if SEARCHED[name] == "photos":
        _searches[name, layer] = search_photos(model, layer, k=BEST, progress=progress)
    else:
        images, _ = LOADERS[SEARCHED[name]]("test")
        _searches[name, layer] = every_channel(model, images, layer, k=BEST, progress=progress)


def _draw_matches(search: PhotoSearch | LayerMaxima, state: dict) -> Picture:
    found = search.of(state["channel"])
    values = [f"{value:.1f}" for value in found.values.tolist()]
    labels, pictures = values, found.crops
    height, width = found.crops[0].shape[1:]
    words = (
        f"Channel {state['channel']} of {state['layer']} in {state['network']}: the {len(found)} places of all "
        f"{SEARCHED[state['network']]} that excite it most, with its activation. It sees {height} x {width} pixels."
    )
    if isinstance(found, PhotoMatches):
        labels = [f"{name} {value}" for name, value in zip(found.names, values, strict=True)]
        words += f" They come from {len(set(found.names))} of {len(PHOTOS)} photos."
        if state["whole"]:
            pictures = [
                _marked(name, box) for name, box in zip(found.names, found.boxes.tolist(), strict=True)
            ]
    elif state["whole"]:
        pictures = list(search.images[found.indices])
    zoom = (
        1
        if state["whole"] and isinstance(found, PhotoMatches)
        else max(1, round(190 / pictures[0].shape[-1]))
    )
    shown = "Whole pictures" if state["whole"] else "Crops"
    return tiled(pictures, 3, labels=labels, zoom=zoom, pad=8, alt=f"{shown}: {words}", caption=words)


def _marked(name: str, box: list[float]) -> np.ndarray:
    """A photo with a box on it, brought to one size for a grid."""
    image = photo(name)
    large = pixels_of(with_box(image, tuple(box), line=6, alt=PHOTOS[name].alt))
    return np.asarray(Image.fromarray(large).resize(WHOLE, Image.Resampling.LANCZOS))
