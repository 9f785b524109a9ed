"""What a location means, against answers by hand on tiny networks; and every question that has no answer."""

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.network.hooks import record
from lecturelib.network.units import Channel, Logit, Neuron, read
from lecturelib.optimization.channel_pictures import (
    INDEX,
    channel_picture,
    iter_channel_pictures,
    large_channels,
    sheet_tiles,
    shipped_channel_pictures,
    shipped_layers,
)
from lecturelib.optimization.semantic_location import (
    Likeness,
    attribution,
    attributions,
    explain_location,
    iter_explain_location,
    location_vector,
    semantic_dictionary,
    weighted_sum,
)


class Linear(nn.Module):
    """A 1 x 1 convolution of a grey picture into three channels, a ReLU, and a linear score for two classes."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 1)
        self.relu = nn.ReLU()
        self.head = nn.Linear(3 * 2 * 2, 2)
        with torch.no_grad():
            self.conv.weight.copy_(torch.tensor([3.0, 4.0, -1.0]).view(3, 1, 1, 1))
            self.conv.bias.copy_(torch.tensor([0.0, 0.0, 0.5]))
            self.head.weight.copy_(torch.arange(24.0).view(2, 12) / 10)
            self.head.bias.copy_(torch.tensor([7.0, -7.0]))

    def forward(self, x):
        return self.head(self.relu(self.conv(x)).flatten(1))


IMAGE = torch.tensor([[[[0.0, 1.0], [0.2, 0.8]]]])


@pytest.fixture
def linear():
    return models.adapt(Linear(), (0.0,), (1.0,), classes=("one", "two"), input_size=2)


@pytest.fixture(scope="module")
def net():
    return models.load("cifar_net", weights="random")


# --- the vector and its picture ------------------------------------------------------------------------------


def test_the_vector_is_what_the_relu_lets_through(linear):
    for layer in ("conv", "relu"):  # before or behind the ReLU, what is there is the same
        assert location_vector(linear, IMAGE, layer, 0, 1).tolist() == [3.0, 4.0, 0.0]
        assert location_vector(linear, IMAGE, layer, 0, 0).tolist() == [0.0, 0.0, 0.5]


def test_likeness_by_hand(linear):
    v = torch.tensor([3.0, 4.0, 0.0])
    # In the middle of 2 x 2 places (row 1, column 1) stands the pixel 0.8: v0 = (2.4, 3.2, -0.3).
    dot = (3 * 2.4 + 4 * 3.2) / 5
    cosine = dot / (2.4**2 + 3.2**2 + 0.3**2) ** 0.5
    ask = lambda **more: read(linear, IMAGE, Likeness("conv", v, **more)).item()  # noqa: E731
    assert ask(power=0.0) == pytest.approx(dot)
    assert ask() == pytest.approx(dot * cosine)
    assert ask(power=3.0) == pytest.approx(dot * cosine**3)
    # over the map, the dot products of all four places: pixels 0, 1, 0.2, 0.8
    assert ask(power=0.0, whole=True) == pytest.approx((0 + 5 + 1 + 4) / 4)
    # a vector for each image of a batch
    both = Likeness("conv", torch.stack([v, torch.tensor([0.0, 0.0, 2.0])]), power=0.0)
    assert read(linear, IMAGE.repeat(2, 1, 1, 1), both).tolist() == pytest.approx([dot, -0.3])


def test_one_channel_is_likeness_to_its_axis(net):
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    axis = torch.eye(64)[5]
    whole = read(net, image, Likeness("conv2_1", axis, power=0.0, whole=True))
    assert torch.allclose(whole, read(net, image, Channel("conv2_1", 5)))
    middle = read(net, image, Likeness("conv2_1", axis, power=0.0))
    assert torch.allclose(middle, read(net, image, Neuron("conv2_1", 5, 8, 8)))


def test_the_picture_comes_to_mean_what_the_place_meant(net):
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    v = location_vector(net, image, "conv2_1", 4, 9)
    steps = list(iter_explain_location(net, image, "conv2_1", 4, 9, steps=12, seed=3, transforms=[]))
    assert steps[0].image.shape == (1, 3, 10, 10)  # what one place of conv2_1 sees
    assert steps[-1].value.item() > 2 * steps[0].value.item()

    def cosine(picture):
        maps = record(net, picture, ["conv2_1"])["conv2_1"][0]
        return torch.cosine_similarity(maps[:, maps.shape[1] // 2, maps.shape[2] // 2], v, dim=0).item()

    assert cosine(steps[-1].image) > cosine(steps[0].image) + 0.1
    again = explain_location(net, image, "conv2_1", 4, 9, steps=12, seed=3, transforms=[])
    assert torch.equal(again.image, steps[-1].image)


def test_channels_side_by_side_rise_each_by_itself(net):
    run = list(iter_channel_pictures(net, "conv2_1", [3, 60], size=16, steps=8, transforms=[]))
    assert run[-1].image.shape == (2, 3, 16, 16) and (run[-1].value > run[0].value).all()
    for k, channel in enumerate((3, 60)):
        own = record(net, run[-2].image[k : k + 1], ["conv2_1"])["conv2_1"][0, channel].mean()
        assert run[-1].value[k].item() == pytest.approx(own.item(), abs=1e-5)


def test_the_weighted_sum_by_hand():
    tiles = torch.full((3, 3, 1, 1), 0.5)
    tiles[0, 0], tiles[1, 1], tiles[2, 2] = 1.0, 0.0, 1.0  # red raised, green lowered, blue raised
    summed = weighted_sum(torch.tensor([3.0, 4.0, 0.0]), tiles)
    assert summed.flatten().tolist() == pytest.approx([0.5 + 0.5 * 0.6, 0.5 - 0.5 * 0.8, 0.5])
    one = weighted_sum(torch.tensor([0.0, 2.0, 0.0]), tiles)
    assert torch.equal(one[0], tiles[1])  # one channel alone is its own picture


# --- the dictionary and what a place adds --------------------------------------------------------------------


def test_dictionary_by_hand(linear):
    words = semantic_dictionary(linear, IMAGE, "conv", 0, 1, k=3, unit=Logit("two"))
    assert [word.channel for word in words] == [1, 0]  # the third is silent there
    assert [word.activation for word in words] == [4.0, 3.0]
    assert [word.share for word in words] == pytest.approx([16 / 25, 9 / 25])
    # weight of class two for channel c at (0, 1) is (12 + 4 c + 1) / 10
    assert [word.adds for word in words] == pytest.approx([4 * 1.7, 3 * 1.3])
    assert words[0].picture is None
    tiles = torch.rand(3, 3, 2, 2)
    assert torch.equal(
        semantic_dictionary(linear, IMAGE, "conv", 0, 1, k=1, pictures=tiles)[0].picture, tiles[1]
    )


def test_shares_of_all_channels_add_up(net):
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    words = semantic_dictionary(net, image, "conv3_2", 3, 3, k=256)
    assert sum(word.share for word in words) == pytest.approx(1)
    assert [word.activation for word in words] == sorted((w.activation for w in words), reverse=True)


def test_attribution_adds_up_to_the_score_where_the_rest_is_linear(linear):
    for layer in ("conv", "relu"):
        for k, bias in ((0, 7.0), (1, -7.0)):
            found = attribution(linear, IMAGE, Logit(k), layer)
            assert found.shape == (3, 2, 2)
            score = read(linear, IMAGE, Logit(k)).item()
            assert found.sum().item() == pytest.approx(score - bias, abs=1e-5)
    acts = record(linear, IMAGE, ["relu"])["relu"][0]
    weights = linear.head.weight.view(2, 3, 2, 2)
    assert torch.allclose(attribution(linear, IMAGE, Logit(1), "relu"), acts * weights[1])
    both = attributions(linear, IMAGE, [Logit(0), Logit("two")], "conv")
    assert torch.allclose(both, torch.stack([attribution(linear, IMAGE, Logit(k), "conv") for k in (0, 1)]))


def test_attribution_leaves_the_network_as_it_was(linear):
    linear.train().requires_grad_(True)
    attribution(linear, IMAGE, Logit(0), "conv")
    assert linear.training and all(p.requires_grad and p.grad is None for p in linear.parameters())
    assert not any(module._forward_hooks for module in linear.modules())


# --- no answer: a sentence -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change, error, words",
    [
        ({"y": 8}, IndexError, r"y: expected 0 to 7 \(.* 8 x 8 places for this picture\), got 8"),
        ({"x": -1}, IndexError, r"x: expected 0 to 7 .* got -1"),
        ({"y": 1.5}, TypeError, "y: expected a whole number, got float 1.5"),
        ({"layer": "classifier.0"}, ValueError, "layer: expected one that gives a map with places"),
        ({"layer": "conv9"}, KeyError, "layer: expected .* got '?conv9"),
        ({"image": torch.rand(1, 3, 3, 3)}, ValueError, "expected at least 4 x 4 px|cannot take"),
        ({"image": torch.rand(2, 3, 32, 32)}, ValueError, "image: expected one image .* a batch of 2"),
        ({"image": torch.rand(1, 1, 32, 32)}, ValueError, "color images"),
        ({"image": torch.full((1, 3, 32, 32), float("nan"))}, ValueError, "NaN"),
    ],
)
def test_questions_without_an_answer(net, change, error, words):
    asked = {"image": torch.rand(1, 3, 32, 32), "layer": "conv3_1", "y": 0, "x": 0, **change}
    for ask in (location_vector, explain_location, semantic_dictionary):
        with pytest.raises(error, match=words):
            ask(net, **asked)


def test_a_silent_place_has_nothing_to_show(linear):
    with torch.no_grad():
        linear.conv.bias[2] = -1.0
    with pytest.raises(
        ValueError, match=r"y, x: expected a place where some channel responds, got \(0, 0\) of conv"
    ):
        iter_explain_location(linear, IMAGE, "conv", 0, 0)
    assert semantic_dictionary(linear, IMAGE, "conv", 0, 0, k=2) == []


def test_a_network_without_classes_is_asked_for_none(net):
    vgg = models.load("vgg16", weights="random")
    with pytest.raises(ValueError, match="one score per class"):
        attribution(vgg, torch.rand(1, 3, 224, 224), Logit(0), "conv5_3")
    image = torch.rand(1, 3, 32, 32)
    with pytest.raises(ValueError, match="no gradient arrives at layer|not been recorded|does not depend"):
        attribution(net, image, Channel("conv1_1", 0), "conv3_1")  # the unit lies before the layer
    with pytest.raises(ValueError, match="at least one unit"):
        attributions(net, image, [], "conv3_1")


@pytest.mark.parametrize(
    "v, words",
    [
        (torch.zeros(64), "v: expected a vector that is not all 0"),
        (torch.full((64,), float("nan")), "NaN"),
        (torch.ones(63), r"v: expected a tensor \(64,\) or \(B, 64\), .* got \(63,\)"),
        ([1.0], "got list"),
    ],
)
def test_vectors_that_say_nothing(net, v, words):
    with pytest.raises(ValueError, match=words):
        read(net, torch.rand(1, 3, 32, 32), Likeness("conv2_1", v))


@pytest.mark.parametrize("power", [-1, float("nan"), "1"])
def test_a_power_that_is_none(net, power):
    with pytest.raises(
        TypeError if isinstance(power, str) else ValueError,
        match="power: expected a finite number at least 0",
    ):
        iter_explain_location(net, torch.rand(1, 3, 32, 32), "conv3_1", 0, 0, power=power)


def test_counts_and_channels_outside(net):
    image = torch.rand(1, 3, 32, 32)
    with pytest.raises(ValueError, match="k: expected a whole number from 1 to 64"):
        semantic_dictionary(net, image, "conv2_1", 0, 0, k=65)
    with pytest.raises(ValueError, match="one for each of 64 channels"):
        semantic_dictionary(net, image, "conv2_1", 0, 0, pictures=torch.rand(3, 3, 2, 2))
    with pytest.raises(ValueError, match="one per channel"):
        weighted_sum(torch.ones(4), torch.rand(3, 3, 2, 2))
    for channels in ([64], [-1], [], [0.5]):
        with pytest.raises(IndexError, match="from 0 to 63"):
            iter_channel_pictures(net, "conv2_1", channels)
    with pytest.raises(ValueError, match="v: expected one vector for each of 1 images, got 2"):
        read(net, image, Likeness("conv2_1", torch.eye(64)[:2]))


# --- shipped pictures ----------------------------------------------------------------------------------------


def test_shipped_pictures_are_one_for_each_channel():
    assert shipped_layers("alexnet") == ("conv1", "conv2", "conv3", "conv4", "conv5")
    for layer, count in zip(shipped_layers("alexnet"), (64, 192, 384, 256, 256), strict=True):
        tiles = shipped_channel_pictures("alexnet", layer)
        assert tiles.shape == (count, 3, 80, 80) and tiles.min() >= 0 and tiles.max() <= 1
        assert tiles.std(dim=(1, 2, 3)).min() > 0.02  # none is grey
    with pytest.raises(KeyError, match="alexnet conv1"):
        shipped_channel_pictures("vgg16", "conv5_3")


def test_the_largest_picture_of_a_channel_is_found():
    for layer in ("conv2", "conv3", "conv4", "conv5"):
        large = large_channels("alexnet", layer)
        assert len(large) >= 4 and list(large) == sorted(set(large))
        picture = channel_picture("alexnet", layer, large[0])
        assert picture.shape == (1, 3, 224, 224) and 0.05 < picture.std() < 0.5
        small = next(k for k in range(64) if k not in large)
        torch.testing.assert_close(
            channel_picture("alexnet", layer, small)[0], shipped_channel_pictures("alexnet", layer)[small]
        )
    with pytest.raises(IndexError, match="channel: expected a whole number from 0 to 255, got 256"):
        channel_picture("alexnet", "conv5", 256)
    with pytest.raises(KeyError, match="lenet conv1"):
        channel_picture("lenet", "conv1", 0)


def test_a_damaged_file_is_a_sentence(tmp_path, monkeypatch):
    from lecturelib import assets

    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 cut short")
    monkeypatch.setattr("lecturelib.assets.shipped.data_path", lambda name: tmp_path / "x.zip")
    with pytest.raises(assets.AssetAltered, match="damaged or cut short"):
        assets.shipped_member("channel_pictures.zip", INDEX)


def test_tiles_of_a_sheet_come_in_reading_order():
    import io

    from PIL import Image

    values = torch.arange(6, dtype=torch.uint8) * 40
    sheet = values.view(2, 3).repeat_interleave(4, 0).repeat_interleave(4, 1)[..., None].expand(8, 12, 3)
    stream = io.BytesIO()
    Image.fromarray(sheet.numpy().copy()).save(stream, "PNG")
    tiles = sheet_tiles(stream.getvalue(), 4)
    assert tiles.shape == (6, 3, 4, 4)
    assert (tiles.mean((1, 2, 3)) * 255).round().tolist() == values.tolist()
