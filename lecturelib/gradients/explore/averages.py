"""Explorables of methods that average gradients: SmoothGrad over noise, integrated gradients along a path."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from lecturelib.gradients.explore.methods import CLASSIFIERS
from lecturelib.gradients.integrated_gradients import IntegratedGradients, iter_integrated_gradients
from lecturelib.gradients.saliency import saliency_map
from lecturelib.gradients.smooth_grad import iter_smooth_grad
from lecturelib.network.units import Logit, Unit
from lecturelib.show import Picture, pixels_of, tiled
from lecturelib.show.attribution_maps import clip_level, tile
from lecturelib.show.raster_text import number
from lecturelib.widgets import Choice, Control, Explorable, Progress, Slider, common_controls

PATIENCE = 0.15  # seconds between two pictures while an average is computed
PERCENTILE = 99
REMEMBERED = 40  # integrated gradients; one of 224 px holds .6 MB
BASELINES = {"black": 0.0, "grey": 0.5, "white": 1.0}


def class_explorer(
    render: Callable,
    title: str,
    network: str,
    picture_name: str | None,
    controls: Sequence[Control],
    presets: Mapping[str, Any],
    limited: dict[str, Callable[[dict], Control]] | None = None,
) -> Explorable:
    """An explorable with a network, a picture and a class, and controls of its own behind them.

    `limited`: of these, the ones that the network limits, by name.
    """
    first, *own = common_controls.picture_controls(network, picture_name)
    start = {"network": network, "picture": first.value, "own": None, "use_own": True}

    def refresh(state: dict) -> dict:
        return common_controls.settle(
            state,
            picture=common_controls.picture_control,
            class_index=common_controls.class_control,
            **(limited or {}),
        )

    before = [Choice("network", CLASSIFIERS, network), first, common_controls.class_control(start)]
    return Explorable(
        render,
        [*before, *controls, *own],
        title,
        presets,
        refresh,
        resets={"class_index": common_controls.OF_PICTURE},
    )


def _tiles(image: Tensor, parts: list, labels: list[str], alt: str, caption: str) -> Picture:
    zoom = max(1, 260 // image.shape[-1])
    return tiled(parts, len(parts), labels, zoom, pad=10, alt=f"{alt} {caption}", caption=caption)


# --- SmoothGrad ----------------------------------------------------------------------------------------------


def smooth_grad_explorer(network: str = "alexnet", picture_name: str | None = None) -> Explorable:
    """SmoothGrad: noise is added to the picture and the gradients averaged; how much noise, how many samples?

    >>> smooth_grad_explorer("lenet", "3").state["noise"]
    0.15
    """
    controls = [
        Slider("noise", 0.0, 0.5, 0.05, 0.15, label="noise, share of the pixels' range"),
        Choice("samples", (1, 2, 5, 10, 25, 50, 100), 25, slider=True),
        Slider("seed", 0, 9),
    ]
    presets = {
        "no noise: the plain gradient": {"noise": 0.0},
        "one noisy gradient": {"samples": 1},
        "too much noise": {"noise": 0.5, "samples": 50},
        "espresso": {"network": "efficientnet_lite0", "picture": "coffee", "samples": 10},
    }
    return class_explorer(_render_smooth, "SmoothGrad", network, picture_name, controls, presets)


def _render_smooth(state: dict) -> Iterator[Picture | Progress]:
    model, image = common_controls.network(state["network"]), common_controls.chosen_image(state)
    unit = Logit(state["class_index"]).check(model)
    plain = saliency_map(model, image, unit)[0]
    generator = torch.Generator().manual_seed(state["seed"])
    noisy = (image + state["noise"] * torch.randn(image.shape, generator=generator)).clamp(0, 1)
    steps = iter_smooth_grad(
        model, image, unit, noise=state["noise"], samples=state["samples"], seed=state["seed"]
    )
    shown, done, values = 0.0, 0.0, plain
    for done, values in steps:
        if done < 1 and time.perf_counter() - shown > PATIENCE:
            yield _draw_smooth(state, unit, image, noisy, plain, values, done)
            yield Progress(done, "gradient after gradient")
            shown = time.perf_counter()
    yield _draw_smooth(state, unit, image, noisy, plain, values, done)


def _draw_smooth(state, unit: Unit, image, noisy, plain: Tensor, values: Tensor, done: float) -> Picture:
    smooth = values[0].abs().amax(0)  # (1, C, H, W) -> (H, W)
    parts = [
        pixels_of(noisy),
        tile(plain, "size", percentile=PERCENTILE),
        tile(smooth, "size", percentile=PERCENTILE),
    ]
    count = max(1, round(done * state["samples"]))
    labels = [f"one sample, noise {state['noise']:.0%}", "saliency, no noise", f"mean of {count}"]
    caption = (
        f"The {unit} of {state['network']}, gradients of {count} of {state['samples']} noisy copies averaged. The "
        f"strongest 5% of the pixels hold {gathered(plain):.0%} of the map without noise, {gathered(smooth):.0%} of "
        f"the average. Each map on its own scale, clipped at percentile {PERCENTILE}."
    )
    named = common_controls.picture_title(state)
    alt = f"The picture {named!r} with noise, its saliency map, and the average over noisy copies."
    return _tiles(image, parts, labels, alt, caption)


def gathered(map: Tensor, share: float = 0.05) -> float:
    """How much of the sum of a map (H, W), 0 or more, its largest values hold; `share` of all values is counted."""
    sizes = map.flatten().sort(descending=True).values
    return (sizes[: max(1, round(share * len(sizes)))].sum() / sizes.sum().clamp(min=1e-12)).item()


# --- integrated gradients ------------------------------------------------------------------------------------


def integrated_gradients_explorer(network: str = "alexnet", picture_name: str | None = None) -> Explorable:
    """Integrated gradients from a baseline to the picture: do the shares add up to the difference of the scores?

    >>> integrated_gradients_explorer("lenet", "3").state["steps"]
    16
    """
    controls: list[Control] = [
        Choice("steps", (1, 2, 4, 8, 16, 32, 64, 128), 16, slider=True),
        Choice("baseline", tuple(BASELINES)),
        Choice("percentile", (90, 95, 98, 99, 99.5, 100), 99.5, label="clipped at percentile", slider=True),
    ]
    presets = {
        "one step": {"steps": 1},
        "many steps": {"steps": 128},
        "a white baseline": {"baseline": "white", "steps": 32},
        "a 3 on black": {"network": "lenet", "picture": "3", "steps": 32},
        "a 3, from grey": {"network": "lenet", "picture": "3", "steps": 32, "baseline": "grey"},
    }
    title = "Integrated gradients"
    return class_explorer(_render_integrated, title, network, picture_name, controls, presets)


def _render_integrated(state: dict) -> Iterator[Picture | Progress]:
    model, image = common_controls.network(state["network"]), common_controls.chosen_image(state)
    unit = Logit(state["class_index"]).check(model)
    level = BASELINES[state["baseline"]]
    shown, done, found = 0.0, 0.0, None
    for done, found in _integrals(state, unit):
        if done < 1 and time.perf_counter() - shown > PATIENCE:
            yield _draw_integrated(state, image, unit, level, found, done)
            yield Progress(done, "along the path")
            shown = time.perf_counter()
    if found is not None:
        yield _draw_integrated(state, image, unit, level, found, done)


_known: OrderedDict[tuple, IntegratedGradients] = OrderedDict()


def _integrals(state: dict, unit: Unit) -> Iterator[tuple[float, IntegratedGradients]]:
    """(share done, estimate so far); what is known is not computed again, as when only the view changes."""
    own = state["own"] if state["use_own"] else None
    key = (state["network"], state["picture"], own, unit, state["baseline"], state["steps"])
    if key in _known:
        yield 1.0, _known[key]
        return
    model, image = common_controls.network(state["network"]), common_controls.chosen_image(state)
    level = BASELINES[state["baseline"]]
    for done, found in iter_integrated_gradients(model, image, unit, baseline=level, steps=state["steps"]):
        if done == 1:
            _known[key] = found
        yield done, found
    while len(_known) > REMEMBERED:
        _known.popitem(last=False)


def _draw_integrated(
    state, image, unit: Unit, level: float, found: IntegratedGradients, done: float
) -> Picture:
    start, end = found.start, found.end
    total = found.attribution.sum().item()
    per_pixel = found.attribution[0].sum(0)  # (1, C, H, W) -> (H, W)
    error = total - (end - start)
    share = f" ({abs(error) / abs(end - start):.1%} of the difference)" if abs(end - start) > 1e-6 else ""
    parts = [
        pixels_of(torch.full_like(image, level)),
        pixels_of(image),
        tile(per_pixel, "signed", percentile=state["percentile"]),
    ]
    labels = [f"baseline: {number(start)}", f"picture: {number(end)}", f"shares: sum {number(total)}"]
    so_far = "" if done == 1 else f" {done:.0%} of the path so far."
    level_at = clip_level(per_pixel, state["percentile"])
    caption = (
        f"The {unit} of {state['network']}: {number(start)} for the {state['baseline']} baseline, {number(end)} for "
        f"the picture, a difference of {number(end - start)}. {state['steps']} steps give shares that add up to "
        f"{number(total)}: completeness error {number(abs(error))}{share}.{so_far} Orange raises, blue lowers; colors "
        f"end at ±{number(level_at)}, percentile {state['percentile']:g}."
    )
    named = common_controls.picture_title(state)
    alt = f"A {state['baseline']} baseline, the picture {named!r}, and each pixel's share of the score."
    return _tiles(image, parts, labels, alt, caption)
