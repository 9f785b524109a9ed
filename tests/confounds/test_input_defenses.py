"""Smoothing and rounding in front of a network: values by hand, gradients, and the attack through a stand-in."""

import pytest
import torch
from torch import nn

from lecturelib import datasets, filters, models
from lecturelib.confounds.adversarial import loss_and_gradient, pgd
from lecturelib.confounds.input_defenses import Smoothed, Stepped


@pytest.mark.parametrize("stand_in", [False, True])
def test_rounding_takes_the_nearest_value(stand_in):
    net = Stepped(nn.Flatten(), 5, stand_in)  # 0, 1/4, 1/2, 3/4, 1
    x = torch.tensor([0.0, 0.1, 0.13, 0.49, 0.9, 1.0]).view(1, 1, 1, -1)
    assert net(x)[0].tolist() == pytest.approx([0, 0, 0.25, 0.5, 1, 1])


def test_the_gradient_is_masked_and_the_stand_in_gives_that_of_the_rounded_picture():
    net = models.load("lenet")
    x, y = datasets.digits("test")[0][:2], torch.tensor([0, 1])
    assert loss_and_gradient(Stepped(net, 8), x, y)[1].abs().max() == 0
    rounded = (x * 7).round() / 7
    _, straight = loss_and_gradient(Stepped(net, 8, stand_in=True), x, y)
    torch.testing.assert_close(straight, loss_and_gradient(net, rounded, y)[1], atol=1e-6, rtol=1e-4)


def test_an_attack_stands_still_and_the_stand_in_moves_it():
    net = models.load("lenet")
    x, y = (part[:20] for part in datasets.digits("test"))
    defended, stand_in = Stepped(net, 8), Stepped(net, 8, stand_in=True)
    assert torch.equal(pgd(defended, x, 0.2, 5, label=y), x)
    attacked = pgd(stand_in, x, 0.2, 10, label=y)
    assert (attacked - x).abs().max() == pytest.approx(0.2, abs=1e-5)
    assert (defended(attacked).argmax(1) == y).float().mean() < 0.5


def test_smoothing_is_the_filter_and_then_the_network():
    net, x = models.load("lenet"), torch.rand(2, 1, 28, 28)
    torch.testing.assert_close(Smoothed(net, 1.3)(x), net(filters.gaussian_blur(x, 1.3)))
    assert loss_and_gradient(Smoothed(net, 1.0), x, torch.tensor([1, 2]))[1].abs().max() > 0


def test_a_defense_has_the_classes_of_its_network():
    net = models.load("lenet")
    for defended in (Smoothed(net), Stepped(net)):
        assert defended.classes == net.classes and defended.channels == 1
        pgd(defended, torch.rand(1, 1, 28, 28), 0.1, 1, target="3")  # by name


def test_bad_settings_are_a_sentence():
    with pytest.raises(ValueError, match="sigma: expected"):
        Smoothed(nn.Flatten(), 0)
    with pytest.raises(ValueError, match="levels: expected a whole number from 2"):
        Stepped(nn.Flatten(), 1)
