"""A checkpoint is whole or not there; what cannot be written or read is a sentence, and nothing is lost."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lecturelib.training import checkpoint, fit
from lecturelib.training.checkpoint import CheckpointError
from lecturelib.training.run import STATE

ROOT = Path(__file__).resolve().parents[2]


def data(count=20):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, 4, generator=generator), torch.arange(count) % 2


def run_of(width=3, count=20, **more):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 2))
    return fit(model, data(count), steps=10, batch_size=8, **more)


@pytest.fixture
def saved(tmp_path):
    run = run_of()
    for _ in range(3):
        next(run)
    return checkpoint.save_checkpoint(run, tmp_path / "deep" / "run.pt")


def others(path):
    return sorted(file.name for file in path.parent.iterdir())


def test_it_holds_tensors_numbers_and_words_only(saved):
    state = torch.load(saved, weights_only=True)
    assert state["step"] == 3
    assert state["history"]["loss"].shape == (3,)
    assert others(saved) == ["run.pt"]
    assert os.stat(saved).st_mode & 0o777 == 0o644


def test_a_full_disk_is_a_sentence_and_the_old_checkpoint_stays(saved, monkeypatch):
    old = saved.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    run = run_of()
    next(run)
    with pytest.raises(
        CheckpointError, match=r"run.pt needs 0.0 MB, and the disk is full .*MB free.*untouched"
    ):
        checkpoint.save_checkpoint(run, saved)
    assert saved.read_bytes() == old and others(saved) == ["run.pt"]
    assert run.step == 1 and len(list(run)) == 9  # the run itself goes on
    with pytest.raises(CheckpointError, match="disk is full.*nothing was written"):
        checkpoint.save_checkpoint(run, saved.parent / "new.pt")
    assert others(saved) == ["run.pt"]


def test_a_real_limit_of_the_system_in_the_middle_of_writing(saved):
    """A process that may write files of 1 KB only: the write itself fails half-way."""
    code = (
        "import resource, signal, sys; from pathlib import Path; "
        "from lecturelib.files import FileError, write_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))\n"
        "try: write_whole(Path(sys.argv[1]), b'x' * 100000)\n"
        "except FileError as error: print(error)"
    )
    old = saved.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", code, str(saved)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "needs 0.1 MB" in done.stdout and "untouched" in done.stdout
    assert saved.read_bytes() == old and others(saved) == ["run.pt"]


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="could not be written.*nothing was written"):
        checkpoint.save_checkpoint(run_of(), tmp_path / "file" / "run.pt")


def test_an_interrupt_while_writing_leaves_the_old_one(saved, monkeypatch):
    old = saved.read_bytes()

    def interrupted(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save_checkpoint(run_of(), saved)
    assert saved.read_bytes() == old and others(saved) == ["run.pt"]


def unchanged(run, act, words):
    before = [value.clone() for value in run.model.state_dict().values()]
    with pytest.raises(CheckpointError, match=words):
        act()
    assert run.step == 0 and len(run.history) == 0
    assert all(torch.equal(a, b) for a, b in zip(before, run.model.state_dict().values(), strict=True))


def test_what_is_no_checkpoint_of_this_run_changes_nothing(saved, tmp_path):
    run = run_of()
    unchanged(
        run, lambda: checkpoint.load_checkpoint(run, tmp_path / "nowhere.pt"), "there is no checkpoint at"
    )
    damaged = tmp_path / "damaged.pt"
    damaged.write_bytes(saved.read_bytes()[:500])
    unchanged(run, lambda: checkpoint.load_checkpoint(run, damaged), "damaged or no checkpoint")
    torch.save({"format": 1}, tmp_path / "earlier.pt")
    unchanged(
        run,
        lambda: checkpoint.load_checkpoint(run, tmp_path / "earlier.pt"),
        "a checkpoint of format 1, not 2",
    )
    torch.save({"a": 1}, tmp_path / "other.pt")
    unchanged(
        run, lambda: checkpoint.load_checkpoint(run, tmp_path / "other.pt"), "no checkpoint of this library"
    )
    wide = run_of(width=5)
    unchanged(
        wide,
        lambda: checkpoint.load_checkpoint(wide, saved),
        r"another run: state: expected the model's '0.bias' of shape \(5,\), got \(3,\)",
    )
    more = run_of(count=24)
    unchanged(more, lambda: checkpoint.load_checkpoint(more, saved), "examples 24, as this run has, got 20")
    plain = run_of(optimizer=lambda p: torch.optim.SGD([{"params": [one]} for one in p], lr=0.1))
    unchanged(plain, lambda: checkpoint.load_checkpoint(plain, saved), "another run")
    other = run_of(optimizer=lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9))
    unchanged(other, lambda: checkpoint.load_checkpoint(other, saved), "that of SGD, got another optimizer's")


@pytest.mark.parametrize("name", STATE)
def test_a_checkpoint_with_a_hole_changes_nothing(saved, tmp_path, name):
    state = torch.load(saved, weights_only=True)
    del state[name]
    torch.save(state, tmp_path / "hole.pt")
    run = run_of()
    unchanged(
        run,
        lambda: checkpoint.load_checkpoint(run, tmp_path / "hole.pt"),
        f"expected a part '{name}', got none",
    )


def test_a_checkpoint_whose_history_is_none_changes_nothing(saved, tmp_path):
    state = torch.load(saved, weights_only=True)
    for history in ({"loss": torch.ones(3)}, {"loss": 3}):
        torch.save({**state, "history": history}, tmp_path / "odd.pt")
        run = run_of()
        unchanged(run, lambda run=run: checkpoint.load_checkpoint(run, tmp_path / "odd.pt"), "another run")


def test_a_pickle_that_would_run_code_is_not_opened(tmp_path):
    class Harm:
        def __reduce__(self):
            return (Path.write_text, (tmp_path / "ran", "x"))

    torch.save(Harm(), tmp_path / "harm.pt")
    run = run_of()
    unchanged(run, lambda: checkpoint.load_checkpoint(run, tmp_path / "harm.pt"), "damaged or no checkpoint")
    assert not (tmp_path / "ran").exists()


def test_a_run_that_stopped_is_stopped_when_it_comes_back(tmp_path):
    from lecturelib.training import RunStopped

    run = run_of(loss=lambda o, t: nn.functional.cross_entropy(o, t) * float("nan"))
    with pytest.warns(RunStopped):
        list(run)
    checkpoint.save_checkpoint(run, tmp_path / "run.pt")
    again = checkpoint.load_checkpoint(run_of(), tmp_path / "run.pt")
    assert again.stopped == run.stopped and list(again) == []
    np.testing.assert_array_equal(again.history["loss"], run.history["loss"])


def loader_run(generator):
    source = DataLoader(TensorDataset(*data()), batch_size=8, shuffle=True, generator=generator)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Linear(4, 2)
    return fit(model, source, steps=6)


def test_a_loader_with_a_generator_and_one_without_are_different_runs(tmp_path):
    own, plain = loader_run(torch.Generator().manual_seed(3)), loader_run(None)
    next(own), next(plain)
    checkpoint.save_checkpoint(own, tmp_path / "own.pt")
    checkpoint.save_checkpoint(plain, tmp_path / "plain.pt")
    run = loader_run(torch.Generator().manual_seed(3))
    unchanged(
        run, lambda: checkpoint.load_checkpoint(run, tmp_path / "plain.pt"), "with a generator of the loader"
    )
    other = loader_run(None)
    unchanged(
        other, lambda: checkpoint.load_checkpoint(other, tmp_path / "own.pt"), "without a generator of the"
    )
    again = checkpoint.load_checkpoint(run, tmp_path / "own.pt")
    assert again.step == 1
