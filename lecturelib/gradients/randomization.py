"""The control beside every map: the same method on the same photo, of a network that has forgotten its weights.

Weights are redrawn from the output downwards. A map that stays what it was did not show what the network had learned.
Adebayo et al. 2018, "Sanity checks for saliency maps", section 3 (cascading randomisation).
"""

import copy
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecturelib.checks import check_image, check_map, check_whole
from lecturelib.network.hooks import frozen
from lecturelib.network.units import Unit, check_unit

Method = Callable[[nn.Module, Tensor, Unit], Tensor]  # (model, image (1, C, H, W), unit) -> (H, W)
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


@dataclass(frozen=True, eq=False)
class ControlStep:
    """A method's map after the top `depth` layers lost their weights; `layer` is the last of them to lose its own."""

    depth: int
    layer: str  # "" at depth 0
    map: Tensor  # (H, W)
    rank_correlation: float  # with the map of the trained network, absolute values; 1 is the same order


def layers_from_top(model: nn.Module, image_shape: tuple[int, int, int] | None = None) -> list[str]:
    """The names of the layers that hold parameters, the one nearest to the output first: the order of forgetting.

    The order is that in which the layers begin to run, reversed. Batch normalisation is a layer of its own. A part that
    is not called by itself (attention's projections) belongs to the layer around it; "" are parameters of the network
    itself. image_shape (C, H, W) is needed for a network that does not know its own. Raises `ValueError` without it.
    """
    return [name for name, _ in _layers(model, image_shape)]


def randomised(
    model: nn.Module, depth: int, seed: int = 0, image_shape: tuple[int, int, int] | None = None
) -> nn.Module:
    """A copy of the model in which the top `depth` layers have forgotten what they learned; the model stays as it is.

    Each layer's weights are drawn as PyTorch draws them for a new layer of its kind. Batch normalisation starts anew
    too: scale 1, shift 0, mean 0, variance 1. Parameters of no known kind are drawn from a Gaussian with their own mean
    and spread. With the same seed the copy of depth 3 equals that of depth 2 but for one layer. Modes and flags are
    copied, recordings are not. depth 0 is a plain copy. Raises `ValueError` if there are fewer layers than depth.
    """
    layers = _layers(model, image_shape)
    check_whole("depth", depth, 0, len(layers))
    check_whole("seed", seed, 0)
    copied = _copy(model)
    for position, layer in enumerate(layers[:depth]):
        _forget(copied, layer, position, seed)
    return copied


def randomised_control(
    method: Method,
    model: nn.Module,
    image: Tensor,
    unit: Unit,
    depths: Sequence[int] | None = None,
    seed: int = 0,
) -> list[ControlStep]:
    """A method's maps while the network forgets from the top down, each with its rank correlation with the first map.

    method(model, image, unit) -> (H, W); image (1, C, H, W) in [0, 1]. depths: how many layers have forgotten, by
    default every number from 1 to all; they come back sorted. Equal maps give 1, a map without order 0. The method runs
    once more than there are depths. Raises `ValueError`, `TypeError` or `KeyError` before any work for a bad image,
    unit or depth, and `ValueError` when the method does not return a map (H, W). Adebayo et al. 2018, figure 2.
    """
    if not callable(method):
        raise TypeError(f"method: a function (model, image, unit) -> (H, W) is needed, got {method!r}")
    check_image(image, model)
    unit = check_unit(model, unit, image.shape[1:])
    check_whole("seed", seed, 0)
    layers = _layers(model, tuple(image.shape[1:]))
    wanted = range(1, len(layers) + 1) if depths is None else depths
    if isinstance(wanted, str) or not isinstance(wanted, Sequence):
        raise TypeError(f"depths: a list of whole numbers such as [1, 3] is needed, got {depths!r}")
    wanted = sorted({check_whole("depths", depth, 0, len(layers)) for depth in wanted})
    if not wanted:
        raise ValueError("depths: at least one depth is needed")
    original = check_map(method(model, image, unit))
    copied, reached, steps = _copy(model), 0, []
    for depth in wanted:
        while reached < depth:
            _forget(copied, layers[reached], reached, seed)
            reached += 1
        map = check_map(method(copied, image, unit), original.shape)
        layer = layers[depth - 1][0] if depth else ""
        steps.append(ControlStep(depth, layer, map.clone(), rank_correlation(original.abs(), map.abs())))
    return steps


def rank_correlation(first: Tensor, second: Tensor) -> float:
    """Spearman's correlation of two maps (H, W): do they order the pixels alike? 1 alike, 0 not at all, -1 reversed.

    Equal values share their mean rank. A constant map orders nothing: 0. Raises `ValueError` for different sizes.
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
    if not isinstance(model, nn.Module):
        raise TypeError(f"model: a torch.nn.Module is needed, got {type(model).__name__}")
    if image_shape is None:
        if not hasattr(model, "input_size"):
            raise ValueError("this network does not say its input size, pass image_shape=(C, H, W)")
        image_shape = (model.channels, model.input_size, model.input_size)
    ran = _run_order(model, image_shape)
    owners: dict[str, list[str]] = {name: [] for name in ran}
    for name, module in model.named_modules():
        if next(module.parameters(recurse=False), None) is None:
            continue
        owner = name
        while owner not in owners:  # the root has run, so this ends
            owner = owner.rpartition(".")[0]
        owners[owner].append(name)
    layers = [(name, parts) for name, parts in owners.items() if parts]
    if not layers:
        raise ValueError(f"{getattr(model, 'name', type(model).__name__)} has no parameters to forget")
    return layers[::-1]


def _run_order(model: nn.Module, image_shape) -> list[str]:
    """The names of the modules that run, in the order in which they begin; one pass over a black image."""
    order: dict[str, None] = {}
    thread = threading.get_ident()

    def note(name: str):
        def hook(module: nn.Module, inputs: tuple) -> None:
            if threading.get_ident() == thread:
                order.setdefault(name)

        return hook

    parameter = next(model.parameters(), torch.zeros(()))
    handles = [module.register_forward_pre_hook(note(name)) for name, module in model.named_modules()]
    try:
        with frozen(model), torch.no_grad():
            model(torch.zeros(1, *image_shape, device=parameter.device, dtype=parameter.dtype))
    finally:
        for handle in handles:
            handle.remove()
    return list(order)


def _copy(model: nn.Module) -> nn.Module:
    """A deep copy without the house's hooks: an explorable in another thread may be recording this very moment."""
    memo: dict[int, object] = {}
    for module in model.modules():
        for kind in HOOKS:
            hooks = getattr(module, kind)
            own = [(key, hook) for key, hook in list(hooks.items()) if not _is_ours(hook)]
            memo[id(hooks)] = OrderedDict(own)
    return copy.deepcopy(model, memo)


def _is_ours(hook) -> bool:
    return (getattr(hook, "__module__", None) or "").startswith("lecturelib.")


def _forget(model: nn.Module, layer: tuple[str, list[str]], position: int, seed: int) -> None:
    """Redraw the parameters of one layer in place; the draw depends on the seed and the layer, not on the depth."""
    modules = dict(model.named_modules())
    with torch.random.fork_rng(devices=[]), torch.no_grad():
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
