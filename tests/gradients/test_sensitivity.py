"""Sensitivity is exact for a linear network, and planted features are found."""

import importlib

import pytest
import torch
from torch import nn

from lecturelib.gradients.sensitivity import Sensitivity, select_features, sensitivity, train_table_net
from lecturelib.network.units import Logit, Neuron


def table(rows=50, features=4):
    return torch.randn(rows, features, generator=torch.Generator().manual_seed(0))


def test_a_linear_network_gives_its_weights():
    model = nn.Sequential(nn.Linear(4, 2))
    found = sensitivity(model, table(), 1)
    torch.testing.assert_close(found.mean, model[0].weight[1].detach())
    torch.testing.assert_close(found.mean_abs, model[0].weight[1].detach().abs())
    assert found.share_positive.tolist() == (model[0].weight[1] > 0).float().tolist()


def test_a_sign_that_changes():
    class Square(nn.Module):
        def forward(self, x):
            return x[:, :1] ** 2 - 3 * x[:, 1:2]

    rows = torch.tensor([[1.0, 0.0, 9.0], [-1.0, 5.0, 9.0], [3.0, 1.0, 9.0], [-3.0, 2.0, 9.0]])
    found = sensitivity(Square(), rows, 0)
    assert found.mean_abs.tolist() == [4, 3, 0] and found.mean.tolist() == [0, -3, 0]
    assert found.share_positive.tolist() == [0.5, 0, 0]
    assert select_features(found, 2).tolist() == [0, 1]


def test_any_unit_and_any_number_of_rows(monkeypatch):
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    whole = sensitivity(model, table(), Neuron("1", 3))
    monkeypatch.setattr(importlib.import_module("lecturelib.gradients.sensitivity"), "ROWS", 7)
    torch.testing.assert_close(sensitivity(model, table(), Neuron("1", 3)).mean, whole.mean)
    torch.testing.assert_close(
        sensitivity(model, table(), Logit(0)).mean, sensitivity(model, table(), 0).mean
    )


def test_the_model_comes_back_as_it_was():
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first, second = sensitivity(model, table(), 0), sensitivity(model, table(), 0)
    assert torch.equal(first.mean, second.mean) and all(module.training for module in model.modules())
    assert all(p.requires_grad and p.grad is None for p in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_planted_features_are_found():
    x = table(300, 10)
    y = (2 * x[:, 7] - 2 * x[:, 2] > 0).long()
    model = train_table_net(x, y, seed=1)
    found = sensitivity(model, x, 1)
    assert set(select_features(found, 2).tolist()) == {2, 7}
    assert found.mean[7] > 0 > found.mean[2]
    assert found.share_positive[7] > 0.9 and found.share_positive[2] < 0.1
    again = train_table_net(x, y, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_bad_input():
    model, rows = nn.Sequential(nn.Linear(4, 2)), table()
    for inputs, said in [
        (rows[0], "table"),
        (rows[:0], "table"),
        (rows * float("nan"), "NaN"),
        (table(features=5), "got 5 features"),
    ]:
        with pytest.raises(ValueError, match=said):
            sensitivity(model, inputs, 0)
    with pytest.raises(TypeError, match="floats"):
        sensitivity(model, rows.long(), 0)
    with pytest.raises(TypeError, match="tensor"):
        sensitivity(model, rows.tolist(), 0)
    with pytest.raises(IndexError, match="class: expected a whole number from 0 to 1"):
        sensitivity(model, rows, 2)
    with pytest.raises(TypeError, match="unit"):
        sensitivity(model, rows, "first")
    found = Sensitivity(*torch.rand(3, 4))
    for k, error in ((0, ValueError), (5, ValueError), (1.0, TypeError), (True, TypeError)):
        with pytest.raises(error, match="k: expected a whole number from 1 to 4"):
            select_features(found, k)
    with pytest.raises(TypeError, match="found: expected what sensitivity"):
        select_features(torch.rand(4), 1)
    for y in (torch.zeros(49).long(), torch.zeros(50), torch.full((50,), -1), [0] * 50):
        with pytest.raises(ValueError, match="labels"):
            train_table_net(rows, y)
