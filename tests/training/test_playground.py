"""The playground's engine: data and features by hand, its gradients by autograd, its steps by torch's optimizers."""

import json
import math
import threading
import time

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecturelib.training.playground import PRESETS, Diverged, Engine, Playground, scene, toy_data
from lecturelib.training.playground.player import Player
from lecturelib.training.playground.state import DEFAULTS, checked, sizes


def test_features_by_hand():
    x = torch.tensor([[2.0, -3.0], [0.0, math.pi / 2]], dtype=torch.float64)
    expected = [[2, -3, 4, 9, -6, math.sin(2), math.sin(-3)], [0, math.pi / 2, 0, math.pi**2 / 4, 0, 0, 1]]
    found = toy_data.features_of(x, list(toy_data.FEATURES))
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


def draw(name, k, u, normal=(0.0, 0.0)):
    function, _ = toy_data.DATASETS[name]
    place = function(k, torch.tensor([u], dtype=torch.float64), torch.tensor([normal], dtype=torch.float64))
    return [round(v, 6) + 0.0 for v in place[0].tolist()]


def test_data_sets_by_hand():
    assert draw("circle", 1, (1.0, 0.0, 0)) == [1.25, 0]  # the disc ends at half the radius 2.5
    assert draw("circle", 0, (0.0, 0.25, 0)) == [0, 1.75]  # the ring begins at 0.7 of it, here straight up
    assert draw("xor", 1, (0.0, 1.0, 0.0)) == [-0.15, -2.5]  # same sign: class 1
    assert draw("xor", 0, (0.0, 1.0, 0.9)) == [0.15, -2.5]
    assert draw("gauss", 1, (0, 0, 0), (2.0, 0.0)) == [2, 1] and draw("gauss", 0, (0, 0, 0)) == [-1, -1]
    assert draw("spiral", 0, (1.0, 0, 0)) == [-2.5, 0] and draw("spiral", 1, (1.0, 0, 0)) == [
        2.5,
        0,
    ]  # 1.5 turns
    assert draw("pinwheel", 0, (1.0, 0, 0), (0, 1)) == [-2.5, 0.1]  # half a turn, and a little noise


@pytest.mark.parametrize("name", toy_data.DATASETS)
def test_points_are_balanced_split_and_reproducible(name):
    classes = toy_data.DATASETS[name][1]
    one, again, other = (toy_data.points(name, 61, 0.2, 0.3, seed) for seed in (4, 4, 5))
    assert (
        one.x.shape == (61, 2)
        and one.x.abs().max() <= toy_data.REACH
        and one.label.unique().tolist() == list(range(classes))
    )
    counts = one.label.bincount()
    assert counts.max() - counts.min() <= 1
    for k in range(classes):
        of_class = one.train[one.label == k]
        assert of_class.sum() == round(0.3 * len(of_class))
    assert (
        torch.equal(one.x, again.x)
        and torch.equal(one.train, again.train)
        and not torch.equal(one.x, other.x)
    )
    assert torch.equal(one.test, ~one.train)
    with pytest.raises(KeyError, match="dataset: expected a known data set, got moons"):
        toy_data.points("moons", 10, 0, 0.5, 0)


def torch_twin(engine):
    """The same network of torch's own modules."""
    kinds = {"tanh": nn.Tanh, "ReLU": nn.ReLU, "sigmoid": nn.Sigmoid, "linear": nn.Identity}
    modules = []
    for k, (weight, bias) in enumerate(engine.layers):
        linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
        linear.weight.data.copy_(weight)
        linear.bias.data.copy_(bias)
        modules += [linear] + (
            [] if k == len(engine.layers) - 1 else [kinds[engine.settings["activation"]]()]
        )
    return nn.Sequential(*modules)


def torch_loss(scores, label):
    if scores.shape[1] == 1:
        return F.binary_cross_entropy_with_logits(scores[:, 0], label.double())
    return F.cross_entropy(scores, label)


