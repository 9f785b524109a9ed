"""What the explorables of class images, regularizers, dreams, inversions and starts say is what was measured."""

import importlib
import re

import pytest
import torch

from lecturelib.images import photo
from lecturelib.network.hooks import record
from lecturelib.network.units import Channel, read
from lecturelib.optimization import explore, shipped_frames
from lecturelib.optimization.deep_dream import deep_dream as deep_dream_of
from lecturelib.optimization.deep_dream import zoomed
from lecturelib.optimization.deep_prior import psnr
from lecturelib.optimization.explore import (
    class_images,
    deep_dream,
    deep_prior,
    dream_cascade,
    inversions,
    regularizer_comparison,
    starts,
)
from lecturelib.optimization.inversion import inversion_error
from lecturelib.optimization.regularizer_comparison import (
    REGULARIZATIONS,
    high_frequency_share,
    iter_maximize_with,
    maximize_with,
    under_jitter,
)
from lecturelib.widgets import common_controls


@pytest.fixture(autouse=True)
def nothing_remembered():
    importlib.import_module("lecturelib.widgets.emerging")._finished.clear()


# --- class images ----------------------------------------------------------------------------------------------


def test_more_lambda_means_nearer_to_grey_and_a_smaller_score():
    for recipe in ("L2", "total variation"):
        away, scores = [], []
        for lam in class_images.LAMBDAS[recipe]:
            frame = shipped_frames.frame("class_image", class_name="flamingo", recipe=recipe, lam=lam)
            away.append((frame.image - 0.5).square().mean().item())
            scores.append(frame.numbers["score"])
        assert away == sorted(away, reverse=True)
        assert scores[-1] < scores[0]


def test_the_frame_comes_first_and_going_on_raises_the_score():
    explorable = explore.class_image_explorer()
    shown = list(explorable.pictures({"live": 8}))
    assert "8 of 8 live" in shown[-1].caption and "live" not in shown[0].caption
    scores = [float(re.search(r"Score ([\d.]+)", one.caption)[1]) for one in (shown[0], shown[-1])]
    assert scores[1] > 0.8 * scores[0]  # the live score is that of a moved picture
    again = list(explorable.pictures({"live": 8}))
    assert len(again) == 2 and again[-1].caption == shown[-1].caption


def test_the_judge_is_another_network():
    frame = shipped_frames.frame("class_image", class_name="volcano", recipe="Fourier, moved", lam=250)
    probabilities = class_images.judged(frame.image)
    assert probabilities.shape == (1000,) and probabilities.sum().item() == pytest.approx(1, abs=1e-4)
    caption = explore.class_image_explorer("volcano").picture().caption
    asked = common_controls.network(class_images.JUDGE).classes.index("volcano")
    assert f"{probabilities[asked]:.1%}" in caption


def test_lambdas_follow_the_recipe_and_the_class():
    explorable = explore.class_image_explorer()
    for recipe, lambdas in class_images.LAMBDAS.items():
        assert explorable.controls_at({"recipe": recipe})["lam"].options == lambdas
    others = explorable.controls_at({"class_name": class_images.MORE[0]})
    assert others["recipe"].options == (class_images.STATISTICS,) and len(others["lam"].options) == 1


def test_the_learning_rate_of_the_statistics_cools_down():
    weight = torch.zeros(1, requires_grad=True)
    optimizer = class_images.cooling([weight])
    rates = []
    for _ in range(class_images.STATISTICS_STEPS):
        weight.grad = torch.ones(1)
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
    assert rates[0] == 0.04 and rates == sorted(rates, reverse=True) and rates[-1] < 0.0025


# --- regularizers ------------------------------------------------------------------------------------------------


def test_fine_detail_by_hand():
    columns = torch.arange(32.0)
    slow = (0.5 + 0.25 * torch.cos(2 * torch.pi * columns / 16)).expand(1, 3, 32, 32)
    fast = (0.5 + 0.25 * torch.cos(torch.pi * columns)).expand(1, 3, 32, 32)
    assert high_frequency_share(slow).item() == pytest.approx(0, abs=1e-6)
    assert high_frequency_share(fast).item() == pytest.approx(1, abs=1e-6)
    # a wave that alternates has twice the variance of a slow one of the same height
    assert high_frequency_share((slow + fast) / 2).item() == pytest.approx(2 / 3, abs=1e-5)
    assert high_frequency_share(torch.full((2, 3, 8, 8), 0.3)).tolist() == [0, 0]
    with pytest.raises(ValueError, match="pixels in"):
        high_frequency_share(slow * 3)


