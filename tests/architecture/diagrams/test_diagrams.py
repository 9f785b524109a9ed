"""Every drawing of every listed network: nothing overlaps, arrows run around boxes, the text can be read."""

import itertools

import pytest

from lecturelib.architecture.diagrams.block_diagram import block_diagram
from lecturelib.drawing.shapes import SMALLEST_TEXT, Box, Curve, Label, Line

NAMES = (
    "alexnet", "vgg16", "resnet50", "densenet121", "googlenet", "mobilenet_v2", "efficientnet_b0", "vit_b_16",
    "house:lenet", "house:cifar_net", "house:alexnet", "house:efficientnet_lite0",
    "mlp", "residual", "branches", "loop", "tagger", "rnn", "transformer",
)  # fmt: skip
DEEPER = (("resnet50", 3), ("googlenet", 2), ("vit_b_16", 4), ("transformer", 3), ("efficientnet_b0", 3))
NEAR = 1.0  # px: a line may touch a border


def parts(drawing):
    """The boxes by key (the front one of a stack), the frames, the lines, the labels."""
    boxes = {s.key: s for s in drawing.shapes if isinstance(s, Box) and s.role != "frame"}
    frames = {s.key: s for s in drawing.shapes if isinstance(s, Box) and s.role == "frame"}
    lines = [s for s in drawing.shapes if isinstance(s, Line)]
    labels = [s for s in drawing.shapes if isinstance(s, Label)]
    return boxes, frames, lines, labels


def meet(first, second, by=0.0) -> bool:
    left, top, right, bottom = first
    return (
        left < second[2] - by and second[0] < right - by and top < second[3] - by and second[1] < bottom - by
    )


def within(inner, outer, by=0.0) -> bool:
    sides = (inner[0] - outer[0], inner[1] - outer[1], outer[2] - inner[2], outer[3] - inner[3])
    return min(sides) >= -by


def pieces(line):
    for (x0, y0), (x1, y1) in itertools.pairwise(line.points):
        yield (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def check(drawing):
    boxes, frames, lines, labels = parts(drawing)
    sheet = (0, 0, drawing.width, drawing.height)
    for shape in drawing.shapes:
        assert within(shape.bounds, sheet), shape
    for (a, first), (b, second) in itertools.combinations(boxes.items(), 2):
        assert not meet(first.bounds, second.bounds), (a, b)
    for (a, first), (b, second) in itertools.combinations(frames.items(), 2):
        nested = within(first.bounds, second.bounds) or within(second.bounds, first.bounds)
        assert nested or not meet(first.bounds, second.bounds), (a, b)
    for key, box in boxes.items():
        for name, frame in frames.items():
            assert within(box.bounds, frame.bounds) or not meet(box.bounds, frame.bounds), (key, name)
    for line in lines:
        for (x0, y0), (x1, y1) in itertools.pairwise(line.points):
            assert abs(x0 - x1) < 0.01 or abs(y0 - y1) < 0.01, "lines run along the axes"
        for piece in pieces(line):
            for key, box in boxes.items():
                assert not meet(piece, box.bounds, NEAR), (key, line.points)
    for label in labels:
        check_label(label, boxes, frames, lines)


def check_label(label, boxes, frames, lines):
    if label.key is None:
        return
    if label.key in frames:
        assert within(label.bounds, frames[label.key].bounds), label.text
    elif not label.text.startswith("× "):
        assert within(label.bounds, boxes[label.key].bounds), label.text
        return
    for key, box in boxes.items():
        assert not meet(label.bounds, box.bounds), (label.text, key)
    for line in lines:
        assert not any(meet(piece, label.bounds) for piece in pieces(line)), label.text


def text_on_slide(drawing) -> float:
    scale = min(1280 / drawing.width, 720 / drawing.height, 1.0)
    return scale * min(s.size for s in drawing.shapes if isinstance(s, Label))


@pytest.mark.parametrize("depth", (1, 2))
@pytest.mark.parametrize("name", NAMES)
def test_nothing_overlaps_and_the_text_can_be_read_on_a_slide(graph_of, name, depth):
    drawing = block_diagram(graph_of(name), depth=depth)
    check(drawing)
    assert text_on_slide(drawing) >= SMALLEST_TEXT


@pytest.mark.parametrize(("name", "depth"), DEEPER)
def test_nothing_overlaps_deep_inside(graph_of, name, depth):
    drawing = block_diagram(graph_of(name), depth=depth)
    check(drawing)
    assert text_on_slide(drawing) >= SMALLEST_TEXT or name in ("googlenet", "efficientnet_b0")


@pytest.mark.parametrize("direction", ("down", "right"))
@pytest.mark.parametrize("name", ("alexnet", "resnet50", "googlenet", "transformer", "loop", "vit_b_16"))
def test_nothing_overlaps_unfolded_in_either_direction(graph_of, name, direction):
    check(block_diagram(graph_of(name), depth=2, fold=False, direction=direction))


@pytest.mark.parametrize("name", ("resnet50", "densenet121", "googlenet", "transformer"))
def test_one_open_module_among_folded_ones(graph_of, name):
    module = {
        "resnet50": "layer2.0", "densenet121": "features.denseblock1", "googlenet": "inception4a",
        "transformer": "decoder.layers.0",
    }[name]  # fmt: skip
    drawing = block_diagram(graph_of(name), open=(module,))
    check(drawing)
    assert module in drawing.keys


def test_all_steps_of_a_dense_network(graph_of):
    check(block_diagram(graph_of("densenet121"), depth=3))


def test_every_box_has_an_arrow_and_every_arrow_ends_at_a_box(graph_of):
    drawing = block_diagram(graph_of("googlenet"), depth=2)
    boxes, _, lines, _ = parts(drawing)
    ends = [line.points[-1] for line in lines if line.arrow]
    for key, box in boxes.items():
        left, top, right, bottom = box.bounds
        arrives = [
            left <= x <= right and abs(y - top) < 0.5 or abs(x - left) < 0.5 and top <= y <= bottom
            for x, y in ends
        ]
        assert any(arrives) == (not key.startswith("input:")), key


def test_a_recurrent_layer_has_a_loop(graph_of):
    drawing = block_diagram(graph_of("tagger"))
    loops = [shape for shape in drawing.shapes if isinstance(shape, Curve)]
    assert [shape.key for shape in loops] == ["lstm"]


def test_dark_and_light_differ_in_colors_only(graph_of):
    light, dark = block_diagram(graph_of("alexnet")), block_diagram(graph_of("alexnet"), dark=True)
    assert light.shapes == dark.shapes
    assert "#ffffff" in light.svg()
    assert "#15181c" in dark.svg()


def test_an_unknown_direction_is_a_sentence(graph_of):
    with pytest.raises(ValueError, match="down"):
        block_diagram(graph_of("mlp"), direction="sideways")
