"""How many cores a container really has, and no more threads than that.

PyTorch starts one thread for each core that it sees. A container on a hub sees all cores of its machine and may use two
of them: the threads then wait for one another, and a pass takes many times longer. The quota stands in the control
group's files (Linux kernel documentation, "Control Group v2", cpu.max).
"""

from __future__ import annotations

import math
import os
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
CHOSEN = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")  # somebody has decided


def cpu_quota(root: str | Path = ROOT) -> float | None:
    """The cores that this process may use by its control group (2.5 is two and a half), None without a limit.

    `root`: where the control groups are mounted. The smallest quota from the process's own group up to the root counts;
    files that cannot be read are no limit.

    >>> cpu_quota("/nowhere") is None
    True
    """
    root = Path(root)
    own = _own_group()
    groups = [root / part for part in (own, *own.parents)]
    found = [quota for group in groups if (quota := _quota_of(group)) is not None]
    return min(found, default=None)


def respect_cpu_quota(root: str | Path = ROOT) -> int:
    """Let PyTorch use no more threads than the quota allows, at least one; returns the number of threads.

    Nothing is changed where a variable such as OMP_NUM_THREADS has decided, or where fewer threads are set.

    >>> import torch
    >>> respect_cpu_quota("/nowhere") == torch.get_num_threads()
    True
    """
    import torch

    quota = None if any(name in os.environ for name in CHOSEN) else cpu_quota(root)
    threads = torch.get_num_threads()
    if quota is not None and math.ceil(quota) < threads:
        torch.set_num_threads(max(1, math.ceil(quota)))
    return torch.get_num_threads()


def _own_group() -> Path:
    """This process's control group below the root: "." where it is not told, as inside most containers."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return Path()
    own = next((line.split(":", 2)[2] for line in lines if line.startswith("0::")), "/")
    return Path(own.lstrip("/"))


def _quota_of(group: Path) -> float | None:
    """The quota of one group: version 2 ("200000 100000" in cpu.max) or version 1 (two files, -1 for none)."""
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            quota, period = " ".join((group / name).read_text() for name in names).split()
            if float(quota) > 0 and float(period) > 0:
                return float(quota) / float(period)
        except (OSError, ValueError):  # no such file, or "max": no limit here
            continue
    return None
