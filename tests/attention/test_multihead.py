"""Multi-head attention, masks and the layers of the Transformer against torch's own, and by hand."""

import math

import pytest
import torch
from torch import nn

from lecturelib.attention.masks import causal_mask, check_mask, forbidden, masked_softmax, padding_mask
from lecturelib.attention.multihead import MultiHeadAttention, position_code, scaled_dot_product
from lecturelib.attention.transformer import DecoderLayer, EncoderLayer

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
    ours, weights = scaled_dot_product(q, k, v, mask)
    theirs = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # True is allowed there too
    assert (ours - theirs).abs().max() < 1e-6
    assert (weights.masked_select(~mask) == 0).all()


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


def test_softmax_of_three_scores_by_hand():
    scores = torch.tensor([[0.0, math.log(2.0), math.log(5.0)]])
    assert torch.allclose(masked_softmax(scores, None), torch.tensor([[1, 2, 5]]) / 8)
    allowed = torch.tensor([[True, True, False]])
    assert torch.allclose(masked_softmax(scores, allowed), torch.tensor([[1, 2, 0]]) / 3)


@pytest.mark.oracle
@pytest.mark.parametrize("norm_first", [False, True])
def test_encoder_and_decoder_layer_equal_torchs(norm_first):
    torch.manual_seed(1)
    options = {"dropout": 0.0, "batch_first": True, "norm_first": norm_first}
    encoder = nn.TransformerEncoderLayer(D, HEADS, 32, **options).double()
    decoder = nn.TransformerDecoderLayer(D, HEADS, 32, **options).double()
    ours, ours_too = (kind(D, HEADS, 32, 0.0, norm_first).double() for kind in (EncoderLayer, DecoderLayer))
    for parameter in [*encoder.parameters(), *decoder.parameters()]:
        nn.init.normal_(parameter, std=0.5)
    for theirs, mine, norms in ((encoder, ours, 2), (decoder, ours_too, 3)):
        copy_attention(theirs.self_attn, mine.attention)
        mine.feed_forward[0].load_state_dict(theirs.linear1.state_dict())
        mine.feed_forward[3].load_state_dict(theirs.linear2.state_dict())
        for k in range(1, norms + 1):
            getattr(mine, f"norm{k}").load_state_dict(getattr(theirs, f"norm{k}").state_dict())
    copy_attention(decoder.multihead_attn, ours_too.cross)
    tokens = torch.tensor([[5, 6, 7, 8, 9], [5, 6, 7, 0, 0]])
    x, y = torch.randn(2, 5, D).double(), torch.randn(2, 4, D).double()
    expected = encoder.train()(x, src_key_padding_mask=tokens == 0)  # its eval mode takes another path
    found, weights = ours(x, padding_mask(tokens))
    real = tokens != 0  # torch may leave anything at the filling
    assert (found - expected)[real].abs().max() < 1e-6 and weights.shape == (2, HEADS, 5, 5)
    expected = decoder(y, x, tgt_mask=forbidden(causal_mask(4))[0], memory_key_padding_mask=tokens == 0)
    found, own, cross = ours_too(y, x, causal_mask(4), padding_mask(tokens))
    assert (found - expected).abs().max() < 1e-6
    assert own.shape == (2, HEADS, 4, 4) and cross.shape == (2, HEADS, 4, 5)


def test_without_positions_a_permuted_sentence_gives_permuted_outputs():
    torch.manual_seed(0)
    layer = EncoderLayer(D, HEADS, 32, 0.0).double()
    x, order = torch.randn(1, 6, D).double(), torch.randperm(6)
    assert torch.allclose(layer(x[:, order])[0], layer(x)[0][:, order])


def test_position_code_by_hand_and_as_a_rotation():
    code = position_code(50, 8)
    assert torch.allclose(code[3, :2], torch.tensor([math.sin(3), math.cos(3)]))
    assert math.isclose(code[7, 6].item(), math.sin(7 / 10000 ** (6 / 8)), rel_tol=1e-5)
    products = code @ code.T  # depend on the distance only
    for distance in (1, 5, 20):
        assert products.diagonal(distance).std() < 1e-4


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match="16 cannot be shared evenly among 5 heads"):
        MultiHeadAttention(16, 5)
    attention = MultiHeadAttention(D, HEADS)
    x = torch.randn(B, Q, D)
    with pytest.raises(ValueError, match=r"\(1 or 3, 1 or 5, 5\) is needed"):
        attention(x, x, torch.ones(B, Q, K, dtype=torch.bool))
    with pytest.raises(TypeError, match="boolean"):
        attention(x, x, torch.ones(B, Q, Q))
    with pytest.raises(TypeError, match="boolean"):
        check_mask("causal")
    with pytest.raises(ValueError, match="even"):
        position_code(4, 7)
    with pytest.raises(ValueError, match="whole number"):
        causal_mask(0)
