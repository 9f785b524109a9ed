"""SmoothGrad: the mean over noise of the stated size, the same for the same seed."""

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.gradients.backprop import backprop
from lecturelib.gradients.smooth_grad import smooth_grad
from lecturelib.network.units import Logit


def pixels(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def network(dtype=torch.float32):
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(8 * 9, 3)).to(dtype).eval()
    return models.adapt(net, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4), name="tiny", input_size=10)


def test_noise_is_a_share_of_the_images_range():
    torch.manual_seed(0)
    seen = []

    class Reads(nn.Module):
        def forward(self, x):
            seen.append(x.detach())
            return x.sum((1, 2, 3))[:, None]

    image = 0.2 + 0.5 * pixels(1, 3, 40, 40)
    smooth_grad(Reads(), image, Logit(0), noise=0.3, samples=40, batch_size=40)
    noisy = max(seen, key=len)
    spread = (noisy - image).std().item()
    assert spread == pytest.approx(0.3 * (image.max() - image.min()).item(), rel=0.02)
    assert noisy.min() < 0, "what leaves [0, 1] is not cut off"


def test_seeds_repeat_and_differ_and_no_noise_is_the_plain_gradient():
    model, image = network(), pixels(1, 3, 10, 10)
    one, again, other = (smooth_grad(model, image, Logit(1), samples=5, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    plain = backprop(model, image, Logit(1))
    assert torch.allclose(smooth_grad(model, image, Logit(1), noise=0, samples=3), plain, atol=1e-6)
    grey = torch.full((1, 3, 10, 10), 0.5)
    assert torch.allclose(smooth_grad(model, grey, Logit(1)), backprop(model, grey, Logit(1)), atol=1e-6)


def test_the_mean_gradient_by_hand():
    class Cube(nn.Module):
        """Its score is the sum of the cubed pixels; the mean gradient over noise is 3 x^2 + 3 sigma^2."""

        def forward(self, x):
            return x.pow(3).sum((1, 2, 3))[:, None]

    image = pixels(1, 3, 5, 7).double()
    sigma = 0.2 * (image.max() - image.min()).item()
    found = smooth_grad(Cube(), image, Logit(0), noise=0.2, samples=4000)
    torch.testing.assert_close(found, 3 * image**2 + 3 * sigma**2, atol=0.06, rtol=0)
    generator = torch.Generator().manual_seed(7)
    copies = [image + sigma * torch.randn(3, 5, 7, generator=generator).double() for _ in range(3)]
    by_hand = sum(3 * copy**2 for copy in copies) / 3
    torch.testing.assert_close(smooth_grad(Cube(), image, Logit(0), 0.2, 3, seed=7), by_hand)
