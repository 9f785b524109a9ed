"""Linear autoencoders beside the singular value decomposition: the same subspace, the same error, another basis.

Bourlard and Kamp 1988, "Auto-association by multilayer perceptrons and singular value decomposition"; Baldi and Hornik
1989, "Neural networks and principal component analysis: learning from examples without local minima".
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from lecturelib.checks import check_number, check_whole, complaint, described


def check_data(data: Tensor, least: int = 2, name: str = "data") -> Tensor:
    """The data matrix, if it is (n, d) of finite floats with at least `least` rows; `TypeError` or `ValueError`.

    >>> check_data(torch.eye(3)).shape
    torch.Size([3, 3])
    """
    if not isinstance(data, Tensor) or not data.is_floating_point():
        raise TypeError(complaint(name, "a tensor (n, d) of floats", described(data)))
    if data.ndim != 2 or len(data) < least or data.shape[1] < 1:
        hint = "images.flatten(1) makes a matrix of pictures" if data.ndim == 4 else ""
        raise ValueError(complaint(name, f"shape (n, d) with n >= {least}", tuple(data.shape), hint))
    if not data.isfinite().all():
        raise ValueError(complaint(name, "finite values", "NaN or infinity", "mask missing entries instead"))
    return data


@dataclass(frozen=True, eq=False)
class SVD:
    """The truncated singular value decomposition data = U diag(s) V^T + residual.

    `codes` U diag(s) is (n, k), `basis` V is (d, k) with orthonormal columns, `singular_values` (k,) fall;
    `residual` is the squared error |data - codes basis^T|^2, the sum of the squared singular values that were cut off.
    """

    codes: Tensor
    basis: Tensor
    singular_values: Tensor
    residual: float


def truncated_svd(data: Tensor, code_size: int) -> SVD:
    """Truncated singular value decomposition: the best approximation of a given rank (Eckart and Young 1936).

    min |D - U V^T|^2 over all U (n, k), V (d, k). data: D (n, d); code_size: k, from 1 to min(n, d). For principal
    component analysis subtract the mean row first.

    >>> found = truncated_svd(torch.diag(torch.tensor([3.0, 2.0, 1.0])), code_size=2)
    >>> found.singular_values.tolist(), round(found.residual, 4)
    ([3.0, 2.0], 1.0)
    """
    check_data(data)
    check_whole("code_size", code_size, 1, min(data.shape), "the smaller side of the data")
    rows = data.double()
    # D = QR and R = U S V^T: D has the singular values and the right singular vectors of the smaller R
    _, values, right = torch.linalg.svd(torch.linalg.qr(rows, mode="r").R, full_matrices=False)
    basis = right[:code_size].T
    codes = rows @ basis  # U diag(s)
    residual = values[code_size:].square().sum().item()
    return SVD(codes.to(data), basis.to(data), values[:code_size].to(data), residual)


def principal_angles(one: Tensor, other: Tensor) -> Tensor:
    """Principal angles between two subspaces, in radians from 0 to pi/2, the smallest first.

    cos of the angles = singular values of Q1^T Q2, with orthonormal bases Q1, Q2 of the columns of `one` (d, k) and
    `other` (d, m); small angles are taken from the sine, which keeps their digits. Returns (min(k, m),) in float64.
    Raises `ValueError` for two heights or for columns that depend on one another. Björck and Golub 1973.

    >>> a, b = torch.tensor([[1.0], [0.0]]), torch.tensor([[1.0], [1.0]])
    >>> round(principal_angles(a, b).item(), 4)  # pi/4
    0.7854
    """
    for name, columns in (("one", one), ("other", other)):
        check_data(columns, 1, name)
        if torch.linalg.matrix_rank(columns.double()) < columns.shape[1]:
            raise ValueError(complaint(name, "columns that are linearly independent", described(columns)))
    if len(one) != len(other):
        raise ValueError(complaint("other", f"{len(one)} rows, as `one`", f"{len(other)} rows"))
    first, second = (torch.linalg.qr(columns.double()).Q for columns in (one, other))
    if first.shape[1] < second.shape[1]:
        first, second = second, first
    cosines = torch.linalg.svdvals(first.T @ second).clamp(max=1)  # (m,), falling: the angles rise
    sines = torch.linalg.svdvals(second - first @ (first.T @ second)).flip(0).clamp(max=1)  # rising
    return torch.where(cosines.square() < 0.5, cosines.acos(), sines.asin())


def compressed(data: Tensor) -> Tensor:
    """The triangular factor R (min(n, d), d) of D = QR: every linear autoencoder has the same error on R as on D.

    |D - D W^T V^T| = |Q (R - R W^T V^T)| = |R - R W^T V^T|, since Q has orthonormal columns. So 10,000 pictures of
    784 pixels train as quickly as 784 rows.

    >>> data = torch.randn(100, 3, generator=torch.Generator().manual_seed(0))
    >>> small = compressed(data)
    >>> small.shape, torch.allclose(small.T @ small, data.T @ data, atol=1e-4)
    (torch.Size([3, 3]), True)
    """
    return torch.linalg.qr(check_data(data).double()).R.to(data)


@dataclass(frozen=True, eq=False)
class LinearStep:
    """One step of `iter_linear_autoencoder`: `loss` is the squared error of all rows as a share of |D|^2.

    `encoder` W is (k, d), `decoder` V is (d, k): codes z = W x, reconstructions V z.
    """

    step: int
    of: int
    loss: float
    encoder: Tensor
    decoder: Tensor

    def angles(self, basis: Tensor) -> Tensor:
        """The principal angles between the decoder's columns and a basis (d, k), in radians."""
        return principal_angles(self.decoder, basis)


