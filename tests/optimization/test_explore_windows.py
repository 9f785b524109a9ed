"""The explorables of locations, grids, windows, examples and drawings: what they show is what the methods say."""

import importlib
import json
from collections import OrderedDict

import numpy as np
import pytest
import torch

from lecturelib.network.hooks import record
from lecturelib.network.receptive_field import receptive_field
from lecturelib.network.units import Logit
from lecturelib.optimization import explore
from lecturelib.optimization.explore import activation_grid, all_windows, draw_digit, examples
from lecturelib.optimization.explore import semantic_location as places
from lecturelib.optimization.semantic_location import attribution
from lecturelib.show.palettes import color
from lecturelib.show.sheet import Sheet, resized, signed_bars
from lecturelib.widgets import common_controls


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    for memory in (
        (importlib.import_module("lecturelib.widgets.emerging"), "_finished"),
        (activation_grid, "_grids"),
        (places, "_pictures"),
    ):  # another test may have been here
        monkeypatch.setattr(*memory, OrderedDict())


def first_and_last(explorable, state):
    shown = list(explorable.pictures(state))
    return shown[0], shown[-1]


# --- the sheet -----------------------------------------------------------------------------------------------


def test_a_sheet_says_where_its_parts_lie():
    sheet = Sheet(10)
    assert sheet.put(np.zeros((4, 6, 3), np.uint8), 2, 3) == 6
    sheet.put(np.full((5, 5, 3), 9, np.uint8), 10, 0)
    made = sheet.picture("two parts", "caption", chosen=[1, 0])
    assert made.pixels.shape == (15, 10, 3)
    assert made.panels == ((0.0, 10 / 15, 0.5, 1.0), (0.3, 2 / 15, 0.9, 6 / 15))
    assert (made.pixels[2:6, 3:9] == 0).all() and (made.pixels[0] == 255).all()


def test_small_pictures_become_blocks_and_large_ones_smooth():
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0, 0] = 200
    assert (resized(pixels, 6)[:3, :3] == 200).all() and set(np.unique(resized(pixels, 45))) == {0, 200}
    assert resized(np.zeros((50, 25, 3), np.uint8), 75).shape == (75, 38, 3)


def test_signed_bars_lie_on_their_side_of_the_line():
    pixels = signed_bars(["for", "against", "neither"], [2.0, -1.0, 0.0], 300)
    line = int(np.argmax((pixels == 90).all(2).all(0)))
    orange, blue = ((pixels == color(name)).all(2) for name in ("orange", "blue"))
    assert orange[:, line + 1 :].any() and not orange[:, :line].any()
    assert blue[:, :line].any() and not blue[:, line + 1 :].any()
    lengths = orange.any(0).sum(), blue.any(0).sum()
    assert abs(lengths[0] - 2 * lengths[1]) <= 3 and not (orange | blue)[-20:].any()


# --- draw a digit --------------------------------------------------------------------------------------------


def test_the_caption_is_what_lenet_says():
    explorable = explore.draw_a_digit()
    image = torch.tensor(explorable.state["drawing"])[None, None] / 255
    said = common_controls.network("lenet")(image.float()).softmax(1)[0]
    assert f"lenet says {said.argmax()} with {said.max():.1%}" in explorable.picture().caption
    blank = explorable.picture(explorable.presets["nothing drawn"])
    assert blank.caption.startswith("Nothing is drawn") and "still add up to 1" in blank.caption
    assert json.loads(json.dumps(explorable.state))["drawing"] == [
        list(row) for row in explorable.state["drawing"]
    ]


def test_the_drawing_lies_in_its_region_of_the_picture():
    shown = explore.draw_a_digit().picture()
    left, top, right, bottom = shown.panels[0]
    height, width = shown.pixels.shape[:2]
    part = shown.pixels[
        round(top * height) : round(bottom * height), round(left * width) : round(right * width), 0
    ]
    ink = np.array(explore.draw_a_digit().state["drawing"])
    assert part.shape == (252, 252) and (part[4::9, 4::9] == ink).all()


def test_centering_by_hand():
    image = torch.zeros(1, 1, 28, 28)
    image[0, 0, 2:7, 20:25] = 1  # a square of 5 px in a corner
    placed = draw_digit.centered(image)
    rows, columns = (placed[0, 0] > 0.5).nonzero().T
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (4, 23, 4, 23)  # 20 px, in the middle
    assert torch.equal(draw_digit.centered(torch.zeros(1, 1, 28, 28)), torch.zeros(1, 1, 28, 28))
    bar = torch.zeros(1, 1, 28, 28)
    bar[0, 0, 0:28, 0] = 1  # a border to the other
    assert draw_digit.centered(bar).sum() > 5


def test_lenet_needs_digits_where_mnist_has_them():
    explorable = explore.draw_a_digit()
    corner = explorable.picture(explorable.presets["a 1, small and in a corner"]).caption
    centered = explorable.picture(explorable.presets["the same, centered"]).caption
    assert "says 1" not in corner and "says 1 with 9" in centered