def test_moving_an_even_picture_changes_nothing():
    model, unit = common_controls.network("alexnet"), Channel("conv2", 27)
    even = torch.full((1, 3, 96, 96), 0.4)
    with pytest.raises(ValueError, match="draws"):
        under_jitter(model, even, unit, draws=0)
    with pytest.raises(ValueError, match="image: expected one image"):
        under_jitter(model, even.repeat(2, 1, 1, 1), unit)
    assert under_jitter(model, even, unit, draws=3) == pytest.approx(read(model, even, unit).item(), abs=1e-3)


def test_noise_does_not_survive_being_moved_and_fourier_does():
    for label in regularizer_comparison.UNITS:
        numbers = {
            name: shipped_frames.frame("regularizer_comparison", unit=label, regularization=name).numbers
            for name in REGULARIZATIONS
        }
        kept = {name: found["moved"] / found["value"] for name, found in numbers.items()}
        assert kept["none"] < 0.25 < 0.7 < kept["Fourier"]
        assert numbers["none"]["fine"] > 2 * numbers["Fourier"]["fine"]


def test_a_regularization_live_is_the_ascent_itself():
    shown = list(
        explore.regularizer_explorer("conv3, channel 5").pictures({"regularization": "L2", "live": 16})
    )
    step = maximize_with(
        common_controls.network("alexnet"),
        Channel("conv3", 5),
        "L2",
        size=regularizer_comparison.SIZE,
        steps=16,
    )
    assert (
        f"value {step.value.item():.3g}" in shown[-1].caption and "16 steps from noise" in shown[-1].caption
    )


def test_all_regularizations_are_shipped_only_and_one_may_be_live():
    explorable = explore.regularizer_explorer()
    assert explorable.controls_at({"regularization": regularizer_comparison.ALL})["live"].options == (0,)
    assert explorable.controls_at({"regularization": "none"})["live"].options == regularizer_comparison.LIVE
    assert explorable.controls_at({"regularization": "none"})["seed"].options == (0,)
    assert (
        explorable.controls_at({"regularization": "none", "live": 16})["seed"].options
        == regularizer_comparison.SEEDS
    )
    with pytest.raises(KeyError, match="regularization: expected a known regularization, got top"):
        iter_maximize_with(common_controls.network("alexnet"), Channel("conv3", 5), "top")


# --- dreams ----------------------------------------------------------------------------------------------------


def test_a_dream_is_shipped_where_it_takes_long_and_live_elsewhere():
    explorable = explore.dream_explorer()
    assert "shipped at 384 px" in explorable.picture().caption
    live = list(explorable.pictures({"layer": "alexnet relu2", "octaves": 2, "steps": 2}))
    assert "live, now 224 px" in live[-1].caption and "2 octaves of 2 steps" in live[-1].caption
    values = [
        step.value.item()
        for step in deep_dream.iter_dream("alexnet relu2", deep_dream.photo_for("cat", 160), 1, 5)
    ]
    assert values[-1] > 2 * values[0]


def test_a_dream_begins_in_noise_too():
    small = explore.dream_explorer().picture(
        {"picture": "noise", "layer": "alexnet relu2", "octaves": 1, "steps": 2}
    )
    assert "dreams of noise" in small.caption
    shipped = explore.dream_explorer().picture({"picture": "noise", "octaves": 4, "steps": 20})
    assert f"shipped at {deep_dream.NOISE_SIZE} px" in shipped.caption


def test_steps_begin_with_what_is_shipped_or_with_a_live_dreams():
    explorable = explore.dream_explorer()

    def steps(**state):
        return explorable.controls_at(state)["steps"]

    assert steps(picture="temple").value == deep_dream.STEPS
    assert steps(picture="cat").value == deep_dream.LIVE_STEPS == 20
    assert deep_dream.STEPS not in steps(picture="cat").options


