"""Short runs on the shipped clothes, trained when they are first asked for and remembered."""

import warnings
from functools import lru_cache

import torch
from torch import Tensor, nn

from lecturelib import datasets
from lecturelib.training.fit import fit
from lecturelib.training.history import History
from lecturelib.training.run import RunStopped

STATISTICS = (0.2860, 0.3530)  # mean and deviation of the clothes' pixels
EXAMPLES, BATCH = 2000, 64
RATES = (0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
STEPS = {"SGD": 150, "Adam": 150}


@lru_cache
def clothes() -> tuple[Tensor, Tensor]:
    """The first 2,000 clothes, normalized."""
    images, labels = datasets.clothes("train")
    mean, std = STATISTICS
    return (images[:EXAMPLES] - mean) / std, labels[:EXAMPLES]


def small_net(seed: int = 0) -> nn.Sequential:
    """784 - 32 - 10 with a ReLU."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))


@lru_cache(maxsize=64)
def short_run(
    rate: float, optimizer: str = "SGD", steps: int = 150, seed: int = 0, batch_size: int = BATCH
) -> History:
    """The history of one run; where it stops early (NaN), it is as long as it got."""
    model = small_net(seed)
    kind = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}[optimizer]
    run = fit(
        model, clothes(), steps=steps, optimizer=kind(model.parameters(), lr=rate), batch_size=batch_size, seed=seed
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RunStopped)  # the curve shows that it ended
        for _ in run:
            pass
    return run.history
