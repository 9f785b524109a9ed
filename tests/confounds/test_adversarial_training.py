"""Adversarial training on data whose best robust accuracy is known; accuracy against epsilon of a linear model."""

import pytest
import torch
from torch import nn

from lecturelib import datasets
from lecturelib.checks import UnknownName
from lecturelib.confounds.adversarial_training import (
    iter_adversarial_training,
    load_robust,
    robust_accuracy,
)
from lecturelib.models.pixel_model import PixelModel


def linear(weight: list[float], bias: float = 0.0) -> nn.Sequential:
    """Two classes with the scores 0 and w . x + b."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(len(weight), 2))
    with torch.no_grad():
        net[1].weight.copy_(torch.stack([torch.zeros(len(weight)), torch.tensor(weight)]))
        net[1].bias.copy_(torch.tensor([0.0, bias]))
    return net.eval()


def test_accuracy_against_epsilon_is_the_share_with_a_larger_margin():
    # score x1 - x2: the margin |x1 - x2| / 2 is the smallest change in both pixels that turns the sign
    net = linear([1.0, -1.0])
    generator = torch.Generator().manual_seed(0)
    x = 0.25 + 0.5 * torch.rand(200, 1, 1, 2, generator=generator)  # far enough from 0 and 1
    y = (x[:, 0, 0, 0] > x[:, 0, 0, 1]).long()
    margin = (x[:, 0, 0, 0] - x[:, 0, 0, 1]).abs() / 2
    epsilons = (0.0, 0.05, 0.1, 0.2)
    found = robust_accuracy(net, x, y, epsilons, steps=3)
    assert found == pytest.approx([(margin > e).float().mean().item() for e in epsilons], abs=1e-6)
    # in the Euclidean norm the distance to the boundary is |x1 - x2| / sqrt 2
    found = robust_accuracy(net, x, y, epsilons, steps=3, norm="l2")
    assert found == pytest.approx([(2**0.5 * margin > e).float().mean().item() for e in epsilons], abs=1e-6)


def test_adversarial_training_prefers_the_robust_feature():
    """Pixel 0 tells the class by a large step in 9 of 10 examples, 16 others always but by less than 0.1."""
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(2, (200,), generator=generator)
    side = 2.0 * y - 1
    right = torch.where(torch.rand(200, generator=generator) < 0.9, side, -side)
    tiny = 0.5 + 0.08 * side[:, None].expand(-1, 16)
    x = torch.cat([0.5 + 0.3 * right[:, None], tiny], 1).view(-1, 1, 1, 17)
    found = {}
    for epsilon in (0.0, 0.1):
        torch.manual_seed(0)
        network = nn.Sequential(nn.Flatten(), nn.Linear(17, 2))
        net = PixelModel(network, (0.5,), (0.25,), name="toy", input_size=17)
        *_, last = iter_adversarial_training(net, x, y, epsilon, epochs=40, steps=2, batch=200, rate=0.1)
        assert last.epoch == last.of == 40
        found[epsilon] = robust_accuracy(net, x, y, (0.0, 0.1), steps=5)
    assert found[0.0][0] > 0.97 and found[0.0][1] < 0.6  # all by the tiny steps, which an attack of 0.1 turns
    assert found[0.1][0] > 0.8 and found[0.1][1] > 0.8  # by pixel 0, which it cannot turn


def test_the_model_comes_back_in_its_mode_also_when_it_is_left_early():
    net = linear([1.0, -1.0])
    net[1].bias.requires_grad_(False)
    x, y = torch.rand(8, 1, 1, 2), torch.randint(2, (8,))
    running = iter_adversarial_training(net, x, y, epochs=5, steps=1, batch=4)
    next(running)
    running.close()
    assert not net.training and net[1].weight.requires_grad and not net[1].bias.requires_grad
    assert net[1].weight.grad is None


def test_a_seed_repeats_the_training():
    x, y = torch.rand(40, 1, 28, 28), torch.randint(10, (40,))
    weights = []
    for _ in range(2):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
        list(iter_adversarial_training(net, x, y, epochs=2, steps=2, batch=10, seed=5))
        weights.append(net[1].weight.detach().clone())
    assert torch.equal(*weights)


def test_the_shipped_twins_are_what_their_card_says():
    images, labels = datasets.digits("test")
    for name, least in (("plain", 0.95), ("adversarial", 0.95)):
        assert robust_accuracy(load_robust(name), images[:300], labels[:300], (0.0,))[0] > least
    plain, trained = (
        robust_accuracy(load_robust(name), images[:60], labels[:60], (0.2,), steps=10)[0]
        for name in ("plain", "adversarial")
    )
    assert trained > plain + 0.3


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"epsilon": -1}, ValueError, "epsilon"),
        ({"epochs": 0}, ValueError, "epochs: expected a whole number"),
        ({"rate": 0}, ValueError, "rate"),
        ({"labels": torch.zeros(3)}, ValueError, "labels: expected whole numbers"),
        ({"images": torch.full((2, 1, 28, 28), 2.0)}, ValueError, "images: expected pixels"),
    ],
)
def test_bad_training_is_a_sentence_before_any_work(change, error, says):
    given = {"images": torch.rand(2, 1, 28, 28), "labels": torch.tensor([1, 2])} | change
    with pytest.raises(error, match=says):
        iter_adversarial_training(load_robust("plain"), **given)


def test_bad_questions_are_a_sentence():
    with pytest.raises(UnknownName, match="name: expected a known network"):
        load_robust("robust")
    net, x, y = load_robust("plain"), torch.rand(2, 1, 28, 28), torch.tensor([1, 2])
    with pytest.raises(ValueError, match="epsilons"):
        robust_accuracy(net, x, y, (-0.1,))
    with pytest.raises(ValueError, match="steps"):
        robust_accuracy(net, x, y, (0.1,), steps=0)


def test_a_label_that_is_no_class_is_refused_also_without_an_attack():
    with pytest.raises(IndexError, match="expected 0 to 9"):
        robust_accuracy(load_robust("plain"), torch.zeros(1, 1, 28, 28), torch.tensor([11]), (0.0,))
