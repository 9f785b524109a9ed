"""Controls as plain data: what may be set, to which values; how they look is `live.py`'s part.

Every control has `names` (its keys in the state), `value` (the start), `check(value)` (the value, or an error
with the allowed ones), `clip(value)` (the nearest allowed one) and `values()` (minimum, middle, maximum).
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from numbers import Integral, Real


class Control:
    """What all controls share; `value` is the start, `label` the words beside it."""

    name: str
    label: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The keys of this control in the state."""
        return (self.name,)

    @property
    def words(self) -> str:
        """The label, or the name in readable form."""
        return self.label or self.name.replace("_", " ")

    def check(self, value):
        """The value in its canonical form; ValueError or TypeError names what is allowed."""
        raise NotImplementedError

    def clip(self, value):
        """The allowed value nearest to a value that another state left behind."""
        try:
            return self.check(value)
        except (TypeError, ValueError):
            return self.value

    def values(self) -> tuple:
        """The values that a test drives: minimum, middle, maximum."""
        raise NotImplementedError

    def as_state(self, value) -> dict:
        """One value of this control as a piece of a state."""
        return {self.name: value}

    def from_state(self, state: dict):
        """This control's value in a state."""
        return state[self.name]

    def says(self, value) -> str:
        """One value in words, for the static picture."""
        return str(value)


@dataclass(frozen=True)
class Slider(Control):
    """A number from `low` to `high` in steps; whole numbers where low, high and step are whole.

    `unit` stands behind the label ("px"). Raises TypeError or ValueError where the numbers make no slider or
    the start value is not on it.
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
        for part in ("low", "high", "step"):
            number = getattr(self, part)
            if isinstance(number, bool) or not isinstance(number, Real) or not math.isfinite(number):
                raise TypeError(f"Slider {self.name!r}: {part} must be a finite number, got {number!r}")
            # NumPy's numbers would not fit into JSON.
            object.__setattr__(self, part, int(number) if isinstance(number, Integral) else float(number))
        if self.low > self.high or self.step <= 0:
            raise ValueError(
                f"Slider {self.name!r}: low must not exceed high and step must be above 0; got low={self.low}, "
                f"high={self.high}, step={self.step}"
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
            raise TypeError(f"{self.name}={value!r}: {self._allowed()}, not {type(value).__name__}")
        position = (value - self.low) / self.step
        nearest = round(position) if math.isfinite(position) else -1
        if not 0 <= nearest < self.count or abs(position - nearest) > 1e-6:
            raise ValueError(f"{self.name}={value!r}: {self._allowed()}")
        return self.at(nearest)

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
        return f"{kind} from {self.low:g} to {self.at(self.count - 1):g}{steps} is needed"


@dataclass(frozen=True)
class Choice(Control):
    """One of several options: texts, numbers, or truth values, all different.

    `labels`: what the student reads for each option, if not the option itself. `slider`: shown as a slider
    over the options (for steps that are not equal, such as 1, 2, 4, 8). Raises ValueError for no or equal
    options, another number of labels, or a start value that is none of them.
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
            raise TypeError(f"Choice {self.name!r}: options must be a list, got the text {self.options!r}")
        object.__setattr__(self, "options", tuple(self.options))
        object.__setattr__(self, "labels", tuple(map(str, self.labels)))
        for option in self.options:
            if not isinstance(option, (str, int, float)):
                raise TypeError(
                    f"Choice {self.name!r}: options are texts or numbers, so that a state fits into JSON; "
                    f"got {option!r}"
                )
        if not self.options or len(set(self.options)) < len(self.options):
            raise ValueError(f"Choice {self.name!r}: needs options, all different; got {self.options}")
        if self.labels and len(set(self.labels)) != len(self.options):
            raise ValueError(
                f"Choice {self.name!r}: {len(self.options)} options need as many different labels, "
                f"got {self.labels}"
            )
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
        near = difflib.get_close_matches(str(value), map(str, self.options), n=3, cutoff=0.5)
        meant = f" (did you mean {' or '.join(near)}?)" if near else ""
        shown = ", ".join(map(repr, self.options[:12])) + (", ..." if len(self.options) > 12 else "")
        raise ValueError(f"{self.name}={value!r}: choose one of {shown}{meant}")

    def values(self) -> tuple:
        return _distinct(self.options[0], self.options[(len(self.options) - 1) // 2], self.options[-1])

    def says(self, value) -> str:
        return self.shown[self.options.index(value)]


@dataclass(frozen=True)
class Toggle(Control):
    """Yes or no."""

    name: str
    value: bool = False
    label: str = ""

    def __post_init__(self):
        _check_name(self.name)
        self.check(self.value)

    def check(self, value):
        if not isinstance(value, bool):
            raise TypeError(f"{self.name}={value!r}: True or False is needed, not {type(value).__name__}")
        return value

    def values(self) -> tuple:
        return (False, True)

    def says(self, value) -> str:
        return "yes" if value else "no"


@dataclass(frozen=True)
class Upload(Control):
    """A file of the student's own: its bytes, or None before one is chosen.

    `accept`: what the file dialog offers. The bytes stay out of presets and of `Explorable.state`.
    """

    name: str
    accept: str = "image/*"
    label: str = ""
    value: None = None

    def __post_init__(self):
        _check_name(self.name)

    def check(self, value):
        if value is not None and not isinstance(value, bytes):
            raise TypeError(
                f"{self.name}: the bytes of a file, or None, are needed; got {type(value).__name__}"
            )
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
            raise ValueError(f"Pointer: x and y need two names, got {self.x!r} twice")
        if not 0 < self.step <= 0.5:
            raise ValueError(f"Pointer: step={self.step} must lie above 0 and at most at 0.5")
        object.__setattr__(self, "value", self.check(self.value))

    @property
    def name(self) -> str:
        return f"{self.x}, {self.y}"

    @property
    def names(self) -> tuple[str, ...]:
        return (self.x, self.y)

    def check(self, value):
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise TypeError(f"{self.name}={value!r}: two numbers from 0 to 1 are needed")
        for name, part in zip(self.names, value, strict=True):
            if isinstance(part, bool) or not isinstance(part, Real):
                raise TypeError(f"{name}={part!r}: a number from 0 to 1 is needed, not {type(part).__name__}")
            if not 0 <= part <= 1:
                raise ValueError(
                    f"{name}={part!r}: a number from 0 to 1 is needed, a fraction of the picture"
                )
        return tuple(map(float, value))

    def clip(self, value):
        try:
            x, y = (min(max(float(part), 0.0), 1.0) for part in value)
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
        raise ValueError(f"control name {name!r}: needs a name such as 'patch_size'")


def _distinct(*values) -> tuple:
    return tuple(dict.fromkeys(values))
