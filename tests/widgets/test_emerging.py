"""A picture that emerges: progress in between, closed where it is stopped, remembered where it is done."""

import importlib

import pytest
import torch

from lecturelib.show import Picture, picture
from lecturelib.widgets import Progress

emerging = importlib.import_module("lecturelib.widgets.emerging")


@pytest.fixture(autouse=True)
def nothing_remembered():
    emerging._finished.clear()


class Steps:
    """An ascent of numbers that knows whether it was closed."""

    def __init__(self, count):
        self.count, self.begun, self.closed = count, 0, False

    def __call__(self):
        self.begun += 1
        try:
            yield from range(1, self.count + 1)
        finally:
            self.closed = True


def drawn(step):
    return picture(torch.full((3, 4, 4), step / 10), alt=f"step {step}")


def test_a_picture_emerges_with_progress_and_ends_with_the_last():
    found = list(emerging.emerging("a", Steps(5), 5, drawn, "going", patience=0.0))
    kinds = [type(one) for one in found]
    assert kinds == [Picture, Progress] * 4 + [Picture]
    assert [one.alt for one in found if isinstance(one, Picture)] == [f"step {k}" for k in range(1, 6)]
    assert [one.fraction for one in found if isinstance(one, Progress)] == pytest.approx([0.2, 0.4, 0.6, 0.8])


def test_a_finished_ascent_is_remembered_and_a_stopped_one_is_not():
    steps = Steps(5)
    stopped = emerging.emerging("b", steps, 5, drawn, "going", patience=0.0)
    next(stopped)
    stopped.close()
    assert steps.closed
    list(emerging.emerging("b", steps, 5, drawn, "going"))
    again = list(emerging.emerging("b", steps, 5, drawn, "going"))
    assert steps.begun == 2 and [one.alt for one in again] == ["step 5"]


def test_only_the_newest_are_remembered():
    for k in range(emerging.REMEMBERED + 3):
        list(emerging.emerging(k, Steps(1), 1, drawn, "going"))
    assert list(emerging._finished) == list(range(3, emerging.REMEMBERED + 3))
