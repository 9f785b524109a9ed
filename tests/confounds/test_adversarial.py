"""Attacks on models whose gradients are known by hand, and on LeNet; inside the ball, the mask and [0, 1]."""

import numpy as np
import pytest
import torch
from torch import nn

from lecturelib import datasets, models
from lecturelib.checks import UnknownName
from lecturelib.confounds.adversarial import fgsm, iter_pgd, loss_and_gradient, pgd, random_noise
from lecturelib.confounds.fooling_images import iter_fooling_image

WEIGHT = torch.tensor([3.0, -4.0, 0.0, 12.0])  # length 13


def linear(bias: float = -1.0) -> nn.Sequential:
    """Two classes with the scores 0 and w . x + b."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    with torch.no_grad():
        net[1].weight.copy_(torch.stack([torch.zeros(4), WEIGHT]))
        net[1].bias.copy_(torch.tensor([0.0, bias]))
    return net.double().eval()


def half() -> torch.Tensor:
    return torch.full((1, 1, 2, 2), 0.5, dtype=torch.double)


@pytest.fixture(scope="module")
def digits():
    return datasets.digits("test")[0][:8]


@pytest.fixture(scope="module")
def lenet():
    return models.load("lenet")


def test_the_gradient_of_a_linear_model_is_the_softmax_times_its_weights():
    # d/dx of -log p_1 is -(1 - p_1) w, with p_1 = sigmoid(w . x + b)
    score = (WEIGHT.double() @ half().flatten()).item() - 1
    rest = 1 / (1 + torch.tensor(score, dtype=torch.double).exp())
    loss, gradient = loss_and_gradient(linear(), half(), torch.tensor([1]))
    torch.testing.assert_close(gradient.flatten(), -rest * WEIGHT.double())
    assert loss.item() == pytest.approx(torch.log1p(torch.exp(torch.tensor(-score))).item())


def test_fast_gradient_sign_is_the_sign_of_the_weights():
    found = fgsm(linear(), half(), 0.1, label=1)
    torch.testing.assert_close((found - half()).flatten(), -0.1 * WEIGHT.double().sign())
    towards = fgsm(linear(), half(), 0.1, target=1)
    torch.testing.assert_close((towards - half()).flatten(), 0.1 * WEIGHT.double().sign())


@pytest.mark.parametrize("steps", [1, 7])
def test_the_best_l2_attack_on_a_linear_model_goes_along_its_weights(steps):
    found = pgd(linear(), half(), 0.2, steps, norm="l2", label=1)
    torch.testing.assert_close((found - half()).flatten(), -0.2 * WEIGHT.double() / 13)


def test_the_smallest_l2_attack_on_a_linear_model_has_its_closed_form():
    # the boundary lies |w . x + b| / |w| away: just below nothing changes, just above everything
    net = linear(bias=-4.0)
    distance = abs((net(half())[0, 1] - net(half())[0, 0]).item()) / 13
    for share, flips in ((0.99, False), (1.01, True)):
        found = pgd(net, half(), share * distance, 5, norm="l2")
        assert bool(net(found).argmax() != net(half()).argmax()) == flips


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("target", [None, 3])
@pytest.mark.parametrize("random_start", [False, True])
def test_inside_the_ball_and_inside_the_pixels(lenet, digits, norm, target, random_start):
    for found in iter_pgd(lenet, digits, 0.3, 5, None, norm, target=target, random_start=random_start):
        assert found.images.min() >= 0 and found.images.max() <= 1
        change = (found.images - digits).flatten(1)
        size = change.abs().amax(1) if norm == "linf" else change.norm(dim=1)
        assert (size <= 0.3 + 1e-5).all()
    assert (found.images != digits).any()


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_epsilon_0_changes_nothing(lenet, digits, norm):
    assert torch.equal(pgd(lenet, digits, 0.0, 3, norm=norm, random_start=True), digits)
    assert torch.equal(fgsm(lenet, digits, 0.0), digits)
    assert torch.equal(random_noise(digits, 0.0, norm), digits)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_a_confined_attack_touches_nothing_outside_its_mask(lenet, digits, norm):
    mask = torch.zeros(28, 28, dtype=torch.bool)
    mask[5:20, 8:15] = True
    found = pgd(lenet, digits, 0.5, 4, norm=norm, mask=mask, random_start=True)
    assert torch.equal(found[..., ~mask], digits[..., ~mask])
    assert (found[..., mask] != digits[..., mask]).any()
    each = torch.stack([mask, ~mask] * 4)[:, None]
    found = pgd(lenet, digits, 0.5, 2, norm=norm, mask=each)
    assert torch.equal(found[~each], digits[~each])


def test_the_attack_raises_the_loss_and_the_target_lowers_it(lenet, digits):
    away = [found.loss.mean().item() for found in iter_pgd(lenet, digits, 0.2, 8)]
    assert away[-1] > away[0] + 1
    near = [found.loss.mean().item() for found in iter_pgd(lenet, digits, 0.2, 8, target="8")]
    assert near[-1] < near[0] - 1
    assert (lenet(pgd(lenet, digits, 0.3, 20, target="8")).argmax(1) == 8).float().mean() >= 0.75


def test_a_batch_gets_what_each_picture_gets_alone(lenet, digits):
    together = pgd(lenet, digits, 0.1, 3, norm="l2")
    alone = torch.cat([pgd(lenet, one, 0.1, 3, norm="l2") for one in digits.split(1)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    goals = torch.arange(8)
    together = fgsm(lenet, digits, 0.1, target=goals)
    alone = torch.cat(
        [fgsm(lenet, one, 0.1, target=int(k)) for one, k in zip(digits.split(1), goals, strict=True)]
    )
    assert (together != alone).float().mean() < 1e-3  # a sign of a gradient near 0 may turn


def test_noise_has_the_size_of_the_attack(digits):
    x = torch.full_like(digits, 0.5)
    assert (random_noise(x, 0.1) - x).abs().min().item() == pytest.approx(0.1, abs=1e-6)
    assert (random_noise(x, 2.0, "l2") - x).flatten(1).norm(dim=1).tolist() == pytest.approx(
        [2.0] * 8, rel=1e-4
    )
    assert torch.equal(random_noise(x, 0.1, seed=3), random_noise(x, 0.1, seed=3))
    assert not torch.equal(random_noise(x, 0.1, seed=3), random_noise(x, 0.1, seed=4))


def test_the_model_and_the_images_are_left_as_they_were(digits):
    net = models.load("lenet").train()
    net.requires_grad_(True)
    before, kept = digits.clone(), {name: value.clone() for name, value in net.state_dict().items()}
    running = iter_pgd(net, digits, 0.1, 5)
    next(running)
    running.close()  # as an interrupt between two steps does
    fgsm(net, digits)
    assert net.training and all(p.requires_grad and p.grad is None for p in net.parameters())
    assert torch.equal(digits, before)
    assert all(torch.equal(value, kept[name]) for name, value in net.state_dict().items())


def test_the_model_is_left_as_it_was_when_interrupted_within_a_step(digits):
    net = models.load("lenet").train().requires_grad_(True)
    passes = []

    def interrupt(*_):
        passes.append(1)
        if len(passes) == 3:
            raise KeyboardInterrupt

    hook = net.register_forward_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        pgd(net, digits, 0.1, 10)
    hook.remove()
    assert net.training and all(p.requires_grad and p.grad is None for p in net.parameters())


def test_dropout_is_off_while_attacked():
    net = nn.Sequential(nn.Flatten(), nn.Dropout(0.9), nn.Linear(16, 2)).train()
    x = torch.rand(1, 1, 4, 4)
    assert torch.equal(pgd(net, x, 0.1, 3), pgd(net, x, 0.1, 3))
    assert net.training


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"epsilon": -0.1}, ValueError, "epsilon: expected a finite number at least 0, got -0.1"),
        ({"epsilon": "4"}, TypeError, "epsilon"),
        ({"steps": 0}, ValueError, "steps: expected a whole number from 1 up"),
        ({"step_size": 0}, ValueError, "step_size"),
        ({"norm": "l1"}, ValueError, "norm: expected 'linf' or 'l2'"),
        ({"label": 1, "target": 2}, ValueError, "label and target"),
        ({"target": "panda"}, UnknownName, "class: expected a class of"),
        ({"target": 10}, IndexError, "class"),
        ({"target": torch.zeros(3)}, ValueError, "target: expected one class"),
        ({"mask": torch.ones(28, 28)}, TypeError, "mask: expected a tensor"),
        ({"mask": torch.ones(27, 28, dtype=torch.bool)}, ValueError, "mask: expected shape"),
        ({"images": torch.full((1, 1, 28, 28), 1.5)}, ValueError, "images: expected pixels in"),
        ({"images": torch.zeros(1, 28, 28)}, ValueError, "images: expected shape"),
    ],
)
def test_bad_input_is_a_sentence_before_any_work(lenet, digits, change, error, says):
    with pytest.raises(error, match=says.replace("(", r"\(")):
        iter_pgd(lenet, **({"images": digits} | change))  # at the call, before the first step


def test_pictures_of_another_size_or_a_class_beyond_the_outputs_end_before_any_work(lenet):
    for act in (
        lambda: fgsm(lenet, torch.rand(1, 1, 20, 20)),
        lambda: iter_pgd(lenet, torch.rand(1, 1, 20, 20), target=3),
        lambda: iter_fooling_image(lenet, 3, size=20),
    ):
        with pytest.raises(ValueError, match="images: expected 28 x 28 px"):
            act()
    with pytest.raises(IndexError, match="2"):
        iter_pgd(linear(), half(), target=2)


@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_a_network_with_a_hidden_layer_by_numpy(norm, targeted):
    """The same attack in NumPy, with the gradient derived by hand: softmax, two matrices, a ReLU between them."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(12, 9)), rng.normal(size=(4, 12))
    x, goals = rng.uniform(0.2, 0.8, size=(5, 9)), np.array([0, 1, 2, 3, 0])
    epsilon, steps, rate = 0.15, 6, 0.04
    found = x.copy()
    for _ in range(steps):
        hidden = found @ first.T
        scores = np.maximum(hidden, 0) @ second.T
        share = np.exp(scores - scores.max(1, keepdims=True))
        share /= share.sum(1, keepdims=True)
        share[np.arange(5), goals] -= 1  # d loss / d scores
        gradient = ((share @ second) * (hidden > 0)) @ first
        way = np.sign(gradient)
        if norm == "l2":
            way = gradient / np.linalg.norm(gradient, axis=1, keepdims=True)
        change = found + (-1 if targeted else 1) * rate * way - x
        if norm == "linf":
            change = np.clip(change, -epsilon, epsilon)
        else:
            change *= np.minimum(1, epsilon / np.linalg.norm(change, axis=1, keepdims=True))
        found = np.clip(x + change, 0, 1)
    net = nn.Sequential(nn.Flatten(), nn.Linear(9, 12, bias=False), nn.ReLU(), nn.Linear(12, 4, bias=False))
    net = net.double().eval()
    with torch.no_grad():
        net[1].weight.copy_(torch.from_numpy(first))
        net[3].weight.copy_(torch.from_numpy(second))
    goal = {"target" if targeted else "label": torch.from_numpy(goals)}
    ours = pgd(net, torch.from_numpy(x).view(5, 1, 3, 3), epsilon, steps, rate, norm, **goal)
    np.testing.assert_allclose(ours.flatten(1).numpy(), found, atol=1e-9)


