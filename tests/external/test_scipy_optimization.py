"""SciPy's filters and resampling, and torch's own Adam, as oracles of part 6."""

import math

import pytest
import torch
from scipy import ndimage

from lecturelib import models
from lecturelib.network.units import Logit, read
from lecturelib.optimization.ascent import maximize
from lecturelib.optimization.regularizers import gaussian
from lecturelib.optimization.transforms import ROBUST, drawn, warped

pytestmark = pytest.mark.oracle


def pixels(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("seed", range(4))
def test_the_warp_is_scipys_affine_transform_mirrored_at_the_border(seed):
    image = pixels(1, 1, 23, 31)
    matrices = drawn(ROBUST, torch.Generator().manual_seed(seed), 1)
    swap = torch.tensor([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]])  # scipy counts rows first
    matrix = (swap @ matrices[0] @ swap)[:2].double().numpy()
    center = torch.tensor([11.0, 15.0]).double().numpy()
    offset = matrix[:, 2] + center - matrix[:, :2] @ center
    expected = ndimage.affine_transform(
        image[0, 0].double().numpy(), matrix[:, :2], offset, order=1, mode="reflect"
    )
    found = warped(image, matrices)[0, 0]
    assert torch.allclose(found.double(), torch.from_numpy(expected), atol=1e-4)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.3])
def test_gaussian_is_scipys(sigma):
    image, reach = pixels(1, 3, 19, 26), math.ceil(3 * sigma)
    expected = ndimage.gaussian_filter(image[0].numpy(), sigma, mode="nearest", radius=reach, axes=(1, 2))
    assert torch.allclose(gaussian(sigma)(image)[0], torch.from_numpy(expected), atol=1e-5)


def test_ascent_takes_torchs_steps_of_adam():
    model, start = models.load("lenet"), 0.3 + 0.4 * pixels(1, 1, 28, 28)
    step = maximize(
        model, Logit(3), start, parametrization="pixels", transforms=(), steps=10, learning_rate=0.01
    )
    own = start.clone().requires_grad_()
    adam = torch.optim.Adam([own], 0.01)
    for _ in range(10):
        adam.zero_grad()
        (-read(model, own, Logit(3)).sum()).backward()
        adam.step()
        with torch.no_grad():
            own.clamp_(0, 1)
    assert torch.allclose(step.image, own.detach(), atol=1e-5)
