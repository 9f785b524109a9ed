"""What a denoising autoencoder learns: its arrows x' - x point to where the data are dense.

Alain and Bengio 2014, "What regularized auto-encoders learn from the data-generating distribution": for Gaussian noise
of standard deviation sigma the best reconstruction is r(x) = x + sigma^2 grad log p_sigma(x), with p_sigma the density
of the noisy data (Miyasawa 1961). Here p_sigma is known exactly, so that the arrows can be checked.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.autoencoders.linear_autoencoder import check_data
from lecturelib.checks import check_choice, check_number, check_whole

TOYS = ("circle", "spiral", "two arcs")


def toy_points(shape: str = "spiral", n: int = 400, spread: float = 0.02, seed: int = 0) -> Tensor:
    """Points (n, 2) along a curve in the plane, within about [-1, 1].

    `shape`: "circle", "spiral" or "two arcs"; `spread`: standard deviation around the curve.

    >>> points = toy_points("circle", n=100, spread=0.0)
    >>> torch.allclose(points.norm(dim=1), torch.full((100,), 0.8), atol=1e-6)
    True
    """
    check_choice("shape", shape, TOYS)
    check_whole("n", n, 2)
    check_number("spread", spread, least=0)
    generator = torch.Generator().manual_seed(seed)
    t = torch.rand(n, generator=generator)
    if shape == "circle":
        angle, radius = 2 * torch.pi * t, torch.full((n,), 0.8)
    elif shape == "spiral":
        angle = 3 * torch.pi * (0.15 + 0.85 * t.sqrt())  # equally many points on equal lengths of the curve
        radius = 0.9 * angle / (3 * torch.pi)
    else:
        upper = torch.arange(n) % 2 == 0
        angle, radius = torch.pi * t, torch.full((n,), 0.6)
        arc = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
        points = torch.where(
            upper[:, None], arc + torch.tensor([-0.3, -0.15]), torch.tensor([0.3, 0.15]) - arc
        )
        return points + spread * torch.randn(n, 2, generator=generator)
    points = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
    return points + spread * torch.randn(n, 2, generator=generator)


def exact_arrows(data: Tensor, places: Tensor, sigma: float) -> Tensor:
    """Exact arrows of a denoiser: sigma^2 grad log p_sigma at places (m, 2), for data points (n, 2).

    p_sigma(x) is the mean over the data of N(x; x_i, sigma^2 I), so the arrow is the mean of x_i - x, weighted by the
    softmax of -|x - x_i|^2 / (2 sigma^2): the reconstruction of the best possible denoiser, less x.

    >>> exact_arrows(torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2), sigma=0.5).tolist()
    [[1.0, 0.0]]
    """
    check_data(data, 1)
    check_number("sigma", sigma, above=0)
    weights = (-torch.cdist(places, data).square() / (2 * sigma**2)).softmax(1)  # (m, n)
    return weights @ data - places


@dataclass(frozen=True, eq=False)
class DenoisingStep:
    """One step of `iter_denoiser`: the mean squared error of the clean points, and the network so far."""

    step: int
    of: int
    error: float
    network: nn.Module

    def arrows(self, places: Tensor) -> Tensor:
        """x' - x at places (m, 2), as the network has learned it so far."""
        with torch.no_grad():
            return self.network(places) - places


def iter_denoiser(
    data: Tensor, sigma: float = 0.15, steps: int = 1500, width: int = 96, seed: int = 0
) -> Iterator[DenoisingStep]:
    """Train a small denoising autoencoder on points in the plane; yields each step.

    min over r of the mean |r(x + noise) - x|^2, the noise Gaussian with standard deviation sigma, drawn anew each step.
    data (n, 2); two hidden layers of `width` units (SiLU). Raises `ValueError` for other data or numbers.

    >>> *_, end = iter_denoiser(toy_points("circle"), steps=5)
    >>> end.arrows(torch.zeros(3, 2)).shape
    torch.Size([3, 2])
    """
    check_data(data)
    check_number("sigma", sigma, above=0)
    check_whole("steps", steps, 1)
    check_whole("width", width, 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        sizes = (data.shape[1], width, width, data.shape[1])
        layers = [
            layer for a, b in zip(sizes, sizes[1:], strict=False) for layer in (nn.Linear(a, b), nn.SiLU())
        ]
        network = nn.Sequential(*layers[:-1]).to(data)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)

    def run() -> Iterator[DenoisingStep]:
        for step in range(1, steps + 1):
            noisy = data + sigma * torch.randn(data.shape, generator=generator).to(data)
            with torch.enable_grad():
                error = F.mse_loss(network(noisy), data)
            optimizer.zero_grad()
            error.backward()
            optimizer.step()
            schedule.step()
            yield DenoisingStep(step, steps, error.item(), network)

    return run()
