"""Receptive fields: by hand on AlexNet, and against the support of the gradient on random networks."""

import random

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecturelib.models import PixelModel
from lecturelib.models.torchvision_cpu import import_torchvision
from lecturelib.network.hooks import recording
from lecturelib.network.receptive_field import check_size, receptive_field


def positive(network: nn.Module, seed: int = 0) -> nn.Module:
    """Weights above 0, so that no two paths cancel and every pixel seen leaves a gradient."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        parameter.data = torch.rand(parameter.shape, generator=generator) * 0.1 + 0.01
    return network.double().eval()


def support(gradient: torch.Tensor):
    """The bounding box of the pixels with a gradient: what a position really sees."""
    seen = gradient.abs().sum((0, 1))  # (1, C, H, W) -> (H, W)
    rows, columns = seen.sum(1).nonzero().flatten(), seen.sum(0).nonzero().flatten()
    return (rows[0].item(), columns[0].item(), rows[-1].item() + 1, columns[-1].item() + 1)


def check_against_gradient(network, layer, shape, call=0):
    """Every field holds the gradient's support; in the middle of the map the two are equal."""
    field = receptive_field(network, layer, call, image_shape=shape)
    image = torch.rand(1, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    image.requires_grad_()
    with recording(network, [(layer, call)]) as acts:
        values = acts.forward(image)[layer, call]
    height, width = values.shape[2:]
    middle = (height // 2, width // 2)
    for y, x in [middle, (0, 0), (height - 1, 0), (0, width - 1), (height - 1, width - 1)]:
        gradient = torch.autograd.grad(values[0, :, y, x].sum(), image, retain_graph=True)[0]
        if not gradient.any():
            continue  # this window lies in the padding
        seen, box = support(gradient), field.box_inside(y, x, *shape[1:])
        assert box[0] <= seen[0] and box[1] <= seen[1] and box[2] >= seen[2] and box[3] >= seen[3]
        if (y, x) == middle:
            assert box == seen and box == field.box(y, x)
    return field


def average(module: nn.Module) -> nn.Module:
    """Max pools as average pools: the gradient of a maximum reaches one pixel only."""
    for name, child in module.named_children():
        if isinstance(child, nn.MaxPool2d):
            setattr(
                module, name, nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode)
            )
        average(child)
    return module


@pytest.mark.parametrize("seed", range(12))
def test_random_chains_against_the_gradient(seed):
    rng = random.Random(seed)
    pair = lambda low, high: (rng.randint(low, high), rng.randint(low, high))  # noqa: E731
    layers, channels = [], 1
    for _ in range(rng.randint(2, 4)):
        kernel = pair(1, 4)
        kind = rng.choice(["conv", "conv", "pool"])
        if kind == "conv":
            dilation = pair(1, 2)
            layers.append(nn.Conv2d(channels, 2, kernel, pair(1, 2), pair(0, 2), dilation))
            channels = 2
        else:
            padding = (rng.randint(0, kernel[0] // 2), rng.randint(0, kernel[1] // 2))
            layers.append(nn.AvgPool2d(kernel, pair(1, 2), padding, ceil_mode=rng.random() < 0.5))
        layers.append(rng.choice([nn.ReLU(), nn.Softplus(), nn.Identity()]))
    network = positive(nn.Sequential(*layers), seed)
    check_against_gradient(network, str(len(layers) - 1), (1, 60, 55))


@pytest.mark.parametrize(
    "kernel, stride, padding, dilation, ceil", [(3, 2, 1, 1, False), (2, 2, 0, 1, True), (3, 1, 1, 2, False)]
)
def test_max_pool_counts_as_the_average_pool_of_the_same_window(kernel, stride, padding, dilation, ceil):
    pool = nn.Sequential(nn.Conv2d(1, 1, 3), nn.MaxPool2d(kernel, stride, padding, dilation, ceil_mode=ceil))
    field = receptive_field(pool, "1", image_shape=(1, 20, 20))
    span = (kernel - 1) * dilation
    assert field.size == (3 + span,) * 2
    assert field.jump == (stride,) * 2
    assert field.start == (-padding,) * 2


def test_alexnet_by_hand():
    network = import_torchvision("models").alexnet(weights=None)
    sizes = {0: 11, 2: 19, 3: 51, 5: 67, 6: 99, 8: 131, 10: 163, 12: 195}
    for layer, size in sizes.items():
        assert receptive_field(network, f"features.{layer}", image_shape=(3, 224, 224)).size == (size, size)
    conv5 = receptive_field(network, "features.10", image_shape=(3, 224, 224))
    assert conv5.jump == (16, 16)
    # by hand: -2 (conv1) - 2 * 8 (conv2) - 3 * 1 * 16 (conv3, conv4, conv5)
    assert conv5.start == (-66, -66)
    assert conv5.box(1, 2) == (-50, -34, 113, 129)
    assert conv5.box_inside(1, 2, 224, 100) == (0, 0, 113, 100)
    assert receptive_field(network, "classifier.1", image_shape=(3, 224, 224)).whole


def test_alexnet_against_the_gradient():
    network = positive(average(import_torchvision("models").alexnet(weights=None)))
    check_against_gradient(network, "features.10", (3, 290, 300))


def test_resnet18_against_the_gradient():
    network = positive(average(import_torchvision("models").resnet18(weights=None)))
    field = check_against_gradient(network, "layer2.1.relu", (3, 160, 170), call=1)
    assert field.size == (99, 99)
    check_against_gradient(network, "layer3.0", (3, 200, 180))
    assert receptive_field(network, "avgpool", image_shape=(3, 224, 224)).whole
    assert receptive_field(network, "", image_shape=(3, 224, 224)).box() == (0, 0, 224, 224)


def test_googlenet_against_the_gradient():
    network = import_torchvision("models").googlenet(weights=None, init_weights=False, aux_logits=False)
    network = positive(average(network))
    check_against_gradient(network, "inception3b", (3, 120, 130))


class Branches(nn.Module):
    """Functional calls, a slice, a permuted layout, a reused module and an in-place sum."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(1, 4, 5, padding=2)
        self.tall = nn.Conv2d(1, 4, (7, 1), padding=(3, 0))
        self.again = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.LayerNorm(4)
        self.end = nn.Identity()
        self.linear = nn.Linear(4, 2)

    def forward(self, x):
        a, b = self.wide(x), self.tall(x)
        a = self.again(F.relu(a))
        a += self.again(b)
        both = torch.cat([a, b], 1)  # (B, 8, H, W)
        both = both.view(both.shape[0], 2, 4, *both.shape[2:]).transpose(1, 2).flatten(1, 2)
        first, _ = both.chunk(2, 1)
        cropped = F.pad(first, (1, 0, 2, 0))[:, :, 1:, ::2]
        last = self.norm(cropped.permute(0, 2, 3, 1))  # (B, H, W, 4)
        return self.linear(self.end(last.permute(0, 3, 1, 2)).mean((2, 3)))


def test_branches_functional_calls_and_layouts():
    network = positive(Branches())
    field = check_against_gradient(network, "end", (1, 30, 40))
    assert field.size == (9, 7) and field.jump == (1, 2)
    first = receptive_field(network, "again", 0, image_shape=(1, 30, 40))
    second = receptive_field(network, "again", 1, image_shape=(1, 30, 40))
    assert first.size == (7, 7) and second.size == (9, 3)
    assert receptive_field(network, "linear", image_shape=(1, 30, 40)).whole


@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d])
def test_pools_called_as_functions_stride_by_their_kernel(pool):
    class Pools(nn.Module):
        def forward(self, x):
            return pool(x, (2, 3))

    field = receptive_field(nn.Sequential(nn.Conv2d(1, 1, 3), Pools()), "1", image_shape=(1, 12, 12))
    assert (field.size, field.jump, field.start) == ((4, 5), (2, 3), (0, 0))


class Applies(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def test_the_axes_of_a_map_are_kept_apart():
    convolution = nn.Conv2d(3, 4, (5, 3), stride=(4, 1))
    for turn, whole in [
        (lambda x: x.transpose(2, 3), True),  # on its side: (y, x) would be taken for (x, y)
        (lambda x: x.transpose(2, 3).transpose(2, 3), False),
        (lambda x: x.permute(0, 2, 3, 1), False),
        (lambda x: x.mean(1), True),  # (B, h, w) is no map of channels
        (lambda x: x[:, :1].squeeze(1), True),
    ]:
        field = receptive_field(nn.Sequential(convolution, Applies(turn)), "1", image_shape=(3, 32, 24))
        assert field.whole == whole
        assert whole or field == receptive_field(convolution, "", image_shape=(3, 32, 24))


class WritesInPlace(nn.Module):
    """Writes into a part of a tensor that was made beforehand."""

    def __init__(self):
        super().__init__()
        self.end = nn.Identity()

    def forward(self, x):
        canvas = torch.zeros(*x.shape[:2], 20, 20)
        canvas[:, :, 3:7, 3:7] = x[:, :, :4, :4]
        return self.end(canvas)


@pytest.mark.parametrize(
    "module",
    [
        WritesInPlace(),
        nn.Sequential(nn.ConvTranspose2d(1, 1, 3, 2)),
        nn.Sequential(nn.Upsample(scale_factor=2)),
        nn.Sequential(nn.GroupNorm(1, 1)),
        nn.Sequential(nn.InstanceNorm2d(1)),
        nn.Sequential(nn.AdaptiveAvgPool2d(3)),
        nn.Sequential(nn.ReflectionPad2d(3)),
        nn.Sequential(nn.Flatten(2), nn.Softmax(-1)),
    ],
)
def test_what_mixes_places_sees_the_whole_image(module):
    last = [name for name, _ in module.named_modules()][-1]
    assert receptive_field(module, last, image_shape=(1, 16, 16)).whole


class Last(nn.Module):
    """Runs a layer on a map with its channels last, (B, h, w, C)."""

    def __init__(self, layer):
        super().__init__()
        self.first, self.layer, self.end = nn.Conv2d(1, 4, (3, 5)), layer, nn.Identity()

    def forward(self, x):
        return self.end(self.layer(self.first(x).permute(0, 2, 3, 1)))  # (B, 10, 12, 4)


def test_a_norm_over_channels_keeps_the_field_of_a_map_with_its_channels_last():
    field = receptive_field(Last(nn.LayerNorm(4)), "end", image_shape=(1, 12, 16))
    assert not field.whole and field.size == (3, 5) and field.jump == (1, 1)


@pytest.mark.parametrize("layer", [nn.LayerNorm((12, 4)), nn.LayerNorm((10, 12, 4))])
def test_a_norm_over_columns_sees_the_whole_image(layer):
    assert receptive_field(Last(layer), "end", image_shape=(1, 12, 16)).whole


@pytest.mark.parametrize("columns", [16, 12])
def test_a_linear_layer_along_the_columns_sees_the_whole_image(columns):
    network = nn.Sequential(nn.Conv2d(1, 4, (3, 5)), nn.Linear(columns - 4, 5))
    assert receptive_field(network, "1", image_shape=(1, 12, columns)).whole


def test_adaptive_pooling_is_exact_where_it_divides():
    network = nn.Sequential(nn.Conv2d(1, 1, 3), nn.AdaptiveAvgPool2d(6), nn.AdaptiveAvgPool2d((3, 6)))
    assert receptive_field(network, "1", image_shape=(1, 14, 8)).size == (4, 3)
    assert receptive_field(network, "2", image_shape=(1, 14, 8)).size == (6, 3)


def test_a_changed_stride_is_noticed():
    network = nn.Sequential(nn.Conv2d(1, 1, 3))
    assert receptive_field(network, "0", image_shape=(1, 9, 9)).jump == (1, 1)
    network[0].stride = (2, 3)
    assert receptive_field(network, "0", image_shape=(1, 9, 9)).jump == (2, 3)


def test_bad_input_is_a_sentence():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(2 * 5 * 5, 2))
    model = PixelModel(network, (0.5,), (0.5,), name="tiny", input_size=22)
    with pytest.raises(KeyError, match="a layer of tiny, got 'conv9'"):
        receptive_field(model, "conv9")
    with pytest.raises(IndexError, match="runs 1 time"):
        receptive_field(model, "0", 1)
    with pytest.raises(ValueError, match="call: expected a whole number from 0 up"):
        receptive_field(model, "0", -1)
    with pytest.raises(ValueError, match="image_shape"):
        receptive_field(network, "0")
    with pytest.raises(ValueError, match="three whole numbers"):
        receptive_field(network, "0", image_shape=(9, 9))
    with pytest.raises(ValueError, match="at least 6 x 6 px"):
        check_size(model, "1", (1, 4, 4))
    with pytest.raises(ValueError, match="expected 22 x 22 px"):
        check_size(model, "3", (1, 30, 30))
    assert receptive_field(model, "1", image_shape=(1, 30, 30)).size == (6, 6)  # the head is not needed here


def test_whatever_a_network_raises_at_a_wrong_size_is_a_sentence():
    def wants_22(x):
        assert x.shape[2] == 22, "Wrong image height!"  # as torchvision's ViT does
        return x

    network = nn.Sequential(nn.Conv2d(1, 2, 1), Applies(wants_22))
    model = PixelModel(network, (0.5,), (0.5,), name="tiny", input_size=22)
    with pytest.raises(ValueError, match="expected 22 x 22 px .*AssertionError: Wrong image height!"):
        check_size(model, "1", (1, 30, 30))
    check_size(model, "0", (1, 30, 30))


@pytest.mark.parametrize("fails", [False, True])
def test_leaves_the_network_as_found(fails):
    network = nn.Sequential(nn.Conv2d(1, 1, 3), nn.BatchNorm2d(1))
    network.train()
    network[1].eval()
    shape = (1, 2, 2) if fails else (1, 8, 8)
    if fails:
        with pytest.raises(ValueError):
            receptive_field(network, "1", image_shape=shape)
    else:
        receptive_field(network, "1", image_shape=shape)
    assert not any(module._forward_hooks for module in network.modules())
    assert [module.training for module in network.modules()] == [True, True, False]
    assert all(parameter.requires_grad for parameter in network.parameters())
