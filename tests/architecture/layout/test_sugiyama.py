"""Layers, their order and their places."""

import pytest

from lecturelib.architecture.layout.sugiyama import Vertex, assign_layers, place_layers


def test_layers_by_the_longest_way():
    assert assign_layers(5, [(0, 1), (1, 2), (0, 3), (2, 3), (4, 3)]) == [0, 1, 2, 3, 2]


def test_places_keep_order_and_distance_and_are_the_nearest_wanted():
    parent = Vertex("box", 0, 20)
    children = [Vertex("box", k, 30, 1) for k in range(3)]
    for child in children:
        parent.down.append((child, 0, 0))
        child.up.append((parent, 0, 0))
    place_layers([[parent], children], gap=10)
    places = [child.place for child in children]
    assert [b - a for a, b in zip(places, places[1:], strict=False)] == pytest.approx([40, 40])
    assert parent.place == pytest.approx(places[1], abs=1e-3)
