"""Boxes by hand: the largest patch, exact overlaps, and what is refused."""

import pytest
import torch

from lecturelib.gradients.localization import iou, localize, mass_inside, pointing_game


def two_patches():
    map = torch.zeros(20, 30)
    map[2:8, 3:12] = 1.0  # 6 x 9
    map[12:15, 20:24] = 1.5  # brighter, but smaller
    return map


def test_the_largest_patch_is_boxed():
    assert localize(two_patches(), blur=0) == (2, 3, 8, 12)
    assert localize(two_patches(), share=0.8, blur=0) == (12, 20, 15, 24)


def test_corners_connect_and_negative_values_do_not_count():
    map = torch.zeros(6, 6)
    map[0, 0] = map[1, 1] = map[2, 2] = 1
    map[4:, :] = -5
    assert localize(map, blur=0) == (0, 0, 3, 3)
    assert localize(map.abs(), blur=0) == (4, 0, 6, 6)


def test_smoothing_joins_speckles():
    map = torch.zeros(64, 64)
    map[20:40:3, 10:30:3] = 1
    top, left, bottom, right = localize(map)
    assert abs(top - 20) < 5 and abs(left - 10) < 5 and abs(bottom - 39) < 5 and abs(right - 29) < 5
    assert localize(map, blur=0) == (20, 10, 21, 11)


def test_iou_by_hand():
    assert iou((0, 0, 2, 2), (0, 0, 2, 2)) == 1
    assert iou((0, 0, 2, 2), (0, 1, 2, 3)) == pytest.approx(2 / 6)
    assert iou((0, 0, 2, 2), torch.tensor([2, 2, 4, 4])) == 0
    assert iou((0, 0, 4, 4), (1, 1, 3, 3)) == iou((1, 1, 3, 3), (0, 0, 4, 4)) == 4 / 16


def test_pointing_and_mass():
    map = two_patches()
    assert pointing_game(map, (12, 20, 15, 24)) and not pointing_game(map, (2, 3, 8, 12))
    assert mass_inside(map, (2, 3, 8, 12)) == pytest.approx(54 / (54 + 18))
    assert mass_inside(-map, (2, 3, 8, 12)) == mass_inside(map, (2, 3, 8, 12))
    assert mass_inside(torch.ones(10, 10), (0, 0, 5, 5)) == pytest.approx(0.25)
    assert mass_inside(map, (0, 0, 20, 30)) == 1


@pytest.mark.parametrize("function", [localize, lambda map: pointing_game(map, (0, 0, 2, 2))])
def test_bad_maps(function):
    for map, said in [
        (torch.ones(4, 4), "everywhere"),
        (torch.zeros(1, 4, 4), r"map\[0\]"),
        (torch.full((4, 4), float("nan")), "NaN"),
        (torch.zeros(0, 4), "shape"),
    ]:
        with pytest.raises(ValueError, match=said):
            function(map)
    with pytest.raises(TypeError, match="floats"):
        function(torch.zeros(4, 4, dtype=torch.long))
    with pytest.raises(TypeError, match="tensor"):
        function([[1.0]])


def test_bad_boxes_and_numbers():
    map = two_patches()
    for box, said in [
        ((3, 3, 3, 5), "empty"),
        ((0, 0, 21, 5), "inside the map"),
        ((0, 0, 5), "top, left"),
        ((0, 0, 1.5, 2), "whole"),
        ((0, 0, float("nan"), 2), "whole"),
        (("a", 0, 1, 2), "whole"),
        (7, "top, left"),
    ]:
        for function in (pointing_game, mass_inside):
            with pytest.raises(ValueError, match=said):
                function(map, box)
    with pytest.raises(ValueError, match="second"):
        iou((0, 0, 1, 1), (5, 5, 2, 9))
    with pytest.raises(ValueError, match="0 everywhere"):
        mass_inside(torch.zeros(4, 4), (0, 0, 2, 2))
    with pytest.raises(ValueError, match="a value above 0, got at most 0"):
        localize(-map)
    for share in (0, 1, -0.5, float("nan")):
        with pytest.raises(ValueError, match="share"):
            localize(map, share)
    with pytest.raises(TypeError, match="share"):
        localize(map, "half")
    with pytest.raises(ValueError, match="blur"):
        localize(map, blur=-1)
