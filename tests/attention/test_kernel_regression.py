"""Nadaraya-Watson by loops, by attention itself, and at its two ends."""

import math

import pytest
import torch

from lecturelib.attention.kernel_regression import (
    left_out_error,
    nadaraya_watson,
    noisy_curve,
    true_curve,
)
from lecturelib.attention.multihead import scaled_dot_product_attention

X, Y = (part.double() for part in noisy_curve(25, seed=1))
QUERIES = torch.linspace(-0.5, 5.5, 13, dtype=torch.double)


@pytest.mark.parametrize("width", [0.05, 0.4, 3.0])
def test_by_loops(width):
    found, weights = nadaraya_watson(QUERIES, X, Y, width)
    for q, query in enumerate(QUERIES.tolist()):
        nearest = min((query - x) ** 2 for x in X.tolist())  # scaled, so that nothing underflows
        kernel = [math.exp(-((query - x) ** 2 - nearest) / (2 * width**2)) for x in X.tolist()]
        total = sum(kernel)
        expected = sum(k * y for k, y in zip(kernel, Y.tolist(), strict=True)) / total
        assert found[q].item() == pytest.approx(expected, rel=1e-9)
        assert weights[q].tolist() == pytest.approx([k / total for k in kernel], rel=1e-7, abs=1e-12)


def test_it_is_dot_product_attention():
    """-(q - k)^2 / 2w^2 is (q k - k^2 / 2) / w^2, up to what is the same for all keys: a dot product of two numbers."""
    width = 0.7
    q = torch.stack([QUERIES, torch.ones_like(QUERIES)], 1) / width**2
    k = torch.stack([X, -(X**2) / 2], 1)
    out, weights = scaled_dot_product_attention(q * math.sqrt(2), k, Y[:, None])
    torch.testing.assert_close((out[:, 0], weights), nadaraya_watson(QUERIES, X, Y, width))


def test_its_two_ends():
    narrow, weights = nadaraya_watson(X, X, Y, 1e-4)
    torch.testing.assert_close(narrow, Y)  # each measurement alone
    assert weights.diagonal().min() > 0.99
    wide, weights = nadaraya_watson(QUERIES, X, Y, 1e4)
    torch.testing.assert_close(wide, Y.mean().expand_as(wide), atol=1e-5, rtol=0)
    torch.testing.assert_close(weights, torch.full_like(weights, 1 / 25), atol=1e-5, rtol=0)


@pytest.mark.parametrize("width", [0.1, 0.5])
def test_left_out_one_by_one(width):
    errors = []
    for i in range(len(X)):
        rest = torch.arange(len(X)) != i
        errors.append((nadaraya_watson(X[i : i + 1], X[rest], Y[rest], width)[0] - Y[i]).item() ** 2)
    assert left_out_error(X, Y, width) == pytest.approx(math.sqrt(sum(errors) / len(errors)), rel=1e-9)


def test_a_middle_width_is_nearest_to_the_curve():
    grid = torch.linspace(0, 5, 101)
    x, y = noisy_curve(40)
    error = {
        w: (nadaraya_watson(grid, x, y, w)[0] - true_curve(grid)).square().mean().sqrt().item()
        for w in (0.02, 0.3, 3.0)
    }
    assert error[0.3] < min(error[0.02], error[3.0])


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"width": 0}, ValueError, "width: expected"),
        ({"values": torch.zeros(3)}, ValueError, "values: expected one for each of 25 keys, got 3"),
        ({"queries": [1.0]}, TypeError, "queries: expected a tensor"),
        ({"keys": torch.zeros(5, 5)}, ValueError, "keys: expected shape"),
    ],
)
def test_bad_input(given, error, words):
    whole = {"queries": QUERIES, "keys": X, "values": Y, "width": 0.5} | given
    with pytest.raises(error, match=words):
        nadaraya_watson(**whole)
