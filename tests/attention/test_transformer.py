"""The layers of the Transformer against torch's own; permutation equivariance without positional encoding."""

import pytest
import torch
from torch import nn

from lecturelib.attention.masks import causal_mask, forbidden, padding_mask
from lecturelib.attention.tokenizer import START
from lecturelib.attention.transformer import DecoderLayer, EncoderLayer, Transformer

D, HEADS, VOCABULARY = 16, 4, 30


def copy_attention(theirs: nn.MultiheadAttention, ours: nn.Module) -> None:
    parts = theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3)
    for linear, weight, bias in zip((ours.query, ours.key, ours.value), *parts, strict=True):
        linear.load_state_dict({"weight": weight, "bias": bias})
    ours.out.load_state_dict(theirs.out_proj.state_dict())


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
    real = tokens != 0  # torch may leave anything at the padding
    assert (found - expected)[real].abs().max() < 1e-6 and weights.shape == (2, HEADS, 5, 5)
    expected = decoder(y, x, tgt_mask=forbidden(causal_mask(4))[0], memory_key_padding_mask=tokens == 0)
    found, own, cross = ours_too(y, x, causal_mask(4), padding_mask(tokens))
    assert (found - expected).abs().max() < 1e-6
    assert own.shape == (2, HEADS, 4, 4) and cross.shape == (2, HEADS, 4, 5)


def test_permutation_equivariance_without_positional_encoding():
    torch.manual_seed(0)
    layer = EncoderLayer(D, HEADS, 32, 0.0).double()
    x, order = torch.randn(1, 6, D).double(), torch.randperm(6)
    assert torch.allclose(layer(x[:, order])[0], layer(x)[0][:, order])


def test_without_positional_encoding_the_order_of_source_words_is_lost():
    torch.manual_seed(0)
    model = Transformer(VOCABULARY, d=16, heads=2, layers=1, hidden=32, positions=False).eval()
    source, target = torch.tensor([[5, 6, 7, 8]]), torch.tensor([[START, 9]])
    with torch.no_grad():
        first, second = model(source, target)[0], model(source.flip(1), target)[0]
    assert torch.allclose(first, second, atol=1e-5)


def test_gelu_and_another_eps_are_torchs():
    torch.manual_seed(0)
    theirs = nn.TransformerEncoderLayer(D, HEADS, 32, 0.0, "gelu", 1e-3, batch_first=True).double()
    ours = EncoderLayer(D, HEADS, 32, 0.0, activation=nn.GELU, eps=1e-3).double()
    copy_attention(theirs.self_attn, ours.attention)
    ours.feed_forward[0].load_state_dict(theirs.linear1.state_dict())
    ours.feed_forward[3].load_state_dict(theirs.linear2.state_dict())
    x = torch.randn(2, 5, D).double() * 0.01  # small, so that eps matters
    torch.testing.assert_close(ours(x)[0], theirs(x))
