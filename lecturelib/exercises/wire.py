"""Plain data as bytes: a JSON header and the raw numbers of arrays behind it; never pickle.

The form of the public packs, and of what is said over the pipe to an untrusted worker. What comes in is checked: sizes,
depth, dtypes, that every array lies inside the data and that nothing is left over.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import torch

from lecturelib.exercises.plain_data import (
    MOST_BITS,
    MOST_BYTES,
    MOST_DEPTH,
    MOST_ITEMS,
    NUMPY_DTYPES,
    TORCH_DTYPES,
    NotPlain,
    plain,
)

MAGIC = b"LLX1"
MOST_HEADER = 32 * 2**20


class WireError(ValueError):
    """Bytes that are no message of ours."""


def encode(value: Any) -> bytes:
    """Plain data as bytes, the same bytes for the same value; raises `NotPlain` for other values.

    >>> decode(encode({"k": (1, [2.5, None])}))
    {'k': (1, [2.5, None])}
    """
    blobs: list[bytes] = []
    header = json.dumps(_outline(plain(value), blobs), separators=(",", ":"), ensure_ascii=True).encode(
        "ascii"
    )
    return b"".join([MAGIC, len(header).to_bytes(8, "big"), header, *blobs])


def decode(data: bytes, most_bytes: int = 2 * MOST_BYTES) -> Any:
    """The value again; raises `WireError` for bytes that are too many or not what `encode` writes.

    >>> decode(b"pickle")
    Traceback (most recent call last):
        ...
    lecturelib.exercises.wire.WireError: not a message: its first bytes
    """
    if len(data) > most_bytes:
        raise WireError(f"a message of more than {most_bytes} bytes")
    if data[:4] != MAGIC or len(data) < 12:
        raise WireError("not a message: its first bytes")
    size = int.from_bytes(data[4:12], "big")
    if size > min(len(data) - 12, MOST_HEADER):
        raise WireError("not a message: the length of its header")
    try:
        tree = json.loads(data[12 : 12 + size].decode("ascii"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise WireError("not a message: its header is not JSON") from error
    reader = _Reader(memoryview(data)[12 + size :])
    try:
        value = reader.value(tree, 0)
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RuntimeError, MemoryError) as error:
        raise WireError(f"not a message: {type(error).__name__}") from error
    if reader.place != len(reader.data):
        raise WireError("not a message: bytes are left over")
    return value


def _refuse(text: str) -> Any:
    raise ValueError(text)


def _outline(value: Any, blobs: list[bytes]) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else {"i": hex(value)}
    if isinstance(value, float):
        return {"f": value.hex()}
    if isinstance(value, list | tuple):
        return {"l" if isinstance(value, list) else "t": [_outline(each, blobs) for each in value]}
    if isinstance(value, dict):
        return {"d": [[_outline(key, blobs), _outline(each, blobs)] for key, each in value.items()]}
    if isinstance(value, np.ndarray):
        kind, name, raw = "a", value.dtype.name, value.astype(value.dtype.newbyteorder("<")).tobytes()
    else:
        kind, name = "x", str(value.dtype).removeprefix("torch.")
        raw = value.reshape(-1).view(torch.uint8).numpy().tobytes() if value.numel() else b""
    blobs.append(raw)
    return {kind: [name, list(value.shape), len(raw)]}


class _Reader:
    """A walk over the header, taking the raw numbers of arrays in their order."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.place = 0
        self.items = 0

    def value(self, tree: Any, depth: int) -> Any:
        self.items += 1
        if self.items > MOST_ITEMS or depth > MOST_DEPTH + 1:
            raise WireError("a message with too many values, or nested too deep")
        if tree is None or isinstance(tree, bool | str | int):
            return tree
        if not isinstance(tree, dict) or len(tree) != 1:
            raise WireError("not a message: an unknown form")
        [(kind, inner)] = tree.items()
        if kind == "i":
            if len(inner) > MOST_BITS // 4 + 3:  # a sign, 0x and the digits
                raise WireError("not a message: a number with too many digits")
            return int(inner, 16)
        if kind == "f":
            return float.fromhex(inner)
        if kind in "lt" and isinstance(inner, list):
            values = [self.value(each, depth + 1) for each in inner]
            return values if kind == "l" else tuple(values)
        if kind == "d":
            pairs = [(self.value(key, depth + 1), self.value(each, depth + 1)) for key, each in inner]
            if not all(type(key) in (str, int) for key, _ in pairs) or len(dict(pairs)) < len(pairs):
                raise WireError("not a message: keys of a dict")
            return dict(pairs)
        if kind in "ax":
            return self.array(kind, *inner)
        raise WireError("not a message: an unknown form")

    def array(self, kind: str, name: str, shape: list[int], size: int) -> Any:
        if name not in (NUMPY_DTYPES if kind == "a" else TORCH_DTYPES):
            raise WireError("not a message: a dtype that is not allowed")
        if not all(type(side) is int and side >= 0 for side in [*shape, size]) or len(shape) > 16:
            raise WireError("not a message: a shape")
        width = np.dtype(name).itemsize if name != "bfloat16" else 2
        if math.prod(shape) * width != size or size > len(self.data) - self.place:
            raise WireError("not a message: the size of an array")
        raw = self.data[self.place : self.place + size]
        self.place += size
        if kind == "a":
            read = np.frombuffer(raw, dtype=np.dtype(name).newbyteorder("<")).reshape(shape)
            if name == "bool" and size and np.frombuffer(raw, np.uint8).max() > 1:
                raise WireError("not a message: a bool")
            return read.astype(np.dtype(name))
        if name == "bool" and size and np.frombuffer(raw, np.uint8).max() > 1:
            raise WireError("not a message: a bool")
        dtype = getattr(torch, name)
        if not size:
            return torch.zeros(shape, dtype=dtype)
        return torch.frombuffer(bytearray(raw), dtype=dtype).reshape(shape)


__all__ = ["MAGIC", "NotPlain", "WireError", "decode", "encode"]
