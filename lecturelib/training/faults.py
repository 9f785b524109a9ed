"""Runs that go wrong on purpose: one fault planted in a small network that learns real digits or clothes.

`planted(fault, seed)` gives the run, ready to iterate. Everything else about it (the data set, the network, the
optimizer, how strong the fault is) is drawn from the seed, so that a fault does not always look the same.
"""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecturelib import datasets
from lecturelib.checks import check_name, check_number, check_whole
from lecturelib.training.fit import fit
from lecturelib.training.history import History
from lecturelib.training.monitors import split_monitor, usual_monitors
from lecturelib.training.run import Run, RunStopped

STEPS = 400
RECORD_EVERY = 10  # steps between two records of the monitors
VALIDATE = 20
TRAIN, VALIDATION, PROBE = 5000, 500, 128
STATISTICS = {"digits": (0.1307, 0.3081), "clothes": (0.2860, 0.3530)}

FAULTS: dict[str, str] = {
    "healthy": "nothing is wrong",
    "learning rate too high": "steps so long that they overshoot the minimum",
    "learning rate too low": "steps so short that little is learned in this time",
    "exploding gradients": "a deep network whose weights start too large: each layer makes the gradient larger",
    "vanishing gradients": "a deep network that makes the gradient smaller in each layer: the first ones learn nothing",
    "dying ReLU": "biases so negative that most units are 0 for every example and get no gradient",
    "overfitting": "few examples and many epochs: the network learns the examples by heart",
    "wrong labels": "a large share of the training labels, or all of them, are random",
    "train/test leak": "the validation set holds examples of the training set, slightly changed",
    "distribution mismatch": "the validation images were changed: rotated, noisy, inverted, shifted or blurred",
    "no shuffling": "the examples are sorted by class",
    "wrong normalization": "pixels from 0 to 255, divided twice, or not centered",
}


@dataclass
class Recipe:
    """What a run is made of before anything is trained; a fault changes some of it."""

    name: str  # digits or clothes
    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    build: Callable[[], nn.Module]
    rate: float
    adam: bool
    batch_size: int
    shuffle: bool = True
    said: dict[str, object] = field(default_factory=dict)  # what was drawn, in words and numbers


def planted(fault: str, seed: int, steps: int = STEPS) -> Run:
    """A run in which a fault is planted, ready to iterate; the same seed gives the same numbers.

    `run.history.notes["planted"]` holds the fault and what was drawn. Raises `UnknownName` for a fault that is none of
    `FAULTS`, `ValueError` for a negative seed.
    """
    check_name("fault", fault, FAULTS, "fault")
    check_whole("seed", seed)
    draw = random.Random(f"{fault} {seed}")
    recipe = _healthy(draw)
    PLANT[fault](recipe, draw)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(draw.randrange(2**31))
        model = recipe.build()
    kind = torch.optim.Adam if recipe.adam else _momentum
    probe = recipe.train[0][:: max(1, len(recipe.train[0]) // PROBE)][:PROBE]
    run = fit(
        model,
        recipe.train,
        steps=steps,
        optimizer=kind(model.parameters(), lr=recipe.rate),
        monitors=[
            *usual_monitors(probe, RECORD_EVERY),
            split_monitor(recipe.train, recipe.validation),
        ],
        validation=recipe.validation,
        validate_every=VALIDATE,
        batch_size=recipe.batch_size,
        shuffle=recipe.shuffle,
        seed=seed,
    )
    run.history.notes.update(planted=fault, drawn=recipe.said)
    return run


def history_of(fault: str, seed: int, steps: int = STEPS) -> History:
    """The history of `planted(fault, seed)`, run to its end; one that stops early says so in `notes["stopped"]`."""
    run = planted(fault, seed, steps)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RunStopped)
        for _ in run:
            pass
    run.history.notes["stopped"] = run.stopped
    return run.history


def _momentum(parameters, lr: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=lr, momentum=0.9)


def _healthy(draw: random.Random) -> Recipe:
    """A run in which all is well; what may differ from run to run is drawn."""
    name = draw.choice(("digits", "clothes"))
    adam, batch_size = draw.random() < 0.5, draw.choice((32, 64))
    rate = draw.choice((5e-4, 1e-3, 2e-3)) if adam else draw.choice((0.01, 0.02, 0.04))
    chosen = draw.randrange(2**31)
    train = _some(name, "train", TRAIN, chosen)
    validation = _some(name, "test", VALIDATION, chosen)
    kind = draw.choice(("dense", "dense", "convolutional"))
    width, depth = draw.choice((48, 64, 96)), draw.choice((2, 3, 4))
    build = (lambda: conv_net()) if kind == "convolutional" else (lambda: dense_net(depth, width))
    said: dict[str, object] = {
        "data": name, "optimizer": "Adam" if adam else "SGD with momentum", "learning rate": rate,
        "batch": batch_size, "network": kind if kind != "dense" else f"dense, {depth} hidden layers of {width}",
    }  # fmt: skip
    return Recipe(name, train, validation, build, rate, adam, batch_size, said=said)


def _some(name: str, split: str, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Some examples of a set, normalized: inputs (count, 1, 28, 28) and labels (count,)."""
    images, labels = (datasets.digits if name == "digits" else datasets.clothes)(split)
    chosen = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))[:count]
    mean, std = STATISTICS[name]
    return (images[chosen] - mean) / std, labels[chosen]


def dense_net(
    depth: int, width: int, activation=nn.ReLU, gain: float = 1.0, bias: float = 0.0
) -> nn.Sequential:
    """A dense network for 28 x 28 images, `depth` hidden layers, He's initial weights times `gain`, biases `bias`."""
    layers: list[nn.Module] = [nn.Flatten()]
    before = 28 * 28
    for _ in range(depth):
        layers += [nn.Linear(before, width), activation()]
        before = width
    layers.append(nn.Linear(before, 10))
    return _initial(nn.Sequential(*layers), gain, bias)


def conv_net(gain: float = 1.0, bias: float = 0.0) -> nn.Sequential:
    """A small LeNet for 28 x 28 images with strided convolutions; weights and biases as in `dense_net`."""
    made = nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2), nn.ReLU(),  # (B, 8, 12, 12)
        nn.Conv2d(8, 16, 5, stride=2), nn.ReLU(),  # (B, 16, 4, 4)
        nn.Flatten(), nn.Linear(256, 48), nn.ReLU(), nn.Linear(48, 10),
    )  # fmt: skip
    return _initial(made, gain, bias)


