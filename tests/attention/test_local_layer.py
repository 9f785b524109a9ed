"""Local attention by hand, against global attention, and moved; the small classifiers of clothes."""

import math

import pytest
import torch

from lecturelib import datasets
from lecturelib.attention.local_layer import ClothesNet, LocalAttention2d, load


def layer(channels=4, out=8, size=3, heads=2, seed=0):
    torch.manual_seed(seed)
    return LocalAttention2d(channels, out, size, heads).double()


def by_hand(own, x):
    """Pixel by pixel, neighbor by neighbor, head by head, in plain Python numbers."""
    q, k, v = (part(x)[0] for part in (own.query, own.key, own.value))
    height, width, half = x.shape[2], x.shape[3], own.size // 2
    out = torch.zeros_like(q)
    for y in range(height):
        for c in range(width):
            for head in range(own.heads):
                mine = slice(head * own.width, (head + 1) * own.width)
                scores, values = [], []
                for a in range(own.size):
                    for b in range(own.size):
                        yy, cc = y + a - half, c + b - half
                        if 0 <= yy < height and 0 <= cc < width:
                            r = torch.cat([own.row[a, head], own.column[b, head]])
                            scores.append(math.exp((q[mine, y, c] @ (k[mine, yy, cc] + r)).item()))
                            values.append(v[mine, yy, cc])
                for score, value in zip(scores, values, strict=True):
                    out[mine, y, c] += score / sum(scores) * value
    return out[None]


@pytest.mark.parametrize("size", [1, 3, 5])
def test_a_map_of_3_by_3_by_hand(size):
    own = layer(size=size)
    x = torch.randn(1, 4, 3, 3).double()
    out, weights = own(x)
    assert torch.allclose(out, by_hand(own, x))
    assert weights.shape == (1, 2, 3, 3, size, size)
    assert torch.allclose(weights.sum((-2, -1)), torch.ones(1, 2, 3, 3).double())


def test_without_queries_every_pixel_takes_the_mean_of_those_that_exist():
    own = layer(channels=2, out=2, heads=1)
    torch.nn.init.zeros_(own.query.weight)
    own.value.weight.data = torch.eye(2).double()[:, :, None, None]
    x = torch.arange(18).double().view(1, 2, 3, 3)
    out, weights = own(x)
    assert torch.allclose(out[0, 0, 1, 1], x[0, 0].mean()) and math.isclose(
        out[0, 0, 0, 0].item(), (0 + 1 + 3 + 4) / 4
    )
    assert (
        weights[0, 0, 0, 0, 0].eq(0).all() and weights[0, 0, 0, 0, :, 0].eq(0).all()
    )  # outside, at the corner
    assert math.isclose(weights[0, 0, 0, 0, 2, 2].item(), 1 / 4)


def test_a_window_over_the_whole_map_is_global_attention():
    own = layer(size=9)
    torch.nn.init.zeros_(own.row)
    torch.nn.init.zeros_(own.column)
    x = torch.randn(2, 4, 5, 5).double()
    # (B, C, H, W) -> (B, heads, H W, C / heads)
    q, k, v = (part(x).view(2, 2, 4, 25).transpose(2, 3) for part in (own.query, own.key, own.value))
    everywhere = torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=1.0)
    assert torch.allclose(own(x)[0], everywhere.transpose(2, 3).reshape(2, 8, 5, 5))


def test_a_moved_picture_gives_a_moved_map():
    own = layer(size=5)
    x = torch.randn(1, 4, 12, 12).double()
    moved = x.roll((2, 1), (2, 3))
    inner = (..., slice(4, -2), slice(3, -2))  # two pixels from the border, before and after
    out, again = own(x)[0].roll((2, 1), (2, 3)), own(moved)[0]
    assert torch.allclose(out[inner], again[inner]) and not torch.allclose(out, again)


def test_parameters_do_not_grow_with_the_window():
    small, large = (sum(p.numel() for p in layer(size=size).parameters()) for size in (3, 7))
    assert large - small == 4 * 8  # four more rows and columns of 8 / 2 numbers each, twice


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match="size: expected an odd number of pixels, got 4"):
        LocalAttention2d(4, size=4)
    with pytest.raises(ValueError, match="out: expected a multiple of 8"):
        LocalAttention2d(4, 12, heads=4)
    with pytest.raises(ValueError, match=r"x: expected shape \(B, 4, H, W\), got \(1, 3, 5, 5\)"):
        layer()(torch.zeros(1, 3, 5, 5).double())
    with pytest.raises(
        KeyError, match="kind: expected a known kind of layer, got both; .*attention, convolution"
    ):
        ClothesNet("both")
    with pytest.raises(ValueError, match="seed: expected a whole number from 0 to 0, got 9"):
        load(seed=9)


@pytest.mark.parametrize("kind", ["attention", "convolution"])
def test_the_shipped_classifiers_know_clothes_and_say_where_they_looked(kind):
    images, labels = datasets.clothes("test")
    network = load(kind)
    logits, looks = network(images[:200])
    assert (logits.argmax(1) == labels[:200]).float().mean() > 0.8
    shapes = [tuple(weights.shape) for weights in looks]
    assert shapes == ([(200, 2, 14, 14, 5, 5), (200, 2, 7, 7, 5, 5)] if kind == "attention" else [])
    assert not network.training and network(torch.zeros(1, 1, 28, 28))[0].isfinite().all()
    with pytest.raises(ValueError, match="grey images"):
        network(torch.zeros(1, 3, 28, 28))
