"""Learned priors, live: the same class under no prior, two VAEs, two GANs, or the statistics of a layer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from lecturelib import datasets
from lecturelib.datasets import CLOTHES
from lecturelib.network.units import Logit, Probability, read
from lecturelib.optimization.ascent import iter_maximize
from lecturelib.optimization.priors import GANPrior, LayerStatistics, VAEPrior
from lecturelib.optimization.transforms import jitter
from lecturelib.show import Picture, tiled
from lecturelib.widgets import Choice, Explorable, Progress, Slider, common_controls
from lecturelib.widgets.emerging import emerging

NETWORK, ZOOM, NATURAL = "fashion_lenet", 10, 200
PRIORS = {
    "none (Fourier)": "",
    "VAE of clothes": "clothes_vae",
    "VAE of digits": "digits_vae",
    "GAN of clothes": "clothes_gan",
    "GAN of digits": "digits_gan",
    "statistics of conv1": "conv1",
    "statistics of conv2": "conv2",
}
WEIGHTS, STEPS = (1.0, 10.0, 30.0, 100.0, 300.0), (10, 25, 50, 100)


def prior_explorer(garment: str = "bag") -> Explorable:
    """A class of a network of clothes, optimized within what a prior allows: whose feature is it?

    >>> prior_explorer().state["prior"]
    'none (Fourier)'
    """
    controls = [
        Choice("garment", CLOTHES, garment, label="class"),
        Choice("prior", tuple(PRIORS)),
        Choice("weight", WEIGHTS, 30.0, label="weight of the statistics", slider=True),
        Choice("steps", STEPS, 100, slider=True),
        Slider("seed", 0, 8, label="noise or code to start from"),
    ]
    presets: dict[str, dict] = {
        "no prior": {"garment": "bag", "prior": "none (Fourier)"},
        "a VAE of clothes": {"garment": "bag", "prior": "VAE of clothes"},
        "a VAE of digits": {"garment": "bag", "prior": "VAE of digits"},
        "a GAN of digits": {"garment": "bag", "prior": "GAN of digits"},
        "statistics of a layer": {"garment": "bag", "prior": "statistics of conv1"},
    }
    return Explorable(_render, controls, "Whose feature is it?", presets)


@lru_cache(maxsize=2)
def _measured(layer: str) -> LayerStatistics:
    images, _ = datasets.clothes("train")
    return LayerStatistics.measured(common_controls.network(NETWORK), layer, images[:NATURAL])


def settings_of(prior: str, weight: float, seed: int) -> dict[str, Any]:
    """What `maximize` is given for a prior."""
    name, model = PRIORS[prior], common_controls.network(NETWORK)
    if name.endswith("_vae"):
        return {"parametrization": VAEPrior(name, for_model=model, seed=seed)}
    if name.endswith("_gan"):
        return {"parametrization": GANPrior(name, for_model=model, seed=seed)}
    if not name:
        return {}
    found = _measured(name)
    return {"regularizers": (LayerStatistics(found.layer, found.mean, found.std, weight),)}


def _render(state: dict) -> Iterator[Picture | Progress]:
    model, unit = common_controls.network(NETWORK), Logit(CLOTHES.index(state["garment"]))
    steps, seed = state["steps"], state["seed"]
    weight = state["weight"] if state["prior"].startswith("statistics") else 0.0

    def ascent():
        given = settings_of(state["prior"], weight, seed)
        return iter_maximize(model, unit, steps=steps, seed=seed, transforms=(jitter(2),), **given)

    key = ("priors", state["garment"], state["prior"], weight, steps, seed)
    yield from emerging(key, ascent, steps, lambda step: _draw(state, step.image, step.step), "ascending")


def _draw(state: dict, image: Tensor, step: int) -> Picture:
    model, k = common_controls.network(NETWORK), CLOTHES.index(state["garment"])
    with torch.no_grad():
        sure = read(model, image, Probability(k)).item()
        value = read(model, image, Logit(k)).item()
    weight = f", weight {state['weight']:g}" if state["prior"].startswith("statistics") else ""
    caption = (
        f"The score of {state['garment']} in {NETWORK}, prior: {state['prior']}{weight}; {step} steps. Score "
        f"{value:.1f}, {sure:.0%} sure. The network itself was trained on clothes only."
    )
    return tiled([image], 1, zoom=ZOOM, alt=f"One optimized image. {caption}", caption=caption)
