"""The real encoder: published similarities, torch's own encoder with its weights, causality, bad input."""

import pytest
import torch
from torch import nn

from lecturelib import assets
from lecturelib.attention import minilm

SENTENCES = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
TIRED = "The animal didn't cross the street because it was too tired."


def tiny():
    torch.manual_seed(0)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "dog", "##s", "bark", "!"]
    return minilm.MiniLM(words, d=8, heads=2, layers=2, hidden=16).eval()


def test_similarities_are_those_that_its_makers_publish():
    # the first example in the documentation of sentence-transformers
    published = torch.tensor([[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]])
    vectors = minilm.load().embed(SENTENCES)
    assert torch.allclose(vectors @ vectors.T, published, atol=1e-4)


def test_every_layer_equals_torchs_encoder_layer_with_the_same_weights():
    model = minilm.load()
    tokens = torch.tensor([model.encode(TIRED)])
    states, _ = model(tokens)
    for k, layer in enumerate(model.layers):
        peer = nn.TransformerEncoderLayer(384, 12, 1536, 0.0, "gelu", 1e-12, batch_first=True).eval()
        with torch.no_grad():
            parts = (layer.attention.query, layer.attention.key, layer.attention.value)
            peer.self_attn.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
            peer.self_attn.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        for theirs, ours in (
            (peer.self_attn.out_proj, layer.attention.out),
            (peer.linear1, layer.feed_forward[0]),
            (peer.linear2, layer.feed_forward[3]),
            (peer.norm1, layer.norm1),
            (peer.norm2, layer.norm2),
        ):
            theirs.load_state_dict(ours.state_dict())
        _, weights = peer.self_attn(
            states[:, k], states[:, k], states[:, k], average_attn_weights=False, need_weights=True
        )
        assert torch.allclose(model(tokens)[1][:, k], weights, atol=1e-5)
        assert torch.allclose(states[:, k + 1], peer(states[:, k]), atol=1e-4)


def test_weights_are_shares_and_batches_equal_single_sentences():
    model = minilm.load()
    found = model.outputs(TIRED)
    assert found.tokens[:4] == ["[CLS]", "the", "animal", "didn"] and found.tokens[-1] == "[SEP]"
    length = len(found.tokens)
    assert found.weights.shape == (6, 12, length, length) and found.states.shape == (7, length, 384)
    assert torch.allclose(found.weights.sum(-1), torch.ones(6, 12, length), atol=1e-5)
    together, alone = model.embed(SENTENCES), torch.cat([model.embed([s]) for s in SENTENCES])
    assert torch.allclose(together, alone, atol=1e-5)


def test_read_from_left_to_right_nothing_depends_on_what_comes_later():
    model = minilm.load()
    first, second = (
        model.outputs(f"The FBI is chasing a {end}", causal=True) for end in ("criminal", "dream")
    )
    assert torch.allclose(first.states[:, :6], second.states[:, :6], atol=1e-5)
    assert first.weights.triu(1).eq(0).all()
    both = (model.outputs(f"The FBI is chasing a {end}") for end in ("criminal", "dream"))
    assert not torch.allclose(*(found.states[-1, :6] for found in both), atol=1e-2)


def test_words_are_taken_apart_where_they_are_not_known():
    model = tiny()
    assert model.outputs("A dogs bark!").tokens == ["[CLS]", "a", "dog", "##s", "bark", "!", "[SEP]"]
    assert model.outputs("a cat").tokens == ["[CLS]", "a", "[UNK]", "[SEP]"]


def test_bad_input_is_a_sentence(tmp_path, monkeypatch):
    model = tiny()
    with pytest.raises(TypeError, match="sentence: expected a string, got int 3"):
        model.outputs(3)
    with pytest.raises(ValueError, match="sentence: expected at least one word, got an empty sentence"):
        model.outputs("  ")
    with pytest.raises(
        ValueError, match="sentence: expected at most 256 tokens, got 402; write a shorter one"
    ):
        model.outputs("bark " * 400)
    monkeypatch.setenv("LECTURELIB_CACHE", str(tmp_path))
    minilm.load.cache_clear()
    with pytest.raises(assets.AssetMissing, match="fetch minilm"):
        minilm.load()
