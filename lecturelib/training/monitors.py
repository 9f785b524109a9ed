"""What can be recorded while a network learns: small callables in a list; adding one is adding one function.

A monitor is a function `look -> {name: number or vector}`, called after the step; a plain function is called at every
step, `Monitor` says how often, and which layers' activations it wants. Costs are for a step at which it is due; with
`every=10` a tenth of it, measured on a LeNet with batches of 64 (`make bench`); the usual ones together, every 10
steps, cost about 3 % of the training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as data_field

import torch
from torch import Tensor, nn

from lecturelib.network.hooks import record
from lecturelib.network.layer_names import resolve_layer
from lecturelib.training.dataset_shift import compared

ONCE = 0  # every=ONCE: at the first step of a run only

ACTIVATIONS = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Hardtanh,
)  # fmt: skip
RELUS = (nn.ReLU, nn.ReLU6)


@dataclass(frozen=True, eq=False)
class Look:
    """What a monitor may look at after a step.

    `inputs`, `targets`, `outputs` of the batch, the model with its gradients (`parameter.grad`), the `activations` of
    the layers it asked for, and the weights `before` the step, by parameter, where it asked for them.
    """

    model: nn.Module
    step: int
    inputs: Tensor
    targets: Tensor
    outputs: Tensor
    activations: Mapping[str, Tensor] = data_field(default_factory=dict)
    before: Mapping[str, Tensor] = data_field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Monitor:
    """A measurement, how often it is taken (`every` so many steps, `ONCE`), and what it needs.

    `layers(model)`: names of the layers whose activations it reads. `before`: whether it compares the weights with
    those before the step.
    """

    measure: Callable[[Look], Mapping[str, object]]
    every: int = 1
    layers: Callable[[nn.Module], Sequence[str]] | None = None
    before: bool = False

    def __post_init__(self):
        if isinstance(self.every, bool) or not isinstance(self.every, int) or self.every < 0:
            raise ValueError(f"every={self.every!r}: a whole number of steps, or 0 for once, is needed")

    @classmethod
    def of(cls, one: Monitor | Callable) -> Monitor:
        if isinstance(one, Monitor):
            return one
        if not callable(one):
            raise TypeError(f"monitors: functions look -> numbers are needed, got {type(one).__name__}")
        return cls(one)

    def due(self, step: int, first: bool) -> bool:
        """Is it taken at this step? At the first one of a run always, so that a curve has its beginning."""
        return first or (self.every > 0 and step % self.every == 0)

    def layers_of(self, model: nn.Module) -> Sequence[str]:
        return self.layers(model) if self.layers else ()

    def __call__(self, look: Look) -> Mapping[str, object]:
        with torch.no_grad():
            found = self.measure(look)
        if not isinstance(found, Mapping):
            raise TypeError(
                f"monitors: a monitor gives {{name: number}}, this one gave {type(found).__name__}"
            )
        return found


def inputs(every: int = 10) -> Monitor:
    """Mean, deviation, smallest and largest of what enters the first layer: `inputs/mean`, `inputs/std` ...

    For a house network that is after its own normalisation. Cost: one pass over the batch's pixels, below 2 %.
    """

    def measure(look: Look) -> dict[str, float]:
        x = look.model.normalise(look.inputs) if hasattr(look.model, "normalise") else look.inputs
        low, high = x.aminmax()
        return {
            "inputs/mean": x.mean().item(), "inputs/std": x.std().item(),
            "inputs/min": low.item(), "inputs/max": high.item(),
        }  # fmt: skip

    return Monitor(measure, every)


def classes(every: int = 10) -> Monitor:
    """How often each class stands in the batch, `targets/counts` (K,), and how many kinds that is, `targets/classes`.

    The second is the exponential of the entropy: K for K classes equally often, 1 for a batch of one class, as a set
    gives that is sorted and not shuffled. Nothing where the outputs are no classes. Cost: nothing.
    """

    def measure(look: Look) -> dict[str, object]:
        if not _of_classes(look):
            return {}
        counts = look.targets.bincount(minlength=look.outputs.shape[1])
        kinds = torch.special.entr(counts / counts.sum()).sum().exp().item()
        return {"targets/counts": counts.cpu().numpy(), "targets/classes": kinds}

    return Monitor(measure, every)


def split(train: tuple[Tensor, Tensor], validation: tuple[Tensor, Tensor], most: int = 500) -> Monitor:
    """Do the two sets belong together? Distances of nearest neighbours, in the inputs, once per run.

    train, validation: (inputs (N, ...), labels (N,)); of each at most `most` examples are asked. Records
    `split/apart`: the share of a set's examples whose nearest neighbour among both sets' stands in their own, as a
    multiple of what chance gives, for the set where it is larger (about 1; above: another distribution; after
    Schilling, 1986, and Henze, 1988);
    `split/copies`: the share of validation examples that lie within a quarter of the usual distance of some training
    example (a leak); `split/agreement`: the share of training examples whose nearest neighbour has their label. Cost:
    a product of two matrices, some 0.1 s for 5,000 digits.
    """
    for name, part in (("train", train), ("validation", validation)):
        if len(part) != 2 or len(part[0]) != len(part[1]) or len(part[0]) < 2:
            raise ValueError(f"split: {name} must be (inputs, labels), equally many and two or more")
    shapes = [tuple(part[0].shape[1:]) for part in (train, validation)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"split: inputs of one shape are needed, got {shapes[0]} and {shapes[1]}")

    return Monitor(lambda look: compared(train, validation, most), ONCE)


def weights(every: int = 10) -> Monitor:
    """Root mean square of each layer's weights, `weights/LAYER`. Cost: one pass over the weights, below 5 %."""
    return Monitor(lambda look: {f"weights/{n}": _rms(p) for n, p in _matrices(look.model)}, every)


