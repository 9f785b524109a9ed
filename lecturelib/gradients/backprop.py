"""Backpropagation on to the pixels: how a unit would change if a pixel changed a little.

One forward and one backward pass, and neither goes further than it must: the forward pass stops at the unit's
layer, the backward pass computes the gradient of the pixels and of nothing else.
"""

import torch
from torch import Tensor, nn

from lecturelib.checks import check_images
from lecturelib.network.batched import checked_unit
from lecturelib.network.hooks import frozen, recording
from lecturelib.network.relu_rules import Rule, check_rule, relu_rule
from lecturelib.network.units import Unit

SEVERAL = 2  # images; from here on a layout pixel by pixel (channels last) is quicker


def backprop(model: nn.Module, image: Tensor, unit: Unit, rule: Rule = "backprop") -> Tensor:
    """The gradient of a unit with respect to the pixels, (B, C, H, W): d unit / d pixel, signed.

    image (B, C, H, W) in [0, 1]; each image of a batch gets its own gradient. rule: what a ReLU passes back, see
    `relu_rules.relu_back`; with "deconvnet" or "guided" the result is no gradient any more. It is all 0 where nothing
    comes through: with "backprop" below a ReLU that is off ("deconvnet" shows a pattern even then, since it does not
    look at the forward pass). The model comes back as it was: mode, flags and hooks. It works inside `no_grad` too.

    Raises before any work for an image that is none, a unit that the network does not have, an unknown rule.
    `ValueError` also if the gradient is lost on the way (a step without derivative, a network that runs under
    `no_grad`), if it is NaN or infinite, and if a rule other than "backprop" is asked of a network without any ReLU:
    it would change nothing. Simonyan et al. 2014; Zeiler & Fergus 2014; Springenberg et al. 2015.

    >>> backprop(model, images.photo("cat", 224), Logit("cat"), rule="guided")     # doctest: +SKIP
    """
    check_rule(rule)
    image, unit = prepared(model, image, unit)
    return value_and_gradient(model, image, unit, rule)[1]


def saliency_map(model: nn.Module, image: Tensor, unit: Unit, rule: Rule = "backprop") -> Tensor:
    """How strongly each pixel sways a unit, (B, H, W), 0 or more: the largest absolute gradient of its channels.

    Arguments and errors as for `backprop`. Simonyan et al. 2014, section 3.1; the unit there is the score of a class
    before the softmax, `Logit`: the gradient of `Probability` also pushes all other classes down.
    """
    return backprop(model, image, unit, rule).abs().amax(1)  # (B, C, H, W) -> (B, H, W)


def gradient_times_input(model: nn.Module, image: Tensor, unit: Unit) -> Tensor:
    """Each pixel's share of a unit by a first-order Taylor expansion, (B, C, H, W): pixel * d unit / d pixel.

    Exact for a linear model: the shares add up to its value, less the bias. The zero point is black, pixel 0, where
    every share is 0 whatever the gradient. Multiplying inside the network, behind the normalisation, would make the
    data's mean colour the zero point: (pixel - mean) * d unit / d pixel, and another map. Arguments and errors as for
    `backprop`.
    """
    gradient = backprop(model, image, unit)
    return image.detach().to(gradient) * gradient


def prepared(model: nn.Module, image: Tensor, unit: Unit) -> tuple[Tensor, Unit]:
    """The image in the model's dtype and on its device, and the unit with names resolved; raises if they do not fit."""
    check_images(image, model, "image")
    unit = checked_unit(model, unit, tuple(image.shape[1:]))
    return image.detach().to(next(model.parameters(), image)), unit


def value_and_gradient(
    model: nn.Module, images: Tensor, unit: Unit, rule: Rule = "backprop"
) -> tuple[Tensor, Tensor]:
    """The unit's values (B,) and their gradients (B, C, H, W), for inputs that `prepared` has seen.

    The images need not lie in [0, 1] here: averages look at what lies around an image as well.
    """
    with torch.inference_mode(False), torch.enable_grad(), frozen(model):
        if len(images) < SEVERAL:
            return _value_and_gradient(model, images, unit, rule, torch.contiguous_format)
        try:
            return _value_and_gradient(model, images, unit, rule, torch.channels_last)
        except RuntimeError as error:
            if "view size is not compatible" not in str(error):
                raise
        # A network that flattens by `view` wants its maps laid out channel by channel.
        return _value_and_gradient(model, images, unit, rule, torch.contiguous_format)


def _value_and_gradient(model, images, unit, rule, layout) -> tuple[Tensor, Tensor]:
    pixels = torch.empty_like(images, memory_format=layout).copy_(images.detach()).requires_grad_()
    with relu_rule(rule) as caught, recording(model, unit.keys) as acts:
        values = unit(acts.forward(pixels.clone()))  # a clone: a network may write on what it is given
    if rule != "backprop" and not caught.count and not _has_relu(model, pixels):
        raise ValueError(
            f"rule {rule!r}: this network has no ReLU (nothing that `relu_rule` catches), so the rule changes "
            'nothing; ask for rule="backprop"'
        )
    # The sum's gradient is each image's own: in eval mode no image looks at another.
    gradient = gradient_of(values.sum(), pixels, unit, "the pixels")
    return values.detach(), gradient.contiguous()


def gradient_of(value: Tensor, source: Tensor, unit: Unit, what: str, retain: bool = False) -> Tensor:
    """d value / d source, in the form of source; a sentence if there is none, or if it is NaN or infinite.

    `retain` keeps what the forward pass left, for another value of the same pass.
    """
    gradient = None
    if value.requires_grad:
        try:
            (gradient,) = torch.autograd.grad(value, source, allow_unused=True, retain_graph=retain)
        except RuntimeError as error:
            if "derivative for" not in str(error):  # PyTorch's words for a step that has none, as heaviside
                raise
    if gradient is None:
        raise ValueError(
            f"{unit}: no gradient arrives at {what}; on the way stands a step without a derivative (rounding, argmax, "
            "detach, `no_grad` inside the network), or the unit does not depend on them: take a unit before that step"
        )
    if not gradient.isfinite().all():
        raise ValueError(
            f"{unit}: the gradient at {what} is NaN or infinite; the network's weights have diverged, or a step has "
            "no derivative here (a root or a logarithm at 0)"
        )
    return gradient


def _has_relu(model: nn.Module, pixels: Tensor) -> bool:
    """Is there a ReLU beyond the unit? Then a rule that caught none is right: the unit lies before the first."""
    if any(isinstance(module, nn.ReLU | nn.ReLU6) for module in model.modules()):
        return True
    with torch.no_grad(), relu_rule("backprop") as caught:
        try:
            model(pixels)
        except RuntimeError:  # a head that takes one size only; the convolutions before it have run
            return caught.count > 0
    return caught.count > 0
