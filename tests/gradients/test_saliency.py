"""Saliency maps and gradient times input by their definitions."""

import torch
from torch import nn

from lecturelib import models
from lecturelib.gradients.backprop import backprop
from lecturelib.gradients.saliency import gradient_times_input, saliency_map
from lecturelib.network.units import Logit


def pixels(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def network(inplace=False, norm=False, dtype=torch.float64):
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 5, 3, padding=1), nn.BatchNorm2d(5) if norm else nn.Identity(), nn.ReLU(inplace)]
    layers += [nn.MaxPool2d(2), nn.Conv2d(5, 4, 3), nn.ReLU(inplace), nn.Flatten(), nn.Linear(4 * 9, 3)]
    net = nn.Sequential(*layers).to(dtype).eval()
    return models.adapt(net, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4), name="tiny", input_size=10)


class Linear(nn.Module):
    """Its two scores are weighted sums of the pixels."""

    def __init__(self, size=4):
        super().__init__()
        torch.manual_seed(0)
        self.sum = nn.Linear(3 * size * size, 2)

    def forward(self, x):
        return self.sum(x.flatten(1))


def test_a_linear_model_gives_its_weights_and_gradient_times_input_is_exact():
    model, image = Linear(), pixels(1, 3, 4, 4)
    assert torch.equal(backprop(model, image, Logit(1)), model.sum.weight[1].view(1, 3, 4, 4))
    shares = gradient_times_input(model, image, Logit(1))
    assert torch.allclose(shares.sum() + model.sum.bias[1], model(image)[0, 1], atol=1e-6)
    assert torch.equal(
        gradient_times_input(model, torch.zeros(1, 3, 4, 4), Logit(1)), torch.zeros(1, 3, 4, 4)
    )


def test_the_saliency_map_is_the_largest_absolute_gradient_of_the_channels():
    model, batch = network(), pixels(2, 3, 10, 10)
    expected = backprop(model, batch, Logit(1)).abs().max(1).values
    assert torch.equal(saliency_map(model, batch, Logit(1)), expected)
    assert expected.shape == (2, 10, 10)


def test_by_hand_on_a_picture_that_is_not_square():
    class Weighted(nn.Module):
        """y = sum of red, minus twice the green, plus the squared blue."""

        def forward(self, x):
            red, green, blue = x.unbind(1)
            return (red - 2 * green + blue**2).sum((1, 2))[:, None]

    image = pixels(2, 3, 3, 5)
    gradient = torch.stack([torch.ones(2, 3, 5), torch.full((2, 3, 5), -2.0), 2 * image[:, 2]], 1)
    torch.testing.assert_close(saliency_map(Weighted(), image, Logit(0)), torch.full((2, 3, 5), 2.0))
    torch.testing.assert_close(gradient_times_input(Weighted(), image, Logit(0)), gradient * image)
