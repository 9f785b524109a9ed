"""How much one answer may use: time, memory, processes, files; and what the statuses mean."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from lecturelib.checks import check_number, check_whole

STATUSES = {
    "ok": "all points",
    "partial": "some of the points",
    "wrong": "no points: another answer was expected",
    "error": "the code raised an error",
    "timeout": "the time was over",
    "memory": "more memory or disk than allowed",
    "crashed": "the process ended before it answered",
    "malformed": "the file could not be read",
    "missing": "there is no answer to this exercise",
    "tampered": "something other than an answer came",
    "ungraded": "the grader failed, not the submission",
}


@dataclass(frozen=True)
class Limits:
    """What one answer may use. Times are per case, in seconds; sizes in megabytes (10^6 bytes).

    `cpu` is the time of all processes of the jail, `wall` the time on the clock, for what sleeps: it is the larger
    one, so that a busy machine costs nobody marks. `start` is the time for the jail to start, `memory` the address
    space of one process, `memory_sum` what all processes may have together, `disk` each of the two scratch folders.

    >>> Limits(cpu=2).wall
    30
    """

    cpu: float = 10
    wall: float = 30
    start: float = 60
    memory: int = 2000
    memory_sum: int = 3000
    disk: int = 64
    files: int = 20_000
    processes: int = 64

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ("cpu", "wall", "start"):
                check_number(field.name, value, above=0, most=86_400)
            else:
                check_whole(field.name, value, 1)

    def for_seconds(self, seconds: float) -> Limits:
        """These limits for an exercise that says how long an answer may take: twice that, and no less, of CPU time.

        >>> Limits(cpu=5).for_seconds(20).cpu
        40
        """
        cpu = max(self.cpu, 2 * seconds) if seconds > 5 else self.cpu
        return replace(self, cpu=cpu, wall=self.wall * cpu / self.cpu)

    def as_data(self) -> dict[str, Any]:
        """The limits as a plain dict.

        >>> Limits().as_data()["processes"]
        64
        """
        return asdict(self)
