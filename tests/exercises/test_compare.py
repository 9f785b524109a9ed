"""Comparison: what passes, and that a difference is told by the property that fails, never by the expected numbers."""

import numpy as np
import pytest
import torch

from lecturelib.exercises.compare import difference, difference_in_form

NAN, INF = float("nan"), float("inf")
ARRAY = torch.tensor([[1.0, -2.0, 3.5], [4.0, 5.0, -6.25]])

PASSES = [
    (1.0, 1.00001), (1.0, 1), (2, 2), (NAN, NAN), (INF, INF), (0.0, 0.00005), ("a", "a"), (True, True), (None, None),
    ([1, 2.0], (1, 2.0)), ({"a": 1}, {"a": 1}), (ARRAY, ARRAY.double() + 1e-5), (ARRAY.bfloat16(), ARRAY.bfloat16()),
    (np.array([1, 2]), np.array([1, 2], dtype=np.int8)), (torch.tensor([NAN, 1.0]), torch.tensor([NAN, 1.0])),
    (torch.zeros(0, 3), torch.zeros(0, 3)), (np.array([1j]), np.array([1j])),
]  # fmt: skip

FAILS = [
    (1, 1.0, "a number; expected a whole number"),
    (1, True, "True or False; expected a whole number"),
    (1.0, True, "True or False; expected a number"),
    (True, 1, "a whole number; expected True or False"),
    (1.0, None, "it is None; expected a number"),
    (1.0, torch.tensor(1.0), r"\.item\(\)"),
    (1.0, torch.ones(3), "yours has shape"),
    (ARRAY, ARRAY.numpy(), "torch.from_numpy"),
    (ARRAY.numpy(), ARRAY, r"\.numpy\(\)"),
    ([1, 2], torch.tensor([1, 2]), r"\.tolist\(\)"),
    (1.0, NAN, "NaN"),
    (NAN, 1.0, "expected NaN"),
    (1.0, INF, "infinite"),
    (INF, 1.0, "a finite number; expected infinity"),
    (INF, -INF, "wrong sign"),
    (1.0, 10**400, "far too large"),
    (2.5, -2.5, "wrong sign"),
    (2.5, 2.6, "not the expected number"),
    (3, 4, "not the expected number"),
    ("cat", "Cat ", "spaces or capitals only"),
    ("cat", "dog", "differs from the expected text"),
    ([1, 2], [1], "length is 1; expected 2"),
    ([[1], [2]], [[1], [3]], r"\[1\]\[0\]"),
    ({"a": 1, "b": 2}, {"a": 1}, "lacks the key 'b'"),
    ({"a": 1}, {"a": 1, "b": 2}, "must not have the key 'b'"),
    ({"a": 1}, {"a": 2}, r"\['a'\] is not"),
    (ARRAY, ARRAY.T, r"shape is \(3, 2\); expected \(2, 3\) \(axes in another order\)"),
    (ARRAY, ARRAY[:1], r"shape is \(1, 3\)"),
    (ARRAY, ARRAY.long(), "dtype is int64; expected floats such as float32"),
    (torch.tensor([1, 2]), torch.tensor([True, False]), "expected whole numbers"),
    (torch.eye(2).bool(), torch.eye(2), "expected bool$"),
    (ARRAY, ARRAY.where(ARRAY > 0, torch.tensor(NAN)), r"NaN at 2 of 6 places, the first at \[0, 1\]"),
    (torch.tensor([NAN, 1.0]), torch.tensor([0.0, 1.0]), "must be NaN"),
    (torch.tensor([INF, 1.0]), torch.tensor([-INF, 1.0]), "wrong sign"),
    (ARRAY, -ARRAY, "the sign is the opposite everywhere"),
    (ARRAY, ARRAY.abs(), "places"),
    (ARRAY.abs(), ARRAY, "only signs differ"),
    (ARRAY, 0 * ARRAY, "all of yours are 0"),
    (ARRAY, ARRAY.flip(1), "an axis runs the other way"),
    (ARRAY[:, :2], ARRAY[:, :2].T, "rows and columns are exchanged"),
    (ARRAY, ARRAY * 3, "off by one factor"),
    (ARRAY, ARRAY + 3, "off by one constant"),
    (torch.eye(3).bool(), ~torch.eye(3).bool(), "the opposite of what is expected"),
    (torch.tensor([1, 2], dtype=torch.uint8), torch.tensor([2, 1], dtype=torch.uint8), "the other way"),
    (torch.tensor(1.0), torch.tensor(2.0), "the only place"),
]  # fmt: skip


@pytest.mark.parametrize("expected,got", PASSES)
def test_what_is_right_passes(expected, got):
    assert difference(expected, got) == "" and difference_in_form(expected, got) == ""


@pytest.mark.parametrize("expected,got,words", FAILS)
def test_what_is_wrong_is_named(expected, got, words):
    said = difference(expected, got)
    assert said
    import re

    assert re.search(words, said), said


def test_a_message_never_holds_an_expected_number():
    secret = 713.25
    for got in (-secret, 1.0, torch.tensor([1.0]), "a", NAN, [1.0]):
        for expected in (
            secret,
            torch.full((2, 2), secret),
            [secret],
            {"a": secret},
            np.array([secret, 2.0]),
        ):
            assert "713" not in difference(expected, got)


def test_form_alone_does_not_look_at_values():
    assert difference_in_form(ARRAY, ARRAY * 9) == "" and difference_in_form([1], [2]) == ""
    assert "NaN" in difference_in_form(ARRAY, ARRAY * NAN)
    assert "shape" in difference_in_form(ARRAY, ARRAY.T)


def test_the_tolerance_is_relative_to_the_largest_number():
    big = torch.tensor([1000.0, 0.0])
    assert difference(big, big + 0.05, 1e-4) == ""
    assert difference(big, big + 0.2, 1e-4)
    assert difference(big * 1e-9, big * 0, 1e-4)
