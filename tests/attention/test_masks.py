"""Attention masks: who attends to whom, in both conventions, and what a row without anything gives."""

import math

import pytest
import torch

from lecturelib.attention.masks import causal_mask, check_mask, forbidden, masked_softmax, padding_mask


def test_softmax_of_three_scores_by_hand():
    scores = torch.tensor([[0.0, math.log(2.0), math.log(5.0)]])
    assert torch.allclose(masked_softmax(scores, None), torch.tensor([[1, 2, 5]]) / 8)
    allowed = torch.tensor([[True, True, False]])
    assert torch.allclose(masked_softmax(scores, allowed), torch.tensor([[1, 2, 0]]) / 3)


def test_masks_by_hand():
    assert causal_mask(3)[0].tolist() == [[True, False, False], [True, True, False], [True, True, True]]
    tokens = torch.tensor([[5, 6, 0], [7, 8, 9]])
    assert padding_mask(tokens).tolist() == [[[True, True, False]], [[True, True, True]]]
    assert padding_mask(tokens, pad=9).tolist() == [[[True, True, True]], [[True, True, False]]]
    assert torch.equal(forbidden(causal_mask(3)), ~causal_mask(3))


def test_a_row_without_anything_allowed_gives_zeros_and_a_finite_gradient():
    scores = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64, requires_grad=True)
    mask = torch.tensor([[True, False], [False, False]])
    weights = masked_softmax(scores, mask)
    assert weights.tolist() == [[1.0, 0.0], [0.0, 0.0]]
    (gradient,) = torch.autograd.grad((weights * torch.randn(2, 2).double()).sum(), scores)
    assert gradient.isfinite().all() and scores.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_the_scores_are_not_overwritten():
    scores = torch.randn(2, 3, 4)
    kept = scores.clone()
    with torch.no_grad():
        weights = masked_softmax(scores)
    assert torch.equal(scores, kept) and weights.data_ptr() != scores.data_ptr()


def test_bad_input_is_a_sentence():
    with pytest.raises(
        TypeError, match="mask: expected a boolean tensor, True where attention is allowed, got"
    ):
        check_mask("causal")
    with pytest.raises(TypeError, match="boolean"):
        forbidden(torch.ones(2, 2))
    with pytest.raises(
        ValueError, match=r"expected \(1 or 3, 1 or 5, 5\) for 5 queries and 5 keys, got \(3, 5, 7\)"
    ):
        check_mask(torch.ones(3, 5, 7, dtype=torch.bool), (3, 5, 5))
    with pytest.raises(ValueError, match="length: expected a whole number from 1 up, got 0"):
        causal_mask(0)
    with pytest.raises(TypeError, match="length"):
        causal_mask(True)
