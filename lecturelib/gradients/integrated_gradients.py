"""Integrated gradients: the gradient averaged along the straight path from a baseline to the image.

Sundararajan, Taly & Yan 2017, "Axiomatic attribution for deep networks".
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecturelib.checks import check_finite, check_images, check_whole, complaint, described
from lecturelib.gradients.gradient_average import GradientAverage
from lecturelib.network.baselines import fill_image
from lecturelib.network.batched import Progress, looking
from lecturelib.network.units import Unit

Baseline = float | str | Tensor
BASELINES = 'a grey in [0, 1], "mean", "blur" or an image'
GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True, eq=False)
class IntegratedGradients:
    """Each pixel's share (1, C, H, W) of the difference between a unit's value at the baseline and at the image.

    With infinitely many steps the shares add up to `end - start`; `completeness_error` is the absolute difference.

    >>> import torch
    >>> IntegratedGradients(torch.tensor([[[[2.0]]]]), completeness_error=0.5, start=1.0, end=3.5).end
    3.5
    """

    attribution: Tensor
    completeness_error: float
    start: float  # the unit's value at the baseline
    end: float  # and at the image


def integrated_gradients(
    model: nn.Module,
    image: Tensor,
    unit: Unit,
    baseline: Baseline = 0.0,
    steps: int = 50,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> IntegratedGradients:
    """Integrated gradients: each pixel's share of what a unit gains from a baseline to the image, (1, C, H, W).

        IG_i = (x_i - b_i) * 1/n sum_k d f(b + t_k (x - b)) / d x_i,   t_k = (k + 1/2) / n,   k = 0 ... n - 1

    image: one image x (1, C, H, W) in [0, 1]. baseline b: a grey in [0, 1], "mean" (the image's mean color), "blur"
    (the image blurred, sigma 1/16 of its shorter side), or an image. Where image and baseline agree the share is 0: a
    black baseline is blind to black pixels. steps: the midpoint rule with n equal steps. (Gauss-Legendre points,
    captum's default, came nearer with 10 to 20 steps on trained networks, with 50 to 100 neither did: along the path
    the gradient of a ReLU network jumps, and that rule is made for smooth functions. Equal steps can be stopped
    anywhere.)

    batch_size: images at once, chosen for the network if not given, bounds the memory. progress(done, total) is
    called after every batch. Raises as `backprop` does, and `ValueError` or `TypeError` for a batch of images,
    another baseline or steps below 1. Sundararajan, Taly & Yan 2017, equation 3.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network import Logit
    >>> found = integrated_gradients(models.load("lenet"), torch.rand(1, 1, 28, 28), Logit("3"), steps=8)
    >>> found.attribution.shape
    torch.Size([1, 1, 28, 28])
    >>> abs(found.attribution.sum().item() - (found.end - found.start)) - found.completeness_error < 1e-4
    True
    """
    return _PathAverage(model, image, unit, baseline, steps, batch_size).end(progress)


def iter_integrated_gradients(
    model: nn.Module,
    image: Tensor,
    unit: Unit,
    baseline: Baseline = 0.0,
    steps: int = 50,
    batch_size: int | None = None,
) -> Iterator[tuple[float, IntegratedGradients]]:
    """Integrated gradients while they are made: yields (share done, estimate so far), the last `integrated_gradients`'.

    The first estimate comes after one step, from the middle of the path; the steps that follow fill the path evenly.
    Raises at the call; between two estimates nothing is attached to the model. Arguments as for `integrated_gradients`.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network import Logit
    >>> estimates = iter_integrated_gradients(models.load("lenet"), torch.rand(1, 1, 28, 28), Logit("3"), steps=4)
    >>> [share for share, _ in estimates]
    [0.25, 0.75, 1.0]
    """
    return _PathAverage(model, image, unit, baseline, steps, batch_size).iterate(1)


def baseline_image(image: Tensor, baseline: Baseline) -> Tensor:
    """The baseline of integrated gradients as an image like the given one, (1, C, H, W).

    Arguments and errors as for `integrated_gradients`.

    >>> import torch
    >>> baseline_image(torch.zeros(1, 3, 8, 8), 0.5)[0, :, 0, 0]
    tensor([0.5000, 0.5000, 0.5000])
    """
    if isinstance(baseline, Tensor) and baseline.ndim > 0:
        check_images(baseline, name="baseline")
        if baseline.shape != image.shape:
            raise ValueError(
                complaint("baseline", f"an image of {tuple(image.shape)}", tuple(baseline.shape))
            )
        return baseline.detach().to(image)
    if isinstance(baseline, str):
        if baseline not in ("mean", "blur"):
            raise ValueError(complaint("baseline", BASELINES, repr(baseline)))
        return fill_image(image, baseline, patch_size=max(1, min(image.shape[2:]) // 4)).clone()
    if isinstance(baseline, bool) or not isinstance(baseline, int | float | Tensor):
        raise TypeError(complaint("baseline", BASELINES, described(baseline)))
    if not 0 <= float(baseline) <= 1:
        raise ValueError(complaint("baseline", BASELINES, baseline, "grey 128 is 128/255"))
    return torch.full_like(image, float(baseline))


class _PathAverage(GradientAverage[IntegratedGradients]):
    def __init__(self, model, image, unit, baseline, steps, batch_size):
        check_whole("steps", steps, 1)
        super().__init__(model, image, unit, steps, "backprop", batch_size)
        self.baseline = baseline_image(self.image, baseline)
        self.way = self.image - self.baseline
        with looking(model, self.unit.keys) as acts:
            # one after the other: in some networks the pictures of a batch influence one another
            ends = [self.unit(acts.forward(end)).item() for end in (self.baseline, self.image)]
        self.start, self.end_value = ends
        # Multiples of the golden ratio fill the path evenly wherever one stops.
        spread = (0.5 + GOLDEN * torch.arange(steps, dtype=torch.float64)) % 1
        self.shares = (spread.argsort().argsort() + 0.5) / steps  # (steps,), the middles of equal steps

    def samples(self, start: int, end: int) -> Tensor:
        return self.baseline + self.shares[start:end].to(self.way).view(-1, 1, 1, 1) * self.way

    def estimate(self, mean: Tensor) -> IntegratedGradients:
        attribution = check_finite(f"{self.unit}, integrated gradients", self.way * mean)
        error = abs(attribution.double().sum().item() - (self.end_value - self.start))
        return IntegratedGradients(attribution, error, self.start, self.end_value)
