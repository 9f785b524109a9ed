"""The ring: every step has its dots, every skip its chord, and nothing lies outside."""

import pytest
from torch import nn

from lecturelib import models
from lecturelib.architecture.diagrams.radial import MOST_DOTS, dots, parts_of, radial
from lecturelib.architecture.graph.trace import trace
from lecturelib.drawing.drawing import SMALLEST_TEXT, Circle, Curve, Label


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "vgg16", "vit_b_16"])
def test_steps_and_chords(name):
    graph = trace(models.load(name, weights="random"))
    drawing = radial(graph)
    circles = [s for s in drawing.shapes if isinstance(s, Circle)]
    assert {s.key for s in circles} == {node.key for node in graph.nodes}
    largest = max(node.multiply_adds for node in graph.nodes)
    assert len(circles) == sum(dots(node.multiply_adds, largest) for node in graph.nodes)
    assert sum(isinstance(s, Curve) for s in drawing.shapes) == len(graph.edges)
    skips = sum(edge.target - edge.source > 1 for edge in graph.edges)
    assert f"with {skips} chords" in drawing.alt
    labels = [s for s in drawing.shapes if isinstance(s, Label)]
    for shape in (*circles, *labels):
        left, top, right, bottom = shape.bounds
        assert left >= 0 and top >= 0 and right <= drawing.width and bottom <= drawing.height
    assert all(label.size >= SMALLEST_TEXT for label in labels)


def test_dots_say_multiply_adds():
    assert dots(0, 0) == 1 and dots(0, 100) == 1 and dots(100, 100) == 1 + MOST_DOTS
    assert dots(50, 100) == 1 + MOST_DOTS // 2


def test_parts_of_resnet():
    parts = parts_of(trace(models.load("resnet18", weights="random")))
    assert [name for name in dict.fromkeys(parts) if name != "others"] == [
        "layer1",
        "layer2",
        "layer3",
        "layer4",
    ]


def test_light_and_dark_and_any_network():
    small = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    assert radial(small, (1, 3)).dark and not radial(small, (1, 3), dark=False).dark
    with pytest.raises(TypeError, match="network"):
        radial("resnet50")
