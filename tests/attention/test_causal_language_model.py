"""The decoder-only model: causal, with a cache that changes nothing, and perplexity by hand."""

import math

import pytest
import torch
from torch.nn import functional as F

from lecturelib.attention.causal_language_model import CausalLanguageModel, next_token_loss, perplexity
from lecturelib.attention.tokenizer import END, LONGEST, START


@pytest.fixture
def model():
    torch.manual_seed(0)
    return CausalLanguageModel(20, d=16, heads=4, layers=3, hidden=32).double().eval()


def test_a_later_token_changes_nothing_before(model):
    tokens = torch.randint(4, 20, (1, 9), generator=torch.Generator().manual_seed(1))
    scores, weights = model(tokens)
    for t in range(1, 9):
        other = tokens.clone()
        other[0, t:] = (other[0, t:] + 3) % 16 + 4
        changed, _ = model(other)
        assert torch.equal(changed[:, :t], scores[:, :t]) and not torch.equal(changed[:, t], scores[:, t])
    for layer in weights:
        assert layer.triu(1).abs().max() == 0
        torch.testing.assert_close(layer.sum(-1), torch.ones_like(layer[..., 0]))


def test_no_gradient_comes_from_later_tokens(model):
    tokens = torch.tensor([[START, 5, 6, 7, 8]])
    rows = []
    handle = model.embedding.register_forward_hook(
        lambda module, given, out: rows.append(out.requires_grad_()) or rows[-1]
    )
    model(tokens)[0][0, 2, 9].backward(inputs=rows)
    handle.remove()
    size = rows[0].grad[0].norm(dim=-1)
    assert (size[:3] > 0).all() and (size[3:] == 0).all()


@pytest.mark.parametrize("parts", [[1] * 8, [3, 1, 1, 3], [5, 3], [8]])
def test_the_cache_changes_nothing(model, parts):
    tokens = torch.randint(4, 20, (2, 8), generator=torch.Generator().manual_seed(1))
    scores, weights = model(tokens)
    caches, found = model.new_caches(), []
    for part in tokens.split(parts, dim=1):
        found.append(model(part, caches))
    torch.testing.assert_close(torch.cat([part for part, _ in found], 1), scores)
    last = parts[-1]
    for layer, own in zip(weights, found[-1][1], strict=True):
        torch.testing.assert_close(own, layer[:, :, -last:])


def test_perplexity_by_hand():
    class Halves(torch.nn.Module):
        """After START: 5 with 3 in 4, 6 with 1 in 4; after 5 or 6: END with 1 in 2, 5 with 1 in 2."""

        def forward(self, tokens):
            p = torch.full((*tokens.shape, 8), 1e-12)
            p[tokens == START] = torch.tensor([0, 0, 0, 0, 0, 3, 1, 0]) / 4 + 1e-12
            p[tokens >= 5] = torch.tensor([0, 0, 1, 0, 0, 1, 0, 0]) / 2 + 1e-12
            return p.log(), []

    # 5 END: 3/4 1/2; 6 5 END: 1/4 1/2 1/2: five tokens, END included
    expected = math.exp(-(math.log(3 / 4 * 1 / 2) + math.log(1 / 4 * 1 / 2 * 1 / 2)) / 5)
    assert perplexity(Halves(), [[5, END], [6, 5, END]]) == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ValueError, match="at least one sentence"):
        perplexity(Halves(), [])


def test_the_loss_is_that_of_the_chain_rule(model):
    sentence = [5, 9, 7, END]
    total = 0.0
    for t in range(len(sentence)):  # one prefix after the other, as a reader meets them
        scores, _ = model(torch.tensor([[START, *sentence[:t]]]))
        total -= F.log_softmax(scores[0, -1], -1)[sentence[t]].item()
    loss, count = next_token_loss(model, torch.tensor([[START, *sentence, 0, 0]]))
    assert count == 4 and loss.item() == pytest.approx(total, rel=1e-5)


def test_bad_input_is_a_sentence(model):
    with pytest.raises(ValueError, match=f"at most {LONGEST} with those in the cache"):
        model(torch.full((1, LONGEST + 1), 5))
    caches = model.new_caches()
    model(torch.full((1, LONGEST), 5), caches)
    with pytest.raises(ValueError, match="after 64"):
        model(torch.tensor([[5]]), caches)
