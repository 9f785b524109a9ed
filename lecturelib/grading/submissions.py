"""Submissions in a folder: notebooks, folders and zips, one per student. No link is followed, nothing is unpacked."""

from __future__ import annotations

import json
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lecturelib.checks import complaint
from lecturelib.grading.notebook_stream import Damaged, Notebook, read_notebook

MOST_BYTES = 1_000_000_000
MOST_MEMBERS = 2_000
DAMAGED = "the zip is damaged here"
MOST_PROBLEM = 500  # characters
MOST_END = 12 * MOST_PROBLEM + 100  # bytes in which a problem stands: a character may need two escapes of six
IGNORED = re.compile(r"^(\..*|__MACOSX|.*-checkpoint\.ipynb|~\$.*)$", re.I)


@dataclass(frozen=True)
class Submission:
    """What one student handed in: the code cells of all notebooks, and what could not be read.

    >>> Submission("ana", ("x = 1",)).problem
    ''
    """

    student: str
    sources: tuple[str, ...]
    problem: str = ""

    def to_bytes(self) -> bytes:
        """The submission without its name, in one form: what is graded and what its results are filed under.

        >>> Submission("ana", ("x",)).to_bytes()
        b'{"cells":[{"cell_type":"code","source":"x"}],"problem":""}'
        """
        cells = [{"cell_type": "code", "source": source} for source in self.sources]
        text = json.dumps({"cells": cells, "problem": self.problem}, ensure_ascii=True, separators=(",", ":"))
        return text.encode("ascii")

    @classmethod
    def from_bytes(cls, data: bytes) -> Submission:
        """A submission from what `to_bytes` gave, or from the bytes of a notebook; damaged ones say so in `problem`.

        >>> Submission.from_bytes(b"").problem
        'not a whole notebook: it is empty'
        """
        view, at = memoryview(data), [0]

        def read(size: int) -> bytes:
            at[0] += size
            return bytes(view[at[0] - size : at[0]])

        found = read_notebook(read)
        stated = re.search(rb',"problem":("(?:[^"\\]|\\.)*")\}$', data[-MOST_END:])
        problem = str(json.loads(stated[1])) if stated and not found.problem else found.problem
        return cls("", tuple(found.sources), problem)


def find_submissions(folder: str | Path) -> list[Path]:
    """The entries of a folder, one per student, in the order of their names.

    Raises FileNotFoundError for a folder that is not there, ValueError for one without submissions.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "ana.ipynb").write_text("{}")
    ...     [path.name for path in find_submissions(folder)]
    ['ana.ipynb']
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            complaint("SUBMISSIONS", "a folder with one notebook, folder or zip per student", folder)
        )
    found = sorted(
        (path for path in folder.iterdir() if not IGNORED.match(path.name) and _may_be_one(path)),
        key=lambda path: path.name,
    )
    if not found:
        raise ValueError(complaint("SUBMISSIONS", "notebooks, folders or zips", f"none in {folder}"))
    return found


def _may_be_one(path: Path) -> bool:
    return path.is_symlink() or path.suffix.lower() in (".ipynb", ".zip") or path.is_dir() or not path.suffix


def student_names(paths: list[Path]) -> dict[Path, str]:
    """The student of each entry: the name without its suffix, as plain text; equal ones keep the whole name.

    >>> student_names([Path("ana.ipynb"), Path("bo.zip")])[Path("bo.zip")]
    'bo'
    """
    names = {
        path: _plain(path.name if path.is_dir() and not path.is_symlink() else path.stem) for path in paths
    }
    counts: dict[str, int] = {}
    for name in names.values():
        counts[name.casefold()] = counts.get(name.casefold(), 0) + 1
    whole = {path: _plain(path.name) if counts[name.casefold()] > 1 else name for path, name in names.items()}
    used: set[str] = set()
    for path, name in whole.items():
        number = 2
        while whole[path].casefold() in used:
            whole[path] = f"{name} ({number})"
            number += 1
        used.add(whole[path].casefold())
    return whole


def _plain(name: str) -> str:
    """A name that is safe as a folder's and in a table: no control characters, slashes or leading dots."""
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    text = "".join(
        "_" if unicodedata.category(each)[0] == "C" or each in '/\\:*?"<>|' else each for each in text
    )
    return text.strip().lstrip(".")[:120].strip() or "_"


