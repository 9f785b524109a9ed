"""The control that lets a student pick regions of a picture, and open those that hold others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lecturelib.checks import complaint, described, nearest
from lecturelib.widgets.controls import Choice, Control, _check_name, _distinct


@dataclass(frozen=True)
class RegionPicker(Control):
    """The regions of the picture itself: one is picked, and those that hold others are opened and closed.

    The picture says where its regions lie (`Picture.regions`); mouse, or arrow keys and Enter while one has the focus.
    Sets two values of the state: `picked`, the key of a region or "", and `opened`, a tuple of keys. `keys`: those
    there are; keys that another state left behind are dropped. `hover`: the mouse picks without a click. `chooses`:
    instead, the keys are options of the Choice of that name, as text; a region sets it, and no value of its own. Raises
    ValueError or TypeError for a key that is none of them.

    >>> RegionPicker(("layer1", "fc")).clip(("fc", ["layer1", "gone"]))
    ('fc', ('layer1',))
    """

    keys: tuple[str, ...]
    picked: str = "picked"
    opened: str = "opened"
    value: tuple[str, tuple[str, ...]] = ("", ())
    label: str = "regions of the picture"
    hover: bool = False
    chooses: str = ""

    def __post_init__(self):
        _check_name(self.picked)
        _check_name(self.opened)
        object.__setattr__(self, "keys", tuple(dict.fromkeys(self.keys)))
        object.__setattr__(self, "value", self.check(self.value))

    @property
    def name(self) -> str:
        return f"regions of {self.chooses}" if self.chooses else f"{self.picked}, {self.opened}"

    @property
    def names(self) -> tuple[str, ...]:
        return () if self.chooses else (self.picked, self.opened)

    def check(self, value):
        if not isinstance(value, (tuple, list)) or len(value) != 2 or not isinstance(value[1], (tuple, list)):
            raise TypeError(complaint(self.name, "the key of a region and a list of keys", described(value)))
        picked, opened = value[0], tuple(dict.fromkeys(value[1]))
        for key in (picked, *opened) if picked != "" else opened:
            if key not in self.keys:
                near = nearest(str(key), self.keys)
                hint = f"nearest: {', '.join(near)}" if near else ""
                raise ValueError(complaint(self.name, "regions of the picture", repr(key), hint))
        return picked, opened

    def clip(self, value):
        try:
            picked, opened = value
            kept = tuple(key for key in dict.fromkeys(opened) if key in self.keys)
            return (picked if picked in self.keys else "", kept)
        except (TypeError, ValueError):
            return self.value

    def values(self) -> tuple:
        return _distinct(("", ()), self.value, (self.keys[-1] if self.keys else "", self.keys))

    def as_state(self, value) -> dict:
        return {} if self.chooses else dict(zip(self.names, value, strict=True))

    def from_state(self, state: dict):
        return ("", ()) if self.chooses else (state[self.picked], state[self.opened])

    def pressed(self, key: str, toggle: bool, controls: dict[str, Control], state: dict) -> dict:
        """What a region that is pressed changes in a state; `toggle`: it is opened or closed."""
        if self.chooses:
            choice = controls[self.chooses]
            options = choice.options if isinstance(choice, Choice) else ()
            found = [option for option in options if str(option) == key]
            return {self.chooses: found[0]} if found else {}
        opened = self.from_state(state)[1]
        if toggle:
            opened = tuple(k for k in opened if k != key) if key in opened else (*opened, key)
        return self.as_state((key, opened))

    def says(self, value) -> str:
        return (
            f"each sets {self.chooses}"
            if self.chooses
            else f"{value[0] or 'none'} picked, {len(value[1])} opened"
        )


@dataclass(frozen=True)
class Kept(Control):
    """A value of the state that nobody sets by hand: where an explorable's `follow` keeps what was meant.

    `value`: the start, of the same type as all others. Raises TypeError for another type.

    >>> Kept("pointed_in", ()).check((30, 0))
    (30, 0)
    """

    name: str
    value: Any
    label: str = ""

    def check(self, value):
        if isinstance(value, list) and isinstance(self.value, tuple):
            value = tuple(value)  # as JSON brings it
        if not isinstance(value, type(self.value)):
            raise TypeError(complaint(self.name, type(self.value).__name__, described(value)))
        return value

    def values(self) -> tuple:
        return (self.value,)
