"""What the explorables of confounds show is what their methods give; a hunt is scored by hand."""

import torch

from lecturelib.confounds.explore import (
    debiasing_explorer,
    glasses_explorer,
    hunt_explorer,
    microphone_explorer,
    weather_explorer,
)
from lecturelib.confounds.explore.hunt import SHOWN, WRONG, _hunt
from lecturelib.confounds.explore.scene_samples import (
    COUNT,
    accuracy_at,
    agrees,
    answers,
    both_skies,
    shares,
)


def test_the_share_of_scenes_with_the_labs_weather_is_the_one_that_is_set():
    assert agrees(1.0).all() and not agrees(0.0).any()
    assert abs(agrees(0.5).float().mean() - 0.5) < 0.15
    assert (agrees(0.3) <= agrees(0.6)).all()  # skies change one after the other
    lab, other = both_skies()
    assert torch.equal(lab.labels, other.labels) and torch.equal(lab.weather, 1 - other.weather)


def test_accuracies_at_the_ends_are_those_of_the_two_skies():
    right = [
        (chances.argmax(1) == both_skies()[0].labels).float().mean().item() for chances in answers("lab")
    ]
    assert [accuracy_at("lab", 1.0), accuracy_at("lab", 0.0)] == right
    assert right[0] > 0.95 and right[1] < 0.1 and len(answers("lab")[0]) == COUNT


def test_the_map_of_the_lab_prefers_the_sky_and_that_of_the_control_the_vehicle():
    sunny = [k for k in range(8) if both_skies()[0].weather[k] == 1]
    lab, control = ([shares(name, k, True, "occlusion") for k in sunny] for name in ("lab", "balanced"))
    assert sum(one["sky"] for one in lab) > 2 * sum(one["vehicle"] for one in lab)
    assert sum(one["vehicle"] for one in control) > 2 * sum(one["sky"] for one in control)


def test_the_pictures_say_what_they_show():
    weather = weather_explorer().picture({"agreement": 0, "network": "lab"})
    assert "0 % of the scenes have the lab's weather" in weather.caption
    assert "trained in the lab 0%" in weather.caption
    before = debiasing_explorer().picture({"weather": "overcast"})
    assert "never so in the lab" in before.caption or "as in the lab" in before.caption
    again = microphone_explorer().picture({"recordings": "both", "color": "speaker", "pairs": 40})
    assert "before the correction" in again.caption and "40 known pairs" in again.caption


def test_glasses_that_change_nothing_leave_the_answer():
    none = glasses_explorer().picture({"strength": 0.0, "others": "flat"})
    assert "0% of the pixels changed, by 0.00" in none.svg


def test_a_hunt_is_scored_against_what_was_planted():
    hunt = _hunt("clothes")
    assert int(hunt.faulty.sum()) == WRONG and all(int(named.sum()) == WRONG for named in hunt.named.values())
    first = hunt.order[:SHOWN]
    assert hunt.faulty[first].float().mean() > 0.5  # by chance 1 of 30
    planted = [f"1-{k + 1}" for k in range(SHOWN) if hunt.faulty[first[k]]]
    explorable = hunt_explorer()
    solved = explorable.picture({"wrong": tuple(planted), "solution": True})
    assert f"you {SHOWN} ({len(planted)} found, 0 false alarms)" in solved.caption
    blank = explorable.picture({"solution": True})
    assert f"you {SHOWN - len(planted)} (0 found, 0 false alarms)" in blank.caption
    assert "planted" not in explorable.picture({"solution": False}).caption  # nothing is given away
    assert [region.opened for region in solved.regions].count(True) == len(planted)
