"""Write a run as a TensorBoard log: scalars, histograms, and pictures.

write_tensorboard(run.history, "logs/first", pictures={"kernels": grid})
# then, in a terminal: tensorboard --logdir logs
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from lecturelib.checks import check_whole, complaint, described
from lecturelib.show import pixels_of
from lecturelib.training.history import History
from lecturelib.training.run import Run, TrainingStep

COUNTS, EDGES = "/counts", "/edges"  # how `histogram_monitor` names its two series


def write_tensorboard(
    history: History, folder: str | Path, pictures: Mapping[str, object] | None = None
) -> Path:
    """Write a whole history into a new log; returns the folder.

    Series of numbers become scalars, those of `histogram_monitor` histograms, `pictures` images (what
    `lecturelib.show.pixels_of` takes, by name) at the last step. Names and steps stay as they are. A folder that holds
    a log already is refused: TensorBoard would draw both runs as one. Raises `ValueError` for that, an empty history
    or bad pictures, before anything is written; `OSError` with a sentence where the folder cannot be written.

    >>> import pathlib, tempfile
    >>> from lecturelib.training import History, write_tensorboard
    >>> history = History()
    >>> history.add(1, {"loss": 2.0})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = write_tensorboard(history, pathlib.Path(folder) / "first")
    ...     len(list(log.glob("events.out.tfevents.*")))
    1
    """
    if not len(history):
        raise ValueError(complaint("history", "at least one series", "none", "take a step of the run first"))
    images = {name: pixels_of(image) for name, image in (pictures or {}).items()}
    with _writer(folder) as writer:
        _add(writer, history, {})
        for name, pixels in images.items():
            writer.add_image(name, pixels, history.step, dataformats="HWC")
    return Path(folder)


def log_to_tensorboard(run: Run, folder: str | Path, every: int = 10) -> Iterator[TrainingStep]:
    """The steps of a run, handed on while a log is written: every so many steps what was recorded since.

    It wraps as `live_curves` does: `for step in log_to_tensorboard(run, "logs/first")`. The log is whole also where the
    loop is left. Raises as `write` does.

    >>> import pathlib, tempfile
    >>> import torch
    >>> from lecturelib.training import fit, log_to_tensorboard
    >>> run = fit(torch.nn.Linear(2, 2), (torch.eye(2), torch.arange(2)), steps=3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     steps = [step.step for step in log_to_tensorboard(run, folder, every=2)]
    ...     steps, len(list(pathlib.Path(folder).glob("events.out.tfevents.*")))
    ([1, 2, 3], 1)
    """
    if not isinstance(run, Run):
        raise TypeError(
            complaint("run", "a Run", described(run), "call log_to_tensorboard(fit(...), folder)")
        )
    check_whole("every", every, 1)
    return _logged(run, _writer(folder), every)


def _logged(run: Run, opened, every: int) -> Iterator[TrainingStep]:
    done: dict[str, int] = {}
    with opened as writer:
        try:
            for step in run:
                if step.step % every == 0:
                    _add(writer, run.history, done)
                    writer.flush()
                yield step
        finally:
            _add(writer, run.history, done)


def _add(writer, history: History, done: dict[str, int]) -> None:
    """Hand over what was not yet; `done` counts the values of each series that were."""
    for name in history:
        values, steps, start = history[name], history.steps(name), done.get(name, 0)
        done[name] = len(values)
        if values.ndim == 1:
            for step, value in zip(steps[start:].tolist(), values[start:].tolist(), strict=True):
                writer.add_scalar(name, value, step)
        elif name.endswith(COUNTS) and name.removesuffix(COUNTS) + EDGES in history:
            plain = name.removesuffix(COUNTS)
            edges = history[plain + EDGES]
            for k in range(start, len(values)):
                _histogram(writer, plain, values[k], edges[k], int(steps[k]))


def _histogram(writer, name: str, counts: np.ndarray, edges: np.ndarray, step: int) -> None:
    middles = (edges[:-1] + edges[1:]) / 2
    writer.add_histogram_raw(
        name,
        min=float(edges[0]),
        max=float(edges[-1]),
        num=float(counts.sum()),
        sum=float((counts * middles).sum()),
        sum_squares=float((counts * middles**2).sum()),
        bucket_limits=edges[1:].tolist(),
        bucket_counts=counts.tolist(),
        global_step=step,
    )


def _writer(folder: str | Path):
    """An open log in a folder that has none yet."""
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise ValueError(complaint("folder", "a folder for the log", f"the file {folder}"))
    if folder.is_dir() and any(folder.glob("events.out.tfevents.*")):
        got = f"{folder}, which holds a log already"
        raise ValueError(
            complaint("folder", "one without a log", got, "name another, since TensorBoard would mix both")
        )
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise ImportError(
            "a TensorBoard log needs the package tensorboard: pip install tensorboard"
        ) from error
    try:
        return SummaryWriter(str(folder))
    except OSError as error:
        raise OSError(f"no log can be written to {folder}: {error.strerror or error}") from error
