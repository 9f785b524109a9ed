"""captum's Occlusion as the oracle: the painted drop is its attribution, window by window."""

import pytest
import torch
from captum.attr import Occlusion
from torch import nn

from lecturelib.network.baselines import fill_image
from lecturelib.network.units import Logit
from lecturelib.parameters.occlusion import occlusion_map

pytestmark = pytest.mark.oracle


def network(channels, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(channels, 6, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 6, 3),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(24, 4),
    ).eval()


def pixels(*shape, seed=0):
    return torch.rand(1, *shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("shape", "patch", "stride"),
    [
        ((3, 20, 20), (8, 8), (4, 4)),  # fits exactly
        ((3, 20, 20), (7, 7), (5, 5)),  # the last patch is cut at the border
        ((1, 21, 18), (6, 4), (5, 3)),
        ((3, 72, 65), (16, 16), (16, 16)),  # large enough for the quick way
        ((3, 72, 65), (20, 9), (13, 9)),
        ((3, 20, 20), (20, 20), (1, 1)),
    ],
)
def test_the_painted_drop_is_captums_attribution(shape, patch, stride):
    model, image = network(shape[0]), pixels(*shape)
    found = occlusion_map(model, image, Logit(2), patch, stride, fill=0.4)
    with torch.no_grad():
        expected = Occlusion(model).attribute(
            image, (shape[0], *patch), (shape[0], *stride), baselines=0.4, target=2, perturbations_per_eval=8
        )
    assert expected.std() > 0 or patch == shape[1:]
    assert torch.allclose(found.drop_per_pixel().expand(shape), expected[0].float(), atol=1e-5)


@pytest.mark.parametrize("fill", ["mean", "blur", (0.9, 0.2, 0.5)])
def test_an_image_under_the_patch_is_captums_baseline(fill):
    model, image = network(3), pixels(3, 30, 30)
    found = occlusion_map(model, image, Logit(0), 8, 3, fill)
    with torch.no_grad():
        expected = Occlusion(model).attribute(
            image, (3, 8, 8), (3, 3, 3), baselines=fill_image(image, fill, 8), target=0
        )
    assert torch.allclose(found.drop_per_pixel().expand(3, 30, 30), expected[0].float(), atol=1e-5)
