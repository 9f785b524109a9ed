"""The soft window: it starts over the whole picture, and learns by backpropagation where to read."""

import pytest
import torch

from lecturelib import datasets
from lecturelib.visual_attention.filterbank import SoftWindow
from lecturelib.visual_attention.glimpse_training import iter_glimpses
from lecturelib.visual_attention.translated_digits import digit_task
from lecturelib.visual_attention.window_network import SAMPLERS, WindowNetwork, center_distance

IMAGES = torch.rand(3, 1, 60, 60, generator=torch.Generator().manual_seed(0))


def network(**settings):
    torch.manual_seed(0)
    return WindowNetwork(**settings)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_it_starts_over_the_whole_picture(sampler):
    net = network(size=12, sampler=sampler)
    window = net.window(IMAGES)
    assert torch.equal(window.centers, torch.zeros(3, 2))
    assert torch.allclose(window.strides * 12, torch.tensor(60.0))
    assert net.read(IMAGES, window).shape == (3, 1, 12, 12) and net(IMAGES).shape == (3, 10)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_loss_reaches_the_window(sampler):
    net = network(sampler=sampler)
    torch.nn.functional.cross_entropy(net(IMAGES), torch.tensor([1, 2, 3])).backward()
    gradient = net.locator[-1].weight.grad
    assert gradient[:3].abs().sum(1).min() > 0
    assert (gradient[3].abs().sum() > 0) == (sampler == "gaussian")  # a bilinear sampler has no sigma


def test_two_hundred_steps_bring_the_window_nearer():
    digits, labels = datasets.digits("train")
    net = network()
    placed = digit_task("translated", datasets.digits("test")[0][:500], torch.Generator().manual_seed(1))
    before = center_distance(net.window(placed.images), placed.centers).mean()
    for _ in iter_glimpses(net, digits, labels, "translated", steps=200, batch_size=64, learning_rate=2e-3):
        pass
    assert center_distance(net.window(placed.images), placed.centers).mean() < 0.7 * before


def test_distance_by_hand():
    window = SoftWindow(torch.tensor([[0.3, 0.4]]), torch.ones(1), torch.ones(1))
    assert center_distance(window, torch.zeros(1, 2), 20).item() == pytest.approx(5)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: network(size=80), "size: expected a whole number from 9 to 60 .the picture's side., got 80"),
        (lambda: network(sampler="hard"), "sampler: expected 'gaussian' or 'affine', got 'hard'"),
        (lambda: network(side=10), "side: expected a whole number from 20"),
        (lambda: network()(IMAGES[:, :, :50, :50]), "images: expected pictures of 60 x 60 pixels"),
        (lambda: network()(IMAGES * 300), "images: expected pixels in .0, 1."),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()