@pytest.mark.parametrize("activation", ["tanh", "ReLU", "sigmoid", "linear"])
@pytest.mark.parametrize(("dataset", "hidden"), [("spiral", [5, 3]), ("pinwheel", [4]), ("xor", [])])
def test_gradients_are_autograds(activation, dataset, hidden):
    engine = Engine(
        {"dataset": dataset, "hidden": hidden, "activation": activation, "features": list(toy_data.FEATURES)}
    )
    twin = torch_twin(engine)
    inputs, label = engine.inputs[:40:3], engine.points.label[:40:3]
    scores = twin(inputs)
    torch.testing.assert_close(engine.forward(inputs)[-1], scores)
    torch_loss(scores, label).backward()
    linear = [module for module in twin if isinstance(module, nn.Linear)]
    for (d_weight, d_bias), module in zip(engine.gradients(inputs, label), linear, strict=True):
        torch.testing.assert_close(d_weight, module.weight.grad)
        torch.testing.assert_close(d_bias, module.bias.grad)


@pytest.mark.parametrize("regularization", ["none", "L1", "L2"])
def test_steps_are_torchs_sgd(regularization):
    engine = Engine(
        {
            "dataset": "pinwheel",
            "hidden": [4],
            "regularization": regularization,
            "rate": 0.03,
            "batch_size": 20,
        }
    )
    twin = torch_twin(engine)
    biases = [p for name, p in twin.named_parameters() if name.endswith("bias")]
    weights = [p for name, p in twin.named_parameters() if name.endswith("weight")]
    decay = 0.03 if regularization == "L2" else 0
    optimizer = torch.optim.SGD([{"params": weights, "weight_decay": decay}, {"params": biases}], lr=0.1)
    for step in range(20):
        rows = engine.batch(step)
        optimizer.zero_grad()
        torch_loss(twin(engine.inputs[rows]), engine.points.label[rows]).backward()
        optimizer.step()
        if regularization == "L1":
            for p in weights:
                p.data = p.data.sign() * (p.data.abs() - 0.1 * 0.03).clamp(min=0)
    engine.step(20)
    for (weight, bias), w, b in zip(engine.layers, weights, biases, strict=True):
        torch.testing.assert_close(weight, w.data)
        torch.testing.assert_close(bias, b.data)
    train = engine.points.train
    expected = torch_loss(twin(engine.inputs[train]), engine.points.label[train]).item()
    assert engine.losses[0] == pytest.approx(expected)
    right = (twin(engine.inputs).argmax(1) == engine.points.label)[~train].double().mean().item()
    assert engine.accuracies[1] == pytest.approx(right)


def test_an_epoch_sees_every_training_point_once():
    engine = Engine({"points": 60, "train_share": 0.6, "batch_size": 10})
    assert len(engine.batch(0)) == 10 and engine.epoch == 0
    seen = torch.cat([engine.batch(step) for step in range(4)])
    assert sorted(seen.tolist()) == engine.points.train.nonzero()[:, 0].tolist()
    assert not torch.equal(seen, torch.cat([engine.batch(step) for step in range(4, 8)]))  # another order
    engine.step(4)
    assert engine.epoch == 1


def test_the_same_seed_gives_the_same_run_and_a_shared_state_goes_on_exactly():
    state = {"dataset": "spiral", "hidden": [6], "seed": 3, "regularization": "L1", "rate": 0.001}
    one, again, other = Engine(state), Engine(state), Engine({**state, "seed": 4})
    one.step(37)
    shared = json.loads(json.dumps(one.state(weights=True)))
    one.step(40)
    again.step(77)
    other.step(77)
    onwards = Engine(shared)
    assert onwards.step_number == 37
    onwards.step(40)
    for network, equal in ((again, True), (onwards, True), (other, False)):
        assert all(torch.equal(a[0], b[0]) for a, b in zip(one.layers, network.layers, strict=True)) is equal
    assert one.losses == again.losses == onwards.losses


