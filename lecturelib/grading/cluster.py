"""Grading on a cluster: the same pure function, sent to the workers of Dask's `distributed`.

Submissions are read and packed here; bytes go out and bytes come back, so that the workers need neither the files
nor the exercises. A worker that is lost costs nothing but time: its submissions go to another one, and every result
has one address.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from typing import Any

from lecturelib.grading import result_store
from lecturelib.grading.batch import Answer, Plan, Prepared, Task, prepare, set_up_worker
from lecturelib.grading.grader import grade_one
from lecturelib.grading.jail import Driver, choose_driver
from lecturelib.grading.limits import Limits
from lecturelib.grading.local_pool import LocalPool, Lost

AHEAD = 4  # submissions per core of the cluster that are under way at once
RETRIES = 5


class NoCluster(RuntimeError):
    """The scheduler cannot be reached, or `distributed` is not installed."""


def grade_there(submission: bytes, pack: bytes, limits: Limits, driver: Driver) -> bytes:
    """`grade_one` on another machine, with the isolation of the same kind that works there."""
    own = choose_driver(driver.name, trust=driver.name == "none", image=driver.image)
    return grade_one(submission, pack, limits, own)


def grade_on_cluster(
    plan: Plan, tasks: Iterable[Task], workers: int, address: str, patience: float = 20
) -> Iterator[Answer]:
    """Grade by the scheduler at an address (tcp://HOST:8786), as `grade_locally` does on this machine."""
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise NoCluster(
            "--scheduler needs the package distributed: pip install 'lecturelib[cluster]'"
        ) from None
    try:
        client: Any = distributed.Client(address, timeout=patience, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise NoCluster(f"the scheduler at {address} does not answer ({type(error).__name__})") from None
    with client, LocalPool(max(1, workers), prepare, set_up_worker, (plan,)) as pool:
        cores = max(1, sum(client.ncores().values()))
        under_way: dict[str, list[tuple[Task, Prepared]]] = {}
        done = distributed.as_completed(loop=client.loop)
        for task, ready in pool.run(tasks):
            if isinstance(ready, Lost):
                yield task, None, ready.reason, True
                continue
            kept = result_store.stored(plan.store, ready.address)
            if kept is not None:
                yield task, ready, kept, False
                continue
            _submit(client, done, under_way, plan, task, ready)
            while len(under_way) >= AHEAD * cores:
                yield from _collect(next(done), under_way, plan)
        while under_way:
            yield from _collect(next(done), under_way, plan)


def _submit(
    client: Any,
    done: Any,
    under_way: dict[str, list[tuple[Task, Prepared]]],
    plan: Plan,
    task: Task,
    ready: Prepared,
) -> None:
    key = f"grade-{ready.address}"
    if key in under_way:  # two students with the same bytes are graded once
        under_way[key].append((task, ready))
        return
    under_way[key] = [(task, ready)]
    future = client.submit(
        grade_there,
        ready.submission,
        ready.pack,
        plan.limits,
        plan.driver,
        key=key,
        retries=RETRIES,
        pure=True,
    )
    done.add(future)


def _collect(future: Any, under_way: dict[str, list[tuple[Task, Prepared]]], plan: Plan) -> Iterator[Answer]:
    waiting = under_way.pop(future.key)
    try:
        result = future.result()
    except Exception as error:  # after all attempts
        for task, _ in waiting:
            yield task, None, f"no worker graded it: {type(error).__name__}"[:300], True
        return
    finally:
        future.release()
    result_store.store(plan.store, waiting[0][1].address, result)
    for task, ready in waiting:
        yield task, ready, result, True
