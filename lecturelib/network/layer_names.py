"""Layers by name: PyTorch's names and the lecture's, what a layer looks like, and how its channels lie."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from lecturelib.checks import UnknownName, check_whole, complaint, described

OUTPUT = ""  # PyTorch's own name of the root module: the network's output
Key = str | tuple[str, int]  # a layer, or a layer and which of its calls (0 is the first)


def check_model(model: nn.Module) -> nn.Module:
    """The model, if it is one that can be looked into; `TypeError` for its name or anything else."""
    if not isinstance(model, nn.Module):
        hint = f"models.load({model!r}) gives one" if isinstance(model, str) else ""
        raise TypeError(complaint("model", "a network (torch.nn.Module)", described(model), hint))
    if isinstance(model, torch.jit.ScriptModule):
        hint = "take the module that it was made from, or models.adapt(network) to ask for its scores only"
        raise TypeError(complaint("model", "layers that run in Python", "a TorchScript network", hint))
    return model


def walk(model: nn.Module, twice: bool = False) -> list[tuple[str, nn.Module]]:
    """(name, module) of a network and all its parts, as `named_modules` gives them; a module has its first name only.

    With `twice`, every name of a module that is registered under several. Unlike `named_modules` it also works where
    an attribute of the network is called `modules` or `children`.

    >>> net = nn.Sequential(nn.ReLU())
    >>> net.again = net[0]
    >>> [name for name, _ in walk(net)], [name for name, _ in walk(net, twice=True)]
    (['', '0'], ['', '0', 'again'])
    """
    found: list[tuple[str, nn.Module]] = []
    seen: set[int] = set()

    def visit(name: str, module: nn.Module, above: tuple[int, ...]) -> None:
        if id(module) in seen and (not twice or id(module) in above):
            return
        seen.add(id(module))
        found.append((name, module))
        start, above = f"{name}." if name else "", (*above, id(module)) if twice else above
        for child, part in _children(module).items():
            if part is not None:
                visit(start + child, part, above)

    visit(OUTPUT, model, ())
    return found


def _children(module: nn.Module) -> Mapping[str, nn.Module | None]:
    if isinstance(module, torch.jit.ScriptModule):  # keeps its parts outside of Python's dictionaries
        return dict(module.named_children())
    return module.__dict__["_modules"]


def behind(module: nn.Module) -> nn.Module:
    """The network behind a wrapper that shares its parts (`PixelModel`); any other module is its own."""
    wrapped = module.__dict__.get("_wrapped")
    if isinstance(wrapped, nn.Module) and wrapped.__dict__["_modules"] is module.__dict__["_modules"]:
        return behind(wrapped)
    return module


def own_parameters(module: nn.Module) -> list[Tensor]:
    """The parameters registered on a module itself, not on its parts."""
    if isinstance(module, torch.jit.ScriptModule):
        return list(module.parameters(recurse=False))
    return [parameter for parameter in module.__dict__["_parameters"].values() if parameter is not None]


def own_buffers(module: nn.Module) -> list[Tensor]:
    """The buffers registered on a module itself, not on its parts."""
    if isinstance(module, torch.jit.ScriptModule):
        return list(module.buffers(recurse=False))
    return [buffer for buffer in module.__dict__["_buffers"].values() if buffer is not None]


def layer_names(model: nn.Module) -> list[str]:
    """Every layer name that can be asked for: PyTorch's names, without the root."""
    return [name for name, _ in walk(model) if name != OUTPUT]


def resolve_layer(model: nn.Module, name: str) -> str:
    """PyTorch's name of a layer, given that name or the lecture's alias (`conv4`).

    Raises `TypeError` if the name is not a string, `UnknownName` (a `KeyError`, with the nearest names) if
    there is no such layer.

    >>> import torch
    >>> from lecturelib.network import resolve_layer
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3))
    >>> net.aliases = {"conv1": "0"}
    >>> resolve_layer(net, "conv1"), resolve_layer(net, "0")
    ('0', '0')
    """
    if not isinstance(name, str):
        raise TypeError(complaint("layer", "a name such as 'features.0'", described(name)))
    if name == OUTPUT:
        return name
    aliases: Mapping[str, str] = getattr(model, "aliases", {})
    known = dict(walk(model))
    for asked in (name, aliases.get(name)):
        if asked in known:
            return asked
    # Of a module with two names the hooks know the first one, and so does everything that is found by them.
    everywhere = dict(walk(model, twice=True))
    first = {id(module): each for each, module in known.items()}
    for asked in (name, aliases.get(name)):
        if asked in everywhere:
            return first[id(everywhere[asked])]
    names = list(everywhere)[1:]
    near = difflib.get_close_matches(name, [*aliases, *names], n=4, cutoff=0.4) or [*aliases, *names][:6]
    what = f"a layer of {title_of(model)}"
    hint = f"nearest: {', '.join(near)} (list_units(model) shows all)"
    raise UnknownName(complaint("layer", what, repr(name), hint))


