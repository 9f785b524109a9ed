"""The scene that a student builds: objects are remembered while another is edited; odd scenes have a sentence."""

import pytest

from lecturelib.visual_attention.explore import caption_word_explorer, own_scene_explorer
from lecturelib.visual_attention.explore.caption_own_scene import START
from lecturelib.visual_attention.explore.caption_scene_controls import SceneSlots, objects_of


def test_each_object_is_remembered_while_another_is_edited():
    explorable = own_scene_explorer()
    for change in ({"object": 2}, {"x": 0.7, "y": 0.3}, {"color": "white"}, {"object": 3}, {"there": True}):
        explorable._from_front(change)
    first, second, third = explorable.state["slots"][1:]
    assert first == START[0]
    assert second == (True, "small", "white", "cube", 0.7, 0.3)
    assert third == (True, *START[2][1:])
    explorable._from_front({"object": 2})  # the controls show the object that is chosen
    assert [explorable.state[name] for name in ("color", "shape", "x", "y")] == ["white", "cube", 0.7, 0.3]
    explorable._from_front({"there": False})
    assert [one.color for one in objects_of(explorable.state)] == ["red", "yellow"]
    explorable.reset()
    assert explorable.state["slots"] == (1, *START)


def test_presets_are_whole_and_their_scenes_say_what_is_the_matter():
    explorable = own_scene_explorer()
    said = {name: explorable.picture(state).caption for name, state in explorable.presets.items()}
    assert "Objects overlap" in said["objects that overlap"]
    assert "The scene is empty" in said["nothing there"]
    assert "overlap" not in said["three objects"]


def test_the_preset_of_a_relation_shows_a_word_of_one():
    explorable = caption_word_explorer()
    alt = explorable.picture(explorable.presets["a relation: left, right, above or below"]).alt
    assert any(f"soft, at “{word}”" in alt for word in ("left", "right", "above", "below"))


def test_an_object_at_the_edge_stays_inside():
    explorable = own_scene_explorer()
    explorable._from_front({"x": 0.0, "y": 1.0})
    one = objects_of(explorable.state)[0]
    assert one.x == pytest.approx(one.diameter / 2) and one.y == pytest.approx(1 - one.diameter / 2)
    assert explorable.picture().alt


@pytest.mark.parametrize("value", [None, (4, *START), (1, START[0]), (1, (True,), START[1], START[2])])
def test_slots_that_are_none(value):
    with pytest.raises(ValueError, match="slots: expected the number of an object"):
        SceneSlots((1, *START)).check(value)


def test_slots_come_back_from_json():
    import json

    slots = SceneSlots((1, *START))
    assert slots.check(json.loads(json.dumps(slots.value))) == slots.value


def test_the_word_slider_ends_with_the_caption():
    explorable = caption_word_explorer()
    for state in ({"captions": "given", "scene": 1}, {"captions": "given", "scene": 4}):
        controls = explorable.controls_at(state)
        last = controls["word"].high
        assert "“(end)”" in explorable.picture({**state, "word": last}).alt
