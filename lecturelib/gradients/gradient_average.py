"""The mean of gradients over many images, batch by batch: what integrated gradients and SmoothGrad have in common.

One gradient tells what happens very near the image, where a unit may be saturated or the gradient may jump. An average
takes a forward and a backward pass per sample, in batches that bound the memory, and can be stopped at any sample.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from lecturelib.checks import check_image
from lecturelib.network.batched import Progress, check_batch_size
from lecturelib.network.input_gradient import prepared, value_and_gradient
from lecturelib.network.relu_rules import Rule, check_rule
from lecturelib.network.units import Unit

LIVE_BATCH = 8  # samples between two pictures of an explorable at most
Estimate = TypeVar("Estimate")


class GradientAverage(Generic[Estimate]):
    """A mean of gradients over samples: checked arguments, and the sum so far. A subclass says which samples."""

    def __init__(
        self, model: nn.Module, image: Tensor, unit: Unit, total: int, rule: Rule, batch_size: int | None
    ):
        check_image(image, model)
        check_rule(rule)
        self.rule = rule
        self.model, self.total = model, total
        self.image, self.unit = prepared(model, image, unit)
        self.asked = batch_size
        self.batch_size = check_batch_size(batch_size, model, self.unit.layer, tuple(image.shape[1:]))

    def samples(self, start: int, end: int) -> Tensor:
        """The images (end - start, C, H, W) to take the gradient of."""
        raise NotImplementedError

    def estimate(self, mean: Tensor) -> Estimate:
        """The result, made of the mean gradient (1, C, H, W) so far."""
        raise NotImplementedError

    def iterate(self, first: int) -> Iterator[tuple[float, Estimate]]:
        """(share done, estimate) after every batch; a small first batch is followed by larger ones, still live."""
        largest, size = self.batch_size, min(first, self.batch_size)
        if size < largest and self.asked is None:
            largest = min(largest, LIVE_BATCH)
        # in half precision a sum of finite gradients can overflow, and loses its last digits in any case
        total = torch.zeros_like(self.image, dtype=torch.promote_types(self.image.dtype, torch.float32))
        start = 0
        while start < self.total:
            end = min(start + size, self.total)
            _, gradients = value_and_gradient(self.model, self.samples(start, end), self.unit, self.rule)
            total = total + gradients.sum(0, keepdim=True, dtype=total.dtype)  # (n, C, H, W) -> (1, C, H, W)
            start, size = end, min(2 * size, largest)
            yield start / self.total, self.estimate((total / start).to(self.image.dtype))

    def end(self, progress: Progress | None) -> Estimate:
        """The final estimate; `progress` is told (samples done, samples in all) after every batch."""
        for done, estimate in self.iterate(self.batch_size):  # noqa: B007, the last one is the result
            if progress is not None:
                progress(round(done * self.total), self.total)
        return estimate
