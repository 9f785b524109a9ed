"""The checks of arguments: what passes, what does not, with which type of error and in which words."""

import re

import numpy as np
import pytest
import torch

from lecturelib import checks
from lecturelib.checks import UnknownName, complaint, described


def refuses(kind, said, check, *args, **options):
    with pytest.raises(kind) as caught:
        check(*args, **options)
    assert type(caught.value) is kind and str(caught.value) == said


def test_a_complaint_says_what_was_expected_what_came_and_what_to_try():
    assert complaint("k", "1 to 3", 7) == "k: expected 1 to 3, got 7"
    assert complaint("k", "1 to 3", "a batch") == "k: expected 1 to 3, got a batch"
    assert complaint("k", "1 to 3", (7, "x"), "take 2") == "k: expected 1 to 3, got (7, 'x'); take 2"


def test_values_are_described_by_type_and_tensors_by_shape():
    assert described(None) == "None" and described(3) == "int 3"
    assert described(torch.zeros(2, 3, dtype=torch.int16)) == "a tensor (2, 3) of int16"
    assert described("a" * 78) == f"str '{'a' * 78}'"  # 80 letters with the quotes: whole
    assert described("a" * 79) == f"str '{'a' * 76}..."


def test_nearest_names_are_few_alike_and_in_order():
    known = ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6"]
    assert checks.nearest("conv1x", known)[0] == "conv1" and len(checks.nearest("conv1x", known)) == 4
    assert checks.nearest("conv1x", known, count=2) == checks.nearest("conv1x", known)[:2]
    assert checks.nearest("softmax", known) == []
    assert checks.nearest("abxyz", ["abc"]) == ["abc"]  # 2 of 4 letters on average: alike by 0.5
    assert checks.nearest("abvwxyz", ["abc"]) == ["abc"]  # by 0.4, the least
    assert checks.nearest("abuvwxyz", ["abc"]) == []  # by 0.36


def test_names():
    assert checks.check_name("method", "pca", iter(["pca", "tsne"])) == "pca"
    refuses(TypeError, "method: expected a way such as 'pca', got int 3; see it",
            checks.check_name, "method", 3, ["pca", "tsne"], "way", "see it")  # fmt: skip
    refuses(UnknownName, "method: expected a known name, got tsme; nearest: tsne",
            checks.check_name, "method", "tsme", ["pca", "tsne"])  # fmt: skip
    refuses(UnknownName, "method: expected a known way, got x; known: pca, tsne; see it",
            checks.check_name, "method", "x", ["pca", "tsne"], "way", "see it")  # fmt: skip


def test_choices_compare_type_and_value():
    assert checks.check_choice("n", 1, (1, 2)) == 1
    refuses(ValueError, "n: expected 1, 2 or 3, got True", checks.check_choice, "n", True, (1, 2, 3))
    refuses(ValueError, "n: expected 1 or 2, got 1.0", checks.check_choice, "n", 1.0, (1, 2))
    refuses(ValueError, "n: expected 'a', got 'b'", checks.check_choice, "n", "b", ("a",))


def test_whole_numbers_reach_both_ends():
    for value in (2, 4, np.int64(3)):
        found = checks.check_whole("k", value, 2, 4)
        assert found == value and type(found) is int
    assert checks.check_whole("k", 0) == 0 and checks.check_whole("k", 10**9) == 10**9
    for value in (1, 5):
        said = f"k: expected a whole number from 2 to 4 (the width), got {value}"
        refuses(ValueError, said, checks.check_whole, "k", value, 2, 4, "the width")
    refuses(ValueError, "k: expected a whole number from 0 up, got -1", checks.check_whole, "k", -1)
    refuses(TypeError, "k: expected a whole number from 0 up, got bool True", checks.check_whole, "k", True)
    refuses(TypeError, "k: expected a whole number from 0 up, got float 2.0", checks.check_whole, "k", 2.0)


def test_pairs_are_vertical_and_horizontal():
    assert checks.check_pair("stride", 2) == (2, 2) and checks.check_pair("stride", [1, 3]) == (1, 3)
    assert checks.check_pair("pad", (0, 4), low=0) == (0, 4)
    refuses(ValueError, "stride: expected one whole number or (vertical, horizontal), got (1, 2, 3)",
            checks.check_pair, "stride", (1, 2, 3))  # fmt: skip
    for pair in ((0, 1), (1, 0), 0):
        refuses(
            ValueError, "stride: expected a whole number from 1 up, got 0", checks.check_pair, "stride", pair
        )


def test_bounds_of_numbers_are_open_or_closed_as_named():
    inside = [({"above": 1}, 1.001), ({"below": 1}, 0.999), ({"least": 1}, 1), ({"most": 1}, 1), ({}, -1e300)]
    for bounds, value in inside:
        assert checks.check_number("x", value, **bounds) == value
    outside = [({"above": 1}, 1, "above 1"), ({"below": 1}, 1, "below 1"), ({"least": 1}, 0.999, "at least 1"),
               ({"most": 1}, 1.001, "at most 1"), ({"least": 0, "below": 1}, 1, "at least 0 and below 1")]  # fmt: skip
    for bounds, value, words in outside:
        said = f"x: expected a finite number {words}, got {value}"
        refuses(ValueError, said, checks.check_number, "x", value, **bounds)
    for value in (float("nan"), float("inf"), -float("inf")):
        refuses(ValueError, f"x: expected a finite number, got {value}", checks.check_number, "x", value)
    refuses(TypeError, "x: expected a finite number, got bool True", checks.check_number, "x", True)
    refuses(TypeError, "x: expected a finite number, got str '1'", checks.check_number, "x", "1")


