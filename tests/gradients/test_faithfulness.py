"""Insertion and deletion by hand on a linear unit, and the model comes back as it was."""

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.gradients.faithfulness import insertion_deletion
from lecturelib.network.units import Logit, Probability


@pytest.fixture
def mean_net():
    """Its one score is the sum of a 4 x 4 grey image."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 1))
    nn.init.ones_(network[1].weight)
    nn.init.zeros_(network[1].bias)
    return models.adapt(network, (0.0,), (1.0,), input_size=4)


def test_curves_by_hand(mean_net):
    image = torch.zeros(1, 1, 4, 4)
    image[..., 1, 2] = 1.0
    map = torch.arange(16.0).view(4, 4) * -1
    map[1, 2] = 1  # the pixel that carries everything comes first
    curves = insertion_deletion(mean_net, image, map, Logit(0), steps=4, fill=0.0)
    assert curves.fractions.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert curves.deletion.tolist() == [1, 0, 0, 0, 0] and curves.insertion.tolist() == [0, 1, 1, 1, 1]
    assert curves.deletion_area == pytest.approx(1 / 8) and curves.insertion_area == pytest.approx(7 / 8)
    worst = insertion_deletion(mean_net, image, -map, Logit(0), steps=4, fill=0.0)
    assert worst.deletion.tolist() == [1, 1, 1, 1, 0] and worst.insertion.tolist() == [0, 0, 0, 0, 1]


def test_ends_are_the_image_and_the_fill(mean_net):
    image = torch.rand(1, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    curves = insertion_deletion(mean_net, image, torch.rand(4, 4), Logit(0), steps=5, fill="mean")
    assert curves.fractions[0] == 0 and curves.fractions[-1] == 1 and len(curves.fractions) == 6
    for value in (curves.deletion[0], curves.insertion[-1], curves.deletion[-1], curves.insertion[0]):
        assert value.item() == pytest.approx(image.sum().item(), abs=1e-4)  # the mean keeps the sum


def test_batches_change_nothing_and_the_model_comes_back(monkeypatch):
    model = models.load("lenet", weights="random").train()
    flags = [p.requires_grad for p in model.parameters()]
    image = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    map = torch.rand(28, 28, generator=torch.Generator().manual_seed(2))
    whole = insertion_deletion(model, image, map, Probability(3), steps=10)
    monkeypatch.setattr("lecturelib.gradients.faithfulness.batch_size_for", lambda *_: 3)
    parts = insertion_deletion(model, image, map, Probability(3), steps=10)
    torch.testing.assert_close(whole.deletion, parts.deletion)
    torch.testing.assert_close(whole.insertion, parts.insertion)
    assert model.training and flags == [p.requires_grad for p in model.parameters()]
    assert not any(module._forward_hooks for module in model.modules())


def test_bad_input(mean_net):
    image, map = torch.rand(1, 1, 4, 4), torch.rand(4, 4)
    for wrong, said in [
        ({"map": torch.ones(4, 4)}, "everywhere"),
        ({"map": torch.rand(5, 4)}, "4 x 4"),
        ({"map": map * float("nan")}, "NaN"),
        ({"image": image.repeat(2, 1, 1, 1)}, "one image"),
        ({"steps": 0}, "steps"),
        ({"steps": 17}, "from 1 to 16"),
        ({"fill": "black"}, "fill"),
        ({"fill": 2.0}, "fill"),
    ]:
        arguments = {"model": mean_net, "image": image, "map": map, "unit": Logit(0), "steps": 4} | wrong
        with pytest.raises(ValueError, match=said):
            insertion_deletion(**arguments)
    with pytest.raises(IndexError, match="class: expected a whole number from 0 to 0"):
        insertion_deletion(mean_net, image, map, Logit(1), steps=4)
    with pytest.raises(TypeError, match="steps"):
        insertion_deletion(mean_net, image, map, Logit(0), steps=2.0)
    with pytest.raises(TypeError, match="unit"):
        insertion_deletion(mean_net, image, map, 0, steps=4)
