"""Relative positions are linear: the sinusoidal encoding of position t + k is one matrix times that of t.

Vaswani et al. 2017, section 3.5, name this as the reason for sines and cosines: PE(t + k) is a linear function of
PE(t), the same for all t. Here the matrix is found by least squares, and compared with the rotations that the
addition theorems give. Sizes: d features, n positions.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lecturelib.attention.multihead import positional_encoding
from lecturelib.checks import check_whole, complaint, described


def shift_matrix(encoding: Tensor, k: int) -> tuple[Tensor, float]:
    """The matrix M (d, d) with M PE(t) nearest to PE(t + k) over all t, and the largest error of one number.

    `encoding` (n, d): one row a position, of any encoding; solved by least squares in float64, of smallest norm where
    several fit alike. An error near 0 says that a linear layer can compute the encoding of the position k further on.
    Raises TypeError or ValueError for another shape, a k below 1 or too large for d equations.

    >>> from lecturelib.attention.multihead import positional_encoding
    >>> matrix, error = shift_matrix(positional_encoding(64, 8).double(), 3)
    >>> tuple(matrix.shape), error < 1e-6
    ((8, 8), True)
    """
    if not isinstance(encoding, Tensor):
        raise TypeError(complaint("encoding", "a tensor (n, d)", described(encoding)))
    if encoding.ndim != 2 or not encoding.numel():
        raise ValueError(complaint("encoding", "shape (n, d)", tuple(encoding.shape)))
    positions, d = encoding.shape
    # as many positions as features: fewer could be met by any rows
    if positions <= d + 1:
        raise ValueError(complaint("encoding", f"more than {d + 1} positions for d = {d}", positions))
    check_whole("k", k, 1, positions - d - 1)
    before, after = encoding[:-k].double(), encoding[k:].double()  # (n - k, d)
    # rows: PE(t + k)^T = PE(t)^T M^T
    transposed = torch.linalg.lstsq(before, after, driver="gelsd").solution
    return transposed.T, (before @ transposed - after).abs().max().item()


def rotations(d: int, k: int) -> Tensor:
    """The same matrix by the addition theorems, (d, d): a rotation by k w_i for each pair of columns, 0 elsewhere.

    w_i = 10000^(-2i/d). sin(w (t + k)) = cos(wk) sin(wt) + sin(wk) cos(wt), and cos(w (t + k)) = -sin(wk) sin(wt) +
    cos(wk) cos(wt). Raises TypeError or ValueError for an odd d. Vaswani et al. 2017, section 3.5.

    >>> rotations(2, 1)
    tensor([[ 0.5403,  0.8415],
            [-0.8415,  0.5403]], dtype=torch.float64)
    """
    positional_encoding(1, d)  # says what is wrong with d
    angle = k * 10000 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    blocks = [torch.tensor([[a.cos(), a.sin()], [-a.sin(), a.cos()]], dtype=torch.float64) for a in angle]
    return torch.block_diag(*blocks)
