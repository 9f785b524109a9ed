"""Backprop to the pixels: by hand, by finite differences, and what must be left as it was."""

import threading

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecturelib import models
from lecturelib.gradients.backprop import backprop
from lecturelib.network.relu_rules import RULES
from lecturelib.network.units import Channel, Direction, Layer, Logit, Neuron, Probability, read


def pixels(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def network(inplace=False, norm=False, dtype=torch.float64):
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 5, 3, padding=1), nn.BatchNorm2d(5) if norm else nn.Identity(), nn.ReLU(inplace)]
    layers += [nn.MaxPool2d(2), nn.Conv2d(5, 4, 3), nn.ReLU(inplace), nn.Flatten(), nn.Linear(4 * 9, 3)]
    net = nn.Sequential(*layers).to(dtype).eval()
    return models.adapt(net, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4), name="tiny", input_size=10)


class Functional(nn.Module):
    """One ReLU, as a function."""

    def __init__(self, way=F.relu):
        super().__init__()
        self.conv, self.head, self.way = nn.Conv2d(3, 4, 3), nn.Linear(4, 3), way

    def forward(self, x):
        return self.head(self.way(self.conv(x)).mean((2, 3)))


UNITS = [
    Logit(1),
    Probability(2),
    Neuron("0", 2, 3, 4),
    Neuron("5", 2, 1, 1),
    Neuron("7", 1),
    Channel("2", 3),
    Channel("4", 1),
    Layer("5"),
    Direction("4", torch.tensor([1.0, -2.0, 0.5, 3.0])),
]


@pytest.mark.parametrize("unit", UNITS, ids=str)
def test_the_gradient_is_the_finite_difference(unit):
    model, image = network(), 0.1 + 0.8 * pixels(1, 3, 10, 10).double()
    gradient = backprop(model, image, unit)
    way = torch.randn(image.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    step = 1e-7
    with torch.no_grad():
        slope = (read(model, image + step * way, unit) - read(model, image - step * way, unit)) / (2 * step)
    assert gradient.dtype == torch.float64
    assert torch.allclose((gradient * way).sum(), slope[0], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("step", [lambda y: (y > 0).float(), lambda y: y.heaviside(torch.zeros(1))])
def test_the_lectures_step_has_no_gradient_and_says_so(step):
    # y = 1 if 5 x1 + 2 x2 + 6 > 0: flat wherever it is smooth
    class Step(nn.Module):
        def forward(self, x):
            return step(5 * x[:, :1, 0, 0] + 2 * x[:, :1, 0, 1] + 6)

    with pytest.raises(ValueError, match="step without a derivative"):
        backprop(Step(), pixels(1, 3, 2, 2), Logit(0))


@pytest.mark.parametrize("rule", RULES)
def test_one_conv_and_relu_by_hand(rule):
    # a 1 x 1 image; two hidden units x and -x + 2, a score h1 - h2: at x = 1 both are on
    net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(2, 1))
    net[0].weight.data = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1)
    net[0].bias.data = torch.tensor([0.0, 2.0])
    net[3].weight.data, net[3].bias.data = torch.tensor([[1.0, -1.0]]), torch.zeros(1)
    model = models.adapt(net, mean=(0.0,), std=(0.5,), name="by hand", input_size=1)
    # signals at the ReLUs: 1 and -1; the second passes for backprop only; std 0.5 doubles
    expected = {"backprop": 4.0, "deconvnet": 2.0, "guided": 2.0}[rule]
    assert backprop(model, torch.full((1, 1, 1, 1), 0.5), Logit(0), rule).item() == expected


@pytest.mark.parametrize("rule", RULES)
def test_a_batch_equals_its_images(rule):
    model, batch = network(dtype=torch.float32), pixels(6, 3, 10, 10)
    together = backprop(model, batch, Logit(1), rule)
    alone = torch.cat([backprop(model, image[None], Logit(1), rule) for image in batch])
    assert torch.allclose(together, alone, atol=1e-6)
    assert together.abs().sum() > 0


def test_moving_the_image_moves_the_map():
    torch.manual_seed(0)
    conv = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3)).eval()
    image = torch.zeros(1, 3, 20, 20)
    image[..., 6:12, 6:12] = pixels(1, 3, 6, 6)
    unit = Layer("2")
    moved = backprop(conv, image.roll((2, 3), (2, 3)), unit)
    still = backprop(conv, image, unit)
    assert torch.allclose(moved[..., 6:15, 7:16], still[..., 4:13, 4:13], atol=1e-6)


def test_forms_of_relu_do_not_matter():
    image = pixels(1, 3, 10, 10)
    for rule in RULES:
        maps = [backprop(network(inplace), image, Logit(1), rule) for inplace in (False, True)]
        assert torch.equal(*maps)
        functional = []
        for way in (F.relu, lambda x: x.relu_(), nn.ReLU(inplace=True)):
            torch.manual_seed(0)
            functional.append(backprop(Functional(way), image, Logit(1), rule))
        assert torch.equal(functional[0], functional[1])
        assert torch.equal(functional[0], functional[2])


