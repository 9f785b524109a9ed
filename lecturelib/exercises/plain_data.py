"""Plain data: the only values that an exercise asks for, checked by exact type.

Numbers, strings, bools, None, lists, tuples, dicts, NumPy arrays and tensors of allowed dtypes. A value of any other
type, also of a subclass, is refused before anything of it is called: an object that equals everything never gets to
say so.
"""

from typing import Any

import numpy as np
import torch

MOST_DEPTH = 12
MOST_ITEMS = 200_000
MOST_BYTES = 64 * 2**20
MOST_TEXT = 2**20
MOST_BITS = 4096

NUMPY_DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
    "complex64", "complex128",
)  # fmt: skip
TORCH_DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "float16", "bfloat16", "float32", "float64", "complex64",
    "complex128",
)  # fmt: skip


class NotPlain(TypeError):
    """A value is not plain data; the message says what it is and where it stands."""


def type_name(value: object) -> str:
    """The name of a value's type, read without asking the value or a metaclass.

    >>> type_name(3)
    'int'
    """
    return str(type.__dict__["__name__"].__get__(type(value)))


def plain(value: Any) -> Any:
    """The value as plain data, copied: tensors detached, on the CPU, NumPy's scalars as Python's numbers.

    Raises `NotPlain` with a sentence for a value of another type (a subclass of an allowed one too) and for one that
    is too large or nested too deep.

    >>> plain([1, (2.5, "a")])
    [1, (2.5, 'a')]
    >>> plain(x for x in "ab")
    Traceback (most recent call last):
        ...
    lecturelib.exercises.plain_data.NotPlain: a generator; expected numbers, texts, lists, dicts, arrays or tensors
    """
    return _Copy().of(value, "", 0)


class _Copy:
    """One walk over a value, with what is left of the allowance."""

    def __init__(self) -> None:
        self.items = 0
        self.bytes = 0

    def of(self, value: Any, where: str, depth: int) -> Any:
        kind = type(value)
        self.items += 1
        if self.items > MOST_ITEMS:
            raise NotPlain(f"more than {MOST_ITEMS} values")
        if depth > MOST_DEPTH:
            raise NotPlain(f"nested more than {MOST_DEPTH} deep")
        if value is None or kind is bool or kind is float:
            return value
        if kind is int:
            if value.bit_length() > MOST_BITS:
                raise NotPlain(f"a number of more than {MOST_BITS} bits{where}")
            return value
        if kind is str:
            self.count(len(value) * 4, where)
            if len(value) > MOST_TEXT:
                raise NotPlain(f"a text of more than {MOST_TEXT} characters{where}")
            return value
        if kind in (list, tuple):
            if len(value) > MOST_ITEMS:
                raise NotPlain(f"more than {MOST_ITEMS} values{where}")
            copied = [self.of(each, f"{where}[{place}]", depth + 1) for place, each in enumerate(list(value))]
            return copied if kind is list else tuple(copied)
        if kind is dict:
            return self.of_dict(value, where, depth)
        if kind is torch.Tensor or kind is torch.nn.Parameter:
            return self.of_tensor(value, where)
        if kind is np.ndarray:
            return self.of_array(value, where)
        if kind in _SCALARS:
            return value.item()
        raise NotPlain(
            f"{_article(type_name(value))}{where}; expected numbers, texts, lists, dicts, arrays or tensors"
        )

    def of_dict(self, value: dict, where: str, depth: int) -> dict:
        if len(value) > MOST_ITEMS:
            raise NotPlain(f"more than {MOST_ITEMS} values{where}")
        copied = {}
        for key, each in list(value.items()):
            if type(key) not in (str, int) or (type(key) is str and len(key) > 1000):
                raise NotPlain(
                    f"a dict whose keys are not short texts or whole numbers (one is {_article(type_name(key))}){where}"
                )
            copied[self.of(key, where, depth + 1)] = self.of(each, f"{where}[{key!r}]", depth + 1)
        return copied

    def of_tensor(self, value: Any, where: str) -> torch.Tensor:
        with torch._C.DisableTorchFunction():
            if value.layout is not torch.strided or value.is_quantized or value.device.type == "meta":
                raise NotPlain(
                    f"a tensor that is sparse, quantized or without data{where}; expected a dense one"
                )
            name = str(value.dtype).removeprefix("torch.")
            if name not in TORCH_DTYPES:
                raise NotPlain(f"a tensor of dtype {name}{where}")
            self.count(value.numel() * value.element_size(), where)
            return value.detach().resolve_conj().resolve_neg().cpu().clone().contiguous()

    def of_array(self, value: np.ndarray, where: str) -> np.ndarray:
        if value.dtype.name not in NUMPY_DTYPES:
            raise NotPlain(f"an array of dtype {value.dtype.name}{where}; expected numbers or bools")
        self.count(value.nbytes, where)
        return np.array(value, order="C", dtype=value.dtype.newbyteorder("="), subok=False)

    def count(self, size: int, where: str) -> None:
        self.bytes += size
        if self.bytes > MOST_BYTES:
            raise NotPlain(f"more than {MOST_BYTES // 2**20} MB{where}")


_SCALARS = {np.dtype(name).type for name in NUMPY_DTYPES if not name.startswith("complex")}


def _article(word: str) -> str:
    return f"an {word}" if word[:1].lower() in "aeiou" else f"a {word}"


def same(one: Any, other: Any) -> bool:
    """Whether two plain values are identical: types, shapes, dtypes and every number, NaN equal to NaN.

    >>> same([1, float("nan")], [1, float("nan")]), same(1, True)
    (True, False)
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, torch.Tensor):
        if one.dtype != other.dtype or one.shape != other.shape:
            return False
        if one.is_floating_point() or one.is_complex():
            return bool(torch.equal(one.isnan(), other.isnan()) and torch.equal(_no_nan(one), _no_nan(other)))
        return torch.equal(one, other)
    if isinstance(one, np.ndarray):
        exact = one.dtype == other.dtype and one.shape == other.shape
        return exact and bool(np.array_equal(one, other, equal_nan=one.dtype.kind in "fc"))
    return bool(one == other or (one != one and other != other))


def _no_nan(values: torch.Tensor) -> torch.Tensor:
    return values.masked_fill(values.isnan(), 0)
