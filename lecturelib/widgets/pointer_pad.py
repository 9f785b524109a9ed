"""The control that lets a student draw into the picture."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

from lecturelib.checks import check_whole, complaint, described
from lecturelib.widgets.controls import Control, _check_name, _distinct


@dataclass(frozen=True)
class PointerPad(Control):
    """A drawing in the picture: with the mouse or a finger, or by arrow keys (a pen) and Space (puts it down).

    Its value is an array as plain data, `side` rows of `side` whole numbers from 0 (black) to 255 (white ink), and
    fits into JSON. It is drawn into panel number `panel` of a composed picture (`Picture.panels`), a square that
    shows nothing but the drawing. `guide`: side of a thin frame in its middle, in pixels of the drawing, 0 for none.
    `value`: the start, nothing drawn if not given. Raises TypeError or ValueError for another array.

    >>> PointerPad("digit", side=4).says([[255] * 4] * 4)
    'ink on 16 of 16 pixels'
    """

    name: str
    side: int = 28
    value: tuple[tuple[int, ...], ...] | None = None
    panel: int | None = None
    guide: int = 0
    label: str = "draw here"

    def __post_init__(self):
        _check_name(self.name)
        for what, least, most in (("side", 4, 128), ("guide", 0, self.side)):
            check_whole(f"{what} of PointerPad {self.name!r}", getattr(self, what), least, most)
        object.__setattr__(self, "value", self.blank if self.value is None else self.check(self.value))

    @property
    def blank(self) -> tuple[tuple[int, ...], ...]:
        """Nothing drawn."""
        return ((0,) * self.side,) * self.side

    def check(self, value):
        listed = value.tolist() if hasattr(value, "tolist") else value
        expected = f"{self.side} rows of {self.side} whole numbers from 0 to 255"
        if not isinstance(listed, (tuple, list)) or not all(isinstance(row, (tuple, list)) for row in listed):
            raise TypeError(complaint(self.name, expected, described(value)))
        if {len(listed), *map(len, listed)} != {self.side}:
            came = f"{len(listed)} rows of {len(listed[0]) if listed else 0}"
            raise ValueError(complaint(self.name, expected, came))
        for number in (number for row in listed for number in row):
            if isinstance(number, bool) or not isinstance(number, Integral) or not 0 <= number <= 255:
                raise ValueError(complaint(self.name, expected, f"{number!r} among them"))
        return tuple(tuple(map(int, row)) for row in listed)

    def values(self) -> tuple:
        return _distinct(self.blank, self.value, ((255,) * self.side,) * self.side)

    def says(self, value) -> str:
        inked = sum(number > 127 for row in value for number in row)
        return f"ink on {inked} of {self.side**2} pixels" if inked else "nothing drawn"
