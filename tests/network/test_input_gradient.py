"""The gradient in the pixels: against finite differences in float64, batches one at a time, and PyTorch's own fault."""

import warnings

import pytest
import torch
from torch import nn

from lecturelib.network.input_gradient import gradient_of, prepared, value_and_gradient
from lecturelib.network.relu_rules import RULES
from lecturelib.network.units import Channel, Logit, read


def pixels(*shape, seed=0):
    return 0.1 + 0.8 * torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def head(channels):
    return [nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 3)]


class Largest(nn.Module):
    """Divides by the largest value of the whole batch."""

    def forward(self, x):
        return x / x.abs().max()


class LargestNumber(nn.Module):
    """The same by a number that has left the graph."""

    def forward(self, x):
        return x * float(x.detach().abs().max())


class Deviation(nn.Module):
    """Adds the mean deviation over the batch, as the discriminator of a ProGAN does."""

    def forward(self, x):
        return x + x.std(0, unbiased=False).mean()


MIXING = {
    "batch statistics": lambda: nn.BatchNorm2d(6, track_running_stats=False),
    "largest value": Largest,
    "largest value as a number": LargestNumber,
    "deviation over the batch": Deviation,
}


def network(middle):
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 6, 3), middle, *head(6)).double().eval()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", MIXING)
@pytest.mark.filterwarnings("ignore:.*pictures of a batch influence one another")
def test_a_batch_is_its_pictures_one_at_a_time_also_where_they_influence_one_another(name, rule):
    model, batch = network(MIXING[name]()), pixels(4, 3, 9, 12)
    batch[2] *= 0.1
    values, gradients = value_and_gradient(model, batch, Logit(1), rule)
    for k in range(4):
        value, gradient = value_and_gradient(model, batch[k : k + 1], Logit(1), rule)
        torch.testing.assert_close(values[k : k + 1], value)
        torch.testing.assert_close(gradients[k : k + 1], gradient)


def test_it_says_so_once_that_pictures_influence_one_another():
    model, batch = network(Largest()), pixels(3, 3, 9, 12)
    with pytest.warns(UserWarning, match="pictures of a batch influence one another"):
        value_and_gradient(model, batch, Logit(1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value_and_gradient(model, batch, Logit(1))


def test_the_gradient_is_the_finite_difference_of_the_picture_alone():
    model, batch = network(nn.BatchNorm2d(6)), pixels(3, 3, 9, 12)
    _, gradients = value_and_gradient(model, batch, Logit(1))
    way = torch.randn(batch.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    for k in range(3):
        ahead, behind = (read(model, batch[k : k + 1] + h * way[k], Logit(1)) for h in (1e-6, -1e-6))
        assert (gradients[k] * way[k]).sum().item() == pytest.approx((ahead - behind).item() / 2e-6, rel=1e-5)


class Tokens(nn.Module):
    """Batch normalization whose maps go on as tokens (B, h * w, C), as in LeViT."""

    def __init__(self, norm=None):
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(3, 6, 3), norm or nn.BatchNorm2d(6), nn.Linear(6, 3)
        self.norm.running_var.uniform_(0.5, 2)
        self.weights = nn.Parameter(torch.randn(1, 70, 1))

    def forward(self, x):
        tokens = self.norm(self.conv(x)).flatten(2).transpose(1, 2)  # (B, C, h, w) -> (B, h * w, C)
        return self.head((tokens * self.weights).mean(1))


@pytest.mark.parametrize("count", [1, 2])
def test_batch_normalization_before_tokens(count):
    torch.manual_seed(0)
    model = Tokens().eval()
    image = pixels(count, 3, 9, 12).float()
    _, found = value_and_gradient(model, image, Logit(1))
    # by the chain rule, written out: the normalization only scales each channel
    scale = model.norm.weight / (model.norm.running_var + model.norm.eps).sqrt()
    signal = model.head.weight[1] * scale / 70  # (C,)
    back = (model.weights[0] * signal).T.reshape(1, 6, 7, 10).expand(count, -1, -1, -1)
    expected = nn.functional.conv_transpose2d(back, model.conv.weight)
    torch.testing.assert_close(found, expected.detach(), rtol=1e-4, atol=1e-6)


def test_pytorchs_own_backward_pass_is_still_wrong_there():
    """The day this fails, `_put_in_order` in hooks.py can go."""
    norm = nn.BatchNorm2d(6).eval()
    maps = torch.randn(1, 6, 4, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    weights = torch.randn(1, 16, 6, generator=torch.Generator().manual_seed(1))
    (found,) = torch.autograd.grad((norm(maps).flatten(2).transpose(1, 2) * weights).sum(), maps)
    expected = weights.transpose(1, 2).reshape(1, 6, 4, 4) / (1 + norm.eps) ** 0.5
    assert (found - expected).abs().max() > 0.1


def test_prepared_brings_the_picture_to_the_layer_that_takes_it():
    model = nn.Sequential(nn.Conv2d(3, 6, 3).double(), *head(6)[:3])
    image, unit = prepared(model, pixels(1, 3, 9, 12).float(), Channel("0", 2))
    assert image.dtype == torch.float64 and unit == Channel("0", 2)


def test_a_gradient_that_is_none_or_not_finite_is_a_sentence():
    source = torch.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="score of class 1: expected a gradient at x, got none"):
        gradient_of(source.detach().sum(), source, Logit(1), "x")
    with pytest.raises(ValueError, match="gradient at x: expected finite values, got NaN or infinity"):
        gradient_of((source - 1).sqrt().sum(), source, Logit(1), "x")


@pytest.mark.parametrize("rule", ["deconvnet", "guided"])
def test_a_rule_that_meets_no_relu_before_the_unit_but_one_behind_it(rule):
    class Behind(nn.Module):
        """Its only ReLU is a function, behind the convolution."""

        def __init__(self, way):
            super().__init__()
            self.conv, self.head, self.way = nn.Conv2d(3, 6, 3), nn.Linear(6, 3), way

        def forward(self, x):
            return self.head(self.way(self.conv(x)).mean((2, 3)))

    torch.manual_seed(0)
    with_relu, without = Behind(torch.relu).double(), Behind(torch.tanh).double()
    image, unit = pixels(1, 3, 9, 12), Channel("conv", 1)
    plain = value_and_gradient(with_relu, image, unit)[1]
    assert torch.equal(value_and_gradient(with_relu, image, unit, rule)[1], plain)
    with pytest.raises(ValueError, match="without one the rule changes nothing"):
        value_and_gradient(without, image, unit, rule)
    # a head that takes one size only fails behind the unit: whether a ReLU ran before is known by then
    fixed = lambda way: Behind(lambda maps: way(maps).view(len(maps), 6, 25, 40)).double()  # noqa: E731
    torch.manual_seed(0)
    found = value_and_gradient(fixed(torch.relu), image, unit, rule)[1]
    torch.manual_seed(0)
    assert torch.equal(found, value_and_gradient(fixed(torch.relu), image, unit)[1])
    with pytest.raises(ValueError, match="without one the rule changes nothing"):
        value_and_gradient(fixed(torch.tanh), image, unit, rule)
