"""The explorables of part 4: the way of a state to its picture, and what is computed once only."""

import cProfile
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import lecturelib
from lecturelib import models
from lecturelib.network.hooks import record
from lecturelib.network.units import Logit
from lecturelib.parameters import explore, high_frequency_share
from lecturelib.parameters.code_map_plots import SIDE, THUMBNAIL, places_on_canvas, with_frame
from lecturelib.parameters.explore import cnn_codes
from lecturelib.parameters.explore.kernels import _of_noise
from lecturelib.parameters.occlusion import iter_occlusion_map
from lecturelib.widgets import RegionPicker, common_controls

LIBRARY = str(Path(lecturelib.__file__).parent) + "/"


def calls_of(work):
    """The library's functions that some work calls, as (room, file, function), one for each call."""
    profile = cProfile.Profile()
    profile.runcall(work)
    calls = []
    for entry in profile.getstats():
        file = getattr(entry.code, "co_filename", "")  # a string stands for a function written in C
        if file.startswith(LIBRARY):
            inside = file.removeprefix(LIBRARY)
            room = inside.partition("/")[0].removesuffix(".py")
            calls += [(room, inside, entry.code.co_name)] * entry.callcount
    return calls


def test_an_occlusion_state_reaches_its_picture_through_few_rooms_and_is_checked_once():
    explorable = explore.occlusion_explorer("lenet")
    explorable.picture()  # loads the network and probes it
    calls = calls_of(lambda: explorable.picture({"patch_size": 6}))
    assert len({room for room, _, _ in calls}) <= 6, {room for room, _, _ in calls}
    assert sum(function == "checked_unit" for _, _, function in calls) == 1
    assert not any(file == "network/probe.py" and function == "run" for _, file, function in calls)


def test_a_network_is_probed_once_for_each_size():
    model = models.load("lenet", weights="random")
    image = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    passes = []
    for unit in (Logit(1), Logit(2)):
        calls = calls_of(lambda unit=unit: list(iter_occlusion_map(model, image, unit, 8, 8)))
        passes.append(sum(file == "network/probe.py" and function == "run" for _, file, function in calls))
    assert passes == [1, 0]


@pytest.mark.parametrize("size", [(3, 3), (11, 11), (2, 5)])
def test_the_share_of_white_noise_is_that_of_the_kernels_size(size):
    other = torch.randn(3000, 1, *size, generator=torch.Generator().manual_seed(9))
    assert _of_noise(size) == pytest.approx(high_frequency_share(other).mean().item(), abs=0.01)


