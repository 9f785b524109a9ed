"""Averages of gradients: the same whatever the batches, live, bounded in memory, exact in half precision."""

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.gradients.integrated_gradients import integrated_gradients, iter_integrated_gradients
from lecturelib.gradients.smooth_grad import iter_smooth_grad, smooth_grad
from lecturelib.network.units import Channel, Logit


def pixels(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def network(dtype=torch.float32):
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(8 * 9, 3)).to(dtype).eval()
    return models.adapt(net, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4), name="tiny", input_size=10)


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


def test_a_sum_that_overflows_in_half_precision_does_not_spoil_the_mean():
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 1, bias=False)).half()
    net[1].weight.data.fill_(5000.0)  # 50 gradients of 5000 add up to 250,000, beyond 65,504
    image = torch.full((1, 3, 2, 2), 0.5)
    assert (smooth_grad(net, image, Logit(0), noise=0) == 5000).all()
    shares = integrated_gradients(net, image, Logit(0), 0.25)
    assert (shares.attribution == 1250).all() and shares.completeness_error < 10
