"""Class images of the networks for scenes, and the network that names the weather in them."""

import pytest
import torch

from lecturelib.checks import UnknownName
from lecturelib.confounds.class_image_confound import shows_its_weather, tank_class_images
from lecturelib.confounds.tank_networks import load_tanks
from lecturelib.confounds.tank_scenes import tank_scenes


def test_the_judge_names_the_weather_whatever_the_vehicle():
    scenes = tank_scenes(80, 0.5, seed=77)
    for target, weather in (("tank", 0), ("truck", 1)):  # in the lab
        found = shows_its_weather(load_tanks("lab"), scenes.images, target)
        assert (found == (scenes.weather == weather)).float().mean() > 0.95
    told = load_tanks("weather")(scenes.images).argmax(1) == scenes.weather
    for label in (0, 1):
        assert told[scenes.labels == label].float().mean() > 0.9


def test_a_class_image_raises_its_class_and_its_seed_repeats_it():
    net = load_tanks("balanced")
    found = tank_class_images(net, "truck", count=2, steps=24)
    assert found.shape == (2, 3, 96, 96) and found.min() >= 0 and found.max() <= 1
    assert (net(found).softmax(1)[:, 1] > 0.9).all()
    assert not torch.equal(found[0], found[1])
    assert torch.equal(found, tank_class_images(net, "truck", count=2, steps=24))


def test_bad_input_is_a_sentence():
    with pytest.raises(UnknownName, match="class"):
        tank_class_images(load_tanks("lab"), "jeep")
    with pytest.raises(ValueError, match="count"):
        tank_class_images(load_tanks("lab"), "tank", count=0)
