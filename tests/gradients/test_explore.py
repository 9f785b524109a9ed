"""What the explorables of part 5 say in their captions is what the numbers are; the tables by hand."""

import time

import numpy as np
import pytest
import torch

from lecturelib.gradients import explore
from lecturelib.gradients.explore import averages, randomization
from lecturelib.gradients.explore.methods import METHODS, unit_of
from lecturelib.gradients.explore.randomization import SCALES, scaled
from lecturelib.gradients.explore.tables import (
    COMES_BACK,
    GOES_IN,
    PLANE,
    back_through_relu,
    gradients_by_hand,
    place_of,
    point_at,
)
from lecturelib.network.units import Channel, Neuron
from lecturelib.widgets import common_controls


def test_the_lectures_table_by_every_rule():
    goes_in, signal = torch.tensor(GOES_IN).float(), torch.tensor(COMES_BACK).float()
    back = {
        rule: back_through_relu(goes_in, signal, rule).tolist()
        for rule in ("backprop", "deconvnet", "guided")
    }
    assert back["backprop"] == [[-2, 0, -1], [6, 0, 0], [0, -1, 3]]
    assert back["deconvnet"] == [[0, 3, 0], [6, 0, 1], [2, 0, 3]]
    assert back["guided"] == [[0, 0, 0], [6, 0, 0], [0, 0, 3]]


def test_the_table_says_its_numbers_aloud():
    shown = explore.relu_table().picture({"signal": "-2 3 \N{MINUS SIGN}1\n6, -3, 1\n2 -1 9\n"})
    assert "backprop keeps 5, deconvnet keeps 5, guided keeps 2" in shown.caption
    assert "signal: -2 3 -1, 6 -3 1, 2 -1 9" in shown.alt


@pytest.mark.parametrize(
    "text", ["", "1 2 3", "1 2 3\n4 5 6\n7 8", "1 2 3\n4 5 6\n7 8 x", "1 2 3\n4 5 6\n7 8 nan"]
)
def test_what_is_no_table_is_a_sentence(text):
    with pytest.raises(ValueError, match="signal: expected three lines of three numbers from -99 to 99, got"):
        explore.relu_table().picture({"signal": text})


def test_the_dot_stays_inside_and_moves_by_tenths():
    explorable = explore.linear_and_step()
    (pointer,) = explorable.controls.values()
    for place in ((0.0, 0.0), (1.0, 1.0), (0.31, 0.77)):
        x1, x2 = point_at(*place)
        assert abs(x1) <= 4 and abs(x2) <= 4
        shown = explorable.picture({"x": place[0], "y": place[1]})
        assert f"x = ({x1:g}, {x2:g})" in shown.caption
        plane = shown.pixels[:PLANE, :PLANE].astype(int)
        dot = (plane == 0).all(2)  # black; the whole disc is there
        assert dot.sum() > 120 and not (dot[0].any() or dot[-1].any() or dot[:, 0].any() or dot[:, -1].any())
    x, y = pointer.value
    assert point_at(x + pointer.step, y) == [1.1, -2.0] and point_at(x, y - pointer.step) == [1.0, -1.9]


def test_linear_is_explained_and_the_step_is_not():
    found = gradients_by_hand(torch.tensor([1.0, -2.0]))
    assert found["linear"][0] == 7 and found["linear"][1].tolist() == [5, 2]
    assert found["step"][0] == 1 and found["step"][1].tolist() == [0, 0]
    caption = explore.linear_and_step().picture(place_of(1.0, -2.0)).caption
    assert "Linear: y = 7, gradient (5, 2), gradient times input 5 and -4, which explains y" in caption
    assert "leaves 1 of y unexplained" in caption


@pytest.mark.parametrize("how", SCALES)
def test_every_normalization_keeps_the_order(how):
    map = torch.rand(9, 9, generator=torch.Generator().manual_seed(0))
    share = scaled(map, how)
    assert share.min() >= 0 and share.max() <= 1
    order = map.flatten().argsort()
    assert (share.flatten()[order].diff() >= 0).all()
    assert not scaled(torch.zeros(3, 3), "smallest to largest").any()


def test_units_by_name():
    explorable = explore.window_explorer("lenet")
    start = explorable.state | {"own": None}
    assert str(unit_of(start)).startswith("score of")
    state = start | {"kind": "channel", "layer": "conv2", "rank": 1}
    strongest = unit_of(state)
    assert isinstance(strongest, Channel) and strongest.layer == "conv2"
    neuron = unit_of(state | {"kind": "neuron"})
    assert isinstance(neuron, Neuron) and neuron.channel == strongest.channel
    with pytest.raises(ValueError, match="method_0"):
        explorable.picture({"method_0": "crystal ball"})


@pytest.mark.parametrize("method", METHODS)
def test_each_method_in_the_window_explorer(method):
    explorable = explore.window_explorer("lenet", "3")
    alone = {"kind": "neuron", "method_0": method, "method_1": "none", "method_2": "none", "method_3": "none"}
    shown = explorable.picture(alone)
    assert method in shown.alt and "clipped at percentile 99" in shown.caption
    again = explorable.picture(alone | {"percentile": 100})  # from memory, drawn anew
    assert "nothing is clipped" in again.caption
    assert shown.pixels.shape == again.pixels.shape


def test_a_channel_asks_for_no_class_and_a_class_for_no_layer():
    explorable = explore.window_explorer()
    assert explorable.controls_at({"kind": "channel"})["class_index"].shown == ("not asked for",)
    assert explorable.controls_at({"kind": "class score"})["layer"].options == ("output",)
    methods = {
        kind: explorable.controls_at({"kind": kind})["method_0"].options for kind in ("neuron", "class score")
    }
    assert set(methods["neuron"]) - set(methods["class score"]) == {"deconvnet"}


