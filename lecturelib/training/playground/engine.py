"""The playground's small network: forward, backward by hand, one step after another; plain arrays come out."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib.checks import check_whole
from lecturelib.training.playground.state import GOES_ON, a_dict, checked, number, sizes
from lecturelib.training.playground.toy_data import REACH, features_of, points

FAR = 1e6  # a weight beyond is on its way to infinity
REMEMBERED = 2000  # measured losses; beyond, every second one is dropped


class Diverged(ArithmeticError):
    """The weights grow without bounds; the network stays as it was before the step."""


class Engine:
    """A fully connected network on a 2-D data set, as a state (see `state.checked`) says.

    The same state gives the same numbers, step by step: data, first weights and the order of the batches follow from
    the seed, and the batch of a step from the step's number alone: a state with weights goes on exactly where it was.
    Loss: mean cross-entropy in nats. L2 adds rate / 2 times the squared weights to it, as PyTorch's `weight_decay`
    does; L1 shrinks each weight by learning rate times rate after the step and stops at 0. Biases are not regularized.
    """

    def __init__(self, state: dict | None = None):
        state = checked(state)
        weights, step = state.pop("weights", None), state.pop("step", 0)
        self.settings: dict = state
        names = ("dataset", "points", "noise", "train_share", "seed")
        self.points = points(*(state[name] for name in names))
        self.inputs = features_of(self.points.x, state["features"])  # (n, d)
        self._train = self.points.train.nonzero()[:, 0]
        self._orders: dict[int, Tensor] = {}
        self.layers: list[tuple[Tensor, Tensor]] = _first(state) if weights is None else _given(weights)
        self.step_number = step
        self.history: list[tuple[int, float, float]] = []  # step, train loss, test loss, as measured
        self.measure()

    # --- the network -----------------------------------------------------------------------------------------------

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """Inputs (n, d), the activations (n, units) of hidden layers, and the scores (n, outputs) before softmax."""
        activations = [inputs]
        for k, (weight, bias) in enumerate(self.layers):
            z = activations[-1] @ weight.T + bias
            activations.append(
                z if k == len(self.layers) - 1 else _activation(self.settings["activation"], z)
            )
        return activations

    def gradients(self, inputs: Tensor, label: Tensor) -> list[tuple[Tensor, Tensor]]:
        """The gradient of the mean cross-entropy in every layer's weight and bias, by hand, without autograd."""
        activations = self.forward(inputs)
        # For softmax and sigmoid alike the cross-entropy's gradient in the scores is: probability - truth.
        truth = label[:, None].to(inputs) if self.outputs == 1 else F.one_hot(label, self.outputs).to(inputs)
        delta = (self.probabilities(activations[-1]) - truth) / len(label)  # (n, outputs)
        found = []
        for k in reversed(range(len(self.layers))):
            below = activations[k]
            found.append((delta.T @ below, delta.sum(0)))
            if k:
                delta = (delta @ self.layers[k][0]) * _slope(self.settings["activation"], below)
        return found[::-1]

    def probabilities(self, scores: Tensor) -> Tensor:
        """Scores (n, outputs) as probabilities: of class 1 for one output, else of each class."""
        return scores.sigmoid() if self.outputs == 1 else scores.softmax(1)

    @property
    def outputs(self) -> int:
        """One for two classes, else one per class."""
        return len(self.layers[-1][1])

    @property
    def layout(self) -> list[int]:
        """Units of each layer, from the inputs to the outputs."""
        return sizes(self.settings)

    # --- training --------------------------------------------------------------------------------------------------

    def step(self, many: int = 1) -> None:
        """That many steps of stochastic gradient descent, each on its batch; measures the losses after the last.

        Raises `Diverged` where a weight grows beyond bounds; the network then is the one before that step.
        """
        learning_rate, rate = self.settings["learning_rate"], self.settings["rate"]
        kind = self.settings["regularization"]
        for _ in range(many):
            rows = self.batch(self.step_number)
            moved = []
            for (weight, bias), (d_weight, d_bias) in zip(
                self.layers, self.gradients(self.inputs[rows], self.points.label[rows]), strict=True
            ):
                if kind == "L2":
                    d_weight = d_weight + rate * weight
                weight = weight - learning_rate * d_weight
                if kind == "L1":
                    weight = F.softshrink(weight, learning_rate * rate)
                moved.append((weight, bias - learning_rate * d_bias))
            if not all((part.abs() < FAR).all() for layer in moved for part in layer):  # also for NaN
                self.measure()
                raise Diverged(
                    f"at step {self.step_number} the weights grow without bounds: the learning rate "
                    f"{learning_rate:g} is too high here. Reset, and try a smaller one."
                )
            self.layers = moved
            self.step_number += 1
        self.measure()

    def batch(self, step: int) -> Tensor:
        """Which points (rows of `inputs`) step number `step`, counted from 0, learns from."""
        size = self.settings["batch_size"]
        epoch, k = divmod(step, math.ceil(len(self._train) / size))
        if epoch not in self._orders:
            generator = torch.Generator().manual_seed(1_000_003 * (self.settings["seed"] + 1) + epoch)
            self._orders = {epoch: self._train[torch.randperm(len(self._train), generator=generator)]}
        return self._orders[epoch][k * size : (k + 1) * size]

    @property
    def epoch(self) -> float:
        """How often each training point was seen."""
        return self.step_number / math.ceil(len(self._train) / self.settings["batch_size"])

    def measure(self) -> None:
        """Loss and accuracy on both sets as they are now, into `losses`, `accuracies` and the history."""
        scores = self.forward(self.inputs)[-1]
        label = self.points.label
        if self.outputs == 1:
            z = scores[:, 0]
            each, right = F.softplus(z) - z * label, (z > 0) == (label == 1)
        else:
            each, right = F.cross_entropy(scores, label, reduction="none"), scores.argmax(1) == label
        parts = (self.points.train, self.points.test)
        self.losses = tuple(each[part].mean().item() for part in parts)
        self.accuracies = tuple(right[part].double().mean().item() for part in parts)
        if self.history and self.history[-1][0] == self.step_number:
            self.history.pop()  # measured again after an edit
        self.history.append((self.step_number, *self.losses))
        if len(self.history) > REMEMBERED:
            self.history = self.history[::2]

    def dead(self) -> list[tuple[int, int]]:
        """(layer, unit) of every ReLU that is 0 for every training point: it gets no gradient any more."""
        if self.settings["activation"] != "ReLU":
            return []
        hidden = self.forward(self.inputs[self._train])[1:-1]
        return [(k, int(u)) for k, a in enumerate(hidden, 1) for u in (a <= 0).all(0).nonzero()[:, 0]]

    # --- looking, and changing by hand -----------------------------------------------------------------------------

    def maps(self, size: int = 48) -> list[Tensor]:
        """Every layer over the plane, a list of (units, size, size) with x2 upwards: inputs, hidden, probabilities."""
        key = (size, tuple(self.settings["features"]))
        if getattr(self, "_grid_key", None) != key:
            self._grid_key, self._grid = key, features_of(grid(size), self.settings["features"])
        *below, scores = self.forward(self._grid)
        # (size * size, units) -> (units, size, size)
        return [a.T.reshape(-1, size, size) for a in (*below, self.probabilities(scores))]

    def set_weight(self, layer: int, unit: int, source: int | None, value: float) -> None:
        """Sets one weight into `unit` of `layer` (1 is the first after the inputs), or its bias for source None.

        Raises `ValueError` or `TypeError` where there is no such weight, or the value is no finite number.
        """
        value = number("weight", value)
        check_whole("layer", layer, 1, len(self.layers), "the layers after the inputs")
        weight, bias = (part.clone() for part in self.layers[layer - 1])
        check_whole("unit", unit, 0, len(bias) - 1, f"the units of layer {layer}")
        if source is None:
            bias[unit] = value
        else:
            check_whole("source", source, 0, weight.shape[1] - 1, f"the units that layer {layer} reads")
            weight[unit, source] = value
        self.layers = [*self.layers[: layer - 1], (weight, bias), *self.layers[layer:]]
        self.measure()

    def changed(self, given: dict) -> "Engine":
        """The engine under other settings: this one, going on, where only those of `GOES_ON` differ; else a new one."""
        state = checked({**self.settings, **a_dict(given)})
        differ = [name for name, value in self.settings.items() if state[name] != value]
        if "weights" in given or not set(differ) <= set(GOES_ON):
            return Engine(state)
        self.settings = state
        return self

    def reset(self) -> "Engine":
        """The engine at its beginning, with the first weights of its seed."""
        return Engine(self.settings)

    def state(self, weights: bool = False) -> dict:
        """The state as a dict that fits into JSON; with its weights it goes on exactly from here."""
        made = {name: list(v) if isinstance(v, list) else v for name, v in self.settings.items()}
        if weights:
            made["weights"] = [{"weight": w.tolist(), "bias": b.tolist()} for w, b in self.layers]
            made["step"] = self.step_number
        return made


