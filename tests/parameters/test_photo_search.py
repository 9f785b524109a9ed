"""The search on photos: equal to reading every position, exact crops, one per place, and bad input."""

import pytest
import torch
from torch import nn

from lecturelib.images import photo, photo_names
from lecturelib.models import PixelModel
from lecturelib.network.hooks import record
from lecturelib.network.receptive_field import receptive_field
from lecturelib.network.units import Channel, Direction, Logit
from lecturelib.parameters.maximal_images import largest_of_rows, maximal_images
from lecturelib.parameters.photo_search import (
    OVERLAP,
    non_maximum_suppression,
    photo_crops,
    search_photos,
)


@pytest.fixture
def model():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 5, 2, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, padding=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 3),
    )
    return PixelModel(network, (0.5,) * 3, (0.25,) * 3, name="tiny", input_size=32)


@pytest.fixture
def own():
    generator = torch.Generator().manual_seed(2)
    return {
        name: torch.rand(1, 3, *size, generator=generator)
        for name, size in [("a", (40, 52)), ("b", (64, 31))]
    }


def iou(a, b):
    top, left, bottom, right = (f(x, y) for f, x, y in zip((max, max, min, min), a, b, strict=True))
    common = max(bottom - top, 0) * max(right - left, 0)
    area = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return common / (sum(area) - common)


@pytest.mark.parametrize("inside", [True, False])
def test_the_best_is_the_maximum_over_every_position(model, own, inside):
    matches = search_photos(model, Channel("3", 2), own, scales=(1, 0.5), k=5, inside=inside)
    field, best = receptive_field(model, "3"), -torch.inf
    for image in own.values():
        for scaled in (
            image,
            nn.functional.interpolate(image, scale_factor=0.5, mode="bilinear", antialias=True),
        ):
            values = record(model, scaled, ["3"])["3"][0, 2]
            for y, x in torch.cartesian_prod(*map(torch.arange, values.shape)).tolist():
                if not inside or field.box(y, x) == field.box_inside(y, x, *scaled.shape[2:]):
                    best = max(best, values[y, x].item())
    assert matches.values[0].item() == pytest.approx(best, rel=1e-4)
    assert matches.values.tolist() == sorted(matches.values.tolist(), reverse=True)


def test_the_crop_alone_gives_the_same_value(own):
    torch.manual_seed(3)
    network = nn.Sequential(nn.Conv2d(3, 4, 5, 2), nn.ReLU(), nn.Conv2d(4, 6, 3))
    model = PixelModel(network, (0.5,) * 3, (0.25,) * 3, name="tiny", input_size=32)
    matches = search_photos(model, Channel("2", 1), own, k=6)
    again = record(model, torch.stack(matches.crops), ["2"])["2"][:, 1].flatten()
    torch.testing.assert_close(again, matches.values)


def test_boxes_are_in_pixels_of_the_photo_and_do_not_overlap(model, own):
    matches = search_photos(model, Channel("3", 0), own, scales=(1, 0.5), k=8)
    size = receptive_field(model, "3").size[0]
    for i, (name, scale, box) in enumerate(
        zip(matches.names, matches.scales, matches.boxes.tolist(), strict=True)
    ):
        height, width = own[name].shape[2:]
        assert box[0] >= 0 and box[1] >= 0 and box[2] <= height + 0.01 and box[3] <= width + 0.01
        assert box[2] - box[0] == pytest.approx(size / scale, rel=0.1)
        for j in range(i):
            assert matches.names[j] != name or iou(box, matches.boxes[j].tolist()) <= OVERLAP
        if scale == 1:
            cut = own[name][0, :, int(box[0]) : int(box[2]), int(box[1]) : int(box[3])]
            torch.testing.assert_close(matches.crops[i], cut)


def test_a_layer_gives_the_matches_of_every_channel(model, own):
    search = search_photos(model, "3", own, k=4)
    assert len(search) == 6 and search.positions > 100
    for channel in range(6):
        one, of_all = search_photos(model, Channel("3", channel), own, k=4), search.of(channel)
        assert one.names == of_all.names and torch.equal(one.places, of_all.places)
        torch.testing.assert_close(one.values, of_all.values)
    assert len(search.of(0, k=2)) == 2


def test_a_direction_along_an_axis_is_that_channel(model, own):
    one = search_photos(model, Direction("3", torch.eye(6)[4]), own, k=3)
    assert torch.equal(one.places, search_photos(model, Channel("3", 4), own, k=3).places)


def test_non_maximum_suppression_by_hand():
    boxes = torch.tensor([[0, 0, 10, 10], [0, 1, 10, 11], [0, 1, 10, 11], [0, 8, 10, 18], [0, 0, 9, 10.0]])
    assert non_maximum_suppression(torch.tensor([0, 0, 1, 0, 0]), boxes, 9) == [0, 2, 3]
    assert non_maximum_suppression(torch.tensor([0, 0, 1, 0, 0]), boxes, 1) == [0]


def test_crops_are_cut_from_the_photos_where_they_say():
    crops = photo_crops(["cat", "coffee"], size=50, scales=(1.0,), stride=40)
    assert crops[3:7].shape == (4, 3, 50, 50)
    name, box = crops.origin(5)
    top, left, bottom, right = (round(side) for side in box)
    assert torch.equal(crops[5:6], photo(name)[:, :, top:bottom, left:right])
    assert crops[0:0].shape == (0, 3, 50, 50)


