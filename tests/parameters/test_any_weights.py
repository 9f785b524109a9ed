"""Every method of part 4 takes pictures of any float dtype for networks of any: weights decide what is computed."""

import pytest
import torch
from torch import nn

from lecturelib.models import PixelModel
from lecturelib.network.units import Channel, Logit
from lecturelib.parameters.activations import activations
from lecturelib.parameters.cnn_codes import cnn_codes
from lecturelib.parameters.maximal_images import maximal_images, maximal_images_by_channel
from lecturelib.parameters.occlusion import iter_occlusion_map, occlusion_map, occlusion_map_plain
from lecturelib.parameters.photo_search import photo_crops, search_photos

METHODS = {
    "activations": lambda model, images: activations(model, images[:1], "0"),
    "cnn_codes": lambda model, images: cnn_codes(model, images, "0"),
    "maximal_images": lambda model, images: maximal_images(model, images, Logit(0), 2).values,
    "crops": lambda model, images: (
        maximal_images(model, photo_crops({"a": images[:1]}, 16), Logit(0), 1).values
    ),
    "maximal_images_by_channel": lambda model, images: (
        maximal_images_by_channel(model, images, "0", 2).values
    ),
    "occlusion_map": lambda model, images: occlusion_map(model, images[:1], Logit(0), 4, 4).values,
    "occlusion_map_plain": lambda model, images: occlusion_map_plain(model, images[:1], Logit(0), 4, 4),
    "iter_occlusion_map": lambda model, images: (
        [*iter_occlusion_map(model, images[:1], Logit(0), 4, 4)][-1].values
    ),
    "search_photos": lambda model, images: (
        search_photos(model, Channel("0", 1), {"a": images[:1]}, k=2).values
    ),
}


def network():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 2)
    return PixelModel(nn.Sequential(*layers), (0.5,) * 3, (0.25,) * 3, name="tiny", input_size=16)


@pytest.fixture
def images():
    return torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("method", METHODS)
def test_the_dtype_of_the_pictures_does_not_matter(method, images):
    expected = METHODS[method](network(), images)
    found = METHODS[method](network(), images.double())
    assert torch.equal(found, expected)
    double = METHODS[method](network().double(), images)
    assert torch.allclose(double.float(), expected, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_a_network_without_weights_is_a_sentence(method, images):
    with torch.device("meta"):
        model = network()
    with pytest.raises(ValueError, match="expected weights, got only their shapes"):
        METHODS[method](model, images)
