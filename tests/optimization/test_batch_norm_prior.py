"""The batch-normalization prior: by hand on a tiny network, against the layers' own inputs, and bad input."""

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.network.hooks import record
from lecturelib.network.units import Channel
from lecturelib.optimization import BatchNormStatistics, maximize
from lecturelib.optimization.batch_norm_prior import normalized_layers


def identity_net(mean=0.5, var=0.04) -> nn.Module:
    net = nn.Sequential(nn.Conv2d(3, 1, 1, bias=False), nn.BatchNorm2d(1, eps=0.0), nn.ReLU()).eval()
    nn.init.constant_(net[0].weight, 1 / 3)  # the mean of the colors
    net[1].running_mean.fill_(mean)
    net[1].running_var.fill_(var)
    return net


def without_statistics() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 1, 1), nn.BatchNorm2d(1, track_running_stats=False))


def value(net, image, **settings):
    prior = BatchNormStatistics(net, **settings)
    return prior(image, record(net, image, prior.keys)).item()


def test_by_hand():
    flat = torch.full((1, 3, 8, 8), 0.9)  # mean .4 = 2 deviations away, deviation 0
    assert value(identity_net(), flat, weight=1.0, first=1.0) == pytest.approx(4 + 1, abs=1e-3)
    assert value(identity_net(), flat, weight=0.5, first=10.0) == pytest.approx(25, abs=1e-2)
    natural = torch.tensor([0.3, 0.7]).repeat(32).view(1, 1, 8, 8).expand(1, 3, 8, 8)  # mean .5, deviation .2
    assert value(identity_net(), natural) == pytest.approx(0, abs=1e-5)


def test_the_layers_are_those_before_each_batch_normalization():
    net = models.load("efficientnet_lite0", weights="random")
    found = normalized_layers(net)
    batch_norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(found) == len(batch_norms) == 49
    assert found[0][0] == "_conv_stem"
    seen = {}
    handles = [
        module.register_forward_pre_hook(lambda module, inputs: seen.__setitem__(module, inputs[0]))
        for module in batch_norms
    ]
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    acts = record(net, image, [(name, 0) for name, _ in found])
    with torch.no_grad():
        net(image)
    for handle in handles:
        handle.remove()
    for (name, _), module in zip(found, batch_norms, strict=True):
        torch.testing.assert_close(acts.maps((name, 0)), seen[module])


def test_an_ascent_with_it_comes_nearer_to_the_statistics():
    net = models.adapt(identity_net(mean=0.2), mean=(0.0,) * 3, std=(1.0,) * 3, input_size=16)
    settings = {"size": 16, "steps": 150, "seed": 0, "transforms": ()}
    unit = Channel(net_layer := normalized_layers(net)[0][0], 0)
    free = maximize(net, unit, **settings).image
    held = maximize(net, unit, regularizers=[BatchNormStatistics(net, weight=100.0)], **settings).image
    assert net_layer.endswith("0")
    assert value(net, held) < 0.2 * value(net, free)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: BatchNormStatistics("net"), TypeError, "model"),
        (lambda: BatchNormStatistics(identity_net(), weight=-1), ValueError, "weight"),
        (lambda: BatchNormStatistics(identity_net(), first=float("nan")), ValueError, "first"),
        (lambda: BatchNormStatistics(nn.Conv2d(3, 1, 1)), ValueError, "batch normalization that has kept"),
        (
            lambda: BatchNormStatistics(
                nn.Sequential(nn.Conv2d(3, 1, 1), nn.BatchNorm2d(1, track_running_stats=False))
            ),
            ValueError,
            "LayerStatistics.measured",
        ),
    ],
)
def test_bad_input(make, error, words):
    with pytest.raises(error, match=words):
        make()
