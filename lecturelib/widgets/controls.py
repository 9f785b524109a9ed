"""Controls as plain data: what may be set, to which values; `shell.py` says how they look.

Every control has `names` (its keys in the state), `value` (the start), `check(value)` (the value, or an error
with the allowed ones), `clip(value)` (the nearest allowed one) and `values()` (minimum, middle, maximum).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from lecturelib.checks import check_number, complaint, described, nearest


class Control:
    """What all controls share; `value` is the start, `label` the words beside it.

    >>> from lecturelib.widgets import Control, Toggle
    >>> toggle = Toggle("signed_map")
    >>> isinstance(toggle, Control), toggle.names, toggle.words
    (True, ('signed_map',), 'signed map')
    """

    label: str = ""
    value: Any

    if TYPE_CHECKING:

        @property
        def name(self) -> str:
            """The key in the state: a field of most controls, put together in those of several values."""

    @property
    def names(self) -> tuple[str, ...]:
        """The keys of this control in the state."""
        return (self.name,)

    @property
    def words(self) -> str:
        """The label, or the name in readable form."""
        return self.label or self.name.replace("_", " ")

    def check(self, value: Any) -> Any:
        """The value in its canonical form; ValueError or TypeError names what is allowed."""
        raise NotImplementedError

    def clip(self, value: Any) -> Any:
        """The allowed value nearest to a value that another state left behind."""
        try:
            return self.check(value)
        except (TypeError, ValueError):
            return self.value

    def values(self) -> tuple:
        """The values that a test drives: minimum, middle, maximum."""
        raise NotImplementedError

    def as_state(self, value: Any) -> dict:
        """One value of this control as a piece of a state."""
        return {self.name: value}

    def from_state(self, state: dict) -> Any:
        """This control's value in a state."""
        return state[self.name]

    def says(self, value: Any) -> str:
        """One value in words, for the static picture."""
        return str(value)


