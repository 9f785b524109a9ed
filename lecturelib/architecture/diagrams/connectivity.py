"""Who is linked to whom: a small layer as a table of outputs and inputs, with its missing and its shared links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.checks import complaint
from lecturelib.network.freezing import frozen
from lecturelib.network.inputs import dtype_and_device
from lecturelib.network.layer_names import check_model, walk

RECURRENT = (nn.RNNCell, nn.RNN)
GATED = (nn.LSTMCell, nn.LSTM, nn.GRUCell, nn.GRU)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
MOST_NEURONS, MOST_LINKS = 32, 600  # in a column, in a picture: more is a grey carpet


@dataclass(frozen=True)
class Links:
    """The links of one layer.

    `weights`: (outputs, inputs), 0 where there is no link. `entry`: (outputs, inputs), which number of the layer's
    weight stands on the link, -1 where there is none: links with one entry share their weight.
    """

    weights: Tensor
    entry: Tensor

    @property
    def count(self) -> int:
        """How many links there are."""
        return int((self.entry >= 0).sum())

    @property
    def possible(self) -> int:
        """How many a fully connected layer would have."""
        return self.entry.numel()

    @property
    def parameters(self) -> int:
        """How many different weights stand on them."""
        return len(self.entry[self.entry >= 0].unique())


@dataclass(frozen=True)
class Column:
    """One layer of neurons with what leads to it: its links from the column before, and from itself one step ago."""

    size: int
    words: str
    links: Links | None = None
    recurrent: Links | None = None


def links_of(layer: nn.Module, input_shape: Sequence[int] | None = None) -> Links:
    """Weight matrix of a `Linear`, `Conv1d` or `Conv2d` layer, neurons numbered as `flatten` numbers them.

    `input_shape`: (C, L) or (C, H, W), for a convolution. Raises `TypeError` for another layer, `ValueError` for a
    padding that is not of zeros, or an input of the wrong shape.

    >>> from torch import nn
    >>> links = links_of(nn.Conv1d(1, 1, kernel_size=3), (1, 8))
    >>> links.count, links.parameters, links.possible
    (18, 3, 48)
    """
    if isinstance(layer, nn.Linear):
        weights = layer.weight.detach().clone()  # (outputs, inputs)
        return Links(weights, torch.arange(weights.numel()).view_as(weights))
    if not isinstance(layer, CONVOLUTIONS):
        raise TypeError(complaint("layer", "a Linear, Conv1d or Conv2d layer", type(layer).__name__))
    if layer.padding_mode != "zeros":
        raise ValueError(complaint("layer", "padding with zeros", f"padding_mode={layer.padding_mode!r}"))
    shape = tuple(input_shape or ())
    if len(shape) != layer.weight.ndim - 1 or shape[0] != layer.in_channels:
        form = "(C, L)" if isinstance(layer, nn.Conv1d) else "(C, H, W)"
        raise ValueError(complaint("input_shape", f"{form} with C = {layer.in_channels}", repr(input_shape)))
    convolve = F.conv1d if isinstance(layer, nn.Conv1d) else F.conv2d
    size = int(torch.Size(shape).numel())
    one_hot = torch.eye(size, dtype=torch.float64).view(size, *shape)  # each input neuron alone

    def table(weight: Tensor) -> Tensor:
        maps = convolve(one_hot, weight, None, layer.stride, layer.padding, layer.dilation, layer.groups)
        return maps.flatten(1).T  # (inputs, C, ...) -> (outputs, inputs)

    weight = layer.weight.detach()
    numbered = torch.arange(1, weight.numel() + 1, dtype=torch.float64).view_as(weight)
    return Links(table(weight.double()).to(weight.dtype), table(numbered).round().long() - 1)


def columns_of(model: nn.Module, input_shape: Sequence[int] | None = None) -> list[Column]:
    """The columns of neurons of a small network that is a chain: an MLP, a few convolutions, a recurrent cell.

    `input_shape`: the shape of one input without the batch; a network that begins with a linear or recurrent layer
    says it itself. Raises `ValueError` with the counts for a network too large to be drawn neuron by neuron, for one
    with branches, and for layers that are no sums of weighted inputs (an LSTM's gates).
    """
    leaves = _run(check_model(model), input_shape)
    columns: list[Column] = []
    for layer, shape in leaves:
        kind = type(layer).__name__
        if isinstance(layer, GATED):
            hint = "lstm_cell() draws gates"
            raise ValueError(
                complaint("model", "one weighted sum per neuron", f"the gates of a {kind}", hint)
            )
        if isinstance(layer, RECURRENT):
            within, again = _recurrent(layer)
            _grow(
                columns,
                within,
                kind,
                f"tanh of {kind}" if layer.nonlinearity == "tanh" else f"ReLU of {kind}",
                again,
            )
        elif isinstance(layer, (nn.Linear, *CONVOLUTIONS)):
            _check_size(layer, shape)
            _grow(columns, links_of(layer, shape), kind, _kernel(layer, kind))
        elif not any(True for _ in layer.parameters()) and columns and "Pool" not in kind:
            if kind not in ("Flatten", "Identity", "Dropout", "Unflatten"):
                last = columns[-1]
                columns[-1] = Column(last.size, f"{last.words}, {kind}", last.links, last.recurrent)
        elif kind not in ("Flatten", "Unflatten", "Identity"):
            hint = "block_diagram(model) draws it"
            raise ValueError(complaint("model", "layers of weighted sums", f"a {kind}", hint))
    total = sum(part.count for column in columns for part in (column.links, column.recurrent) if part)
    widest = max(column.size for column in columns)
    if total > MOST_LINKS or widest > MOST_NEURONS:
        raise ValueError(_too_large(total, widest))
    return columns


def _too_large(links: int, widest: int) -> str:
    expected = f"at most {MOST_LINKS} links and {MOST_NEURONS} neurons in a column, which can be told apart"
    came = f"{links:,} links and {widest:,} neurons"
    return complaint("model", expected, came, "block_diagram(model) draws layers as blocks")


def _check_size(layer: nn.Module, shape: Sequence[int]) -> None:
    """Says so before a table of a large layer is made."""
    size = int(torch.Size(tuple(shape)).numel())
    if isinstance(layer, nn.Linear):
        size, outputs = layer.in_features, layer.out_features
        links = size * outputs
    elif isinstance(layer, nn.modules.conv._ConvNd):
        outputs, links = layer.out_channels, layer.weight.numel() * size // layer.in_channels
    else:
        return
    if size > 8 * MOST_NEURONS or outputs > 8 * MOST_NEURONS:
        raise ValueError(_too_large(links, max(size, outputs)))


def _grow(columns: list[Column], links: Links, kind: str, words: str, again: Links | None = None) -> None:
    outputs, inputs = links.weights.shape
    if not columns:
        columns.append(Column(inputs, "input"))
    if columns[-1].size != inputs:
        came = f"a {kind} of {inputs} inputs after {columns[-1].size} neurons"
        raise ValueError(complaint("model", "a chain of layers", came, "block_diagram(model) draws branches"))
    columns.append(Column(outputs, words, links, again))


def _kernel(layer: nn.Module, kind: str) -> str:
    if isinstance(layer, nn.Linear):
        return "fully connected"
    sides: Any = layer.kernel_size
    size = " × ".join(map(str, sides))
    return f"convolution, kernel {size}"


def _recurrent(layer: nn.Module) -> tuple[Links, Links]:
    if isinstance(layer, nn.RNN):
        if layer.num_layers > 1 or layer.bidirectional:
            raise ValueError(complaint("model", "one recurrent layer in one direction", "more"))
        within, again = layer.weight_ih_l0, layer.weight_hh_l0
    else:
        within, again = layer.weight_ih, layer.weight_hh

    def table(weight: Any) -> Links:
        return Links(weight.detach().clone(), torch.arange(weight.numel()).view_as(weight))

    return table(within), table(again)


def _run(model: nn.Module, input_shape: Sequence[int] | None) -> list[tuple[nn.Module, tuple[int, ...]]]:
    """The layers in the order in which they run, each with the shape of its input without the batch."""
    first = next((m for _, m in walk(model) if not m.__dict__["_modules"]), model)
    if input_shape is None:
        sizes = [getattr(first, name) for name in ("in_features", "input_size") if hasattr(first, name)]
        if not sizes or isinstance(first, CONVOLUTIONS):
            expected = "the shape of one input, such as (1, 4, 4) for (C, H, W)"
            raise ValueError(complaint("input_shape", expected, "None"))
        input_shape = (sizes[0],)
    ran: list[tuple[nn.Module, tuple[int, ...]]] = []
    handles = []
    try:
        for _, module in walk(model):
            if not module.__dict__["_modules"]:
                note = lambda layer, inputs: ran.append((layer, tuple(inputs[0].shape[1:])))  # noqa: E731
                handles.append(module.register_forward_pre_hook(note))
        device, dtype = dtype_and_device(model)
        with frozen(model), torch.no_grad():
            model(torch.zeros(1, *input_shape, dtype=dtype, device=device))
    except (RuntimeError, TypeError, ValueError) as error:
        came = f"{' x '.join(map(str, input_shape))} ({type(error).__name__}: {error})"
        raise ValueError(complaint("input_shape", "a shape that this network takes", came)) from error
    finally:
        for handle in handles:
            handle.remove()
    if not ran:
        raise ValueError(complaint("model", "layers, which are drawn as neurons", "a function only"))
    return ran
