"""C6 in small: covering the object costs more confidence than covering the same area elsewhere."""

import pytest

from lecturelib import datasets, models
from lecturelib.parameters.claims import PATCH, c6_occlusion

pytestmark = pytest.mark.claims


def test_covering_the_object_costs_more():
    found = c6_occlusion(n=80, seed=1)
    numbers = found["numbers"]
    assert found["holds"] is True
    # The margin is the claim's own, set before there was a network to measure: three standard errors. How many times as
    # much the object costs is measured and reported (about twice), not asserted.
    margin = 3 * numbers["standard_error_of_difference"]
    assert numbers["drop_on_object"] > numbers["drop_elsewhere"] + margin
    assert numbers["share_object_costs_more"] > 0.5


def test_an_untrained_network_does_not_know_the_object():
    numbers = c6_occlusion(models.load("textures_net", weights="random"), n=20)["numbers"]
    assert abs(numbers["drop_on_object"] - numbers["drop_elsewhere"]) < 0.02


def test_the_same_seed_gives_the_same_numbers():
    untrained = models.load("textures_net", weights="random")
    assert c6_occlusion(untrained, n=6, seed=3) == c6_occlusion(untrained, n=6, seed=3)


def test_there_is_room_beside_every_object():
    _, _, boxes = datasets.clothes_on_textures(300, seed=5, split="test")
    top, left, bottom, right = boxes.T
    room = (top >= PATCH) | (left >= PATCH) | (64 - bottom >= PATCH) | (64 - right >= PATCH)
    assert room.all()


@pytest.mark.parametrize("n", [0, 1, 2.5, True, "many"])
def test_it_wants_some_pictures(n):
    with pytest.raises((ValueError, TypeError), match="n: expected a whole number from 2 up"):
        c6_occlusion(n=n)
