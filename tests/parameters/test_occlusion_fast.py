"""The quick way gives the plain map, takes itself only where the network is a chain, and stays out elsewhere."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecturelib.models import PixelModel
from lecturelib.network.baselines import GREY, fill_image
from lecturelib.network.hooks import recording
from lecturelib.network.inputs import channels_last
from lecturelib.network.units import Channel, Layer, Logit, Neuron, Probability
from lecturelib.parameters.occlusion import occlusion_map, occlusion_map_plain
from lecturelib.parameters.occlusion_fast import Reader, WindowReader, make_reader
from lecturelib.parameters.patches import patch_spans
from lecturelib.parameters.plain_prefix import find_prefix

SIZE = 72


def pixels(height=SIZE, width=SIZE, seed=0):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def with_head(*features, classes=5):
    """A chain, then an average over 2 x 2 places and a linear layer: any image size goes through."""
    channels = [m.out_channels for m in features if isinstance(m, nn.Conv2d)][-1]
    return nn.Sequential(
        nn.Sequential(*features), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(channels * 4, classes)
    ).eval()


def alexnet_like(inplace=False):
    return with_head(
        nn.Conv2d(3, 8, 11, stride=4, padding=2),
        nn.ReLU(inplace),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(8, 12, 5, padding=2),
        nn.ReLU(inplace),
        nn.Conv2d(12, 8, 3, padding=1),
        nn.ReLU(inplace),
    )


def vgg_like():
    return with_head(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.Conv2d(6, 6, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.ReLU(),
    )


def odd():
    """Strides, paddings, dilation, groups and ceil_mode as nobody would combine them."""
    return with_head(
        nn.Conv2d(3, 6, (3, 5), stride=(2, 1), padding=(0, 3), dilation=(2, 1)),
        nn.LeakyReLU(0.2),
        nn.MaxPool2d((3, 2), stride=(2, 3), padding=(1, 0), ceil_mode=True),
        nn.Conv2d(6, 9, 4, padding="same", groups=3, bias=False),
        nn.ReLU6(inplace=True),
        nn.MaxPool2d(3, 1, dilation=2, ceil_mode=True),
        nn.Dropout(),
    )


def sparse():
    """The stride is longer than the kernel: some patches touch nothing."""
    return with_head(nn.Conv2d(3, 5, 2, stride=9), nn.ReLU())


def seeded(build, *arguments):
    torch.manual_seed(1)
    model = build(*arguments)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.3, 0.3)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return model


def reader_of(model, image, unit, patch=16, stride=8, fill=GREY):
    spans = [patch_spans(size, patch, stride) for size in image.shape[2:]]
    cover = fill_image(image, fill, patch)
    return make_reader(model, image, cover, unit.check(model, tuple(image.shape[1:])), spans)


def whole_images(model, image, unit, patch, stride, fill):
    """The map by the general way, which test_occlusion.py holds to the plain lines."""
    pairs = [value if isinstance(value, tuple) else (value, value) for value in (patch, stride)]
    spans = [patch_spans(*axis) for axis in zip(image.shape[2:], *pairs, strict=True)]
    unit = unit.check(model, tuple(image.shape[1:]))
    reader = Reader(model, image, fill_image(image, fill, patch), unit, spans)
    rows, columns = torch.cartesian_prod(*(torch.arange(len(span)) for span in spans)).T
    values = [reader(*part) for part in zip(rows.split(16), columns.split(16), strict=True)]
    return torch.cat(values).view(len(spans[0]), len(spans[1])).clone()


def assert_same_map(model, image, unit, patch, stride, fill=GREY, quick=True):
    assert isinstance(reader_of(model, image, unit), WindowReader) == quick
    found = occlusion_map(model, image, unit, patch, stride, fill)
    plain = (whole_images if quick else occlusion_map_plain)(model, image, unit, patch, stride, fill)
    assert torch.allclose(found.values, plain, rtol=0, atol=1e-5)
    assert plain.unique().numel() > 1
    # small effects are held to the same accuracy as large ones
    assert torch.allclose(found.values - plain.mean(), plain - plain.mean(), atol=1e-2 * float(plain.std()))


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # an even kernel, on purpose
@pytest.mark.parametrize("build", [alexnet_like, vgg_like, odd, sparse])
@pytest.mark.parametrize(
    ("patch", "stride"), [(16, 14), (7, 7), ((9, 20), (8, 13)), ((20, 5), (20, 5)), ((12, 1), (12, 1))]
)
def test_the_quick_map_is_the_plain_one(build, patch, stride):
    assert_same_map(seeded(build), pixels(), Logit(2), patch, stride)


@pytest.mark.parametrize("fill", ["mean", "blur", (0.9, 0.1, 0.4), 0.0, pixels(seed=5)])
def test_whatever_the_patch_shows(fill):
    for build in (alexnet_like, vgg_like):
        assert_same_map(seeded(build), pixels(), Probability(1), 17, 13, fill)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_rectangular_images_with_patches_cut_at_the_border():
    for size in ((64, 97), (101, 66)):
        assert_same_map(seeded(vgg_like), pixels(*size), Logit(0), 15, 11)
        assert_same_map(seeded(odd), pixels(*size), Logit(0), 15, 11)


def test_a_house_network_is_normalized_once():
    network = seeded(alexnet_like)
    model = PixelModel(network, (0.5, 0.4, 0.3), (0.2, 0.25, 0.3), name="tiny", input_size=SIZE)
    steps, prelude = find_prefix(model, pixels(), Logit(0))
    assert len(steps) == 7
    assert prelude > 0
    assert_same_map(model, pixels(), Logit(0), 16, 14)


def test_in_place_activations():
    assert_same_map(seeded(alexnet_like, True), pixels(), Logit(0), 16, 14)


@pytest.mark.parametrize(
    "unit",
    [Channel("0.0", 3), Channel("0.2", 3), Neuron("0.4", 1, 5, 2), Layer("0"), Layer("0.6"), Channel("2", 7)],
)
@pytest.mark.parametrize("inplace", [False, True])
def test_units_inside_and_behind_the_chain(unit, inplace):
    model = seeded(alexnet_like, inplace)
    assert_same_map(model, pixels(), unit, 16, 14)


def test_the_chain_ends_at_the_units_layer():
    model, image = seeded(alexnet_like), pixels()
    assert len(find_prefix(model, image, Channel("0.0", 0))[0]) == 1
    assert len(find_prefix(model, image, Channel("0.3", 0))[0]) == 4
    assert len(find_prefix(model, image, Layer("0"))[0]) == 7
    assert len(find_prefix(model, image, Logit(0))[0]) == 7


def test_the_batch_size_and_the_order_do_not_matter():
    model, image = seeded(vgg_like), pixels()
    values = [occlusion_map(model, image, Logit(0), 16, 9, batch_size=size).values for size in (None, 1, 5)]
    assert all(torch.allclose(value, values[0], atol=1e-6) for value in values)


# -- networks that only look like a chain -------------------------------------------------------------------------


class Net(nn.Module):
    """A convolution, a pooling and a second convolution, put together by `way`."""

    def __init__(self, way):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Linear(6, 4)
        self.way = way

    def forward(self, x):
        return self.head(self.way(self, x).mean((2, 3)))


def skips_one(net, x):
    y = net.conv1(x)
    z = net.conv2(net.relu(y))
    return z + y


def looks_at_the_image_again(net, x):
    return net.conv2(net.pool(net.relu(net.conv1(x)))) + x.mean((1, 2, 3), keepdim=True)


def scales_by_its_mean(net, x):
    y = net.relu(net.conv1(x))
    return net.conv2(y / y.mean((1, 2, 3), keepdim=True))


def decides_by_its_values(net, x):
    y = net.relu(net.conv1(x))
    return net.conv2(y) if (y > -1).any() else y


def runs_a_function(net, x):
    return net.conv2(net.pool(F.relu(net.conv1(x))))


def plain(net, x):
    return net.conv2(net.pool(net.relu(net.conv1(x))))


def forgets_its_relu(net, x):
    y = net.conv1(x)
    net.relu(y)
    return net.conv2(y)


def brightens_first(net, x):
    return net.conv2(net.relu(net.conv1(x * 2)))


def flattens_and_back(net, x):
    y = net.conv1(x)
    return net.conv2(y.flatten(2).unflatten(2, y.shape[2:]))


@pytest.mark.parametrize(
    ("way", "steps"),
    [
        (skips_one, 1),
        (looks_at_the_image_again, 0),
        (scales_by_its_mean, 2),
        (decides_by_its_values, 2),
        (runs_a_function, 1),
        (plain, 4),
        (forgets_its_relu, 1),
        (brightens_first, 0),
        (flattens_and_back, 1),
    ],
)
def test_the_chain_ends_where_something_else_looks(way, steps):
    model, image = seeded(Net, way).eval(), pixels()
    assert len(find_prefix(model, image, Logit(0))[0]) == steps
    assert_same_map(model, image, Logit(0), 16, 14, quick=steps > 0)


def test_a_tensor_kept_for_later_ends_the_chain():
    def keeps(net, x):
        net.kept = net.relu(net.conv1(x))
        y = net.conv2(net.pool(net.kept))
        return y + F.max_pool2d(net.kept, 2)

    model = seeded(Net, keeps).eval()
    assert len(find_prefix(model, pixels(), Logit(0))[0]) == 2
    assert_same_map(model, pixels(), Logit(0), 16, 14)


class OwnConv(nn.Conv2d):
    def forward(self, x):
        return super().forward(x) + x.mean((1, 2, 3), keepdim=True)


@pytest.mark.parametrize(
    "first",
    [
        OwnConv(3, 6, 3),
        nn.Conv2d(3, 6, 3, padding=1, padding_mode="reflect"),
        nn.InstanceNorm2d(3),
        nn.AvgPool2d(2),
        nn.Softmax(1),
    ],
)
def test_layers_that_cannot_be_computed_by_windows_take_the_general_way(first):
    model = nn.Sequential(first, nn.Conv2d(getattr(first, "out_channels", 3), 6, 3, stride=2)).eval()
    model = nn.Sequential(model, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert_same_map(model, pixels(), Logit(0), 16, 14, quick=False)


@pytest.mark.filterwarnings("ignore:.*influence one another")
@pytest.mark.parametrize("unit", [Logit(0), Probability(0)])
def test_images_that_change_one_another_run_alone(unit):
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(
        4, track_running_stats=False
    )  # takes its statistics from the batch, also in eval mode
    model = nn.Sequential(nn.Conv2d(3, 4, 3), norm, nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten())
    model = nn.Sequential(*model, nn.Linear(16, 3)).eval()
    model[5].bias.data[0] = -18  # a probability of 1e-8 changes with the batch as much as a large one
    for size in (16, SIZE):
        image = pixels(size, size)
        found = occlusion_map(model, image, unit, 7, 5)
        plain = occlusion_map_plain(model, image, unit, 7, 5)
        assert torch.allclose(found.values, plain, rtol=1e-4, atol=0)


def test_a_padding_changed_by_hand_is_noticed():
    image, unit = pixels(), Logit(0)
    model = seeded(lambda: with_head(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3)))
    assert find_prefix(model, image, unit)[0]
    other = nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect")
    first = model[0][0]
    first.padding_mode = "reflect"
    first._reversed_padding_repeated_twice = other._reversed_padding_repeated_twice
    assert find_prefix(model, image, unit)[0] == []  # only a padding of zeros can be computed by windows
    found = occlusion_map(model, image, unit, 16, 8).values
    assert torch.allclose(found, occlusion_map_plain(model, image, unit, 16, 8), atol=1e-6)


def test_hooks_of_others_are_obeyed():
    model, image = seeded(alexnet_like), pixels()
    handle = model[0][1].register_forward_hook(lambda module, inputs, output: output * 0.5)
    try:
        assert_same_map(model, image, Logit(0), 16, 14, quick=False)
    finally:
        handle.remove()
    assert_same_map(model, image, Logit(0), 16, 14, quick=True)


def test_inside_a_recording_of_the_same_thread():
    model, image = seeded(alexnet_like), pixels()
    expected = occlusion_map(model, image, Logit(0), 16, 14).values
    with recording(model, ["0.0"]) as acts:
        found = occlusion_map(model, image, Logit(0), 16, 14).values
        assert acts["0.0"].isfinite().all()
    assert torch.allclose(found, expected, atol=1e-6)


def test_a_changed_forward_is_obeyed():
    model, image = seeded(alexnet_like), pixels()
    model[0][1].forward = torch.sigmoid
    assert_same_map(model, image, Logit(0), 16, 14, quick=False)


def test_small_images_and_large_patches_take_the_general_way():
    model = seeded(alexnet_like)
    assert type(reader_of(model, pixels(48, 48), Logit(0))) is Reader
    assert type(reader_of(model, pixels(), Logit(0), patch=70)) is Reader


def test_the_window_stops_while_it_is_small():
    reader = reader_of(seeded(vgg_like), pixels(96, 96), Logit(0), patch=8)
    assert len(reader.steps) == 11
    lengths = [step.axes[0].length for step in reader.steps if step.axes]
    assert lengths == [10, 12, 6, 8, 4, 6]


def test_memory_is_bounded_by_the_batch():
    model, image = seeded(vgg_like), pixels(320, 320)
    reader = reader_of(model, image, Logit(0), patch=160)
    largest = 6 * (160 + 4) ** 2 * 4  # bytes of a window before the first pooling
    assert reader.batch_size <= 32 * 2**20 / largest
    general = Reader(model, image, image, Logit(0).check(model, (3, 320, 320)), [patch_spans(320, 32, 8)] * 2)
    assert general.batch_size == 32 * 2**20 // (6 * 320 * 320 * 4)


def test_nothing_is_left_on_the_network():
    model = seeded(vgg_like).train()
    flags = [m.training for m in model.modules()]
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    assert isinstance(reader_of(model, pixels(), Logit(0)), WindowReader)
    occlusion_map(model, pixels(), Logit(0), 16, 14)
    assert [m.training for m in model.modules()] == flags
    assert all(p.requires_grad for p in model.parameters())
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_a_grey_image_is_laid_out_pixel_by_pixel():
    images = channels_last(torch.rand(2, 1, 28, 28))
    assert images.stride() == (784, 1, 28, 1)


def test_the_largest_window_of_a_patch_by_hand():
    """Patches of 16 x 16 in a 3 x 3 and a 5 x 5 convolution: windows of 18 and 22 places, and what they are made of."""
    model = with_head(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 2, 5, padding=2), nn.ReLU())
    reader = reader_of(model, pixels(), Logit(0), 16, 8)
    assert isinstance(reader, WindowReader) and len(reader.steps) == 4
    # conv1 reads 3 channels of 20 x 20 and gives 4 of 18 x 18; conv2 reads 4 of 26 x 26 and gives 2 of 22 x 22
    assert reader.largest_window == 4 * 26 * 26
    model = with_head(nn.Conv2d(3, 9, 3, padding=1), nn.ReLU())
    assert reader_of(model, pixels(), Logit(0), 16, 8).largest_window == 9 * 18 * 18
