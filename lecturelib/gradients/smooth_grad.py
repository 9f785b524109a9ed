"""SmoothGrad: the gradient averaged over noisy copies of an image.

Smilkov et al. 2017, "SmoothGrad: removing noise by adding noise".
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lecturelib.checks import check_number, check_whole
from lecturelib.gradients.gradient_average import GradientAverage
from lecturelib.network.batched import Progress
from lecturelib.network.relu_rules import Rule
from lecturelib.network.units import Unit


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
    """SmoothGrad, (1, C, H, W): the mean gradient over noisy copies of an image, signed.

        1/n sum_k d f(x + e_k) / d x,   e_k ~ N(0, sigma^2),   sigma = noise * (max x - min x)

    image: one image (1, C, H, W) in [0, 1]. noise: the standard deviation as a share of the image's range (an image of
    one color has none, and gets its plain gradient). Noisy pixels may leave [0, 1]: cutting them off there would shift
    their mean. The same seed gives the same result whatever the batch_size. `.abs().amax(1)` makes a saliency map of
    it.

    batch_size: images at once, chosen for the network if not given, bounds the memory. progress(done, total) is called
    after every batch. Raises as `backprop` does, and `ValueError` or `TypeError` for a batch of images, noise below 0,
    samples below 1, a negative seed. Smilkov et al. 2017, section 3.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network import Logit
    >>> smooth_grad(models.load("lenet"), torch.rand(1, 1, 28, 28), Logit("3"), samples=4).shape
    torch.Size([1, 1, 28, 28])
    """
    return _NoiseAverage(model, image, unit, noise, samples, seed, rule, batch_size).end(progress)


def iter_smooth_grad(
    model: nn.Module,
    image: Tensor,
    unit: Unit,
    noise: float = 0.15,
    samples: int = 50,
    seed: int = 0,
    rule: Rule = "backprop",
    batch_size: int | None = None,
) -> Iterator[tuple[float, Tensor]]:
    """SmoothGrad while it is being made: yields (share done, mean so far (1, C, H, W)); the last is `smooth_grad`'s.

    The first comes after one sample. Raises at the call; between two means nothing is attached to the model. Arguments
    as for `smooth_grad`.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network import Logit
    >>> means = iter_smooth_grad(models.load("lenet"), torch.rand(1, 1, 28, 28), Logit("3"), samples=4)
    >>> [share for share, _ in means]
    [0.25, 0.75, 1.0]
    """
    return _NoiseAverage(model, image, unit, noise, samples, seed, rule, batch_size).iterate(1)


class _NoiseAverage(GradientAverage[Tensor]):
    def __init__(self, model, image, unit, noise, samples, seed, rule, batch_size):
        check_whole("samples", samples, 1)
        check_number("noise", noise, least=0)
        check_whole("seed", seed, 0)
        super().__init__(model, image, unit, samples, rule, batch_size)
        low, high = self.image.aminmax()
        self.sigma = noise * (high - low).item()
        self.random = torch.Generator().manual_seed(seed)

    def samples(self, start: int, end: int) -> Tensor:
        # one draw per sample: the samples do not depend on the batches
        shape = self.image.shape[1:]
        noise = torch.stack([torch.randn(shape, generator=self.random) for _ in range(start, end)])
        return noise.to(self.image).mul_(self.sigma).add_(self.image)

    def estimate(self, mean: Tensor) -> Tensor:
        return mean