def title_of(model: nn.Module) -> str:
    """What a network is called in a sentence: its own name, or its class."""
    name = getattr(model, "name", None)
    return name if isinstance(name, str) and name else type(model).__name__


def split_key(key: Key) -> tuple[str, int]:
    """A layer's name and which of its calls; the first one if none is given."""
    name, call = key if isinstance(key, tuple) else (key, 0)
    return name, check_whole("call", call, 0)


def normalization_of(model: nn.Module) -> Callable[[Tensor], Tensor] | None:
    """The method by which a `PixelModel` normalizes pixels in [0, 1] itself; None for any other network.

    It is known by its class, since many networks have a `normalize` of their own.

    >>> normalization_of(nn.ReLU()) is None
    True
    """
    known = getattr(type(model), "TAKES_PIXELS", False)
    return cast(Any, model).normalize if known is True else None


class Layout:
    """Whether 4-D activations have their channels last at this point of a pass (Swin, the blocks of ConvNeXt)."""

    def __init__(self) -> None:
        self.last = False
        self._channels = 0  # how many, where they are last

    def after(self, module: nn.Module, output) -> None:
        """Follow one module that has just run."""
        if type(module).__name__ == "Permute":
            dims: Any = module.dims
            self.last = list(dims)[-1] == 1
            self._channels = output.shape[-1]
        elif isinstance(module, nn.Conv2d | nn.BatchNorm2d):
            self.last = False
        elif isinstance(module, nn.Linear | nn.LayerNorm) and isinstance(output, Tensor) and output.ndim == 4:
            # torchvision's LayerNorm2d is a LayerNorm that keeps the channels first
            self.last = type(module).__name__ != "LayerNorm2d"
            self._channels = output.shape[-1]
        elif self.last and isinstance(output, Tensor) and output.ndim == 4:
            # put back by something that is no Permute (the windows of MaxViT): the same number, at the other end
            self.last = not (output.shape[1] == self._channels != output.shape[-1])


@dataclass(frozen=True)
class LayerInfo:
    """One layer as it ran: its name, the lecture's name, its kind and the shape of its output for one image.

    >>> from lecturelib.network import LayerInfo
    >>> info = LayerInfo("features.0", "conv1", "Conv2d", (96, 55, 54))
    >>> info.label, info.channels, info.positions
    ('conv1 (features.0)', 96, (55, 54))
    """

    name: str
    alias: str
    kind: str
    shape: tuple[int, ...]  # (C, h, w), (C,), (tokens, C), or (h, w, C) where channels_last
    calls: int = 1
    channels_last: bool = False
    leaf: bool = True

    @property
    def channels(self) -> int:
        return self.shape[0] if len(self.shape) != 2 and not self.channels_last else self.shape[-1]

    @property
    def positions(self) -> tuple[int, ...]:
        """(h, w) of a map, (tokens,) of a sequence, () of a vector."""
        return self.shape[1:] if len(self.shape) != 2 and not self.channels_last else self.shape[:-1]

    @property
    def label(self) -> str:
        return f"{self.alias} ({self.name})" if self.alias else self.name


class LayerTable(list):
    """A list of `LayerInfo` that prints as a table.

    >>> from lecturelib.network import LayerInfo, LayerTable
    >>> LayerTable([LayerInfo("features.0", "conv1", "Conv2d", (96, 55, 54))])
    layer       lecture  kind    output of one image  calls
    features.0  conv1    Conv2d  96 x 55 x 54         1
    """

    def __str__(self) -> str:
        rows = [("layer", "lecture", "kind", "output of one image", "calls")]
        rows += [(i.name, i.alias, i.kind, " x ".join(map(str, i.shape)), str(i.calls)) for i in self]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
        ]
        return "\n".join(line.rstrip() for line in lines)

    __repr__ = __str__