def grid(size: int) -> Tensor:
    """The places (size * size, 2) of a map's pixels, row by row from the top."""
    axis = torch.linspace(-REACH, REACH, size, dtype=torch.float64)
    x2, x1 = torch.meshgrid(-axis, axis, indexing="ij")
    return torch.stack([x1, x2], dim=-1).reshape(-1, 2)  # (size, size, 2) -> (size * size, 2)


def _first(state: dict) -> list[tuple[Tensor, Tensor]]:
    """Normal weights of standard deviation sqrt(gain / inputs), gain 2 for ReLU (He) and 1 else; biases 0."""
    generator = torch.Generator().manual_seed(7_919 + state["seed"])
    layout = sizes(state)
    gain = 2.0 if state["activation"] == "ReLU" else 1.0
    return [
        (
            torch.randn(units, inputs, generator=generator, dtype=torch.float64) * math.sqrt(gain / inputs),
            torch.zeros(units, dtype=torch.float64),
        )
        for inputs, units in zip(layout, layout[1:], strict=False)
    ]


def _given(weights: list[dict]) -> list[tuple[Tensor, Tensor]]:
    return [
        (torch.tensor(layer["weight"], dtype=torch.float64), torch.tensor(layer["bias"], dtype=torch.float64))
        for layer in weights
    ]


def _activation(name: str, z: Tensor) -> Tensor:
    return {"tanh": torch.tanh, "ReLU": torch.relu, "sigmoid": torch.sigmoid, "linear": lambda z: z}[name](z)


def _slope(name: str, a: Tensor) -> Tensor:
    """The derivative of an activation function, from its value."""
    if name == "tanh":
        return 1 - a * a
    if name == "sigmoid":
        return a * (1 - a)
    return (a > 0).to(a) if name == "ReLU" else torch.ones_like(a)