def gradients(every: int = 10) -> Monitor:
    """Root mean square of the gradient of each layer's weights, `gradients/LAYER`.

    Falling by orders of magnitude from the last layer to the first: it vanishes; rising: it explodes. Cost: one pass
    over the gradients, below 5 %.
    """

    def measure(look: Look) -> dict[str, float]:
        return {f"gradients/{n}": _rms(p.grad) for n, p in _matrices(look.model) if p.grad is not None}

    return Monitor(measure, every)


def updates(every: int = 10) -> Monitor:
    """How far a step moves each layer's weights, as a share of their size: `updates/LAYER`, about 0.001 when well.

    Far above: the learning rate is too high; far below: too low. Cost: a copy of the weights and a pass over them,
    below 10 %. (Karpathy, "A recipe for training neural networks", 2019.)
    """

    def measure(look: Look) -> dict[str, float]:
        found = {}
        for name, parameter in _matrices(look.model):
            old = look.before[name if name in look.before else f"{name}.weight"]
            size = _rms(old)
            found[f"updates/{name}"] = _rms(parameter - old) / size if size else 0.0
        return found

    return Monitor(measure, every, before=True)


def activations(every: int = 10, layers: Sequence[str] | None = None) -> Monitor:
    """Mean and deviation of layers' outputs over the batch: `activations/LAYER/mean` and `/std`.

    `layers`: all activation functions (ReLU, tanh ...) if None. Cost: a copy of each activation, about 20 %.
    """

    def measure(look: Look) -> dict[str, float]:
        found = {}
        for name in chosen(look.model):
            values = look.activations[name]
            found[f"activations/{name}/mean"] = values.mean().item()
            found[f"activations/{name}/std"] = values.std().item()
        return found

    chosen = _chosen(layers, ACTIVATIONS)
    return Monitor(measure, every, chosen)


def dead_units(every: int = 10, layers: Sequence[str] | None = None, probe: Tensor | None = None) -> Monitor:
    """The share of units per ReLU layer that are 0 for every example and at every place: `dead/LAYER`, 0 to 1.

    A unit is a neuron or a channel; one that is dead for all examples gets no gradient and stays dead. `probe`: images
    on which to look, in eval mode; the batch itself if None, which counts rare units as dead. `layers`: all ReLU
    modules if None. Cost: about 25 %; with a probe one forward pass of it.
    """

    def measure(look: Look) -> dict[str, float]:
        names = chosen(look.model)
        if probe is None:
            acts = look.activations
        else:
            acts = record(look.model, probe.to(next(look.model.parameters())), names)
        return {f"dead/{name}": _dead_share(acts[name]) for name in names}

    chosen = _chosen(layers, RELUS)
    return Monitor(measure, every, chosen if probe is None else None)


