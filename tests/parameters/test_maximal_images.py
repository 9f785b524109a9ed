"""Maximal images: against a plain one-by-one search, on planted patterns, and bad input."""

import pytest
import torch
from torch import nn

from lecturelib.models import PixelModel
from lecturelib.network.hooks import record
from lecturelib.network.receptive_field import receptive_field
from lecturelib.network.units import Channel, Direction, Layer, Logit, Neuron, Probability, read
from lecturelib.parameters.maximal_images import (
    class_entropy,
    crop,
    maximal_images,
    maximal_images_by_channel,
)


@pytest.fixture
def model():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 5, 3),
        nn.Flatten(),
        nn.Linear(80, 3),
    )
    return PixelModel(network, (0.2,), (0.5,), name="tiny", input_size=12)


@pytest.fixture
def images():
    return torch.rand(23, 1, 12, 12, generator=torch.Generator().manual_seed(5))


def one_by_one(model, images, layer, channel):
    """The plain reference: each image alone, its best position."""
    found = []
    for i, image in enumerate(images):
        values = record(model, image[None], [layer])[layer][0, channel]  # (h, w)
        flat = values.flatten().argmax().item()
        found.append((-values.max().item(), i, divmod(flat, values.shape[1])))
    return sorted(found)


def test_channel_against_one_by_one(model, images):
    best = maximal_images(model, images, Channel("3", 2), k=7, batch_size=4)
    reference = one_by_one(model, images, "3", 2)[:7]
    assert best.indices.tolist() == [i for _, i, _ in reference]
    assert best.places.tolist() == [list(place) for _, _, place in reference]
    torch.testing.assert_close(best.values, torch.tensor([-value for value, _, _ in reference]))
    field = receptive_field(model, "3")
    assert best.boxes.tolist() == [list(field.box(*place)) for _, _, place in reference]
    for i, box, cut in zip(best.indices, best.boxes, best.crops, strict=True):
        torch.testing.assert_close(cut, crop(images[i], box.tolist()))


