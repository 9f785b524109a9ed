"""Solids by hand: their shapes, their sizes in pixels, their words; which layers become one."""

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.architecture.diagrams.volumes import SLANT, TALLEST, bar, side, thickness, volumes, volumes_of
from lecturelib.architecture.graph.trace import trace
from lecturelib.drawing.drawing import SMALLEST_TEXT, Label, Polygon


def small():
    return nn.Sequential(
        nn.Conv2d(3, 16, 5, stride=2, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 64, 3, padding=1),
        nn.AdaptiveAvgPool2d(8), nn.Flatten(), nn.Linear(64 * 64, 100), nn.ReLU(), nn.Linear(100, 10),
    )  # fmt: skip


def torchvision(name):
    return models.load(name, weights="random")


def check_geometry(drawing):
    labels = [s for s in drawing.shapes if isinstance(s, Label)]
    for shape in drawing.shapes:
        left, top, right, bottom = shape.bounds
        assert left >= 0 and top >= 0 and right <= drawing.width and bottom <= drawing.height, shape
    for k, one in enumerate(labels):
        assert one.size >= SMALLEST_TEXT * max(1.0, drawing.width / 1280)  # still so on a slide
        for other in labels[k + 1 :]:
            a, b = one.bounds, other.bounds
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (one.text, other.text)


def test_what_becomes_a_solid():
    found = volumes_of(trace(small(), (1, 3, 32, 32)))
    assert [(v.shape, v.words[:-1], v.kernel) for v in found] == [
        ((3, 32, 32), ("input",), None),
        ((16, 16, 16), ("convolution", "5 × 5, stride 2"), (5, 5)),
        ((16, 8, 8), ("max pool", "2 × 2, stride 2"), (2, 2)),
        ((64, 8, 8), ("convolution", "3 × 3"), (3, 3)),  # the adaptive pool has nothing to do
        ((100,), ("fully connected",), None),
        ((10,), ("fully connected",), None),
    ]


def test_the_sizes_in_pixels():
    assert side(32, 32) == TALLEST and side(8, 32) == TALLEST / 2
    assert thickness(16) == 6 and thickness(64) == 12 and bar(100) == 33
    drawing = volumes(small(), (1, 3, 32, 32))
    fronts = {}
    for shape in drawing.shapes:
        if isinstance(shape, Polygon) and shape.key is not None:
            fronts.setdefault(shape.key, shape)  # the front comes first
    for key, channels, length in (("input", 3, 32), ("0", 16, 16), ("2", 16, 8), ("3", 64, 8)):
        left, top, right, bottom = fronts[key].bounds
        assert right - left == pytest.approx(thickness(channels))
        assert bottom - top == pytest.approx(side(length, 32))
        region = drawing.region(key)
        assert region[2] - region[0] == pytest.approx(thickness(channels) + side(length, 32) * SLANT[0])
    left, top, right, bottom = fronts["6"].bounds
    assert bottom - top == bar(100)


def test_alexnet_shrinks_and_grows():
    found = volumes_of(trace(torchvision("alexnet")))
    shapes = [v.shape for v in found if len(v.shape) == 3]
    assert shapes == [(3, 224, 224), (64, 55, 55), (64, 27, 27), (192, 27, 27), (192, 13, 13), (384, 13, 13),
                      (256, 13, 13), (256, 13, 13), (256, 6, 6)]  # fmt: skip
    windows = [s for s in volumes(torchvision("alexnet")).shapes if s.role == "highlight"]
    assert len(windows) == 8  # on every map but the last


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet50", "googlenet", "densenet121", "mobilenet_v2"])
def test_words_do_not_collide(name):
    drawing = volumes(torchvision(name))
    check_geometry(drawing)
    solids = {
        s.key: s
        for s in drawing.shapes
        if isinstance(s, Polygon) and s.key is not None and s.role != "highlight"
    }
    bounds = sorted(drawing.region(key) for key in solids)
    assert len(bounds) >= 6
    assert all(one[0] < other[0] for one, other in zip(bounds, bounds[1:], strict=False))


def test_vgg16_stands_in_groups():
    found = volumes_of(trace(torchvision("vgg16")))
    assert sum(v.role == "conv" for v in found) == 13 and len(found) >= 18
    words = [s.text for s in volumes(torchvision("vgg16")).shapes if isinstance(s, Label)]
    assert words.count("2 × convolution") == 2 and words.count("3 × convolution") == 3
    assert words[:2] == ["3 × 224 × 224", "input"]  # the input stands alone, with its own shape


def test_many_layers_become_one_solid_for_each_size():
    found = volumes_of(trace(torchvision("resnet50")))
    assert [v.shape for v in found] == [
        (3, 224, 224), (64, 112, 112), (256, 56, 56), (512, 28, 28), (1024, 14, 14), (2048, 7, 7), (2048, 1, 1), (1000,)
    ]  # fmt: skip
    assert found[1].words[0] == "1 convolution"
    assert sum(int(v.words[0].split()[0]) for v in found if v.role == "conv") == 53


def test_words_of_a_small_network():
    assert volumes(small(), (1, 3, 32, 32)).alt == (
        "Sequential as volumes (channels × height × width), from left to right. input: 3 × 32 × 32; "
        "convolution, 5 × 5, stride 2: 16 × 16 × 16; max pool, 2 × 2, stride 2: 16 × 8 × 8; "
        "convolution, 3 × 3: 64 × 8 × 8; fully connected: 100; fully connected: 10."
    )


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match="several maps .* got Linear; block_diagram"):
        volumes(nn.Linear(3, 2), (1, 3))
    with pytest.raises(TypeError, match="network"):
        volumes("alexnet")
    with pytest.raises(ValueError, match="inputs that Sequential can take, got 1×1×32×32 at 0"):
        volumes(small(), (1, 1, 32, 32))


def test_the_same_from_a_graph():
    graph = trace(small(), torch.zeros(1, 3, 32, 32))
    assert volumes(graph).svg() == volumes(small(), (1, 3, 32, 32)).svg()
