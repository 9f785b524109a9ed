"""What a layer or a function is called in a picture: its role, its hyperparameters, the line of code that makes it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence

from torch import Tensor, nn

Words = tuple[str, str]  # hyperparameters, code

_ROLES: tuple[tuple[str, str], ...] = (
    (r"^conv|conv\dd$|^lazyconv|convtranspose", "conv"),
    (r"attention", "attention"),
    (r"lstm|gru|^rnn", "recurrent"),
    (r"linear|^matmul$|^bmm$|^mm$|^addmm$|^einsum$|^baddbmm$", "linear"),
    (r"pool|^mean$|upsample|interpolate", "pool"),
    (r"norm$|norm\dd$|normali[sz]e", "norm"),
    (r"embedding", "embedding"),
    (r"relu|sigmoid|tanh|softmax|gelu|silu|hardswish|swish|elu|mish|softplus|softsign|hardtanh", "activation"),
    (r"^dropout|stochasticdepth|^identity$", "activation"),
    (r"^(add|cat|concat|mul|sub|div|stack|maximum|minimum|where|hstack|vstack|pow)$", "merge"),
    (
        r"flatten|view|reshape|permute|transpose|squeeze|chunk|split|unbind|slice|expand|contiguous|^to$|"
        r"pixelshuffle|pad|^t$|narrow|clone|detach|repeat|roll|select",
        "shape",
    ),
)  # fmt: skip


def role_of(kind: str) -> str:
    """The role, and so the color, of a layer's class or a function's name."""
    if kind in ("input", "output"):
        return kind
    lower = kind.lower()
    return next((role for pattern, role in _ROLES if re.search(pattern, lower)), "other")


def _by(sizes) -> str:
    sizes = (sizes,) if isinstance(sizes, int) else tuple(sizes)
    return "×".join(map(str, sizes)) if len(sizes) > 1 else f"{sizes[0]}"


def _one(sizes) -> str:
    """2 for (2, 2), 2×1 for (2, 1)."""
    if isinstance(sizes, int | str):
        return str(sizes)
    return str(sizes[0]) if len(set(sizes)) == 1 else _by(sizes)


def _beyond(sizes, usual: int) -> bool:
    return any(size != usual for size in ((sizes,) if isinstance(sizes, int | str) else sizes))


def _square(sizes, dims: int) -> str:
    return _by((sizes,) * dims if isinstance(sizes, int) else sizes)


def module_detail(module: nn.Module) -> str:
    """The hyperparameters that a reader looks for: "3×3, 64, stride 2, pad 1" of a convolution."""
    parts: list[str] = []
    kind = type(module).__name__
    if isinstance(module, nn.modules.conv._ConvNd):
        parts = [_by(module.kernel_size), str(module.out_channels)]
        if _beyond(module.stride, 1):
            parts.append(f"stride {_one(module.stride)}")
        if module.padding == "same" or (module.padding != "valid" and _beyond(module.padding, 0)):
            parts.append(f"pad {_one(module.padding)}")
        if _beyond(module.dilation, 1):
            parts.append(f"dilation {_one(module.dilation)}")
        if module.groups > 1:
            depthwise = module.groups == module.in_channels
            parts.append("depthwise" if depthwise else f"{module.groups} groups")
    elif isinstance(module, nn.Linear):
        parts = [f"{module.in_features} → {module.out_features}"]
    elif isinstance(module, nn.RNNBase):
        parts = [f"{module.input_size} → {module.hidden_size}"]
        parts += [f"{module.num_layers} layers"] if module.num_layers > 1 else []
        parts += ["both directions"] if module.bidirectional else []
    elif isinstance(module, nn.RNNCellBase):
        parts = [f"{module.input_size} → {module.hidden_size}"]
    elif isinstance(module, nn.MultiheadAttention):
        parts = [str(module.embed_dim), f"{module.num_heads} heads"]
    elif isinstance(module, nn.Embedding):
        parts = [f"{module.num_embeddings} × {module.embedding_dim}"]
    elif isinstance(module, nn.modules.batchnorm._NormBase):
        parts = [str(module.num_features)]
    elif isinstance(module, nn.GroupNorm):
        parts = [str(module.num_channels), f"{module.num_groups} groups"]
    elif isinstance(module, nn.LayerNorm):
        parts = [_by(module.normalized_shape)]
    elif isinstance(module, nn.modules.dropout._DropoutNd):
        parts = [f"p {module.p:g}"]
    elif kind.startswith("Adaptive") and hasattr(module, "output_size"):
        size, dims = module.output_size, int(kind[-2]) if kind[-2].isdigit() else 2
        parts = [f"to {_square(size, dims)}"]
    elif "Pool" in kind and isinstance(getattr(module, "kernel_size", None), int | tuple):
        dims = int(kind[-2]) if kind[-2].isdigit() else 2
        parts = [_square(module.kernel_size, dims), f"stride {_one(module.stride)}"]
        parts += [f"pad {_one(module.padding)}"] if _beyond(module.padding, 0) else []
    elif isinstance(module, nn.Softmax | nn.LogSoftmax):
        parts = [f"dim {module.dim}"]
    elif isinstance(module, nn.LeakyReLU):
        parts = [f"slope {module.negative_slope:g}"]
    elif isinstance(module, nn.Upsample):
        parts = [
            f"×{module.scale_factor:g}" if module.scale_factor else f"to {_one(module.size)}",
            module.mode,
        ]
    elif isinstance(module, nn.Flatten):
        parts = [f"from dim {module.start_dim}"]
    elif isinstance(module, nn.PixelShuffle):
        parts = [f"×{module.upscale_factor}"]
    return ", ".join(parts)


def module_code(module: nn.Module) -> str:
    """The line of PyTorch that makes a layer, without what is the default anyway."""
    kind = type(module).__name__
    library = type(module).__module__.startswith("torch.nn")
    if isinstance(module, nn.MultiheadAttention):
        first = ", batch_first=True" if module.batch_first else ""
        return f"nn.MultiheadAttention({module.embed_dim}, {module.num_heads}{first})"
    if not library:
        return f"{kind}(...)"
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(type(module).__init__).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    pieces = _split(module.extra_repr())
    kept = []
    for piece in pieces:
        name, _, value = piece.partition("=")
        value = re.sub(r"\((\d+)(?:, \1)+\)", r"\1", value)
        if value and name in defaults and str(defaults[name]) == value:
            continue
        kept.append(f"{name}={value}" if value else re.sub(r"\((\d+)(?:, \1)+\)", r"\1", name))
    if isinstance(module, nn.Linear):
        kept = [piece.removeprefix("in_features=").removeprefix("out_features=") for piece in kept]
    return f"nn.{kind}({', '.join(kept)})"


def _split(text: str) -> list[str]:
    """Splits at commas outside brackets."""
    pieces, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            pieces.append(text[start:place].strip())
            start = place + 1
    return [piece for piece in (*pieces, text[start:].strip()) if piece]


_SAME = {
    "__add__": "add", "__radd__": "add", "__iadd__": "add", "add_": "add", "__mul__": "mul", "__rmul__": "mul",
    "__imul__": "mul", "__sub__": "sub", "__isub__": "sub", "__rsub__": "sub", "rsub": "sub", "__truediv__": "div",
    "__div__": "div", "__idiv__": "div", "__itruediv__": "div", "__rtruediv__": "div", "__rdiv__": "div",
    "true_divide": "div", "__matmul__": "matmul", "__rmatmul__": "matmul", "__getitem__": "slice", "concat": "cat",
    "concatenate": "cat", "__setitem__": "setitem", "__neg__": "neg", "__pow__": "pow", "subtract": "sub",
    "multiply": "mul", "divide": "div", "swapaxes": "transpose", "_softmax": "softmax",
}  # fmt: skip


def function_kind(function) -> str:
    """A function's plain name: "add" for `+`, `+=`, `torch.add` and `x.add_` alike."""
    name = getattr(function, "__name__", "") or type(function).__name__
    if name == "__get__":  # a property such as x.T
        name = getattr(getattr(function, "__self__", None), "__name__", "property")
    name = _SAME.get(name, name)
    if name.startswith("_") and not name.startswith("__"):
        name = name.lstrip("_")
    return name.removesuffix("_") if not name.endswith("__") else name.strip("_")


