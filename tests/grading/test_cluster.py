"""Dask's distributed: the same results as on one machine, also where a worker is killed in the middle."""

import os
import signal
import warnings

import pytest

from lecturelib.grading import cluster
from lecturelib.grading.batch import Task
from tests.grading.toys import files_of, grade, plan_for, run_batch, write_class, write_submission

pytestmark = pytest.mark.slow  # a jail and an import of PyTorch for each submission


def test_a_worker_is_killed_and_every_submission_is_graded_once(tmp_path):
    from distributed import LocalCluster

    folder = write_class(tmp_path / "in")
    write_submission(folder, "dora", which_channel="channel = 3")
    write_submission(folder, "eve")  # the same bytes as ana's, another student: another pack
    seen = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
        with LocalCluster(**options, local_directory=str(tmp_path / "scratch"), memory_limit=0) as machines:

            def engine(plan, tasks, workers):
                for answer in cluster.grade_on_cluster(plan, tasks, 1, machines.scheduler_address):
                    if not seen:  # the first result is there, the others are under way
                        victim = next(iter(machines.workers.values()))
                        os.kill(victim.process.pid, signal.SIGKILL)
                    seen.append(answer[0].name)
                    yield answer

            batch = run_batch(folder, plan_for(tmp_path / "there"), 1, (), engine, say=lambda text: None)
    assert sorted(seen) == ["ana", "bo", "cy", "dora", "eve"]
    assert batch.ungraded == [] and batch.graded == 5
    grade(folder, tmp_path / "here")
    assert files_of(tmp_path / "there") == files_of(tmp_path / "here")


def test_a_scheduler_that_does_not_answer_is_one_sentence(tmp_path, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(cluster.NoCluster, match="does not answer"):
            next(
                iter(
                    cluster.grade_on_cluster(
                        plan_for(tmp_path), [Task("a", "a", "a")], 1, "tcp://127.0.0.1:9", 1
                    )
                )
            )


def test_without_distributed_the_extra_is_named(tmp_path, monkeypatch):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(cluster.importlib, "import_module", absent)
    with pytest.raises(cluster.NoCluster, match="cluster"):
        next(iter(cluster.grade_on_cluster(plan_for(tmp_path), [], 1, "tcp://127.0.0.1:9")))
