"""Codes by hand, neighbors against the plain distance matrix, maps that keep groups apart, and bad input."""

import importlib

import pytest
import torch
from torch import nn

from lecturelib.models import PixelModel
from lecturelib.network.hooks import record
from lecturelib.parameters.cnn_codes import cnn_codes, embed_codes, nearest_neighbors, neighbor_agreement


@pytest.fixture
def model():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 5))
    return PixelModel(network, (0.0,), (1.0,), name="tiny", input_size=8)


@pytest.fixture
def groups():
    """Three groups of 20 codes, far apart, and their labels."""
    generator = torch.Generator().manual_seed(0)
    centers = torch.eye(3, 8) * 20
    return centers.repeat_interleave(20, 0) + torch.randn(60, 8, generator=generator), torch.arange(
        3
    ).repeat_interleave(20)


def test_codes_are_the_recorded_activations(model):
    images = torch.rand(7, 1, 8, 8)
    maps = record(model, images, ["1"])["1"]
    torch.testing.assert_close(cnn_codes(model, images, "1", batch_size=3), maps.mean((2, 3)))
    torch.testing.assert_close(cnn_codes(model, images, "1", spatial="flatten"), maps.flatten(1))
    torch.testing.assert_close(cnn_codes(model, images, "3"), record(model, images, ["3"])["3"])
    assert not cnn_codes(model, images, "3").is_inference()


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_neighbors_against_the_plain_distances(metric):
    values = torch.randn(40, 6, generator=torch.Generator().manual_seed(3))
    flat = nn.functional.normalize(values) if metric == "cosine" else values
    distances = (flat[:, None] - flat[None]).norm(dim=2).fill_diagonal_(torch.inf)
    assert torch.equal(nearest_neighbors(values, 5, metric), distances.argsort(1)[:, :5])


def test_neighbors_do_not_depend_on_the_chunk(monkeypatch):
    values = torch.randn(23, 4, generator=torch.Generator().manual_seed(3))
    before = nearest_neighbors(values, 3)
    # by name: the package's attribute `cnn_codes` is the function
    monkeypatch.setattr(importlib.import_module("lecturelib.parameters.cnn_codes"), "CHUNK", 5)
    assert torch.equal(nearest_neighbors(values, 3), before)


def test_neighbors_inside_groups_that_lie_far_apart():
    values = torch.rand(40, 3, generator=torch.Generator().manual_seed(0)) * 0.01
    values[20:] += 20
    apart = torch.cdist(values.double(), values.double()).fill_diagonal_(torch.inf)
    assert torch.equal(nearest_neighbors(values)[:, 0], apart.argmin(1))


def test_agreement_by_hand():
    line = torch.tensor([[0.0], [1.0], [2.1], [9.0], [10.0]])
    assert neighbor_agreement(line, torch.tensor([0, 0, 1, 1, 1])) == pytest.approx(4 / 5)
    assert neighbor_agreement(line, torch.tensor([0, 1, 2, 3, 4])) == 0
    assert neighbor_agreement(line, torch.zeros(5), k=4) == 1


def test_a_map_keeps_groups_together(groups):
    values, labels = groups
    for method in ("tsne", "pca"):
        plane = embed_codes(values, perplexity=10, method=method)
        assert plane.shape == (60, 2) and plane.isfinite().all()
        assert neighbor_agreement(plane, labels) == 1
        assert plane.mean(0).abs().max() < 1e-3


def test_the_seed_decides_the_map(groups):
    values, _ = groups
    first = embed_codes(values, perplexity=10, seed=1)
    assert torch.equal(first, embed_codes(values, perplexity=10, seed=1))
    assert not torch.allclose(first, embed_codes(values, perplexity=10, seed=2))


def test_pca_of_one_dimension_has_a_flat_second_axis():
    plane = embed_codes(torch.arange(5.0)[:, None], perplexity=2, method="pca")
    assert (plane[:, 1] == 0).all() and plane[:, 0].diff().abs().sub(1).abs().max() < 1e-5


def test_pca_asks_for_no_perplexity():
    assert embed_codes(torch.rand(20, 5), method="pca").shape == (20, 2)  # below the 30 that t-SNE takes


def test_three_codes_are_enough(groups):
    assert embed_codes(groups[0][::20], perplexity=2).shape == (3, 2)


def test_bad_input_is_a_sentence(model, groups):
    images, (values, labels) = torch.rand(3, 1, 8, 8), groups
    for call, error, words in [
        (lambda: cnn_codes(model, images, "conv9"), KeyError, "layer: expected a layer"),
        (lambda: cnn_codes(model, images, "1", spatial="max"), ValueError, "'mean' or 'flatten'"),
        (lambda: cnn_codes(model, images[:0], "1"), ValueError, "at least one pixel"),
        (lambda: cnn_codes(model, images + 1, "1"), ValueError, r"pixels in \[0, 1\]"),
        (lambda: cnn_codes(model, images[..., :2], "1"), ValueError, "at least 3 x 3 px"),
        (lambda: cnn_codes(model, images, "1", call=1), IndexError, "1 time"),
        (lambda: cnn_codes(model, images, "1", batch_size=-1), ValueError, "batch_size"),
        (lambda: embed_codes(values[:2], perplexity=1), ValueError, "at least 3"),
        (
            lambda: embed_codes(values, perplexity=60),
            ValueError,
            "above 0 and below 60, got 60",
        ),
        (lambda: embed_codes(values, perplexity=0), ValueError, "above 0"),
        (lambda: embed_codes(values, perplexity="5"), TypeError, "perplexity: .* got str '5'"),
        (lambda: embed_codes(values, 5, seed="a"), TypeError, "seed: expected a whole number from 0"),
        (lambda: embed_codes(values, 5, seed=-1), ValueError, "seed: expected a whole number from 0"),
        (lambda: embed_codes(values, 5, iterations="300"), TypeError, "from 250 up"),
        (lambda: embed_codes(torch.full((9, 4), 0.3), perplexity=3), ValueError, "the same code"),
        (lambda: embed_codes(values * torch.nan, perplexity=3), ValueError, "NaN"),
        (lambda: embed_codes(torch.rand(2001, 2)), ValueError, "at most 2000"),
        (lambda: embed_codes(values, 5, method="umap"), ValueError, "'tsne' or 'pca'"),
        (lambda: embed_codes(values, 5, iterations=9), ValueError, "from 250 up"),
        (lambda: embed_codes(torch.rand(9, 1, 3, 3), 5), ValueError, r"flatten\(1\)"),
        (lambda: embed_codes([1, 2, 3]), TypeError, "a tensor"),
        (lambda: nearest_neighbors(values, 60), ValueError, "k: expected a whole number from 1 to 59"),
        (lambda: nearest_neighbors(values, 0), ValueError, "k: expected a whole number from 1 to 59"),
        (lambda: nearest_neighbors(values, 1, "city"), ValueError, "'euclidean' or 'cosine'"),
        (lambda: neighbor_agreement(values, labels[:5]), ValueError, "one class per code"),
    ]:
        with pytest.raises(error, match=words):
            call()
    model.get_submodule("3").weight.data.fill_(torch.nan)
    with pytest.raises(ValueError, match="expected finite activations, got NaN"):
        cnn_codes(model, images, "3")