def test_a_cascade_mixes_layers_by_their_share_and_goes_on_from_frame_to_frame():
    weights = dream_cascade.weights_of("cat", "relu2 and relu5", 0.25)
    acts = record(common_controls.network("alexnet"), dream_cascade.start_of("cat"), ["relu2", "relu5"])
    parts = {layer: weight * acts[layer].square().mean().item() / 2 for layer, weight in weights.items()}
    assert parts == pytest.approx({"relu2": 0.75, "relu5": 0.25})
    explorable = explore.cascade_explorer()
    state = {"picture": "cat", "share": 1.0, "zoom": 1.3}
    second = list(explorable.pictures({**state, "frame": 2}))
    assert len(second) == 2 and "the middle of frame 1, enlarged 1.3 times" in second[-1].caption
    assert len(list(explorable.pictures({**state, "frame": 1}))) == 1  # known by now
    made = dream_cascade._runs["cat", "relu2 and relu5", 1.0, 1.3][1]
    model, settings = common_controls.network("alexnet"), dream_cascade.SETTINGS
    # the step has a fixed size, so one layer alone dreams the same with any weight
    alone = deep_dream_of(model, "relu5", dream_cascade.start_of("cat"), **settings).image
    torch.testing.assert_close(made[0], alone, atol=0.02, rtol=0)
    again = deep_dream_of(model, "relu5", zoomed(made[0], 1.3), seed=1, **settings).image
    torch.testing.assert_close(made[1], again, atol=0.02, rtol=0)


# --- inversions ------------------------------------------------------------------------------------------------


def test_the_face_goes_with_depth():
    errors, baseline = inversions.shipped_errors(inversions.LAMBDAS[1])
    by_layer = dict(zip(inversions.LAYERS, errors, strict=True))
    assert by_layer["conv1"] < by_layer["conv2"] < by_layer["conv3"] < by_layer["conv4"] < by_layer["fc6"]
    assert by_layer["conv1"] < 0.25 * baseline
    assert min(by_layer[layer] for layer in ("fc6", "fc7", "fc8")) > 0.8 * baseline


def test_the_slider_says_how_much_was_kept():
    explorable = explore.privacy_slider()
    assert "64,896 numbers of conv3 were kept, of 150,528" in explorable.picture().caption
    assert "10 numbers of fc8 were kept" in explorable.picture({"layer": "fc8"}).caption


def test_its_error_is_the_librarys():
    frame = shipped_frames.frame("inversion", layer="pool2", lam=inversions.LAMBDAS[1])
    error = inversion_error(
        common_controls.network("alexnet"), "pool2", frame.image, inversions.face("astronaut")
    )
    assert f"is {error.pixel:.2f} off" in explore.privacy_slider(layer="pool2").picture().caption


def test_another_face_is_looked_for_live():
    shown = list(explore.privacy_slider("hopper", "conv1").pictures())
    off = [float(re.search(r"is ([\d.]+) off", one.caption)[1]) for one in (shown[0], shown[-1])]
    assert off[1] < 0.5 * off[0]
    assert f"{inversions.LIVE_STEPS} of {inversions.LIVE_STEPS} steps, live" in shown[-1].caption


# --- nine starts -----------------------------------------------------------------------------------------------


def test_a_sheet_comes_apart_as_it_was_put_together():
    nine = torch.rand(9, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    sheet = starts.as_sheet(nine)
    assert sheet.shape == (1, 3, 15, 15)
    assert torch.equal(sheet[0, :, 5:10, 10:], nine[5])
    assert torch.equal(starts.from_sheet(sheet), nine)


def test_equal_pictures_are_alike():
    one = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert starts.alikeness(one.repeat(3, 1, 1, 1), "conv2") == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("unit", starts.UNITS)
def test_the_diversity_term_keeps_them_apart_and_costs_value(unit):
    numbers = [shipped_frames.frame("nine", unit=unit, weight=weight).numbers for weight in starts.WEIGHTS]
    alike = [found["alike"] for found in numbers]
    assert alike == sorted(alike, reverse=True) and alike[-1] < 0.65 < 0.95 < alike[0]
    assert numbers[-1]["value"] < numbers[0]["value"]


# --- the deep image prior ------------------------------------------------------------------------------------


def test_the_curve_belongs_to_the_pictures_and_falls_at_the_end():
    steps, decibels, noisy = deep_prior.curves()
    clean = photo(deep_prior.PHOTO, deep_prior.SIZE)
    for label, key in deep_prior.KEYS.items():
        for after in deep_prior.AFTER:
            image = shipped_frames.frame("deep_prior", shown=key, after=after).image
            assert psnr(image, clean) == pytest.approx(decibels[label][steps.index(after)], abs=0.02)
    output, mean = decibels[deep_prior.OUTPUT], decibels[deep_prior.MEAN]
    assert max(mean) > max(output) > noisy + 3
    assert output[-1] < max(output) - 0.5, "it fits the noise"
    picture = explore.deep_prior_explorer().picture({"after": 3000})
    assert f"after 3,000 steps: {output[-1]:.1f} dB" in picture.caption
