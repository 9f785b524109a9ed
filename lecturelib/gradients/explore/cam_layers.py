"""Grad-CAM at any layer, and multiplied with guided backpropagation: what the choice of the layer does."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from lecturelib.gradients.backprop import backprop
from lecturelib.gradients.explore.averages import class_explorer
from lecturelib.gradients.explore.methods import map_layers
from lecturelib.gradients.grad_cam import grad_cam, guided_grad_cam
from lecturelib.network.units import Logit
from lecturelib.show import Picture, overlay, pixels_of, tiled
from lecturelib.show.attribution_maps import around_grey
from lecturelib.widgets import Choice, Explorable, common_controls

SHOWN = ("Grad-CAM", "guided Grad-CAM", "guided backprop alone")


def grad_cam_explorer(network: str = "alexnet", picture_name: str | None = None) -> Explorable:
    """Grad-CAM of a class at any layer of the network, and multiplied with guided backpropagation.

    >>> grad_cam_explorer().state["layer"]
    'relu5'
    """
    controls = [
        _layer_control({"network": network}),
        Choice("percentile", (80, 90, 95, 98, 99, 99.5, 100), 99, label="clipped at percentile", slider=True),
    ]
    presets: dict[str, dict] = {
        "the last layer": {"network": "alexnet", "layer": "relu5"},
        "the first layer": {"network": "alexnet", "layer": "conv1"},
        "in the middle": {"network": "alexnet", "layer": "relu3"},
        "a digit": {"network": "lenet", "picture": "3"},
    }
    return class_explorer(
        _render, "Grad-CAM by layer", network, picture_name, controls, presets, {"layer": _layer_control}
    )


def _layer_control(state: dict) -> Choice:
    layers = map_layers(state["network"])
    return Choice("layer", layers, layers[-1])


@lru_cache(maxsize=64)
def _maps(network: str, picture: str, own: bytes | None, k: int, layer: str) -> tuple[Tensor, ...]:
    """Grad-CAM (h, w), guided Grad-CAM and guided backprop (C, H, W)."""
    state = {"network": network, "picture": picture, "own": own, "use_own": own is not None}
    model, image = common_controls.network(network), common_controls.chosen_image(state)
    unit = Logit(k).check(model)
    guided = backprop(model, image, unit, "guided")[0]
    return grad_cam(model, image, unit, layer), guided_grad_cam(model, image, unit, layer), guided


def _render(state: dict) -> Picture:
    own = state["own"] if state["use_own"] else None
    image = common_controls.chosen_image(state)
    cam, product, guided = _maps(
        state["network"], state["picture"], own, state["class_index"], state["layer"]
    )
    size = image.shape[-1]
    over = overlay(image, cam, percentile=state["percentile"], color_bar=False, size=size, alt="Grad-CAM")
    colors = [pixels_of(around_grey(each, state["percentile"])) for each in (product, guided)]
    rows, columns = cam.shape
    inside = torch.count_nonzero(cam).item() / cam.numel()
    name = common_controls.class_labels(state["network"])[state["class_index"]]
    labels = [common_controls.picture_title(state), *SHOWN]
    caption = (
        f"The score of {name} in {state['network']}, Grad-CAM at {state['layer']}: {rows} × {columns} cells, "
        f"{inside:.0%} of them above 0. Around grey: grey is 0. Clipped at percentile {state['percentile']:g}."
    )
    zoom = max(1, 224 // size)
    parts = [pixels_of(image), over, *colors]
    alt = f"The picture, Grad-CAM over it, guided Grad-CAM, and guided backprop alone. {caption}"
    return tiled(parts, 4, labels, zoom, pad=10, alt=alt, caption=caption)
