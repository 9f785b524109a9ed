"""The positions that a unit sees in every layer, against gradients; the frame on the photo; bad places."""

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.architecture.diagrams.receptive_field_diagram import (
    draw_receptive_field,
    field_tiles,
    seen_positions,
)
from lecturelib.drawing.drawing import SMALLEST_TEXT, Bitmap, Box, Label
from lecturelib.network.probe import list_units
from lecturelib.network.receptive_field import receptive_field

SHAPE = (1, 30, 26)


def chain():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 3, 5, stride=2, padding=2), nn.AvgPool2d(3, stride=2), nn.Conv2d(3, 4, (3, 1), padding=(1, 0)),
        nn.Conv2d(4, 2, 3),
    )  # fmt: skip


@pytest.mark.parametrize("place", [(0, 0), (1, 2), (4, 3)])
def test_seen_positions_are_where_the_gradient_is(place):
    model, (y, x) = chain(), place
    unit = receptive_field(model, "3", image_shape=SHAPE)
    hidden = torch.rand(1, *SHAPE, generator=torch.Generator().manual_seed(0))
    for info in list(list_units(model, SHAPE))[:3]:
        index = int(info.name)
        maps = model[: index + 1](hidden).detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(model[index + 1 :](maps)[0, :, y, x].sum(), maps)
        rows = gradient[0].abs().amax((0, 2)).nonzero().flatten()
        columns = gradient[0].abs().amax((0, 1)).nonzero().flatten()
        seen = seen_positions(unit, y, x, receptive_field(model, info.name, image_shape=SHAPE), info)
        assert (seen.top, seen.bottom) == (rows[0], rows[-1] + 1), info.name
        assert (seen.left, seen.right) == (columns[0], columns[-1] + 1), info.name


def test_alexnet_by_hand():
    model = models.load("alexnet", weights="random")
    image = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    drawing = draw_receptive_field(model, "conv3", 6, 6, image)
    # conv3 sees 3 of pool2, 7 of conv2 (3 + 2 * 2), 11 of pool1 (7 + 4), 23 of conv1 (3 + 2 * 10), 99 px (11 + 4 * 22)
    for words in (
        "sees 99 × 99 px",
        "pool2 3 × 3 of",
        "conv2 7 × 7 of",
        "pool1 11 × 11 of",
        "conv1 23 × 23 of",
    ):
        assert words in drawing.alt
    frame = next(s for s in drawing.shapes if isinstance(s, Box))
    photo = next(s for s in drawing.shapes if isinstance(s, Bitmap))
    assert frame.width / photo.width == pytest.approx(99 / 224)
    assert (frame.x + frame.width / 2 - photo.x) / photo.width == pytest.approx(
        (62 + 99 / 2) / 224
    )  # -34 + 6 * 16 is the first pixel


def test_everything_lies_inside_and_apart():
    model = models.load("vgg16", weights="random")
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    drawing = draw_receptive_field(model, "conv5_3", 0, 3, image)
    labels = [s for s in drawing.shapes if isinstance(s, Label)]
    assert sum(isinstance(s, Bitmap) for s in drawing.shapes) <= 9  # of 17 layers some are left out
    for shape in drawing.shapes:
        left, top, right, bottom = shape.bounds
        assert left >= 0 and top >= 0 and right <= drawing.width and bottom <= drawing.height, shape
    for k, one in enumerate(labels):
        assert one.size >= SMALLEST_TEXT
        for other in labels[k + 1 :]:
            a, b = one.bounds, other.bounds
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (one.text, other.text)


def test_tiles_can_be_given():
    model = models.load("lenet", weights="random")
    image = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    tiles = field_tiles(model, image)
    assert tiles["features.0"].shape == (28, 28, 3)
    drawn = draw_receptive_field(model, "conv2", 3, 4, image, tiles)
    assert drawn.svg() == draw_receptive_field(model, "conv2", 3, 4, image).svg()


def test_bad_input_is_a_sentence():
    model = models.load("lenet", weights="random")
    image = torch.zeros(1, 1, 28, 28)
    with pytest.raises(ValueError, match=r"y: expected a whole number from 0 to 9 .*10 positions there"):
        draw_receptive_field(model, "conv2", 10, 0, image)
    with pytest.raises(ValueError, match="x: .*got -1"):
        draw_receptive_field(model, "conv2", 0, -1, image)
    with pytest.raises(ValueError, match="sees the whole image"):
        draw_receptive_field(model, "fc3", 0, 0, image)
    with pytest.raises(ValueError, match="image: expected one image .* got a batch of 2"):
        draw_receptive_field(models.load("lenet"), "conv1", 0, 0, torch.zeros(2, 1, 28, 28))
    with pytest.raises(KeyError, match="conv9"):
        draw_receptive_field(model, "conv9", 0, 0, image)
    with pytest.raises(ValueError, match="0, 1"):
        draw_receptive_field(model, "conv2", 0, 0, image + 2)
    assert draw_receptive_field(model, "conv1", 0, 0, image).alt  # a constant image too