def test_slow_methods_sharpen_and_end_where_the_library_does():
    explorable = explore.integrated_gradients_explorer()
    steps = list(explorable.pictures({"steps": 64}))
    assert len(steps) > 1 and "of the path so far" in steps[0].caption and "so far" not in steps[-1].caption
    errors = [_error(explorable.picture({"steps": count})) for count in (1, 128)]
    assert errors[1] < errors[0]


def _error(shown) -> float:
    return float(shown.caption.split("completeness error ")[1].split(" ")[0].rstrip("."))


def test_control_explorer_says_the_correlation():
    explorable = explore.randomization_explorer("lenet", "edges (no network)")
    assert "trained network's map: 1.00" in explorable.picture({"depth": 2}).caption
    gradient = explorable.picture({"depth": 4, "method": "gradient"})
    assert "trained network's map: 1.00" not in gradient.caption
    assert "none 1.00" in gradient.alt


def test_same_map_is_the_same_numbers():
    explorable = explore.same_map()
    scales = {"left": "rank of each pixel", "left_palette": "viridis"}
    shown = explorable.picture(scales | {"right": "rank of each pixel", "right_palette": "viridis"})
    (left, top, right, bottom), (left2, _, right2, _) = shown.panels[1:]
    height, width = shown.pixels.shape[:2]
    rows = slice(round(top * height), round(bottom * height))
    first = shown.pixels[rows, round(left * width) : round(right * width)]
    second = shown.pixels[rows, round(left2 * width) : round(right2 * width)]
    assert np.array_equal(first, second)


def test_one_method_costs_little_more_than_its_pass():
    explorable = explore.window_explorer()
    explorable.picture()
    model = common_controls.network("alexnet")
    image = common_controls.chosen_image({**explorable.state, "own": None})
    began = time.process_time()
    for _ in range(5):
        model(image)
    forward = time.process_time() - began
    began = time.process_time()
    for percentile in (90, 95, 98, 99.5, 100):  # remembered maps: only drawing is left
        explorable.picture({"percentile": percentile})
    assert time.process_time() - began < 20 * forward


def test_another_view_of_integrated_gradients_takes_no_pass(monkeypatch):
    explorable = averages.integrated_gradients_explorer("lenet", "3")
    explorable.picture({"steps": 8})
    monkeypatch.setattr(averages, "iter_integrated_gradients", None)  # a call would fail
    assert "8 steps" in explorable.picture({"steps": 8, "percentile": 90}).caption


def test_a_slow_method_is_shown_before_its_average_is_done(monkeypatch):
    monkeypatch.setattr(randomization, "PATIENCE", 0.0)
    explorable = randomization.randomization_explorer("lenet", "integrated gradients")
    shown = list(explorable.pictures({"depth": 1}))
    pictures = [picture.png() for picture in shown]
    assert len(set(pictures)) > 5  # estimate after estimate, then layer after layer
    assert pictures[-1] == explorable.picture({"depth": 1}).png()


# --- every method has a control ------------------------------------------------------------------------------


def test_the_winning_output_of_each_row_is_what_a_loop_finds():
    from lecturelib.gradients.explore.table_sensitivity import _data, _sensitivity, _trained

    of = ("iris", 10, 0)
    net, _ = _trained(*of, tuple(range(14)))
    rows = _data(*of)[0]
    found = _sensitivity(net, rows, -1)
    gradients = []
    for row in rows:
        one = row.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(net(one[None]).max(), one)
        gradients.append(gradient)
    gradients = torch.stack(gradients)
    torch.testing.assert_close(found.mean_abs, gradients.abs().mean(0))
    torch.testing.assert_close(found.mean, gradients.mean(0), atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(found.share_positive, (gradients > 0).float().mean(0))


def test_a_spectrum_that_falls_as_one_over_frequency_is_seen_to_do_so():
    from lecturelib.gradients.explore.spectral import BANDS, spectrum

    rows = torch.fft.fftfreq(224)[:, None].double() * 224
    frequency = torch.hypot(rows, rows.T).clamp_min(1)
    slopes = []
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        phase = torch.rand(224, 224, generator=generator, dtype=torch.double) * 2 * np.pi
        made = spectrum(torch.fft.ifft2(torch.polar(1 / frequency, phase)).real[None, None])
        slopes.append((made[-3] - made[4]) / (np.log2(BANDS[-3]) - np.log2(BANDS[4])))
    assert np.mean(slopes) == pytest.approx(-1, abs=0.05)


def test_the_curves_are_those_of_the_method_and_the_picture_is_at_its_share():
    from lecturelib.gradients import insertion_deletion, saliency_map
    from lecturelib.gradients.explore import insertion_deletion_explorer
    from lecturelib.network import Logit, Probability

    explorable = insertion_deletion_explorer("lenet", "3")
    shown = explorable.picture({"taken": 40})
    state = {**explorable.state, "own": None}
    model, image = common_controls.network("lenet"), common_controls.chosen_image(state)
    found = insertion_deletion(model, image, saliency_map(model, image, Logit(3))[0], Probability(3), 20)
    assert f"Area under deletion {found.deletion_area:.2f}" in shown.caption
    assert (
        f"deletion: {found.deletion[8]:.0%}" in shown.svg
        and f"insertion: {found.insertion[8]:.0%}" in shown.svg
    )


def test_grad_cam_of_each_layer_has_its_cells():
    from lecturelib.gradients.explore import grad_cam_explorer

    explorable = grad_cam_explorer()
    for layer, cells in (("conv1", 55), ("conv3", 13), ("relu5", 13)):
        assert f"at {layer}: {cells} × {cells} cells" in explorable.picture({"layer": layer}).caption
