"""Soft, hard and local attention by hand; REINFORCE against the exact gradient; what each costs."""

import math

import pytest
import torch

from lecturelib.attention.soft_hard_local import (
    PredictedCenter,
    cost,
    exact_gradient,
    hard,
    local,
    reinforce_gradient,
    sharpened,
    soft,
)

SCORES = torch.tensor([[0.0, math.log(3.0), 0.0]])  # softmax 1/5, 3/5, 1/5
VALUES = torch.tensor([[[1.0, 0.0], [0.0, 5.0], [1.0, 0.0]]])


def test_soft_is_the_weighted_mean():
    context, weights = soft(SCORES, VALUES)
    assert torch.allclose(weights, torch.tensor([[0.2, 0.6, 0.2]]))
    assert torch.allclose(context, torch.tensor([[0.4, 3.0]]))
    context, weights = soft(SCORES, VALUES, torch.tensor([[True, False, True]]))
    assert torch.allclose(weights, torch.tensor([[0.5, 0.0, 0.5]]))


def test_hard_draws_one_value_by_its_weight_and_again_from_the_same_seed():
    many, values = SCORES.expand(4000, -1), VALUES.expand(4000, -1, -1)
    context, drawn, log_p = hard(many, values, torch.Generator().manual_seed(0))
    again = hard(many, values, torch.Generator().manual_seed(0))[1]
    assert torch.equal(drawn, again)
    assert torch.equal(context, values[torch.arange(4000), drawn])
    assert torch.allclose(log_p.exp(), torch.tensor([0.2, 0.6, 0.2])[drawn])
    share = drawn.bincount(minlength=3) / 4000
    assert (share - torch.tensor([0.2, 0.6, 0.2])).abs().max() < 0.03


def test_local_looks_within_its_window_only():
    scores, values = torch.zeros(1, 7), torch.eye(7)[None]
    context, weights = local(scores, values, torch.tensor([3.0]), window=2, gaussian=False)
    assert torch.allclose(weights, torch.tensor([[0, 0.2, 0.2, 0.2, 0.2, 0.2, 0]]))
    assert torch.equal(context, weights)  # the values are the positions
    _, weights = local(scores, values, torch.tensor([3.0]), window=2)
    by_hand = [0.2 * math.exp(-(d**2) / 2) for d in (2, 1, 0, 1, 2)]  # sigma = 1
    assert torch.allclose(weights[0, 1:6], torch.tensor(by_hand)) and weights.sum() < 1
    _, edge = local(scores, values, torch.tensor([0.0]), window=2, gaussian=False)
    assert torch.allclose(edge[0, :3], torch.full((3,), 1 / 3)) and edge[0, 3:].eq(0).all()


def test_the_center_is_predicted_within_the_sentence_and_learns_through_the_bell():
    torch.manual_seed(0)
    predict = PredictedCenter(4)
    center = predict(torch.randn(5, 4) * 100, length=9)
    assert center.shape == (5,) and center.min() >= 0 and center.max() <= 8
    _, weights = local(torch.zeros(5, 9), torch.zeros(5, 9, 1), predict(torch.randn(5, 4), 9), window=3)
    (weights * torch.arange(9)).sum().backward()
    assert predict.v.weight.grad.abs().sum() > 0
    by_hand = PredictedCenter(1, hidden=1)
    with torch.no_grad():
        by_hand.w.weight.fill_(1.0)
        by_hand.v.weight.fill_(2.0)
    expected = 8 / (1 + math.exp(-2 * math.tanh(0.5)))
    assert math.isclose(by_hand(torch.tensor([[0.5]]), 9).item(), expected, rel_tol=1e-5)


def test_the_exact_gradient_is_autograds():
    scores = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64, requires_grad=True)
    rewards = torch.tensor([1.0, 5.0, -2.0], dtype=torch.float64)
    (expected,) = torch.autograd.grad(scores.softmax(-1) @ rewards, scores)
    assert torch.allclose(exact_gradient(scores.detach(), rewards), expected)


@pytest.mark.parametrize("baseline", [0.0, 4.0, "mean"])
def test_reinforce_is_right_on_average_and_a_baseline_spreads_less(baseline):
    scores, rewards = torch.tensor([0.5, -0.2, 1.0]), torch.tensor([10.0, 12.0, 11.0])
    mean = (scores.softmax(-1) @ rewards).item()
    chosen = mean if baseline == "mean" else baseline

    def draw(b):
        return reinforce_gradient(scores, rewards.__getitem__, 40_000, torch.Generator().manual_seed(1), b)

    estimates, plain = draw(chosen), draw(0.0)
    error = estimates.std(0) / 40_000**0.5
    assert ((estimates.mean(0) - exact_gradient(scores, rewards)).abs() < 4 * error).all()
    if baseline == "mean":
        assert (estimates.var(0) < plain.var(0) / 50).all()


def test_costs_by_hand():
    assert cost("soft", 10, 8) == {"scores": 80, "values": 80}
    assert cost("hard", 10, 8) == {"scores": 80, "values": 8}
    assert cost("local", 10, 8, window=2) == {"scores": 40, "values": 40}
    assert cost("local", 3, 8, window=2) == cost("soft", 3, 8)  # the window is wider than the sentence


def test_temperature_sharpens_and_flattens():
    weights = torch.tensor([0.2, 0.6, 0.2])
    assert torch.allclose(sharpened(weights, 1.0), weights)
    assert torch.allclose(sharpened(weights, 0.5), torch.tensor([0.04, 0.36, 0.04]) / 0.44)
    assert torch.allclose(sharpened(weights, 1e6), torch.full((3,), 1 / 3), atol=1e-4)
    assert sharpened(torch.tensor([0.0, 1.0]), 2.0)[1] == 1


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match="window: expected a whole number from 1 up, got 0"):
        local(SCORES, VALUES, torch.tensor([1.0]), window=0)
    with pytest.raises(ValueError, match="center: expected one position from 0 to 2"):
        local(SCORES, VALUES, torch.tensor([3.5]), window=1)
    with pytest.raises(
        KeyError, match="kind: expected a known kind of attention, got medium; .*soft, hard, local"
    ):
        cost("medium", 3, 3)
    with pytest.raises(ValueError, match="source: expected a whole number from 1 up, got 0"):
        cost("soft", 0, 3)
    with pytest.raises(ValueError, match="samples: expected a whole number from 1 up, got 0"):
        reinforce_gradient(SCORES[0], SCORES[0].__getitem__, 0, torch.Generator())
    with pytest.raises(ValueError, match="temperature: expected a finite number above 0, got 0.0"):
        sharpened(SCORES, 0.0)
