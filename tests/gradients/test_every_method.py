"""What holds for every method: one sentence for NaN and overflow, dtypes, inference mode, batches that mix."""

import math

import pytest
import torch
from torch import nn

from lecturelib import gradients, models
from lecturelib.network.units import Channel, Logit, Neuron, Probability, read

SENTENCE = "expected finite values, got NaN or infinity; the network's weights have diverged, a number has overflowed"


def pixels(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def network(dtype=torch.float32):
    """A plain chain and a head, for pictures that are not square."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 5, 3), nn.ReLU()]
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 3)).to(dtype).eval()
    return models.adapt(net, (0.4, 0.5, 0.6), (0.2, 0.3, 0.4), name="tiny", input_size=20)


MAP = pixels(14, 20, seed=3)
METHODS = {
    "backprop": lambda m, x, u: gradients.backprop(m, x, u),
    "guided_backprop": lambda m, x, u: gradients.guided_backprop(m, x, u),
    "deconvolution": lambda m, x, u: gradients.deconvolution(m, x, u),
    "saliency_map": lambda m, x, u: gradients.saliency_map(m, x, u),
    "gradient_times_input": lambda m, x, u: gradients.gradient_times_input(m, x, u),
    "integrated_gradients": lambda m, x, u: gradients.integrated_gradients(m, x, u, 0.3, steps=6).attribution,
    "smooth_grad": lambda m, x, u: gradients.smooth_grad(m, x, u, samples=6),
    "grad_cam": lambda m, x, u: gradients.grad_cam(m, x, u),
    "grad_cam, first layer": lambda m, x, u: gradients.grad_cam(m, x, u, "0"),
    "guided_grad_cam": lambda m, x, u: gradients.guided_grad_cam(m, x, u),
    "deconvnet": lambda m, x, u: gradients.deconvnet(m, x, Channel("4", 0)),
    "insertion_deletion": lambda m, x, u: gradients.insertion_deletion(m, x, MAP, u, steps=5).deletion,
    "read": lambda m, x, u: read(m, x, u),
    "read, a probability": lambda m, x, u: read(m, x, Probability(1)),
}
IMAGE, UNIT = pixels(1, 3, 14, 20), Logit(1)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("method", METHODS)
def test_a_weight_that_is_not_finite_gives_the_same_sentence_everywhere(method, bad):
    model = network()
    model.get_submodule("0").weight.data[:, 0, 0, 0] = bad
    with pytest.raises(ValueError, match=SENTENCE):
        METHODS[method](model, IMAGE, UNIT)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


@pytest.mark.parametrize("method", METHODS)
def test_an_overflow_in_half_precision_gives_the_same_sentence_everywhere(method):
    model = network(torch.float16)
    for name in ("0", "3", "7"):
        model.get_submodule(name).weight.data.fill_(300.0)  # 27 x 300, times 54 x 300: beyond 65504
    with pytest.raises(ValueError, match=SENTENCE):
        METHODS[method](model, IMAGE, UNIT)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("method", METHODS)
def test_every_dtype_gives_the_values_of_float64_up_to_rounding(method, dtype):
    model, image = network().to(dtype), IMAGE.to(dtype)
    exact_model = network().to(dtype).double()  # the very same weights and pixels
    exact = METHODS[method](exact_model, image.double(), UNIT).double()
    found = METHODS[method](model, IMAGE, UNIT).double()
    rounding = {torch.float16: 0.03, torch.bfloat16: 0.3, torch.float64: 1e-6}[dtype]
    assert ((found - exact).norm() / exact.norm()).item() < rounding


@pytest.mark.parametrize("method", METHODS)
def test_an_integer_parameter_in_front_does_not_decide_the_dtype(method):
    class Counted(nn.Module):
        def __init__(self):
            super().__init__()
            self.count = nn.Parameter(torch.zeros((), dtype=torch.long), requires_grad=False)
            self.net = network()

        def forward(self, x):
            return self.net(x)

    inside = {
        "grad_cam, first layer": lambda m, x, u: gradients.grad_cam(m, x, u, "net.0"),
        "deconvnet": lambda m, x, u: gradients.deconvnet(m.net, x, Channel("4", 0)),
    }
    found = inside.get(method, METHODS[method])(Counted().eval(), IMAGE, UNIT)
    torch.testing.assert_close(found, METHODS[method](network(), IMAGE, UNIT))


@pytest.mark.parametrize("method", METHODS)
def test_inference_mode_outside_changes_nothing(method):
    expected = METHODS[method](network(), IMAGE, UNIT)
    with torch.inference_mode():
        found = METHODS[method](network_made_outside, IMAGE, UNIT)
        found_of_inference_pixels = METHODS[method](network_made_outside, IMAGE.clone(), UNIT)
    torch.testing.assert_close(found.clone(), expected)
    torch.testing.assert_close(found_of_inference_pixels.clone(), expected)


network_made_outside = network()


def test_tables_and_copies_inside_inference_mode():
    x = pixels(40, 4)
    y = (x[:, 0] > 0.5).long()
    net = gradients.train_table_net(x, y, steps=20)
    expected = gradients.sensitivity(net, x, 1).mean
    with torch.inference_mode():
        again = gradients.train_table_net(x.clone(), y.clone(), steps=20)
        assert torch.equal(again[0].weight, net[0].weight)
        torch.testing.assert_close(gradients.sensitivity(again, x.clone(), 1).mean, expected)
        copied = gradients.randomized(network_made_outside, 2)
        asked = network_made_outside, IMAGE, UNIT, [1]
        steps = gradients.cascading_randomization(lambda *a: gradients.saliency_map(*a)[0], *asked)
    assert not any(parameter.is_inference() for parameter in copied.parameters())
    gradient = gradients.backprop(copied, IMAGE, UNIT)  # made inside, used outside
    assert torch.equal(gradient, gradients.backprop(gradients.randomized(network(), 2), IMAGE, UNIT))
    outside = gradients.cascading_randomization(lambda *a: gradients.saliency_map(*a)[0], *asked)
    assert steps[0].rank_correlation == pytest.approx(outside[0].rank_correlation)


def mixing_network():
    """Batch normalization without running statistics: the pictures of a batch influence one another."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6, track_running_stats=False), nn.ReLU(), nn.Conv2d(6, 5, 3)]
    net = nn.Sequential(*layers, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 3))
    return models.adapt(net.double().eval(), (0.0,) * 3, (1.0,) * 3, name="mixing", input_size=20)


