"""The map of two code numbers: places, densities and neighbors by hand."""

import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from lecturelib.autoencoders.autoencoder_networks import Autoencoder
from lecturelib.autoencoders.code_map import (
    CodeMap,
    code_map,
    decoded_grid,
    density,
    interpolate,
    nearest_neighbor_accuracy,
)


def square(codes, labels=None):
    labels = torch.zeros(len(codes)) if labels is None else labels
    return CodeMap(codes, labels, torch.tensor([-1.0, -2.0]), torch.tensor([1.0, 2.0]))


@pytest.mark.parametrize(
    "x, y, code", [(0, 1, (-1, -2)), (1, 0, (1, 2)), (0.5, 0.5, (0, 0)), (0.75, 0.25, (0.5, 1))]
)
def test_places_and_codes_are_each_others_reverse(x, y, code):
    found = square(torch.zeros(1, 2))
    assert found.at(x, y)[0].tolist() == pytest.approx(code)
    assert found.place(torch.tensor(code, dtype=torch.float)) == pytest.approx((x, y))


def test_the_map_holds_nearly_all_codes():
    torch.manual_seed(0)
    x = torch.rand(200, 1, 28, 28)
    found = code_map(Autoencoder(2, (8,)), x, torch.zeros(200), edge=0.01)
    inside = ((found.codes >= found.low) & (found.codes <= found.high)).all(1)
    assert inside.float().mean() > 0.95
    with pytest.raises(ValueError, match="a code of 2 numbers, got 3"):
        code_map(Autoencoder(3, (8,)), x, torch.zeros(200))


def test_neighbors_are_scikit_learns():
    generator = torch.Generator().manual_seed(0)
    codes, labels = torch.randn(120, 2, generator=generator), torch.arange(120) % 3
    test, test_labels = torch.randn(50, 2, generator=generator), torch.arange(50) % 3
    oracle = KNeighborsClassifier(1).fit(codes.numpy(), labels.numpy())
    expected = oracle.score(test.numpy(), test_labels.numpy())
    assert nearest_neighbor_accuracy(codes, labels, test, test_labels) == pytest.approx(expected)


def test_a_code_is_not_its_own_neighbor():
    codes = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.1, 0.0]])
    assert nearest_neighbor_accuracy(codes, torch.tensor([0, 0, 1])) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="labels"):
        nearest_neighbor_accuracy(codes, torch.tensor([0, 1]))


def test_density_has_the_top_row_first_and_its_mass_where_codes_are():
    codes = torch.tensor([[0.9, 1.9]] * 5 + [[-0.9, -1.9]])  # upper right five times, lower left once
    found = density(square(codes), cells=10, blur=0.3)
    assert found.shape == (10, 10) and found.max() == 1 and found[0, 9] == 1
    assert found[9, 0].item() == pytest.approx(0.2, abs=0.01) and found[5, 5] < 1e-3


def test_codes_beyond_the_edges_are_not_counted():
    codes = torch.tensor([[0.0, 0.0], [-1.1, 0.0], [1.1, 0.0], [0.0, -2.2], [0.0, 2.2]])  # four just outside
    assert torch.equal(density(square(codes), 10, 0.01), density(square(codes[:1]), 10, 0.01))


def test_test_codes_come_with_their_labels():
    codes, labels = torch.eye(3), torch.arange(3)
    for alone in ({"test_codes": codes}, {"test_labels": labels}):
        with pytest.raises(ValueError, match="both or none, got test_"):
            nearest_neighbor_accuracy(codes, labels, **alone)


def test_the_grid_is_read_row_by_row_from_the_top():
    class Echo(torch.nn.Module):
        code_size = 2

        def decode(self, codes):
            return codes

    grid = decoded_grid(Echo(), square(torch.zeros(1, 2)), across=2)
    assert grid.tolist() == [[-0.5, 1.0], [0.5, 1.0], [-0.5, -1.0], [0.5, -1.0]]


def test_interpolation_ends_at_both_reconstructions():
    torch.manual_seed(0)
    model = Autoencoder(2, (8,))
    one, other = torch.rand(1, 1, 28, 28), torch.rand(1, 1, 28, 28)
    codes, pixels = interpolate(model, one, other, 5)
    torch.testing.assert_close(codes[0], model(one)[0])
    torch.testing.assert_close(codes[-1], model(other)[0])
    torch.testing.assert_close(pixels[2], (one + other)[0] / 2)
    with pytest.raises(ValueError, match="steps"):
        interpolate(model, one, other, 1)


@pytest.mark.parametrize(
    "call", [lambda m: density(m, 1), lambda m: density(m, 8, 0.0), lambda m: decoded_grid(None, m, 0)]
)
def test_bad_numbers_are_a_sentence(call):
    with pytest.raises(ValueError, match="expected"):
        call(square(torch.zeros(1, 2)))
