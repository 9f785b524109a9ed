"""Every public function keeps double precision, and works on the meta device where no value decides."""

import pytest
import torch
from torch import nn

from lecturelib.attention import minilm, pretraining, sagan
from lecturelib.attention.decoding import beam_search, greedy
from lecturelib.attention.implicit import agreement, implicit_attention, shares
from lecturelib.attention.interventions import permuted_attention, with_changed_weights
from lecturelib.attention.local_layer import ClothesNet, LocalAttention2d
from lecturelib.attention.lstm_gates import lstm_gates
from lecturelib.attention.masks import causal_mask, masked_softmax, padding_mask
from lecturelib.attention.multihead import (
    MultiHeadAttention,
    positional_encoding,
    scaled_dot_product_attention,
)
from lecturelib.attention.scores import SCORES, make_score
from lecturelib.attention.soft_hard_local import (
    PredictedCenter,
    exact_gradient,
    hard,
    local,
    reinforce_gradient,
    sharpened,
    soft,
)
from lecturelib.attention.toy_tasks import accuracy_by_length, build, on_target
from lecturelib.attention.transformer import DecoderLayer, EncoderLayer, Transformer
from lecturelib.attention.translators import merged

D = torch.float64
IDS = torch.tensor([[5, 6, 7, 2]])
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "dog", "##s", "cat", "!"]


def doubles(*sizes):
    return torch.randn(*sizes, dtype=D)


def networks():
    """name -> (a small network of doubles, what it is called with)."""
    torch.manual_seed(0)
    x = doubles(2, 5, 8)
    made = {
        "multi-head": (MultiHeadAttention(8, 2), (x, x, causal_mask(5))),
        "encoder layer": (EncoderLayer(8, 2, 16), (x, padding_mask(torch.ones(2, 5)))),
        "decoder layer": (DecoderLayer(8, 2, 16), (x, x, causal_mask(5))),
        "transformer": (Transformer(30, 8, 2, 1, 16), (IDS, IDS)),
        "minilm": (minilm.MiniLM(WORDS, 8, 2, 1, 16), (IDS, True)),
        "masked words": (pretraining.Encoder(30, 8, 2, 1, 16), (IDS,)),
        "classifier": (pretraining.Classifier(pretraining.Encoder(30, 8, 2, 1, 16), 3), (IDS,)),
        "local": (LocalAttention2d(2, 4, 3, 2), (doubles(1, 2, 4, 5),)),
        "self-attention": (sagan.SelfAttention2d(4), (doubles(1, 4, 3, 3),)),
        "predicted center": (PredictedCenter(3), (doubles(2, 3), 7)),
    }
    for name in SCORES:
        made[name] = (make_score(name, 3, 4), (doubles(1, 2, 3), doubles(1, 5, 4)))
    return {name: (module.double().eval(), given) for name, (module, given) in made.items()}


def tensors(found):
    if isinstance(found, torch.Tensor):
        return [found] if found.is_floating_point() else []
    parts = vars(found).values() if hasattr(found, "__dict__") else found
    return [tensor for part in parts for tensor in tensors(part)]


@pytest.mark.parametrize("name", networks())
def test_networks_of_doubles_give_doubles(name):
    module, given = networks()[name]
    found = tensors(module(*given))
    assert found and all(tensor.dtype == D and tensor.isfinite().all() for tensor in found)


@pytest.mark.parametrize("name", networks())
def test_networks_run_on_the_meta_device(name):
    module, given = networks()[name]
    on_meta = [part.to("meta") if isinstance(part, torch.Tensor) else part for part in given]
    expected, found = tensors(module(*given)), tensors(module.to("meta")(*on_meta))
    assert [tensor.shape for tensor in found] == [tensor.shape for tensor in expected]
    assert all(tensor.is_meta for tensor in found)


def test_plain_functions_on_the_meta_device():
    q = torch.empty(2, 3, 4, device="meta")
    mask = causal_mask(3, device="meta")
    assert mask.is_meta and padding_mask(torch.empty(1, 3, device="meta")).is_meta
    assert scaled_dot_product_attention(q, q, q, mask)[0].is_meta
    assert masked_softmax(torch.empty(2, 3, 3, device="meta"), mask).is_meta
    assert positional_encoding(3, 4, device="meta").is_meta


