"""Look inside a network while it runs: recording, freezing, and finding layers. Context managers only."""

import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor, nn

from lecturelib.checks import UnknownName, complaint, described
from lecturelib.network.freezing import frozen
from lecturelib.network.layer_names import (
    Key,
    LayerInfo,
    LayerTable,
    Layout,
    check_model,
    resolve_layer,
    split_key,
)


class _Stop(Exception):
    """Ends a forward pass when everything wanted has been recorded."""

    def __init__(self, owner: "Activations"):
        super().__init__("recording is complete")
        self.owner = owner


_shapes_only = threading.local()  # .on while a pass only looks for shapes: recordings do not see it


class Activations(Mapping):
    """What a recording has caught: `acts["conv4"]`, or `acts["layer1.0.relu", 1]` for a module's second call."""

    def __init__(self, model: nn.Module, layers: Sequence[Key]):
        if isinstance(layers, str) or not layers:
            raise ValueError(f"layers: a non-empty list of layer names is needed, got {layers!r}")
        self.model = model
        self.wanted = {(resolve_layer(model, name), call) for name, call in map(split_key, layers)}
        self._values: dict[tuple[str, int], Tensor] = {}
        self._last: set[tuple[str, int]] = set()  # which of them have their channels last
        self._calls: dict[str, int] = {}
        self._layout = Layout()
        self._stopping = False
        # Explorables render in threads of their own and may share a network: each catches its own pass only.
        self._thread = threading.get_ident()

    def __getitem__(self, key: Key) -> Tensor:
        name, call = split_key(key)
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

    def maps(self, key: Key) -> Tensor:
        """A layer's activations with their channels first: (B, C, h, w), (B, C, tokens) or (B, C)."""
        values = self[key]
        name, call = split_key(key)
        if values.ndim == 3:
            return values.transpose(1, 2)  # (B, tokens, C) -> (B, C, tokens)
        if (resolve_layer(self.model, name), call) in self._last:
            return values.movedim(-1, 1)  # (B, h, w, C) -> (B, C, h, w)
        return values

    def forward(self, images: Tensor) -> "Activations":
        """Run the network on images (B, C, H, W) and stop after the deepest layer that is wanted."""
        self._stopping = True
        # A PixelModel begins with new pixels, normalised; another network may overwrite the caller's, in place.
        images = images if hasattr(self.model, "normalise") else images.clone()
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

    def _elsewhere(self) -> bool:
        """Is this pass none of ours: another thread's, or one that only looks for the layers' shapes?"""
        return threading.get_ident() != self._thread or getattr(_shapes_only, "on", False)

    def _begin(self, module: nn.Module, inputs: tuple) -> None:
        if not self._elsewhere():
            self._values.clear()
            self._last.clear()
            self._calls.clear()
            self._layout = Layout()

    def _follow(self, module: nn.Module, inputs: tuple, output) -> None:
        if not self._elsewhere():
            self._layout.after(module, output)

    def _hook(self, name: str):
        def catch(module: nn.Module, inputs: tuple, output):
            if self._elsewhere():
                return None
            call = self._calls.get(name, 0)
            self._calls[name] = call + 1
            if (name, call) not in self.wanted:
                return None
            if not isinstance(output, Tensor):
                kind = type(output).__name__
                raise TypeError(f"{name!r} returns a {kind}, not a tensor: ask for one of its submodules")
            self._values[name, call] = output
            if self._layout.last and output.ndim == 4:
                self._last.add((name, call))
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
        if any(isinstance(module, nn.LayerNorm) for module in modules.values()):
            # before the recording hooks: a layer's own effect on the layout comes first
            handles += [module.register_forward_hook(acts._follow) for module in modules.values()]
        for name in sorted({name for name, _ in acts.wanted}):
            handles.append(modules[name].register_forward_hook(acts._hook(name)))
        yield acts
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def leaf(model: nn.Module, layer: str, call: int = 0) -> Iterator[list[Tensor]]:
    """Begin the graph at one call of a layer: inside, what that call returns is a leaf that asks for its gradient.

    Yields a list that holds the leaf as soon as the call has run (empty until then; a later pass replaces it). Only
    passes of this thread are cut. A backward pass from anything behind it ends there, and costs nothing before it.
    Raises `UnknownName` for an unknown layer, `ValueError` for a call below 0, and inside `TypeError` if the layer
    returns something other than a tensor of floats.

    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Flatten())
    >>> with leaf(net, "0") as leaves:
    ...     value = (3 * net(torch.ones(1, 2))).sum()
    >>> torch.autograd.grad(value, leaves[0])
    (tensor([[3., 3.]]),)
    """
    name, call = split_key((resolve_layer(model, layer), call))
    thread, calls, leaves = threading.get_ident(), 0, []

    def begin(module: nn.Module, inputs: tuple) -> None:
        nonlocal calls
        if threading.get_ident() == thread and not getattr(_shapes_only, "on", False):
            calls = 0

    def cut(module: nn.Module, inputs: tuple, output):
        nonlocal calls
        if threading.get_ident() != thread or getattr(_shapes_only, "on", False):
            return None
        calls += 1
        if calls != call + 1:
            return None
        if not isinstance(output, Tensor) or not output.is_floating_point():
            raise TypeError(
                complaint("layer", "one that returns a tensor of floats", f"{name!r}: {described(output)}")
            )
        leaves[:] = [output.detach().requires_grad_()]
        # a copy: the network may write on what it is given, and on a leaf it must not
        return leaves[0].clone()

    handles = [model.register_forward_pre_hook(begin)]
    try:
        handles.append(model.get_submodule(name).register_forward_hook(cut))
        yield leaves
    finally:
        for handle in handles:
            handle.remove()