@pytest.mark.parametrize("rule", ["deconvnet", "guided"])
def test_without_any_relu_a_rule_says_that_it_changes_nothing(rule):
    image = pixels(1, 3, 10, 10)
    with pytest.raises(ValueError, match="without one the rule changes nothing"):
        backprop(Functional(F.gelu), image, Logit(1), rule)
    # before the first ReLU of a network that has one, the plain gradient is right
    for model, unit in ((network(), Neuron("0", 1, 2, 2)), (Functional(), Neuron("conv", 1, 2, 2))):
        assert torch.equal(backprop(model, image, unit, rule), backprop(model, image, unit))


def test_a_unit_that_is_off_has_gradient_0_but_a_deconvnet_pattern():
    net = nn.Sequential(nn.Conv2d(3, 1, 3), nn.ReLU())
    net[0].weight.data.fill_(1.0)
    net[0].bias.data.fill_(-100.0)
    image, unit = pixels(1, 3, 3, 3), Neuron("1", 0, 0, 0)
    assert backprop(net, image, unit).count_nonzero() == 0
    assert backprop(net, image, unit, "guided").count_nonzero() == 0
    assert torch.equal(backprop(net, image, unit, "deconvnet"), torch.ones(1, 3, 3, 3))


def state(model):
    hooks = [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()]
    modes = [m.training for m in model.modules()]
    return hooks, modes, [p.requires_grad for p in model.parameters()], [p.grad for p in model.parameters()]


@pytest.mark.parametrize("rule", RULES)
def test_train_mode_gives_eval_values_and_everything_comes_back(rule):
    model, image = network(norm=True), pixels(2, 3, 10, 10)
    expected = backprop(model, image, Logit(1), rule)
    model.train()
    next(model.parameters()).requires_grad_(False)
    before, mean = state(model), model.get_submodule("1").running_mean.clone()
    assert torch.equal(backprop(model, image, Logit(1), rule), expected)
    assert state(model) == before
    assert torch.equal(model.get_submodule("1").running_mean, mean)
    with pytest.raises(
        ValueError, match="gradient at the pixels: expected finite values, got NaN or infinity"
    ):
        model.get_submodule("7").weight.data.fill_(float("nan"))
        backprop(model, image, Logit(1), rule)
    assert state(model) == before
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode], ids=lambda c: c.__name__)
def test_it_works_where_the_caller_wants_no_gradients(context):
    model = network()
    expected = backprop(model, pixels(1, 3, 10, 10), Logit(1))
    with context():
        found = backprop(model, pixels(1, 3, 10, 10), Logit(1))
        assert not torch.is_grad_enabled()
    assert torch.equal(found, expected)
    assert not found.requires_grad


def test_threads_share_a_network():
    model, image = network(dtype=torch.float32), pixels(1, 3, 10, 10)
    expected = {rule: backprop(model, image, Logit(1), rule) for rule in RULES}
    wrong = []

    def work(rule):
        for _ in range(15):
            if not torch.equal(backprop(model, image, Logit(1), rule), expected[rule]):
                wrong.append(rule)

    threads = [threading.Thread(target=work, args=(rule,)) for rule in RULES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert state(model)[0] == [0] * len(state(model)[0])


def test_a_network_that_flattens_by_view_takes_a_batch():
    class View(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4 * 36, 2)

        def forward(self, x):
            x = self.conv(x).relu()
            return self.head(x.view(len(x), -1))

    torch.manual_seed(0)
    model, batch = View(), pixels(5, 3, 8, 8)
    alone = torch.cat([backprop(model, image[None], Logit(0)) for image in batch])
    assert torch.allclose(backprop(model, batch, Logit(0)), alone, atol=1e-6)


def test_a_gradient_that_is_lost_is_a_sentence_but_not_for_the_units_before():
    class Lossy(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)

        def forward(self, x):
            return self.head(self.conv(x).detach().mean((2, 3)))

    model, image = Lossy(), pixels(1, 3, 8, 8)
    assert backprop(model, image, Channel("conv", 1)).abs().sum() > 0
    with pytest.raises(ValueError, match="expected a gradient at the pixels, got none"):
        backprop(model, image, Logit(0))


def test_a_constant_image_stays_finite():
    for value in (0.0, 0.5, 1.0):
        assert backprop(network(), torch.full((1, 3, 10, 10), value), Logit(1)).isfinite().all()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"image": pixels(3, 10, 10)}, ValueError, "image: expected shape"),
        ({"image": pixels(1, 1, 10, 10)}, ValueError, "color images"),
        ({"image": pixels(1, 3, 10, 10) * 255}, ValueError, r"pixels in \[0, 1\]"),
        ({"image": "cat"}, TypeError, "a tensor"),
        ({"unit": 3}, TypeError, "unit"),
        ({"unit": Logit(7)}, IndexError, "class: expected a whole number from 0 to 2"),
        ({"unit": Channel("conv9", 0)}, KeyError, "layer: expected"),
        ({"rule": "guide"}, ValueError, "rule: expected"),
    ],
)
def test_bad_input_is_a_sentence(change, error, words):
    arguments = {"image": pixels(1, 3, 10, 10), "unit": Logit(1), "rule": "backprop"} | change
    with pytest.raises(error, match=words):
        backprop(network(), **arguments)
