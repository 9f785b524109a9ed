"""Parts 3, 8 and 9: attacks, autoencoders and glimpses against the passes that they cannot do without."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.timing import Row, compare
from lecturelib import models
from lecturelib.autoencoders import linear_autoencoder, truncated_svd
from lecturelib.confounds import fgsm, pgd
from lecturelib.network.units import Logit
from lecturelib.visual_attention import GlimpseNetwork, SoftWindow, affine_window, gaussian_window, retina


def rows(rounds: int = 7) -> list[Row]:
    """Attacks on alexnet, the two ways to a linear code, one look by retina and by windows, a path of glimpses."""
    from threadpoolctl import threadpool_limits

    torch.manual_seed(0)
    with threadpool_limits(1):  # scikit-learn's, too
        return [*_attacks(rounds), *_codes(rounds), *_looks(rounds)]


def _attacks(rounds: int, steps: int = 5) -> list[Row]:
    model = models.load("alexnet", weights="random")
    image, label = torch.rand(1, 3, 224, 224), Logit(3).check(model).k

    def passes(count: int) -> Callable[[], None]:
        def run() -> None:
            for _ in range(count):
                pixels = image.clone().requires_grad_()
                torch.autograd.grad(F.cross_entropy(model(pixels), torch.tensor([label])), pixels)

        return run

    one = {"floor": passes(1), "lecturelib": lambda: fgsm(model, image, label=label)}
    many = {"floor": passes(steps), "lecturelib": lambda: pgd(model, image, steps=steps, label=label)}
    return [
        Row("FGSM, alexnet", "224 px, one forward and one backward pass", _warm(one, "floor", rounds)),
        Row("PGD, alexnet", f"224 px, {steps} forward and backward passes", _warm(many, "floor", rounds)),
    ]


def _codes(rounds: int, steps: int = 100, size: int = 16) -> list[Row]:
    from sklearn.decomposition import PCA

    data = torch.randn(2000, 784) * torch.linspace(2, 0.1, 784)
    centered = data - data.mean(0)
    decomposed = {
        "floor": lambda: torch.linalg.svd(centered.double(), full_matrices=False),
        "lecturelib": lambda: truncated_svd(centered, size),
        "scikit-learn": lambda: PCA(size, svd_solver="full").fit(centered.double().numpy()),
    }
    few = torch.randn(500, 64)

    def bare() -> None:
        encoder, decoder = (
            torch.randn(size, 64, requires_grad=True),
            torch.randn(64, size, requires_grad=True),
        )
        optimizer = torch.optim.Adam([encoder, decoder], lr=0.02)
        for _ in range(steps):
            loss = (few - few @ encoder.T @ decoder.T).square().sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    trained = {"floor": bare, "lecturelib": lambda: linear_autoencoder(few, size, steps)}
    return [
        Row(
            "truncated SVD",
            f"2000 x 784, {size} numbers; floor: torch's full SVD",
            _warm(decomposed, "floor", rounds),
        ),
        Row(
            "linear autoencoder",
            f"500 x 64, {steps} steps; floor: a bare loop",
            _warm(trained, "floor", rounds),
        ),
    ]


def _looks(rounds: int, count: int = 64) -> list[Row]:
    images, places = torch.rand(count, 1, 60, 60), torch.rand(count, 2) * 1.2 - 0.6
    network = GlimpseNetwork(size=12, scales=3, glimpses=6).eval()
    window = SoftWindow(places, torch.ones(count), torch.ones(count))
    whole = nn.Sequential(nn.Flatten(), nn.Linear(3600, 256), nn.ReLU(), nn.Linear(256, 10)).eval()
    ways = {
        "affine window": lambda: affine_window(images, window),
        "gaussian window": lambda: gaussian_window(images, window),
        "retina, 3 scales": lambda: retina(images, places),
    }
    paths = {"classifier of the whole": lambda: whole(images), "6 glimpses": lambda: network(images)}
    amount = f"{count} pictures of 60 px"
    with torch.no_grad():
        return [
            Row("one look of 12 x 12", amount, _warm(_often(ways), "affine window", rounds)),
            Row("a classification", amount, _warm(_often(paths), "classifier of the whole", rounds)),
        ]


def _often(methods: dict[str, Callable[[], object]]) -> dict[str, Callable[[], object]]:
    """Each method ten times: once is too short to be timed."""
    return {name: lambda method=method: [method() for _ in range(10)] for name, method in methods.items()}


def _warm(methods: dict[str, Callable[[], object]], base: str, rounds: int) -> dict[str, float]:
    for method in methods.values():
        method()
    return compare(methods, base, rounds)