def iter_linear_autoencoder(
    data: Tensor,
    code_size: int,
    steps: int = 600,
    learning_rate: float = 0.02,
    nested: bool = False,
    seed: int = 0,
) -> Iterator[LinearStep]:
    """Train a linear autoencoder x -> V W x by gradient descent on all rows at once; yields each step.

    Minimizes |D - D W^T V^T|^2 over the encoder W (k, d) and the decoder V (d, k) with Adam, its rate falling to 0
    along a cosine. `nested`: the mean error of the first 1, 2, ..., k units alone (nested dropout, Rippel et al.
    2014, with every cut-off instead of a random one); only that makes the columns of V the principal directions, in
    order. Raises `ValueError` for a code_size outside 1 to min(n, d), or data that is 0 everywhere.

    >>> data = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)) * torch.tensor([4.0, 3, 1, 1])
    >>> *_, end = iter_linear_autoencoder(data, code_size=2, steps=300)
    >>> bool(end.angles(truncated_svd(data, 2).basis).max() < 0.1)
    True
    """
    rows = compressed(data)
    check_whole("code_size", code_size, 1, min(data.shape), "the smaller side of the data")
    check_whole("steps", steps, 1)
    check_number("learning_rate", learning_rate, above=0)
    whole = rows.square().sum().item()
    if whole == 0:
        raise ValueError(complaint("data", "values that differ from 0", "0 everywhere"))
    rows = rows * (rows.shape[1] / whole) ** 0.5  # so that one learning rate fits every data set
    generator = torch.Generator().manual_seed(seed)
    draw = torch.randn(2, code_size, data.shape[1], generator=generator) / data.shape[1] ** 0.5
    encoder = draw[0].to(rows).requires_grad_()
    decoder = draw[1].T.to(rows).contiguous().requires_grad_()
    return _steps(rows, encoder, decoder, steps, learning_rate, nested)


def linear_autoencoder(
    data: Tensor,
    code_size: int,
    steps: int = 600,
    learning_rate: float = 0.02,
    nested: bool = False,
    seed: int = 0,
) -> LinearStep:
    """The last step of `iter_linear_autoencoder`: a trained encoder and decoder.

    >>> linear_autoencoder(torch.eye(3), code_size=3, steps=200).loss < 0.01
    True
    """
    *_, end = iter_linear_autoencoder(data, code_size, steps, learning_rate, nested, seed)
    return end


def _steps(rows, encoder, decoder, steps, learning_rate, nested) -> Iterator[LinearStep]:
    optimizer = torch.optim.Adam([encoder, decoder], lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(1, steps + 1):
        with torch.enable_grad():
            codes = rows @ encoder.T  # (n, d) (d, k) -> (n, k)
            error = (rows - codes @ decoder.T).square().sum() / rows.shape[1]
            objective = _nested_error(rows, codes, decoder) if nested else error
        optimizer.zero_grad()
        objective.backward()
        optimizer.step()
        schedule.step()
        yield LinearStep(step, steps, error.item(), encoder.detach().clone(), decoder.detach().clone())


def _nested_error(rows: Tensor, codes: Tensor, decoder: Tensor) -> Tensor:
    """The mean over b = 1 ... k of the error with the first b units only."""
    left, total = rows, rows.new_zeros(())
    for unit in range(codes.shape[1]):
        left = left - codes[:, unit, None] * decoder[:, unit]  # (n, 1) * (d,) -> (n, d)
        total = total + left.square().sum()
    return total / (codes.shape[1] * rows.shape[1])


def encoder_gap(encoder: Tensor, decoder: Tensor, data: Tensor) -> float:
    """How far an encoder is from the pseudo-inverse of its decoder, on the span of the data.

    |(W - V^+) D^T| / |V^+ D^T|: 0 at the optimum. Off the span (a pixel that is 0 in every picture) the encoder keeps
    its first weights, since nothing there changes the error. encoder W (k, d), decoder V (d, k), data D (n, d).

    >>> v = torch.tensor([[1.0], [1.0]])
    >>> round(encoder_gap(torch.tensor([[0.5, 0.5]]), v, torch.eye(2)), 6)
    0.0
    """
    wanted = torch.linalg.pinv(decoder.double()) @ data.double().T  # (k, d) (d, n) -> (k, n)
    found = encoder.double() @ data.double().T
    return ((found - wanted).norm() / wanted.norm()).item()


def basis_agreement(decoder: Tensor, basis: Tensor) -> Tensor:
    """|cos| between each column of a decoder (d, k) and the column of a basis (d, k) of the same number, (k,).

    1 everywhere: the same basis, up to signs. A linear autoencoder finds the subspace, not this basis.

    >>> basis_agreement(torch.eye(2), torch.eye(2)).tolist()
    [1.0, 1.0]
    """
    if decoder.shape != basis.shape:
        raise ValueError(
            complaint("decoder", f"shape {tuple(basis.shape)}, as the basis", tuple(decoder.shape))
        )
    return torch.nn.functional.cosine_similarity(decoder, basis, dim=0).abs()
