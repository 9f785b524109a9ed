"""Atomic checkpoints: all the state of a run in one file that is whole or not there."""

from __future__ import annotations

import io
from pathlib import Path

import torch

from lecturelib.files import FileError, write_whole
from lecturelib.training.run import Run

FORMAT = 2


class CheckpointError(FileError):
    """A checkpoint could not be written or read; the message says why, and what is still there."""


def save_checkpoint(run: Run, path: str | Path) -> Path:
    """Save the whole state of a run: weights, optimizer, order of the examples, RNG state, history.

    The file is written whole beside the old one and then takes its place, so an interrupted save leaves the old one.
    It holds tensors, numbers and words only (`torch.load(..., weights_only=True)` reads it). Returns the path. Raises
    `CheckpointError` where the disk is full or the folder cannot be written; run and old checkpoint are as before.

    >>> import pathlib, tempfile
    >>> import torch
    >>> from lecturelib.training import fit, load_checkpoint, save_checkpoint
    >>> def run():
    ...     torch.manual_seed(0)
    ...     return fit(torch.nn.Linear(2, 2), (torch.eye(2), torch.arange(2)), steps=4)
    >>> begun, whole = run(), run()
    >>> first = next(begun)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_checkpoint(begun, pathlib.Path(folder) / "run.pt")
    ...     resumed = load_checkpoint(run(), path)
    >>> [step.loss for step in whole][1:] == [step.loss for step in resumed]
    True
    """
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, **run.state_dict()}, buffer)
    try:
        return write_whole(path, buffer.getvalue())
    except FileError as error:
        raise CheckpointError(*error.args) from error


def load_checkpoint(run: Run, path: str | Path) -> Run:
    """Restore a run from a checkpoint; going on gives exactly the numbers of an uninterrupted run.

    `run` is made by `fit` with the same model, data and settings; it is changed and returned. Raises `CheckpointError`
    for a file that is missing, damaged, or belongs to another model or data; the run then is as it was.

    >>> import pathlib, tempfile
    >>> import torch
    >>> from lecturelib.training import fit, load_checkpoint, save_checkpoint
    >>> data = torch.rand(8, 2), torch.arange(8) % 2  # inputs (N, 2), labels (N,)
    >>> begun, fresh = (fit(torch.nn.Linear(2, 2), data, steps=4) for _ in range(2))
    >>> _ = next(begun)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_checkpoint(fresh, save_checkpoint(begun, pathlib.Path(folder) / "run.pt"))
    <Run of Linear: step 1 of 4>
    >>> torch.equal(fresh.model.weight, begun.model.weight)
    True
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"there is no checkpoint at {path}")
    try:
        # the optimizer keeps the very tensors, and what is read under inference_mode could not be changed by a step
        with torch.inference_mode(False):
            state = torch.load(path, map_location="cpu", weights_only=True)
        known = isinstance(state, dict) and state.get("format") == FORMAT
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # whatever torch says about a file that is none
        raise CheckpointError(f"{path} is damaged or no checkpoint: it was not loaded") from error
    if not known:
        version = state.get("format") if isinstance(state, dict) else None
        what = (
            "no checkpoint of this library"
            if version is None
            else f"a checkpoint of format {version}, not {FORMAT}"
        )
        raise CheckpointError(f"{path} is {what}: it was not loaded")
    try:
        run.load_state_dict(state)
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        said = error.args[0] if error.args else error  # a KeyError's str has quotes around it
        raise CheckpointError(f"{path} belongs to another run: {said}") from error
    return run
