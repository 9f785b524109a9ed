"""What the monitors record, by hand on tiny networks; a monitor changes nothing of the run."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from lecturelib.training import fit, monitors
from lecturelib.training.monitor import Monitor, Snapshot


def by_hand():
    """Two inputs, three ReLU units: the first always alive, the second never, the third only for the second row."""
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]))
        model[0].bias.copy_(torch.tensor([1.0, -1.0, 0.0]))
        model[2].weight.copy_(torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]))
        model[2].bias.zero_()
    inputs = torch.tensor([[1.0, -1.0], [3.0, 2.0]])
    return model, inputs, torch.tensor([0, 1])


def first(monitor, every_step=None, **more):
    """What a monitor records at the first step of a run with a learning rate of 0.1."""
    model, inputs, labels = by_hand()
    settings = {
        "steps": 1,
        "batch_size": 2,
        "shuffle": False,
        "optimizer": torch.optim.SGD(model.parameters(), 0.1),
    }
    run = fit(model, (inputs, labels), monitors=[monitor], **{**settings, **more})
    list(run)
    return run.history, model


def rms(values):
    return math.sqrt(sum(v * v for v in values) / len(values))


def test_dead_units_by_hand():
    history, _ = first(monitors.dead_unit_monitor())
    assert history["dead/1"][0] == pytest.approx(1 / 3)  # only the second unit is 0 in both rows
    alone = torch.tensor([[1.0, -1.0]])
    history, _ = first(monitors.dead_unit_monitor(probe=alone))
    assert history["dead/1"][0] == pytest.approx(2 / 3)  # for this one the third is 0 too


def test_dead_channels_are_those_that_are_0_at_every_place():
    model = nn.Sequential(nn.Conv2d(1, 4, 1), nn.ReLU(), nn.Flatten(), nn.Linear(36, 2))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([1.0, -1.0, 1.0, 0.0]).view(4, 1, 1, 1))
        model[0].bias.copy_(torch.tensor([0.0, -0.1, -0.9, -1.0]))
    image = torch.zeros(2, 1, 3, 3)
    image[1, 0, 2, 2] = 1.0
    run = fit(
        model, (image, torch.tensor([0, 1])), steps=1, batch_size=2, monitors=[monitors.dead_unit_monitor()],
        optimizer=torch.optim.SGD(model.parameters(), 1e-9),
    )  # fmt: skip
    list(run)
    assert run.history["dead/1"][0] == 0.5  # the first and the third are above 0 in one corner of one image


def test_inputs_and_classes_by_hand():
    history, _ = first(monitors.input_monitor())
    assert history["inputs/mean"][0] == pytest.approx(1.25)
    assert (history["inputs/min"][0], history["inputs/max"][0]) == (-1, 3)
    assert history["inputs/std"][0] == pytest.approx(np.std([1, -1, 3, 2], ddof=1))
    history, _ = first(monitors.class_monitor())
    assert history["targets/counts"].tolist() == [[1, 1]]
    assert history["targets/classes"][0] == pytest.approx(2)


def test_gradients_updates_and_weights_by_hand():
    history, model = first(
        Monitor(lambda snapshot: {"grad": snapshot.model[2].weight.grad.flatten().numpy()})
    )
    gradient = history["grad"][0].tolist()
    # by hand: hidden (2, 0, 0) and (4, 0, 2); outputs (2, 0), (10, 0); softmax minus one-hot, mean over the rows
    p, q = 1 / (1 + math.exp(-2)), 1 / (1 + math.exp(-10))
    upper = [((p - 1) * 2 + q * 4) / 2, 0.0, q * 2 / 2]
    assert gradient == pytest.approx([*upper, *[-g for g in upper]], rel=1e-5)
    history, _ = first(monitors.gradient_monitor())
    assert history["gradients/2"][0] == pytest.approx(rms(gradient), rel=1e-5)
    history, _ = first(monitors.update_monitor())
    assert history["updates/2"][0] == pytest.approx(0.1 * rms(gradient) / rms([1, 2, 3, 0, 0, 0]), rel=1e-4)
    history, model = first(monitors.weight_monitor())
    assert history["weights/2"][0] == pytest.approx(rms(model[2].weight.flatten().tolist()), rel=1e-5)


def test_activations_and_outputs_by_hand():
    history, _ = first(monitors.activation_monitor())
    values = [2, 0, 0, 4, 0, 2]
    assert history["activations/1/mean"][0] == pytest.approx(np.mean(values))
    assert history["activations/1/std"][0] == pytest.approx(np.std(values, ddof=1))
    history, _ = first(monitors.activation_monitor(layers=["2"]))
    assert history["activations/2/mean"][0] == pytest.approx(3)
    history, _ = first(monitors.output_monitor())
    assert history["outputs/confidence"][0] == pytest.approx(
        (1 / (1 + math.exp(-2)) + 1 / (1 + math.exp(-10))) / 2
    )
    assert history["outputs/classes"][0] == pytest.approx(1)  # it says class 0 both times
    assert history["outputs/sure_and_wrong"][0] == 0.5  # the second row is class 1


@pytest.mark.parametrize("of", ["weights", "gradients", "activations"])
def test_histograms_count_every_value_once(of):
    history, model = first(monitors.histogram_monitor(of, bins=5))
    name = "1" if of == "activations" else "2"
    counts, edges = history[f"histogram/{of}/{name}/counts"], history[f"histogram/{of}/{name}/edges"]
    assert counts.shape == (1, 5) and edges.shape == (1, 6)
    assert counts.sum() == 6
    if of == "activations":
        assert counts[0].tolist() == [3, 0, 2, 0, 1] and edges[0, [0, -1]].tolist() == [0, 4]


def test_histograms_take_a_constant():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    nn.init.zeros_(model[0].weight)
    run = fit(
        model,
        (torch.zeros(4, 2), torch.tensor([0, 1, 0, 1])),
        steps=1,
        monitors=[monitors.histogram_monitor()],
    )
    list(run)
    assert run.history["histogram/weights/0/counts"].sum() == 4


def test_how_often_a_monitor_is_asked():
    model, inputs, labels = by_hand()
    often, rarely, once = (Monitor(lambda snapshot, n=name: {n: 1.0}, every) for name, every in
                           (("often", 1), ("rarely", 3), ("once", monitors.ONCE)))  # fmt: skip
    run = fit(model, (inputs, labels), steps=7, monitors=[often, rarely, once])
    list(run)
    steps = [run.history.steps(name).tolist() for name in ("often", "rarely", "once")]
    assert steps == [[1, 2, 3, 4, 5, 6, 7], [1, 3, 6], [1]]


def test_watching_changes_nothing():
    numbers = []
    for watched in (
        [],
        [
            *monitors.usual_monitors(every=1),
            monitors.activation_monitor(1),
            monitors.histogram_monitor(every=1),
        ],
    ):
        model, inputs, labels = by_hand()
        model.insert(2, nn.Dropout(0.5))
        run = fit(model, (inputs, labels), steps=9, monitors=watched, seed=2)
        numbers.append([step.loss for step in run])
        assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert numbers[0] == numbers[1]


def test_the_usual_ones_take_a_network_without_relu_and_names_of_any_kind():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.matrix = nn.Parameter(torch.ones(2, 2))

        def forward(self, x):
            return torch.tanh(x @ self.matrix)

    _, inputs, labels = by_hand()
    run = fit(Odd(), (inputs, labels), steps=2, monitors=monitors.usual_monitors())
    list(run)
    assert run.history["updates/matrix"][0] > 0 and run.history.names("dead/") == []


def test_a_model_without_the_wanted_layers_is_a_sentence():
    model = nn.Sequential(nn.Linear(2, 2))
    run = fit(
        model, (torch.ones(2, 2), torch.tensor([0, 1])), steps=1, monitors=[monitors.dead_unit_monitor()]
    )
    with pytest.raises(ValueError, match="layers: expected a model with modules such as ReLU"):
        next(run)
    with pytest.raises(TypeError, match="layers: expected a list of names, got str 'relu'"):
        monitors.activation_monitor(layers="relu")
    with pytest.raises(ValueError, match="every: .*got -1"):
        monitors.input_monitor(every=-1)
    with pytest.raises(ValueError, match="of: expected 'weights', 'gradients' or"):
        monitors.histogram_monitor("biases")
    with pytest.raises(ValueError, match="bins: .*got 0"):
        monitors.histogram_monitor(bins=0)
    odd = fit(model, (torch.ones(2, 2), torch.tensor([0, 1])), steps=1, monitors=[lambda snapshot: 3])
    with pytest.raises(TypeError, match="monitors: .*got int 3"):
        next(odd)


def test_the_usual_ones_take_targets_that_are_no_classes():
    inputs, targets = torch.ones(4, 2), torch.zeros(4, 1)
    loss = nn.functional.mse_loss
    run = fit(nn.Linear(2, 1), (inputs, targets), steps=2, loss=loss, monitors=monitors.usual_monitors())
    list(run)
    assert run.history["updates/weight"][0] > 0
    assert not run.history.names("targets/") and not run.history.names("outputs/")


# do two sets belong together?


def cloud(count, center, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 5, generator=generator) + center, torch.randint(
        3, (count,), generator=generator
    )


def snapshot():
    return Snapshot(None, 1, None, None, None)


def test_two_samples_of_one_cloud_are_not_apart_and_two_clouds_are():
    same = monitors.split_monitor(cloud(300, 0, 0), cloud(300, 0, 1)).measure(snapshot())
    other = monitors.split_monitor(cloud(300, 0, 0), cloud(300, 6, 1)).measure(snapshot())
    assert same["split/apart"] == pytest.approx(1, abs=0.2)
    assert other["split/apart"] == pytest.approx(
        2, abs=0.01
    )  # always among themselves: twice as often as by chance
    noise = torch.randn(300, 5, generator=torch.Generator().manual_seed(3))
    noisy = monitors.split_monitor(
        cloud(300, 0, 0), (cloud(300, 0, 1)[0] + 20 * noise, torch.zeros(300))
    ).measure(snapshot())
    assert noisy["split/apart"] > 1.8  # the noisy ones lie nearest to clean ones, but not the other way round
    assert same["split/copies"] == other["split/copies"] == 0


def test_copies_and_agreement_by_hand():
    inputs = torch.tensor([[0.0], [1.0], [10.0], [11.0], [20.0], [21.0]])
    labels = torch.tensor([0, 0, 1, 1, 2, 0])
    found = monitors.split_monitor(
        (inputs, labels), (torch.tensor([[0.1], [5.0], [20.0], [15.0]]), labels[:4])
    ).measure(snapshot())
    assert found["split/copies"] == 0.5  # 0.1 from 0 and 0 from 20, where neighbors are 1 apart
    assert found["split/agreement"] == pytest.approx(4 / 6)


def test_split_needs_examples():
    with pytest.raises(ValueError, match="validation: expected \\(inputs, labels\\)"):
        monitors.split_monitor(cloud(5, 0, 0), cloud(1, 0, 0))
    with pytest.raises(
        ValueError, match=r"validation: expected inputs of shape \(5,\), as in training, got \(2,\)"
    ):
        monitors.split_monitor(cloud(5, 0, 0), (torch.ones(3, 2), torch.zeros(3)))
