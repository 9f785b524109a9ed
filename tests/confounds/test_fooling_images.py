"""A fooling image stays within epsilon of the noise it starts from, and the network is sure of its class."""

import pytest
import torch

from lecturelib import models
from lecturelib.checks import UnknownName
from lecturelib.confounds.fooling_images import fooling_image, iter_fooling_image, noise_picture


def test_it_stays_noise_and_is_named_as_asked():
    net = models.load("lenet")
    for goal in ("3", "8"):
        found, noise = fooling_image(net, goal, epsilon=0.3), noise_picture(net)
        assert (found - noise).abs().max() <= 0.3 + 1e-6 and found.min() >= 0 and found.max() <= 1
        says = net(found).softmax(1)[0]
        assert says.argmax() == int(goal) and says.max() > 0.9
        assert net(noise).softmax(1)[0, int(goal)] < says.max()


def test_noise_is_grey_on_average_and_its_seed_repeats_it():
    net = models.load("cifar_net")
    noise = noise_picture(net, 64)
    assert noise.shape == (1, 3, 64, 64)
    assert noise.mean().item() == pytest.approx(0.5, abs=0.01) and noise.std().item() == pytest.approx(
        0.2, abs=0.01
    )
    assert torch.equal(noise, noise_picture(net, 64)) and not torch.equal(
        noise, noise_picture(net, 64, seed=1)
    )
    assert torch.equal(
        fooling_image(net, "ship", steps=2, seed=3), fooling_image(net, "ship", steps=2, seed=3)
    )


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"target": "toaster"}, UnknownName, "class"),
        ({"epsilon": -1}, ValueError, "epsilon"),
        ({"steps": 0}, ValueError, "steps"),
        ({"size": 0}, ValueError, "size"),
        ({"seed": -1}, ValueError, "seed"),
    ],
)
def test_bad_input_is_a_sentence_before_any_work(change, error, says):
    with pytest.raises(error, match=says):
        iter_fooling_image(models.load("lenet"), **({"target": "3"} | change))
