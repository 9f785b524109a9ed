"""Monitors: what can be recorded while a network learns; adding one is adding one function.

A monitor is a function `snapshot -> {name: number or vector}`, called after the step; a plain function is called at
every step, `Monitor` says how often, and which layers' activations it wants. Costs are for a step at which it is due;
with `every=10` a tenth of it, measured on a LeNet with batches of 64 (`make bench`); the usual ones together, every 10
steps, cost about 3 % of the training. Examples: at each monitor here, and at `Monitor` for one of your own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lecturelib.checks import check_choice, check_whole, complaint, described
from lecturelib.network.hooks import record
from lecturelib.network.inputs import to_the_weights
from lecturelib.network.layer_names import normalization_of, resolve_layer, walk
from lecturelib.training.dataset_shift import dataset_shift
from lecturelib.training.evaluation import are_scores
from lecturelib.training.monitor import ONCE, Monitor, Snapshot

ACTIVATIONS = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Hardtanh,
)  # fmt: skip
RELUS = (nn.ReLU, nn.ReLU6)


def input_monitor(every: int = 10) -> Monitor:
    """Mean, standard deviation, smallest and largest of what enters the first layer: `inputs/mean`, `inputs/std` ...

    For a house network that is after its own normalization. Nothing for whole numbers, such as words for an embedding.
    Cost: one pass over the batch's pixels, below 2 %.

    >>> import torch
    >>> from lecturelib.training import Snapshot, input_monitor
    >>> input_monitor()(Snapshot(torch.nn.Linear(4, 2), 1, 2 * torch.eye(4), torch.arange(4), torch.zeros(4, 2)))
    {'inputs/mean': 0.5, 'inputs/std': 0.894..., 'inputs/min': 0.0, 'inputs/max': 2.0}
    """

    def measure(snapshot: Snapshot) -> dict[str, float]:
        x = snapshot.inputs
        if not x.is_floating_point():
            return {}
        normalize = normalization_of(snapshot.model)
        if normalize is not None:
            x = normalize(x)
        low, high = x.aminmax()
        return {
            "inputs/mean": x.mean().item(), "inputs/std": x.std().item(),
            "inputs/min": low.item(), "inputs/max": high.item(),
        }  # fmt: skip

    return Monitor(measure, every)


def class_monitor(every: int = 10) -> Monitor:
    """How often each class occurs in the batch, `targets/counts` (K,), and how many classes that is, `targets/classes`.

    The second is the exponential of the entropy: K for K classes equally often, 1 for a batch of one class, as it comes
    from a set that is sorted and not shuffled. Nothing where the outputs are no scores of classes. Cost: nothing.

    >>> import torch
    >>> from lecturelib.training import class_monitor, fit
    >>> data = torch.rand(8, 2), torch.arange(8) % 2
    >>> next(fit(torch.nn.Linear(2, 3), data, steps=1, monitors=[class_monitor()])).recorded["targets/counts"]
    array([4, 4, 0])
    """

    def measure(snapshot: Snapshot) -> dict[str, object]:
        if not are_scores(snapshot.outputs, snapshot.targets):
            return {}
        counts = snapshot.targets.bincount(minlength=snapshot.outputs.shape[1])
        kinds = torch.special.entr(counts / counts.sum()).sum().exp().item()
        return {"targets/counts": counts.cpu().numpy(), "targets/classes": kinds}

    return Monitor(measure, every)


def split_monitor(
    train: tuple[Tensor, Tensor], validation: tuple[Tensor, Tensor], most: int = 500
) -> Monitor:
    """Do the two sets belong together? Distances of nearest neighbors, in the inputs, once per run.

    train, validation: (inputs (N, ...), labels (N,)); at most `most` examples of each are compared. Records

    * `split/apart`: the share of a set's examples whose nearest neighbor among both sets is in their own set, as a
      multiple of what is expected by chance, for the set where it is larger (about 1; above: dataset shift; after
      Schilling, 1986, and Henze, 1988);
    * `split/copies`: the share of validation examples that lie within a quarter of the usual distance of some training
      example (a leak);
    * `split/agreement`: the share of training examples whose nearest neighbor has their label;
    * `split/agreement_ratio`: that share by the validation set's, among equally many of each; 1 where they differ by
      less than three standard errors. Well below 1: the training labels fit their inputs worse than those of the
      validation set.

    Cost: a product of two matrices, some 0.1 s for 5,000 digits. Raises `ValueError` for sets that are no such pairs.

    >>> import torch
    >>> from lecturelib.training import fit, split_monitor
    >>> data = torch.eye(8), torch.arange(8) % 2
    >>> next(fit(torch.nn.Linear(8, 2), data, steps=1, monitors=[split_monitor(data, data)])).recorded["split/copies"]
    1.0
    """
    for name, part in (("train", train), ("validation", validation)):
        if len(part) != 2 or len(part[0]) != len(part[1]) or len(part[0]) < 2:
            got = " and ".join(str(len(one)) for one in part)
            raise ValueError(complaint(name, "(inputs, labels), equally many and two or more", got))
    shapes = [tuple(part[0].shape[1:]) for part in (train, validation)]
    if shapes[0] != shapes[1]:
        raise ValueError(complaint("validation", f"inputs of shape {shapes[0]}, as in training", shapes[1]))

    return Monitor(lambda snapshot: dataset_shift(train, validation, most), ONCE)


def weight_monitor(every: int = 10) -> Monitor:
    """Root mean square of each layer's weights, `weights/LAYER`. Cost: one pass over the weights, below 5 %.

    >>> from torch import arange, eye, nn
    >>> from lecturelib.training import fit, weight_monitor
    >>> next(fit(nn.Linear(2, 2), (eye(2), arange(2)), steps=1, monitors=[weight_monitor()])).history.names("weights/")
    ['weights/weight']
    """
    return Monitor(lambda snapshot: {f"weights/{n}": _rms(p) for n, p in _matrices(snapshot.model)}, every)


def gradient_monitor(every: int = 10) -> Monitor:
    """Root mean square of the gradient of each layer's weights, `gradients/LAYER`.

    Falling by orders of magnitude from the last layer to the first: it vanishes; rising: it explodes. Cost: one pass
    over the gradients, below 5 %.

    >>> from torch import arange, eye, nn
    >>> from lecturelib.training import fit, gradient_monitor
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))
    >>> next(fit(model, (eye(2), arange(2)), steps=1, monitors=[gradient_monitor()])).history.names("gradients/")
    ['gradients/0', 'gradients/1']
    """

    def measure(snapshot: Snapshot) -> dict[str, float]:
        return {f"gradients/{n}": _rms(p.grad) for n, p in _matrices(snapshot.model) if p.grad is not None}

    return Monitor(measure, every)


def update_monitor(every: int = 10) -> Monitor:
    """How far a step moves each layer's weights, as a share of their size: `updates/LAYER`, about 0.001 when well.

    Far above: the learning rate is too high; far below: too low. Cost: a copy of the weights and a pass over them,
    below 10 %. (Karpathy, "A recipe for training neural networks", 2019.)

    >>> from torch import arange, eye, nn
    >>> from lecturelib.training import fit, update_monitor
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))
    >>> next(fit(model, (eye(2), arange(2)), steps=1, monitors=[update_monitor()])).history.names("updates/")
    ['updates/0', 'updates/1']
    """

    def measure(snapshot: Snapshot) -> dict[str, float]:
        found = {}
        for name, parameter in _matrices(snapshot.model):
            old = snapshot.before[name if name in snapshot.before else f"{name}.weight"]
            size = _rms(old)
            found[f"updates/{name}"] = _rms(parameter - old) / size if size else 0.0
        return found

    return Monitor(measure, every, before=True)


def activation_monitor(every: int = 10, layers: Sequence[str] | None = None) -> Monitor:
    """Mean and standard deviation of layers' outputs (B, ...) over the batch: `activations/LAYER/mean` and `/std`.

    `layers`: all activation functions (ReLU, tanh ...) if None. Cost: a copy of each activation, about 20 %.

    >>> from torch import arange, eye, nn
    >>> from lecturelib.training import activation_monitor, fit
    >>> model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    >>> next(fit(model, (eye(2), arange(2)), steps=1, monitors=[activation_monitor()])).history.names("activations/")
    ['activations/1/mean', 'activations/1/std']
    """

    def measure(snapshot: Snapshot) -> dict[str, float]:
        found = {}
        for name in chosen(snapshot.model):
            values = snapshot.activations[name]
            found[f"activations/{name}/mean"] = values.mean().item()
            found[f"activations/{name}/std"] = values.std().item()
        return found

    chosen = _chosen(layers, ACTIVATIONS)
    return Monitor(measure, every, chosen)


def dead_unit_monitor(
    every: int = 10, layers: Sequence[str] | None = None, probe: Tensor | None = None
) -> Monitor:
    """The share of units per ReLU layer that are 0 for every example and at every place: `dead/LAYER`, 0 to 1.

    A unit is a neuron or a channel; its weights get no gradient from examples for which it is 0. `probe`: images on
    which the units are counted, in eval mode; the batch itself if None, which counts rare units as dead. `layers`: all
    ReLU modules if None. Cost: about 25 %; with a probe one forward pass of it.

    >>> import torch
    >>> from lecturelib.training import dead_unit_monitor, fit
    >>> model, data = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(2, 2)), (-torch.eye(2), torch.arange(2))
    >>> next(fit(model, data, steps=1, monitors=[dead_unit_monitor()])).recorded["dead/0"]  # no input is above 0
    1.0
    """

    def measure(snapshot: Snapshot) -> dict[str, float]:
        names = chosen(snapshot.model)
        if probe is None:
            acts = snapshot.activations
        else:
            acts = record(snapshot.model, to_the_weights(probe, snapshot.model), names)
        return {f"dead/{name}": _dead_share(acts[name]) for name in names}

    chosen = _chosen(layers, RELUS)
    return Monitor(measure, every, chosen if probe is None else None)


def output_monitor(every: int = 10) -> Monitor:
    """What the network answers: confidence, number of classes, and how often it is sure and wrong.

    `outputs/confidence`: mean largest probability; `outputs/classes`: how many classes it answers (exponential of the
    entropy); `outputs/sure_and_wrong`: share of the batch answered wrongly with a probability above 0.9. Nothing where
    the outputs are no scores of classes. Cost: nothing.

    >>> import torch
    >>> from lecturelib.training import Snapshot, output_monitor
    >>> scores, targets = 99 * torch.eye(2), torch.tensor([0, 0])  # (B, K) and (B,): the second answer is wrong
    >>> output_monitor()(Snapshot(torch.nn.Identity(), 1, scores, targets, scores))
    {'outputs/confidence': 1.0, 'outputs/classes': 2.0, 'outputs/sure_and_wrong': 0.5}
    """

    def measure(snapshot: Snapshot) -> dict[str, float]:
        if not are_scores(snapshot.outputs, snapshot.targets):
            return {}
        top, guess = snapshot.outputs.softmax(1).max(1)
        shares = guess.bincount().float() / len(guess)
        return {
            "outputs/confidence": top.mean().item(),
            "outputs/classes": torch.special.entr(shares).sum().exp().item(),
            "outputs/sure_and_wrong": ((guess != snapshot.targets) & (top > 0.9)).float().mean().item(),
        }

    return Monitor(measure, every)


def histogram_monitor(of: str = "weights", bins: int = 30, every: int = 50) -> Monitor:
    """Counts of each layer's `weights`, `gradients` or `activations`: `histogram/OF/LAYER/counts` (bins,), `/edges`.

    For a picture of how a distribution moves, and for TensorBoard. Cost: below 5 % for weights, about 20 % for
    activations.

    >>> from torch import arange, eye, nn
    >>> from lecturelib.training import fit, histogram_monitor
    >>> run = fit(nn.Linear(2, 2), (eye(2), arange(2)), steps=1, monitors=[histogram_monitor(bins=5)])
    >>> next(run).recorded["histogram/weights/weight/counts"].shape
    (5,)
    """
    check_choice("of", of, ("weights", "gradients", "activations"))
    check_whole("bins", bins, 1)

    def measure(snapshot: Snapshot) -> dict[str, Any]:
        found = {}
        for name, values in _values(snapshot):
            low, high = (end.item() for end in values.aminmax())
            high = high if high > low else low + 1e-6
            counts = torch.histc(values.float(), bins, low, high)
            found[f"histogram/{of}/{name}/counts"] = counts.cpu().numpy()
            found[f"histogram/{of}/{name}/edges"] = torch.linspace(low, high, bins + 1).numpy()
        return found

    def _values(snapshot: Snapshot):
        if of == "activations":
            return [(name, snapshot.activations[name]) for name in chosen(snapshot.model)]
        if of == "weights":
            return list(_matrices(snapshot.model))
        return [(name, p.grad) for name, p in _matrices(snapshot.model) if p.grad is not None]

    chosen = _chosen(None, ACTIVATIONS)
    return Monitor(measure, every, chosen if of == "activations" else None)


def usual_monitors(probe: Tensor | None = None, every: int = 10) -> list[Monitor]:
    """The usual monitors: inputs, classes, gradients, updates, dead units, outputs. `diagnose` asks for these.

    >>> from lecturelib.training import usual_monitors
    >>> [monitor.every for monitor in usual_monitors(every=5)]
    [5, 5, 5, 5, 5, 5]
    """
    return [
        input_monitor(every), class_monitor(every), gradient_monitor(every), update_monitor(every),
        _if_any(dead_unit_monitor(every, probe=probe), RELUS), output_monitor(every),
    ]  # fmt: skip


def _if_any(monitor: Monitor, kinds: tuple) -> Monitor:
    """The monitor where the model has modules of these kinds, and nothing elsewhere."""

    def has(model: nn.Module) -> bool:
        return any(isinstance(module, kinds) for _, module in walk(model))

    return Monitor(
        lambda snapshot: monitor.measure(snapshot) if has(snapshot.model) else {},
        monitor.every,
        lambda model: monitor.layers_of(model) if has(model) else (),
        monitor.before,
    )


def _chosen(layers: Sequence[str] | None, kinds: tuple) -> Callable[[nn.Module], Sequence[str]]:
    if isinstance(layers, str):
        raise TypeError(complaint("layers", "a list of names", described(layers), f"pass [{layers!r}]"))

    def names(model: nn.Module) -> Sequence[str]:
        if layers is not None:
            return [resolve_layer(model, name) for name in layers]
        found = [name for name, module in walk(model) if isinstance(module, kinds)]
        if not found:
            wanted = ", ".join(kind.__name__ for kind in kinds[:3])
            raise ValueError(
                complaint("layers", f"a model with modules such as {wanted}", "none", "name the layers")
            )
        return found

    return names


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