def functions():
    torch.manual_seed(0)
    scores, values, generator = doubles(2, 5), doubles(2, 5, 3), torch.Generator().manual_seed(0)
    q, rewards = doubles(2, 3, 4), doubles(5)
    image_weights = doubles(2, 16, 16).softmax(-1)
    return {
        "attention": lambda: scaled_dot_product_attention(q, q, q, causal_mask(3)),
        "soft": lambda: soft(scores, values),
        "hard": lambda: (hard(scores, values, generator)[0], hard(scores, values, generator)[2]),
        "local": lambda: local(scores, values, torch.tensor([1.0, 2.0], dtype=D), 2),
        "local, center of floats": lambda: local(scores, values, torch.tensor([1.0, 2.0]), 2),
        "exact gradient": lambda: exact_gradient(scores[0], rewards),
        "reinforce": lambda: reinforce_gradient(scores[0], lambda i: rewards[i], 3, generator),
        "sharpened": lambda: sharpened(scores.softmax(-1), 0.5),
        "shares": lambda: shares(scores.abs()),
        "merged": lambda: merged(["▁a", "b"], ["▁c"], scores[:1, :2])[2],
        "gates": lambda: list(lstm_gates(nn.LSTM(4, 3).double(), doubles(5, 4)).values()),
        "reach": lambda: sagan.reach(image_weights),
        "structure": lambda: sagan.structure(image_weights),
    }


@pytest.mark.parametrize("name", functions())
def test_functions_of_doubles_give_doubles(name):
    found = tensors(functions()[name]())
    assert found and all(tensor.dtype == D for tensor in found)


@pytest.mark.parametrize("kind", ["transformer", "additive", "fixed"])
def test_decoding_and_probing_translators_of_doubles(kind, tiny):
    model = tiny(kind).double()
    for found in (greedy(model, IDS, 3), beam_search(model, IDS, 2, 3)):
        assert kind == "fixed" or found.weights[0].dtype == D
    assert implicit_attention(model, [5, 6, 2], [7, 2]).dtype == D
    if kind == "additive":
        found = permuted_attention(model, [5, 6, 2], [7, 2], permutations=3)
        assert all(tensor.dtype == D for tensor in vars(found).values())
        twin = with_changed_weights(model, lambda weights, t: weights.float())  # of floats: taken as doubles
        assert twin(IDS, IDS)[0].dtype == D


def test_what_counts_is_a_number_whatever_the_type():
    doubles_, floats = build("transformer").double(), build("transformer")
    assert accuracy_by_length(doubles_, "copy", [3], 20) == accuracy_by_length(floats, "copy", [3], 20)
    weights = doubles(4, 4).softmax(-1)
    assert 0 < on_target(weights, "reverse") < 1
    assert agreement(weights, weights)[0] == 1.0
    model = minilm.MiniLM(WORDS, 8, 2, 1, 16).double().eval()
    assert model.embed(["a dog", "dogs"]).dtype == D and model.outputs("a dog").states.dtype == D
    tokens = torch.full((2, 9), 7)
    encoder = pretraining.Encoder(30, 8, 2, 1, 16).double().eval()
    loss, _ = pretraining.masked_word_loss(encoder, tokens, torch.Generator().manual_seed(0))
    assert loss.dtype == D
    images = torch.rand(1, 1, 28, 28, dtype=D)
    assert all(tensor.dtype == D for tensor in tensors(ClothesNet().double().eval()(images)))


def test_what_is_loaded_in_inference_mode_has_gradients_later():
    from lecturelib.attention.translators import translator

    for load in (translator, minilm.load):
        load.cache_clear()
    with torch.inference_mode():
        loaded = translator("fixed"), minilm.load()
    assert not any(p.is_inference() for own in (loaded[0].model, loaded[1]) for p in own.parameters())
    found = implicit_attention(loaded[0].model, [5, 6, 2], [7, 2])
    assert found.isfinite().all() and found.sum() > 0