def test_values_that_are_not_finite():
    good = torch.tensor([1.0, -2.0])
    assert checks.check_finite("map", good) is good
    assert checks.check_finite("map", torch.empty(2, device="meta")).is_meta
    for bad in (torch.nan, torch.inf):
        with pytest.raises(
            ValueError, match="^map: expected finite values, got NaN or infinity; the network's"
        ):
            checks.check_finite("map", torch.tensor([1.0, bad]))


class Grey:
    name, channels = "lenet", 1


class Colored:
    channels = 3


def test_images():
    ends = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2)
    assert checks.check_images(ends, Grey()) is ends
    for images, model, kind, said in (
        ([1], Grey(), TypeError, "images: expected a tensor (B, 1, H, W) of floats in [0, 1], got list [1]"),
        (ends[0], None, ValueError,
         "images: expected shape (B, 3, H, W), got (1, 1, 2); add the batch with images[None]"),
        (ends[0, 0], None, ValueError, "images: expected shape (B, 3, H, W), got (1, 2)"),
        (ends[:0], None, ValueError, "images: expected at least one pixel, got shape (0, 1, 1, 2)"),
        (ends, Colored(), ValueError,
         "images: expected color images (B, 3, H, W), as this network takes them, got (1, 1, 1, 2)"),
        (ends.repeat(1, 3, 1, 1), Grey(), ValueError,
         "images: expected grey images (B, 1, H, W), as lenet takes them, got (1, 3, 1, 2)"),
        (ends.int(), None, TypeError, "images: expected floats in [0, 1], got torch.int32; use images.float() / 255"),
        (ends * torch.nan, None, ValueError, "images: expected pixels in [0, 1], got NaN"),
    ):  # fmt: skip
        refuses(kind, said, checks.check_images, images, model)
    for images, reach in ((ends - 0.01, "-0.01 to 0.99"), (ends + 0.01, "0.01 to 1.01")):
        with pytest.raises(ValueError, match=f"got {re.escape(reach)}; pass pixels"):
            checks.check_images(images)


def test_one_image():
    image = torch.zeros(1, 3, 2, 2)
    assert checks.check_image(image) is image
    refuses(
        ValueError,
        "image: expected one image (1, C, H, W), got a batch of 2",
        checks.check_image,
        image.repeat(2, 1, 1, 1),
    )


def test_maps():
    values = torch.arange(6.0).view(2, 3).requires_grad_()
    found = checks.check_map(values, (2, 3), ordered=True)
    assert torch.equal(found, values) and not found.requires_grad
    assert checks.check_map(torch.ones(2, 2)).sum() == 4  # constant, where the order does not matter
    for value, options, kind, said in (
        ("x", {}, TypeError, "map: expected a tensor (H, W), got str 'x'"),
        (values[None], {}, ValueError, "map: expected shape (H, W), got (1, 2, 3); take one image's with map[0]"),
        (values[0], {}, ValueError, "map: expected shape (H, W), got (3,)"),
        (values[:0], {}, ValueError, "map: expected shape (H, W), got (0, 3)"),
        (values.detach().int(), {}, TypeError, "map: expected floats, got torch.int32; use map.float()"),
        (values / 0, {}, ValueError, "map: expected finite values, got NaN or infinity"),
        (values, {"size": (3, 2)}, ValueError, "map: expected 3 x 2 as the image, got (2, 3)"),
        (torch.ones(2, 2), {"ordered": True}, ValueError, "map: expected values that differ, got 1 everywhere"),
    ):  # fmt: skip
        refuses(kind, said, checks.check_map, value, **options)


def test_boxes():
    assert checks.check_box(torch.tensor([0, 1, 2, 4]), size=(2, 4)) == (0, 1, 2, 4)
    found = checks.check_box((-1.0, 0, 1, 1))
    assert found == (-1, 0, 1, 1) and all(type(number) is int for number in found)
    words = "box: expected (top, left, bottom, right) in pixels, got "
    refuses(ValueError, f"{words}(0, 1, 2)", checks.check_box, (0, 1, 2))
    refuses(ValueError, f"{words}5", checks.check_box, 5)
    for bad in (0.5, "1", None):
        with pytest.raises(ValueError, match="box: expected whole pixels, got"):
            checks.check_box((0, 0, bad, 3))
    for empty in ((1, 0, 1, 2), (0, 2, 1, 2), (2, 0, 1, 2), (0, 3, 1, 2)):
        with pytest.raises(ValueError, match="expected bottom > top and right > left, got .* which is empty"):
            checks.check_box(empty)
    for outside in ((-1, 0, 1, 1), (0, -1, 1, 1), (0, 0, 3, 1), (0, 0, 1, 5)):
        refuses(ValueError, f"area: expected a box inside the map of 2 x 4, got {outside}",
                checks.check_box, outside, (2, 4), "area")  # fmt: skip
