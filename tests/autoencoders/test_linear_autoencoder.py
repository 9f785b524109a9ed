"""A linear autoencoder against the SVD: numpy and scipy know the answers."""

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles

from lecturelib.autoencoders.linear_autoencoder import (
    basis_agreement,
    compressed,
    encoder_gap,
    iter_linear_autoencoder,
    linear_autoencoder,
    principal_angles,
    truncated_svd,
)


def data(n=60, d=7, seed=0):
    """Rows whose directions have clearly different variances."""
    generator = torch.Generator().manual_seed(seed)
    scales = torch.tensor([5.0, 4.0, 3.0, 1.0, 0.7, 0.4, 0.2])[:d]
    turn = torch.linalg.qr(torch.randn(d, d, generator=generator)).Q
    return torch.randn(n, d, generator=generator) * scales @ turn


def test_the_svd_is_numpys():
    rows = data()
    found = truncated_svd(rows, 3)
    _, values, right = np.linalg.svd(rows.double().numpy(), full_matrices=False)
    np.testing.assert_allclose(found.singular_values, values[:3], rtol=1e-5)
    np.testing.assert_allclose(found.basis.T.abs(), np.abs(right[:3]), atol=1e-5)
    error = (rows - found.codes @ found.basis.T).square().sum().item()
    assert found.residual == pytest.approx((values[3:] ** 2).sum(), rel=1e-6)
    assert error == pytest.approx(found.residual, rel=1e-4)


@pytest.mark.parametrize("k, m", [(1, 1), (2, 3), (3, 2), (3, 3)])
def test_principal_angles_are_scipys(k, m):
    generator = torch.Generator().manual_seed(k * 10 + m)
    one, other = torch.randn(8, k, generator=generator), torch.randn(8, m, generator=generator)
    expected = np.sort(subspace_angles(one.double().numpy(), other.double().numpy()))
    np.testing.assert_allclose(principal_angles(one, other), expected, atol=1e-6)


@pytest.mark.parametrize("angle", [0.0, 1e-6, 1e-3, 0.7, torch.pi / 2 - 1e-6])
def test_principal_angles_keep_small_ones(angle):
    one = torch.tensor([[1.0], [0.0]], dtype=torch.double)
    other = torch.tensor([[np.cos(angle)], [np.sin(angle)]], dtype=torch.double)
    assert principal_angles(one, other).item() == pytest.approx(angle, abs=1e-12)


def test_every_linear_map_has_the_same_error_on_the_compressed_data():
    rows = data()
    small = compressed(rows)
    assert small.shape == (7, 7)
    chain = torch.randn(7, 7, generator=torch.Generator().manual_seed(1))
    expected = (rows - rows @ chain).square().sum()
    torch.testing.assert_close((small - small @ chain).square().sum(), expected, rtol=1e-4, atol=0)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_training_finds_the_subspace_the_error_and_the_pseudo_inverse(seed):
    rows = data()
    end = linear_autoencoder(rows, 3, steps=2000, seed=seed)
    found = truncated_svd(rows, 3)
    assert end.angles(found.basis).max() < 0.01
    assert end.loss == pytest.approx(found.residual / rows.square().sum().item(), rel=1e-3)
    assert encoder_gap(end.encoder, end.decoder, rows) < 0.01


def test_its_error_never_falls_below_the_svds():
    rows = data()
    least = truncated_svd(rows, 2).residual / rows.square().sum().item()
    assert all(step.loss >= least * (1 - 1e-5) for step in iter_linear_autoencoder(rows, 2, steps=100))


def test_only_nested_training_finds_the_basis():
    rows = data()
    basis = truncated_svd(rows, 3).basis
    plain = [basis_agreement(linear_autoencoder(rows, 3, 600, seed=s).decoder, basis).min() for s in range(3)]
    nested = [
        basis_agreement(linear_autoencoder(rows, 3, 800, nested=True, seed=s).decoder, basis).min()
        for s in range(3)
    ]
    assert min(nested) > 0.99
    assert sum(plain) / 3 < 0.9


def test_a_seed_is_repeatable_and_seeds_differ():
    rows = data()
    one, same, other = (linear_autoencoder(rows, 2, 3, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(one.encoder, same.encoder) and not torch.equal(one.encoder, other.encoder)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: truncated_svd(data(), 0), ValueError, "code_size: expected a whole number from 1 to 7"),
        (lambda: truncated_svd(data(), 8), ValueError, "the smaller side of the data"),
        (lambda: truncated_svd(data(), 2.0), TypeError, "code_size"),
        (lambda: truncated_svd(torch.ones(3, 1, 2, 2), 1), ValueError, r"images.flatten\(1\)"),
        (lambda: truncated_svd(data() / 0, 1), ValueError, "finite values, got NaN or infinity"),
        (lambda: truncated_svd([[1.0]], 1), TypeError, "a tensor"),
        (lambda: iter_linear_autoencoder(torch.zeros(5, 3), 1), ValueError, "0 everywhere"),
        (lambda: iter_linear_autoencoder(data(), 2, steps=0), ValueError, "steps"),
        (lambda: iter_linear_autoencoder(data(), 2, learning_rate=-1), ValueError, "learning_rate"),
        (lambda: principal_angles(torch.ones(3, 2), torch.ones(3, 1)), ValueError, "linearly independent"),
        (lambda: principal_angles(torch.eye(3), torch.eye(2)), ValueError, "other: expected 3 rows"),
        (lambda: basis_agreement(torch.eye(3), torch.eye(2)), ValueError, "decoder: expected shape"),
    ],
)
def test_bad_input_is_a_sentence(call, error, words):
    with pytest.raises(error, match=words):
        call()
