"""Sanity check: attribution maps under cascading weight randomization.

The same method on the same image, of a network whose weights are replaced by random ones from the output downwards. A
map that stays what it was did not depend on what those layers had learned. Adebayo et al. 2018, "Sanity checks for
saliency maps", section 3.
"""

import copy
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecturelib.checks import check_image, check_map, check_whole, complaint, described
from lecturelib.network.layer_names import check_model, own_parameters, walk
from lecturelib.network.probe import probe
from lecturelib.network.units import Unit, checked_unit

AttributionMethod = Callable[[nn.Module, Tensor, Unit], Tensor]  # (model, image (1, C, H, W), unit) -> (H, W)
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


@dataclass(frozen=True, eq=False)
class RandomizationStep:
    """A method's map after the weights of the top `depth` layers became random; `layer` is the last of these.

    >>> import torch
    >>> RandomizationStep(1, "fc", torch.zeros(2, 3), rank_correlation=0.4).depth
    1
    """

    depth: int
    layer: str  # "" at depth 0
    map: Tensor  # (H, W)
    rank_correlation: float  # with the map of the trained network, absolute values; 1 is the same order


def layers_from_top(model: nn.Module, image_shape: tuple[int, int, int] | None = None) -> list[str]:
    """The names of the layers that hold parameters, the one nearest to the output first: the order of the cascade.

    The order is that in which the layers begin to run, reversed. Batch normalization is a layer of its own. A part that
    is not called by itself (the projections of attention) belongs to the layer around it; "" are parameters of the
    network itself. image_shape: (C, H, W), for a network that does not know its own. Raises `ValueError` without it, or
    if the network has no parameters.

    >>> from lecturelib import models
    >>> layers_from_top(models.load("lenet"))
    ['classifier.2', 'classifier.0', 'features.3', 'features.0']
    """
    return [name for name, _ in _layers(model, image_shape)]


def randomized(
    model: nn.Module, depth: int, seed: int = 0, image_shape: tuple[int, int, int] | None = None
) -> nn.Module:
    """A copy of the network with random weights in its top `depth` layers; the model stays as it is.

    Each layer is initialized as PyTorch initializes a new layer of its kind. Batch normalization starts anew too: scale
    1, shift 0, mean 0, variance 1. Parameters of an unknown kind are drawn from a Gaussian with their own mean and
    standard deviation. With the same seed the copy of depth 3 equals that of depth 2 but for one layer. Modes and flags
    are copied, recordings are not. depth 0 is a plain copy. It works inside `inference_mode` too. Raises `ValueError`
    or `TypeError` for a depth beyond the number of layers or a negative seed.

    >>> from lecturelib import models
    >>> lenet = models.load("lenet")
    >>> copied = randomized(lenet, depth=1)
    >>> bool((copied.classifier[2].weight == lenet.classifier[2].weight).all())
    False
    >>> bool((copied.classifier[0].weight == lenet.classifier[0].weight).all())
    True
    """
    layers = _layers(model, image_shape)
    check_whole("depth", depth, 0, len(layers), "the layers with parameters")
    check_whole("seed", seed, 0)
    copied = _copy(model)
    for position, layer in enumerate(layers[:depth]):
        _reinitialize(copied, layer, position, seed)
    return copied


