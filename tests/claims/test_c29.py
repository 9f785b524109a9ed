"""C29: a soft window, trained by backpropagation alone, finds the digit."""

import pytest

from lecturelib.lesson import numbers
from lecturelib.visual_attention.claims import NEAR, c29_window

pytestmark = pytest.mark.claims


def test_with_the_shipped_window():
    found = c29_window(seeds=())
    assert found["holds"], found
    assert found["numbers"]["worst_mean_distance"] < NEAR < found["numbers"]["distance_of_the_picture_center"]


def test_as_measured_in_full():
    found = numbers("C29")
    assert found["windows"] >= 3
    assert found["worst_mean_distance"] < NEAR and found["worst_error"] < found["error_of_a_fixed_window"]
