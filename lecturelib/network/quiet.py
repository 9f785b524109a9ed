"""Try a network out without anybody noticing: on a copy, without its hooks, its state and the random numbers as found.

What is found out is remembered by `PerNetwork` for as long as the network keeps its structure.
"""

import copy
import random
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from lecturelib.network.freezing import frozen
from lecturelib.network.layer_names import own_buffers, own_parameters, walk
from lecturelib.network.rng_state import DRAWING

HOOKS = (
    "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks", "_forward_hooks_with_kwargs",
    "_forward_pre_hooks_with_kwargs", "_forward_hooks_always_called",
)  # fmt: skip
# What sets the shapes of PyTorch's own layers. `extra_repr` says the same, at five times the price.
GEOMETRY = (
    "kernel_size", "stride", "padding", "dilation", "groups", "transposed", "padding_mode", "ceil_mode",
    "output_size", "scale_factor", "size", "mode", "dims", "start_dim", "end_dim", "normalized_shape",
    "track_running_stats", "inplace", "p", "batch_first", "num_layers", "in_features", "out_features",
)  # fmt: skip

_trying = (
    threading.local()
)  # .on while a network that cannot be copied is tried out: recordings do not see it


def is_trial() -> bool:
    """Is this thread only trying a network out? Then a recording looks away."""
    return getattr(_trying, "on", False)


def structure(model: nn.Module) -> tuple:
    """What a network is made of: it changes when a module is replaced, or its stride is set by hand."""
    return tuple((name, id(module), _geometry(module)) for name, module in walk(model))


def _geometry(module: nn.Module):
    kind = type(module)
    if kind.__module__.startswith("torch.nn.modules."):
        values = module.__dict__
        return tuple([str(values[name]) for name in GEOMETRY if name in values])
    return "" if kind.extra_repr is nn.Module.extra_repr else module.extra_repr()


class PerNetwork:
    """What was found out about networks: a dict for each, empty again when the network's structure has changed.

    >>> known, net = PerNetwork(), nn.Sequential(nn.ReLU())
    >>> known.of(net)["size"] = 3
    >>> known.of(net)
    {'size': 3}
    >>> net[0] = nn.Tanh()
    >>> known.of(net)
    {}
    """

    def __init__(self) -> None:
        self._known: weakref.WeakKeyDictionary[nn.Module, tuple[tuple, dict]] = weakref.WeakKeyDictionary()

    def of(self, model: nn.Module) -> dict:
        now = structure(model)
        known = self._known.get(model)
        if known is None or known[0] != now:
            self._known[model] = known = now, {}
        return known[1]


def quiet_copy(model: nn.Module, hooks: bool = False) -> nn.Module | None:
    """A copy in eval mode that shares the weights and has no hooks (or with `hooks` copies of them).

    Buffers and everything else that a network may write on are its own. None for a network that cannot be copied
    (it holds a lock, an open file, a compiled function).
    """
    memo: dict[int, object] = {}
    for _, module in walk(model):
        values = module.__dict__
        if _is_plain(module) and not (hooks and has_hooks(module)):
            memo[id(module)] = _plain_copy(module)
            continue
        if not hooks:
            memo.update({id(values[kind]): type(values[kind])() for kind in HOOKS if values.get(kind)})
        memo.update({id(parameter): _still(parameter) for parameter in own_parameters(module)})
        # Only leaves can be copied by `deepcopy`; the weight that `weight_norm` computes is none.
        memo.update(
            {id(v): v.detach().clone() for v in values.values() if isinstance(v, Tensor) and not v.is_leaf}
        )
    try:
        copied = copy.deepcopy(model, memo)
        for _, module in walk(copied):
            module.training = False
    except Exception:  # whatever a network may hold: the caller tries the network itself
        return None
    return copied


SIMPLE = (int, float, str, tuple, torch.dtype, torch.device, type(None))


def _is_plain(module: nn.Module) -> bool:
    """Is it one of PyTorch's own layers, without parts and with nothing on it but numbers, weights and buffers?"""
    return (
        type(module).__module__.startswith("torch.nn.modules.")
        and not module.__dict__["_modules"]
        and all(isinstance(value, SIMPLE) or name.startswith("_") for name, value in module.__dict__.items())
        and not isinstance(module, nn.RNNBase)
    )


