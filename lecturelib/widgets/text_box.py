"""The control that lets a student type a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from lecturelib.widgets.controls import Control, _check_name, _distinct


@dataclass(frozen=True)
class TextBox(Control):
    """A sentence that the student types; the picture follows every key.

    `examples`: other sentences, for presets and for who tests. Longer than `longest` signs it is cut. An empty one is
    allowed here, so that another can be typed: what it means is for `render` to say. Raises TypeError for no text.
    """

    name: str
    value: str = ""
    examples: tuple[str, ...] = ()
    longest: int = 400
    label: str = ""

    def __post_init__(self):
        _check_name(self.name)
        object.__setattr__(self, "examples", tuple(self.examples))
        for text in (self.value, *self.examples):
            self.check(text)

    def check(self, value):
        if not isinstance(value, str):
            raise TypeError(f"{self.name}={value!r}: a text is needed, not {type(value).__name__}")
        if len(value) > self.longest:
            raise ValueError(
                f"{self.name}: at most {self.longest} signs are taken, got {len(value)}: shorten the text"
            )
        return value

    def clip(self, value):
        return value[: self.longest] if isinstance(value, str) else self.value

    def values(self) -> tuple:
        return _distinct(self.value, *self.examples)

    def says(self, value) -> str:
        return f"“{value}”"
