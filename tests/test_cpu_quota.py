"""The quota of a container: both versions of control groups, and no more threads than cores."""

import pytest
import torch

from lecturelib import cpu_quota
from lecturelib.cpu_quota import respect_cpu_quota


@pytest.fixture(autouse=True)
def free(monkeypatch):
    for name in cpu_quota.CHOSEN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cpu_quota, "_own_group", lambda: cpu_quota.Path("user/me"))
    threads = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(threads)


def test_version_2_takes_the_smallest_on_the_way_up(tmp_path):
    (tmp_path / "user" / "me").mkdir(parents=True)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert cpu_quota.cpu_quota(tmp_path) is None
    (tmp_path / "user" / "cpu.max").write_text("150000 100000\n")
    (tmp_path / "user" / "me" / "cpu.max").write_text("400000 100000\n")
    assert cpu_quota.cpu_quota(tmp_path) == 1.5
    assert respect_cpu_quota(tmp_path) == torch.get_num_threads() == 2


def test_version_1_and_no_limit(tmp_path):
    folder = tmp_path / "cpu"
    folder.mkdir()
    (folder / "cpu.cfs_quota_us").write_text("-1\n")
    (folder / "cpu.cfs_period_us").write_text("100000\n")
    assert cpu_quota.cpu_quota(tmp_path) is None and respect_cpu_quota(tmp_path) == 4
    (folder / "cpu.cfs_quota_us").write_text("50000\n")
    assert cpu_quota.cpu_quota(tmp_path) == 0.5 and respect_cpu_quota(tmp_path) == 1


def test_a_damaged_file_is_no_limit(tmp_path):
    (tmp_path / "cpu.max").write_text("a lot\n")
    assert cpu_quota.cpu_quota(tmp_path) is None


def test_who_has_chosen_keeps_the_choice(tmp_path, monkeypatch):
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert respect_cpu_quota(tmp_path) == 4
