"""The glimpse network: shapes, who trains what, REINFORCE's term by hand, seeds, resuming, bad input."""

import math

import pytest
import torch
from torch.nn import functional as F

from lecturelib.visual_attention.glimpse_network import GlimpseNetwork, log_density
from lecturelib.visual_attention.glimpse_training import glimpse_loss, iter_glimpses, predictions

IMAGES = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2, 3, 4])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def network(**settings):
    torch.manual_seed(0)
    return GlimpseNetwork(**{"size": 6, "scales": 2, "glimpses": 4, "hidden": 16} | settings)


def test_a_path_has_the_documented_shapes():
    path = network()(IMAGES, seeded(), sample=True)
    assert path.glimpses == 4 and path.locations.shape == (4, 5, 2) and path.means.shape == (3, 5, 2)
    assert path.log_probabilities.shape == path.baselines.shape == (3, 5)
    assert path.states.shape == (4, 5, 16) and path.logits.shape == (5, 10)
    assert path.locations.abs().max() <= 1 and torch.equal(path.locations[0], torch.zeros(5, 2))


def test_one_glimpse_needs_no_policy():
    path = network(glimpses=1)(IMAGES)
    assert path.locations.shape == (1, 5, 2) and path.log_probabilities.shape == (0, 5)
    loss, rewards = glimpse_loss(path, LABELS)
    assert torch.allclose(loss, -rewards.mean())


def test_without_sampling_it_looks_at_its_means_and_needs_no_generator():
    path = network()(IMAGES)
    assert torch.allclose(path.locations[1:], path.means)
    assert torch.allclose(path.logits, network().follow(IMAGES, path.locations.detach())[-1])


def test_drawn_places_spread_around_the_means_by_the_standard_deviation():
    torch.manual_seed(0)
    still = network(std=0.1)
    path = still(IMAGES[:1].expand(4000, -1, -1, -1), seeded(), sample=True, glimpses=2)
    off = path.locations[1] - path.means[0]
    assert off.mean().abs() < 0.01 and off.std().item() == pytest.approx(0.1, rel=0.05)


def test_random_places_are_uniform_and_do_not_come_from_the_picture():
    path = network(policy="random")(IMAGES[:1].expand(3000, -1, -1, -1), seeded(), glimpses=2)
    places = path.locations[1]
    assert places.abs().max() <= 1 and places.mean(0).abs().max() < 0.05
    assert places.std().item() == pytest.approx(2 / math.sqrt(12), rel=0.05)


def test_the_log_density_is_torchs():
    drawn, mean = torch.randn(7, 2), torch.randn(7, 2)
    wanted = torch.distributions.Normal(mean, 0.15).log_prob(drawn).sum(1)
    assert torch.allclose(log_density(drawn, mean, 0.15), wanted, rtol=1e-4)


def test_the_loss_by_hand():
    path = network()(IMAGES, seeded(), sample=True)
    loss, rewards = glimpse_loss(path, LABELS)
    said = path.logits.log_softmax(1)
    by_hand = 0.0
    for k in range(5):
        reward = said[k, k].item()
        assert rewards[k].item() == pytest.approx(reward, rel=1e-4)
        by_hand -= reward / 5
        for t in range(3):
            advantage = reward - path.baselines[t, k].item()
            by_hand += (-advantage * path.log_probabilities[t, k].item() + advantage**2) / 5
    assert loss.item() == pytest.approx(by_hand, rel=1e-4)


def test_reinforce_trains_policy_and_baseline_only():
    net = network()
    path = net(IMAGES, seeded(), sample=True)
    loss, _ = glimpse_loss(path, LABELS)
    plain = torch.autograd.grad(F.cross_entropy(path.logits, LABELS), net.core.weight, retain_graph=True)[0]
    whole = torch.autograd.grad(loss, [net.core.weight, net.locator.weight, net.baseline.weight])
    assert torch.allclose(whole[0], plain)  # the core learns from the cross-entropy alone
    assert whole[1].abs().sum() > 0 and whole[2].abs().sum() > 0


