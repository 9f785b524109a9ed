"""Soft attention over cells: weights by hand, and what a cell can see."""

import pytest
import torch

from lecturelib.visual_attention.cell_attention import CellAttentionNetwork, cell_centers

IMAGES = torch.rand(3, 1, 60, 60, generator=torch.Generator().manual_seed(0))


def network():
    torch.manual_seed(0)
    return CellAttentionNetwork(60)


def test_the_context_is_the_weighted_mean_of_the_cells():
    net = network()
    logits, weights = net.attend(IMAGES)
    assert torch.allclose(weights.sum((1, 2)), torch.ones(3)) and (weights > 0).all()
    maps = net.cells(IMAGES)
    context = torch.zeros(3, maps.shape[1])
    for row in range(8):
        for column in range(8):
            context += weights[:, row, column, None] * maps[:, :, row, column]
    assert torch.allclose(net.reader(context), logits, atol=1e-5)


def test_a_cell_sees_29_pixels_around_its_center():
    net, centers = network(), cell_centers(60)
    assert len(centers) == 8
    image = torch.full((1, 1, 60, 60), 0.5, requires_grad=True)
    (gradient,) = torch.autograd.grad(net.cells[:5](image)[0, :, 3, 6].sum(), image)
    rows, columns = gradient[0, 0].nonzero().T
    for found, center in ((rows, centers[3]), (columns, centers[6])):
        assert found.min() + 0.5 >= center - 14 and found.max() + 0.5 <= center + 14
        assert (found.min() + found.max() + 1) / 2 == pytest.approx(center.item(), abs=1)


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match="images: expected pictures of 60 x 60 pixels"):
        network()(torch.zeros(1, 1, 28, 28))
    with pytest.raises(ValueError, match="side: expected a whole number from 29"):
        CellAttentionNetwork(20)
