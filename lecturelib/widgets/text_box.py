"""The control that lets a student type a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from lecturelib.checks import complaint, described
from lecturelib.show.text_metrics import one_line, prepared_text
from lecturelib.widgets.controls import Control, _check_name, _distinct


@dataclass(frozen=True)
class TextBox(Control):
    """A sentence that the student types; the picture follows every key.

    `examples`: other sentences, for presets and tests. Longer than `longest` characters it is cut; control characters,
    which a pasted text may hold, become U+FFFD. An empty one is allowed, so that another can be typed: what it means is
    for `render` to say. Raises TypeError for no text.

    >>> TextBox("sentence", "I sleep.").clip("I eat.\\r\\nYou sleep.")
    'I eat.\\nYou sleep.'
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
            raise TypeError(complaint(self.name, "a text", described(value)))
        text = prepared_text(value)
        if len(text) > self.longest:
            raise ValueError(
                complaint(self.name, f"at most {self.longest} characters", str(len(text)), "shorten it")
            )
        return text

    def clip(self, value):
        return prepared_text(value)[: self.longest] if isinstance(value, str) else self.value

    def values(self) -> tuple:
        return _distinct(self.value, *self.examples)

    def says(self, value) -> str:
        return f"“{one_line(value)}”"
