"""Anomaly scores and their curve, against scikit-learn, and the shipped network's known blind spot."""

import pytest
import torch
from sklearn import metrics

from lecturelib import datasets
from lecturelib.autoencoders.anomaly import anomaly_scores, area_under_curve, roc_curve
from lecturelib.autoencoders.explore.anomalies import anomaly_explorer
from lecturelib.autoencoders.shipped_autoencoders import load_autoencoder


def scores(ties: bool):
    generator = torch.Generator().manual_seed(0)
    normal, anomalous = torch.rand(40, generator=generator), 0.3 + torch.rand(30, generator=generator)
    return ((normal * 5).round(), (anomalous * 5).round()) if ties else (normal, anomalous)


@pytest.mark.parametrize("ties", [False, True])
def test_the_curve_and_its_area_are_scikit_learns(ties):
    normal, anomalous = scores(ties)
    labels, values = [0] * 40 + [1] * 30, torch.cat([normal, anomalous]).numpy()
    expected = metrics.roc_curve(labels, values, drop_intermediate=False)
    false_alarms, hits = roc_curve(normal, anomalous)
    assert false_alarms.tolist() == pytest.approx(expected[0].tolist())
    assert hits.tolist() == pytest.approx(expected[1].tolist())
    assert area_under_curve(normal, anomalous) == pytest.approx(metrics.roc_auc_score(labels, values))


def test_clothes_stand_out_among_digits_but_an_empty_picture_does_not():
    model = load_autoencoder("digits_32")
    digits = anomaly_scores(model, datasets.digits("test")[0][:500])
    clothes = anomaly_scores(model, datasets.clothes("test")[0][:500])
    assert area_under_curve(digits, clothes) > 0.97
    assert anomaly_scores(model, torch.zeros(1, 1, 28, 28)).item() < digits.quantile(0.05)


def test_what_is_no_picture_has_no_score():
    for bad, error in (([1], TypeError), (torch.full((1, 1, 2, 2), torch.nan), ValueError)):
        with pytest.raises(error, match="images: expected"):
            anomaly_scores(lambda part: part, bad)


def test_a_score_is_the_mean_squared_error():
    x = torch.rand(3, 1, 28, 28)
    found = anomaly_scores(lambda part: part / 2, x)
    torch.testing.assert_close(found, (x / 2).square().flatten(1).mean(1))


@pytest.mark.parametrize("bad", [torch.zeros(0), torch.zeros(2, 2), [0.1], torch.tensor([float("nan")])])
def test_bad_scores_are_a_sentence(bad):
    for measure in (roc_curve, area_under_curve):
        with pytest.raises(ValueError, match="expected"):
            measure(torch.zeros(1), bad)
        with pytest.raises(ValueError, match="normal|map"):
            measure(bad, torch.zeros(1))


def test_the_prepared_thresholds_do_what_they_are_called():
    explorable = anomaly_explorer()
    for name, words in (
        ("no false alarms", " and 0.0% of the digits"),
        ("no clothes missed", "100.0% of the clothes"),
    ):
        assert words in explorable.picture(explorable.presets[name]).caption