def _initial(model: nn.Sequential, gain: float, bias: float) -> nn.Sequential:
    learning = [module for module in model if isinstance(module, nn.Linear | nn.Conv2d)]
    for module in learning:
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        with torch.no_grad():
            last = module is learning[-1]
            module.weight.mul_(gain / math.sqrt(2) if last else gain)
            if module.bias is not None:
                module.bias.fill_(0.0 if last else bias)
    return model


# --- the faults ------------------------------------------------------------------------------------------------


def _nothing(recipe: Recipe, draw: random.Random) -> None:
    """The healthy run."""


def _rate_too_high(recipe: Recipe, draw: random.Random) -> None:
    recipe.rate = draw.choice((0.03, 0.06, 0.1)) if recipe.adam else draw.choice((0.4, 0.7, 1.0))
    recipe.said["learning rate"] = recipe.rate


def _rate_too_low(recipe: Recipe, draw: random.Random) -> None:
    recipe.rate /= draw.choice((200, 500, 1000))
    recipe.said["learning rate"] = recipe.rate


def _exploding(recipe: Recipe, draw: random.Random) -> None:
    depth, gain = draw.choice((5, 6, 8)), draw.choice((2.5, 3.0, 4.0))
    recipe.build = lambda: dense_net(depth, 64, gain=gain)
    recipe.said["network"] = f"dense, {depth} hidden layers, initial weights {gain} times too large"


def _vanishing(recipe: Recipe, draw: random.Random) -> None:
    if draw.random() < 0.5:
        depth = draw.choice((4, 6, 8))
        recipe.build = lambda: dense_net(depth, 64, nn.Sigmoid, gain=0.7)
        recipe.said["network"] = f"dense, {depth} hidden layers of sigmoids"
    else:
        depth, gain = draw.choice((6, 8)), draw.choice((0.3, 0.4))
        recipe.build = lambda: dense_net(depth, 64, gain=gain)
        recipe.said["network"] = (
            f"dense, {depth} hidden layers, initial weights {gain} of what they should be"
        )


def _dying(recipe: Recipe, draw: random.Random) -> None:
    bias = draw.choice((-3.0, -4.0, -6.0))
    depth = draw.choice((2, 3))
    conv = draw.random() < 0.4
    recipe.build = (lambda: conv_net(bias=bias)) if conv else (lambda: dense_net(depth, 64, bias=bias))
    recipe.said["biases"] = bias


