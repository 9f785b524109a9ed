"""Look inside a network while it runs: recording, freezing, and finding layers. Context managers only."""

import difflib
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

OUTPUT = ""  # PyTorch's own name of the root module: the network's output
Key = str | tuple[str, int]  # a layer, or a layer and which of its calls (0 is the first)


class UnknownName(KeyError):
    """A `KeyError` that prints as a sentence: no such layer, class or photo."""

    def __str__(self) -> str:
        return str(self.args[0])


class _Stop(Exception):
    """Ends a forward pass when everything wanted has been recorded."""

    def __init__(self, owner: "Activations"):
        super().__init__("recording is complete")
        self.owner = owner


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


def _split(key: Key) -> tuple[str, int]:
    name, call = key if isinstance(key, tuple) else (key, 0)
    if isinstance(call, bool) or not isinstance(call, int) or call < 0:
        raise ValueError(f"call counts from 0 (the first call of a module), got {call!r}")
    return name, call


class Activations(Mapping):
    """What a recording has caught: `acts["conv4"]`, or `acts["layer1.0.relu", 1]` for a module's second call."""

    def __init__(self, model: nn.Module, layers: Sequence[Key]):
        if isinstance(layers, str) or not layers:
            raise ValueError(f"layers: a non-empty list of layer names is needed, got {layers!r}")
        self.model = model
        self.wanted = {(resolve_layer(model, name), call) for name, call in map(_split, layers)}
        self._values: dict[tuple[str, int], Tensor] = {}
        self._calls: dict[str, int] = {}
        self._stopping = False
        # Explorables render in threads of their own and may share a network: each catches its own pass only.
        self._thread = threading.get_ident()

    def __getitem__(self, key: Key) -> Tensor:
        name, call = _split(key)
        name = resolve_layer(self.model, name)
        if (name, call) in self._values:
            return self._values[name, call]
        caught = self._calls.get(name, 0)
        if (name, call) in self.wanted and caught:
            raise UnknownName(
                f"{name!r} ran {caught} time(s) in this pass (calls 0-{caught - 1}), call {call} was asked"
            )
        if (name, call) in self.wanted:
            raise UnknownName(f"{name!r} has not run: call acts.forward(images) first, inside the `with`")
        raise UnknownName(f"{name!r} (call {call}) was not recorded; recorded: {sorted(self.wanted)}")

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def forward(self, images: Tensor) -> "Activations":
        """Run the network on images (B, C, H, W) and stop after the deepest layer that is wanted."""
        self._stopping = True
        try:
            self.model(images)
        except _Stop as stop:
            if stop.owner is not self:
                raise
        finally:
            self._stopping = False
        missing = self.wanted - set(self._values)
        if missing:
            name, call = min(missing)
            self[name, call]  # raises, and says how often the layer ran
        return self

    def _begin(self, module: nn.Module, inputs: tuple) -> None:
        if threading.get_ident() == self._thread:
            self._values.clear()
            self._calls.clear()

    def _hook(self, name: str):
        def catch(module: nn.Module, inputs: tuple, output):
            if threading.get_ident() != self._thread:
                return None
            call = self._calls.get(name, 0)
            self._calls[name] = call + 1
            if (name, call) not in self.wanted:
                return None
            if not isinstance(output, Tensor):
                kind = type(output).__name__
                raise TypeError(f"{name!r} returns a {kind}, not a tensor: ask for one of its submodules")
            self._values[name, call] = output
            if self._stopping and len(self._values) == len(self.wanted):
                raise _Stop(self)
            # The network goes on with a copy: a later in-place ReLU or `+=` cannot overwrite what was recorded,
            # and gradients still flow through it.
            return output.clone()

        return catch


@contextmanager
def recording(model: nn.Module, layers: Sequence[Key]) -> Iterator[Activations]:
    """Record the outputs of layers during the passes run inside the `with`.

    >>> with recording(model, ["conv4"]) as acts:       # doctest: +SKIP
    ...     acts.forward(images)                        # stops after conv4; model(images) runs to the end
    ...     acts["conv4"]                               # (B, 384, 13, 13) for AlexNet at 224 px

    The hooks are gone when the `with` ends, also after an exception. Raises `KeyError` for an unknown layer.
    """
    acts = Activations(model, layers)
    modules = dict(model.named_modules())
    handles = [model.register_forward_pre_hook(acts._begin)]
    try:
        for name in sorted({name for name, _ in acts.wanted}):
            handles.append(modules[name].register_forward_hook(acts._hook(name)))
        yield acts
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def frozen(model: nn.Module) -> Iterator[nn.Module]:
    """Eval mode and no parameter gradients inside the `with`; every flag comes back as it was found."""
    modes = [(module, module.training) for module in model.modules()]
    flags = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    try:
        for module, mode in modes:
            if mode:
                module.training = False
        for parameter, flag in flags:
            if flag:
                parameter.requires_grad_(False)
        yield model
    finally:
        for module, mode in modes:
            if module.training != mode:
                module.training = mode
        for parameter, flag in flags:
            if parameter.requires_grad != flag:
                parameter.requires_grad_(flag)


