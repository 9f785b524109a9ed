"""Occlusion: networks whose answer is known by hand, the plain reference, and what must be left as it was."""

import itertools
import math
import threading
import time

import numpy as np
import pytest
import torch
from torch import nn

from lecturelib.models import PixelModel
from lecturelib.network.baselines import GREY, fill_image
from lecturelib.network.hooks import recording
from lecturelib.network.units import Channel, Layer, Logit, Neuron, Probability
from lecturelib.parameters.occlusion import (
    _coarse_first,
    iter_occlusion_map,
    occlude,
    occlusion_map,
    occlusion_map_plain,
)


class ReadsPixel(nn.Module):
    """Its only score is the red value of one pixel."""

    def __init__(self, y, x):
        super().__init__()
        self.place = (y, x)

    def forward(self, images):
        return images[:, :1, self.place[0], self.place[1]]


def pixels(*shape, seed=0):
    return torch.rand(1, *shape, generator=torch.Generator().manual_seed(seed))


def small_network(norm=False):
    """Convolutions with weights of their own, on 12 px."""
    torch.manual_seed(0)
    layers = [
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4) if norm else nn.Identity(),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * 6 * 6, 5)).eval()


# -- by hand ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [(0, 0), (5, 3), (7, 10), (3, 10)])
@pytest.mark.parametrize(("patch", "stride"), [(3, 1), (4, 2), (3, 2), ((2, 5), (1, 3))])
def test_only_the_patches_over_the_pixel_that_is_read_change_the_value(place, patch, stride):
    image = pixels(3, 8, 11)
    found = occlusion_map(ReadsPixel(*place), image, Logit(0), patch, stride, fill=0.0)
    y, x = place
    top, left, bottom, right = found.boxes.unbind(-1)
    covers = (top <= y) & (y < bottom) & (left <= x) & (x < right)
    assert covers.any(), "every pixel is covered at least once"
    assert torch.equal(found.drop != 0, covers)
    assert torch.allclose(found.drop[covers], image[0, 0, y, x])
    plain = occlusion_map_plain(ReadsPixel(*place), image, Logit(0), patch, stride, fill=0.0)
    assert torch.equal(plain, found.values)
    painted = found.drop_per_pixel()
    assert painted.shape == (8, 11)
    assert painted[place] == painted.max(), "the pixel that is read lies in every patch that matters"


def test_the_strongest_drop_is_centered_on_the_pixel_that_is_read():
    found = occlusion_map(
        ReadsPixel(10, 4), torch.ones(1, 3, 15, 15), Logit(0), patch_size=3, stride=3, fill=0
    )
    row, column = divmod(found.drop.argmax().item(), len(found.xs))
    assert (found.ys[row], found.xs[column]) == (10, 4)
    assert found.unoccluded == 1
    assert found.values[row, column] == 0


def test_4x4_by_hand_with_a_patch_cut_at_the_border():
    # A 3 px patch, steps of 2: rows 0-2, then 2-4 cut to 2-3. The score is the pixel (3, 3), worth 1.
    found = occlusion_map(
        ReadsPixel(3, 3), torch.ones(1, 1, 4, 4), Logit(0), patch_size=3, stride=2, fill=0.25
    )
    assert found.values.tolist() == [[1, 1], [1, 0.25]]
    assert found.ys.tolist() == [1, 2.5]
    assert found.xs.tolist() == [1, 2.5]
    assert found.boxes.view(4, 4).tolist() == [[0, 0, 3, 3], [0, 2, 3, 4], [2, 0, 4, 3], [2, 2, 4, 4]]
    drop = 0.75
    expected = torch.tensor(
        [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, drop / 4, drop / 2], [0, 0, drop / 2, drop]]
    )  # pixel (2, 2) lies in all four patches, (2, 3) in two, (3, 3) in the last alone
    assert torch.allclose(found.drop_per_pixel(), expected)


def test_a_patch_as_large_as_the_image_gives_one_position():
    found = occlusion_map(ReadsPixel(0, 0), pixels(3, 6, 9), Logit(0), patch_size=(6, 9), stride=4, fill=0.5)
    assert found.values.shape == (1, 1)
    assert found.values.item() == 0.5
    assert (found.ys.item(), found.xs.item()) == (2.5, 4)


def test_centers_and_boxes_agree():
    found = occlusion_map(small_network(), pixels(3, 12, 12), Logit(0), patch_size=5, stride=4)
    top, left, bottom, right = found.boxes.unbind(-1)
    assert torch.equal((top + bottom - 1) / 2, found.ys[:, None].expand(3, 3))
    assert torch.equal((left + right - 1) / 2, found.xs.expand(3, 3))


