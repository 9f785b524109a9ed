"""Anomaly detection: what an autoencoder cannot reconstruct is unlike its training data, often."""

from collections.abc import Callable

import torch
from torch import Tensor

from lecturelib.checks import check_images, check_map, complaint, described


@torch.no_grad()
def anomaly_scores(model: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """The anomaly score of each picture, (N,): the mean squared error of its reconstruction.

    images (N, C, H, W) in [0, 1]; `TypeError` or `ValueError` for others.

    >>> anomaly_scores(torch.zeros_like, torch.ones(2, 1, 28, 28)).tolist()
    [1.0, 1.0]
    """
    check_images(images)
    errors = [(model(part) - part).square().flatten(1).mean(1) for part in images.split(500)]
    return torch.cat(errors)


def roc_curve(normal: Tensor, anomalous: Tensor) -> tuple[Tensor, Tensor]:
    """Receiver operating characteristic: (false alarms, hits) as the threshold falls, both from 0 to 1.

    normal (n,), anomalous (m,): scores; a score at or above the threshold raises the alarm. Raises `ValueError` for no
    scores or NaN among them.

    >>> false_alarms, hits = roc_curve(torch.tensor([0.1, 0.2]), torch.tensor([0.9]))
    >>> false_alarms.tolist(), hits.tolist()
    ([0.0, 0.0, 0.5, 1.0], [0.0, 1.0, 1.0, 1.0])
    """
    _check_scores(normal, anomalous)
    scores = torch.cat([normal, anomalous])
    thresholds = torch.cat([torch.tensor([float("inf")]).to(scores), scores.unique().flip(0)])
    false_alarms = (normal >= thresholds[:, None]).float().mean(1)
    hits = (anomalous >= thresholds[:, None]).float().mean(1)
    return false_alarms, hits


def area_under_curve(normal: Tensor, anomalous: Tensor) -> float:
    """Area under the ROC curve: the chance that an anomalous score is above a normal one, ties counted half.

    Raises `ValueError` for no scores or NaN among them.

    >>> area_under_curve(torch.tensor([0.1, 0.2]), torch.tensor([0.9, 0.15]))
    0.75
    """
    _check_scores(normal, anomalous)
    above = (anomalous[:, None] > normal).double().mean()
    equal = (anomalous[:, None] == normal).double().mean()
    return (above + equal / 2).item()


def _check_scores(normal: Tensor, anomalous: Tensor) -> None:
    for name, scores in (("normal", normal), ("anomalous", anomalous)):
        if not isinstance(scores, Tensor) or scores.ndim != 1 or not len(scores):
            raise ValueError(complaint(name, "scores (n,), at least one", described(scores)))
        check_map(scores[None])
