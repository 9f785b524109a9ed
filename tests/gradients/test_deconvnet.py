"""The deconvnet: by hand, against the gradient with its rule, and what stands in its way."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecturelib import models
from lecturelib.gradients.backprop import backprop
from lecturelib.gradients.deconvnet import deconvnet, top_patches
from lecturelib.network.units import Channel, Logit, Neuron, read
from lecturelib.parameters.maximal_images import maximal_images


def pixels(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def chain(pool=2, step=2, inplace=False, **conv):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, **conv),
        nn.ReLU(inplace),
        nn.MaxPool2d(pool, step),
        nn.Conv2d(4, 6, 3, padding=1),
        nn.ReLU(inplace),
        nn.MaxPool2d(pool, step),
    ).eval()


def same(found, expected):
    return (found - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_a_pool_by_hand():
    image = torch.tensor([[0.1, 0.9, 0.2, 0.3], [0.4, 0.5, 0.8, 0.1]]).view(1, 1, 2, 4)
    pool = nn.Sequential(nn.MaxPool2d(2))
    found = deconvnet(pool, image, Neuron("0", 0, 0, 1))
    assert torch.equal(found[0, 0], torch.tensor([[0, 0, 0, 0], [0, 0, 0.8, 0]]))
    strongest = deconvnet(pool, image, Channel("0", 0))
    assert torch.equal(strongest[0, 0], torch.tensor([[0, 0.9, 0, 0], [0, 0, 0, 0]]))


def test_where_pools_overlap_the_values_add_up_unlike_in_textbook_unpooling():
    # two windows of 3 share the middle pixel; a convolution adds both up
    image = torch.tensor([0.1, 0.2, 0.9, 0.2, 0.1]).view(1, 1, 1, 5)
    net = nn.Sequential(nn.MaxPool2d((1, 3), (1, 2)), nn.Conv2d(1, 1, (1, 2), bias=False))
    net[1].weight.data = torch.tensor([1.0, 2.0]).view(1, 1, 1, 2)
    found = deconvnet(net, image, Neuron("1", 0, 0, 0), signal=1)
    assert found.flatten().tolist() == [0, 0, 3, 0, 0]
    pooled, switches = F.max_pool2d(image, (1, 3), (1, 2), return_indices=True)
    textbook = F.max_unpool2d(net[1].weight.detach(), switches, (1, 3), (1, 2), output_size=image.shape)
    assert textbook.sum() < 3


def test_a_convolution_by_hand_with_a_relu_on_the_way_back():
    # the second layer asks for channel 0 and against channel 1: only the first way is open
    net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Conv2d(2, 1, 1))
    net[0].weight.data = torch.tensor([2.0, 3.0]).view(2, 1, 1, 1)
    net[2].weight.data = torch.tensor([5.0, -1.0]).view(1, 2, 1, 1)
    net[2].bias.data.fill_(0.0)
    model = models.adapt(net, mean=(0.0,), std=(0.25,), name="by hand", input_size=1)
    image = torch.full((1, 1, 1, 1), 0.5)
    assert deconvnet(model, image, Neuron("2", 0, 0, 0), signal=1).item() == pytest.approx(10 / 0.25)


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("alexnet", ["conv1", "pool1", "conv3", "relu4", "conv5", "pool5"]),
        ("vgg16", ["relu1_2", "conv3_1", "pool3"]),
        ("lenet", ["conv1", "relu2", "pool2"]),
        ("cifar_net", ["pool2", "conv3_2"]),
    ],
)
def test_started_from_the_same_signal_it_is_the_gradient_with_its_rule(name, layers):
    model = models.load(name, weights="random")
    side = 96 if name in ("alexnet", "vgg16") else model.input_size
    image = pixels(1, model.channels, side, side)
    for layer in layers:
        unit = Neuron(layer, 5, 1, 1)
        expected = backprop(model, image, unit, "deconvnet")
        assert expected.abs().sum() > 0
        assert same(deconvnet(model, image, unit, signal=1), expected)
        value = read(model, image, unit).item()
        if value > 0:
            assert same(deconvnet(model, image, unit), value * expected)


@pytest.mark.parametrize(
    "conv", [{"stride": 2}, {"padding": "same"}, {"dilation": 2, "padding": 1}, {"stride": 3}]
)
@pytest.mark.parametrize(("pool", "step"), [(2, 2), (3, 2), (3, 1)])
def test_any_geometry_is_the_gradient_with_its_rule(conv, pool, step):
    model, image = chain(pool, step, **conv), pixels(2, 3, 31, 28)
    unit = Neuron("4", 2, 1, 1)
    assert same(deconvnet(model, image, unit, signal=1.0), backprop(model, image, unit, "deconvnet"))


def test_in_place_relus_do_not_matter():
    image = pixels(1, 3, 20, 20)
    for layer in ("0", "1", "3", "5"):
        maps = [deconvnet(chain(inplace=inplace), image, Channel(layer, 2)) for inplace in (False, True)]
        assert torch.equal(*maps)


def test_each_image_of_a_batch_keeps_its_own_strongest_place():
    model, batch = chain(), pixels(3, 3, 20, 20)
    together = deconvnet(model, batch, Channel("4", 1))
    alone = torch.cat([deconvnet(model, image[None], Channel("4", 1)) for image in batch])
    assert torch.allclose(together, alone, atol=1e-6)
    place = maximal_images(model, batch, Channel("4", 1), 3)
    for index, (y, x) in zip(place.indices.tolist(), place.places.tolist(), strict=True):
        one = deconvnet(model, batch[index : index + 1], Neuron("4", 1, y, x))
        assert torch.allclose(one[0], together[index], atol=1e-6)


def test_a_unit_that_is_off_gives_nothing():
    model = chain()
    model[3].bias.data.fill_(-100.0)
    assert deconvnet(model, pixels(1, 3, 20, 20), Channel("4", 1)).count_nonzero() == 0


def test_top_patches_show_what_the_unit_saw():
    model, images = chain(), pixels(12, 3, 20, 20)
    unit = Channel("4", 1)
    pairs = top_patches(model, images, unit, k=4)
    top = maximal_images(model, images, unit, 4)
    assert len(pairs) == 4
    for (crop, patch), expected, index, box in zip(
        pairs, top.crops, top.indices, top.boxes.tolist(), strict=True
    ):
        assert torch.equal(crop, expected)
        assert patch.shape == crop.shape
        whole = deconvnet(model, images[index : index + 1], unit)[0]
        assert torch.allclose(patch.sum(), whole.sum(), atol=1e-5), "nothing lies outside the receptive field"
        t, l, b, r = box
        inside = whole[:, max(t, 0) : b, max(l, 0) : r]
        assert torch.equal(
            patch[:, max(-t, 0) :, max(-l, 0) :][:, : inside.shape[1], : inside.shape[2]], inside
        )


def test_top_patches_of_groups_and_without_padding():
    model, images = chain(), pixels(12, 3, 20, 20)
    unit, groups = Channel("4", 1), [k // 4 for k in range(12)]
    everything = maximal_images(model, images, unit, 12)
    first = {groups[k]: n for n, k in reversed(list(enumerate(everything.indices.tolist())))}
    expected = sorted(first.values())  # the strongest image of each group, in order of strength
    padded = top_patches(model, images, unit, k=9, groups=groups)
    assert len(padded) == 3
    assert all(torch.equal(pair[0], everything.crops[n]) for pair, n in zip(padded, expected, strict=True))
    bare = top_patches(model, images, unit, k=2, groups=groups, padded=False)
    assert len(bare) == 2
    for (crop, pattern), n in zip(bare, expected, strict=False):
        top, left, bottom, right = everything.boxes[n].tolist()
        index = everything.indices[n]
        inside = images[index, :, max(top, 0) : bottom, max(left, 0) : right]
        assert torch.equal(crop, inside) and pattern.shape == crop.shape
        whole = deconvnet(model, images[index : index + 1], unit)[0]
        assert torch.equal(pattern, whole[:, max(top, 0) : bottom, max(left, 0) : right])
    with pytest.raises(ValueError, match="groups: expected one number for each of 12 images, got 3"):
        top_patches(model, images, unit, groups=[0, 1, 2])


class Branch(nn.Module):
    def __init__(self, way):
        super().__init__()
        self.one, self.two, self.way = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1), way

    def forward(self, x):
        return self.two(self.way(self.one(x), x))


def added_in_place(y, x):
    y += x
    return y


@pytest.mark.parametrize("way", [lambda y, x: F.relu(y), lambda y, x: y + x, added_in_place, lambda y, x: x])
def test_functions_and_branches_stand_in_the_way(way):
    with pytest.raises(ValueError, match="a function or a branch before 'two'.*deconvolution"):
        deconvnet(Branch(way), pixels(1, 3, 8, 8), Channel("two", 0))


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (nn.BatchNorm2d(3), "BatchNorm2d"),
        (nn.AvgPool2d(2), "AvgPool2d"),
        (nn.GELU(), "GELU"),
        (nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect"), "Conv2d"),
    ],
)
def test_other_modules_stand_in_the_way(module, words):
    model = nn.Sequential(nn.Conv2d(3, 3, 3), module, nn.Conv2d(3, 2, 3)).eval()
    with pytest.raises(
        ValueError, match=rf"plain chain of Conv2d, ReLU and MaxPool2d, got .* behind '1' \({words}\)"
    ):
        deconvnet(model, pixels(1, 3, 12, 12), Channel("2", 0))
    assert all(not m._forward_hooks and not m._forward_pre_hooks for m in model.modules())


def test_a_class_is_no_single_activation():
    model = models.load("lenet", weights="random")
    with pytest.raises(ValueError, match="expected one activation to start from"):
        deconvnet(model, pixels(1, 1, 28, 28), Logit(3))
    with pytest.raises(ValueError, match="a function or a branch before 'classifier.0'"):
        deconvnet(model, pixels(1, 1, 28, 28), Neuron("fc3", 3))
    with pytest.raises(TypeError, match="signal"):
        deconvnet(model, pixels(1, 1, 28, 28), Channel("conv1", 3), signal="1")


def test_everything_comes_back_also_under_inference_mode():
    model, image = chain().train(), pixels(1, 3, 20, 20)
    expected = deconvnet(chain(), image, Channel("4", 1))
    with torch.inference_mode():
        assert torch.equal(deconvnet(model, image, Channel("4", 1)), expected)
    assert all(m.training for m in model.modules())
    assert all(p.requires_grad for p in model.parameters())
