"""What a student has done so far: `progress.json` in the user's own data folder; no account, nothing is sent.

`LECTURELIB_PROGRESS` names another folder. A damaged file is put aside and said so; a file that cannot be written
stops nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lecturelib.files import FileError, write_whole

FOLDER = "LECTURELIB_PROGRESS"
NAME = "progress.json"
_ORDER = ("not attempted", "error", "timeout", "wrong", "partial", "ok")


def progress_file() -> Path:
    """The file that keeps what was done.

    >>> progress_file().name
    'progress.json'
    """
    chosen = os.environ.get(FOLDER)
    if chosen:
        return Path(chosen).expanduser().absolute() / NAME
    import platformdirs

    return platformdirs.user_data_path("lecturelib", appauthor=False) / NAME


def read_record() -> tuple[dict[str, Any], str]:
    """What was done, {"exercises": ..., "quizzes": ...}, and a sentence where the file could not be read."""
    path = progress_file()
    empty: dict[str, Any] = {"version": 1, "exercises": {}, "quizzes": {}}
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return empty, ""
    except (OSError, UnicodeDecodeError) as error:
        return empty, _put_aside(path, error)
    try:
        found = json.loads(text)
        for name in ("exercises", "quizzes"):
            if not all(isinstance(each, dict) for each in found[name].values()):
                raise ValueError(f"{name} is not as it was written")
        return {**empty, **found}, ""
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return empty, _put_aside(path, error)


def _put_aside(path: Path, error: Exception) -> str:
    aside = path.with_name("progress.damaged.json")
    try:
        os.replace(path, aside)
    except OSError:
        return f"{path} cannot be read ({type(error).__name__})"
    return f"{path.name} was damaged: it is kept as {aside.name}, and a new one is begun"


def _change(work: Callable[[dict[str, Any]], None]) -> str:
    """Read, change and write whole, one process at a time; a sentence where that failed, "" where not."""
    import filelock

    path = progress_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(path.with_name(f"{NAME}.lock"), timeout=2):
            record, said = read_record()
            work(record)
            write_whole(path, json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
            return said
    except (FileError, OSError, filelock.Timeout) as error:
        return f"your progress could not be kept ({error or type(error).__name__})"


def record_exercise(name: str, status: str, points: float, out_of: float) -> str:
    """Keep the result of a check, the best so far and the number of tries; "" or a sentence on what went wrong."""

    def work(record: dict[str, Any]) -> None:
        kept = record["exercises"].setdefault(name, {})
        kept["tries"] = _whole(kept.get("tries")) + (status != "not attempted")
        better = (_rank(status), points) >= (_rank(kept.get("status")), kept.get("points") or 0)
        if better or kept.get("out_of") != out_of:
            kept.update(status=status, points=points, out_of=out_of)

    return _change(work)


def record_hint(name: str, count: int) -> str:
    """Keep how many hints of an exercise were shown."""

    def work(record: dict[str, Any]) -> None:
        kept = record["exercises"].setdefault(name, {})
        kept["hints"] = max(_whole(kept.get("hints")), count)

    return _change(work)


def record_answer(title: str, number: int, total: int, right: bool) -> str:
    """Keep an answer to a question of a quiz: once right, it stays so.

    Raises TypeError or ValueError for another type, or a number that the quiz does not have.
    """
    from lecturelib.checks import check_whole, complaint, described

    if not isinstance(title, str) or not isinstance(right, bool):
        raise TypeError(complaint("title and right", "a text, and True or False", described((title, right))))
    check_whole("total", total, 1, 200)
    check_whole("number", number, 1, total)

    def work(record: dict[str, Any]) -> None:
        kept = record["quizzes"].setdefault(title[:100], {})
        kept["total"] = total
        for place, done in (("right", right), ("tried", True)):
            numbers = {each for each in kept.get(place, []) if isinstance(each, int) and each <= total}
            kept[place] = sorted(numbers | {number}) if done else sorted(numbers)

    return _change(work)


def _rank(status: object) -> int:
    return _ORDER.index(status) if status in _ORDER else 0


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