@dataclass(frozen=True)
class Slider(Control):
    """A number from `low` to `high` in steps; whole numbers where low, high and step are whole.

    `unit` stands behind the label ("px"). Raises TypeError or ValueError where the numbers make no slider or
    the start value is not on it.

    >>> Slider("patch_size", 8, 64, step=4, unit="px").values()
    (8, 36, 64)
    """

    name: str
    low: float
    high: float
    step: float = 1
    value: float | None = None
    unit: str = ""
    label: str = ""

    def __post_init__(self):
        _check_name(self.name)
        for end in ("low", "high", "step"):
            number = check_number(
                f"{end} of Slider {self.name!r}", getattr(self, end), above=0 if end == "step" else None
            )
            # NumPy's numbers would not fit into JSON.
            object.__setattr__(self, end, int(number) if isinstance(number, Integral) else float(number))
        if self.low > self.high:
            raise ValueError(
                complaint(f"low of Slider {self.name!r}", f"at most high ({self.high})", self.low)
            )
        object.__setattr__(self, "value", self.check(self.low if self.value is None else self.value))

    @property
    def whole(self) -> bool:
        """Whether the slider holds whole numbers."""
        return all(isinstance(number, int) for number in (self.low, self.high, self.step))

    @property
    def count(self) -> int:
        """How many positions it has."""
        return int(math.floor((self.high - self.low) / self.step + 1e-9)) + 1

    def at(self, position: int) -> float:
        """The number at a position, counted from 0."""
        number = self.low + position * self.step
        return number if self.whole else round(number, 10)

    def check(self, value):
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(complaint(self.name, self._allowed(), described(value)))
        position = (value - self.low) / self.step
        place = round(position) if math.isfinite(position) else -1
        if not 0 <= place < self.count or abs(position - place) > 1e-6:
            raise ValueError(complaint(self.name, self._allowed(), value))
        return self.at(place)

    def clip(self, value):
        if isinstance(value, bool) or not isinstance(value, Real) or math.isnan(value):
            return self.value
        position = min(max(value, self.low), self.high) - self.low
        return self.at(min(round(position / self.step), self.count - 1))

    def values(self) -> tuple:
        return _distinct(self.at(0), self.at((self.count - 1) // 2), self.at(self.count - 1))

    def says(self, value) -> str:
        return f"{value:g} {self.unit}".strip()

    def _allowed(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        steps = "" if self.step == 1 else f" in steps of {self.step:g}"
        return f"{kind} from {self.low:g} to {self.at(self.count - 1):g}{steps}"


@dataclass(frozen=True)
class Choice(Control):
    """One of several options: texts, numbers, or truth values, all different.

    `labels`: what the student reads for each option, if not the option itself. `slider`: shown as a slider
    over the options (for steps that are not equal, such as 1, 2, 4, 8). Raises ValueError for no or equal
    options, another number of labels, or a start value that is none of them.

    >>> Choice("layer", ("conv1", "conv2")).value
    'conv1'
    """

    name: str
    options: tuple
    value: object = None
    label: str = ""
    labels: tuple[str, ...] = ()
    slider: bool = False

    def __post_init__(self):
        _check_name(self.name)
        if isinstance(self.options, str):
            raise TypeError(complaint(f"options of Choice {self.name!r}", "a list", described(self.options)))
        object.__setattr__(self, "options", tuple(self.options))
        object.__setattr__(self, "labels", tuple(map(str, self.labels)))
        for option in self.options:
            if not isinstance(option, (str, int, float)):
                raise TypeError(
                    complaint(
                        f"options of Choice {self.name!r}", "texts or numbers, as JSON has", described(option)
                    )
                )
        if not self.options or len(set(self.options)) < len(self.options):
            raise ValueError(complaint(f"options of Choice {self.name!r}", "different ones", self.options))
        if self.labels and len(set(self.labels)) != len(self.options):
            count = f"{len(self.options)} different ones, as many as options"
            raise ValueError(complaint(f"labels of Choice {self.name!r}", count, self.labels))
        object.__setattr__(self, "value", self.options[0] if self.value is None else self.check(self.value))

    @property
    def shown(self) -> tuple[str, ...]:
        """What the student reads, option by option."""
        return self.labels or tuple(map(str, self.options))

    def check(self, value):
        for option in self.options:
            # 1 == True in Python, but they are two different answers of a student.
            if option == value and isinstance(option, bool) == isinstance(value, bool):
                return option
        near = nearest(str(value), map(str, self.options))
        shown = ", ".join(map(repr, self.options[:12])) + (", ..." if len(self.options) > 12 else "")
        hint = f"nearest: {', '.join(near)}" if near else ""
        raise ValueError(complaint(self.name, f"one of {shown}", repr(value), hint))

    def values(self) -> tuple:
        return _distinct(self.options[0], self.options[(len(self.options) - 1) // 2], self.options[-1])

    def says(self, value) -> str:
        return self.shown[self.options.index(value)]


@dataclass(frozen=True)
class Toggle(Control):
    """Yes or no.

    >>> Toggle("signed").values()
    (False, True)
    """

    name: str
    value: bool = False
    label: str = ""

    def __post_init__(self):
        _check_name(self.name)
        self.check(self.value)

    def check(self, value):
        if not isinstance(value, bool):
            raise TypeError(complaint(self.name, "True or False", described(value)))
        return value

    def values(self) -> tuple:
        return (False, True)

    def says(self, value) -> str:
        return "yes" if value else "no"


@dataclass(frozen=True)
class Upload(Control):
    """A file of the student's own: its bytes, or None before one is chosen.

    `accept`: what the file dialog offers. The bytes stay out of presets and of `Explorable.state`.

    >>> from lecturelib.widgets import Upload
    >>> Upload("photo").says(b"the bytes of a file")
    'own file'
    """

    name: str
    accept: str = "image/*"
    label: str = ""
    value: None = None

    def __post_init__(self):
        _check_name(self.name)

    def check(self, value):
        if value is not None and not isinstance(value, bytes):
            raise TypeError(complaint(self.name, "the bytes of a file, or None", described(value)))
        return value

    def values(self) -> tuple:
        return (None,)

    def says(self, value) -> str:
        return "none" if value is None else "own file"


@dataclass(frozen=True)
class Pointer(Control):
    """A place in the picture: mouse, touch, or arrow keys while the picture has the focus.

    Sets two numbers of the state, `x` (from the left) and `y` (from the top), in fractions from 0 to 1 of the
    picture, or of panel number `panel` where it is composed of several (`Picture.panels`). `step`: how far an arrow
    key moves, with Shift five times as far. `hover`: follow the mouse without a button pressed.

    >>> from lecturelib.widgets import Pointer
    >>> Pointer().as_state((0.25, 0.5))
    {'x': 0.25, 'y': 0.5}
    """

    x: str = "x"
    y: str = "y"
    value: tuple[float, float] = (0.5, 0.5)
    step: float = 0.02
    panel: int | None = None
    hover: bool = False
    label: str = "place in the picture"

    def __post_init__(self):
        _check_name(self.x)
        _check_name(self.y)
        if self.x == self.y:
            raise ValueError(complaint("x and y of Pointer", "two names", f"{self.x!r} twice"))
        check_number("step of Pointer", self.step, above=0, most=0.5)
        object.__setattr__(self, "value", self.check(self.value))

    @property
    def name(self) -> str:
        return f"{self.x}, {self.y}"

    @property
    def names(self) -> tuple[str, ...]:
        return (self.x, self.y)

    def check(self, value):
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise TypeError(complaint(self.name, "two numbers from 0 to 1", described(value)))
        for name, share in zip(self.names, value, strict=True):
            check_number(f"{name} (a fraction of the picture)", share, least=0, most=1)
        return tuple(map(float, value))

    def clip(self, value):
        try:
            x, y = (min(max(float(share), 0.0), 1.0) for share in value)
        except (TypeError, ValueError):
            return self.value
        return self.value if math.isnan(x) or math.isnan(y) else (x, y)

    def values(self) -> tuple:
        return ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0))

    def as_state(self, value) -> dict:
        return dict(zip(self.names, value, strict=True))

    def from_state(self, state: dict):
        return (state[self.x], state[self.y])

    def says(self, value) -> str:
        return f"{value[0]:.0%} from the left, {value[1]:.0%} from the top"


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(complaint("name of a control", "a name such as 'patch_size'", described(name)))


def _distinct(*values) -> tuple:
    return tuple(dict.fromkeys(values))
