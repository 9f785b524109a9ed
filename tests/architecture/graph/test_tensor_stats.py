"""Multiply-adds of every kind of product by hand, on a copy without values and on the network itself."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lecturelib.architecture.graph.tensor_stats import count_parameters
from lecturelib.architecture.graph.trace import trace

B = 3


class Calls(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


class NeedsValues(nn.Module):
    """Runs on the network itself, since it looks at a value."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, *inputs):
        return self.model(*inputs) if float(inputs[0].sum()) < 1e9 else inputs[0]


ATTENTION = 2 * 9 * 64 + 2 * 5 * 64 + 2 * 9 * 5 * 8  # q and output; k and v; q kᵀ and a v
CASES = {
    "linear": (nn.Linear(5, 7), [(B, 5)], B * 5 * 7),
    # for each output a matrix of 5 x 6 times the first input, then 6 products with the second
    "bilinear": (nn.Bilinear(5, 6, 7), [(B, 5), (B, 6)], B * 7 * (5 * 6 + 6)),
    "bilinear on sequences": (nn.Bilinear(5, 6, 7), [(B, 4, 5), (B, 4, 6)], B * 4 * 7 * (5 * 6 + 6)),
    "grouped conv1d": (nn.Conv1d(4, 6, 3, groups=2), [(B, 4, 10)], B * 8 * 6 * 2 * 3),
    "conv3d": (nn.Conv3d(4, 6, 2), [(B, 4, 5, 5, 5)], B * 64 * 6 * 4 * 8),
    # each input position is multiplied with a whole kernel
    "transposed conv1d": (nn.ConvTranspose1d(4, 6, 3, stride=2), [(B, 4, 10)], B * 10 * 4 * 6 * 3),
    "transposed conv2d": (nn.ConvTranspose2d(4, 6, 3, groups=2), [(B, 4, 8, 7)], B * 56 * 4 * 3 * 9),
    "rnn": (nn.RNN(5, 7, 2), [(9, B, 5)], 9 * B * (5 * 7 + 7 * 7 + 2 * 7 * 7)),
    "lstm": (
        nn.LSTM(5, 7, 2, bidirectional=True),
        [(9, B, 5)],
        9 * B * 2 * 4 * (5 * 7 + 7 * 7 + 14 * 7 + 7 * 7),
    ),
    "projected lstm": (nn.LSTM(5, 7, proj_size=3), [(9, B, 5)], 9 * B * (4 * (5 * 7 + 3 * 7) + 7 * 3)),
    "gru": (nn.GRU(5, 7), [(9, B, 5)], 9 * B * 3 * (5 * 7 + 7 * 7)),
    "gru cell": (nn.GRUCell(5, 7), [(B, 5)], B * 3 * (5 * 7 + 7 * 7)),
    "attention": (
        nn.MultiheadAttention(8, 2, batch_first=True),
        [(B, 9, 8), (B, 5, 8), (B, 5, 8)],
        B * ATTENTION,
    ),
    "encoder layer": (
        nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
        [(B, 9, 8)],
        B * (4 * 9 * 64 + 2 * 81 * 8 + 2 * 9 * 8 * 16),
    ),
    "fused attention": (
        Calls(lambda q: F.scaled_dot_product_attention(q, q, q)),
        [(B, 2, 9, 8)],
        B * 2 * 81 * 16,
    ),
    "matrix times vector": (Calls(torch.matmul), [(6, 5), (5,)], 30),
    "vector times vector": (Calls(torch.matmul), [(5,), (5,)], 5),
    "addmv": (Calls(torch.addmv), [(6,), (6, 5), (5,)], 30),
    "addbmm": (Calls(torch.addbmm), [(6, 7), (B, 6, 5), (B, 5, 7)], B * 6 * 5 * 7),
    "einsum": (Calls(lambda a, b: torch.einsum("bij,bj->bi", a, b)), [(B, 6, 5), (B, 5)], B * 30),
    "conv_tbc": (Calls(torch.conv_tbc), [(9, B, 4), (3, 4, 6), (6,)], 7 * B * 3 * 4 * 6),
    "normalization": (nn.BatchNorm1d(5), [(B, 5)], 0),
}


@pytest.mark.parametrize("name", CASES)
def test_multiply_adds_by_hand(name):
    model, shapes, expected = CASES[name]
    assert trace(model, *shapes).multiply_adds == expected
    assert trace(NeedsValues(model), *shapes).multiply_adds == expected


@pytest.mark.parametrize("layer", [nn.Embedding(10, 4), nn.EmbeddingBag(10, 4)])
def test_looking_up_is_no_product_but_has_parameters(layer):
    graph = trace(layer, torch.zeros(B, 6, dtype=torch.long))
    assert (graph.multiply_adds, graph.parameters) == (0, 40)


def test_parameters_are_counted_once_and_lazy_ones_not_at_all():
    layer = nn.Linear(4, 2)
    assert count_parameters([*layer.parameters(), *layer.parameters()]) == 10
    assert count_parameters(nn.LazyLinear(3).parameters()) == 0
