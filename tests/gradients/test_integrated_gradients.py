"""Integrated gradients and SmoothGrad: exact on linear models, complete, and the same whatever the batches."""

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.gradients.backprop import backprop
from lecturelib.gradients.integrated_gradients import (
    baseline_image,
    integrated_gradients,
    iter_integrated_gradients,
)
from lecturelib.gradients.smooth_grad import iter_smooth_grad, smooth_grad
from lecturelib.network.units import Channel, Logit, read


def pixels(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def linear():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 16, 2))


def network(dtype=torch.float32):
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(8 * 9, 3)).to(dtype).eval()
    return models.adapt(net, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4), name="tiny", input_size=10)


class Square(nn.Module):
    """Its score is the sum of the squared pixels."""

    def forward(self, x):
        return x.square().sum((1, 2, 3))[:, None]


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_linear_model_is_exact_with_any_number_of_steps(steps):
    model, image = linear(), pixels(1, 3, 4, 4)
    found = integrated_gradients(model, image, Logit(1), 0.25, steps)
    weights = model[1].weight[1].view(1, 3, 4, 4)
    assert torch.allclose(found.attribution, (image - 0.25) * weights, atol=1e-6)
    assert found.completeness_error < 1e-6
    assert torch.allclose(smooth_grad(model, image, Logit(1), samples=steps), weights, atol=1e-6)


def test_squares_by_hand_and_equal_steps_are_exact_for_them():
    image = pixels(1, 3, 4, 4).double()
    found = integrated_gradients(Square(), image, Logit(0), 0.5, steps=3)
    assert torch.allclose(found.attribution, image**2 - 0.25)
    assert (found.start, found.end) == pytest.approx((12.0, image.square().sum().item()))


def test_completeness_comes_nearer_with_more_steps():
    model, image = network(torch.float64), pixels(1, 3, 10, 10)
    errors = []
    for steps in (5, 50, 2000):
        found = integrated_gradients(model, image, Logit(1), steps=steps)
        errors.append(found.completeness_error)
        gap = found.attribution.sum().item() - (found.end - found.start)
        assert found.completeness_error == pytest.approx(abs(gap))
        assert found.end == pytest.approx(read(model, image.double(), Logit(1)).item())
    assert errors[2] < 1e-3
    assert errors[2] < errors[0]


@pytest.mark.parametrize("batch_size", [1, 3, 50, None])
def test_batches_change_nothing(batch_size):
    model, image = network(), pixels(1, 3, 10, 10)
    told = []
    found = integrated_gradients(
        model, image, Logit(1), steps=20, batch_size=batch_size, progress=lambda *now: told.append(now)
    )
    expected = integrated_gradients(model, image, Logit(1), steps=20, batch_size=20)
    assert torch.allclose(found.attribution, expected.attribution, atol=1e-6)
    assert told[-1] == (20, 20)
    if batch_size == 3:
        assert told[:2] == [(3, 20), (6, 20)]
    noisy = [smooth_grad(model, image, Logit(1), samples=20, batch_size=size) for size in (batch_size, 20)]
    assert torch.allclose(*noisy, atol=1e-6)


def test_memory_is_bounded_by_the_batch():
    model, seen = network(), []
    model.get_submodule("0").register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    integrated_gradients(model, pixels(1, 3, 10, 10), Logit(1), steps=20, batch_size=4)
    smooth_grad(model, pixels(1, 3, 10, 10), Logit(1), samples=20, batch_size=4)
    assert max(seen) == 4


def test_step_by_step_they_end_where_the_whole_ends():
    model, image = network(), pixels(1, 3, 10, 10)
    *_, (done, last) = estimates = list(iter_integrated_gradients(model, image, Logit(1), steps=20))
    assert done == 1
    assert estimates[0][0] == 1 / 20
    whole = integrated_gradients(model, image, Logit(1), steps=20)
    assert torch.allclose(last.attribution, whole.attribution, atol=1e-6)
    *_, (done, last) = means = list(iter_smooth_grad(model, image, Logit(1), samples=20, rule="guided"))
    assert done == 1
    assert [share for share, _ in means] == sorted(share for share, _ in means)
    assert torch.allclose(last, smooth_grad(model, image, Logit(1), samples=20, rule="guided"), atol=1e-6)


def test_between_two_estimates_nothing_is_attached():
    model = network().train()
    for estimates in (iter_integrated_gradients, iter_smooth_grad):
        running = estimates(model, pixels(1, 3, 10, 10), Logit(1))
        next(running)
        assert all(m.training and not m._forward_hooks for m in model.modules())
        assert torch.is_grad_enabled()
        running.close()


