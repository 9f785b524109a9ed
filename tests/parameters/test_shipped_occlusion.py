"""The shipped occlusion maps: measured anew at some positions, and shown at once where their settings are chosen."""

import json

import pytest
import torch

from lecturelib.network.baselines import GREY
from lecturelib.parameters import explore
from lecturelib.parameters.explore.occlusion import MEASURES
from lecturelib.parameters.shipped_occlusion import SETTINGS, key_of, records, shipped_occlusion_map
from lecturelib.widgets import common_controls


@pytest.mark.parametrize("key", records())
def test_positions_of_a_shipped_map_are_those_of_the_network(key):
    state = dict(zip(SETTINGS, json.loads(key), strict=True)) | {"own": None, "use_own": True}
    assert state["fill"] == "grey 128"
    unit = MEASURES[state["measure"]](state["class_index"])
    found = shipped_occlusion_map(state, unit)
    image = common_controls.chosen_image(state)
    rows, columns = found.values.shape
    covered = [image]
    places = [(0, 0), (rows // 2, columns // 3), (rows - 1, columns - 1)]  # the last is cut at the border
    for place in places:
        top, left, bottom, right = found.boxes[place].tolist()
        covered.append(image.clone())
        covered[-1][..., top:bottom, left:right] = GREY
    with torch.inference_mode():
        scores = common_controls.network(state["network"])(torch.cat(covered))
    values = (scores.softmax(1) if state["measure"] == "probability" else scores)[:, state["class_index"]]
    expected = torch.tensor([found.unoccluded, *(found.values[place] for place in places)])
    torch.testing.assert_close(values, expected, rtol=2e-3, atol=2e-3)


def test_prepared_settings_and_photos_need_no_pass_over_the_network():
    explorable = explore.occlusion_explorer()
    photos = [{"picture": name} for name in explorable.controls["picture"].options]
    for given in [*photos, *explorable.presets.values()]:
        explorable.state = given
        assert key_of(explorable.state) in records()
        assert len(list(explorable.pictures())) == 1
    other = {**explorable.state, "own": b"a photo", "use_own": True}
    assert shipped_occlusion_map(other, MEASURES["score"](0)) is None
    assert shipped_occlusion_map({**other, "use_own": False}, MEASURES["score"](0)) is not None
    assert shipped_occlusion_map({**other, "own": None, "stride": 17}, MEASURES["score"](0)) is None
