"""Explorables of glimpses and windows: what they say is what the networks do."""

import pytest
import torch

from lecturelib.visual_attention import explore
from lecturelib.visual_attention.explore.glimpse_path import glimpse_path
from lecturelib.visual_attention.explore.glimpse_samples import chances_along, chosen_picture, foveated
from lecturelib.visual_attention.glimpse_training import predictions
from lecturelib.visual_attention.shipped_glimpses import shared_glimpses
from lecturelib.visual_attention.shipped_windows import window_record


def test_a_path_begins_at_the_center_and_is_drawn_again_by_its_number():
    still = glimpse_path("cluttered_4", 3, 4, False, 1)
    assert still[0] == (0.0, 0.0) and len(still) == 4
    assert still == glimpse_path("cluttered_4", 3, 4, False, 2)  # nothing is drawn
    first, again = glimpse_path("cluttered_4", 3, 4, True, 1), glimpse_path("cluttered_4", 3, 4, True, 2)
    assert first != again and first == glimpse_path.__wrapped__("cluttered_4", 3, 4, True, 1)


def test_what_the_path_says_at_its_end_is_the_networks_answer():
    for example in range(1, 6):
        image, _ = chosen_picture("cluttered", example)
        network = shared_glimpses("cluttered_4")
        said = chances_along(network, image, glimpse_path("cluttered_4", example, 4, False, 1))[-1]
        assert int(said.argmax()) == predictions(network, image).item()


def test_no_step_beyond_the_last_glimpse():
    path = explore.glimpse_path_explorer()
    path.state = {"glimpses": 2}
    assert path.state["step"] == 2
    with pytest.raises(ValueError, match="step"):
        path.state = {"step": 3}


def test_who_looks_where_the_policy_does_is_not_behind_it():
    (x, y) = glimpse_path("cluttered_4", 5, 4, False, 1)[-1]
    state = {"picture": "cluttered", "from_glimpse": 4, "x": (x + 1) / 2, "y": (y + 1) / 2}
    assert "You are behind" not in explore.eye_by_hand().picture(state).alt


def test_what_was_not_seen_is_grey_and_what_was_seen_is_sharp_in_the_middle():
    image = torch.rand(1, 1, 60, 60, generator=torch.Generator().manual_seed(0))
    shown = foveated(image, [(0.0, 0.0)], size=12, scales=2)
    assert torch.equal(shown[0, 0, 24:36, 24:36], image[0, 0, 24:36, 24:36])
    assert torch.allclose(shown[0, 0, 18:20, 18:20], image[0, 0, 18:20, 18:20].mean())
    assert (shown[0, 0, :18] == 0.35).all() and (shown[0, 0, :, 42:] == 0.35).all()


def test_the_window_is_a_crop_at_stride_one_and_small_sigma():
    words = explore.window_by_hand().picture({"stride": 1, "sigma": 0.1, "x": 0.5, "y": 0.5}).alt
    assert "largest difference from the bilinear values 0.00" in words


def test_the_snapshots_tell_their_step_and_distance():
    window = explore.window_training_explorer()
    record = window_record("window_translated")["snapshots"]
    for number in (1, len(record)):
        words = window.picture({"snapshot": number}).alt
        assert (
            f"step {record[number - 1]['step']:,}" in words
            and f"{record[number - 1]['distance']:.1f} pixels" in words
        )


def test_three_ways_give_three_answers():
    words = explore.three_ways_explorer().picture({"example": 4}).alt
    assert "soft attention over cells:" in words and "glimpses" in words and "a soft window:" in words


def test_reinforce_is_shown_with_both_variances():
    words = explore.reinforce_explorer().picture({"batch_size": 64}).alt
    assert "no baseline: reward" in words and "learned baseline: reward" in words
