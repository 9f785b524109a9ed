"""Checkpoints that are whole or not there: written beside the old one, then moved into its place."""

from __future__ import annotations

import errno
import io
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from lecturelib.training.fit import Run

FORMAT = 1
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class CheckpointError(OSError):
    """A checkpoint could not be written or read; the message says why, and what is still there."""


def save(run: Run, path: str | Path) -> Path:
    """Write all that a run needs to go on exactly: weights, optimizer, order of the examples, chance, history.

    The file is written whole beside the old one and then takes its place, so an interrupted save leaves the old one.
    It holds tensors, numbers and words only (`torch.load(..., weights_only=True)` reads it). Raises `CheckpointError`
    where the disk is full or the folder cannot be written; run and old checkpoint are as before.
    """
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, **run.state_dict()}, buffer)
    return write_whole(Path(path), buffer.getvalue())


def load(run: Run, path: str | Path) -> Run:
    """Bring a run to where a checkpoint was saved; going on gives the numbers of an uninterrupted run.

    `run` is made by `fit` with the same model, data and settings. Raises `CheckpointError` for a file that is missing,
    damaged, or belongs to another model or data; the run then is as it was.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"there is no checkpoint at {path}")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        known = isinstance(state, dict) and state.get("format") == FORMAT
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # whatever torch says about a file that is none
        raise CheckpointError(f"{path} is damaged or no checkpoint: it was not loaded") from error
    if not known:
        raise CheckpointError(f"{path} is no checkpoint of this library: it was not loaded")
    try:
        run.load_state_dict(state)
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        said = error.args[0] if error.args else error  # a KeyError's str has quotes around it
        raise CheckpointError(f"{path} belongs to another run: {said}") from error
    return run


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file so that its name always shows a whole one: the old until the new is safe on the disk.

    Raises `CheckpointError` with a sentence; the old file, if any, is untouched.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp's files can be read by their owner only
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        kept = "the earlier file is untouched" if path.is_file() else "nothing was written"
        raise CheckpointError(f"{_why(error, path, len(content))}; {kept}") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
    return path


def _why(error: OSError, path: Path, size: int) -> str:
    if error.errno in FULL:
        free = shutil.disk_usage(path.parent).free
        return f"{path.name} needs {size / 1e6:.1f} MB, and the disk is full ({free / 1e6:.1f} MB free)"
    return f"{path} could not be written ({error.strerror or error})"