def test_the_state_is_a_plain_dict_that_comes_back():
    state = {"dataset": "gauss", "hidden": [3, 1], "features": ["sin x1", "x1"], "activation": "ReLU"}
    engine = Engine(state)
    assert engine.state() == {
        **DEFAULTS,
        **state,
        "features": ["x1", "sin x1"],
    }  # one order, whatever was given
    assert json.loads(json.dumps(engine.state())) == engine.state() == Engine(engine.state()).state()
    assert Engine(engine.state(weights=True)).state(weights=True) == engine.state(weights=True)
    assert sizes(engine.settings) == engine.layout == [2, 3, 1, 1]
    for preset, says in PRESETS.values():
        assert checked(checked(preset)) == checked(preset) and says


GOOD = {"weight": [[0.0, 0.0]], "bias": [0.0]}


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ({"dataset": "moons"}, ValueError, "circle"),
        ({"hidden": [9]}, ValueError, "1 to 8 units in each layer, got 9"),
        ({"hidden": [1] * 5}, ValueError, "at most 4 layers"),
        ({"hidden": 4}, TypeError, "a list of units"),
        ({"hidden": [2.5]}, ValueError, "got 2.5"),
        ({"features": []}, ValueError, "at least one input"),
        ({"features": ["x3"]}, ValueError, "some of x1.*got 'x3'"),
        ({"features": "x1"}, TypeError, "a list such as"),
        ({"features": [["x1"]]}, ValueError, "some of x1"),
        ({"noise": float("nan")}, ValueError, "from 0 to 1.5"),
        ({"noise": "much"}, TypeError, "noise: .*got str"),
        ({"learning_rate": -1}, ValueError, "0.0001"),
        ({"batch_size": 3}, ValueError, "expected one of 1, 2"),
        ({"activation": "relu"}, ValueError, "ReLU"),
        ({"color": 1}, KeyError, "known settings, got 'color'"),
        ([], TypeError, "state: expected a dict such as"),
        ({"step": 3}, ValueError, "weights: expected those of step 3, got none"),
        ({"hidden": [], "weights": [GOOD], "step": -1}, ValueError, "from 0 up"),
        ({"hidden": [1], "weights": [GOOD]}, ValueError, r"list of 2 layers.*\[2, 1, 1\]"),
        ({"hidden": [], "weights": [{"weight": [[0.0]], "bias": [0.0]}]}, ValueError, "list of 2 numbers"),
        ({"hidden": [], "weights": [{**GOOD, "bias": 1}]}, ValueError, r"weights\[0\]\['bias'\]"),
        ({"hidden": [], "weights": [{**GOOD, "weight": [[0.0, float("nan")]]}]}, ValueError, "finite number, got nan"),
        ({"hidden": [], "weights": [{"weight": [[0.0, "a"]], "bias": [0.0]}]}, TypeError, "a finite number, got str"),
        ({"hidden": [], "weights": [[]]}, ValueError, "a dict with 'weight' and 'bias'"),
    ],
)  # fmt: skip
def test_a_bad_state_is_a_sentence(state, kind, words):
    with pytest.raises(kind, match=words):
        Engine(state)


def test_a_weight_is_set_by_hand():
    engine = Engine({"hidden": [2]})
    before = engine.losses
    engine.set_weight(1, 0, 1, 2.5)
    engine.set_weight(2, 0, None, -1)
    assert engine.layers[0][0][0, 1] == 2.5 and engine.layers[1][1][0] == -1 and engine.losses != before
    assert len(engine.history) == 1 and engine.history[0][1:] == engine.losses
    for place, words in (
        ((3, 0, 0), "from 1 to 2"),
        ((1, 2, 0), "from 0 to 1 .the units of layer 1"),
        ((1, 0, 2), "from 0 to 1 .the units that layer 1 reads"),
    ):
        with pytest.raises(ValueError, match=words):
            engine.set_weight(*place, 1.0)
    with pytest.raises(ValueError, match="finite"):
        engine.set_weight(1, 0, 0, math.inf)
    for place in ((1.0, 0, 0), (1, 0.0, 0), (1, 0, 0.0), (True, 0, 0)):
        with pytest.raises(TypeError, match="a whole number"):
            engine.set_weight(*place, 1.0)


