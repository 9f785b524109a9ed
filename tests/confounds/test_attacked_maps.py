"""Numbers that compare maps, by hand; maps of the answered class."""

import pytest
import torch
from sklearn.metrics import roc_auc_score

from lecturelib import datasets, models
from lecturelib.confounds.attacked_maps import answer_maps, concentration, map_agreement, separation
from lecturelib.gradients.saliency import saliency_map
from lecturelib.network.units import Logit


def test_concentration_by_hand():
    map = torch.zeros(10, 10)
    map[0] = -3.0  # a tenth of the places, by its size
    assert concentration(map) == 1
    map[5] = 1.0
    assert concentration(map) == pytest.approx(0.75)
    assert concentration(torch.ones(10, 10), 0.25) == pytest.approx(0.25)
    assert concentration(torch.zeros(4, 4)) == 0


def test_separation_is_the_area_under_the_roc_curve():
    generator = torch.Generator().manual_seed(0)
    first, second = torch.rand(9, generator=generator) + 0.2, torch.rand(7, generator=generator)
    area = roc_auc_score([1] * 9 + [0] * 7, [*first.tolist(), *second.tolist()])
    assert separation(first.tolist(), second.tolist()) == pytest.approx(max(area, 1 - area))
    assert separation(second.tolist(), first.tolist()) == pytest.approx(max(area, 1 - area))
    assert separation([1.0, 1.0], [1.0]) == 0.5


def test_maps_are_those_of_the_answer_or_of_the_class_that_is_asked_for():
    net, x = models.load("lenet"), datasets.digits("test")[0][:3]
    answers = net(x).argmax(1).tolist()
    for k, map in enumerate(answer_maps(net, x)):
        torch.testing.assert_close(map, saliency_map(net, x[k : k + 1], Logit(answers[k]))[0])
    asked = answer_maps(net, x, classes=[5, 5, 5])
    torch.testing.assert_close(asked[1], saliency_map(net, x[1:2], Logit(5))[0])
    assert answer_maps(net, x, "Grad-CAM")[0].ndim == 2


def test_agreement_takes_sizes_in_their_order():
    map = torch.tensor([[1.0, -4.0], [2.0, 3.0]])
    assert map_agreement([map, map], [map.abs() ** 3, -map]) == [1.0, 1.0]


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match="method: expected 'saliency' or 'Grad-CAM'"):
        answer_maps(models.load("lenet"), torch.zeros(1, 1, 28, 28), "lime")
    with pytest.raises(ValueError, match="top: expected"):
        concentration(torch.ones(2, 2), 0)


def test_a_map_with_nan_has_no_concentration():
    with pytest.raises(ValueError, match="map: expected finite values"):
        concentration(torch.full((3, 3), torch.nan))
