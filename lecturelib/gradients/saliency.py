"""Saliency maps and gradient times input: two ways to read one gradient."""

from torch import Tensor, nn

from lecturelib.checks import check_finite
from lecturelib.gradients.backprop import backprop
from lecturelib.network.relu_rules import Rule
from lecturelib.network.units import Unit


def saliency_map(model: nn.Module, image: Tensor, unit: Unit, rule: Rule = "backprop") -> Tensor:
    """Saliency map, (B, H, W), 0 or more: the largest absolute gradient of each pixel's color channels.

        m_ij = max_c |d f(x) / d x_cij|

    Arguments and errors as for `backprop`. In the paper the unit is the score of a class before the softmax, `Logit`:
    the gradient of `Probability` also pushes all other classes down. Simonyan, Vedaldi & Zisserman 2014, "Deep inside
    convolutional networks", section 3.1.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network import Logit
    >>> saliency_map(models.load("lenet"), torch.rand(2, 1, 28, 28), Logit("3")).shape
    torch.Size([2, 28, 28])
    """
    return backprop(model, image, unit, rule).abs().amax(1)  # (B, C, H, W) -> (B, H, W)


def gradient_times_input(model: nn.Module, image: Tensor, unit: Unit) -> Tensor:
    """Gradient times input, (B, C, H, W): each pixel's share of a unit by a first-order Taylor expansion at 0.

        a_cij = x_cij * d f(x) / d x_cij

    Exact for a linear model: the shares add up to its value, less the bias. The reference is black, pixel 0, where
    every share is 0 whatever the gradient. Multiplying inside the network, behind the normalization, would make the
    data's mean color the reference: (pixel - mean) * d f / d pixel, and another map. Arguments and errors as for
    `backprop`. Shrikumar et al. 2016, "Not just a black box"; Ancona et al. 2018, section 2.

    >>> import torch
    >>> from lecturelib.network import Logit
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 1, bias=False))
    >>> image = torch.full((1, 1, 2, 2), 0.5)
    >>> bool(gradient_times_input(net, image, Logit(0)).sum().isclose(net(image)[0, 0]))
    True
    """
    gradient = backprop(model, image, unit)
    return check_finite(f"{unit}, gradient times input", image.detach().to(gradient) * gradient)