_DIM_WORDS = {"cat": "dim", "stack": "dim", "softmax": "dim", "log_softmax": "dim", "mean": "dim", "sum": "dim",
              "unsqueeze": "dim", "squeeze": "dim", "max": "dim", "amax": "dim"}  # fmt: skip


def function_words(kind: str, args: Sequence, kwargs: dict, output: tuple[int, ...]) -> Words:
    """A function's hyperparameters, and the line of code that calls it."""
    tensors: list[str] = []
    shown = [_argument(value, tensors) for value in args]
    named = [f"{name}={_argument(value, tensors)}" for name, value in kwargs.items() if value is not None]
    code = f"torch.{kind}({', '.join([*shown, *named])})"
    rest = [value for value in args[1:] if not isinstance(value, Tensor) and value is not None]
    detail = ""
    if kind in _DIM_WORDS:
        dim = kwargs.get("dim", rest[0] if rest else None)
        dims = dim if isinstance(dim, list | tuple) else (dim,)
        if dim is not None:
            detail = ("dims " if len(dims) > 1 else "dim ") + ", ".join(map(str, dims))
    elif kind in ("permute", "transpose"):
        order = rest[0] if rest and isinstance(rest[0], list | tuple) else rest
        detail = "axes " + ", ".join(map(str, order)) if order else ""
    elif kind == "flatten":
        detail = f"from dim {kwargs.get('start_dim', rest[0] if rest else 0)}"
    elif kind == "slice":
        index = args[1] if len(args) > 1 else ()
        pieces = index if isinstance(index, tuple) else (index,)
        detail = "[" + ", ".join(_argument(piece, []) for piece in pieces) + "]"
    elif kind in ("view", "reshape", "unflatten", "expand"):
        asked = rest[0] if rest and isinstance(rest[0], list | tuple) else rest
        detail = "to " + "×".join(map(str, output or asked))
    elif kind in ("add", "mul", "sub", "div", "pow"):
        number = next((value for value in args if isinstance(value, int | float)), None)
        detail = f"{number:g}" if number is not None else ""
    elif kind in ("max_pool2d", "avg_pool2d"):
        window = kwargs.get("kernel_size", rest[0] if rest else None)
        stride = kwargs.get("stride", rest[1] if len(rest) > 1 else None) or window
        detail = f"{_square(window, 2)}, stride {_one(stride)}" if window else ""
    elif kind.startswith("adaptive"):
        detail = f"to {_square(rest[0], 2)}" if rest else ""
    return detail, code


def _argument(value, tensors: list[str]) -> str:
    if isinstance(value, Tensor):
        tensors.append("x")
        return f"x{len(tensors)}" if len(tensors) > 1 else "x"
    if isinstance(value, list | tuple):
        inside = ", ".join(_argument(item, tensors) for item in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    if isinstance(value, slice):
        ends = ["" if end is None else str(end) for end in (value.start, value.stop)]
        return ":".join(ends)
    return (
        "..."
        if value is Ellipsis
        else repr(value)
        if isinstance(value, int | float | str)
        else str(value)[:40]
    )
