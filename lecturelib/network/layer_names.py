"""Layers by name: PyTorch's names and the lecture's, what a layer looks like, and how its channels lie."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from lecturelib.checks import UnknownName

OUTPUT = ""  # PyTorch's own name of the root module: the network's output
Key = str | tuple[str, int]  # a layer, or a layer and which of its calls (0 is the first)


def check_model(model: nn.Module) -> nn.Module:
    """The model, if it is one; `TypeError` for its name or anything else."""
    if not isinstance(model, nn.Module):
        hint = f": models.load({model!r}) gives one" if isinstance(model, str) else ""
        raise TypeError(f"model: a network is needed, got {type(model).__name__} {model!r}{hint}")
    return model


def layer_names(model: nn.Module) -> list[str]:
    """Every layer name that can be asked for: PyTorch's names, without the root."""
    return [name for name, _ in model.named_modules() if name != OUTPUT]


def resolve_layer(model: nn.Module, name: str) -> str:
    """PyTorch's name of a layer, given that name or the lecture's alias (`conv4`).

    Raises `TypeError` if the name is not a string, `UnknownName` (a `KeyError`, with the nearest names) if
    there is no such layer.
    """
    if not isinstance(name, str):
        raise TypeError(
            f"a layer is named by a string such as 'features.0', got {type(name).__name__} {name!r}"
        )
    names = layer_names(model)
    if name == OUTPUT or name in names:
        return name
    aliases: Mapping[str, str] = getattr(model, "aliases", {})
    if name in aliases:
        return aliases[name]
    near = difflib.get_close_matches(name, [*aliases, *names], n=4, cutoff=0.4) or [*aliases, *names][:6]
    title = getattr(model, "name", type(model).__name__)
    raise UnknownName(
        f"{title} has no layer {name!r}; nearest: {', '.join(near)} (list_units(model) shows all)"
    )


def split_key(key: Key) -> tuple[str, int]:
    """A layer's name and which of its calls; the first one if none is given."""
    name, call = key if isinstance(key, tuple) else (key, 0)
    if isinstance(call, bool) or not isinstance(call, int) or call < 0:
        raise ValueError(f"call counts from 0 (the first call of a module), got {call!r}")
    return name, call


class Layout:
    """Whether 4-D activations have their channels last at this point of a pass (Swin, the blocks of ConvNeXt)."""

    def __init__(self) -> None:
        self.last = False

    def after(self, module: nn.Module, output) -> None:
        """Follow one module that has just run."""
        if type(module).__name__ == "Permute":
            self.last = list(module.dims)[-1] == 1
        elif isinstance(module, nn.Conv2d | nn.BatchNorm2d):
            self.last = False
        elif isinstance(module, nn.Linear | nn.LayerNorm) and isinstance(output, Tensor) and output.ndim == 4:
            # torchvision's LayerNorm2d is a LayerNorm that keeps the channels first
            self.last = type(module).__name__ != "LayerNorm2d"


@dataclass(frozen=True)
class LayerInfo:
    """One layer as it ran: its name, the lecture's name, its kind and the shape of its output for one image."""

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
    """A list of `LayerInfo` that prints as a table."""

    def __str__(self) -> str:
        rows = [("layer", "lecture", "kind", "output of one image", "calls")]
        rows += [(i.name, i.alias, i.kind, " x ".join(map(str, i.shape)), str(i.calls)) for i in self]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
        ]
        return "\n".join(line.rstrip() for line in lines)

    __repr__ = __str__
