"""Networks in which the images of a batch influence one another: every method gives what each image gives alone."""

import pytest
import torch
from torch import nn

from lecturelib.network.hooks import record
from lecturelib.network.units import Channel, Logit, Probability
from lecturelib.parameters.cnn_codes import cnn_codes
from lecturelib.parameters.maximal_images import maximal_images, maximal_images_by_channel
from lecturelib.parameters.occlusion import iter_occlusion_map, occlusion_map, occlusion_map_plain

pytestmark = pytest.mark.filterwarnings("ignore:.*influence one another")


class ByTheLargest(nn.Module):
    """Scaled by the largest value of the whole batch."""

    def forward(self, y):
        return y / y.abs().max()


class ByANumber(nn.Module):
    """The same by a number that has left torch."""

    def forward(self, y):
        return y * float(y.abs().max())


class WithDeviation(nn.Module):
    """The deviation over the batch added to one channel, as in progressive GANs (Karras et al. 2018)."""

    def forward(self, y):
        deviation = y.var(0, unbiased=False).mean().sqrt()
        return torch.cat([y[:, :1] + deviation, y[:, 1:]], 1)


KINDS = {
    "batch statistics": lambda: nn.BatchNorm2d(4, track_running_stats=False),
    "largest of all": ByTheLargest,
    "a number": ByANumber,
    "minibatch deviation": WithDeviation,
}


@pytest.fixture(params=KINDS)
def model(request):
    torch.manual_seed(0)
    first = nn.Sequential(nn.Conv2d(3, 4, 3), KINDS[request.param](), nn.ReLU())
    head = nn.Sequential(
        nn.Conv2d(4, 5, 3, stride=2), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(20, 3)
    )
    return nn.Sequential(first, head).eval()


@pytest.fixture
def images():
    """Six images of very different contrast, not square."""
    generator = torch.Generator().manual_seed(1)
    contrast = torch.linspace(0.05, 1, 6)[:, None, None, None]
    return 0.5 + contrast * (torch.rand(6, 3, 14, 19, generator=generator) - 0.5)


@pytest.mark.parametrize(("size", "patch"), [((14, 19), (7, 9)), ((70, 61), (31, 27))])
@pytest.mark.parametrize("fill", [0.0, 1.0])
def test_occlusion_is_the_plain_loop(model, size, patch, fill):
    image = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(2))
    for unit in (Logit(0), Probability(2), Channel("1.0", 1)):
        plain = occlusion_map_plain(model, image, unit, patch, patch, fill)
        for found in (
            occlusion_map(model, image, unit, patch, patch, fill),
            occlusion_map(model, image, unit, patch, patch, fill, batch_size=8),
            list(iter_occlusion_map(model, image, unit, patch, patch, fill, every=0))[-1],
        ):
            assert plain.std() > 0
            torch.testing.assert_close(found.values, plain, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("batch_size", [None, 4])
def test_codes_are_those_of_each_image_alone(model, images, batch_size):
    alone = [record(model, image[None], ["1.0"])["1.0"].flatten(1) for image in images]
    found = cnn_codes(model, images, "1.0", spatial="flatten", batch_size=batch_size)
    torch.testing.assert_close(found, torch.cat(alone))


@pytest.mark.parametrize("batch_size", [None, 4])
def test_maximal_images_are_those_of_each_image_alone(model, images, batch_size):
    maps = torch.cat([record(model, image[None], ["1.0"])["1.0"] for image in images])  # (6, 5, h, w)
    expected = maps.amax((2, 3)).sort(dim=0, descending=True)  # (6, 5)
    by_channel = maximal_images_by_channel(model, images, "1.0", k=6, batch_size=batch_size)
    torch.testing.assert_close(by_channel.values, expected.values.T)
    assert torch.equal(by_channel.indices, expected.indices.T)
    one = maximal_images(model, images, Channel("1.0", 3), k=6, batch_size=batch_size)
    torch.testing.assert_close(one.values, expected.values[:, 3])
    scores = torch.cat([model(image[None])[:, 1] for image in images])
    torch.testing.assert_close(
        maximal_images(model, images, Logit(1), 6, batch_size).values, scores.sort(descending=True).values
    )


def test_the_caller_is_told_once():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), ByTheLargest(), nn.Flatten())
    with pytest.warns(UserWarning, match="influence one another"):
        cnn_codes(model, torch.rand(3, 3, 8, 8), "0")