def test_a_map_of_codes_keeps_its_proportions_and_frames_the_picked_place():
    plane = torch.tensor([[-2.0, 1.0], [2.0, 1.0], [0.0, 3.0]])
    places = places_on_canvas(plane)
    low, high = THUMBNAIL, SIDE - THUMBNAIL
    assert places.tolist() == [[low, low], [high, low], [SIDE / 2, high]]
    blank = with_frame(np.full((SIDE, SIDE, 3), 255, "uint8"), places[2])
    rows, columns = (blank != 255).any(2).nonzero()
    assert (rows.min(), rows.max()) == (
        high - THUMBNAIL // 2 - 2,
        SIDE - 1 if high + 13 > SIDE - 1 else high + 13,
    )
    assert (columns.min(), columns.max()) == (SIDE // 2 - 13, SIDE // 2 + 13)


def test_another_view_of_an_occlusion_map_needs_no_new_pass():
    explorable = explore.occlusion_explorer("lenet")
    explorable.picture({"stride": 4})
    calls = calls_of(lambda: explorable.picture({"stride": 4, "view": "value with the patch there"}))
    assert not any("occlusion.py" in file and "iter_" in function for _, file, function in calls)


def test_the_colors_of_two_patch_sizes_can_be_compared():
    explorable = explore.occlusion_explorer("lenet")
    ends = []
    for patch_size in (3, 12):
        found = explorable.picture({"patch_size": patch_size, "view": "value with the patch there"})
        ends.append(found.caption.rpartition(". ")[2])
    assert ends[0] == ends[1]
    stretched = {"patch_size": 3, "scale": "stretched to this map", "view": "value with the patch there"}
    assert explorable.picture(stretched).caption.rpartition(". ")[2] != ends[0]


def test_another_picture_begins_with_the_networks_answer_and_an_own_one_has_no_foreign_name():
    explorable = explore.occlusion_explorer("alexnet")
    cat = explorable.state["class_index"]
    explorable.state = {"class_index": explorable.controls["class_index"].options[3]}
    explorable.state = {"picture": "motorcycle"}
    assert explorable.state["class_index"] == explorable.controls["class_index"].options[0] != cat
    explorable.state = {"picture": "cat", "class_index": explorable.controls_at({})["class_index"].options[2]}
    assert explorable.state["class_index"] != cat, "a preset's own class stays"
    stream = io.BytesIO()
    Image.effect_noise((64, 64), 60).convert("RGB").save(stream, "PNG")
    shown = explore.patch_by_hand("alexnet", "cat").picture({"own": stream.getvalue()})
    assert "your picture" in shown.alt and "'cat'" not in shown.alt


def test_photos_are_mapped_by_background_in_pixels_and_by_class_in_the_network():
    from lecturelib.parameters.explore.cnn_codes import PIXELS, _codes, _on_photos

    images, labels, pixels = _codes("clothes on photos", PIXELS)
    assert images.shape == (500, 3, 64, 64) and torch.equal(images, _on_photos("test")[0])
    _, _, codes = _codes("clothes on photos", "relu5")
    background = images.mean((2, 3))  # (N, 3): most of a picture is background

    def nearest(values):
        return torch.cdist(values, values).fill_diagonal_(float("inf")).argmin(1)

    def same_class(found):
        return (labels[found] == labels).float().mean().item()

    def color_distance(found):
        return (background[found] - background).norm(dim=1).mean().item()

    by_pixels, by_network = nearest(pixels), nearest(codes)
    assert same_class(by_network) > 2 * same_class(by_pixels)
    assert color_distance(by_pixels) < 0.5 * color_distance(by_network)


def test_another_data_set_brings_its_own_layers():
    explorable = explore.code_map()
    explorable.state = {"data": "clothes on photos"}
    assert explorable.state["layer"] == "relu5"
    with pytest.raises(ValueError, match="layer"):
        explorable.state = {"data": "digits", "layer": "relu5"}


def test_a_map_in_color_shows_the_pictures_in_frames_of_their_class():
    from lecturelib.parameters.code_map_plots import INKS, THUMBNAIL, code_map_plot

    image = torch.full((1, 3, 64, 64), 0.5)
    place = torch.tensor([[100.0, 200.0]])
    canvas = code_map_plot(image, torch.tensor([3]), place)
    half = THUMBNAIL // 2
    assert canvas[200, 100].tolist() == [128, 128, 128] and tuple(canvas[200 - half, 100]) == INKS[3]
    assert (
        tuple(code_map_plot(image, torch.tensor([3]), place, by_class=False)[200 - half, 100]) == (128,) * 3
    )


def test_another_photo_or_order_keeps_the_channel_and_another_layer_does_not():
    explorable = explore.activation_browser("lenet")
    pictures = [explorable.controls["picture"].options[k] for k in (0, 3)]
    explorable.state = {"picture": pictures[0], "layer": "relu2", "channel": 7}
    explorable.state = {"picture": pictures[1]}
    explorable.state = {"by": "mean"}
    state = explorable.state
    assert state["channel"] == 7
    image = common_controls.chosen_image({**state, "own": None})
    maps = record(common_controls.network("lenet"), image, ["relu2"])["relu2"][0]
    ranked = maps.mean((1, 2)).argsort(descending=True, stable=True).tolist()
    assert list(explorable.controls["channel"].options) == ranked
    assert f"Channel 7, number {ranked.index(7) + 1} of them" in explorable.picture().caption
    explorable.state = {"layer": "relu1"}
    assert explorable.state["channel"] == explorable.controls["channel"].options[0]


def test_a_tile_of_the_grid_sets_the_channel_by_click_or_arrow_key():
    explorable = explore.activation_browser("lenet")
    explorable.state = {"layer": "relu2"}
    regions = explorable.picture().regions
    order = explorable.controls["channel"].options
    assert [part.key for part in regions] == [str(channel) for channel in order[:12]]
    picker = next(each for each in explorable.controls.values() if isinstance(each, RegionPicker))
    given = picker.pressed(regions[4].key, False, explorable.controls, explorable.state)
    assert given == {"channel": order[4]}  # the page sends the same for an arrow key
    explorable._from_front(given)
    shown = explorable.picture()
    assert f"Channel {order[4]}, number 5 of them" in shown.caption
    frame = shown.raster != explorable.picture({"layer": "relu2", "channel": order[6]}).raster
    rows, columns = frame.any(-1).nonzero()
    left, top, right, bottom = regions[4].box
    inside = (columns >= left * frame.shape[1] - 2) & (columns < right * frame.shape[1] + 2)
    inside &= (rows >= top * frame.shape[0] - 2) & (rows < bottom * frame.shape[0] + 2)
    assert inside.any()  # the tile of the chosen channel has a frame


def test_the_picked_item_is_followed_into_other_maps(monkeypatch):
    monkeypatch.setattr(cnn_codes, "_places", _shuffled)
    monkeypatch.setattr(
        cnn_codes, "_canvas", lambda *key: (np.zeros((SIDE, SIDE, 3), np.uint8), _shuffled(*key[:4]))
    )
    monkeypatch.setattr(cnn_codes, "picked_panel", lambda image, label, names: _panel(image))
    explorable = explore.code_map()
    explorable.state = {"x": 0.3, "y": 0.6}
    item = _item(explorable)
    for given in (
        {"seed": 4},
        {"perplexity": 5},
        {"layer": "relu1"},
        {"seed": 0, "layer": "relu3", "perplexity": 30},
    ):
        explorable.state = given
        assert _item(explorable) == item, given
    explorable.state = {"seed": 7}
    explorable.state = {"x": 0.9}
    places = _shuffled("clothes", "relu3", 30, 7)
    at = torch.tensor([0.9, 0.6]) * (SIDE - 1)
    images = cnn_codes._codes("clothes", "relu3")[0]
    nearest = int((places - at).square().sum(1).argmin())
    assert _item(explorable) == float(images[nearest].mean())


def _shuffled(data, layer, perplexity, seed):
    """Places (N, 2) that stand in for t-SNE: others for every map."""
    chance = torch.Generator().manual_seed(hash((perplexity, seed, len(layer), layer[-1] == "1")) % 2**31)
    return 30 + (SIDE - 60) * torch.rand(cnn_codes.IMAGES, 2, generator=chance)


def _panel(image):
    _panel.shown = float(image.mean())
    return np.zeros((SIDE, 260, 3), np.uint8)


def _item(explorable):
    explorable.picture()
    return _panel.shown
