"""The history of a run: one series of values per name, each value with the step at which it was recorded."""

from __future__ import annotations

import difflib
import io
import zipfile
from array import array
from collections.abc import Iterator, Mapping
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from lecturelib.checks import UnknownName, complaint
from lecturelib.files import FileError, write_whole

AT = "@"  # in a saved file, "loss@" holds the steps of "loss"


class History(Mapping):
    """The recorded series of any run: `history["loss"]` is an array (n,), `history.steps("loss")` its steps (n,).

    Names: `loss`, `accuracy`, `learning_rate`, `gradient_norm` at every step, `validation_loss` and
    `validation_accuracy` where there is a validation set, and what the monitors record (`gradients/features.0`). A
    step is counted from 1; 0 is before the first. A series of vectors, such as a histogram's, is (n, k). `notes` holds
    what is true of the whole run (batch size, seed, steps per epoch). A training loop of your own records with `add`,
    and `smooth`, `run_curves`, `live_pictures` and `diagnose` read it.

    >>> history = History()
    >>> for step, loss in enumerate((2.0, 1.0), start=1):
    ...     history.add(step, {"loss": loss})
    >>> history["loss"].tolist(), history.steps("loss").tolist(), history.last("loss")
    ([2.0, 1.0], [1, 2], 1.0)
    """

    def __init__(self, notes: Mapping[str, object] | None = None):
        self.notes: dict[str, object] = dict(notes or {})
        self._steps: dict[str, array] = {}
        self._values: dict[str, array | list[np.ndarray]] = {}

    def add(self, step: int, values: Mapping[str, Any]) -> None:
        """Record values at a step: numbers, or vectors of the length that this name always had.

        Raises `ValueError` for a step that lies before the last one of that name, or another length.
        """
        for name, value in values.items():
            steps = self._steps.get(name)
            if steps and step < steps[-1]:
                raise ValueError(complaint(name, f"a step from {steps[-1]} on", step))
            if isinstance(value, Real) or np.ndim(value) == 0:
                stored = self._values.setdefault(name, array("d"))
                if not isinstance(stored, array):
                    raise ValueError(complaint(name, f"{len(stored[0])} numbers, as before", "one"))
                stored.append(float(value))
            else:
                vector = np.asarray(value, np.float64)
                stored = self._values.setdefault(name, [])
                if (
                    isinstance(stored, array)
                    or vector.ndim != 1
                    or (stored and len(stored[0]) != len(vector))
                ):
                    raise ValueError(
                        complaint(name, "values of the shape before", f"another shape {vector.shape}")
                    )
                stored.append(vector)
            self._steps.setdefault(name, array("q")).append(step)

    def __getitem__(self, name: str) -> np.ndarray:
        """The values of a series, (n,) or (n, k). Raises `UnknownName` for one that was not recorded."""
        if name not in self._values:
            near = difflib.get_close_matches(str(name), self._values, n=3, cutoff=0.4)
            hint = f"nearest: {', '.join(near)}; " if near else ""
            known = ", ".join(list(self._values)[:8]) or "nothing yet"
            raise UnknownName(complaint("name", "a recorded series", repr(name), f"{hint}recorded: {known}"))
        stored = self._values[name]
        return np.array(stored, np.float64) if isinstance(stored, array) else np.stack(stored)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        loss = self.last("loss")
        end = "" if loss is None else f", loss {loss:.4g}"
        return f"<History: {self.step} steps, {len(self)} series{end}>"

    @property
    def step(self) -> int:
        """The last step of which anything was recorded; 0 for an empty history."""
        return max((steps[-1] for steps in self._steps.values()), default=0)

    def steps(self, name: str) -> np.ndarray:
        """The steps (n,) at which a series was recorded."""
        self[name]
        return np.array(self._steps[name], np.int64)

    def names(self, prefix: str = "") -> list[str]:
        """The names that begin with a prefix, in the order in which they came: `names("gradients/")`."""
        return [name for name in self._values if name.startswith(prefix)]

    def last(self, name: str, default: float | None = None) -> float | None:
        """The newest value of a series of numbers, or `default` where nothing was recorded; ValueError for vectors."""
        stored = self._values.get(name)
        if isinstance(stored, list):
            raise ValueError(
                complaint("name", "a series of numbers", "a series of vectors", f"read history[{name!r}][-1]")
            )
        return stored[-1] if stored else default

    def table(self, names: list[str] | None = None) -> dict[str, np.ndarray]:
        """The series of numbers side by side: `step` (n,), and each name (n,), NaN where it was not recorded.

        It goes straight into `pandas.DataFrame(history.table())`.
        """
        names = [name for name in self if self[name].ndim == 1] if names is None else list(names)
        if any(self[name].ndim != 1 for name in names):
            hint = "read series of vectors as history[name], (n, k)"
            raise ValueError(complaint("names", "series of numbers", "a series of vectors", hint))
        every = np.unique(np.concatenate([self.steps(name) for name in names] or [np.array([], np.int64)]))
        found = {"step": every}
        for name in names:
            column = np.full(len(every), np.nan)
            column[np.searchsorted(every, self.steps(name))] = self[name]
            found[name] = column
        return found

    def as_arrays(self) -> dict[str, np.ndarray]:
        """Every series and its steps as arrays, `loss` and `loss@`; `from_arrays` takes them back."""
        found: dict[str, np.ndarray] = {}
        for name in self:
            found[name], found[name + AT] = self[name], self.steps(name)
        return found

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, np.ndarray], notes: Mapping[str, object] | None = None
    ) -> History:
        """A history of what `as_arrays` gave. Raises `ValueError` where values and steps do not match."""
        made = cls(notes)
        for name, values in arrays.items():
            if name.endswith(AT):
                continue
            values = np.asarray(values, np.float64)
            if name + AT not in arrays or len(arrays[name + AT]) != len(values):
                raise ValueError(
                    complaint(name + AT, f"{len(values)} steps, one for each value", "another number")
                )
            made._steps[name] = array("q", np.asarray(arrays[name + AT], np.int64).tolist())
            made._values[name] = array("d", values.tolist()) if values.ndim == 1 else list(values)
        return made

    def save(self, path: str | Path) -> Path:
        """Write the series to a compressed .npz file, whole or not at all; `History.load` reads it."""
        path = Path(path)
        if path.suffix != ".npz":
            raise ValueError(complaint("path", "a name that ends in .npz", repr(path.name)))
        file = io.BytesIO()
        arrays: dict[str, Any] = self.as_arrays()
        np.savez_compressed(file, **arrays)
        return write_whole(path, file.getvalue())

    @classmethod
    def load(cls, path: str | Path) -> History:
        """The history that `save` wrote. Its notes, which are no arrays, are not in the file.

        Raises `FileError` for a file that is missing, damaged, or none of `save`.
        """
        if not Path(path).is_file():
            raise FileError(f"there is no history at {path}")
        try:
            with np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False) as arrays:
                return cls.from_arrays(dict(arrays))
        except (OSError, EOFError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise FileError(f"{path} is damaged or no history: it was not loaded") from error
