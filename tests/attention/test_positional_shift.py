"""PE(t + k) is a matrix times PE(t): found by least squares, and by the addition theorems."""

import pytest
import torch

from lecturelib.attention.multihead import positional_encoding
from lecturelib.attention.positional_shift import rotations, shift_matrix


@pytest.fixture
def double():
    torch.set_default_dtype(torch.double)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("k", [1, 3, 17])
@pytest.mark.parametrize("d", [2, 8, 64])
def test_rotations_shift_every_position(d, k, double):
    code = positional_encoding(200, d)
    torch.testing.assert_close(code[:-k] @ rotations(d, k).T, code[k:], atol=1e-9, rtol=0)


def test_rotations_are_rotations():
    for k in (1, 5):
        matrix = rotations(16, k)
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(16, dtype=torch.double))
        torch.testing.assert_close(matrix @ matrix, rotations(16, 2 * k))
        torch.testing.assert_close(matrix.T, rotations(16, -k))


@pytest.mark.parametrize("k", [1, 4])
def test_least_squares_finds_them(k, double):
    # with d = 8 the slowest wave is 6,283 positions long: 2,000 are enough to tell its sine from a line
    matrix, error = shift_matrix(positional_encoding(2000, 8), k)
    assert error < 1e-9
    torch.testing.assert_close(matrix, rotations(8, k), atol=1e-6, rtol=0)


def test_random_encodings_have_no_such_matrix(double):
    noise = torch.randn(200, 8, generator=torch.Generator().manual_seed(0))
    assert shift_matrix(noise, 3)[1] > 1
    assert shift_matrix(positional_encoding(200, 8), 3)[1] < 1e-9
    growing = torch.arange(200.0)[:, None] * torch.ones(1, 1)
    squared = torch.cat([growing, growing**2], 1)  # (t + k)^2 needs a constant that is not there
    assert shift_matrix(squared, 3)[1] > 1


@pytest.mark.parametrize(
    ("encoding", "k", "error", "words"),
    [
        ([[1.0]], 1, TypeError, "encoding: expected a tensor"),
        (torch.zeros(5), 1, ValueError, "encoding: expected shape"),
        (torch.zeros(9, 8), 1, ValueError, "more than 9 positions"),
        (torch.zeros(20, 8), 0, ValueError, "k: expected"),
        (torch.zeros(20, 8), 12, ValueError, "k: expected"),
    ],
)
def test_bad_input(encoding, k, error, words):
    with pytest.raises(error, match=words):
        shift_matrix(encoding, k)
