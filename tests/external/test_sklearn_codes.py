"""Neighbors, and maps by PCA, as scikit-learn computes them."""

import numpy as np
import pytest
import torch

from lecturelib.parameters.cnn_codes import embed_codes, nearest_neighbors, neighbor_agreement

pytestmark = pytest.mark.oracle


@pytest.fixture
def codes():
    return torch.randn(150, 20, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_the_same_neighbors(codes, metric):
    from sklearn.neighbors import NearestNeighbors

    theirs = (
        NearestNeighbors(n_neighbors=6, metric=metric).fit(codes).kneighbors(codes, return_distance=False)
    )
    assert np.array_equal(nearest_neighbors(codes, 5, metric).numpy(), theirs[:, 1:])


def test_agreement_is_leave_one_out_of_the_nearest_neighbor(codes):
    from sklearn.model_selection import LeaveOneOut, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    labels = (codes[:, 0] > 0).long()
    scores = cross_val_score(KNeighborsClassifier(1), codes.numpy(), labels.numpy(), cv=LeaveOneOut())
    assert neighbor_agreement(codes, labels) == pytest.approx(scores.mean())


def test_the_same_principal_plane(codes):
    from sklearn.decomposition import PCA

    ours, theirs = embed_codes(codes, method="pca").numpy(), PCA(2).fit_transform(codes.numpy())
    signs = np.sign((ours * theirs).sum(0))  # a flipped axis is the same plane
    np.testing.assert_allclose(ours, theirs * signs, atol=1e-4)
