"""The live ascents of part 6: what is asked for is what rises, and each control changes what it names."""

import pytest
import torch

from lecturelib.network import Channel, Layer, read
from lecturelib.optimization import maximize
from lecturelib.optimization.explore import objective_explorer, penalty_explorer
from lecturelib.optimization.explore.objectives import KINDS, MOVED, PENALTY, RATE, SIZE, objective_of
from lecturelib.optimization.explore.penalties import PENALTIES, transforms_of
from lecturelib.optimization.regularizers import total_variation
from lecturelib.widgets import common_controls


@pytest.mark.parametrize("kind", KINDS)
def test_an_objective_is_what_its_name_says(kind):
    model = common_controls.network("alexnet")
    image = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    state = {"layer": "conv4", "a": 3, "b": 9, "mix": 0.25, "objective": kind}
    a, b = (read(model, image, Channel("conv4", k)).item() for k in (3, 9))
    whole = read(model, image, Layer("conv4")).item()
    expected = dict(zip(KINDS, (a, -a, a + b, a - b, 0.75 * a + 0.25 * b, whole), strict=True))
    assert read(model, image, objective_of(state)).item() == pytest.approx(expected[kind], rel=1e-4, abs=1e-5)


def test_the_picture_is_that_of_maximize():
    explorable = objective_explorer()
    shown = explorable.picture({"objective": "A - B", "steps": 16, "a": 3, "b": 9, "seed": 2})
    model, unit = common_controls.network("alexnet"), Channel("conv4", 3) - Channel("conv4", 9)
    step = maximize(
        model, unit, size=SIZE, steps=16, seed=2, transforms=MOVED, learning_rate=RATE,
        regularizers=(total_variation(PENALTY),),
    )  # fmt: skip
    small = torch.from_numpy(shown.pixels[::4, ::4].copy()).permute(2, 0, 1) / 255
    assert small.shape == step.image.shape[1:] and (small - step.image[0]).abs().max() < 0.01


def test_a_stronger_penalty_leaves_less_fine_detail():
    explorable = penalty_explorer()

    def fine(**given) -> int:
        caption = explorable.picture({"steps": 16, **given}).caption
        return int(caption.rpartition("fine detail: ")[2].rstrip("%."))

    bare = fine(penalty="none")
    for name in PENALTIES:
        if name in ("total variation", "Gaussian blur", "bilateral filter", "wavelet shrinkage"):
            assert fine(penalty=name, strength=4.0) < fine(penalty=name, strength=0.25) <= bare, name


def test_what_is_zero_does_not_move_the_picture():
    assert transforms_of({"jitter": 0, "rotation": 0, "scale": 0}) == ()
    assert len(transforms_of({"jitter": 8, "rotation": 5, "scale": 10})) == 3


def test_a_prior_is_the_one_that_it_is_called():
    from lecturelib.optimization import GANPrior, LayerStatistics, VAEPrior
    from lecturelib.optimization.explore.priors import PRIORS, settings_of

    for prior, name in PRIORS.items():
        given = settings_of(prior, 30.0, 1)
        if name.endswith(("_vae", "_gan")):
            kind = VAEPrior if name.endswith("_vae") else GANPrior
            form = given["parametrization"]
            assert type(form) is kind and form.generator.name == name
        elif name:
            (kept,) = given["regularizers"]
            assert isinstance(kept, LayerStatistics) and kept.weight == 30.0
    assert settings_of("none (Fourier)", 0.0, 1) == {}


def test_a_heavier_weight_brings_a_layer_nearer_to_its_statistics():
    from lecturelib.network import Logit, recording
    from lecturelib.optimization.explore.priors import _measured, settings_of

    model, found = common_controls.network("fashion_lenet"), []
    for weight in (1.0, 300.0):
        given = settings_of("statistics of conv1", weight, 0)
        image = maximize(model, Logit(8), steps=25, transforms=(), **given).image
        with torch.no_grad(), recording(model, ["conv1"]) as acts:
            acts.forward(image)
        found.append(_measured("conv1").distance(acts.maps("conv1").flatten(2)).item())
    assert found[1] < 0.5 * found[0]
