"""Layers and their shapes as torchinfo sees them, on networks of every kind."""

import pytest

from lecturelib import models
from lecturelib.network.probe import list_units

pytestmark = pytest.mark.oracle

NETWORKS = (
    "lenet",
    "cifar_net",
    "alexnet",
    "vgg16",
    "efficientnet_lite0",
    "resnet18",
    "googlenet",
    "squeezenet1_1",
)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layers_shape_and_calls(name):
    from torchinfo import summary

    model = models.load(name, weights="random")
    size = (1, model.channels, model.input_size, model.input_size)
    theirs: dict[str, list] = {}
    for layer in summary(model, size, verbose=0, depth=20, row_settings=()).summary_list:
        theirs.setdefault(id(layer.module) if hasattr(layer, "module") else layer.layer_id, []).append(
            layer.output_size
        )
    ours = {id(dict(model.named_modules())[info.name]): info for info in list_units(model)}
    compared = 0
    for ident, shapes in theirs.items():
        if ident in ours and ours[ident].calls == len(shapes):
            assert [1, *ours[ident].shape] == list(shapes[0]), ours[ident].name
            compared += 1
    assert compared >= 0.9 * len(ours)


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_counted_once_through_the_wrapper(name):
    from torchinfo import summary

    model = models.load(name, weights="random")
    size = (1, model.channels, model.input_size, model.input_size)
    assert summary(model, size, verbose=0).total_params == sum(p.numel() for p in model.parameters())
