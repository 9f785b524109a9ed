"""Gradients averaged over many images: on the way from a baseline (integrated gradients), or over noise (SmoothGrad).

One gradient tells what happens very near the image, where a unit may be saturated or the gradient may jump. Both
averages take a pass per sample, in batches that bound the memory, and both come progressively for the explorable.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecturelib.checks import check_image, check_images, check_whole
from lecturelib.gradients.backprop import prepared, value_and_gradient
from lecturelib.network.batched import Progress, check_batch_size, looking
from lecturelib.network.relu_rules import Rule, check_rule
from lecturelib.network.units import Unit
from lecturelib.parameters.patches import fill_image

Baseline = float | str | Tensor
LIVE_BATCH = 8  # samples between two pictures of an explorable at most
GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True, eq=False)
class IntegratedGradients:
    """Each pixel's share (1, C, H, W) of a unit's way from its value at the baseline, `start`, to the image's, `end`.

    With infinitely many steps the shares would add up to `end - start`; `completeness_error` is how far they are off.
    """

    attribution: Tensor
    completeness_error: float
    start: float
    end: float


def integrated_gradients(
    model: nn.Module,
    image: Tensor,
    unit: Unit,
    baseline: Baseline = 0.0,
    steps: int = 50,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> IntegratedGradients:
    """How much each pixel adds to a unit on the straight way from a baseline to the image.

    image: one image (1, C, H, W) in [0, 1]. The attribution is (image - baseline) times the mean gradient over `steps`
    images in between, taken in the middle of equal steps. (Gauss-Legendre points, captum's default, came nearer with 10
    to 20 steps on trained networks, with 50 to 100 neither did: along the way the gradient of a ReLU network jumps, and
    that rule is made for smooth functions. Equal steps can be stopped anywhere.) baseline: a grey in
    [0, 1], "mean" (the image's mean colour), "blur" (the image blurred by 1/16 of its shorter side), or an image.
    Where image and baseline agree the share is 0: a black baseline is blind to black pixels.

    batch_size: images at once, chosen for the network if not given, bounds the memory. progress(done, total) is called
    after every batch. Raises as `backprop` does, and `ValueError` for a batch of images, a baseline that is none, or
    steps below 1. Sundararajan, Taly & Yan 2017, "Axiomatic attribution for deep networks".
    """
    path = _Path(model, image, unit, baseline, steps, batch_size)
    return _last(path.estimates(path.batch_size), steps, progress)


def integrated_gradients_steps(
    model: nn.Module,
    image: Tensor,
    unit: Unit,
    baseline: Baseline = 0.0,
    steps: int = 50,
    batch_size: int | None = None,
) -> Iterator[tuple[float, IntegratedGradients]]:
    """The same while it is being made: yields (share done, estimate so far), the last is `integrated_gradients`'.

    The first estimate comes after one step, from the middle of the way; the steps that follow fill the way evenly.
    Raises at the call; between two estimates nothing is attached to the model.
    """
    path = _Path(model, image, unit, baseline, steps, batch_size)
    return path.estimates(1)


def smooth_grad(
    model: nn.Module,
    image: Tensor,
    unit: Unit,
    noise: float = 0.15,
    samples: int = 50,
    seed: int = 0,
    rule: Rule = "backprop",
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Tensor:
    """The mean gradient (1, C, H, W) over noisy copies of an image: what holds near the image, not just at it.

    image: one image (1, C, H, W) in [0, 1]. noise: the standard deviation of Gaussian noise as a share of the image's
    range (its largest pixel minus its smallest; an image of one colour has none, and gets its plain gradient). Noisy
    pixels may leave [0, 1]: cutting them off there would shift their mean. The same seed gives the same result
    whatever the batch_size. The mean is signed; `.abs().amax(1)` makes a saliency map of it.

    batch_size and progress as for `integrated_gradients`. Raises as `backprop` does, and `ValueError` for a batch of
    images, noise below 0, or samples below 1. Smilkov et al. 2017, "SmoothGrad: removing noise by adding noise".
    """
    cloud = _Cloud(model, image, unit, noise, samples, seed, rule, batch_size)
    return _last(cloud.estimates(cloud.batch_size), samples, progress)


def smooth_grad_steps(
    model: nn.Module,
    image: Tensor,
    unit: Unit,
    noise: float = 0.15,
    samples: int = 50,
    seed: int = 0,
    rule: Rule = "backprop",
    batch_size: int | None = None,
) -> Iterator[tuple[float, Tensor]]:
    """The same while it is being made: yields (share done, mean so far (1, C, H, W)), the last is `smooth_grad`'s.

    The first comes after one sample. Raises at the call; between two means nothing is attached to the model.
    """
    return _Cloud(model, image, unit, noise, samples, seed, rule, batch_size).estimates(1)


def baseline_image(image: Tensor, baseline: Baseline) -> Tensor:
    """The baseline as an image like the given one, (1, C, H, W): see `integrated_gradients` for what it may be."""
    if isinstance(baseline, Tensor) and baseline.ndim > 0:
        check_images(baseline, name="baseline")
        if baseline.shape != image.shape:
            raise ValueError(
                f"baseline: an image of {tuple(image.shape)} is needed, got {tuple(baseline.shape)}"
            )
        return baseline.detach().to(image)
    if isinstance(baseline, str):
        if baseline not in ("mean", "blur"):
            raise ValueError(
                f'baseline: a grey in [0, 1], "mean", "blur" or an image is needed, got {baseline!r}'
            )
        return fill_image(image, baseline, patch_size=max(1, min(image.shape[2:]) // 4)).clone()
    if isinstance(baseline, bool) or not isinstance(baseline, int | float | Tensor):
        raise TypeError(f'baseline: a grey in [0, 1], "mean", "blur" or an image is needed, got {baseline!r}')
    if not 0 <= float(baseline) <= 1:
        raise ValueError(f"baseline: a grey in [0, 1] is needed (128 is 128/255), got {baseline!r}")
    return torch.full_like(image, float(baseline))


class _Average:
    """A mean of gradients over samples, batch by batch: checked arguments, and the sum so far."""

    def __init__(self, model, image, unit, total: int, rule: Rule, batch_size: int | None):
        check_image(image, model)
        self.rule = check_rule(rule)
        self.model, self.total = model, total
        self.image, self.unit = prepared(model, image, unit)
        self.asked = batch_size
        self.batch_size = check_batch_size(batch_size, model, self.unit.layer, tuple(image.shape[1:]))

    def samples(self, start: int, end: int) -> Tensor:
        """The images (end - start, C, H, W) to take the gradient of."""
        raise NotImplementedError

    def estimate(self, mean: Tensor):
        """What is shown, made of the mean gradient (1, C, H, W) so far."""
        raise NotImplementedError

    def estimates(self, first: int) -> Iterator[tuple[float, object]]:
        """(share done, estimate) after every batch; a small first batch is followed by larger ones, still live."""
        largest, size = self.batch_size, min(first, self.batch_size)
        if size < largest and self.asked is None:
            largest = min(largest, LIVE_BATCH)
        total = torch.zeros_like(self.image)
        start = 0
        while start < self.total:
            end = min(start + size, self.total)
            _, gradients = value_and_gradient(self.model, self.samples(start, end), self.unit, self.rule)
            total = total + gradients.sum(0, keepdim=True)  # (n, C, H, W) -> (1, C, H, W)
            start, size = end, min(2 * size, largest)
            yield start / self.total, self.estimate(total / start)


class _Path(_Average):
    def __init__(self, model, image, unit, baseline, steps, batch_size):
        check_whole("steps", steps, 1)
        super().__init__(model, image, unit, steps, "backprop", batch_size)
        self.baseline = baseline_image(self.image, baseline)
        self.way = self.image - self.baseline
        with looking(model, self.unit.keys) as acts:
            ends = self.unit(acts.forward(torch.cat([self.baseline, self.image])))
        self.start, self.end = ends.tolist()
        # Multiples of the golden ratio fill the way evenly wherever one stops.
        spread = (0.5 + GOLDEN * torch.arange(steps, dtype=torch.float64)) % 1
        self.shares = (spread.argsort().argsort() + 0.5) / steps  # (steps,), the middles of equal steps

    def samples(self, start: int, end: int) -> Tensor:
        return self.baseline + self.shares[start:end].to(self.way).view(-1, 1, 1, 1) * self.way

    def estimate(self, mean: Tensor) -> IntegratedGradients:
        attribution = self.way * mean
        error = abs(attribution.double().sum().item() - (self.end - self.start))
        return IntegratedGradients(attribution, error, self.start, self.end)


class _Cloud(_Average):
    def __init__(self, model, image, unit, noise, samples, seed, rule, batch_size):
        check_whole("samples", samples, 1)
        if isinstance(noise, bool) or not isinstance(noise, int | float) or not 0 <= noise < float("inf"):
            raise ValueError(f"noise: a share of the image's range, 0 or more, is needed, got {noise!r}")
        check_whole("seed", seed, 0)
        super().__init__(model, image, unit, samples, rule, batch_size)
        low, high = self.image.aminmax()
        self.sigma = noise * (high - low).item()
        self.random = torch.Generator().manual_seed(seed)

    def samples(self, start: int, end: int) -> Tensor:
        # One draw per sample: the samples do not depend on the batches.
        shape = self.image.shape[1:]
        noise = torch.stack([torch.randn(shape, generator=self.random) for _ in range(start, end)])
        return noise.to(self.image).mul_(self.sigma).add_(self.image)

    def estimate(self, mean: Tensor) -> Tensor:
        return mean


def _last(estimates: Iterator[tuple[float, object]], total: int, progress: Progress | None):
    """The final estimate; `progress` hears of those before."""
    estimate = None
    for done, estimate in estimates:  # noqa: B007, the last one is the answer
        if progress is not None:
            progress(round(done * total), total)
    return estimate
