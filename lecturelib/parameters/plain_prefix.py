"""The plain chain of layers that a network begins with, found by recording a pass, never guessed from its class.

A convolution, pooling or ReLU belongs to the chain when nothing else uses what the one before it gave. `SkipPrefix`
then runs the network's own code with the chain's result given, so that branches, functions and recordings work as
always. Both follow the functions of torch in this thread only.
"""

import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lecturelib.models.pixel_model import PixelModel
from lecturelib.network.freezing import frozen
from lecturelib.network.layer_names import resolve_layer, walk
from lecturelib.network.quiet import structure
from lecturelib.network.units import Unit

POINTWISE = {
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SiLU, nn.GELU, nn.Hardswish, nn.Sigmoid, nn.Tanh, nn.Dropout,
}  # fmt: skip
# These read a tensor's shape, dtype or device, none of its values.
_TENSOR: Any = torch.Tensor  # torch's stubs give the values of these properties, not the properties
METADATA = {
    _TENSOR.shape.__get__, _TENSOR.dtype.__get__, _TENSOR.device.__get__, _TENSOR.ndim.__get__,
    _TENSOR.size, _TENSOR.dim, _TENSOR.numel, _TENSOR.is_floating_point,
    _TENSOR.requires_grad.__get__, _TENSOR.is_cuda.__get__,
}  # fmt: skip

# What was found, per network, its structure, image shape and unit; by name, so that nothing is kept alive.
_cache: "weakref.WeakKeyDictionary[nn.Module, dict]" = weakref.WeakKeyDictionary()


def find_prefix(model: nn.Module, image: Tensor, unit: Unit) -> tuple[list[nn.Module], int]:
    """The modules of the plain chain at the start of a network, and how many functions normalize before them.

    Found by recording one pass of the image (1, C, H, W): a module counts when it is a single function from one link
    of the chain to the next, and nothing else ever uses what lies between. The chain ends at the unit's layer at the
    latest, and is empty when the caller's own hooks are on the network, since they may change what passes.
    """
    modules = [*(module for _, module in walk(model)), getattr(model, "network", model)]
    if any(m._forward_hooks or m._forward_pre_hooks or "forward" in m.__dict__ for m in modules):
        return [], 0
    asked = (structure(model), tuple(image.shape), tuple(unit.keys))
    known = _cache.setdefault(model, {})
    found = known.get(asked)
    if found is None:
        known.clear()
        steps, prelude = _trace_prefix(model, image, unit)
        names = {module: name for name, module in walk(model)}
        known[asked] = found = [names[step] for step in steps], prelude
    chain, prelude = found  # not read back: another thread may have cleared what is known
    return [model.get_submodule(name) for name in chain], prelude


def _trace_prefix(model: nn.Module, image: Tensor, unit: Unit) -> tuple[list[nn.Module], int]:
    # A PixelModel normalizes first: those functions are counted, checked below, and not part of the chain.
    pixel_model = model if isinstance(model, PixelModel) and type(model) is PixelModel else None
    prelude = _function_count(pixel_model.normalize, image) if pixel_model is not None else 0
    image = image.clone()  # a network may write on what it is given
    chain = _ChainRecorder(image, prelude)
    found: dict[int, nn.Module] = {}
    ends: list[int] = []
    thread = threading.get_ident()

    def match(module: nn.Module, inputs: tuple, output) -> None:
        if threading.get_ident() != thread or len(chain.links) < 2 or len(inputs) != 1:
            return
        if inputs[0] is chain.links[-2] and output is chain.links[-1]:
            found.setdefault(len(chain.links) - 1, module)

    def mark_unit(module: nn.Module, inputs: tuple, output) -> None:
        ends.extend(index for index, link in enumerate(chain.links) if output is link)

    named = dict(walk(model))
    units = [named[resolve_layer(model, name)] for name, _ in unit.keys]
    handles = []
    try:
        for module in named.values():
            if not module.__dict__["_modules"]:
                handles.append(module.register_forward_hook(match))
        for module in units:
            handles.append(module.register_forward_hook(mark_unit))
        with frozen(model), torch.inference_mode(), chain:
            model(image)
    finally:
        for handle in handles:
            handle.remove()
    if pixel_model is not None and prelude and not torch.equal(pixel_model.normalize(image), chain.links[0]):
        return [], 0
    steps = []
    for index in range(1, min([len(chain.links) - 1, *chain.reused, *ends]) + 1):
        if index not in found or not _by_windows(found[index]):
            break
        steps.append(found[index])
    return steps, prelude


def _by_windows(module: nn.Module) -> bool:
    """Can this module be computed window by window? Exact types only: a subclass may do anything."""
    if type(module) is nn.Conv2d:
        return module.padding_mode == "zeros"
    if type(module) is nn.MaxPool2d:
        return not module.return_indices
    if type(module) is nn.BatchNorm2d:
        return module.running_mean is not None
    return type(module) in POINTWISE


class _ChainRecorder(TorchFunctionMode):
    """Records the functions applied to an image, one to the result of the other, in this thread, after a prelude.

    Link 0 is the image or the result of the prelude, link 1 the result of the next function, and so on. `reused`
    lists the links that a second function used, or that left torch as a number, an array or a list.
    """

    def __init__(self, image: Tensor, prelude: int = 0):
        super().__init__()
        self.links: list[Tensor] = [image]
        self.reused: list[int] = []
        self.prelude = prelude

    def __torch_function__(self, func: Callable, types, args=(), kwargs=None):
        output = func(*args, **(kwargs or {}))
        if func in METADATA:
            return output
        if self.prelude:
            self.prelude -= 1
            self.links = [output]
            return output
        last = len(self.links) - 1
        used = {
            max(index for index, link in enumerate(self.links) if link is tensor)
            for tensor in _tensors((args, kwargs))
            if any(link is tensor for link in self.links)
        }
        self.reused.extend(index for index in used if index != last)
        if last in used and isinstance(output, Tensor):
            self.links.append(output)
        elif last in used:
            self.reused.append(last)
        return output


class SkipPrefix(TorchFunctionMode):
    """The first functions applied to the images return the given outputs instead of computing them."""

    def __init__(self, images: Tensor, prelude: int, outputs: list[Tensor]):
        super().__init__()
        self.images, self.link, self.prelude, self.outputs = images, images, prelude, outputs

    def __torch_function__(self, func: Callable, types, args=(), kwargs=None):
        if func in METADATA:
            return func(*args, **(kwargs or {}))
        if self.prelude:
            self.prelude -= 1
            return self.link
        if func is torch.Tensor.clone and args[0] is self.images:
            # the recording passes on a copy, which is no function of the network's
            return self.link
        if self.outputs and any(tensor is self.link for tensor in _tensors((args, kwargs))):
            self.link = self.outputs.pop(0)
            return self.link
        return func(*args, **(kwargs or {}))


class _CountingMode(TorchFunctionMode):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def __torch_function__(self, func: Callable, types, args=(), kwargs=None):
        self.calls += func not in METADATA
        return func(*args, **(kwargs or {}))


def _function_count(function: Callable, image: Tensor) -> int:
    """How many functions of torch a function calls."""
    with torch.inference_mode(), _CountingMode() as counter:
        function(image)
    return counter.calls


def _tensors(value) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
