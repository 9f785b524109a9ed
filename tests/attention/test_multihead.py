"""Multi-head attention against torch's own for every mask, the key/value cache, positional encoding by hand."""

import math

import pytest
import torch
from torch import nn

from lecturelib.attention.masks import forbidden
from lecturelib.attention.multihead import (
    KeyValueCache,
    MultiHeadAttention,
    positional_encoding,
    scaled_dot_product_attention,
)

B, Q, K, D, HEADS = 3, 5, 7, 16, 4


def copy_attention(theirs: nn.MultiheadAttention, ours: MultiHeadAttention) -> None:
    parts = theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3)
    for linear, weight, bias in zip((ours.query, ours.key, ours.value), *parts, strict=True):
        linear.load_state_dict({"weight": weight, "bias": bias})
    ours.out.load_state_dict(theirs.out_proj.state_dict())


def both_attentions(seed: int = 0):
    torch.manual_seed(seed)
    theirs = nn.MultiheadAttention(D, HEADS, batch_first=True).double()
    for parameter in theirs.parameters():
        nn.init.normal_(parameter)
    ours = MultiHeadAttention(D, HEADS).double()
    copy_attention(theirs, ours)
    return theirs, ours


def masks() -> dict[str, torch.Tensor]:
    chance = torch.rand(B, Q, K, generator=torch.Generator().manual_seed(2)) < 0.5
    chance[:, :, 0] = True  # something is left to attend to
    padding = torch.arange(K)[None, None] < torch.tensor([7, 4, 1])[:, None, None]
    return {
        "padding": padding,
        "causal": torch.ones(Q, K, dtype=torch.bool).tril()[None],
        "chance": chance,
        "all": torch.ones(1, 1, K, dtype=torch.bool),
    }


@pytest.mark.oracle
@pytest.mark.parametrize("name", masks())
def test_attention_equals_torch_for_every_mask(name):
    theirs, ours = both_attentions()
    query, memory = torch.randn(B, Q, D).double(), torch.randn(B, K, D).double()
    mask = masks()[name]
    whole = forbidden(mask.expand(B, Q, K)).repeat_interleave(HEADS, 0)  # (B, Q, K) -> (B * heads, Q, K)
    expected, weights = theirs(query, memory, memory, attn_mask=whole, average_attn_weights=False)
    out, found = ours(query, memory, mask)
    assert (out - expected).abs().max() < 1e-6 and (found - weights).abs().max() < 1e-6
    assert torch.allclose(found.sum(-1), torch.ones(B, HEADS, Q).double())


def test_the_plain_function_equals_torchs():
    q, k, v = (torch.randn(2, HEADS, n, 4).double() for n in (Q, K, K))
    mask = torch.rand(2, 1, Q, K) < 0.7
    mask[..., 0] = True
    ours, weights = scaled_dot_product_attention(q, k, v, mask)
    theirs = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # True is allowed there too
    assert (ours - theirs).abs().max() < 1e-6
    assert (weights.masked_select(~mask) == 0).all()


def test_the_inputs_are_not_overwritten():
    q, k, v = (torch.randn(1, 3, 4) for _ in range(3))
    kept = [part.clone() for part in (q, k, v)]
    with torch.no_grad():
        scaled_dot_product_attention(q, k, v)
    assert all(torch.equal(part, before) for part, before in zip((q, k, v), kept, strict=True))


def test_dropout_acts_on_the_weights_used_not_on_those_returned():
    drop_all = nn.Dropout(1.0)
    q, k, v = (torch.randn(3, 4) for _ in range(3))
    out, weights = scaled_dot_product_attention(q, k, v, dropout=drop_all)
    assert out.eq(0).all() and torch.allclose(weights.sum(-1), torch.ones(3))


