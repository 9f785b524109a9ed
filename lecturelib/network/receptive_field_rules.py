"""How each operation of a network widens what it sees: the rules behind `receptive_field`.

The rules are written for PyTorch's own operations (`aten`), of which there are few: a module, a functional
call and a `+` all end there, so what is counted is what really ran. An operation without a rule here is taken
to see everything that its inputs see *and* the rest of the image: a field is never too small.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import Tensor

Pair = tuple[int, int]


def _two(values: Iterable[int]) -> Pair:
    vertical, horizontal = values
    return vertical, horizontal


@dataclass(frozen=True)
class Field:
    """Position i along an axis sees the pixels from `start + i * jump` on, `size` of them; (vertical, horizontal).

    `dims` says which dimensions of the tensor are the vertical and the horizontal axis.
    """

    size: Pair = (1, 1)
    jump: Pair = (1, 1)
    start: Pair = (0, 0)
    dims: Pair = (2, 3)

    def window(self, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair = (1, 1)) -> "Field":
        """The field after sliding a window over this map."""
        axes = range(2)
        return replace(
            self,
            size=_two(self.size[a] + (kernel[a] - 1) * dilation[a] * self.jump[a] for a in axes),
            start=_two(self.start[a] - padding[a] * self.jump[a] for a in axes),
            jump=_two(self.jump[a] * stride[a] for a in axes),
        )


class Whole:
    """The whole image: every position may depend on every pixel."""

    def __repr__(self) -> str:
        return "WHOLE"


WHOLE = Whole()
Seen = Field | Whole


def union(fields: Sequence[Seen]) -> Seen:
    """What is seen by a position that combines the same position of several maps."""
    known = [field for field in fields if isinstance(field, Field)]
    if len(known) < len(fields) or any(
        (one.jump, one.dims) != (known[0].jump, known[0].dims) for one in known
    ):
        return WHOLE
    first = known[0]
    start = _two(min(field.start[a] for field in known) for a in range(2))
    end = _two(max(field.start[a] + field.size[a] for field in known) for a in range(2))
    return replace(first, start=start, size=(end[0] - start[0], end[1] - start[1]))


@dataclass(frozen=True)
class Operation:
    """One operation as it ran: its arguments by name, what its input sees, and its shapes."""

    arguments: dict
    field: Field
    shape: tuple[int, ...]
    output: tuple[int, ...]

    def __getitem__(self, name: str):
        return self.arguments[name]

    @property
    def last(self) -> bool:
        """Are the axes the last two dimensions, as windows need them?"""
        return self.field.dims == (len(self.shape) - 2, len(self.shape) - 1)

    def dim(self, name: str = "dim", extra: int = 0) -> int:
        return self[name] % (len(self.shape) + extra)


Rule = Callable[[Operation], Seen]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Registers the rule of operations by their `aten` names."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


# Combine the same position of all their inputs, as `Tag.pointwise` operations do, but lack the tag.
POINTWISE = {
    "_prelu_kernel", "_to_copy", "abs_", "alias", "bernoulli_", "clone", "contiguous", "copy_", "detach", "dropout",
    "expand_as", "gelu_", "hardswish", "hardswish_", "hardtanh_", "lift_fresh", "log_sigmoid_forward", "masked_fill_",
    "native_dropout", "rrelu_with_noise",
}  # fmt: skip


def field_after(
    function, args: tuple, kwargs: dict, inputs: list[tuple[Tensor, Seen]], output: Tensor
) -> Seen:
    """What an output of one `aten` operation sees, given what its inputs see (those that see anything)."""
    name = function._schema.name.removeprefix("aten::")
    known = [(tensor, field) for tensor, field in inputs if isinstance(field, Field)]
    if len(known) < len(inputs):
        return WHOLE
    if torch.Tag.pointwise in function.tags or name in POINTWISE:
        return union([_aligned(field, tuple(tensor.shape), tuple(output.shape)) for tensor, field in known])
    names = [argument.name for argument in function._schema.arguments]
    arguments = {argument.name: argument.default_value for argument in function._schema.arguments}
    arguments |= dict(zip(names, args, strict=False)) | kwargs
    if name in ("cat", "stack"):
        return _joined(arguments["dim"], known, new=name == "stack")
    if name not in RULES or len(known) != 1 or not _is(args[0] if args else None, known[0][0]):
        return WHOLE
    tensor, field = known[0]
    return RULES[name](Operation(arguments, field, tuple(tensor.shape), tuple(output.shape)))


def _is(argument, tensor: Tensor) -> bool:
    return argument is tensor


def _aligned(field: Field, shape: tuple[int, ...], output: tuple[int, ...]) -> Seen:
    """The field in a broadcast output: shapes are aligned at the right, and an axis must not be repeated."""
    dims = _two(dim + len(output) - len(shape) for dim in field.dims)
    if any(shape[old] != output[new] for old, new in zip(field.dims, dims, strict=True)):
        return WHOLE
    return replace(field, dims=dims)


def _joined(dim: int, inputs: list[tuple[Tensor, Field]], new: bool) -> Seen:
    """Maps behind one another along a dimension that is there (`cat`), or along a new one (`stack`)."""
    fields, count = [field for _, field in inputs], inputs[0][0].ndim
    if not new:
        return WHOLE if dim % count in fields[0].dims else union(fields)
    dim %= count + 1
    return union([replace(field, dims=_two(d + (d >= dim) for d in field.dims)) for field in fields])


def _pair(value, default: Pair = (1, 1)) -> Pair:
    if isinstance(value, int):
        return (value, value)
    if not value:  # not given: F.max_pool2d(x, 2) has the stride []
        return default
    return (value[0],) * 2 if len(value) == 1 else tuple(value[-2:])


@rule("convolution", "_convolution")
def _convolution(op: Operation) -> Seen:
    if op["transposed"] or not op.last or len(op.shape) not in (3, 4) or len(op["stride"]) > 2:
        return WHOLE  # transposed: how many positions see a pixel differs from place to place
    kernel = tuple(op["weight"].shape[-2:])
    return op.field.window(kernel, _pair(op["stride"]), _pair(op["padding"]), _pair(op["dilation"]))


@rule("max_pool2d_with_indices", "max_pool2d", "avg_pool2d", "avg_pool3d")
def _pool(op: Operation) -> Seen:
    if not op.last:
        return WHOLE
    kernel = _pair(op["kernel_size"])
    dilation = _pair(op.arguments.get("dilation", 1))
    return op.field.window(kernel, _pair(op["stride"], kernel), _pair(op["padding"]), dilation)


@rule("_adaptive_avg_pool2d", "adaptive_max_pool2d")
def _adaptive_pool(op: Operation) -> Seen:
    before, after = op.shape[-2:], tuple(op["output_size"])
    if not op.last or after == (1, 1) or any(b % a for b, a in zip(before, after, strict=True)):
        return op.field if op.last and before == after else WHOLE
    kernel = (before[0] // after[0], before[1] // after[1])
    return op.field.window(kernel, kernel, (0, 0))


@rule("native_batch_norm", "_native_batch_norm_legit", "cudnn_batch_norm", "miopen_batch_norm")
def _batch_norm(op: Operation) -> Seen:
    return WHOLE if op["training"] else op.field  # statistics of the batch come from every position


@rule("_native_batch_norm_legit_no_training", "_batch_norm_no_update")
def _plain(op: Operation) -> Seen:
    return op.field


@rule("native_layer_norm")
def _layer_norm(op: Operation) -> Seen:
    first = len(op.shape) - len(op["normalized_shape"])
    return op.field if max(op.field.dims) < first else WHOLE


@rule("mean", "sum", "amax", "amin", "max", "min", "logsumexp", "argmax", "argmin", "var", "std", "prod")
@rule("linalg_vector_norm")
def _reduction(op: Operation) -> Seen:
    dims = op.arguments.get("dim")
    dims = [dims] if isinstance(dims, int) else dims
    gone = {dim % len(op.shape) for dim in dims} if dims else set(range(len(op.shape)))
    if gone & set(op.field.dims):
        return WHOLE
    return op.field if op.arguments.get("keepdim") else _without(op.field, gone)


def _without(field: Field, gone: set[int]) -> Field:
    return replace(field, dims=_two(dim - sum(g < dim for g in gone) for dim in field.dims))


@rule("_softmax", "_log_softmax", "cumsum", "glu", "index_select")
def _along_one_dimension(op: Operation) -> Seen:
    return WHOLE if op.dim() in op.field.dims else op.field


@rule("split", "split_with_sizes", "chunk", "unbind_copy")
def _split(op: Operation) -> Seen:
    return WHOLE if op.dim() in op.field.dims else op.field


@rule("slice")
def _slice(op: Operation) -> Seen:
    dim = op.dim()
    if dim not in op.field.dims:
        return op.field
    axis, first = op.field.dims.index(dim), op["start"] or 0
    first = min(max(first + op.shape[dim] if first < 0 else first, 0), op.shape[dim])
    start, jump = list(op.field.start), list(op.field.jump)
    start[axis] += first * jump[axis]
    jump[axis] *= op["step"]
    return replace(op.field, start=_two(start), jump=_two(jump))


@rule("select", "squeeze", "unbind")
def _drop_dimensions(op: Operation) -> Seen:
    dims = op.arguments.get("dim")
    if dims is None:  # squeeze() drops every dimension of size 1
        gone = {dim for dim, size in enumerate(op.shape) if size == 1}
    else:
        gone = {dim % len(op.shape) for dim in (dims if isinstance(dims, list | tuple) else [dims])}
        if len(op.shape) - len(op.output) != len(gone):  # squeeze leaves a dimension above 1
            gone = {dim for dim in gone if op.shape[dim] == 1}
    return WHOLE if gone & set(op.field.dims) else _without(op.field, gone)


@rule("unsqueeze")
def _unsqueeze(op: Operation) -> Seen:
    new = op.dim(extra=1)
    return replace(op.field, dims=_two(dim + (dim >= new) for dim in op.field.dims))


@rule("permute")
def _permute(op: Operation) -> Seen:
    order = [dim % len(op.shape) for dim in op["dims"]]
    return replace(op.field, dims=_two(order.index(dim) for dim in op.field.dims))


@rule("transpose")
def _transpose(op: Operation) -> Seen:
    swap = {op.dim("dim0"): op.dim("dim1"), op.dim("dim1"): op.dim("dim0")}
    return replace(op.field, dims=_two(swap.get(dim, dim) for dim in op.field.dims))


@rule("view", "_unsafe_view", "reshape")
def _view(op: Operation) -> Seen:
    """The axes live on if the new shape still has them: the same size, with as many elements before them."""
    dims: list[int] = []
    for old in op.field.dims:
        before = prod(op.shape[:old])
        same = [
            new
            for new, size in enumerate(op.output)
            if size == op.shape[old] and prod(op.output[:new]) == before and new not in dims
        ]
        if not same:
            return WHOLE
        dims.append(same[-1])
    return replace(op.field, dims=_two(dims))


@rule("expand")
def _expand(op: Operation) -> Seen:
    new = len(op.output) - len(op.shape)
    dims = _two(dim + new for dim in op.field.dims)
    same = all(op.shape[old] == op.output[dim] for old, dim in zip(op.field.dims, dims, strict=True))
    return replace(op.field, dims=dims) if same else WHOLE


@rule("flip")
def _flip(op: Operation) -> Seen:
    turned = {dim % len(op.shape) for dim in op["dims"]}
    return WHOLE if turned & set(op.field.dims) else op.field


@rule("constant_pad_nd")
def _pad(op: Operation) -> Seen:
    start = list(op.field.start)
    for axis, dim in enumerate(op.field.dims):
        place = 2 * (len(op.shape) - 1 - dim)  # pads are listed from the last dimension backwards
        before = op["pad"][place] if place < len(op["pad"]) else 0
        start[axis] -= before * op.field.jump[axis]
    return replace(op.field, start=_two(start))


@rule("linear")
def _linear(op: Operation) -> Seen:
    return WHOLE if len(op.shape) - 1 in op.field.dims else op.field
