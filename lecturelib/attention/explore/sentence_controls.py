"""What the explorables of part 7 share: sentences, the shipped translators, what was picked."""

from __future__ import annotations

from functools import lru_cache

from lecturelib.attention.tokenizer import LONGEST
from lecturelib.attention.translators import Translation, shipped, translator
from lecturelib.attention.views import keys
from lecturelib.widgets import Choice, RegionPicker, TextBox

KINDS = {
    "transformer": "Transformer",
    "attention": "recurrent, with attention",
    "fixed": "recurrent, one vector",
}
SENTENCES = (
    "She has a red car.",
    "I don't know where the black cat sleeps.",
    "The white house was built a long time ago.",
)


def sentence_control(*sentences: str, label: str = "an English sentence", longest: int = 300) -> TextBox:
    """A sentence to type, with others as examples."""
    first, *others = sentences or SENTENCES
    return TextBox("sentence", first, tuple(others), longest, label)


def translator_control(*names: str) -> Choice:
    """One of the shipped translators among some names."""
    here = [name for name in names if name in shipped()] or list(names)
    return Choice("translator", tuple(here), labels=tuple(KINDS[name] for name in here))


def words_control() -> RegionPicker:
    """Any row or column of a picture of words, by mouse or keyboard."""
    return RegionPicker(keys(LONGEST, LONGEST), hover=True, label="words of the picture")


def inside(picked: str, rows: int, columns: int) -> str:
    """What is picked, or "" where the sentence has no such word any more."""
    return picked if picked in keys(rows, columns) else ""


@lru_cache(maxsize=64)
def translated(sentence: str, name: str, width: int = 1) -> Translation:
    """A translation, remembered, so that pointing at a word does not translate again."""
    return translator(name).translate(sentence, width)


def said(found: Translation) -> str:
    """The translation in the caption's words."""
    return f"“{found.sentence}” → “{found.text}”"


def warned(found: Translation) -> str:
    """How what was read differs from what was typed, and what to beware of: the end of a caption, or ""."""
    return "".join(f" {note}" for note in found.notes)
