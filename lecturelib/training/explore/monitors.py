"""What monitors record of a run, beside its loss: depth, scale of the weights, activation and rate are set here."""

from __future__ import annotations

import warnings
from functools import lru_cache

import torch
from torch import nn

from lecturelib.drawing.curve_panels import Panel, Series, sheet
from lecturelib.show import Picture
from lecturelib.training.explore.short_runs import clothes
from lecturelib.training.fit import fit
from lecturelib.training.history import History
from lecturelib.training.monitors import activation_monitor, usual_monitors, weight_monitor
from lecturelib.training.run import RunStopped
from lecturelib.widgets import Choice, Explorable, Slider

STEPS, EVERY, BATCH, PROBE = 100, 5, 64, 200
WIDTH, HEIGHT = 820, 250
RECORDED = {
    "gradients": ("gradients/", "root mean square of the gradient, by layer", True),
    "updates": ("updates/", "length of a step relative to the weights, by layer", True),
    "dead units": ("dead/", "share of dead units, by layer", False),
    "activations": ("activations/", "standard deviation of the activations, by layer", True),
    "weights": ("weights/", "root mean square of the weights, by layer", True),
    "outputs": ("outputs/", "outputs: confidence, number of classes, sure and wrong", False),
}
ACTIVATIONS = {"ReLU": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
RATES, SCALES = (0.001, 0.01, 0.03, 0.1, 0.3, 1.0), (0.1, 0.3, 1.0, 2.0, 4.0)


def monitor_explorer() -> Explorable:
    """A network of several layers learns clothes: what do its monitors show that the loss does not?

    >>> monitor_explorer().state["recorded"]
    'gradients'
    """
    controls = [
        Choice("recorded", tuple(RECORDED), label="what is recorded"),
        Slider("depth", 1, 8, 1, 4, label="hidden layers of 32 units"),
        Choice("activation", tuple(ACTIVATIONS), "ReLU"),
        Choice("scale", SCALES, 1.0, label="first weights, times the usual", slider=True),
        Choice("rate", RATES, 0.1, label="learning rate (SGD)", slider=True),
        Slider("seed", 0, 4, label="seed"),
    ]
    presets: dict[str, dict] = {
        "healthy": {"activation": "ReLU", "depth": 4, "scale": 1.0, "rate": 0.1},
        "eight layers of sigmoids": {"recorded": "gradients", "activation": "sigmoid", "depth": 8},
        "weights too large": {"recorded": "activations", "scale": 4.0},
        "weights too small": {"recorded": "activations", "scale": 0.1, "depth": 8},
        "a rate that is too high": {"recorded": "dead units", "activation": "ReLU", "rate": 1.0},
    }
    return Explorable(_render, controls, "What monitors record", presets)


def deep_net(depth: int, activation: str, scale: float, seed: int) -> nn.Sequential:
    """784 - 32 - ... - 32 - 10; the hidden weights begin at He's deviation sqrt(2 / inputs) times `scale`.

    >>> [type(layer).__name__ for layer in deep_net(1, "tanh", 1.0, 0)]
    ['Flatten', 'Linear', 'Tanh', 'Linear']
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[nn.Module] = [nn.Flatten()]
        for k in range(depth):
            linear = nn.Linear(784 if k == 0 else 32, 32)
            nn.init.normal_(linear.weight, std=scale * (2 / linear.in_features) ** 0.5)
            nn.init.zeros_(linear.bias)
            layers += [linear, ACTIVATIONS[activation]()]
        return nn.Sequential(*layers, nn.Linear(32, 10))


@lru_cache(maxsize=64)
def monitored(depth: int, activation: str, scale: float, rate: float, seed: int) -> History:
    """The history of a run with all monitors; where it stops early (NaN), it is as long as it got."""
    model = deep_net(depth, activation, scale, seed)
    data = clothes()
    monitors = [
        *usual_monitors(data[0][:PROBE], EVERY),
        activation_monitor(every=EVERY),
        weight_monitor(EVERY),
    ]
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    run = fit(model, data, steps=STEPS, optimizer=optimizer, batch_size=BATCH, seed=seed, monitors=monitors)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RunStopped)  # the curve shows that it ended
        for _ in run:
            pass
    return run.history


def _render(state: dict) -> Picture:
    history = monitored(*(state[name] for name in ("depth", "activation", "scale", "rate", "seed")))
    prefix, title, log = RECORDED[state["recorded"]]
    names = _names(history, prefix)
    loss = Panel(
        "loss, up to 4",
        [Series(history.steps("loss"), history["loss"], "", 0)],
        low=0.0,
        high=4.0,
        x_end=float(STEPS),
    )
    lines = [
        Series(history.steps(name), history[name], _label(name, prefix), k) for k, name in enumerate(names)
    ]
    high = 1.0 if prefix == "dead/" else None
    empty = f"{title}: none, as there is no ReLU" if prefix == "dead/" else f"{title}: nothing recorded"
    recorded = Panel(title if lines else empty, lines, log, 0.0, high, x_end=float(STEPS), x_label="step")
    ends = ", ".join(f"{_label(name, prefix)} {history[name][-1]:.2g}" for name in names) or "nothing"
    stopped = (
        "" if history.step >= STEPS else f" The run ended at step {history.step}: the loss was no number."
    )
    caption = (
        f"{state['depth']} hidden layers with {state['activation']}, first weights × {state['scale']:g}, learning rate "
        f"{state['rate']:g}, one run with seed {state['seed']}. Loss at the end {history['loss'][-1]:.3g} (ten equal "
        f"probabilities: 2.30). Last recorded, from the first layer on: {ends}.{stopped}"
    )
    alt = f"The loss of a run above, and below it {title}. {caption}"
    return Picture(sheet([loss, recorded], 1, WIDTH, HEIGHT), alt, caption, width=WIDTH)


def _names(history: History, prefix: str) -> list[str]:
    """The numbers, not the vectors, that were recorded under a prefix; the deviation where there are several."""
    names = [name for name in history.names(prefix) if history[name].ndim == 1]
    deviations = [name for name in names if name.endswith("/std")]
    return deviations or names


def _label(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).removesuffix("/std")
