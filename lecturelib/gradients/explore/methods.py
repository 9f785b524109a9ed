"""The choices that the explorables of part 5 offer: a unit by name and a method, and the maps of each method.

A method here is a generator `(model, image, unit, rule) -> (share done, values)`, so that slow ones refine their map.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from torch import Tensor

from lecturelib.filters import sobel_edges
from lecturelib.gradients.backprop import backprop
from lecturelib.gradients.deconvnet import deconvnet
from lecturelib.gradients.grad_cam import grad_cam, guided_grad_cam
from lecturelib.gradients.integrated_gradients import iter_integrated_gradients
from lecturelib.gradients.saliency import gradient_times_input, saliency_map
from lecturelib.gradients.smooth_grad import iter_smooth_grad
from lecturelib.gradients.spectral_residual import spectral_residual
from lecturelib.models import PixelModel
from lecturelib.network.hooks import resolve_layer
from lecturelib.network.units import Channel, Logit, Neuron, Probability, Unit
from lecturelib.parameters.activations import activations, strongest_channels
from lecturelib.widgets import Choice, Slider, common_controls

NONE = "none"
RULES = {"backprop": "backprop", "deconvnet": "deconvnet", "guided": "guided backprop"}
KINDS = ("class score", "class probability", "channel", "neuron")
CLASSIFIERS = ("alexnet", "efficientnet_lite0", "lenet", "fashion_lenet", "textures_net", "cifar_net")
REVERSIBLE = ("alexnet", "vgg16", "lenet", "fashion_lenet", "textures_net", "cifar_net")  # plain chains
IG_STEPS, SMOOTH_SAMPLES = 32, 24
REMEMBERED = 80  # maps; of 224 px each holds up to 0.6 MB

Run = Iterator[tuple[float, Tensor]]


@dataclass(frozen=True)
class MapMethod:
    """One method: how it runs, what its values are ("color", "signed", "size", "cells"), and whether a rule counts."""

    run: Callable[..., Run]
    kind: str
    ruled: bool = False

    def map(self, values: Tensor) -> Tensor:
        """The values as one map (H, W) of sizes, as a rank correlation needs it."""
        return values.abs().amax(0) if values.ndim == 3 else values.abs()


def _once(function: Callable[..., Tensor]) -> Callable[..., Run]:
    def run(model: PixelModel, image: Tensor, unit: Unit, rule: str) -> Run:
        yield 1.0, function(model, image, unit, rule)

    return run


def _integrated(model: PixelModel, image: Tensor, unit: Unit, rule: str) -> Run:
    for done, found in iter_integrated_gradients(model, image, unit, steps=IG_STEPS):
        yield done, found.attribution[0].sum(0)  # (1, C, H, W) -> (H, W)


def _smooth(model: PixelModel, image: Tensor, unit: Unit, rule: str) -> Run:
    for done, values in iter_smooth_grad(model, image, unit, samples=SMOOTH_SAMPLES):
        yield done, values[0].abs().amax(0)  # (1, C, H, W) -> (H, W)


def _by_its_name(model: PixelModel, unit: Unit) -> Unit:
    """The unit with PyTorch's name of its layer, by which Grad-CAM finds the maps before it."""
    return (
        replace(unit, layer=resolve_layer(model, unit.layer)) if isinstance(unit, Channel | Neuron) else unit
    )


# name -> what runs; Grad-CAM takes the last map before the unit
METHODS: dict[str, MapMethod] = {
    "gradient": MapMethod(_once(lambda m, x, u, rule: backprop(m, x, u, rule)[0]), "color", ruled=True),
    "saliency map": MapMethod(
        _once(lambda m, x, u, rule: saliency_map(m, x, u, rule)[0]), "size", ruled=True
    ),
    "gradient x input": MapMethod(
        _once(lambda m, x, u, *_: gradient_times_input(m, x, u)[0].sum(0)), "signed"
    ),
    "guided backprop": MapMethod(_once(lambda m, x, u, *_: backprop(m, x, u, "guided")[0]), "color"),
    "deconvnet": MapMethod(_once(lambda m, x, u, *_: deconvnet(m, x, u)[0]), "color"),
    "integrated gradients": MapMethod(_integrated, "signed"),
    "SmoothGrad": MapMethod(_smooth, "size"),
    "Grad-CAM": MapMethod(_once(lambda m, x, u, _: grad_cam(m, x, _by_its_name(m, u))), "cells"),
    "guided Grad-CAM": MapMethod(
        _once(lambda m, x, u, _: guided_grad_cam(m, x, _by_its_name(m, u))), "color"
    ),
    "spectral residual (no network)": MapMethod(_once(lambda m, x, *_: spectral_residual(x)), "size"),
    "edges (no network)": MapMethod(_once(lambda m, x, *_: sobel_edges(x)[0]), "size"),
}