def cascading_randomization(
    method: AttributionMethod,
    model: nn.Module,
    image: Tensor,
    unit: Unit,
    depths: Sequence[int] | None = None,
    seed: int = 0,
) -> list[RandomizationStep]:
    """Cascading randomization: a method's maps while random weights replace the learned ones from the top down.

    method(model, image, unit) -> (H, W); image (1, C, H, W) in [0, 1]. depths: how many layers are randomized, by
    default every number from 1 to all; they come back sorted. Each map comes with the rank correlation of its
    absolute values with those of the trained network's map: equal maps give 1, a map without order 0. The method runs
    once more than there are depths. Raises `ValueError`, `TypeError`, `IndexError` or `UnknownName` before any work
    for a bad image, unit or depth, and `ValueError` when the method does not return a map (H, W). Adebayo et al.
    2018, section 3.1 and figure 2.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.gradients import saliency_map
    >>> from lecturelib.network import Logit
    >>> image = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    >>> steps = cascading_randomization(
    ...     lambda *asked: saliency_map(*asked)[0], models.load("lenet"), image, Logit("3"), depths=[0, 4]
    ... )
    >>> [step.depth for step in steps], round(steps[0].rank_correlation, 3)
    ([0, 4], 1.0)
    """
    if not callable(method):
        raise TypeError(complaint("method", "a function (model, image, unit) -> (H, W)", described(method)))
    check_image(image, model)
    unit = checked_unit(model, unit, image.shape[1:])
    check_whole("seed", seed, 0)
    layers = _layers(model, tuple(image.shape[1:]))
    wanted = range(1, len(layers) + 1) if depths is None else depths
    if isinstance(wanted, str) or not isinstance(wanted, Sequence):
        raise TypeError(complaint("depths", "a list of whole numbers such as [1, 3]", described(depths)))
    wanted = sorted({check_whole("depths", depth, 0, len(layers)) for depth in wanted})
    if not wanted:
        raise ValueError(complaint("depths", "at least one depth", "none"))
    original = check_map(method(model, image, unit))
    copied, reached, steps = _copy(model), 0, []
    for depth in wanted:
        while reached < depth:
            _reinitialize(copied, layers[reached], reached, seed)
            reached += 1
        map = check_map(method(copied, image, unit), original.shape)
        layer = layers[depth - 1][0] if depth else ""
        correlation = rank_correlation(original.abs(), map.abs())
        steps.append(RandomizationStep(depth, layer, map.clone(), correlation))
    return steps


def rank_correlation(first: Tensor, second: Tensor) -> float:
    """Spearman's rank correlation of two maps (H, W): 1 if they order the pixels alike, -1 if reversed.

    It is Pearson's correlation of the ranks; equal values share their mean rank. A constant map orders nothing: 0.
    Raises `ValueError` or `TypeError` for something other than two maps of one size.

    >>> import torch
    >>> rank_correlation(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[1.0, 9.0, 4.0]]))
    0.5
    """
    from scipy.stats import rankdata

    first = check_map(first)
    second = check_map(second, first.shape)
    ranks = [torch.from_numpy(rankdata(map.cpu().double().numpy().ravel())) for map in (first, second)]
    a, b = (rank - rank.mean() for rank in ranks)  # (H * W,)
    scale = (a.square().sum() * b.square().sum()).sqrt()
    return ((a * b).sum() / scale).item() if scale > 0 else 0.0


def _layers(model: nn.Module, image_shape) -> list[tuple[str, list[str]]]:
    """From the top down: a layer's name, and the names of the modules whose own parameters belong to it."""
    check_model(model)
    if image_shape is None:
        if not hasattr(model, "input_size"):
            raise ValueError(
                complaint("image_shape", "(C, H, W), for this network does not know its own", "None")
            )
        image_shape = (model.channels, model.input_size, model.input_size)
    ran = probe(model, image_shape).order
    owners: dict[str, list[str]] = {name: [] for name in ran}
    for name, module in walk(model):
        if not own_parameters(module):
            continue
        owner = name
        while owner not in owners:  # the root has run, so this ends
            owner = owner.rpartition(".")[0]
        owners[owner].append(name)
    layers = [(name, parts) for name, parts in owners.items() if parts]
    if not layers:
        title = getattr(model, "name", type(model).__name__)
        raise ValueError(complaint("model", "a network with parameters", f"{title}, which has none"))
    return layers[::-1]


def _copy(model: nn.Module) -> nn.Module:
    """A deep copy without the library's hooks: an explorable in another thread may be recording this very moment."""
    memo: dict[int, object] = {}
    for _, module in walk(model):
        for kind in HOOKS:
            hooks = getattr(module, kind)
            own = [(key, hook) for key, hook in list(hooks.items()) if not _is_ours(hook)]
            memo[id(hooks)] = OrderedDict(own)
    with torch.inference_mode(False):  # or no gradient method could use the copy
        return copy.deepcopy(model, memo)


def _is_ours(hook) -> bool:
    return (getattr(hook, "__module__", None) or "").startswith("lecturelib.")


def _reinitialize(model: nn.Module, layer: tuple[str, list[str]], position: int, seed: int) -> None:
    """Redraw the parameters of one layer in place; the draw depends on the seed and the layer, not on the depth."""
    modules = dict(walk(model))
    with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.no_grad():
        torch.manual_seed(seed * 10_000 + position)
        for name in layer[1]:
            module = modules[name]
            reset = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
            if reset is not None:
                reset()
                continue
            for parameter in module.parameters(recurse=False):
                spread = parameter.std() if parameter.numel() > 1 else parameter.abs()
                parameter.copy_(parameter.mean() + spread * torch.randn(parameter.shape).to(parameter))
