"""Files that are whole or not there: atomic writes."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FileError(OSError):
    """A file could not be written or read; the message says why, and what is still there."""


def write_whole(path: str | Path, content: bytes | str, mode: int = 0o644) -> Path:
    """Write a file atomically: under its name stands the old content until the new one is safe on the disk.

    The content goes to a temporary file in the same folder, is flushed to the disk (fsync), and then takes the place
    of the old file in one step (`os.replace`). Text is encoded as UTF-8; missing folders are made; `mode`: who may read
    and write it, from the start. Returns the path.
    Raises `FileError` with a sentence where the disk is full or the folder cannot be written: the old file, if there
    is one, is untouched, and no temporary file is left.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(pathlib.Path(folder) / "deep" / "note.txt", "seed 3").read_text()
    'seed 3'
    """
    path = Path(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)  # mkstemp's files can be read by their owner only
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        kept = "the earlier file is untouched" if path.is_file() else "nothing was written"
        raise FileError(f"{_why(error, path, len(data))}; {kept}") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
    return path


def _why(error: OSError, path: Path, size: int) -> str:
    if error.errno in _FULL:
        free = shutil.disk_usage(path.parent).free
        return f"{path.name} needs {size / 1e6:.1f} MB, and the disk is full ({free / 1e6:.1f} MB free)"
    return f"{path} could not be written ({error.strerror or error})"
