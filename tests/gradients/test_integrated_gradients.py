"""Integrated gradients: exact on linear models and squares, complete with many steps, with every baseline."""

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.gradients.backprop import backprop
from lecturelib.gradients.integrated_gradients import (
    baseline_image,
    integrated_gradients,
    iter_integrated_gradients,
)
from lecturelib.gradients.smooth_grad import smooth_grad
from lecturelib.network.units import Logit, read


def pixels(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def linear():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 16, 2))


def network(dtype=torch.float32):
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(8 * 9, 3)).to(dtype).eval()
    return models.adapt(net, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4), name="tiny", input_size=10)


class Square(nn.Module):
    """Its score is the sum of the squared pixels."""

    def forward(self, x):
        return x.square().sum((1, 2, 3))[:, None]


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_linear_model_is_exact_with_any_number_of_steps(steps):
    model, image = linear(), pixels(1, 3, 4, 4)
    found = integrated_gradients(model, image, Logit(1), 0.25, steps)
    weights = model[1].weight[1].view(1, 3, 4, 4)
    assert torch.allclose(found.attribution, (image - 0.25) * weights, atol=1e-6)
    assert found.completeness_error < 1e-6
    assert torch.allclose(smooth_grad(model, image, Logit(1), samples=steps), weights, atol=1e-6)


def test_squares_by_hand_and_equal_steps_are_exact_for_them():
    image = pixels(1, 3, 4, 4).double()
    found = integrated_gradients(Square(), image, Logit(0), 0.5, steps=3)
    assert torch.allclose(found.attribution, image**2 - 0.25)
    assert (found.start, found.end) == pytest.approx((12.0, image.square().sum().item()))


def test_completeness_comes_nearer_with_more_steps():
    model, image = network(torch.float64), pixels(1, 3, 10, 10)
    errors = []
    for steps in (5, 50, 2000):
        found = integrated_gradients(model, image, Logit(1), steps=steps)
        errors.append(found.completeness_error)
        gap = found.attribution.sum().item() - (found.end - found.start)
        assert found.completeness_error == pytest.approx(abs(gap))
        assert found.end == pytest.approx(read(model, image.double(), Logit(1)).item())
    assert errors[2] < 1e-3
    assert errors[2] < errors[0]


def test_the_first_step_lies_in_the_middle_of_the_way():
    model, image = network(), pixels(1, 3, 10, 10)
    done, first = next(iter_integrated_gradients(model, image, Logit(1), steps=51))
    middle = backprop(model, image / 2, Logit(1))
    assert torch.allclose(first.attribution, image * middle, atol=1e-2 * middle.abs().max())


def test_the_baselines():
    image = pixels(1, 3, 16, 16)
    assert torch.equal(baseline_image(image, 0.5), torch.full_like(image, 0.5))
    assert torch.allclose(baseline_image(image, "mean")[0, :, 3, 4], image.mean((0, 2, 3)))
    blurred = baseline_image(image, "blur")
    assert blurred.std() < 0.8 * image.std()
    assert torch.equal(baseline_image(image, blurred), blurred)
    zero = integrated_gradients(network(), pixels(1, 3, 10, 10), Logit(1), pixels(1, 3, 10, 10), steps=2)
    assert zero.attribution.count_nonzero() == 0
    assert zero.completeness_error == pytest.approx(0, abs=1e-6)