def test_some_changes_go_on_and_others_begin_anew():
    engine = Engine({"hidden": [2]})
    engine.step(5)
    assert (
        engine.changed({"learning_rate": 0.01, "regularization": "L2"}) is engine and engine.step_number == 5
    )
    anew = engine.changed({"noise": 0.5})
    assert anew is not engine and anew.step_number == 0 and anew.settings["learning_rate"] == 0.01
    assert anew.reset().losses == anew.losses
    with pytest.raises(ValueError, match="noise"):
        engine.changed({"noise": 9.0})
    assert engine.settings["noise"] == 0.1


def test_a_run_that_diverges_stops_before_it():
    engine = Engine(
        {
            "hidden": [],
            "features": ["x1^2", "x2^2"],
            "learning_rate": 10.0,
            "regularization": "L2",
            "rate": 1.0,
        }
    )
    with pytest.raises(Diverged, match="learning rate 10 is too high"):
        engine.step(1000)
    assert all(torch.isfinite(weight).all() for weight, _ in engine.layers) and 0 < engine.step_number < 1000


def test_dead_units_by_hand():
    engine = Engine({"hidden": [3], "activation": "ReLU"})
    assert engine.dead() == []
    for source in (0, 1):
        engine.set_weight(1, 2, source, 0.0)
    engine.set_weight(1, 2, None, -1.0)  # max(0, -1) = 0 everywhere
    assert engine.dead() == [(1, 2)]
    assert "1 of 3 ReLUs dead" in scene.words(engine)
    assert Engine({"hidden": [3]}).dead() == []


def test_maps_are_the_units_over_the_plane():
    engine = Engine({"hidden": [2], "activation": "ReLU"})
    inputs, hidden, outputs = engine.maps(5)
    assert inputs[0, 0].tolist() == [-3, -1.5, 0, 1.5, 3] and inputs[1, :, 0].tolist() == [
        3,
        1.5,
        0,
        -1.5,
        -3,
    ]
    weight, bias = engine.layers[0]
    assert hidden[1, 4, 3] == pytest.approx(
        max(0.0, (1.5 * weight[1, 0] - 3 * weight[1, 1] + bias[1]).item())
    )
    assert outputs.shape == (1, 5, 5) and (outputs > 0).all() and (outputs < 1).all()
    assert scene.as_bytes(torch.tensor([[[-2.0, 0.0, 1.0]]]), False).tolist() == [[[0, 128, 191]]]
    assert scene.as_bytes(torch.zeros(1, 2, 2), False).unique().tolist() == [128]


def test_frames_hold_what_the_page_needs():
    engine = Engine({"dataset": "pinwheel", "hidden": [4, 3]})
    engine.step(3)
    drawn, frame = scene.scene(engine), scene.frame(engine)
    area = drawn["size"] ** 2
    assert (
        len(drawn["maps"]) == 7 * area and len(drawn["x"]) == 300 * 2 * 4 and drawn["layout"] == [2, 4, 3, 3]
    )
    assert len(frame["maps"]) == (4 + 3 + 3) * area
    assert len(frame["weights"]) == 4 * sum(w.numel() + b.numel() for w, b in engine.layers)
    assert (
        scene.thinned(list(range(1000)), 100)[:2] == [0, 10]
        and scene.thinned(list(range(1000)), 100)[-1] == 999
    )


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_learns_and_has_a_picture(name):
    playground = Playground(name)
    playground.step(20)
    shown = playground.picture()
    assert (
        shown.pixels.std() > 5
        and "Step 20: train loss" in shown.alt
        and playground.state["dataset"] in shown.alt
    )


