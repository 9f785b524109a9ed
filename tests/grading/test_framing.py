"""Frames: what is sent comes back, and no bytes of a stranger do more than raise `FrameError`."""

import contextlib
import io
import struct

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lecturelib.exercises.plain_data import same
from lecturelib.grading import framing

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: (
        st.lists(below) | st.dictionaries(st.text() | st.integers(), below) | st.tuples(below, below)
    ),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(PLAIN)
def test_what_is_sent_comes_back(value):
    assert same(framing.unframed(framing.framed(value)), value)
    assert same(framing.receive(io.BytesIO(framing.framed(value)).read), value)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_bytes_of_a_stranger_are_refused(data, with_head):
    frame = framing.HEAD.pack(framing.MAGIC, len(data)) + data if with_head else data
    with contextlib.suppress(framing.FrameError):
        framing.unframed(frame)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_one_changed_byte_gives_a_value_or_is_refused(data):
    frame = bytearray(
        framing.framed({"id": 3, "value": torch.arange(6.0).reshape(2, 3), "says": "x", "big": 1 << 80})
    )
    frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(framing.FrameError):
        framing.unframed(bytes(frame))


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        struct.pack("<4sI", b"LLG1", 2**32 - 1),
        struct.pack("<4sI", b"PICK", 4) + b"cos\n",
        framing.framed(1) + b"more",
        framing.framed(1)[:-1],
    ],
)
def test_wrong_lengths_are_refused(frame):
    with pytest.raises(framing.FrameError):
        framing.unframed(frame)


def test_a_header_that_is_nested_without_end_is_refused():
    header = b"[" * 200_000
    data = b"LLX1" + len(header).to_bytes(8, "big") + header
    with pytest.raises(framing.FrameError):
        framing.unframed(framing.HEAD.pack(framing.MAGIC, len(data)) + data)


def test_a_stream_that_ends_says_so():
    with pytest.raises(EOFError):
        framing.receive(io.BytesIO(framing.framed("three")[:9]).read)
