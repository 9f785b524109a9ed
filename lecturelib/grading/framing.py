"""Frames on a stream: a length and so many bytes of `lecturelib.exercises.wire`, which holds data only."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from lecturelib.exercises import wire
from lecturelib.exercises.plain_data import MOST_BYTES

HEAD = struct.Struct("<4sI")
MAGIC = b"LLG1"
MOST = MOST_BYTES + wire.MOST_HEADER + 12


class FrameError(ValueError):
    """What came is not a frame, or one that is too long."""


def framed(value: Any) -> bytes:
    """A value as one frame; raises `NotPlain` where it is not plain data.

    >>> unframed(framed({"scores": [1.5, None]}))
    {'scores': [1.5, None]}
    """
    data = wire.encode(value)
    if len(data) > MOST:
        raise wire.NotPlain(f"more than {MOST} bytes")
    return HEAD.pack(MAGIC, len(data)) + data


def length(head: bytes) -> int:
    """The number of bytes that the head of a frame announces; `FrameError` for another head or for too many.

    >>> length(framed(1)[:8]) == len(framed(1)) - 8
    True
    """
    magic, size = HEAD.unpack(head)
    if magic != MAGIC or size > MOST:
        raise FrameError("not a frame" if magic != MAGIC else f"a frame of more than {MOST} bytes")
    return int(size)


def unframed(frame: bytes) -> Any:
    """The plain value of a whole frame; `FrameError` for anything else."""
    if len(frame) < HEAD.size or length(frame[: HEAD.size]) != len(frame) - HEAD.size:
        raise FrameError("a frame of another length than it says")
    try:
        return wire.decode(frame[HEAD.size :], MOST)
    except wire.WireError as error:
        raise FrameError(str(error)) from None


def receive(read: Callable[[int], bytes]) -> Any:
    """The value of the next frame of a blocking stream; raises EOFError at its end.

    >>> import io
    >>> receive(io.BytesIO(framed("three")).read)
    'three'
    """
    head = _exactly(read, HEAD.size)
    return unframed(head + _exactly(read, length(head)))


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = read(min(size - len(data), 1 << 20))
        if not part:
            raise EOFError
        data += part
    return bytes(data)