def method_names(state: dict) -> tuple[str, ...]:
    """The methods that a network and a unit allow: the deconvnet starts from one activation of a plain chain, and
    Grad-CAM takes a map before the unit."""
    reversible = state["network"] in REVERSIBLE and "class" not in state["kind"]
    first = state["layer"] == map_layers(state["network"])[0]
    return tuple(
        name for name in METHODS if (name != "deconvnet" or reversible) and not ("Grad-CAM" in name and first)
    )


# --- units by name -------------------------------------------------------------------------------------------


def kind_control(state: dict) -> Choice:
    """The kind of unit."""
    return Choice("kind", KINDS, label="unit")


def class_control(state: dict) -> Choice:
    """The likeliest classes, or a word where none is asked for."""
    if "class" in state["kind"]:
        return common_controls.class_control(state)
    return Choice("class_index", (0,), label="class", labels=("not asked for",))


def map_layers(network: str) -> tuple[str, ...]:
    """The layers whose channels and neurons are offered, by the lecture's names where there are any."""
    return tuple(common_controls.layer_labels(network, ("Conv2d", "SameConv2d", "ReLU")))


def layer_control(state: dict) -> Choice:
    """The layer of a channel or a neuron."""
    if "class" in state["kind"]:
        return Choice("layer", ("output",))
    layers = map_layers(state["network"])
    convolutions = [name for name in layers if "conv" in name]
    return Choice("layer", layers, (convolutions or layers)[-1])


def rank_slider(state: dict) -> Slider:
    """Which channel, counted from the one that responds most to the picture."""
    label = "channel, strongest first"
    if "class" in state["kind"]:
        return Slider("rank", 1, 1, label=label)
    channels = common_controls.layer_labels(state["network"], ("Conv2d", "SameConv2d", "ReLU"))[
        state["layer"]
    ].channels
    return Slider("rank", 1, channels, label=label)


def unit_of(state: dict) -> Unit:
    """The unit of a state; a neuron is taken where its channel responds most."""
    model = common_controls.network(state["network"])
    if "class" in state["kind"]:
        kind = Logit if state["kind"] == "class score" else Probability
        return kind(state["class_index"]).check(model)
    own = state["own"] if state["use_own"] else None
    maps = _maps(state["network"], state["picture"], own, state["layer"])
    channel = int(strongest_channels(maps, len(maps), "max")[state["rank"] - 1])
    if state["kind"] == "channel":
        return Channel(state["layer"], channel)
    y, x = divmod(int(maps[channel].argmax()), maps.shape[-1])
    return Neuron(state["layer"], channel, y, x)


@lru_cache(maxsize=16)
def _maps(network: str, picture: str, own: bytes | None, layer: str) -> Tensor:
    state = {"network": network, "picture": picture, "own": own, "use_own": own is not None}
    return activations(common_controls.network(network), common_controls.chosen_image(state), layer)


# --- maps, remembered: another palette costs no pass ---------------------------------------------------------

_known: OrderedDict[tuple, Tensor] = OrderedDict()


def values_of(name: str, state: dict, unit: Unit, rule: str = "backprop") -> Run:
    """The values of a method for the picture of a state, sharpening; at once where they are known already."""
    method = METHODS[name]
    own = state["own"] if state["use_own"] else None
    key = (name, state["network"], state["picture"], own, unit, rule if method.ruled else "")
    if key in _known:
        yield 1.0, _known[key]
        return
    values = None
    for done, values in method.run(
        common_controls.network(state["network"]), common_controls.chosen_image(state), unit, rule
    ):
        yield done, values
    if values is not None:
        _known[key] = values
        while len(_known) > REMEMBERED:
            _known.popitem(last=False)
