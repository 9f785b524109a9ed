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
