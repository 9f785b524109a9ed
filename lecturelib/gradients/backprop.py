"""Backpropagation to the pixels, and its two relatives that treat a ReLU differently on the way back."""

from torch import Tensor, nn

from lecturelib.network.input_gradient import prepared, value_and_gradient
from lecturelib.network.relu_rules import Rule, check_rule
from lecturelib.network.units import Unit


def backprop(model: nn.Module, image: Tensor, unit: Unit, rule: Rule = "backprop") -> Tensor:
    """Backpropagation to the pixels: the gradient of a unit, (B, C, H, W), signed.

        d f(x) / d x,   f the unit, x the image

    image (B, C, H, W) in [0, 1]; each image of a batch gets its own gradient, in unit per pixel value. rule: what a
    ReLU passes back, see `relu_back`; with "deconvnet" or "guided" the result is not a gradient. It is all 0 where no
    signal arrives: with "backprop" below a ReLU that is off ("deconvnet" shows a pattern even then, since it ignores
    the forward pass). The model comes back as it was: mode, flags and hooks. It works inside `no_grad` and
    `inference_mode`.

    Raises before any work `TypeError` or `ValueError` for something other than pixels or an unknown rule, and
    `IndexError`, `UnknownName` or `ValueError` for a unit that the network does not have. `ValueError` also if no
    gradient arrives (a step without derivative, a network that runs under `no_grad`), if it is NaN or infinite, and
    if a rule other than "backprop" is asked of a network without any ReLU: it would change nothing. Simonyan et al.
    2014, section 3; Zeiler & Fergus 2014, section 2.1; Springenberg et al. 2015, section 3.4.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network import Logit
    >>> image = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    >>> backprop(models.load("lenet"), image, Logit("3")).shape
    torch.Size([1, 1, 28, 28])
    """
    check_rule(rule)
    image, unit = prepared(model, image, unit)
    return value_and_gradient(model, image, unit, rule)[1]


def guided_backprop(model: nn.Module, image: Tensor, unit: Unit) -> Tensor:
    """Guided backpropagation, (B, C, H, W): `backprop(model, image, unit, rule="guided")`, exactly.

    A ReLU with input a passes the signal g back only where both are above 0: g * (a > 0) * (g > 0). Arguments and
    errors as for `backprop`. Springenberg et al. 2015, "Striving for simplicity: the all convolutional net", section
    3.4.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network import Channel
    >>> guided_backprop(models.load("lenet"), torch.rand(1, 1, 28, 28), Channel("conv2", 3)).shape
    torch.Size([1, 1, 28, 28])
    """
    return backprop(model, image, unit, "guided")


def deconvolution(model: nn.Module, image: Tensor, unit: Unit) -> Tensor:
    """Deconvolution, (B, C, H, W): `backprop(model, image, unit, rule="deconvnet")`, exactly.

    A ReLU passes the signal g back where g itself is above 0, whatever its input was: g * (g > 0). It works on any
    network with ReLUs; `deconvnet` is the reverse network of the paper, for plain chains of convolutions, and starts
    from the activation instead of from 1. Arguments and errors as for `backprop`. Zeiler & Fergus 2014, section 2.1.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network import Logit
    >>> deconvolution(models.load("lenet"), torch.rand(1, 1, 28, 28), Logit("3")).shape
    torch.Size([1, 1, 28, 28])
    """
    return backprop(model, image, unit, "deconvnet")