def record(model: nn.Module, images: Tensor, layers: Sequence[Key]) -> Activations:
    """The activations of layers for images (B, C, H, W), without gradient, in eval mode, in one call."""
    with frozen(model), torch.no_grad(), recording(model, layers) as acts:
        acts.forward(images)
    return acts


# Layers as they ran, remembered per network and image shape: listing them costs a forward pass.
_tables: "weakref.WeakKeyDictionary[nn.Module, dict]" = weakref.WeakKeyDictionary()


def list_units(model: nn.Module, image_shape: Sequence[int] | None = None) -> LayerTable:
    """The layers of a network whose neurons and channels can be looked at, in the order in which they run.

    `image_shape` is (C, H, W); a house network knows its own. A layer that does not return one tensor is left out. Of a
    module that runs several times the first run is listed, with the number of its calls.
    """
    return LayerTable(info for (_, call), info in _table(model, image_shape).items() if call == 0)


def layer_info(
    model: nn.Module, name: str, image_shape: Sequence[int] | None = None, call: int = 0
) -> LayerInfo:
    """The `LayerInfo` of one call of a layer, by PyTorch's name or the lecture's alias.

    Raises `UnknownName` for a layer that did not run, `IndexError` for a call that did not happen.
    """
    name = resolve_layer(model, name)
    split_key((name, call))
    table = _table(model, image_shape)
    if (name, 0) not in table:
        raise UnknownName(
            f"{name!r} did not run, or does not return one tensor: choose one of list_units(model)"
        )
    if (name, call) not in table:
        first = table[name, 0]
        raise IndexError(
            f"{first.label or 'the output'} runs {first.calls} time(s), so call is 0 to {first.calls - 1}, got {call}"
        )
    return table[name, call]


def _table(model: nn.Module, image_shape: Sequence[int] | None) -> dict[tuple[str, int], LayerInfo]:
    check_model(model)
    if image_shape is None:
        if not hasattr(model, "input_size"):
            raise ValueError(
                "this network does not say its input size: pass image_shape=(C, H, W), or models.adapt(network) first"
            )
        image_shape = (model.channels, model.input_size, model.input_size)
    shape = tuple(image_shape)
    # a stride changed by hand changes the shapes as another module would
    structure = tuple((name, id(module), module.extra_repr()) for name, module in model.named_modules())
    known = _tables.setdefault(model, {})
    if known.get("structure") != structure:
        known.clear()
        known["structure"] = structure
    if shape not in known:
        known[shape] = _run_for_shapes(model, shape)
    return known[shape]


def _run_for_shapes(model: nn.Module, image_shape: tuple[int, ...]) -> dict[tuple[str, int], LayerInfo]:
    aliases = {name: alias for alias, name in getattr(model, "aliases", {}).items()}
    found: dict[tuple[str, int], LayerInfo] = {}
    calls: dict[str, int] = {}
    thread, layout = threading.get_ident(), Layout()

    def look(name: str, leaf: bool):
        def hook(module: nn.Module, inputs: tuple, output) -> None:
            if threading.get_ident() != thread:
                return
            layout.after(module, output)
            if isinstance(output, Tensor) and output.ndim >= 2:
                call = calls.get(name, 0)
                calls[name] = call + 1
                kind = type(module).__name__ if name else "output"
                shape = tuple(output.shape[1:])
                last = layout.last and len(shape) == 3
                found[name, call] = LayerInfo(name, aliases.get(name, ""), kind, shape, 1, last, leaf)

        return hook

    handles = []
    _shapes_only.on = True
    try:
        for name, module in model.named_modules():
            handles.append(module.register_forward_hook(look(name, next(module.children(), None) is None)))
        parameter = next(model.parameters(), torch.zeros(()))
        with frozen(model), torch.no_grad():
            model(torch.zeros(1, *image_shape, device=parameter.device, dtype=parameter.dtype))
    except Exception as error:  # a network may refuse a size in any way; what it said goes along
        size = " x ".join(map(str, image_shape))
        own = getattr(model, "input_size", None)
        hint = f"; its own size is {own} x {own}" if own else ""
        title = getattr(model, "name", type(model).__name__)
        raise ValueError(f"{title} cannot take an image of {size}{hint} (it says: {error})") from error
    finally:
        _shapes_only.on = False
        for handle in handles:
            handle.remove()
    return {(name, call): replace(info, calls=calls[name]) for (name, call), info in found.items()}