def test_the_crop_alone_gives_the_same_value():
    """Without padding the crop is all that the unit saw, so the network gives it the same value."""
    torch.manual_seed(1)
    network = nn.Sequential(nn.Conv2d(3, 4, 5, 2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(4, 6, 3))
    images = torch.rand(10, 3, 33, 40)
    best = maximal_images(network, images, Channel("3", 1), k=5)
    again = record(network, torch.stack(best.crops), ["3"])["3"][:, 1]
    assert again.shape == (5, 1, 1)
    torch.testing.assert_close(again.flatten(), best.values)


def test_a_planted_spot_is_found_and_framed():
    network = nn.Sequential(nn.Conv2d(1, 1, 3, bias=False))
    network[0].weight.data.fill_(1)
    images = torch.zeros(4, 1, 9, 9)
    images[2, 0, 4:7, 5:8] = 1
    best = maximal_images(network, images, Channel("0", 0), k=1)
    assert best.indices.tolist() == [2] and best.boxes.tolist() == [[4, 5, 7, 8]]
    assert (best.crops[0] == 1).all()


def test_every_channel_equals_each_channel(model, images):
    maxima = maximal_images_by_channel(model, images, "3", k=4, batch_size=5)
    for channel in range(5):
        one, all_at_once = maximal_images(model, images, Channel("3", channel), k=4), maxima.of(channel)
        assert one.indices.tolist() == all_at_once.indices.tolist()
        assert one.places.tolist() == all_at_once.places.tolist()
        assert one.boxes.tolist() == all_at_once.boxes.tolist()
        torch.testing.assert_close(one.values, all_at_once.values)


@pytest.mark.parametrize("unit", [Neuron("3", 1, 2, 0), Logit(1), Probability(2), Layer("3"), Neuron("5", 1)])
def test_units_that_are_one_number_per_image(model, images, unit):
    best = maximal_images(model, images, unit, k=3)
    values = read(model, images, unit).detach()
    torch.testing.assert_close(best.values, values.topk(3).values)
    assert best.indices.tolist() == values.topk(3).indices.tolist()
    if unit == Neuron("3", 1, 2, 0):
        assert best.places.tolist() == [[2, 0]] * 3
        assert best.boxes[0].tolist() == list(receptive_field(model, "3").box(2, 0))
    else:
        assert best.boxes.tolist() == [[0, 0, 12, 12]] * 3
        torch.testing.assert_close(best.crops[0], images[best.indices[0]])


def test_a_direction_along_an_axis_is_that_channel(model, images):
    direction = maximal_images(model, images, Direction("3", torch.eye(5)[2]), k=4)
    channel = maximal_images(model, images, Channel("3", 2), k=4)
    assert direction.indices.tolist() == channel.indices.tolist()
    assert direction.boxes.tolist() == channel.boxes.tolist()


def test_ties_go_to_the_lower_index_whatever_the_batch(model):
    images = torch.full((9, 1, 12, 12), 0.25)
    for batch_size in (1, 2, 9):
        best = maximal_images(model, images, Channel("1", 0), k=4, batch_size=batch_size)
        assert best.indices.tolist() == [0, 1, 2, 3]


def test_progress_counts_images(model, images):
    told = []
    maximal_images(model, images, Channel("1", 0), k=1, batch_size=10, progress=lambda *x: told.append(x))
    assert told == [(10, 23), (20, 23), (23, 23)]


def test_other_sizes_need_no_head(model):
    best = maximal_images(model, torch.rand(3, 1, 20, 31), Channel("3", 0), k=2)
    assert best.boxes.shape == (2, 4) and best.crops[0].shape == (1, 8, 8)


def test_a_crop_outside_is_grey():
    cut = crop(torch.ones(1, 4, 4), (-1, 2, 2, 6))
    assert cut[0].tolist() == [[0.5] * 4, [1, 1, 0.5, 0.5], [1, 1, 0.5, 0.5]]
    assert (crop(torch.ones(1, 4, 4), (10, 10, 12, 12)) == 0.5).all()


def test_class_entropy_by_hand():
    assert class_entropy(torch.tensor([3, 3, 3])) == 0
    assert class_entropy(torch.tensor([0, 1, 2, 3])) == 2
    with pytest.raises(ValueError, match="one class index"):
        class_entropy(torch.tensor([]))


def test_bad_input_is_a_sentence(model, images):
    unit = Channel("3", 0)
    for call, error, words in [
        (lambda: maximal_images(model, images, Channel("conv9", 0)), KeyError, "layer: expected a layer"),
        (
            lambda: maximal_images(model, images, Channel("3", 5)),
            IndexError,
            "channel: .* 0 to 4",
        ),
        (
            lambda: maximal_images(model, images, Neuron("3", 0, 9, 9)),
            IndexError,
            "y: .* 0 to 3",
        ),
        (
            lambda: maximal_images(model, images, Logit(7)),
            IndexError,
            "class: expected a whole number from 0 to 2",
        ),
        (lambda: maximal_images(model, images, "conv1"), TypeError, "unit: expected a unit such as Channel"),
        (
            lambda: maximal_images(model, images, unit, k=0),
            ValueError,
            "k: .* from 1 to 23",
        ),
        (
            lambda: maximal_images(model, images, unit, k=24),
            ValueError,
            "k: .* from 1 to 23",
        ),
        (lambda: maximal_images(model, images, unit, batch_size=0), ValueError, "batch_size"),
        (lambda: maximal_images(model, [], unit), TypeError, "a tensor"),
        (lambda: maximal_images(model, images[:0], unit), ValueError, "at least one pixel"),
        (lambda: maximal_images(model, images[0], unit), ValueError, r"images\[None\]"),
        (lambda: maximal_images(model, images * 255, unit), ValueError, r"pixels in \[0, 1\]"),
        (lambda: maximal_images(model, (images * 255).byte(), unit), TypeError, "floats"),
        (lambda: maximal_images(model, images[..., :3, :3], unit), ValueError, "at least 6 x 6 px"),
        (lambda: maximal_images(model, images.expand(-1, 3, -1, -1), unit), ValueError, "expected grey"),
        (
            lambda: maximal_images_by_channel(model, images, "3", k=99),
            ValueError,
            "k: .* from 1 to 23",
        ),
        (lambda: maximal_images_by_channel(model, images, "3", k=1, call=2), IndexError, "runs 1 time"),
        (
            lambda: maximal_images_by_channel(model, images, "3", k=1).of(5),
            IndexError,
            "channel: expected 0 to 4",
        ),
        (lambda: crop(images[0], (2, 2, 2, 4)), ValueError, "bottom > top"),
    ]:
        with pytest.raises(error, match=words):
            call()


def test_nan_activations_are_an_error_and_leave_no_hooks(model, images):
    model.get_submodule("3").weight.data[1] = torch.nan
    model.train()
    with pytest.raises(ValueError, match="channel 1 of 3: expected finite values, got NaN"):
        maximal_images(model, images, Channel("3", 1), k=2)
    assert len(maximal_images(model, images, Channel("3", 0), k=2)) == 2
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert all(m.training for m in model.modules())
    assert all(p.requires_grad for p in model.parameters())
