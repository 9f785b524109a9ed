"""Every family of torchvision's classification networks goes through every method."""

import pytest
import torch

from lecturelib import models
from lecturelib.network.probe import list_units
from lecturelib.network.receptive_field import receptive_field
from lecturelib.network.units import Channel, Logit, read
from lecturelib.parameters.activations import activations
from lecturelib.parameters.maximal_images import maximal_images
from lecturelib.parameters.occlusion import occlusion_map, occlusion_map_plain

FAMILIES = (
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "mnasnet0_5",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "regnet_y_400mf",
    "resnet18",
    "shufflenet_v2_x0_5",
    "squeezenet1_1",
    "swin_t",
    "vgg11",
    "vit_b_16",
)


@pytest.mark.parametrize("name", FAMILIES)
def test_units_occlusion_and_search(name):
    model = models.load(name, weights="random").train()
    state = {key: value.clone() for key, value in model.state_dict().items()}
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(2, 3, 224, 224, generator=generator)

    maps = next(info for info in list_units(model) if len(info.positions) == 2 and info.leaf)
    channel = Channel(maps.name, maps.channels - 1)
    of_maps = activations(model, images[:1], maps.name)
    assert of_maps.shape == (maps.channels, *maps.positions)
    assert read(model, images[:1], channel).item() == pytest.approx(of_maps[-1].mean().item(), abs=1e-5)
    assert receptive_field(model, maps.name).size[0] >= 1

    quick = occlusion_map(model, images[:1], Logit(3), patch_size=112, stride=112)
    plain = occlusion_map_plain(model, images[:1], Logit(3), patch_size=112, stride=112)
    torch.testing.assert_close(quick.values, plain, atol=1e-4, rtol=1e-3)

    found = maximal_images(model, images, channel, k=1)
    assert found.crops[0].shape[0] == 3
    assert model.training and all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
