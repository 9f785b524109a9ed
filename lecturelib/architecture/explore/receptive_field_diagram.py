"""The field explorer: what a unit sees, growing from layer to layer, on a photo."""

from __future__ import annotations

from functools import lru_cache

from lecturelib.architecture.diagrams.receptive_field_diagram import draw_receptive_field, field_tiles
from lecturelib.network.probe import layer_info
from lecturelib.network.receptive_field import receptive_field
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Pointer, common_controls

NETWORKS = ("alexnet", "lenet")
KINDS = ("Conv2d", "MaxPool2d")


def receptive_field_explorer(network: str = "alexnet") -> Explorable:
    """Point into the photo: the unit of the chosen layer that looks there, and all that it sees on the way."""

    def refresh(state: dict) -> dict:
        return common_controls.settle(state, picture=common_controls.picture_control, layer=_layer_control)

    first, *own = common_controls.picture_controls(network)
    controls = [
        Choice("network", NETWORKS, network),
        first,
        _layer_control({"network": network}),
        *own,
        Pointer("x", "y", (0.42, 0.4), 0.02, panel=0, label="place in the photo"),
    ]
    presets = {
        "first layer: a few pixels": {"network": "alexnet", "layer": "conv1", "x": 0.42, "y": 0.4},
        "last convolution: most of the photo": {"network": "alexnet", "layer": "conv5", "x": 0.42, "y": 0.4},
        "at the border: half of it is padding": {"network": "alexnet", "layer": "conv5", "x": 0.0, "y": 0.0},
    }
    return Explorable(_render, controls, "What a unit sees", presets, refresh)


def _layer_control(state: dict) -> Choice:
    layers = common_controls.layer_labels(state["network"], KINDS)
    return Choice("layer", tuple(layers), list(layers)[-2])


@lru_cache(maxsize=8)
def _tiles(name: str, picture: str, own: bytes | None) -> dict:
    state = {"network": name, "picture": picture, "own": own, "use_own": own is not None}
    return field_tiles(common_controls.network(name), common_controls.chosen_image(state))


def nearest_position(field, positions: tuple[int, int], y: float, x: float) -> tuple[int, int]:
    """The position (row, column) of a layer whose field's middle is nearest to pixel (y, x)."""
    found = []
    for axis, place in enumerate((y, x)):
        middle = field.start[axis] + (field.size[axis] - 1) / 2
        nearest = round((place - middle) / field.jump[axis])
        found.append(min(max(nearest, 0), positions[axis] - 1))
    return found[0], found[1]


def _render(state: dict) -> Picture:
    model = common_controls.network(state["network"])
    image = common_controls.chosen_image(state)
    own = state["own"] if state["use_own"] else None
    field = receptive_field(model, state["layer"])
    rows, columns = layer_info(model, state["layer"]).positions
    height, width = image.shape[2:]
    y, x = nearest_position(field, (rows, columns), state["y"] * (height - 1), state["x"] * (width - 1))
    tiles = _tiles(state["network"], state["picture"], own)
    drawing = draw_receptive_field(model, state["layer"], y, x, image, tiles)
    top, left, bottom, right = field.box_inside(y, x, height, width)
    share = (bottom - top) * (right - left) / (height * width)
    caption = (
        f"Position ({y}, {x}) of {state['layer']} sees {field.size[0]} × {field.size[1]} px; {bottom - top} × "
        f"{right - left} of them lie in the picture, {share:.0%} of it. Neighbors are {field.jump[0]} px apart."
    )
    return drawing.picture(caption, width=round(drawing.width))