def read_submission(path: str | Path, student: str = "") -> Submission:
    """Read one student's notebook, folder or zip; never raises for what stands in it.

    >>> read_submission("no-such-file.ipynb").problem
    'it could not be read (FileNotFoundError)'
    """
    path = Path(path)
    student = student or student_names([path])[path]
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return Submission(student, (), "it is a link, which is not followed")
        if stat.S_ISDIR(mode):
            return _joined(student, _in_folder(path))
        if not stat.S_ISREG(mode):
            return Submission(student, (), "it is not a file")
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            if start == b"PK\x03\x04" or (start == b"PK\x05\x06" and path.suffix.lower() == ".zip"):
                return _joined(student, _in_zip(file))
            return _joined(student, [("", _bounded(file.read))])
    except OSError as error:
        return Submission(student, (), f"it could not be read ({type(error).__name__})")
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError, EOFError) as error:
        return Submission(student, (), f"the zip cannot be read ({type(error).__name__})")


def _joined(student: str, parts: list[tuple[str, Notebook]] | Iterator[tuple[str, Notebook]]) -> Submission:
    sources: list[str] = []
    problems: list[str] = []
    count = 0
    for name, notebook in parts:
        count += notebook.sources != [] or not notebook.problem
        sources += notebook.sources
        if notebook.problem:
            problems.append(f"{_plain(name)}: {notebook.problem}" if name else notebook.problem)
    if not count and not problems:
        problems.append("there is no notebook in it")
    return Submission(student, tuple(sources), "; ".join(problems)[:MOST_PROBLEM])


def _bounded(read: Callable[[int], bytes]) -> Notebook:
    """A notebook from a stream of at most a gigabyte, whatever its header says."""
    left = [MOST_BYTES]

    def limited(size: int) -> bytes:
        data = read(size)
        left[0] -= len(data)
        return data if left[0] >= 0 else b""

    found = read_notebook(limited)
    return Notebook(found.sources, f"larger than {MOST_BYTES / 1e6:g} MB") if left[0] < 0 else found


def _in_folder(folder: Path) -> Iterator[tuple[str, Notebook]]:
    seen = 0
    for where, below, names in os.walk(folder, followlinks=False):
        below[:] = sorted(
            name for name in below if not IGNORED.match(name) and not Path(where, name).is_symlink()
        )
        for name in sorted(names):
            file = Path(where, name)
            seen += 1
            if seen > MOST_MEMBERS:
                yield "", Notebook([], f"more than {MOST_MEMBERS} files")
                return
            if IGNORED.match(name) or file.suffix.lower() != ".ipynb":
                continue
            relative = str(file.relative_to(folder))
            if not stat.S_ISREG(file.lstat().st_mode):
                yield relative, Notebook([], "it is a link or not a file, which is not read")
                continue
            with file.open("rb") as stream:
                yield relative, _bounded(stream.read)


def _in_zip(file: IO[bytes]) -> Iterator[tuple[str, Notebook]]:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            yield "", Notebook([], f"more than {MOST_MEMBERS} files")
            return
        for member in sorted(members, key=lambda each: each.filename):
            parts = re.split(r"[/\\]", member.filename)
            if any(IGNORED.match(part) and part not in (".", "..") for part in parts if part):
                continue
            if member.is_dir() or not member.filename.lower().endswith(".ipynb"):
                continue
            if ".." in parts or member.filename.startswith(("/", "\\")) or ":" in parts[0]:
                yield member.filename, Notebook([], "its name leads out of the zip, so it is not read")
            elif stat.S_ISLNK(member.external_attr >> 16):
                yield member.filename, Notebook([], "it is a link, which is not followed")
            elif member.flag_bits & 1:
                yield member.filename, Notebook([], "it is encrypted")
            else:
                try:
                    with archive.open(member) as stream:
                        yield member.filename, _bounded(_undamaged(stream.read))
                except Exception:  # of its header; the other members may be whole
                    yield member.filename, Notebook([], DAMAGED)


def _undamaged(read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """The same, with every way in which compressed bytes can be wrong told as damage: what came before is kept."""

    def unpacked(size: int) -> bytes:
        try:
            return read(size)
        except Exception:  # zlib's, bz2's, lzma's and zipfile's have no type in common
            raise Damaged(DAMAGED) from None

    return unpacked
