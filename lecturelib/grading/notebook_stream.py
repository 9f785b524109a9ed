"""The sources of a notebook's code cells, read as a stream: outputs are skipped without being kept.

A submission of 300 MB is nearly all outputs. They are passed over chunk by chunk, so that memory does not grow with
the file, and what was read before a file breaks off is kept.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lecturelib.exercises.answer_cells import MARK

CHUNK = 1 << 20
MOST_DEPTH = 60
MOST_PARTS = 1_000_000
MOST_SOURCE = 8_000_000
MOST_CELLS = 20_000
_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.S)
_FLAT = re.compile(
    rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+', re.S
)  # up to a bracket, or a text that the chunk cuts
_SCALAR = re.compile(rb"[^,\]}\s\"\[{:]*+")
KEPT = {"cells", "worksheets", "cell_type", "source", "input", "language"}


class Damaged(ValueError):
    """The file is not a notebook, or it breaks off; the message says where."""


@dataclass
class Notebook:
    """The code cells' sources, and what is wrong with the file ("" where nothing is).

    >>> Notebook(["x = 1"]).problem
    ''
    """

    sources: list[str]
    problem: str = ""


def read_notebook(read: Callable[[int], bytes]) -> Notebook:
    """Read a notebook from a function that gives its next bytes; never raises for what stands in the file.

    Format 3 and all later ones: wherever a list of `cells` holds code with a `source` (or an `input`).

    >>> import io
    >>> read_notebook(io.BytesIO(b'{"cells": [{"cell_type": "code", "source": ["x = 1"]}]}').read).sources
    ['x = 1']
    """
    cells = _Cells()
    try:
        stream = _Stream(_utf8(read))  # which reads the first chunk
        stream.space()
        if stream.peek() != b"{":
            raise Damaged("it is empty" if not stream.peek() else "it is not JSON: expected {")
        _object(stream, cells, 0)
        stream.space()
        if stream.peek():
            raise Damaged("more follows after its end")
    except Damaged as damaged:
        return Notebook(cells.sources, f"not a whole notebook: {damaged}")
    except OSError as error:
        return Notebook(cells.sources, f"it could not be read ({type(error).__name__})")
    if not cells.lists:
        return Notebook([], "not a notebook: it has no cells")
    return Notebook(cells.sources)


class _Cells:
    def __init__(self) -> None:
        self.sources: list[str] = []
        self.lists = self.size = self.count = 0

    def add(self, cell: dict[str, Any]) -> None:
        self.count += 1
        if self.count > MOST_CELLS:
            raise Damaged(f"more than {MOST_CELLS} cells")
        lines = cell.get("source", cell.get("input", ""))
        text = lines if isinstance(lines, str) else "".join(line for line in lines if isinstance(line, str))
        if cell.get("cell_type") != "code" and not MARK.search(text):
            return  # an answer that was turned into text by a slip of the keyboard stays an answer
        text = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\0", "")
        self.size += len(text)
        if self.size > MOST_SOURCE:
            raise Damaged(f"more than {MOST_SOURCE / 1e6:g} MB of source")
        self.sources.append(text)


def _utf8(read: Callable[[int], bytes]) -> Callable[[], bytes]:
    """The chunks as UTF-8 without a byte order mark; UTF-16 and UTF-32 with one are translated."""
    first = read(CHUNK)
    while 0 < len(first) < 4 and (more := read(CHUNK)):
        first += more
    for mark, name in (  # noqa: B007  both are used below
        (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF8, ""),
    ):  # fmt: skip
        if first.startswith(mark):
            break
    else:
        mark, name = b"", ""
    decoder = codecs.getincrementaldecoder(name)("replace") if name else None
    waiting = [first[len(mark) :]]

    def next_chunk() -> bytes:
        while True:
            data = waiting.pop() if waiting else read(CHUNK)
            if decoder is None or not data:
                return data
            text = decoder.decode(data).encode("utf-8", "replace")
            if text:
                return text

    return next_chunk


class _Stream:
    """A window on the bytes, moved forward; `parts` counts tokens, so that no file takes for ever."""

    def __init__(self, more: Callable[[], bytes]):
        self.more, self.buffer, self.at, self.parts = more, b"", 0, 0

    def fill(self) -> bool:
        """Drop what is behind and read on; False at the end of the file."""
        data = self.more()
        self.buffer = self.buffer[self.at :] + data
        self.at = 0
        return bool(data)

    def peek(self) -> bytes:
        if self.at >= len(self.buffer) and not self.fill():
            return b""
        return self.buffer[self.at : self.at + 1]

    def take(self, expected: bytes) -> None:
        found = self.peek()
        if found != expected:
            raise Damaged(f"expected {expected.decode()}" if found else "it breaks off")
        self.at += 1
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise Damaged(f"more than {MOST_PARTS} parts")

    def run(self, pattern: re.Pattern[bytes], keep: list[bytes] | None = None, most: int = 0) -> None:
        """Pass over all bytes that a pattern takes, over the ends of chunks too; keep them where a list is given."""
        size = 0
        while True:
            match = pattern.match(self.buffer, self.at)
            assert match is not None
            if keep is not None:
                keep.append(match.group())
                size += match.end() - self.at
                if size > most:
                    raise Damaged(f"a text of more than {most / 1e6:g} MB")
            self.at = match.end()
            if self.at < len(self.buffer) and not self._half_escape():
                return
            if not self.fill():
                return

    def _half_escape(self) -> bool:
        return self.buffer[self.at :] == b"\\"

    def space(self) -> None:
        self.run(_SPACE)

    def string(self, keep: bool) -> str:
        self.take(b'"')
        kept: list[bytes] | None = [] if keep else None
        self.run(_STRING, kept, MOST_SOURCE)
        self.take(b'"')
        if kept is None:
            return ""
        text = b"".join(kept).decode("utf-8", "replace")
        try:
            return str(json.loads(f'"{text}"', strict=False))
        except ValueError:
            raise Damaged("a text with an unknown escape") from None

    def skip(self, depth: int) -> None:
        """Pass over one value of any kind, whatever its size."""
        self.space()
        first = self.peek()
        if first == b'"':
            self.string(keep=False)
        elif first in (b"{", b"["):
            open_ = 0
            while True:
                self.run(_FLAT)
                mark = self.peek()
                if mark == b'"':
                    self.string(keep=False)
                    continue
                self.take(mark or b"]")
                open_ += 1 if mark in (b"{", b"[") else -1
                if open_ + depth > MOST_DEPTH:
                    raise Damaged(f"nested more than {MOST_DEPTH} deep")
                if open_ == 0:
                    return
        elif not first:
            raise Damaged("it breaks off")
        else:
            self.run(_SCALAR)


def _object(stream: _Stream, cells: _Cells, depth: int, cell: dict[str, Any] | None = None) -> None:
    """An object: of a notebook or a worksheet (its cells are read), or a cell (its type and source are kept)."""
    stream.take(b"{")
    stream.space()
    if stream.peek() == b"}":
        stream.take(b"}")
        return
    while True:
        stream.space()
        key = stream.string(keep=True)
        stream.space()
        stream.take(b":")
        stream.space()
        if cell is not None and key in KEPT:
            cell[key] = _texts(stream, depth)
        elif cell is None and key in ("cells", "worksheets") and stream.peek() == b"[":
            cells.lists += key == "cells"
            _list(stream, cells, depth + 1, key == "cells")
        else:
            stream.skip(depth + 1)
        stream.space()
        if stream.peek() == b"}":
            stream.take(b"}")
            return
        stream.take(b",")


def _list(stream: _Stream, cells: _Cells, depth: int, of_cells: bool) -> None:
    if depth > MOST_DEPTH:
        raise Damaged(f"nested more than {MOST_DEPTH} deep")
    stream.take(b"[")
    stream.space()
    if stream.peek() == b"]":
        stream.take(b"]")
        return
    while True:
        stream.space()
        if stream.peek() == b"{":
            cell: dict[str, Any] | None = {} if of_cells else None
            _object(stream, cells, depth + 1, cell)
            if cell is not None:
                cells.add(cell)
        else:
            stream.skip(depth)
        stream.space()
        if stream.peek() == b"]":
            stream.take(b"]")
            return
        stream.take(b",")


def _texts(stream: _Stream, depth: int) -> Any:
    """A text or a list of texts; anything else is passed over."""
    first = stream.peek()
    if first == b'"':
        return stream.string(keep=True)
    if first != b"[":
        stream.skip(depth)
        return ""
    stream.take(b"[")
    texts: list[str] = []
    size = 0
    while True:
        stream.space()
        if stream.peek() == b"]":
            stream.take(b"]")
            return texts
        if stream.peek() == b'"':
            texts.append(stream.string(keep=True))
            size += len(texts[-1])
            if size > MOST_SOURCE:
                raise Damaged(f"more than {MOST_SOURCE / 1e6:g} MB of source")
        else:
            stream.skip(depth + 1)
        stream.space()
        if stream.peek() != b"]":
            stream.take(b",")
