"""The shipped networks: one reads the weather, the other the vehicle; and the mass of a map in a region."""

import pytest
import torch

from lecturelib.confounds.map_mass import mass_share, scene_maps
from lecturelib.confounds.tank_networks import accuracy, load_tanks, tank_network
from lecturelib.confounds.tank_scenes import tank_scenes
from lecturelib.network import Logit
from lecturelib.parameters import occlusion_map


def test_another_sky_changes_the_answer_of_the_network_of_the_lab_only():
    here, there = tank_scenes(60, 1.0, seed=31), tank_scenes(60, 0.0, seed=31)
    turned = {}
    for name in ("lab", "balanced"):
        model = load_tanks(name)
        answers = [model(scenes.images).argmax(1) for scenes in (here, there)]
        turned[name] = (answers[0] != answers[1]).float().mean()
    assert turned["lab"] > 0.9 and turned["balanced"] < 0.1


def test_accuracy_by_hand():
    scenes = tank_scenes(10, seed=1)

    def always_tank(images):
        return torch.tensor([[1.0, 0.0]]).expand(len(images), 2)

    assert accuracy(always_tank, scenes) == pytest.approx((scenes.labels == 0).float().mean().item())


def test_a_trained_network_is_small_and_held_still():
    model = load_tanks("lab")
    assert not model.training and not any(p.requires_grad for p in model.parameters())
    names = {name for name, _ in tank_network(batch_norm=True).named_parameters()}
    assert {name.split(".")[0] for name in names} == {"features", "classifier"}


def test_mass_by_hand():
    maps = torch.tensor([[[1.0, -3.0], [0.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]])
    region = torch.tensor([[True, True], [False, False]]).expand(2, 2, 2)
    assert mass_share(maps, region).tolist() == [0.5, 0.0]


def test_the_maps_are_those_of_parts_4_and_5():
    model, scenes = load_tanks("balanced"), tank_scenes(2, seed=3)
    answer = model(scenes.images).argmax(1)[1].item()
    expected = occlusion_map(model, scenes.images[1:], Logit(answer), 16, 8).drop_per_pixel()
    torch.testing.assert_close(scene_maps(model, scenes, "occlusion")[1], expected)


def test_bad_input_is_a_sentence():
    with pytest.raises(KeyError, match="name: expected a known network"):
        load_tanks("wild")
    with pytest.raises(ValueError, match="method: expected 'saliency' or 'occlusion'"):
        scene_maps(load_tanks("lab"), tank_scenes(1), "gradient")
    with pytest.raises(ValueError, match="maps: expected shape"):
        mass_share(torch.zeros(2, 2), torch.zeros(1, 2, 2, dtype=torch.bool))