@pytest.mark.parametrize("size", [(9, 14), (14, 9)])
def test_rows_are_counted_along_the_height_and_columns_along_the_width(size):
    """The value is the sum of all pixels, so each drop is the sum of the covered ones, here of a ramp by hand."""

    class Sums(nn.Module):
        def forward(self, images):
            return images.sum((1, 2, 3))[:, None]

    height, width = size
    image = torch.arange(height * width, dtype=torch.float).view(1, 1, height, width) / (height * width)
    tops, lefts = [0, 3, 6, 9, 12], [0, 2, 4, 6, 8, 10, 12]
    # a patch of 4 x 3 px moves by (3, 2); the last row and column are those that reach the border, cut there
    tops = [top for top in tops if top < height - 4 + 3]
    lefts = [left for left in lefts if left < width - 3 + 2]
    expected = [[image[0, 0, top : top + 4, left : left + 3].sum().item() for left in lefts] for top in tops]
    found = occlusion_map(Sums(), image, Logit(0), patch_size=(4, 3), stride=(3, 2), fill=0.0)
    assert torch.allclose(found.drop, torch.tensor(expected), atol=1e-4)
    plain = occlusion_map_plain(Sums(), image, Logit(0), patch_size=(4, 3), stride=(3, 2), fill=0.0)
    assert torch.allclose(found.unoccluded - plain, torch.tensor(expected), atol=1e-4)
    assert found.boxes[-1, -1].tolist() == [tops[-1], lefts[-1], height, width]


def test_the_defaults_are_those_of_the_lesson():
    image = pixels(3, 40, 56)
    stated = occlusion_map(ReadsPixel(20, 30), image, Logit(0), patch_size=32, stride=8, fill=128 / 255)
    for method in (occlusion_map, lambda *given: list(iter_occlusion_map(*given))[-1]):
        found = method(ReadsPixel(20, 30), image, Logit(0))
        assert (found.patch_size, found.stride) == ((32, 32), (8, 8))
        assert torch.equal(found.values, stated.values)
    plain = occlusion_map_plain(ReadsPixel(20, 30), image, Logit(0))
    assert torch.equal(plain, stated.values)
    # the 2 x 4 patches start at rows 0, 8 and columns 0, 8, 16, 24: all of them cover the pixel (20, 30)
    assert stated.values.shape == (2, 4) and (stated.values == torch.tensor(128 / 255)).all()
    covered = occlude(image, 20, 30)
    assert (covered == torch.tensor(128 / 255)).all(1).sum() == 32 * 32


# -- fills and the single patch -----------------------------------------------------------------------------------


def test_fills_by_hand():
    image = pixels(3, 6, 8)
    assert torch.equal(fill_image(image, GREY), torch.full((1, 3, 6, 8), 128 / 255))
    assert fill_image(image, (0.1, 0.2, 0.3))[0, :, 5, 7].tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert torch.allclose(fill_image(image, "mean")[0, :, 0, 0], image.mean((0, 2, 3)))
    other = pixels(3, 6, 8, seed=1)
    assert torch.equal(fill_image(image, other), other)
    assert torch.equal(fill_image(image, other[0]), other)


def test_blur_keeps_a_constant_image_and_flattens_a_fine_pattern():
    flat = torch.full((1, 3, 20, 20), 0.3)
    assert torch.allclose(fill_image(flat, "blur", 8), flat)
    checks = (torch.arange(20)[:, None] + torch.arange(20)).remainder(2).float().expand(1, 1, 20, 20)
    assert (fill_image(checks, "blur", 8)[..., 6:14, 6:14] - 0.5).abs().max() < 0.01


def test_occlude_places_the_patch_where_the_map_says():
    image = pixels(3, 12, 12)
    found = occlusion_map(ReadsPixel(0, 0), image, Logit(0), patch_size=(4, 3), stride=1)
    for row, column in ((0, 0), (3, 5), (8, 9)):
        covered = occlude(image, found.ys[row].item(), found.xs[column].item(), (4, 3), fill=0)
        top, left, bottom, right = found.boxes[row, column]
        expected = image.clone()
        expected[..., top:bottom, left:right] = 0
        assert torch.equal(covered, expected)