# It pins an old `requests`, so it is not among the test dependencies; `pip install --no-deps torchattacks` is enough.
@pytest.mark.may_skip
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("steps", [1, 6])
def test_torchattacks_finds_the_same(lenet, digits, steps):
    torchattacks = pytest.importorskip("torchattacks")
    labels = lenet(digits).argmax(1)
    if steps == 1:
        theirs, ours = torchattacks.FGSM(lenet, eps=0.1)(digits, labels), fgsm(lenet, digits, 0.1)
    else:
        attack = torchattacks.PGD(lenet, eps=0.1, alpha=0.03, steps=steps, random_start=False)
        theirs, ours = attack(digits, labels), pgd(lenet, digits, 0.1, steps, 0.03)
    assert ((theirs - ours).abs() > 1e-5).float().mean() < 0.01  # a sign of a gradient near 0 may turn


@pytest.mark.parametrize(
    "images, error",
    [
        (torch.full((1, 1, 4, 4), 255, dtype=torch.uint8), TypeError),
        (torch.full((1, 1, 4, 4), 255.0), ValueError),
        (torch.full((1, 1, 4, 4), torch.nan), ValueError),
        (torch.zeros(0, 1, 4, 4), ValueError),
        (torch.zeros(1, 4, 4), ValueError),
    ],
)
def test_noise_is_added_to_pictures_only(images, error):
    with pytest.raises(error, match="images: expected"):
        random_noise(images)