def test_a_cache_gives_what_the_whole_sentence_gives():
    torch.manual_seed(0)
    attention, x, memory = MultiHeadAttention(D, HEADS).double(), torch.randn(B, Q, D), torch.randn(B, K, D)
    x, memory = x.double(), memory.double()
    own, other = KeyValueCache(), KeyValueCache(fixed=True)
    across, _ = attention(x, memory)
    for t in range(Q):
        out, weights = attention(x[:, t : t + 1], x[:, t : t + 1], cache=own)
        expected, whole = attention(x[:, t : t + 1], x[:, : t + 1])
        torch.testing.assert_close(out, expected)
        torch.testing.assert_close(weights, whole)
        out, _ = attention(x[:, t : t + 1], memory, cache=other)
        torch.testing.assert_close(out, across[:, t : t + 1])
    assert own.keys.shape == (B, HEADS, Q, D // HEADS) and other.values.shape == (B, HEADS, K, D // HEADS)
    own.select(torch.tensor([1, 1]))
    assert own.keys.shape[0] == 2 and torch.equal(own.keys[0], own.keys[1])


def test_a_fully_masked_row_gives_zeros_where_torch_gives_nan():
    theirs, ours = both_attentions()
    query = torch.randn(1, 2, D).double().requires_grad_(True)
    mask = torch.tensor([[[True, False], [False, False]]])
    out, weights = ours(query, query, mask)
    assert weights[0, :, 1].eq(0).all() and torch.equal(out[0, 1], ours.out.bias)
    (gradient,) = torch.autograd.grad(out.sum(), query)
    assert gradient.isfinite().all()
    blocked = forbidden(mask).repeat_interleave(HEADS, 0)
    assert theirs(query, query, query, attn_mask=blocked)[0][0, 1].isnan().all()


def test_position_code_by_hand_and_as_a_rotation():
    code = positional_encoding(50, 8)
    assert torch.allclose(code[3, :2], torch.tensor([math.sin(3), math.cos(3)]))
    assert math.isclose(code[7, 6].item(), math.sin(7 / 10000 ** (6 / 8)), rel_tol=1e-5)
    products = code @ code.T  # depend on the distance only
    for distance in (1, 5, 20):
        assert products.diagonal(distance).std() < 1e-4


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match="heads: expected a divisor of d = 16, got 5"):
        MultiHeadAttention(16, 5)
    attention = MultiHeadAttention(D, HEADS)
    x = torch.randn(B, Q, D)
    with pytest.raises(ValueError, match=r"mask: expected \(1 or 3, 1 or 5, 5\)"):
        attention(x, x, torch.ones(B, Q, K, dtype=torch.bool))
    with pytest.raises(TypeError, match="boolean"):
        attention(x, x, torch.ones(B, Q, Q))
    with pytest.raises(ValueError, match="d: expected an even number, got 7"):
        positional_encoding(4, 7)


@pytest.mark.parametrize("masked", ["none", "causal", "padding", "nothing"])
@pytest.mark.parametrize("queries, keys", [(192, 192), (300, 200)])
def test_large_attention_head_by_head_equals_all_heads_at_once(masked, queries, keys):
    """Without a gradient many scores are computed one head at a time; with one, all heads at once: the same numbers."""
    generator = torch.Generator().manual_seed(3)
    q = torch.randn(2, 4, queries, 8, generator=generator)
    k, v = torch.randn(2, 2, 4, keys, 8, generator=generator)
    mask = {
        "none": None,
        "causal": torch.ones(queries, keys, dtype=torch.bool).tril()[None, None],
        "padding": (torch.arange(keys) < torch.tensor([keys, 5])[:, None])[:, None, None],
        "nothing": (torch.arange(queries) % 2 == 0)[:, None].expand(queries, keys)[None, None],
    }[masked]
    found, weights = scaled_dot_product_attention(q, k, v, mask)
    q.requires_grad_()
    expected, all_weights = scaled_dot_product_attention(q, k, v, mask)
    assert expected.requires_grad and not found.requires_grad
    assert torch.allclose(found, expected, atol=1e-5) and torch.allclose(weights, all_weights, atol=1e-6)
