"""REINFORCE against enumeration, the enumeration against autograd, and what a baseline does to the variance."""

import pytest
import torch

from lecturelib.visual_attention.tiny_policy import (
    BASELINES,
    blurred_views,
    cell_rewards,
    exact_policy_gradient,
    expected_reward,
    iter_reinforce,
    sampled_policy_gradients,
)

WEIGHTS = torch.randn(4, 4, dtype=torch.double, generator=torch.Generator().manual_seed(3))
BASELINE = torch.tensor([0.5, 0.7, 0.7, 0.5], dtype=torch.double)


def test_the_expected_reward_by_hand():
    # without weights every look is as likely: the mean of 1, 2/3, 1/3, 0 in the outer cells, of 2/3, 1, 2/3, 1/3 inside
    assert expected_reward(torch.zeros(4, 4)) == pytest.approx((2 * 0.5 + 2 * 2 / 3) / 4)


def test_the_exact_gradient_is_autograds():
    weights = WEIGHTS.clone().requires_grad_()
    chances = (blurred_views(4) @ weights.T).softmax(1)
    (chances * cell_rewards(4)).sum(1).mean().backward()
    assert torch.allclose(exact_policy_gradient(WEIGHTS), weights.grad)


@pytest.mark.parametrize("baselines", [None, BASELINE], ids=["without", "with a baseline"])
def test_reinforce_is_unbiased_within_the_standard_error(baselines):
    generator = torch.Generator().manual_seed(0)
    estimates, _, _ = sampled_policy_gradients(WEIGHTS, 40_000, generator, baselines)
    error = estimates.std(0) / len(estimates) ** 0.5
    off = (estimates.mean(0) - exact_policy_gradient(WEIGHTS)).abs() / error
    assert off.max() < 4 and off.square().mean() < 2  # 16 entries, in standard errors


def test_a_baseline_lowers_the_variance():
    spread = [
        sampled_policy_gradients(WEIGHTS, 5000, torch.Generator().manual_seed(1), b)[0].var(0).sum()
        for b in (None, BASELINE)
    ]
    assert spread[1] < 0.5 * spread[0]


@pytest.mark.parametrize("baseline", BASELINES)
def test_the_reward_rises(baseline):
    run = list(iter_reinforce(60, baseline, learning_rate=2))
    assert run[-1].reward > run[0].reward + 0.1 and run[-1].step == run[-1].of == 60


def test_the_same_seed_gives_the_same_run():
    first, again, other = (list(iter_reinforce(5, seed=seed))[-1] for seed in (1, 1, 2))
    assert torch.equal(first.weights, again.weights) and not torch.equal(first.weights, other.weights)


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match="baseline: expected 'none', 'mean' or 'learned'"):
        iter_reinforce(baseline="no")
    with pytest.raises(ValueError, match="steps: expected a whole number from 1"):
        iter_reinforce(steps=0)
    with pytest.raises(ValueError, match="weights: expected shape .cells, cells."):
        expected_reward(torch.zeros(2, 3))
    with pytest.raises(TypeError, match="weights: expected floats"):
        exact_policy_gradient([[0.0]])
    with pytest.raises(ValueError, match="samples: expected a whole number from 1"):
        sampled_policy_gradients(WEIGHTS, 0, torch.Generator())