def test_the_first_step_lies_in_the_middle_of_the_way():
    model, image = network(), pixels(1, 3, 10, 10)
    done, first = next(iter_integrated_gradients(model, image, Logit(1), steps=51))
    middle = backprop(model, image / 2, Logit(1))
    assert torch.allclose(first.attribution, image * middle, atol=1e-2 * middle.abs().max())


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode], ids=lambda c: c.__name__)
def test_it_works_where_the_caller_wants_no_gradients(context):
    model, image = network(), pixels(1, 3, 10, 10)
    expected = integrated_gradients(model, image, Logit(1), steps=5), smooth_grad(model, image, Logit(1))
    with context():
        found = integrated_gradients(model, image, Logit(1), steps=5), smooth_grad(model, image, Logit(1))
        running = iter_smooth_grad(model, image, Logit(1))
        next(running)
    *_, (_, last) = running  # begun inside, ended outside
    assert torch.equal(found[0].attribution, expected[0].attribution)
    assert torch.equal(found[1], expected[1])
    assert torch.allclose(last, expected[1], atol=1e-6)


def test_noise_is_a_share_of_the_images_range():
    torch.manual_seed(0)
    seen = []

    class Reads(nn.Module):
        def forward(self, x):
            seen.append(x.detach())
            return x.sum((1, 2, 3))[:, None]

    image = 0.2 + 0.5 * pixels(1, 3, 40, 40)
    smooth_grad(Reads(), image, Logit(0), noise=0.3, samples=40, batch_size=40)
    noisy = max(seen, key=len)
    spread = (noisy - image).std().item()
    assert spread == pytest.approx(0.3 * (image.max() - image.min()).item(), rel=0.02)
    assert noisy.min() < 0, "what leaves [0, 1] is not cut off"


def test_seeds_repeat_and_differ_and_no_noise_is_the_plain_gradient():
    model, image = network(), pixels(1, 3, 10, 10)
    one, again, other = (smooth_grad(model, image, Logit(1), samples=5, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    plain = backprop(model, image, Logit(1))
    assert torch.allclose(smooth_grad(model, image, Logit(1), noise=0, samples=3), plain, atol=1e-6)
    grey = torch.full((1, 3, 10, 10), 0.5)
    assert torch.allclose(smooth_grad(model, grey, Logit(1)), backprop(model, grey, Logit(1)), atol=1e-6)


def test_the_baselines():
    image = pixels(1, 3, 16, 16)
    assert torch.equal(baseline_image(image, 0.5), torch.full_like(image, 0.5))
    assert torch.allclose(baseline_image(image, "mean")[0, :, 3, 4], image.mean((0, 2, 3)))
    blurred = baseline_image(image, "blur")
    assert blurred.std() < 0.8 * image.std()
    assert torch.equal(baseline_image(image, blurred), blurred)
    zero = integrated_gradients(network(), pixels(1, 3, 10, 10), Logit(1), pixels(1, 3, 10, 10), steps=2)
    assert zero.attribution.count_nonzero() == 0
    assert zero.completeness_error == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("method", "change", "error", "words"),
    [
        (integrated_gradients, {"image": pixels(2, 3, 10, 10)}, ValueError, "one image"),
        (integrated_gradients, {"baseline": 2.0}, ValueError, "baseline: expected a grey"),
        (integrated_gradients, {"baseline": "white"}, ValueError, "baseline: expected a grey"),
        (integrated_gradients, {"baseline": None}, TypeError, "baseline: expected a grey"),
        (integrated_gradients, {"baseline": pixels(1, 3, 9, 10)}, ValueError, "baseline: expected an image"),
        (integrated_gradients, {"steps": 0}, ValueError, "steps"),
        (integrated_gradients, {"batch_size": 0}, ValueError, "batch_size"),
        (smooth_grad, {"samples": 0}, ValueError, "samples"),
        (smooth_grad, {"noise": -0.1}, ValueError, "noise"),
        (smooth_grad, {"seed": -1}, ValueError, "seed"),
        (smooth_grad, {"rule": "x"}, ValueError, "rule"),
        (smooth_grad, {"unit": Channel("nowhere", 1)}, KeyError, "layer: expected"),
        (iter_integrated_gradients, {"steps": 0}, ValueError, "steps"),
        (iter_smooth_grad, {"samples": 0}, ValueError, "samples"),
    ],
)
def test_bad_input_is_a_sentence_at_the_call(method, change, error, words):
    arguments = {"model": network(), "image": pixels(1, 3, 10, 10), "unit": Logit(1)} | change
    with pytest.raises(error, match=words):
        method(**arguments)
