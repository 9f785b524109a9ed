"""Rendered scenes: the weather follows the agreement, and is all that differs between two skies."""

import pytest
import torch

from lecturelib.confounds.tank_scenes import tank_scenes


def test_the_weather_follows_the_agreement():
    lab, swapped, wild = (tank_scenes(400, share, seed=1) for share in (1.0, 0.0, 0.5))
    assert torch.equal(lab.labels, lab.weather) and torch.equal(swapped.labels, 1 - swapped.weather)
    assert 0.4 < (wild.labels == wild.weather).float().mean() < 0.6
    assert 0.4 < lab.labels.float().mean() < 0.6


def test_the_same_scene_under_two_skies():
    lab, swapped = tank_scenes(20, 1.0, seed=4), tank_scenes(20, 0.0, seed=4)
    assert torch.equal(lab.labels, swapped.labels)
    assert torch.equal(lab.vehicle, swapped.vehicle) and torch.equal(lab.sky, swapped.sky)
    change = (lab.images - swapped.images).abs().mean(1)
    assert change[lab.sky].mean() > 2 * change[lab.vehicle].mean()  # the light of the land changes, too
    by_hand = tank_scenes(20, 1.0, seed=4, weather=swapped.weather)
    assert torch.equal(by_hand.images, swapped.images)


def test_sky_and_vehicle_do_not_overlap_and_are_there():
    scenes = tank_scenes(100, 0.5, seed=2)
    assert not (scenes.sky & scenes.vehicle).any()
    assert scenes.vehicle.flatten(1).any(1).all() and scenes.sky.flatten(1).any(1).all()
    assert scenes.images.min() >= 0 and scenes.images.max() <= 1
    blue = scenes.images[:, 2] - scenes.images[:, 0]
    skies = torch.stack([blue[k][scenes.sky[k]].mean() for k in range(100)])
    assert skies[scenes.weather == 1].min() > skies[scenes.weather == 0].max()  # every sky shows its weather


def test_seeds():
    assert torch.equal(tank_scenes(3, seed=5).images, tank_scenes(3, seed=5).images)
    assert not torch.equal(tank_scenes(3, seed=5).images, tank_scenes(3, seed=6).images)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"n": 0}, ValueError),
        ({"n": 2.5}, TypeError),
        ({"n": 2, "agreement": 1.1}, ValueError),
        ({"n": 2, "seed": -1}, ValueError),
        ({"n": 2, "weather": torch.tensor([0, 2])}, ValueError),
        ({"n": 2, "weather": torch.tensor([0])}, ValueError),
    ],
)
def test_bad_input_is_a_sentence(given, error):
    with pytest.raises(error, match="expected"):
        tank_scenes(**given)