def test_occlude_at_a_corner_covers_what_is_inside_and_leaves_the_image_alone():
    image = pixels(3, 6, 6)
    before = image.clone()
    covered = occlude(image, 0, 5, patch_size=3, fill=0)
    assert (covered != image).any(1)[0].nonzero().tolist() == [[0, 4], [0, 5], [1, 4], [1, 5]]
    assert torch.equal(image, before)
    even = occlude(image, 3, 3, patch_size=2, fill=0)
    assert (even != image).any(1)[0].nonzero().tolist() == [[2, 2], [2, 3], [3, 2], [3, 3]]


# -- the plain reference ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fill", [GREY, "mean", "blur", (1.0, 0.0, 0.5)])
@pytest.mark.parametrize(("patch", "stride"), [(4, 2), (5, 3), ((3, 7), (2, 5))])
def test_the_plain_lines_and_the_quick_map_agree(fill, patch, stride):
    model, image = small_network(), pixels(3, 12, 12)
    for unit in (Logit(1), Probability(4), Channel("0", 2), Neuron("3", 1, 2, 5), Layer("2")):
        plain = occlusion_map_plain(model, image, unit, patch, stride, fill)
        found = occlusion_map(model, image, unit, patch, stride, fill)
        assert plain.std() > 0
        assert torch.allclose(found.values, plain, atol=1e-6)
        assert torch.allclose(found.drop, found.unoccluded - plain, atol=1e-6)


def test_the_batch_size_does_not_matter():
    model, image = small_network(), pixels(3, 12, 12)
    maps = [
        occlusion_map(model, image, Logit(0), 4, 2, batch_size=size).values for size in (None, 1, 3, 1000)
    ]
    assert all(torch.allclose(values, maps[0], atol=1e-6) for values in maps)


def test_twice_the_same():
    model, image = small_network(), pixels(3, 12, 12)
    first, second = (occlusion_map(model, image, Logit(0), 4, 1).values for _ in range(2))
    assert torch.equal(first, second)


def test_a_house_network_takes_grey_pixels():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 14 * 14, 2))
    model = PixelModel(network, [0.1], [0.3], name="tiny", classes=("no", "yes"), input_size=16)
    plain = occlusion_map_plain(model, pixels(1, 16, 16), Probability("yes"), 5, 3)
    found = occlusion_map(model, pixels(1, 16, 16), Probability("yes"), 5, 3)
    assert torch.allclose(found.values, plain, atol=1e-6)
    assert str(found.unit) == "probability of yes"


# -- coarse to fine -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(12, 12), (12, 30), (40, 40)])
def test_iter_occlusion_map_ends_in_exactly_the_map(size):
    model, image = ReadsPixel(4, 7), pixels(3, *size)
    maps = list(iter_occlusion_map(model, image, Logit(0), 4, 1, every=0, batch_size=20))
    whole = occlusion_map(model, image, Logit(0), 4, 1, batch_size=20)
    assert torch.equal(maps[-1].values, whole.values)
    assert torch.equal(maps[-1].drop_per_pixel(), whole.drop_per_pixel())
    shares = [coarse.done for coarse in maps]
    assert shares == sorted(set(shares))
    assert shares[-1] == 1
    assert maps[0].done * whole.values.numel() == pytest.approx(16)
    for coarse in maps:
        assert coarse.values.shape == whole.values.shape
        assert coarse.values.isfinite().all(), "a hole shows its nearest neighbor"


def test_a_coarse_map_shows_the_nearest_measured_value():
    ramp = torch.linspace(0, 1, 64).expand(1, 1, 64, 64)

    class Mean(nn.Module):
        def forward(self, images):
            return images.mean((2, 3))

    first = next(iter_occlusion_map(Mean(), ramp.clone(), Logit(0), 8, 1, fill=0, every=0))
    whole = occlusion_map(Mean(), ramp.clone(), Logit(0), 8, 1, fill=0)
    step = 16  # 57 x 57 positions, 4 x 4 of them at first, one every 16
    change = (whole.values[:, step:] - whole.values[:, :-step]).abs().max()
    assert (first.values - whole.values).abs().max() <= change


