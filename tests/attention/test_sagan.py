"""The block of self-attention by hand and against torch, its norms, and the generator that ships with it."""

import math

import pytest
import torch
from torch.nn import functional as F

from lecturelib.attention import sagan
from lecturelib.attention.sagan import AttentiveGenerator, SelfAttention2d


def block(gamma=0.7, spectral=False):
    torch.manual_seed(0)
    made = SelfAttention2d(6, 3, spectral).double()
    torch.nn.init.constant_(made.gamma, gamma)
    return made


def test_at_gate_0_nothing_changes_and_the_gate_learns():
    made, x = SelfAttention2d(8), torch.randn(2, 8, 4, 5)
    out, weights = made(x)
    assert made.gamma.item() == 0 and torch.equal(out, x)
    assert weights.shape == (2, 20, 20) and torch.allclose(weights.sum(-1), torch.ones(2, 20))
    (slope,) = torch.autograd.grad((out * torch.randn_like(out)).sum(), made.gamma)
    assert slope != 0


def test_two_places_by_hand():
    made = SelfAttention2d(1, 1).double()
    for part, value in ((made.f, 1.0), (made.g, 2.0), (made.h, 3.0), (made.v, 0.5)):
        torch.nn.init.constant_(part.weight, value)
    torch.nn.init.constant_(made.gamma, 2.0)
    out, weights = made(torch.tensor([[[[1.0, 2.0]]]]).double())
    first = math.exp(2) / (math.exp(2) + math.exp(4))  # place 0: scores 2 * 1 * (1, 2)
    second = math.exp(4) / (math.exp(4) + math.exp(8))
    assert torch.allclose(weights[0, :, 0], torch.tensor([first, second]).double())
    gathered = [0.5 * 3 * (w * 1 + (1 - w) * 2) for w in (first, second)]
    expected = torch.tensor([1 + 2 * gathered[0], 2 + 2 * gathered[1]]).double()
    assert torch.allclose(out.flatten(), expected)


@pytest.mark.oracle
def test_the_block_equals_torchs_attention():
    made, x = block(), torch.randn(2, 6, 4, 5).double()
    q, k, v = (part(x).flatten(2).transpose(1, 2) for part in (made.g, made.f, made.h))  # (B, H W, inner)
    attended = F.scaled_dot_product_attention(q, k, v, scale=1.0).transpose(1, 2).view(2, 3, 4, 5)
    assert torch.allclose(made(x)[0], x + 0.7 * made.v(attended))


def test_places_in_another_order_give_the_same_in_that_order():
    made, x, order = block(), torch.randn(1, 6, 3, 4).double(), torch.randperm(12)
    mixed = x.flatten(2)[..., order].view(1, 6, 3, 4)
    assert torch.allclose(made(mixed)[0].flatten(2), made(x)[0].flatten(2)[..., order])


def test_spectral_norm_holds_the_largest_singular_value_at_one():
    made = block(spectral=True).train()
    for _ in range(100):
        made(torch.randn(1, 6, 2, 2).double())
    for part in (made.f, made.g, made.h, made.v):
        assert math.isclose(torch.linalg.matrix_norm(part.weight[..., 0, 0], 2).item(), 1.0, rel_tol=1e-4)


def test_norms_fold_into_the_weights():
    torch.manual_seed(0)
    generator = AttentiveGenerator(batch_norm=True, spectral=True)
    torch.nn.init.constant_(generator.attention.gamma, 0.5)
    for _ in range(3):
        generator(torch.randn(16, 32))
    generator.eval()
    folded, z = sagan.fold(generator), torch.randn(4, 32)
    assert not list(folded.buffers())
    assert torch.allclose(folded.generate(z)[0], generator.generate(z)[0], atol=1e-4)
    assert torch.allclose(folded.generate(z)[1], generator.generate(z)[1], atol=1e-4)


def test_reach_and_structure_of_known_maps():
    uniform, own = torch.full((1, 16, 16), 1 / 16), torch.eye(16)[None]
    assert sagan.reach(own).item() == 0 and math.isclose(sagan.structure(own).item(), 4.0)
    assert math.isclose(sagan.reach(uniform).item(), sagan.distances(4).mean().item(), rel_tol=1e-6)
    one = torch.zeros(1, 16, 16)
    one[..., 5] = 1.0  # all look at one place: sharp, but where they stand decides nothing
    assert abs(sagan.structure(uniform).item()) < 1e-6 and sagan.structure(one).item() == 0
    assert sagan.distances(14)[0, 15].item() == pytest.approx(math.sqrt(2))


def test_the_shipped_generator_returns_images_and_weights():
    generator, z = sagan.load(), torch.randn(3, 32, generator=torch.Generator().manual_seed(0))
    images, weights = generator.generate(z)
    assert images.shape == (3, 1, 28, 28) and images.min() >= 0 and images.max() <= 1
    assert torch.equal(images, generator(z)) and torch.allclose(weights.sum(-1), torch.ones(3, 196))
    assert generator.attention.gamma.item() != 0 and not generator.training
    fresh = sagan.load(seed=4)
    assert fresh.attention.gamma.item() == 0 and torch.equal(fresh(z), sagan.load(seed=4)(z))


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match=r"x: expected shape \(B, 6, H, W\), got \(1, 5, 3, 3\)"):
        block()(torch.zeros(1, 5, 3, 3).double())
    with pytest.raises(ValueError, match="channels: expected a whole number from 1 up, got 0"):
        SelfAttention2d(0)
    with pytest.raises(ValueError, match=r"expected \(B, 32\)"):
        sagan.load(seed=0).generate(torch.zeros(2, 31))
