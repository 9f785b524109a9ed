"""Factorizations with missing entries: exact small cases, scikit-learn, and the agreement of two optimizers."""

import pytest
import torch
from sklearn.decomposition import NMF, PCA
from torch.nn.functional import binary_cross_entropy

from lecturelib import datasets
from lecturelib.autoencoders.incomplete_factorization import (
    held_out_error,
    iter_alternating_least_squares,
    iter_gradient_factorization,
)


def last(steps):
    *_, end = steps
    return end


def low_rank(n=40, d=25, rank=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    rows, columns = torch.randn(n, rank, generator=generator), torch.randn(d, rank, generator=generator)
    mask = torch.rand(n, d, generator=generator) < 0.7
    return rows @ columns.T, mask


def test_missing_entries_of_a_matrix_of_low_rank_come_back():
    data, mask = low_rank()
    end = last(iter_alternating_least_squares(data, mask, 3, steps=200, ridge=1e-6, center=False))
    assert held_out_error(end, data, ~mask) < 1e-3 * data.var().item()
    assert end.error < 1e-6


def test_what_stands_at_missing_places_is_never_read():
    data, mask = low_rank()
    spoiled = data.where(mask, float("nan"))
    one, other = (last(iter_alternating_least_squares(d, mask, 2, steps=3)) for d in (data, spoiled))
    assert torch.equal(one.completed(), other.completed())


def test_both_optimizers_find_the_same_minimum():
    data, mask = low_rank()
    exact = last(iter_alternating_least_squares(data, mask, 2, steps=300, ridge=0.5))
    slow = last(iter_gradient_factorization(data, mask, 2, steps=3000, ridge=0.5))

    def objective(end):
        left = ((data - end.completed()) * mask).square().sum()
        return (left + 0.5 * (end.rows.square().sum() + end.columns.square().sum())).item()

    assert objective(slow) == pytest.approx(objective(exact), rel=1e-3)


def test_each_alternation_lowers_the_objective():
    data, mask = low_rank()
    errors = [step.error for step in iter_alternating_least_squares(data, mask, 2, steps=20, ridge=0.0)]
    assert all(after <= before + 1e-6 for before, after in zip(errors, errors[1:], strict=False))


def test_with_all_entries_it_is_principal_component_analysis():
    data, _ = low_rank()
    everything = torch.ones_like(data, dtype=torch.bool)
    end = last(iter_alternating_least_squares(data, everything, 2, steps=200, ridge=0.0))
    pca = PCA(2).fit(data.double().numpy())
    expected = torch.tensor(pca.inverse_transform(pca.transform(data.double().numpy()))).float()
    torch.testing.assert_close(end.completed(), expected, atol=1e-3, rtol=1e-3)


def test_it_reconstructs_digits_no_worse_than_a_factorization_without_signs():
    data = datasets.digits("test")[0][:300].flatten(1)
    everything = torch.ones_like(data, dtype=torch.bool)
    end = last(iter_alternating_least_squares(data, everything, 8, steps=20, ridge=1e-3))
    positive = NMF(8, init="nndsvda", max_iter=300, tol=3e-3).fit(data.numpy())
    assert end.error <= positive.reconstruction_err_**2 / data.numel()


def test_cross_entropy_is_lower_for_the_factorization_that_minimises_it():
    data = (datasets.digits("test")[0][:200].flatten(1) > 0.5).float()
    everything = torch.ones_like(data, dtype=torch.bool)
    squared = last(iter_gradient_factorization(data, everything, 8, steps=300, ridge=0.01))
    entropy = last(
        iter_gradient_factorization(data, everything, 8, steps=300, ridge=0.01, loss="cross_entropy")
    )
    as_probability = squared.completed().clamp(1e-3, 1 - 1e-3)
    assert entropy.error == pytest.approx(binary_cross_entropy(entropy.completed(), data).item(), rel=0.05)
    assert entropy.error < binary_cross_entropy(as_probability, data).item()
    assert ((entropy.completed() >= 0) & (entropy.completed() <= 1)).all()


def test_without_a_ridge_a_row_of_one_entry_gets_the_shortest_solution():
    generator = torch.Generator().manual_seed(0)
    data, mask = torch.rand(6, 5, generator=generator), torch.ones(6, 5, dtype=torch.bool)
    mask[0] = torch.tensor([False, True, False, False, False])
    end = last(iter_alternating_least_squares(data, mask, rank=3, ridge=0.0, steps=3, center=False))
    v = iter_alternating_least_squares(data, mask, rank=3, ridge=0.0, steps=2, center=False)
    columns = last(v).columns  # those for which the rows of the last step were solved
    shortest = data[0, 1] * columns[1] / columns[1].square().sum()
    torch.testing.assert_close(end.rows[0], shortest, atol=1e-4, rtol=1e-4)


def test_too_high_a_rank_fits_what_it_sees_and_loses_the_rest():
    data, mask = low_rank(rank=3)
    noisy = data + 0.5 * torch.randn(data.shape, generator=torch.Generator().manual_seed(1))
    ends = {k: last(iter_alternating_least_squares(noisy, mask, k, steps=60, ridge=1e-3)) for k in (3, 12)}
    assert ends[12].error < ends[3].error
    assert held_out_error(ends[12], noisy, ~mask) > held_out_error(ends[3], noisy, ~mask)


@pytest.mark.parametrize("solve", [iter_alternating_least_squares, iter_gradient_factorization])
@pytest.mark.parametrize(
    "change, error, words",
    [
        ({"rank": 0}, ValueError, "rank: expected a whole number from 1 to 25"),
        ({"rank": 26}, ValueError, "rank"),
        ({"steps": 0}, ValueError, "steps"),
        ({"ridge": -1.0}, ValueError, "ridge"),
        ({"mask": torch.ones(40, 25)}, TypeError, "bools"),
        ({"mask": torch.ones(3, 25, dtype=torch.bool)}, ValueError, "mask: expected shape"),
        ({"mask": torch.arange(25).expand(40, 25) > 0}, ValueError, "none in column 0"),
        ({"mask": (torch.arange(40) > 0)[:, None].expand(40, 25)}, ValueError, "none in row 0"),
        ({"data": "digits"}, TypeError, "a tensor"),
    ],
)
def test_bad_input_is_a_sentence(solve, change, error, words):
    data, mask = low_rank()
    given = {"data": data, "mask": mask, "rank": 2} | change
    with pytest.raises(error, match=words):
        solve(**given)


def test_cross_entropy_wants_shares_and_a_test_wants_entries():
    data, mask = low_rank()
    with pytest.raises(ValueError, match=r"values in \[0, 1\] for cross-entropy"):
        iter_gradient_factorization(data, mask, 2, loss="cross_entropy")
    with pytest.raises(ValueError, match="loss: expected 'squared_error' or 'cross_entropy'"):
        iter_gradient_factorization(data, mask, 2, loss="absolute")
    end = last(iter_alternating_least_squares(data, mask, 1, steps=1))
    with pytest.raises(ValueError, match="at least one entry"):
        held_out_error(end, data, torch.zeros_like(mask))