# --- a location ----------------------------------------------------------------------------------------------


def test_the_place_is_the_one_whose_field_is_nearest():
    field = receptive_field(
        common_controls.network("alexnet"), "conv5"
    )  # 163 px every 16, the first around 15.5
    for y in range(13):
        assert places.place_at(field, (13, 13), (15.5 + 16 * y) / 224, 0.5, 224) == (y, 6)
    assert places.place_at(field, (13, 13), 0.0, 1.0, 224) == (0, 12)


@pytest.mark.notebook
def test_a_location_is_answered_at_once_and_sharpens():
    explorable = explore.location_explorer()
    state = {"picture": "cat", "x": 0.62, "y": 0.82, "layer": "conv5"}
    first, last = first_and_last(explorable, state)
    assert (first.pixels != last.pixels).any() and first.caption == last.caption
    model, image = (
        common_controls.network("alexnet"),
        common_controls.chosen_image({**explorable.state, **state, "network": "alexnet", "own": None}),
    )
    best = int(model(image).argmax())
    share = attribution(model, image, Logit(best).check(model), "conv5").sum(0)
    y, x = (round((share_of_side * 224 - 15.5) / 16) for share_of_side in (0.82, 0.62))
    words = f"{share[y, x].item():+.2f}".replace("-", "\N{MINUS SIGN}")
    assert (
        f"row {y}, column {x} of 13 x 13" in last.caption and f"adds {words} to the score of" in last.caption
    )
    assert len(list(explorable.pictures(state))) == 1  # remembered


# --- the grid ------------------------------------------------------------------------------------------------


@pytest.mark.notebook
def test_the_shipped_grid_is_there_at_once_and_blocks_emerge():
    explorable = explore.activation_grid_explorer()
    assert len(list(explorable.pictures({"picture": "cat", "layer": "conv4"}))) == 1
    first, last = first_and_last(explorable, {"layer": "conv5", "group": 4})
    assert "4 x 4 cells" in last.caption and (first.pixels != last.pixels).any()
    sized = explorable.picture({"layer": "conv5", "group": 4, "shown": "large where it adds to the class"})
    assert (sized.pixels == 255).mean() > (last.pixels == 255).mean() + 0.1


@pytest.mark.notebook
def test_the_chosen_cell_is_enlarged_and_a_run_goes_on_for_another_cell():
    explorable = explore.activation_grid_explorer()
    picture = explorable.picture({"x": 1.0, "y": 0.0})  # the corner belongs to the last column
    assert "Enlarged: the cell in row 1, column 13" in picture.caption and len(picture.panels) == 1
    other = explorable.picture({"x": 0.27, "y": 0.35})
    assert "row 5, column 4" in other.caption and (other.pixels != picture.pixels).any()
    state = {"picture": "rocket", "layer": "conv5", "group": 4}
    left = explorable.pictures({**state, "x": 0.1})
    next(left), next(left)
    left.close()
    ((run, grid),) = [value for key, value in activation_grid._paused.items() if key[0] == "rocket"]
    *_, last = explorable.pictures({**state, "x": 0.9})
    assert "Enlarged: the cell in row 2, column 4" in last.caption
    assert grid.step == 2 and list(run) == []  # the same run was taken to its end


# --- all windows, and examples -------------------------------------------------------------------------------


@pytest.mark.notebook
@pytest.mark.parametrize(
    "state",
    [{"network": "lenet", "picture": "3", "layer": "conv2"}, {"network": "alexnet", "layer": "conv1"}],
)
def test_windows_fill_one_after_the_other(state):
    explorable = explore.deep_visualization()
    first, last = first_and_last(explorable, state)
    assert first.pixels.shape == last.pixels.shape and "optimized" not in first.caption
    assert (
        "The strongest place found" in last.caption and "In the optimized picture it reaches" in last.caption
    )
    model = common_controls.network(state["network"])
    whole = {**explorable.state, "own": None, **state}
    acts = record(model, common_controls.chosen_image(whole), [state["layer"]])[state["layer"]][0].amax(
        (1, 2)
    )
    assert f"Channel {int(acts.argmax())} of {state['layer']}" in last.caption


def test_the_optimized_picture_excites_more_than_any_photo():
    for layer, channel in (("conv5", 55), ("conv5", 62), ("conv4", 192)):
        cosine, photos, wanted = examples.alike(layer, channel)
        assert wanted > photos > 0 and 0 <= cosine <= 1
    assert examples.alike("conv4", 192)[0] > 0.8 > 0.4 > examples.alike("conv5", 62)[0]


def test_small_networks_are_shown_small_things():
    found = all_windows.found_in_photos("cifar_net", "conv3_2")
    assert set(found.of(0).scales) <= set(all_windows.SMALL_SCALES) and len(found) == 256
    assert all_windows.found_in_photos("cifar_net", "conv3_2") is found