@pytest.mark.parametrize(
    ("size", "grids"),
    [
        # rows and columns of the first grid, of the next finer one, ...; 16 positions at most in the first
        ((57, 57), [(range(8, 57, 16),) * 2, (range(0, 57, 8),) * 2, (range(0, 57, 4),) * 2]),
        ((3, 100), [(range(1, 3, 8), range(4, 100, 8)), (range(1, 3, 4), range(0, 100, 4))]),
        ((4, 100), [(range(1, 4, 8), range(4, 100, 8)), (range(1, 4, 4), range(0, 100, 4))]),
        ((4, 4), [(range(4), range(4))]),
        ((5, 4), [(range(1, 5, 2), range(1, 4, 2)), (range(5), range(4))]),
    ],
)
def test_the_first_positions_are_a_coarse_grid_and_each_next_grid_is_twice_as_fine(size, grids):
    order = [tuple(place) for place in _coarse_first(*size).tolist()]
    assert sorted(order) == list(itertools.product(range(size[0]), range(size[1])))
    for rows, columns in grids:
        grid = set(itertools.product(rows, columns))
        assert set(order[: len(grid)]) == grid
    assert len(grids[0][0]) * len(grids[0][1]) <= 16


def test_the_first_map_shows_the_value_of_the_nearest_measured_position():
    image = pixels(1, 24, 40)
    whole = occlusion_map(ReadsPixel(9, 17), image, Logit(0), 3, 1, batch_size=64)
    first = next(iter_occlusion_map(ReadsPixel(9, 17), image, Logit(0), 3, 1, every=0, batch_size=64))
    rows, columns = whole.values.shape  # 22 x 38 positions, the first 16 of them
    measured = _coarse_first(rows, columns)[:16].tolist()
    for row, column in itertools.product(range(rows), range(columns)):
        nearest = min(measured, key=lambda place: (math.dist(place, (row, column)), place))
        assert first.values[row, column] == whole.values[tuple(nearest)]


def test_no_more_maps_than_asked_for():
    slow = iter_occlusion_map(small_network(), pixels(3, 12, 12), Logit(0), 2, 1, every=1000, batch_size=4)
    assert [coarse.done for coarse in slow] == [4 / 121, 1]


def test_a_map_after_every_batch_hangs_on_no_clock(monkeypatch):
    monkeypatch.setattr("lecturelib.parameters.occlusion.time.monotonic", lambda: 5.0)
    maps = iter_occlusion_map(small_network(), pixels(3, 12, 12), Logit(0), 4, 4, every=0, batch_size=4)
    assert [found.done for found in maps] == [4 / 9, 8 / 9, 1]


# -- what must be left as it was ----------------------------------------------------------------------------------


