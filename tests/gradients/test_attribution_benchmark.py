"""The table of methods: what knows the box gets it, what knows nothing does not."""

import pytest
import torch

from lecturelib import datasets, models
from lecturelib.gradients.attribution_benchmark import METHODS, center_box, planted_scores, random_map
from lecturelib.gradients.localization import mass_inside


def test_an_oracle_and_a_constant():
    images, _, boxes = datasets.clothes_on_textures(8, 0, "test")

    def oracle(model, image, unit):
        k = (images == image).flatten(1).all(1).nonzero().item()
        top, left, bottom, right = boxes[k].tolist()
        map = torch.zeros(64, 64)
        map[top:bottom, left:right] = 1
        return map

    told = []
    methods = {"nothing": lambda *_: torch.ones(64, 64), "oracle": oracle}
    scores = planted_scores(methods, n=8, progress=lambda done, total: told.append((done, total)))
    by_name = {score.method: score for score in scores}
    assert scores[0].method == "oracle" and told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    best, nothing = by_name["oracle"], by_name["nothing"]
    assert best.mass_inside == best.pointing == best.randomized_mass == 1 and best.iou > 0.8
    assert nothing.mass_inside == nothing.pointing == nothing.iou == 0
    area = torch.tensor([mass_inside(torch.ones(64, 64), box) for box in boxes]).mean().item()
    assert by_name["random map"].mass_inside == pytest.approx(area, abs=0.02)
    assert set(by_name) == {"oracle", "nothing", "center box", "random map"}


def test_gradients_find_the_object_and_an_untrained_network_does_not():
    scores = {score.method: score for score in planted_scores(["saliency", "guided backprop"], n=16)}
    for name in ("saliency", "guided backprop"):
        assert scores[name].mass_inside > scores["random map"].mass_inside + 0.15
        assert scores[name].mass_inside > scores[name].randomized_mass + 0.1
        assert 0.3 < scores[name].cost < 10


def test_every_method_gives_a_map_and_leaves_the_model():
    model = models.load("textures_net")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first = planted_scores(n=2, model=model)
    assert {score.method for score in first} == {*METHODS, "center box", "random map"}
    assert all(0 <= score.mass_inside <= 1 and 0 <= score.iou <= 1 and score.cost >= 0 for score in first)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_baselines():
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(random_map(None, image, None), random_map(None, image, None))
    square = center_box(None, image, None)
    assert square.sum().item() == pytest.approx(36 * 36, abs=0.01) and square.argmax() == 32 * 64 + 32


def test_bad_input():
    with pytest.raises(KeyError, match="methods: expected a known method, got magic"):
        planted_scores(["magic"])
    for methods in ("saliency", [], {}, 3, {"a": 1}):
        with pytest.raises(TypeError, match="methods"):
            planted_scores(methods)
    for n, error in ((0, ValueError), (-1, ValueError), (2.0, TypeError), (True, TypeError)):
        with pytest.raises(error, match="n: expected a whole number from 1 up"):
            planted_scores(["saliency"], n=n)
    with pytest.raises(ValueError, match="seed"):
        planted_scores(["saliency"], n=1, seed=-1)
    with pytest.raises(ValueError, match="64 x 64"):
        planted_scores({"small": lambda *_: torch.rand(8, 8)}, n=1)