def test_a_large_picture_and_another_number_of_glimpses():
    path = network()(torch.rand(2, 1, 200, 120), glimpses=6)
    assert path.glimpses == 6


def test_the_same_seed_trains_the_same_and_a_restored_run_goes_on_exactly():
    digits, labels = torch.rand(40, 1, 28, 28, generator=seeded()), torch.arange(40) % 10
    nets = [network() for _ in range(3)]
    for _ in iter_glimpses(nets[0], digits, labels, steps=6, batch_size=8, seed=3):
        pass
    first = iter_glimpses(nets[1], digits, labels, steps=6, batch_size=8, seed=3)
    for _ in range(3):
        next(first)
    second = iter_glimpses(nets[2], digits, labels, steps=6, batch_size=8, seed=9)
    second.restore(first.state())
    assert [step.step for step in second] == [4, 5, 6]
    for one, other in zip(nets[0].parameters(), nets[2].parameters(), strict=True):
        assert torch.equal(one, other)


def test_training_keeps_the_mode_also_after_an_error():
    net = network().eval()
    run = iter_glimpses(net, torch.rand(9, 1, 28, 28), torch.zeros(9).long(), steps=2, batch_size=4)
    next(run)
    assert not net.training
    run.labels = torch.full((9,), 99)
    with pytest.raises((IndexError, RuntimeError)):
        next(run)
    assert not net.training
    predictions(net.train(), IMAGES)
    assert net.training


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: GlimpseNetwork(glimpses=0), "glimpses: expected a whole number from 1 to 64, got 0"),
        (lambda: GlimpseNetwork(size=7, scales=2), "size: expected an even number"),
        (lambda: GlimpseNetwork(policy="none"), "policy: expected 'learned' or 'random', got 'none'"),
        (lambda: GlimpseNetwork(std=0), "std: expected a finite number above 0"),
        (lambda: network(size=30)(IMAGES), "size: expected a whole number from 1 to 28 .the picture's shorter side."),
        (lambda: network()(IMAGES * 255), "images: expected pixels in .0, 1."),
        (lambda: network()(IMAGES.expand(-1, 3, -1, -1)), "images: expected grey images"),
        (lambda: network()(IMAGES, glimpses=0), "glimpses: expected a whole number from 1 to 64, got 0"),
        (lambda: network().follow(IMAGES, torch.zeros(2, 4, 2)), "locations: expected shape .5, 2."),
        (lambda: network().follow(IMAGES, torch.zeros(0, 5, 2)), "glimpses: expected a whole number from 1"),
        (lambda: iter_glimpses(network(), IMAGES, LABELS, steps=0), "steps: expected a whole number from 1"),
        (lambda: iter_glimpses(network(), IMAGES, LABELS, "clutter"), "task: expected"),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_up_to_the_end_of_its_warm_up_a_run_is_that_of_the_random_control():
    digits, labels = torch.rand(40, 1, 28, 28, generator=seeded()), torch.arange(40) % 10
    nets = [network(), network(policy="random"), network()]
    for net, warm_up in zip(nets, (3, 0, 0), strict=True):
        run = iter_glimpses(net, digits, labels, steps=6, batch_size=8, seed=3, warm_up=warm_up)
        for _ in range(3):
            next(run)
    weights = [net.core.weight for net in nets]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
    with pytest.raises(ValueError, match="warm_up: expected a whole number from 0 to 6 .the steps., got 7"):
        iter_glimpses(network(), digits, labels, steps=6, warm_up=7)


@pytest.mark.parametrize("labels", [LABELS[:3], LABELS.float(), LABELS.tolist()])
def test_labels_are_whole_numbers_one_a_picture(labels):
    with pytest.raises(ValueError, match=r"labels: expected whole numbers \(5,\)"):
        iter_glimpses(network(), IMAGES, labels)
