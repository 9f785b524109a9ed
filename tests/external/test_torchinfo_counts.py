"""Parameters and multiply-adds as torchinfo, torchvision and PyTorch's own counter give them."""

import warnings

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.architecture.graph.costs import costs, torchinfo_multiply_adds
from lecturelib.architecture.graph.trace import trace
from lecturelib.models.torchvision_cpu import import_torchvision

pytestmark = pytest.mark.oracle

TORCHVISION = (
    "alexnet", "vgg16", "resnet18", "resnet50", "densenet121", "googlenet", "mobilenet_v2", "efficientnet_b0",
    "squeezenet1_1",
)  # fmt: skip


def network(name: str) -> nn.Module:
    options = {"init_weights": False} if name == "googlenet" else {}
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_torchvision("models").get_model(name, weights=None, **options).eval()


def theirs(model: nn.Module, **given):
    from torchinfo import summary

    return summary(model, verbose=0, depth=20, row_settings=(), **given)


@pytest.mark.parametrize("name", TORCHVISION)
def test_parameters_and_multiply_adds_equal_torchinfos(name):
    model = network(name)
    graph = trace(model, (1, 3, 224, 224))
    found = theirs(model, input_data=torch.empty(1, 3, 224, 224, device="meta"), device="meta")
    assert costs(graph).parameters == found.total_params
    assert costs(graph).trainable == found.trainable_params
    assert torchinfo_multiply_adds(graph) == found.total_mult_adds


@pytest.mark.parametrize("name", ("lenet", "cifar_net", "alexnet"))
def test_house_networks_too(name):
    model = models.load(name, weights="random")
    found = theirs(model, input_size=(1, model.channels, model.input_size, model.input_size))
    assert costs(trace(model)).parameters == found.total_params
    assert torchinfo_multiply_adds(trace(model)) == found.total_mult_adds


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (nn.Sequential(nn.Linear(12, 7), nn.ReLU(), nn.Linear(7, 3)), (5, 12)),
        (nn.Sequential(nn.Linear(12, 7, bias=False), nn.LayerNorm(7)), (5, 9, 12)),
        (nn.LSTM(10, 20, 2, batch_first=True), (3, 7, 10)),
        (nn.Sequential(nn.Conv1d(4, 6, 3), nn.BatchNorm1d(6)), (2, 4, 20)),
        (nn.Sequential(nn.ConvTranspose2d(4, 6, 3, stride=2)), (2, 4, 8, 8)),
    ],
    ids=("mlp", "sequence", "lstm", "conv1d", "transposed"),
)
def test_small_networks_in_batches(model, shape):
    found = theirs(model, input_size=shape, device="cpu")
    graph = trace(model, shape)
    assert graph.parameters == found.total_params
    assert torchinfo_multiply_adds(graph) == found.total_mult_adds


def test_where_torchinfo_counts_otherwise():
    """It counts the bias of a convolution, and a linear layer on a sequence once instead of once per token."""
    convolution = trace(nn.Sequential(nn.Conv2d(3, 8, 3)), (1, 3, 10, 10))
    assert (
        torchinfo_multiply_adds(convolution) - convolution.multiply_adds == 8 * 8 * 8
    )  # channels x positions
    tokens = trace(nn.Sequential(nn.Linear(16, 32, bias=False)), (1, 50, 16))
    assert (tokens.multiply_adds, torchinfo_multiply_adds(tokens)) == (50 * 16 * 32, 16 * 32)


@pytest.mark.parametrize("name", (*TORCHVISION, "vit_b_16", "swin_t", "convnext_tiny"))
def test_multiply_adds_are_those_of_torchvisions_own_table(name):
    table = import_torchvision("models").get_model_weights(name).DEFAULT.meta
    graph = trace(network(name), (1, 3, 224, 224))
    # the table has GoogLeNet without its two auxiliary heads, which do not run outside training
    ran = sum(node.parameters for node in graph.nodes if not node.shared)
    assert ran == table["num_params"]
    assert round(graph.multiply_adds / 1e9, 3) == table["_ops"]


def test_attention_is_counted_with_its_matrix_products():
    """By hand; PyTorch's own counter leaves out the products inside fused attention on a CPU."""
    d, inner, batch, long, short = 32, 64, 2, 9, 5
    model = nn.Transformer(d, 4, 1, 1, inner, batch_first=True)
    graph = trace(model, (batch, long, d), (batch, short, d))

    def attention(queries, keys):
        return (
            2 * queries * d * d + 2 * keys * d * d + 2 * queries * keys * d
        )  # projections, then q k and a v

    encoder = attention(long, long) + 2 * long * d * inner
    decoder = attention(short, short) + attention(short, long) + 2 * short * d * inner
    assert graph.multiply_adds == batch * (encoder + decoder)