def test_thousands_of_crops_and_a_seeded_choice():
    crops = photo_crops(photo_names()[:6])
    assert len(crops) > 2000
    some, again = photo_crops(["cat"], count=20, seed=3), photo_crops(["cat"], count=20, seed=3)
    other = photo_crops(["cat"], count=20, seed=4)
    assert (
        len(some) == 20 and torch.equal(some.boxes, again.boxes) and not torch.equal(some.boxes, other.boxes)
    )


def test_maximal_images_of_crops_show_different_places(model):
    crops = photo_crops(["cat"], size=32, scales=(0.5,), stride=8)
    best = maximal_images(model, crops, Logit(1), k=5)
    assert len(best) == 5
    boxes = crops.boxes[best.indices].tolist()
    assert all(iou(a, b) <= OVERLAP for i, a in enumerate(boxes) for b in boxes[:i])
    torch.testing.assert_close(best.values[0], model(crops[0 : len(crops)])[:, 1].max().detach())


def test_a_network_that_asserts_its_size_is_a_sentence(own):
    class Asserts(nn.Module):
        def forward(self, x):
            assert x.shape[2] == 32, "Wrong image height!"  # as torchvision's ViT does
            return x

    network = nn.Sequential(Asserts(), nn.Conv2d(3, 4, 3))
    model = PixelModel(network, (0.5,) * 3, (0.25,) * 3, name="tiny", input_size=32)
    with pytest.raises(ValueError, match="expected 32 x 32 px"):
        search_photos(model, Channel("1", 0), own)


@pytest.mark.parametrize(
    "scale",
    [
        lambda y: y / y.abs().max().item(),
        lambda y: y * float(y.detach().numpy().max()),
        lambda y: y * torch.tensor(max(y.flatten().tolist())),
    ],
    ids=["item", "numpy", "tolist"],
)
def test_values_that_leave_the_graph_count_as_the_whole_image(own, scale):
    """The maximum of the whole map scales every position, so no crop alone gives the same value."""

    class Scales(nn.Module):
        def forward(self, y):
            return scale(y)

    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 5), Scales(), nn.Conv2d(4, 2, 3))
    for layer in ("1", "2"):
        with pytest.raises(ValueError, match="sees the whole image"):
            search_photos(network, Channel(layer, 0), own)
    assert len(search_photos(network, Channel("0", 0), own, k=2)) == 2


def test_bad_input_is_a_sentence(model, own):
    unit = Channel("3", 0)
    for call, error, words in [
        (lambda: search_photos(model, Logit(0), own), TypeError, "photo_crops"),
        (lambda: search_photos(model, Channel("4", 0), own), ValueError, "sees the whole image"),
        (lambda: search_photos(model, "conv9", own), KeyError, "layer: expected a layer"),
        (
            lambda: search_photos(model, Channel("3", 6), own),
            IndexError,
            "channel: expected a whole number from 0 to 5",
        ),
        (lambda: search_photos(model, unit, own, k=0), ValueError, "k: expected a whole number from 1 to"),
        (lambda: search_photos(model, unit, own, scales=()), ValueError, "scales"),
        (lambda: search_photos(model, unit, own, scales=(0,)), ValueError, "scales"),
        (lambda: search_photos(model, unit, {}), ValueError, "at least one photo"),
        (lambda: search_photos(model, unit, "cat"), TypeError, "a list of names"),
        (lambda: search_photos(model, unit, ["dog"]), KeyError, "expected a shipped photo, got 'dog'"),
        (lambda: search_photos(model, unit, {"a": own["a"] * 2}), ValueError, r"pixels in \[0, 1\]"),
        (lambda: search_photos(model, unit, {"a": own["a"][:, :1]}), ValueError, "color"),
        (lambda: search_photos(model, unit, {"a": own["a"].repeat(2, 1, 1, 1)}), ValueError, "one image"),
        (
            lambda: search_photos(model, unit, {"a": own["a"][..., :9, :9]}),
            ValueError,
            "a photo larger than",
        ),
        (lambda: search_photos(model, unit, {"a": own["a"][..., :2, :2]}), ValueError, "at least"),
        (lambda: search_photos(model, "3", own).of(6), IndexError, "0 to 5"),
        (lambda: search_photos(model, "3", own).of(0, k=10), ValueError, "k: .* from 1 to 9"),
        (lambda: photo_crops(["cat"], size=0), ValueError, "size"),
        (lambda: photo_crops(["cat"], size=4000), ValueError, "size: expected at most 300 px"),
        (lambda: photo_crops(["cat"], stride=-1), ValueError, "stride"),
        (lambda: photo_crops(["cat"], count=0), ValueError, "count"),
    ]:
        with pytest.raises(error, match=words):
            call()
    model.get_submodule("3").weight.data.fill_(torch.nan)
    with pytest.raises(ValueError, match="expected finite activations, got NaN"):
        search_photos(model, unit, own)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_the_largest_are_those_of_a_stable_sort():
    """Many equal values, also at the border between those taken and those left."""
    generator = torch.Generator().manual_seed(0)
    for values in (
        torch.randint(0, 4, (5, 40), generator=generator).float(),
        torch.zeros(2, 9),
        torch.rand(3, 7),
    ):
        for most in (1, 3, 7, 30, 100):
            found, places = largest_of_rows(values, most)
            sorted_values, order = values.sort(dim=1, descending=True, stable=True)
            assert torch.equal(found, sorted_values[:, :most]) and torch.equal(places, order[:, :most])
