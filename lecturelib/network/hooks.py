"""Record what the layers of a network return while it runs. Context managers only."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lecturelib.checks import UnknownName, complaint, described
from lecturelib.network.freezing import frozen
from lecturelib.network.layer_names import (
    OUTPUT,
    Key,
    Layout,
    check_model,
    normalization_of,
    resolve_layer,
    split_key,
    walk,
)
from lecturelib.network.outputs import kind_of, no_scores, scores_of
from lecturelib.network.quiet import is_trial


class _Stop(BaseException):
    """Ends a forward pass when all that is wanted has been recorded; no `except Exception` of a network stops it."""

    def __init__(self, owner: "Activations"):
        super().__init__("recording is complete")
        self.owner = owner


class Activations(Mapping):
    """What a recording has caught: `acts["conv4"]`, or `acts["layer1.0.relu", 1]` for a module's second call.

    >>> import torch
    >>> from lecturelib.network import record
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU())
    >>> acts = record(net, torch.zeros(2, 1, 8, 6), ["0", "1"])
    >>> list(acts), acts["1"].shape
    ([('0', 0), ('1', 0)], torch.Size([2, 4, 6, 4]))
    """

    def __init__(self, model: nn.Module, layers: Sequence[Key]):
        if isinstance(layers, str) or not layers:
            raise ValueError(complaint("layers", "a non-empty list of layer names", described(layers)))
        self.model = check_model(model)
        # PyTorch's name of each name that was asked for: to resolve one takes a walk through the whole network.
        self._names: dict[str, str] = {}
        self.wanted = {(self._name(name), call) for name, call in map(split_key, layers)}
        self._values: dict[tuple[str, int], Tensor] = {}
        self._last: set[tuple[str, int]] = set()  # which of them have their channels last
        self._calls: dict[str, int] = {}
        self._layout = Layout()
        self._stopping = False
        # Explorables render in threads of their own and may share a network: each catches its own pass only.
        self._thread = threading.get_ident()

    def _name(self, name: str) -> str:
        if not isinstance(name, str) or name not in self._names:
            self._names[name] = resolve_layer(self.model, name)
        return self._names[name]

    def __getitem__(self, key: Key) -> Tensor:
        name, call = split_key(key)
        name = self._name(name)
        if (name, call) in self._values:
            return self._values[name, call]
        caught = self._calls.get(name, 0)
        if (name, call) in self.wanted and caught:
            what = f"a call of {name!r} from 0 to {caught - 1}, as it ran in this pass"
            raise UnknownName(complaint("call", what, call))
        if (name, call) in self.wanted:
            hint = "call acts.forward(images) first, inside the `with`"
            raise UnknownName(complaint("acts", "a layer that has run", repr(name), hint))
        raise UnknownName(
            complaint("acts", f"one of the recorded {sorted(self.wanted)}", f"{name!r}, call {call}")
        )

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
        if (self._name(name), call) in self._last:
            return values.movedim(-1, 1)  # (B, h, w, C) -> (B, C, h, w)
        return values

    def forward(self, images: Tensor) -> "Activations":
        """Run the network on images (B, C, H, W) and stop after the deepest layer that is wanted."""
        self._stopping = True
        # A PixelModel begins with new pixels, normalized; another network may overwrite the caller's, in place.
        images = images if normalization_of(self.model) else images.clone()
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
        return threading.get_ident() != self._thread or is_trial()

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
            tensor = scores_of(output) if name == OUTPUT else output
            if not isinstance(tensor, Tensor):
                hint = "ask for one of its submodules"
                what = complaint("layer", "one that returns a tensor", f"{name!r}: {kind_of(output)}", hint)
                raise TypeError(no_scores(output) if name == OUTPUT else what)
            self._values[name, call] = tensor
            if self._layout.last and tensor.ndim == 4:
                self._last.add((name, call))
            if self._stopping and len(self._values) == len(self.wanted):
                raise _Stop(self)
            # The network goes on with a copy: a later in-place ReLU or `+=` cannot overwrite what was recorded,
            # and gradients still flow through it.
            return output.clone() if tensor is output else None

        return catch


def _put_in_order(module: nn.Module, inputs: tuple, output) -> None:
    """Behind a normalization with running statistics, hand the gradient back in the order in which the map lies.

    PyTorch 2.13 on a CPU: where the map of one picture is contiguous and its gradient comes with the channels last
    (from `norm(x).flatten(2).transpose(1, 2)`, the tokens of many transformers), the backward pass of a batch
    normalization in eval mode reads the gradient in the wrong order. A test fails when this is no longer needed. A hook
    that changes no value, so any thread may run it.
    """
    if output.requires_grad and len(output) == 1 and output.ndim >= 4 and output.is_contiguous():
        output.register_hook(torch.Tensor.contiguous)


def _followed(modules: dict[str, nn.Module], wanted: set[tuple[str, int]]) -> list[nn.Module]:
    """The modules that say where the channels of the wanted layers are; all of them only where they may wander."""
    kinds = list(modules.values())
    linear = [place for place, module in enumerate(kinds) if isinstance(module, nn.Linear)]
    maps = [place for place, module in enumerate(kinds) if isinstance(module, nn.Conv2d)]
    turning = any(isinstance(module, nn.LayerNorm) or type(module).__name__ == "Permute" for module in kinds)
    if turning or (linear and maps and linear[0] < maps[-1]):
        return kinds
    return [kinds[place] for place in linear] + [
        modules[name] for name in {name for name, _ in wanted} if not isinstance(modules[name], nn.Linear)
    ]


@contextmanager
def recording(model: nn.Module, layers: Sequence[Key]) -> Iterator[Activations]:
    """Record the outputs of layers during the passes run inside the `with`.

    `acts.forward(images)` stops after the deepest layer that is wanted, `model(images)` runs to the end. The hooks are
    gone when the `with` ends, also after an exception. Raises `UnknownName` (a `KeyError`) for an unknown layer, and
    inside `TypeError` for a layer that does not return a tensor.

    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True))
    >>> with recording(net, ["0"]) as acts:
    ...     _ = acts.forward(torch.zeros(2, 1, 8, 6))
    >>> acts["0"].shape
    torch.Size([2, 4, 6, 4])
    """
    acts = Activations(model, layers)
    modules = dict(walk(model))
    handles = [model.register_forward_pre_hook(acts._begin)]
    try:
        # before the recording hooks: a layer's own effect on the layout comes first
        handles += [module.register_forward_hook(acts._follow) for module in _followed(modules, acts.wanted)]
        for module in modules.values():
            if isinstance(module, nn.modules.batchnorm._NormBase):
                handles.append(module.register_forward_hook(_put_in_order))
        for name in sorted({name for name, _ in acts.wanted}):
            handles.append(modules[name].register_forward_hook(acts._hook(name)))
        yield acts
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def leaf(model: nn.Module, layer: str, call: int = 0) -> Iterator[list[Tensor]]:
    """Cut the graph at one call of a layer: inside, what that call returns is a leaf that asks for its gradient.

    Yields a list that holds the leaf as soon as the call has run (empty until then; a later pass replaces it). Only
    passes of this thread are cut. A backward pass from anything behind it ends there, and costs nothing before it.
    Raises `UnknownName` for an unknown layer, `ValueError` for a call below 0, and inside `TypeError` if the layer
    returns something other than a tensor of floats.

    >>> net = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Flatten())
    >>> with leaf(net, "0") as leaves:
    ...     value = (3 * net(torch.ones(1, 2))).sum()
    >>> torch.autograd.grad(value, leaves[0])
    (tensor([[3., 3.]]),)
    """
    name, call = split_key((resolve_layer(model, layer), call))
    thread, calls = threading.get_ident(), 0
    leaves: list[Tensor] = []

    def begin(module: nn.Module, inputs: tuple) -> None:
        nonlocal calls
        if threading.get_ident() == thread and not is_trial():
            calls = 0

    def cut(module: nn.Module, inputs: tuple, output):
        nonlocal calls
        if threading.get_ident() != thread or is_trial():
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
        handles.append(dict(walk(model))[name].register_forward_hook(cut))
        yield leaves
    finally:
        for handle in handles:
            handle.remove()


def record(model: nn.Module, images: Tensor, layers: Sequence[Key]) -> Activations:
    """Record the activations of layers for images (B, C, H, W), without gradient, in eval mode, in one call.

    Raises as `recording` does.

    >>> acts = record(nn.Sequential(nn.Flatten(), nn.Linear(4, 3)), torch.zeros(2, 1, 2, 2), ["1"])
    >>> acts["1"].shape
    torch.Size([2, 3])
    """
    with frozen(model), torch.no_grad(), recording(model, layers) as acts:
        acts.forward(images)
    return acts