def _overfitting(recipe: Recipe, draw: random.Random) -> None:
    count = draw.choice((100, 200, 300))
    recipe.train = (recipe.train[0][:count], recipe.train[1][:count])
    width = draw.choice((128, 256))
    recipe.build = lambda: dense_net(2, width)
    recipe.said |= {"examples": count, "network": f"dense, 2 hidden layers of {width}"}


def _wrong_labels(recipe: Recipe, draw: random.Random) -> None:
    share = draw.choice((0.4, 0.6, 1.0))
    recipe.train = (recipe.train[0], with_wrong_labels(recipe.train[1], share, draw.randrange(2**31)))
    recipe.said["labels drawn by lot"] = share


def _leak(recipe: Recipe, draw: random.Random) -> None:
    count, share = draw.choice((400, 1000, 5000)), draw.choice((0.3, 0.6, 1.0))
    recipe.train = (recipe.train[0][:count], recipe.train[1][:count])
    inputs, labels = recipe.validation
    leaked = min(round(share * len(inputs)), count)
    generator = torch.Generator().manual_seed(draw.randrange(2**31))
    chosen = torch.randperm(count, generator=generator)[:leaked]
    noise = draw.choice((0.0, 0.02, 0.05))
    copies = recipe.train[0][chosen]
    copies = copies + noise * torch.randn(copies.shape, generator=generator)
    recipe.validation = (
        torch.cat([copies, inputs[leaked:]]),
        torch.cat([recipe.train[1][chosen], labels[leaked:]]),
    )
    recipe.said |= {"examples": count, "leaked": leaked / len(inputs), "noise on the copies": noise}


def _mismatch(recipe: Recipe, draw: random.Random) -> None:
    kind = draw.choice(tuple(CHANGES))
    inputs, labels = recipe.validation
    mean, std = STATISTICS[recipe.name]
    generator = torch.Generator().manual_seed(draw.randrange(2**31))
    changed = CHANGES[kind](inputs * std + mean, generator).clamp(0, 1)
    recipe.validation = ((changed - mean) / std, labels)
    recipe.said["validation images"] = kind


CHANGES: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "turned by 90 degrees": lambda x, _: x.rot90(1, (2, 3)),
    "noisy": lambda x, g: x + 0.4 * torch.randn(x.shape, generator=g),
    "inverted": lambda x, _: 1 - x,
    "moved by 6 pixels": lambda x, _: F.pad(x, (6, 0, 0, 0))[..., :28],
    "blurred": lambda x, _: F.avg_pool2d(F.pad(x, (3, 3, 3, 3)), 7, stride=1),
}


def _no_shuffling(recipe: Recipe, draw: random.Random) -> None:
    # Some sets are sorted altogether, some only in their first classes' order: 0 and 1, then 2 and 3, ...
    together = draw.choice((1, 1, 2))
    order = (recipe.train[1] // together).argsort(stable=True)
    inputs, labels = recipe.train
    recipe.train = inputs[order], labels[order]
    recipe.shuffle = False
    recipe.said["classes at a time"] = together


def _wrong_normalization(recipe: Recipe, draw: random.Random) -> None:
    mean, std = STATISTICS[recipe.name]
    kind = draw.choice(("pixels from 0 to 255", "divided by 255 twice", "not centered"))
    change = {
        "pixels from 0 to 255": lambda x: (x * std + mean) * 255,
        "divided by 255 twice": lambda x: (x * std + mean) / 255,
        "not centered": lambda x: x + 8.0,
    }[kind]
    recipe.train = (change(recipe.train[0]), recipe.train[1])
    recipe.validation = (change(recipe.validation[0]), recipe.validation[1])
    recipe.said["inputs"] = kind


PLANT: dict[str, Callable[[Recipe, random.Random], None]] = dict(
    zip(
        FAULTS,
        (
            _nothing, _rate_too_high, _rate_too_low, _exploding, _vanishing, _dying,
            _overfitting, _wrong_labels, _leak, _mismatch, _no_shuffling, _wrong_normalization,
        ),
        strict=True,
    )
)  # fmt: skip


def with_wrong_labels(labels: Tensor, share: float, seed: int, classes: int = 10) -> Tensor:
    """Labels (N,) of which `share` are drawn by lot (so a tenth of those still happens to be right).

    Raises `ValueError` unless 0 <= share <= 1.
    """
    check_number("share", share, least=0, most=1)
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(labels), generator=generator)[: round(share * len(labels))]
    wrong = labels.clone()
    wrong[chosen] = torch.randint(classes, (len(chosen),), generator=generator)
    return wrong