def hooks_of(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def state_of(model):
    return (
        [m.training for m in model.modules()],
        [p.requires_grad for p in model.parameters()],
        {name: value.clone() for name, value in model.state_dict().items()},
        hooks_of(model),
    )


def assert_unchanged(model, before):
    modes, flags, weights, hooks = state_of(model)
    assert (modes, flags, hooks) == (before[0], before[1], before[3])
    assert all(torch.equal(weights[name], value) for name, value in before[2].items())


def test_a_network_in_train_mode_is_read_in_eval_mode_and_stays_in_train_mode():
    model, image = small_network(norm=True), pixels(3, 12, 12)
    expected = occlusion_map(model, image, Logit(0), 4, 2)
    model.train()
    model[2].eval()
    model[5].weight.requires_grad_(False)
    before = state_of(model)
    found = occlusion_map(model, image, Logit(0), 4, 2)
    assert torch.equal(found.values, expected.values)
    assert_unchanged(model, before)


class FailsAt(nn.Module):
    """Works until its n-th call."""

    def __init__(self, calls):
        super().__init__()
        self.inner, self.left = small_network(norm=True), calls

    def forward(self, images):
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("out of luck")
        return self.inner(images)


@pytest.mark.parametrize("calls", [0, 1, 2, 4])
def test_nothing_is_left_behind_by_an_exception(calls):
    model = FailsAt(calls).train()
    before = state_of(model)
    with pytest.raises((RuntimeError, ValueError), match="out of luck"):
        occlusion_map(model, pixels(3, 12, 12), Logit(0), 4, 1, batch_size=8)
    assert_unchanged(model, before)


def test_nothing_is_attached_between_two_maps_nor_after_leaving_off():
    model = small_network(norm=True).train()
    before = state_of(model)
    maps = iter_occlusion_map(model, pixels(3, 12, 12), Logit(0), 4, 1, every=0, batch_size=8)
    next(maps)
    assert_unchanged(model, before)
    assert not torch.is_inference_mode_enabled()
    next(maps)
    del maps
    assert_unchanged(model, before)


def test_the_image_is_only_read():
    image = pixels(3, 12, 12).requires_grad_()
    before = image.detach().clone()
    found = occlusion_map(small_network(), image, Logit(0), 4, 2, "blur")
    assert torch.equal(image, before)
    assert image.grad is None
    assert not found.values.requires_grad
    assert not found.values.is_inference()


def test_a_network_that_writes_on_its_input_gives_the_same_map():
    class WritesOnInput(nn.Module):
        def forward(self, images):
            return images.sub_(0.25).mul_(2).mean(3)[:, 0]

    class Polite(nn.Module):
        def forward(self, images):
            return ((images - 0.25) * 2).mean(3)[:, 0]

    image = pixels(3, 12, 12)
    before = image.clone()
    wild = occlusion_map(WritesOnInput(), image, Logit(3), 4, 2)
    assert torch.equal(image, before)
    polite = occlusion_map(Polite(), image, Logit(3), 4, 2)
    assert torch.allclose(wild.values, polite.values, atol=1e-6)
    plain = occlusion_map_plain(WritesOnInput(), image, Logit(3), 4, 2)
    assert torch.equal(image, before)
    assert torch.allclose(plain, polite.values, atol=1e-6)


@pytest.mark.parametrize("size", [14, 70])
def test_a_unit_before_the_head_takes_other_sizes_than_the_head(size):
    features = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
    network = nn.Sequential(features, nn.Flatten(), nn.Linear(4 * 5 * 5, 3))
    model = PixelModel(network, (0.5,), (0.5,), name="tiny", input_size=10)
    image, unit = pixels(1, size, size), Channel("0.0", 2)
    headless = PixelModel(nn.Sequential(features), (0.5,), (0.5,), name="headless")
    alone = occlusion_map(headless, image, unit, 7, 7)
    assert torch.allclose(occlusion_map(model, image, unit, 7, 7).values, alone.values, atol=1e-6)
    with pytest.raises(ValueError, match="expected 10 x 10 px"):
        occlusion_map(model, image, Logit(0), 7, 7)


def test_other_threads_may_record_the_same_network():
    model, image = small_network(), pixels(3, 12, 12)
    expected = occlusion_map(model, image, Channel("3", 1), 3, 1).values
    clean = model[0](image).detach()
    stop, seen, wrong = threading.Event(), [], []

    def record_on_and_on():
        while not stop.is_set():
            with torch.no_grad(), recording(model, ["0", "3"]) as acts:
                model(image)
                seen.append(1)
                if not torch.equal(acts["0"], clean) or acts["3"].shape != (1, 4, 6, 6):
                    wrong.append(1)

    thread = threading.Thread(target=record_on_and_on)
    thread.start()
    try:
        until = time.monotonic() + 20
        while not seen and time.monotonic() < until:
            time.sleep(0.001)
        for _ in range(5):
            found = occlusion_map(model, image, Channel("3", 1), 3, 1).values
            assert torch.allclose(found, expected, atol=1e-6)
    finally:
        stop.set()
        thread.join()
    assert seen
    assert not wrong
    assert hooks_of(model) == 0


# -- bad input ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"patch_size": 13}, ValueError, "at most 12 x 12 px .the image., got 13 x 13 px"),
        ({"patch_size": (4, 13)}, ValueError, "at most 12 x 12 px"),
        ({"patch_size": 0}, ValueError, "patch_size: expected a whole number from 1 up, got 0"),
        ({"patch_size": 2.5}, TypeError, "patch_size: expected a whole number"),
        ({"patch_size": True}, TypeError, "patch_size: expected a whole number"),
        ({"patch_size": (1, 2, 3)}, ValueError, "vertical, horizontal"),
        ({"stride": 0}, ValueError, "stride: expected a whole number from 1 up"),
        ({"stride": -2}, ValueError, "stride: expected a whole number from 1 up"),
        ({"stride": 1.5}, TypeError, "stride: expected a whole number"),
        ({"stride": 5}, ValueError, r"stride: expected at most 4 x 4 px \(the patch\)"),
        ({"fill": 128}, ValueError, "128/255"),
        ({"fill": -0.1}, ValueError, r"in \[0, 1\]"),
        ({"fill": float("nan")}, ValueError, r"in \[0, 1\]"),
        ({"fill": "gray"}, ValueError, '"mean", "blur"'),
        ({"fill": (0.1, 0.2)}, ValueError, "3 channels"),
        ({"fill": None}, TypeError, "fill"),
        ({"fill": True}, TypeError, "fill"),
        ({"fill": (0.1, "b", 0.2)}, TypeError, "fill"),
        ({"fill": torch.rand(1, 3, 5, 5)}, ValueError, "fill: expected an image of shape"),
        ({"fill": torch.rand(1, 3, 12, 12) + 1}, ValueError, "fill"),
        ({"image": torch.rand(2, 3, 12, 12)}, ValueError, "one image"),
        ({"image": torch.rand(3, 12, 12)}, ValueError, "batch"),
        ({"image": torch.rand(1, 3, 12, 12) * 255}, ValueError, "divided by 255"),
        ({"image": torch.full((1, 3, 12, 12), torch.nan)}, ValueError, "NaN"),
        ({"image": torch.zeros(1, 3, 12, 12, dtype=torch.uint8)}, TypeError, "uint8"),
        ({"image": "cat"}, TypeError, "tensor"),
        ({"unit": Logit(5)}, IndexError, "0 to 4"),
        ({"unit": Channel("9", 0)}, KeyError, "layer: expected a layer"),
        ({"unit": Channel("0", 4)}, IndexError, "0 to 3"),
        ({"unit": 3}, TypeError, "unit"),
        ({"batch_size": 0}, ValueError, "batch_size"),
    ],
)
@pytest.mark.parametrize("method", [occlusion_map, iter_occlusion_map, occlusion_map_plain])
def test_bad_input_gets_a_sentence_before_any_work(method, change, error, says):
    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.calls = small_network(), 0

        def forward(self, images):
            self.calls += 1
            return self.inner(images)

    good = {"image": pixels(3, 12, 12), "unit": Logit(0), "patch_size": 4, "stride": 2, "fill": GREY}
    model = Counts()
    layers = (
        {"unit": Channel("inner." + change["unit"].layer, change["unit"].channel)}
        if isinstance(change.get("unit"), Channel)
        else {}
    )
    if method is occlusion_map_plain and "batch_size" in change:
        return  # it reads one image at a time
    with pytest.raises(error, match=says):
        method(model, **{**good, **change, **layers})
    assert model.calls <= 2, "at most the passes that list the layers and what they see"