@pytest.mark.filterwarnings("ignore:.*pictures of a batch influence one another")
@pytest.mark.parametrize("batch_size", [None, 1, 5])
def test_averages_take_one_picture_at_a_time_where_pictures_influence_one_another(batch_size):
    model, image = mixing_network(), IMAGE.double()
    total = torch.zeros_like(image)
    for k in range(12):  # plain autograd, one picture at a time
        step = (0.2 + (k + 0.5) / 12 * (image - 0.2)).requires_grad_()
        total += torch.autograd.grad(model(step)[0, 1], step)[0]
    found = gradients.integrated_gradients(model, image, UNIT, 0.2, steps=12, batch_size=batch_size)
    torch.testing.assert_close(found.attribution, (image - 0.2) * total / 12)
    with torch.no_grad():
        ends = [model(end)[0, 1].item() for end in (torch.full_like(image, 0.2), image)]
    assert [found.start, found.end] == pytest.approx(ends)
    generator, mean = torch.Generator().manual_seed(0), torch.zeros_like(image)
    sigma = 0.15 * (image.max() - image.min()).item()
    for _ in range(4):
        noise = torch.randn(image.shape[1:], generator=generator).to(image)
        copy = (image + sigma * noise).requires_grad_()
        mean += torch.autograd.grad(model(copy)[0, 1], copy)[0] / 4
    smooth = gradients.smooth_grad(model, image, UNIT, samples=4, batch_size=batch_size)
    torch.testing.assert_close(smooth, mean)


@pytest.mark.filterwarnings("ignore:.*pictures of a batch influence one another")
def test_insertion_and_deletion_run_one_picture_at_a_time_there():
    model, image = mixing_network(), IMAGE.double()
    curves = gradients.insertion_deletion(model, image, MAP, UNIT, steps=4, fill=0.5)
    order = MAP.flatten().argsort(descending=True)
    for k, count in enumerate([0, 70, 140, 210, 280]):
        covered = image.clone().flatten(2)
        covered[..., order[:count]] = 0.5
        with torch.no_grad():
            value = model(covered.view_as(image))[0, 1].item()
        assert curves.deletion[k].item() == pytest.approx(value, abs=1e-5)


@pytest.mark.filterwarnings("ignore:.*pictures of a batch influence one another")
def test_sensitivity_takes_one_row_at_a_time_there():
    class Centered(nn.Module):
        def forward(self, x):
            return ((x - x.mean(0)).square() + x)[:, :2]

    rows = pixels(6, 3).double()
    found = gradients.sensitivity(Centered(), rows, 0)  # alone, x - mean is 0: the gradient is 1
    torch.testing.assert_close(found.mean, torch.tensor([1.0, 0.0, 0.0]))


def test_a_network_that_answers_differently_twice_is_said_to():
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = network()

        def forward(self, x):
            return nn.functional.dropout(self.net(x), 0.5, training=True)

    with pytest.warns(UserWarning, match="answers differently each time"):
        gradients.saliency_map(Noisy().eval(), IMAGE, UNIT)


def test_the_thin_names_are_the_rules():
    model = network()
    for name, rule in (("guided_backprop", "guided"), ("deconvolution", "deconvnet")):
        for unit in (Logit(2), Neuron("3", 1, 2, 3)):
            assert torch.equal(
                getattr(gradients, name)(model, IMAGE, unit), gradients.backprop(model, IMAGE, unit, rule)
            )


def test_the_face_is_sorted_documented_and_importable():
    assert list(gradients.__all__) == sorted(gradients.__all__, key=lambda name: (not name.isupper(), name))
    for name in gradients.__all__:
        value = getattr(gradients, name)
        assert name.endswith("QUESTIONS") or ">>>" in value.__doc__, name
