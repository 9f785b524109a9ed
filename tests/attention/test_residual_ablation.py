"""Leaving out residual connections and LayerNorm: the layers by hand, the gradients by backward, the shipped record."""

import math

import pytest
import torch

from lecturelib.attention.residual_ablation import (
    LAYERS,
    LENGTH,
    LETTERS,
    VARIANTS,
    AblatedEncoder,
    AblatedLayer,
    iter_reverse_training,
    layer_gradient_norms,
    residual_ablation,
    reversed_loss,
)
from lecturelib.attention.transformer import EncoderLayer


def letters(count=64, seed=1000):
    return torch.randint(LETTERS, (count, LENGTH), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("first", [False, True])
def test_with_both_it_is_the_encoder_layer(first):
    torch.manual_seed(0)
    ours, theirs = AblatedLayer(16, 2, 32, norm_first=first), EncoderLayer(16, 2, 32, 0.0, norm_first=first)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 5, 16)
    torch.testing.assert_close(ours(x)[0], theirs(x)[0])


def test_what_is_left_out_by_hand():
    torch.manual_seed(0)
    x = torch.randn(2, 5, 16)
    layer = AblatedLayer(16, 2, 32, residual=False)
    y = layer.norm1(layer.attention(x, x)[0])
    torch.testing.assert_close(layer(x)[0], layer.norm2(layer.feed_forward(y)))
    layer = AblatedLayer(16, 2, 32, norm=False)
    y = x + layer.attention(x, x)[0]
    torch.testing.assert_close(layer(x)[0], y + layer.feed_forward(y))
    assert not any("norm" in name for name, _ in layer.named_parameters())


def test_which_variant_has_what():
    has = {}
    for variant in VARIANTS:
        layer = AblatedEncoder(variant, layers=1).layers[0]
        has[variant] = (layer.residual, isinstance(layer.norm1, torch.nn.LayerNorm), layer.norm_first)
    assert has == {
        "both": (True, True, False),
        "both, LayerNorm first": (True, True, True),
        "no LayerNorm": (True, False, False),
        "no residual": (False, True, False),
        "neither": (False, False, False),
    }


def test_gradient_norms_are_those_of_backward():
    torch.manual_seed(0)
    model = AblatedEncoder("both", layers=2)
    found = layer_gradient_norms(model, letters())
    assert all(p.grad is None for p in model.parameters())
    reversed_loss(model, letters()).backward()
    for layer, norm in zip(model.layers, found, strict=True):
        squares = sum(float((p.grad**2).sum()) for p in layer.parameters() if p.ndim == 2)
        assert norm == pytest.approx(math.sqrt(squares), rel=1e-4)


def test_the_loss_asks_for_the_letters_in_reverse_order():
    model = AblatedEncoder(layers=1)
    asked = letters(4)

    class Perfect(torch.nn.Module):
        def forward(self, given):
            return 50 * torch.nn.functional.one_hot(given.flip(1), LETTERS).float()

    assert reversed_loss(Perfect(), asked) < 1e-6 < reversed_loss(model, asked)


def test_one_layer_learns_and_the_seed_decides():
    def losses():
        torch.manual_seed(0)
        return list(iter_reverse_training(AblatedEncoder("both", layers=1), 60, seed=1, rate=5e-3))

    first = losses()
    assert first == losses() and sum(first[-5:]) / 5 < first[0] - 0.3


def test_the_shipped_gradients_are_measured_again():
    kept = residual_ablation()
    for variant in VARIANTS:
        torch.manual_seed(0)
        found = layer_gradient_norms(AblatedEncoder(variant), letters(512))
        assert found == pytest.approx(kept["variants"][variant]["gradient_norms"][0], rel=0.02), variant


def test_without_either_the_first_layers_get_no_gradient():
    variants = residual_ablation()["variants"]
    shares = {name: [g[0] / g[-1] for g in found["gradient_norms"]] for name, found in variants.items()}
    assert max(shares["neither"]) < 1e-5 and min(shares["both"]) > 0.1
    for found in variants.values():
        assert len(found["gradient_norms"][0]) == LAYERS and len(found["loss"][0]) == 30