@pytest.mark.parametrize("every", [-1, float("nan"), "often", True])
def test_iter_occlusion_map_needs_a_time(every):
    with pytest.raises((ValueError, TypeError), match="every: expected"):
        iter_occlusion_map(small_network(), pixels(3, 12, 12), Logit(0), 4, 2, every=every)


def test_numbers_of_any_kind_are_taken():
    image = pixels(3, 12, 12)
    wanted = occlude(image, 4.0, 3, patch_size=3, fill=0.5)
    for y, x in [(np.float32(4), np.int64(3)), (torch.tensor(4.0), torch.tensor(3))]:
        assert torch.equal(occlude(image, y, x, patch_size=np.int64(3), fill=np.float32(0.5)), wanted)


def test_a_blur_by_a_patch_without_pixels_is_a_sentence():
    with pytest.raises(ValueError, match="patch_size: expected a whole number from 1 up"):
        fill_image(pixels(3, 12, 12), "blur", 0)
    assert fill_image(pixels(3, 12, 12), "blur", 1).isfinite().all()


@pytest.mark.parametrize("place", [(-1, 3), (3, 12), (float("nan"), 3), ("3", 3), (True, 3)])
def test_occlude_wants_a_place_on_the_image(place):
    with pytest.raises((ValueError, TypeError), match="[xy]: expected a finite number at least -0.5"):
        occlude(pixels(3, 12, 12), *place, patch_size=3)


def test_a_color_is_no_fill_for_a_grey_image():
    with pytest.raises(ValueError, match="one for each of 1 channels"):
        occlusion_map(ReadsPixel(0, 0), pixels(1, 8, 8), Logit(0), 2, 2, fill=(0.1, 0.2, 0.3))


def test_a_network_that_gives_infinity_is_not_drawn():
    class Divides(nn.Module):
        def __init__(self, add):
            super().__init__()
            self.add = add

        def forward(self, images):
            return 1 / (images[:, :1, 0, 0] + self.add)

    with pytest.raises(ValueError, match="expected a finite value, got inf for the image without a patch"):
        occlusion_map(Divides(0), torch.zeros(1, 3, 8, 8), Logit(0), 2, 2)
    with pytest.raises(ValueError, match=r"NaN or infinity with the patch at row, column \[0, 0\]"):
        occlusion_map(Divides(0), torch.ones(1, 3, 8, 8), Logit(0), 2, 2, fill=0)
