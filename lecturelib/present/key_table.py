"""The keys of the slides: `keys.json` of the extension is the one table, here it is read and written as Markdown.

Both decks take their keys from it, and `python -m lecturelib.present.key_table FILE ...` writes it into the files that
show it, between their marks.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from lecturelib.files import write_whole

HERE = Path(__file__).resolve().parent
TABLE = HERE / "labextensions" / "lecturelib-present" / "keys.json"
_MARKS = ("<!-- keys: made from keys.json -->", "<!-- end of keys -->")
_PLAIN = {"·", "…"}  # what stands between keys


@dataclass(frozen=True)
class KeyRow:
    """One row: keys as they are shown, what they do, the action of each, and whether the HTML file has them, too."""

    shown: str
    words: str
    keys: dict[str, str]
    file: bool = False


def key_table() -> list[KeyRow]:
    """The rows of the table, in order.

    >>> key_table()[0].shown, key_table()[0].keys["ArrowRight"]
    ('→ ←', 'next')
    """
    return [KeyRow(**row) for row in json.loads(TABLE.read_text(encoding="utf-8"))]


def as_markdown(rows: list[KeyRow] | None = None) -> str:
    """The table in Markdown, with a mark where the HTML file knows the keys, too.

    >>> print(as_markdown(key_table()[:1]))
    | key | what it does | HTML file |
    |---|---|---|
    | `→` `←` | next and previous step | yes |
    """
    lines = ["| key | what it does | HTML file |", "|---|---|---|"]
    for row in key_table() if rows is None else rows:
        keys = " ".join(key if key in _PLAIN else f"`{key}`" for key in row.shown.split())
        lines.append(f"| {keys} | {row.words} | {'yes' if row.file else ''} |")
    return "\n".join(lines)


def with_table(text: str) -> str:
    """A text whose table of keys, between its marks, is that of `keys.json`; as it is where it has no marks."""
    begin, end = _MARKS
    made = f"{begin}\n{as_markdown()}\n{end}"
    return re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: made, text, flags=re.DOTALL)


def of_file() -> dict[str, str]:
    """The keys that the HTML file knows, each with its action.

    >>> of_file()["PageDown"]
    'onward'
    """
    return {key: action for row in key_table() if row.file for key, action in row.keys.items()}


def main(names: list[str]) -> None:
    """Writes the table into files."""
    for name in names:
        path = Path(name)
        write_whole(path, with_table(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main(sys.argv[1:])
