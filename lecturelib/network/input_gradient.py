"""The gradient of a unit in the pixels: the machinery behind every gradient method.

One forward and one backward pass, and neither goes further than it must: the forward pass stops at the unit's
layer, the backward pass computes the gradient of the pixels and of nothing else.
"""

import torch
from torch import Tensor, nn

from lecturelib.checks import check_finite, check_images, complaint
from lecturelib.network.batch_effects import independent
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import recording
from lecturelib.network.inputs import to_the_weights
from lecturelib.network.layer_names import walk
from lecturelib.network.relu_rules import Rule, relu_rule
from lecturelib.network.units import Unit, checked_unit

SEVERAL = 2  # images; from here on a layout pixel by pixel (channels last) is quicker


def prepared(model: nn.Module, image: Tensor, unit: Unit) -> tuple[Tensor, Unit]:
    """The image in the model's dtype and on its device, and the unit with names resolved; raises if they do not fit.

    >>> import torch
    >>> from lecturelib.network.units import Logit
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2).double())
    >>> image, unit = prepared(net, torch.ones(1, 1, 2, 2), Logit(1))
    >>> image.dtype
    torch.float64
    """
    check_images(image, model, "image")
    unit = checked_unit(model, unit, image)
    return to_the_weights(image.detach(), model), unit


def value_and_gradient(
    model: nn.Module, images: Tensor, unit: Unit, rule: Rule = "backprop"
) -> tuple[Tensor, Tensor]:
    """The unit's values (B,) and their gradients (B, C, H, W), for inputs that `prepared` has seen.

    The images need not lie in [0, 1] here: averages take images around the one they were given as well. Where the
    pictures of a batch influence one another, each is run alone.

    >>> import torch
    >>> from lecturelib.network.units import Logit
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 1, bias=False))
    >>> _ = torch.nn.init.constant_(net[1].weight, 3.0)
    >>> value_and_gradient(net, torch.ones(1, 1, 2, 2), Logit(0))
    (tensor([12.]), tensor([[[[3., 3.],
              [3., 3.]]]]))
    """
    if len(images) > 1 and not independent(model, tuple(images.shape[1:])):
        parts = [value_and_gradient(model, image, unit, rule) for image in images.split(1)]
        values, gradients = zip(*parts, strict=True)
        return torch.cat(values), torch.cat(gradients)
    with torch.inference_mode(False), torch.enable_grad(), frozen(model):
        if images.ndim != 4 or len(images) < SEVERAL:
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
        expected = "a network with a ReLU that `relu_rule` catches (without one the rule changes nothing)"
        raise ValueError(complaint(f"rule {rule!r}", expected, "none", 'take rule="backprop"'))
    # The sum's gradient is each image's own: no image influences another.
    gradient = gradient_of(values.sum(), pixels, unit, "the pixels")
    return values.detach(), gradient.contiguous()


def gradient_of(value: Tensor, source: Tensor, unit: Unit, what: str, retain: bool = False) -> Tensor:
    """d value / d source, in the form of source; a sentence if there is none, or if it is NaN or infinite.

    `retain` keeps what the forward pass left, for another value of the same pass.

    >>> import torch
    >>> from lecturelib.network.units import Logit
    >>> x = torch.ones(2, requires_grad=True)
    >>> gradient_of(3 * x.sum(), x, Logit(0), "x")
    tensor([3., 3.])
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
            complaint(
                str(unit),
                f"a gradient at {what}",
                "none: between them is a step without a derivative (rounding, argmax, detach, `no_grad` inside it), "
                "or the unit does not depend on them",
                "take a unit before that step",
            )
        )
    return check_finite(f"{unit}, gradient at {what}", gradient)


def _has_relu(model: nn.Module, pixels: Tensor) -> bool:
    """Is there a ReLU beyond the unit? Then a rule that caught none is right: the unit lies before the first."""
    if any(isinstance(module, nn.ReLU | nn.ReLU6) for _, module in walk(model)):
        return True
    with torch.no_grad(), relu_rule("backprop") as caught:
        try:
            model(pixels)
        except RuntimeError:  # a head that takes one size only; the convolutions before it have run
            return caught.count > 0
    return caught.count > 0