def outputs(every: int = 10) -> Monitor:
    """What the network says: `outputs/confidence` (mean largest probability), `outputs/classes` (how many kinds it
    answers), `outputs/sure_and_wrong` (share of the batch answered wrongly with more than 0.9). Nothing where the
    outputs are no classes. Cost: nothing.
    """

    def measure(look: Look) -> dict[str, float]:
        if not _of_classes(look):
            return {}
        top, guess = look.outputs.softmax(1).max(1)
        shares = guess.bincount().float() / len(guess)
        return {
            "outputs/confidence": top.mean().item(),
            "outputs/classes": torch.special.entr(shares).sum().exp().item(),
            "outputs/sure_and_wrong": ((guess != look.targets) & (top > 0.9)).float().mean().item(),
        }

    return Monitor(measure, every)


def histograms(of: str = "weights", bins: int = 30, every: int = 50) -> Monitor:
    """Counts of each layer's `weights`, `gradients` or `activations`: `histogram/OF/LAYER/counts` (bins,), `/edges`.

    For a picture of how a distribution moves, and for TensorBoard. Cost: below 5 % for weights, about 20 % for
    activations.
    """
    if of not in ("weights", "gradients", "activations"):
        raise ValueError(f"histograms: of={of!r}; choose weights, gradients or activations")
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise ValueError(f"bins={bins!r}: a whole number, 1 or more, is needed")

    def measure(look: Look) -> dict[str, Tensor]:
        found = {}
        for name, values in _values(look):
            low, high = (end.item() for end in values.aminmax())
            high = high if high > low else low + 1e-6
            counts = torch.histc(values.float(), bins, low, high)
            found[f"histogram/{of}/{name}/counts"] = counts.cpu().numpy()
            found[f"histogram/{of}/{name}/edges"] = torch.linspace(low, high, bins + 1).numpy()
        return found

    def _values(look: Look):
        if of == "activations":
            return [(name, look.activations[name]) for name in chosen(look.model)]
        if of == "weights":
            return list(_matrices(look.model))
        return [(name, p.grad) for name, p in _matrices(look.model) if p.grad is not None]

    chosen = _chosen(None, ACTIVATIONS)
    return Monitor(measure, every, chosen if of == "activations" else None)


def usual(probe: Tensor | None = None, every: int = 10) -> list[Monitor]:
    """All that `diagnose` asks a run for: inputs, classes, gradients, updates, dead units, outputs."""
    return [
        inputs(every), classes(every), gradients(every), updates(every),
        _if_any(dead_units(every, probe=probe), RELUS), outputs(every),
    ]  # fmt: skip


def _if_any(monitor: Monitor, kinds: tuple) -> Monitor:
    """The monitor where the model has modules of these kinds, and nothing elsewhere."""

    def has(model: nn.Module) -> bool:
        return any(isinstance(module, kinds) for module in model.modules())

    return Monitor(
        lambda look: monitor.measure(look) if has(look.model) else {},
        monitor.every,
        lambda model: monitor.layers_of(model) if has(model) else (),
        monitor.before,
    )


def _chosen(layers: Sequence[str] | None, kinds: tuple) -> Callable[[nn.Module], Sequence[str]]:
    if isinstance(layers, str):
        raise TypeError(f"layers: a list of names is needed, got the text {layers!r}")

    def names(model: nn.Module) -> Sequence[str]:
        if layers is not None:
            return [resolve_layer(model, name) for name in layers]
        found = [name for name, module in model.named_modules() if isinstance(module, kinds)]
        if not found:
            wanted = ", ".join(kind.__name__ for kind in kinds[:3])
            raise ValueError(f"this model has no module such as {wanted}; name the layers: layers=[...]")
        return found

    return names


def _of_classes(look: Look) -> bool:
    return look.outputs.ndim == 2 and look.targets.ndim == 1 and look.targets.dtype == torch.long


def _matrices(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """The weights with at least two dimensions, by layer: biases and scales have sizes of another kind."""
    return [
        (name.removesuffix(".weight"), parameter)
        for name, parameter in model.named_parameters()
        if parameter.ndim >= 2 and parameter.requires_grad
    ]


def _rms(values: Tensor) -> float:
    return (values.detach().float().norm() / values.numel() ** 0.5).item()


def _dead_share(values: Tensor) -> float:
    """values (B, C, h, w), (B, C) or (B, tokens, C): the share of the C units that are never above 0."""
    unit = -1 if values.ndim == 3 else 1
    alive = (values > 0).movedim(unit, 0).flatten(1).any(1)  # (C,)
    return 1 - alive.float().mean().item()
