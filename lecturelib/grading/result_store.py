"""Results under the address of what they follow from: submission, pack, limits and the grader's version.

Each is written whole or not at all, so a run that was stopped goes on where it was, and doing a submission twice
does no harm.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from lecturelib.files import write_whole
from lecturelib.grading.limits import Limits
from lecturelib.grading.packs import grader_version


def address(submission: bytes, pack: bytes, limits: Limits) -> str:
    """The address of a result: 64 hexadecimal digits.

    >>> len(address(b"", b"", Limits()))
    64
    """
    digest = hashlib.sha256(grader_version().encode())
    for part in (submission, pack, json.dumps(limits.as_data(), sort_keys=True).encode()):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def stored(folder: Path, name: str) -> bytes | None:
    """The result at an address, or None where there is no whole one."""
    try:
        data = (folder / f"{name}.json").read_bytes()
        return data if isinstance(json.loads(data), dict) else None
    except (OSError, ValueError):
        return None


def store(folder: Path, name: str, result: bytes) -> None:
    """Write a result under its address; one that is no verdict (`ungraded`) is not kept, so it is tried again."""
    if not has_ungraded(json.loads(result)):
        write_whole(folder / f"{name}.json", result)


def has_ungraded(result: dict[str, Any]) -> bool:
    """Whether an exercise of a result was not graded through a fault that is not the submission's.

    >>> has_ungraded({"exercises": [{"status": "ungraded"}]})
    True
    """
    return any(each["status"] == "ungraded" for each in result["exercises"])
