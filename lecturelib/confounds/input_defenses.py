"""Defenses that change the input before the network sees it: smoothing, and rounding, which only masks gradients."""

from torch import Tensor, nn

from lecturelib.checks import check_number, check_whole
from lecturelib.filters import gaussian_blur


class Smoothed(nn.Module):
    """Input smoothing: the network sees the picture through a Gaussian filter of `sigma` pixels.

        f'(x) = f(g_sigma * x)

    The filter can be differentiated, so an attack goes through it. After Xu, Evans & Qi 2018, "Feature squeezing",
    section 3.2. Raises `ValueError` or `TypeError` for a sigma that is not above 0.

    >>> import torch
    >>> from lecturelib import models
    >>> Smoothed(models.load("lenet"), 1.0)(torch.zeros(1, 1, 28, 28)).shape
    torch.Size([1, 10])
    """

    def __init__(self, model: nn.Module, sigma: float = 1.0):
        check_number("sigma", sigma, above=0)
        super().__init__()
        self.model, self.sigma = model, sigma
        _named_as(self, model)

    def forward(self, images: Tensor) -> Tensor:
        return self.model(gaussian_blur(images, self.sigma))


class Stepped(nn.Module):
    """Bit depth reduction: each pixel is rounded to one of `levels` values, so that its gradient is 0 everywhere.

        f'(x) = f(round(x (levels - 1)) / (levels - 1))

    An attack that follows the gradient stands still: the gradient is *masked*, the network as easily fooled as before.
    With `stand_in=True` the backward pass takes the rounding for the identity (BPDA, backward pass differentiable
    approximation): an attack through this smooth stand-in succeeds against the other. Buckman et al. 2018 and Xu et al.
    2018 (defense); Athalye, Carlini & Wagner 2018, "Obfuscated gradients give a false sense of security", section 4.1.
    Raises `ValueError` or `TypeError` for fewer than 2 levels.

    >>> import torch
    >>> net = Stepped(nn.Flatten(), levels=3)
    >>> net(torch.tensor([[[[0.2, 0.3, 0.9]]]]))
    tensor([[0.0000, 0.5000, 1.0000]])
    """

    def __init__(self, model: nn.Module, levels: int = 8, stand_in: bool = False):
        check_whole("levels", levels, 2)
        super().__init__()
        self.model, self.levels, self.stand_in = model, levels, stand_in
        _named_as(self, model)

    def forward(self, images: Tensor) -> Tensor:
        rounded = (images * (self.levels - 1)).round() / (self.levels - 1)
        # straight through: the value is the rounded one, the gradient that of the pixels
        return self.model(images + (rounded - images).detach() if self.stand_in else rounded)


def _named_as(wrapper: nn.Module, model: nn.Module) -> None:
    """Classes, size and channels of the network inside, where it has them."""
    for name in ("classes", "input_size", "channels", "name"):
        if hasattr(model, name):
            setattr(wrapper, name, getattr(model, name))
