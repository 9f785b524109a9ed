"""Hold a network still while it is looked at: eval mode, no parameter gradients, no inference mode around it."""

import threading
import weakref
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lecturelib.network.layer_names import behind, check_model, own_parameters, walk


class _Found:
    """What one module's mode, or one parameter's flag, was before anybody froze it, and who holds it now."""

    __slots__ = ("holders", "value")

    def __init__(self, value: bool):
        self.value = value
        self.holders: list[int] = []  # threads; one that froze it twice stands here twice


# A condition, not a lock: whoever trains waits until nobody looks, and the other way round.
_changed = threading.Condition(threading.RLock())
# Keyed by the modules themselves, which two wrappers of one network share.
_modes: "weakref.WeakKeyDictionary[nn.Module, _Found]" = weakref.WeakKeyDictionary()
_flags: dict[int, tuple[Tensor, _Found]] = {}  # by id, since tensors compare by value; held only while frozen
_trained: dict[Hashable, list[int]] = {}  # id of a module -> the threads that train it


@contextmanager
def frozen(model: nn.Module) -> Iterator[nn.Module]:
    """Hold a network in eval mode, with no parameter asking for gradients; every flag comes back as it was found.

    It may overlap with itself, nested or from several threads, also through different wrappers of the same modules:
    the first one finds, the last one gives back. While another thread is `training` the network, it waits. Raises
    `TypeError` for something that is no network.

    >>> from torch import nn
    >>> dropout = nn.Dropout().train()
    >>> with frozen(dropout):
    ...     dropout.training
    False
    >>> dropout.training
    True
    """
    modules = [behind(module) for _, module in walk(check_model(model))]
    parameters = list({id(p): p for module in modules for p in own_parameters(module)}.values())
    thread = threading.get_ident()
    with _changed:
        while any(other != thread for module in modules for other in _trained.get(id(module), ())):
            _changed.wait()
        for module in modules:
            found = _modes.get(module)
            if found is None:
                _modes[module] = found = _Found(module.training)
            found.holders.append(thread)
            if module.training:
                module.training = False
        for parameter in parameters:
            if id(parameter) not in _flags:
                _flags[id(parameter)] = parameter, _Found(parameter.requires_grad)
            _flags[id(parameter)][1].holders.append(thread)
            if parameter.requires_grad:
                _ask_for_gradient(parameter, False)
    try:
        yield model
    finally:
        with _changed:
            _give_back(modules, parameters, thread)
            _changed.notify_all()


def _give_back(modules: list[nn.Module], parameters: list[Tensor], thread: int) -> None:
    for module in modules:
        found = _modes[module]
        found.holders.remove(thread)
        if not found.holders:
            del _modes[module]
            if module.training != found.value:
                module.training = found.value
    for parameter in parameters:
        _, found = _flags[id(parameter)]
        found.holders.remove(thread)
        if not found.holders:
            del _flags[id(parameter)]
            if parameter.requires_grad != found.value:
                _ask_for_gradient(parameter, found.value)


def _ask_for_gradient(parameter: Tensor, value: bool) -> None:
    with torch.inference_mode(parameter.is_inference()):  # PyTorch sets the flag of such a tensor only there
        parameter.requires_grad_(value)


@contextmanager
def training(model: nn.Module) -> Iterator[nn.Module]:
    """Keep a network to this thread while its modes and weights change.

    `frozen` in other threads waits until it ends, and is waited for. Nothing is changed by the `with` itself. In the
    thread that trains, `frozen` works as ever.

    >>> from torch import nn
    >>> with training(nn.Linear(2, 1)) as net:
    ...     net.training
    True
    """
    modules = [behind(module) for _, module in walk(check_model(model))]
    thread = threading.get_ident()
    with _changed:
        while _held_elsewhere(modules, thread):
            _changed.wait()
        for module in modules:
            _trained.setdefault(id(module), []).append(thread)
    try:
        yield model
    finally:
        with _changed:
            for module in modules:
                _trained[id(module)].remove(thread)
                if not _trained[id(module)]:
                    del _trained[id(module)]
            _changed.notify_all()


def _held_elsewhere(modules: list[nn.Module], thread: int) -> bool:
    for module in modules:
        found = _modes.get(module)
        holders = [*(found.holders if found is not None else ()), *_trained.get(id(module), ())]
        if any(other != thread for other in holders):
            return True
    return False


@contextmanager
def autograd_on(record: bool = True) -> Iterator[None]:
    """Leave `inference_mode` and `no_grad`, whatever stands around: what is made inside can take part in a gradient.

    As a decorator it guards a whole function (not a generator). `record=False` only leaves the inference mode.

    >>> import torch
    >>> with torch.inference_mode(), autograd_on():
    ...     torch.ones(1).requires_grad_().exp().requires_grad
    True
    """
    with torch.inference_mode(False), torch.set_grad_enabled(record):
        yield