def record(model: nn.Module, images: Tensor, layers: Sequence[Key]) -> Activations:
    """The activations of layers for images (B, C, H, W), without gradient, in eval mode, in one call."""
    with frozen(model), torch.no_grad(), recording(model, layers) as acts:
        acts.forward(images)
    return acts


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


# Layers as they ran, remembered per network and image shape: listing them costs a forward pass.
_tables: "weakref.WeakKeyDictionary[nn.Module, dict]" = weakref.WeakKeyDictionary()


def list_units(model: nn.Module, image_shape: tuple[int, int, int] | None = None) -> LayerTable:
    """The layers of a network whose neurons and channels can be looked at, in the order in which they run.

    `image_shape` is (C, H, W); a house network knows its own. A layer that does not return one tensor is left out.
    """
    if image_shape is None:
        if not hasattr(model, "input_size"):
            raise ValueError(
                "list_units: this network does not say its input size, pass image_shape=(C, H, W)"
            )
        image_shape = (model.channels, model.input_size, model.input_size)
    structure = tuple((name, id(module)) for name, module in model.named_modules())
    known = _tables.setdefault(model, {})
    if known.get("structure") != structure:
        known.clear()
        known["structure"] = structure
    if image_shape not in known:
        known[image_shape] = _list_units(model, tuple(image_shape))
    return LayerTable(known[image_shape])


def layer_info(model: nn.Module, name: str, image_shape: tuple[int, int, int] | None = None) -> LayerInfo:
    """The `LayerInfo` of one layer, by PyTorch's name or the lecture's alias."""
    name = resolve_layer(model, name)
    for info in list_units(model, image_shape):
        if info.name == name:
            return info
    raise UnknownName(f"{name!r} did not run, or does not return one tensor: choose one of list_units(model)")


def _list_units(model: nn.Module, image_shape: tuple[int, int, int]) -> LayerTable:
    aliases = {name: alias for alias, name in getattr(model, "aliases", {}).items()}
    found: dict[str, LayerInfo] = {}
    thread = threading.get_ident()
    last = False  # are 4-D activations channels-last at this point of the pass (Swin, inside ConvNeXt)?

    def look(name: str, leaf: bool):
        def hook(module: nn.Module, inputs: tuple, output) -> None:
            nonlocal last
            if threading.get_ident() != thread or not isinstance(output, Tensor) or output.ndim < 2:
                return
            if type(module).__name__ == "Permute":
                last = list(module.dims)[-1] == 1
            elif leaf and output.ndim == 4 and isinstance(module, nn.Linear | nn.LayerNorm):
                # torchvision's LayerNorm2d is a LayerNorm that keeps the channels first
                last = type(module).__name__ != "LayerNorm2d"
            elif isinstance(module, nn.Conv2d | nn.BatchNorm2d):
                last = False
            calls = found[name].calls + 1 if name in found else 1
            kind = type(module).__name__ if name else "output"
            shape = tuple(output.shape[1:])
            found[name] = LayerInfo(
                name, aliases.get(name, ""), kind, shape, calls, last and len(shape) == 3, leaf
            )

        return hook

    handles = []
    try:
        for name, module in model.named_modules():
            handles.append(module.register_forward_hook(look(name, next(module.children(), None) is None)))
        parameter = next(model.parameters(), torch.zeros(()))
        with frozen(model), torch.no_grad():
            try:
                model(torch.zeros(1, *image_shape, device=parameter.device, dtype=parameter.dtype))
            except RuntimeError as error:
                size = " x ".join(map(str, image_shape))
                own = getattr(model, "input_size", None)
                hint = f"; its own size is {own} x {own}" if own else ""
                title = getattr(model, "name", type(model).__name__)
                raise ValueError(
                    f"{title} cannot take an image of {size}{hint} (PyTorch: {error})"
                ) from error
    finally:
        for handle in handles:
            handle.remove()
    return LayerTable(found.values())