# What the sentences of the presets say, with room to spare.


def losses(name, steps, **state):
    engine = Engine({**PRESETS[name][0], **state})
    engine.step(steps)
    return engine


def test_the_presets_do_what_they_say():
    assert losses("xor without a hidden layer", 2000).losses[0] > 0.6
    assert losses("xor without a hidden layer", 2000, features=["x1", "x2", "x1 x2"]).losses[0] < 0.1
    assert losses("xor with four hidden units", 4000).accuracies[0] > 0.95
    assert losses("three layers of linear units", 2000).losses[0] > 0.6
    assert losses("spiral: too narrow", 5000).accuracies[0] < 0.8
    assert losses("spiral: wide enough", 5000).accuracies[0] > 0.98
    assert losses("spiral: narrow, with better inputs", 5000).accuracies[0] > 0.9
    assert losses("learning rate too high", 2000).losses[0] > 0.9
    assert losses("learning rate too low", 2000).losses[0] > 0.6
    assert len(losses("dead ReLUs", 500).dead()) >= 3
    assert losses("sigmoids, four layers", 2000).losses[0] > 0.68
    assert losses("sigmoids, four layers", 2000, activation="tanh").losses[0] < 0.05
    overfit = losses("overfitting: few points, much noise", 3000)
    assert overfit.losses[0] < 0.05 and overfit.losses[1] > 0.7
    pruned = losses("L1 prunes inputs", 3000)
    assert (pruned.layers[0][0] == 0).sum() >= 3 and pruned.accuracies[1] > 0.95


# --- playing ------------------------------------------------------------------------------------------------------


def wait_until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.005)
    return true()


def test_it_plays_in_a_thread_and_rests_after_pause():
    playground = Playground(state={"speed": 1})
    playground.play()
    playground.play()  # once is enough
    assert sum(thread.name == "playground" for thread in threading.enumerate()) == 1
    assert wait_until(lambda: playground.engine.step_number > 3)
    playground.set_weight(1, 0, 0, 0.5)  # while it plays
    playground.state = {"learning_rate": 0.01}
    assert playground.playing
    playground.pause()
    rests = playground.engine.step_number
    assert not playground.playing and not wait_until(lambda: playground.engine.step_number > rests, 0.1)
    playground.step(2)
    assert playground.engine.step_number == rests + 2
    playground.reset()
    assert playground.engine.step_number == 0 and playground.state["learning_rate"] == 0.01


def test_playing_gives_the_numbers_of_stepping():
    playground = Playground(state={"speed": 5})
    playground.play()
    assert wait_until(lambda: playground.engine.step_number >= 20)
    playground.pause()
    engine = Engine(state := playground.state)
    engine.step(playground.engine.step_number)
    assert all(
        torch.equal(a[0], b[0]) for a, b in zip(engine.layers, playground.engine.layers, strict=True)
    ), state


def test_playing_ends_with_a_sentence_where_it_diverges():
    said = []
    state = {
        "hidden": [],
        "features": ["x1^2"],
        "learning_rate": 10.0,
        "regularization": "L2",
        "rate": 1.0,
        "speed": 100,
    }
    player = Player(Engine(state), failed=said.append)
    player.play()
    assert wait_until(lambda: said) and not player.playing
    assert "too high" in str(said[0])


def test_bad_calls_are_sentences():
    with pytest.raises(KeyError, match="spiral: wide enough"):
        Playground("spiral wide")
    playground = Playground()
    with pytest.raises(ValueError, match="from 1 up"):
        playground.step(0)
    for state in ([1], "circle", 3):
        with pytest.raises(TypeError, match="state: expected a dict such as"):
            Playground(state=state)
        with pytest.raises(TypeError, match="state: expected a dict such as"):
            playground.state = state
    playground.load("dead ReLUs")
    assert playground.preset == "dead ReLUs" and playground.state["activation"] == "ReLU"