def _plain_copy(module: nn.Module) -> nn.Module:
    """What `deepcopy` would make of such a layer, at a fifth of the price."""
    copied = type(module).__new__(type(module))
    values = {
        name: type(value)() if isinstance(value, dict | set) else value
        for name, value in vars(module).items()
    }
    parameters, buffers = module.__dict__["_parameters"], module.__dict__["_buffers"]
    values["_parameters"] = {name: p if p is None else _still(p) for name, p in parameters.items()}
    values["_buffers"] = {name: b if b is None else b.detach().clone() for name, b in buffers.items()}
    values["_non_persistent_buffers_set"] = set(module.__dict__["_non_persistent_buffers_set"])
    copied.__dict__.update(values)
    return copied


def _still(parameter: Tensor) -> Tensor:
    """The same values in a parameter that asks for no gradient."""
    if is_lazy(parameter) or not parameter.requires_grad:
        return parameter
    with torch.inference_mode(False):
        return nn.Parameter(parameter.detach(), requires_grad=False)


def has_hooks(model: nn.Module) -> bool:
    """Does any part of a network have hooks, anybody's?"""
    return any(module.__dict__.get(kind) for _, module in walk(model) for kind in HOOKS[:4])


def chance_outside_torch() -> tuple:
    """Where Python's and NumPy's global generators stand: it differs after something was drawn from one of them."""
    numpy = sys.modules.get("numpy")
    arrays = numpy.random.get_state() if numpy else ()
    return random.getstate(), tuple(part.tobytes() if hasattr(part, "tobytes") else part for part in arrays)


@contextmanager
def same_chance(device: torch.device) -> Iterator[None]:
    """The states of the random number generators (PyTorch's, Python's, NumPy's) come back as they were."""
    numpy = sys.modules.get("numpy")
    with DRAWING, torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        plain, arrays = random.getstate(), numpy.random.get_state() if numpy else None
        try:
            yield
        finally:
            random.setstate(plain)
            if numpy:
                numpy.random.set_state(arrays)


@contextmanager
def trial(model: nn.Module, device: torch.device, hooks: bool = False) -> Iterator[nn.Module]:
    """A network to try out, silently: a quiet copy, or where there can be none the network itself, put back after.

    Another thread's training of this network is waited for: its weights do not move under the copy.

    >>> net = nn.BatchNorm2d(1)
    >>> with trial(net, torch.device("cpu")) as copied:
    ...     _ = copied.train()(torch.rand(2, 1, 3, 3))
    >>> net.num_batches_tracked.item()
    0
    """
    with frozen(model), same_chance(device), warnings.catch_warnings(), torch.inference_mode(False):
        warnings.simplefilter("ignore")  # what it has to say it says when it is really run
        copied = quiet_copy(model, hooks)
        if copied is not None:
            yield copied
            return
        state = [(buffer, buffer.clone()) for _, module in walk(model) for buffer in own_buffers(module)]
        before, _trying.on = is_trial(), True
        try:
            yield model
        finally:
            _trying.on = before
            with torch.no_grad():
                for buffer, value in state:
                    buffer.copy_(value)


@contextmanager
def watched(
    model: nn.Module,
    begin: Callable[[str, nn.Module, tuple], None],
    end: Callable[[str, nn.Module, object], None],
) -> Iterator[None]:
    """Inside, `begin(name, module, inputs)` and `end(name, module, output)` hear of every module that runs.

    Only of passes in this thread. The hooks are gone when the `with` ends.
    """
    thread, handles = threading.get_ident(), []

    def before(name: str):
        def hook(module: nn.Module, inputs: tuple) -> None:
            if threading.get_ident() == thread:
                begin(name, module, inputs)

        return hook

    def after(name: str):
        def hook(module: nn.Module, inputs: tuple, output) -> None:
            if threading.get_ident() == thread:
                end(name, module, output)

        return hook

    try:
        for name, module in walk(model):
            if isinstance(module, torch.jit.ScriptModule) and name:
                continue  # runs outside Python: its hooks are never called
            handles.append(module.register_forward_pre_hook(before(name)))
            handles.append(module.register_forward_hook(after(name)))
        yield
    finally:
        for handle in handles:
            handle.remove()
