"""Words of strangers made harmless, and what a student may read of a hidden case."""

from __future__ import annotations

import builtins
import re
import unicodedata
from collections.abc import Mapping

from lecturelib.exercises.marking import CaseMark

MOST = 500
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
_PLACES = re.compile(r"(?:/[\w.+-]+){2,}")
SENTENCES = {
    "wrong": "Another answer was expected in a hidden case.",
    "partial": "A hidden case gave a part of its points.",
    "error": "Your code raised an error in a hidden case.",
    "timeout": "No answer came in time in a hidden case.",
    "memory": "Your code used more memory or disk than allowed in a hidden case.",
    "crashed": "The process ended before it answered in a hidden case.",
    "malformed": "What came back in a hidden case is not numbers, texts, lists, dicts, arrays or tensors.",
}


def visible(text: str) -> str:
    """A text on one line, without control and direction characters.

    >>> visible("ana\\u202e\\nbo")
    'ana bo'
    """
    hidden = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    return " ".join("".join(" " if unicodedata.category(each) in hidden else each for each in text).split())


def plain_words(text: str, most: int = MOST) -> str:
    """A stranger's text, visible, without addresses of memory and paths, at most 500 characters long.

    >>> plain_words("bad\\x1b[31m <f at 0x7f12ab34>")
    'bad [31m <f at 0x...>'
    """
    text = _ADDRESS.sub("0x...", visible(text))
    text = _PLACES.sub(lambda found: ".../" + found.group().rsplit("/", 1)[1], text)
    return text if len(text) <= most else text[: most - 3] + "..."


def hidden_message(got: CaseMark, messages: Mapping[str, str], suggests: str) -> str:
    """What is told of a hidden case: words of the exercise's author, or a fixed sentence with the type of an error.

    >>> hidden_message(CaseMark("k", False, "error", 0, 1, "ValueError: the input was [3, 4]"), {}, "")
    'Your code raised an error in a hidden case (ValueError).'
    """
    if got.status == "ok":
        return ""
    if got.mistake in messages:
        return plain_words(messages[got.mistake])
    if got.status in ("wrong", "partial") and suggests:
        return plain_words(suggests)
    sentence = SENTENCES.get(got.status, "A hidden case was not passed.")
    kind = got.message.partition(":")[0]
    known = isinstance(getattr(builtins, kind, None), type) and issubclass(
        getattr(builtins, kind), BaseException
    )
    return f"{sentence[:-1]} ({kind})." if got.status == "error" and known else sentence
