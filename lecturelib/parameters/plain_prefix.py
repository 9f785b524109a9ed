"""Does a network begin with a plain chain of layers? Found by watching a pass, never guessed from its class.

A convolution, pooling or ReLU belongs to the chain when it alone looks at what the one before it made. `Skip` then runs
the network's own code with the chain's result given, so that branches, functions and recordings work as always.
Both follow the functions of torch in this thread only.
"""

import threading
import weakref
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lecturelib.models.pixel_model import PixelModel
from lecturelib.network.hooks import frozen
from lecturelib.network.layer_names import resolve_layer
from lecturelib.network.units import Unit

POINTWISE = {
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SiLU, nn.GELU, nn.Hardswish, nn.Sigmoid, nn.Tanh, nn.Dropout,
}  # fmt: skip
# These ask a tensor for its form only, not for its values.
FORM = {
    torch.Tensor.shape.__get__, torch.Tensor.dtype.__get__, torch.Tensor.device.__get__, torch.Tensor.ndim.__get__,
    torch.Tensor.size, torch.Tensor.dim, torch.Tensor.numel, torch.Tensor.is_floating_point,
    torch.Tensor.requires_grad.__get__, torch.Tensor.is_cuda.__get__,
}  # fmt: skip

# What was found, per network, its structure, image shape and unit; by name, so that nothing is kept alive.
_known: "weakref.WeakKeyDictionary[nn.Module, dict]" = weakref.WeakKeyDictionary()


def first_steps(model: nn.Module, image: Tensor, unit: Unit) -> tuple[list[nn.Module], int]:
    """The modules at the start of a network that form a plain chain, and how many functions normalise before them.

    Found by watching one pass of the image (1, C, H, W): a module counts when it is a single function from one link
    of the chain to the next, and nothing else ever uses what lies between. The chain ends at the unit's layer at the
    latest, and is empty when somebody else's hooks are on the network, since they may change what passes.
    """
    modules = [model, *model.modules(), getattr(model, "network", model)]
    if any(m._forward_hooks or m._forward_pre_hooks or "forward" in m.__dict__ for m in modules):
        return [], 0
    # extra_repr holds stride, padding and its mode: a module changed by hand is noticed
    structure = tuple((name, id(module), module.extra_repr()) for name, module in model.named_modules())
    asked = (structure, tuple(image.shape), tuple(unit.keys))
    known = _known.setdefault(model, {})
    found = known.get(asked)
    if found is None:
        known.clear()
        steps, prelude = _watch_a_pass(model, image, unit)
        names = {module: name for name, module in model.named_modules()}
        known[asked] = found = [names[step] for step in steps], prelude
    names, prelude = found  # not read back: another thread may have cleared what is known
    return [model.get_submodule(name) for name in names], prelude


def _watch_a_pass(model: nn.Module, image: Tensor, unit: Unit) -> tuple[list[nn.Module], int]:
    # The house wrapper normalises first: those functions are counted, checked below, and not part of the chain.
    prelude = _count(model.normalise, image) if type(model) is PixelModel else 0
    image = image.clone()  # a network may write on what it is given
    watch, found, ends = _Watch(image, prelude), {}, []
    thread = threading.get_ident()

    def look(module: nn.Module, inputs: tuple, output) -> None:
        if threading.get_ident() != thread or len(watch.links) < 2 or len(inputs) != 1:
            return
        if inputs[0] is watch.links[-2] and output is watch.links[-1]:
            found.setdefault(len(watch.links) - 1, module)

    def look_for_end(module: nn.Module, inputs: tuple, output) -> None:
        ends.extend(index for index, link in enumerate(watch.links) if output is link)

    named = dict(model.named_modules())
    units = [named[resolve_layer(model, name)] for name, _ in unit.keys]
    handles = []
    try:
        for module in named.values():
            if next(module.children(), None) is None:
                handles.append(module.register_forward_hook(look))
        for module in units:
            handles.append(module.register_forward_hook(look_for_end))
        with frozen(model), torch.inference_mode(), watch:
            model(image)
    finally:
        for handle in handles:
            handle.remove()
    if prelude and not torch.equal(model.normalise(image), watch.links[0]):
        return [], 0
    steps = []
    for index in range(1, min([len(watch.links) - 1, *watch.reused, *ends]) + 1):
        if index not in found or not _is_step(found[index]):
            break
        steps.append(found[index])
    return steps, prelude


def _is_step(module: nn.Module) -> bool:
    """Can this module be computed window by window? Exact types only: a subclass may do anything."""
    if type(module) is nn.Conv2d:
        return module.padding_mode == "zeros"
    if type(module) is nn.MaxPool2d:
        return not module.return_indices
    if type(module) is nn.BatchNorm2d:
        return module.running_mean is not None
    return type(module) in POINTWISE


class _Watch(TorchFunctionMode):
    """Follows an image through the functions applied to it, in this thread, after a prelude of some functions.

    Link 0 is what the prelude made (or the image), link 1 what the next function made of it, and so on. `reused`
    lists the links that a second function looked at.
    """

    def __init__(self, image: Tensor, prelude: int = 0):
        super().__init__()
        self.links: list[Tensor] = [image]
        self.reused: list[int] = []
        self.prelude = prelude

    def __torch_function__(self, func: Callable, types, args=(), kwargs=None):
        output = func(*args, **(kwargs or {}))
        if func in FORM:
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
        return output


class Skip(TorchFunctionMode):
    """Lets the first functions applied to the images return what they are told to, instead of computing."""

    def __init__(self, images: Tensor, prelude: int, outputs: list[Tensor]):
        super().__init__()
        self.images, self.link, self.prelude, self.outputs = images, images, prelude, outputs

    def __torch_function__(self, func: Callable, types, args=(), kwargs=None):
        if func in FORM:
            return func(*args, **(kwargs or {}))
        if self.prelude:
            self.prelude -= 1
            return self.link
        if func is torch.Tensor.clone and args[0] is self.images:
            return self.link  # the recording hands on a copy, which is no function of the network's
        if self.outputs and any(tensor is self.link for tensor in _tensors((args, kwargs))):
            self.link = self.outputs.pop(0)
            return self.link
        return func(*args, **(kwargs or {}))


class _Counter(TorchFunctionMode):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def __torch_function__(self, func: Callable, types, args=(), kwargs=None):
        self.calls += func not in FORM
        return func(*args, **(kwargs or {}))


def _count(function: Callable, image: Tensor) -> int:
    """How many functions of torch a function calls."""
    with torch.inference_mode(), _Counter() as counter:
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
