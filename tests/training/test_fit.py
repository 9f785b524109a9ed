"""A run can be watched, stopped and taken up again with the same numbers, and says what is wrong before any work."""

import importlib
import signal
import threading
import time
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lecturelib.network import frozen
from lecturelib.training import RunStopped, checkpoint, evaluate, fit, monitors
from lecturelib.training.batches import TensorBatches


def data(count=70, seed=0):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(count, 1, 4, 4, generator=generator)
    return inputs, (inputs.mean((1, 2, 3)) > 0).long()


def net(seed=1, dropout=0.3):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(1, 3, 3),
            nn.BatchNorm2d(3),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(12, 2),
        )


def loader(generator=None, count=70):
    return DataLoader(TensorDataset(*data(count)), batch_size=16, shuffle=True, generator=generator)


def sources():
    return {
        "tensors": data,
        "loader": loader,
        "loader with a generator": lambda: loader(torch.Generator().manual_seed(5)),
    }


def decaying(step):
    return 0.05 / (1 + step)


def momentum(parameters):
    return torch.optim.SGD(parameters, lr=0.05, momentum=0.9)


def run_of(model, source, **more):
    settings = {"steps": 13, "optimizer": momentum, "batch_size": 16, "seed": 3, "validation": data(20, 9)}
    return fit(model, source, **{**settings, **more})


def same(one, other):
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
        np.testing.assert_array_equal(one.steps(name), other.steps(name), err_msg=name)


def same_weights(one, other):
    for (name, mine), theirs in zip(one.state_dict().items(), other.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs), name


# the same numbers


def test_the_steps_are_those_of_a_loop_by_hand():
    inputs, labels = data()
    model, by_hand = net(dropout=0.0), net(dropout=0.0)
    run = list(fit(model, (inputs, labels), epochs=2, optimizer=momentum, batch_size=16, seed=3))
    optimizer, batches = momentum(by_hand.parameters()), TensorBatches(inputs, labels, 16, True, 3)
    losses, norms = [], []
    for _ in range(10):
        x, y = batches.next()
        loss = nn.functional.cross_entropy(by_hand(x), y)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        norms.append(sum(p.grad.square().sum() for p in by_hand.parameters()).sqrt().item())
        optimizer.step()
    assert [step.loss for step in run] == losses
    assert [step.gradient_norm for step in run] == pytest.approx(norms, rel=1e-5)
    same_weights(model, by_hand)
    assert [step.epoch for step in run][4::5] == [1.0, 2.0]


def test_an_epoch_sees_every_example_once_in_a_new_order():
    inputs = torch.arange(10.0)[:, None]
    batches = TensorBatches(inputs, torch.zeros(10, dtype=torch.long), 4, True, 0)
    epochs = [torch.cat([batches.next()[0] for _ in range(3)]).flatten().tolist() for _ in range(2)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(10))
    assert epochs[0] != epochs[1]


def test_chance_comes_from_the_seed_and_torchs_generator_is_left_alone():
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    first = run_of(net(), data())
    next(first)
    assert torch.equal(torch.rand(3), expected)
    list(first)
    torch.rand(5)
    second = run_of(net(), data())
    list(second)
    same(first.history, second.history)
    assert not np.array_equal(list(run_of(net(), data(), seed=4))[-1].loss, second.history["loss"][-1])


@pytest.mark.parametrize("kind", list(sources()))
@pytest.mark.parametrize("pause", [1, 5, 8])
@pytest.mark.parametrize("schedule", [None, decaying, "torch"])
def test_a_run_taken_up_from_a_checkpoint_gives_the_same_numbers(kind, pause, schedule, tmp_path):
    def made(model):
        optimizer = momentum(model.parameters())
        plan = schedule
        if schedule == "torch":
            plan = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=13)
        watch = [*monitors.usual_monitors(every=3), lambda look: {"mine": look.outputs.sum().item()}]
        return run_of(model, sources()[kind](), optimizer=optimizer, schedule=plan, monitors=watch)

    whole = made(net())
    list(whole)
    begun = made(net())
    for _ in range(pause):
        next(begun)
    checkpoint.save_checkpoint(begun, tmp_path / "run.pt")
    later = made(net(seed=2))  # other weights, which the checkpoint replaces
    checkpoint.load_checkpoint(later, tmp_path / "run.pt")
    assert later.step == pause
    list(later)
    same(whole.history, later.history)
    same_weights(whole.model, later.model)


@pytest.mark.parametrize("kind", list(sources()))
def test_a_run_that_is_extended_gives_the_numbers_of_a_longer_one(kind):
    whole = run_of(net(), sources()[kind]())
    list(whole)
    begun = run_of(net(), sources()[kind](), steps=7)
    list(begun)
    torch.rand(4)
    later = begun.extend(steps=6)
    assert (later, later.of) == (begun, 13)
    assert len(list(later)) == 6
    np.testing.assert_array_equal(whole.history["loss"], later.history["loss"])
    assert later.history.steps("validation_loss").tolist() == [
        0,
        5,
        7,
        10,
        13,
    ]  # also at the end of the first part
    same_weights(whole.model, later.model)


def test_an_interrupt_comes_after_a_whole_step_and_the_run_goes_on():
    whole = run_of(net(), data())
    list(whole)
    model, seen = net(), []

    def press(look):
        if look.step == 6 and not seen:
            seen.append(look.step)
            signal.raise_signal(signal.SIGINT)  # in the middle of the step
        return {}

    run = run_of(model, data(), monitors=[press])
    with pytest.raises(KeyboardInterrupt):
        list(run)
    assert run.step == 6 and len(run.history["loss"]) == 6
    list(run)
    same(whole.history, run.history)
    same_weights(whole.model, model)


def test_an_error_in_the_middle_of_a_step_costs_no_example():
    whole = run_of(net(), data())
    list(whole)
    failing = [True]

    def loss(outputs, targets):
        if failing and run.step == 4:
            failing.clear()
            raise KeyError("a mistake of the student's")
        return nn.functional.cross_entropy(outputs, targets)

    model = net()
    run = run_of(model, data(), loss=loss)
    with pytest.raises(KeyError, match="a mistake"):
        list(run)
    list(run)
    np.testing.assert_array_equal(whole.history["loss"], run.history["loss"])


def test_a_run_is_extended_by_epochs_and_refuses_what_is_no_length():
    run = fit(net(), data(), epochs=1, batch_size=16)
    list(run)
    optimizer = run.optimizer
    assert [step.step for step in run.extend(epochs=1)] == [6, 7, 8, 9, 10]
    assert run.optimizer is optimizer and run.history.steps("loss").tolist() == list(range(1, 11))
    for more, kind in (({}, ValueError), ({"epochs": 1, "steps": 1}, ValueError), ({"steps": 0}, ValueError)):
        with pytest.raises(kind, match="expected"):
            run.extend(**more)
    stopped = run_of(net(), data(), loss=lambda o, t: nn.functional.cross_entropy(o, t) * float("nan"))
    with pytest.warns(RunStopped):
        list(stopped)
    with pytest.raises(ValueError, match="one that stopped at step 1"):
        stopped.extend(steps=1)


# validation, modes, optimizers


def test_validation_is_looked_at_before_the_first_step_and_after_each_epoch():
    model = net()
    untrained = evaluate(model, data(20, 9))
    run = run_of(model, data())
    list(run)
    assert run.history.steps("validation_loss").tolist() == [0, 5, 10, 13]
    assert (run.history["validation_loss"][0], run.history["validation_accuracy"][0]) == untrained
    assert (run.history["validation_loss"][-1], run.history["validation_accuracy"][-1]) == evaluate(
        model, data(20, 9)
    )


def test_evaluate_is_the_mean_over_examples_not_over_batches():
    inputs, labels = data(700)
    model = net().eval()
    loss, right = evaluate(model, (inputs, labels))
    with torch.no_grad():
        outputs = model(inputs)
    assert loss == pytest.approx(nn.functional.cross_entropy(outputs, labels).item(), rel=1e-5)
    assert right == pytest.approx((outputs.argmax(1) == labels).float().mean().item())


def test_the_model_is_in_the_modes_it_was_found_in():
    model = net().eval()
    model[4].train()
    modes = [module.training for module in model.modules()]
    run = run_of(model, data(), monitors=monitors.usual_monitors())
    for _ in run:
        assert [module.training for module in model.modules()] == modes
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_outputs_that_are_no_classes_have_a_loss_and_no_accuracy():
    inputs = torch.randn(20, 3)
    run = fit(nn.Linear(3, 1), (inputs, inputs[:, :1] * 2), steps=3, loss=nn.functional.mse_loss)
    step = list(run)[-1]
    assert step.accuracy is None and "accuracy" not in run.history
    assert step.loss > 0


def test_the_learning_rate_follows_the_schedule():
    run = run_of(net(), data(), schedule=decaying)
    assert [step.learning_rate for step in run] == [decaying(k) for k in range(13)]


def test_a_house_network_learns_once_its_weights_may():
    from lecturelib import datasets, models

    images, labels = (part[:64] for part in datasets.digits())
    model = models.load("lenet", weights="random")
    with pytest.raises(ValueError, match="requires_grad_"):
        fit(model, (images, labels), steps=1)
    run = fit(model.requires_grad_(True), (images, labels), steps=4, monitors=[monitors.input_monitor()])
    assert list(run)[-1].loss < 2.4
    assert abs(run.history["inputs/mean"][0]) < 0.1  # normalized, as the first layer sees them


# bad input


def test_a_loss_that_is_nan_ends_the_run_with_a_sentence_and_keeps_the_history():
    model = net()

    def loss(outputs, targets):
        value = nn.functional.cross_entropy(outputs, targets)
        return value * float("nan") if run.step == 4 else value

    run = run_of(model, data(), loss=loss)
    for _ in range(4):
        next(run)
    before = {name: value.clone() for name, value in model.named_parameters()}
    with pytest.warns(RunStopped, match="step 5: the loss is nan.*history is kept.*learning rate"):
        last = list(run)[-1]
    assert last.stopped == run.stopped and "step 5" in run.stopped
    assert len(run.history["loss"]) == 5 and np.isnan(run.history["loss"][-1])
    for name, value in model.named_parameters():
        assert torch.equal(value, before[name])
    assert list(run) == []


def test_a_learning_rate_far_too_high_stops_and_says_so():
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 2))
    huge = torch.optim.SGD(model.parameters(), lr=1e25)
    with pytest.warns(RunStopped, match="learning rate \\(1e\\+25\\)"):
        list(fit(model, data(), steps=20, optimizer=huge))


def broken():
    inputs, labels = data()
    empty = DataLoader(TensorDataset(inputs[:0], labels[:0]), batch_size=4)
    small = DataLoader(TensorDataset(inputs[:3], labels[:3]), batch_size=4, drop_last=True)
    return [
        (
            (inputs, labels + 1),
            {},
            ValueError,
            "labels from 0 to 1, since the model has 2 classes, got 1 to 2",
        ),
        ((inputs, labels - 1), {}, ValueError, "labels from 0 to 1.*got -1 to 0"),
        ((inputs, labels.float()), {}, TypeError, "whole numbers"),
        ((inputs[:0], labels[:0]), {}, ValueError, "got 0 inputs"),
        ((inputs, labels[:5]), {}, ValueError, "got 70 inputs and 5 targets"),
        (
            (inputs[..., :2], labels),
            {},
            ValueError,
            "inputs that the model can take, got shape \\(1, 4, 2\\)",
        ),
        ((inputs.byte(), labels), {}, TypeError, "inputs as floats, got torch.uint8.*/ 255"),
        ((inputs * float("nan"), labels), {}, ValueError, "NaN"),
        (empty, {}, ValueError, "at least one batch"),
        (small, {}, ValueError, "drop_last"),
        (inputs, {}, TypeError, "\\(inputs, targets\\) or a DataLoader"),
        ((inputs, labels), {"steps": 0}, ValueError, "steps: expected a whole number from 1 up, got 0"),
        ((inputs, labels), {"epochs": 1}, ValueError, "one of the two, got both"),
        ((inputs, labels), {"batch_size": 0}, ValueError, "batch_size"),
        ((inputs, labels), {"optimizer": 0.1}, TypeError, "torch.optim"),
        (
            (inputs, labels),
            {"optimizer": torch.optim.SGD(nn.Linear(1, 1).parameters())},
            ValueError,
            "weights of this model, got none of them",
        ),
        ((inputs, labels), {"schedule": 0.1}, TypeError, "schedule"),
        ((inputs, labels), {"monitors": [3]}, TypeError, "monitors"),
        (
            (inputs, labels),
            {"validation": (inputs[:0], labels[:0])},
            ValueError,
            "validation: .*got 0 inputs",
        ),
        (
            (inputs, labels),
            {"validation": (inputs[:, 0], labels)},
            ValueError,
            "validation: expected inputs that the model can take",
        ),
        ((inputs, labels), {"validate_every": 0}, ValueError, "validate_every"),
        ((inputs, labels), {"validate_every": "epoch"}, TypeError, "validate_every: .*'epoch'"),
        ((inputs, labels), {"monitors": monitors.input_monitor()}, TypeError, "monitors: expected a list"),
        ((inputs, labels), {"loss": "cross entropy"}, TypeError, "loss: expected a function"),
        ((inputs, labels), {"seed": -1}, ValueError, "seed"),
        ((inputs, labels[:, None]), {}, ValueError, r"labels \(B,\), got \(B, 1\); .*squeeze\(1\)"),
        (
            (inputs, labels[:, None].float()),
            {},
            ValueError,
            r"probabilities \(B, 2\), got targets \(B, 1\); .*long\(\)",
        ),
        ((inputs, labels.int()), {}, TypeError, "whole numbers as labels"),
        (
            (inputs, labels[:, None]),
            {"validation": None, "loss": nn.CrossEntropyLoss()},
            ValueError,
            "squeeze",
        ),
        (
            (inputs, labels),
            {"validation": (inputs, labels[:, None])},
            ValueError,
            "validation: expected labels",
        ),
        (
            (inputs, labels.float()),
            {"loss": nn.functional.mse_loss},
            ValueError,
            r"targets \(B, 2\), as the model.*\[:, None\]",
        ),
        (
            (inputs, labels),
            {"optimizer": torch.optim.LBFGS},
            ValueError,
            "got LBFGS, whose step needs a closure",
        ),
    ]


@pytest.mark.parametrize("case", range(len(broken())))
def test_what_cannot_be_learned_is_a_sentence_before_any_work(case):
    source, more, kind, words = broken()[case]
    model = net().eval()
    before = [value.clone() for value in model.state_dict().values()]
    with pytest.raises(kind, match=words):
        run_of(model, source, **more)
    assert all(torch.equal(a, b) for a, b in zip(before, model.state_dict().values(), strict=True))
    assert not any(module.training for module in model.modules())


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf")])
def test_a_schedule_without_a_learning_rate_is_a_sentence_and_costs_nothing(rate):
    run = run_of(net(), data(), schedule=lambda step: rate)
    before = [value.clone() for value in run.model.state_dict().values()]
    with pytest.raises(ValueError, match="schedule: expected a learning rate from 0 up at step 0"):
        next(run)
    assert run.step == 0
    assert all(torch.equal(a, b) for a, b in zip(before, run.model.state_dict().values(), strict=True))


def test_a_model_without_weights():
    with pytest.raises(ValueError, match="a network with weights to learn"):
        fit(nn.ReLU(), data(), steps=1)
    with pytest.raises(TypeError, match="nn.Module"):
        fit("lenet", data(), steps=1)


def test_a_second_interrupt_does_not_wait():
    from lecturelib.training.interrupt import defer_interrupt

    with pytest.raises(KeyboardInterrupt), defer_interrupt():
        signal.raise_signal(signal.SIGINT)
        reached = True
        signal.raise_signal(signal.SIGINT)
        reached = False
    assert reached
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_no_warning_in_a_healthy_run():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(run_of(net(), data()))) == 13


# outputs, dtypes, inference mode, threads


class Pair(nn.Module):
    """A network whose output is a tuple or a dict, as recurrent networks and Hugging Face's models return."""

    def __init__(self, kind):
        super().__init__()
        self.body, self.kind = net(dropout=0.0), kind

    def forward(self, x):
        scores = self.body(x)
        return {"logits": scores, "hidden": x} if self.kind is dict else (scores, x)


@pytest.mark.parametrize("kind", [tuple, dict])
def test_a_model_with_several_outputs_learns_with_a_loss_that_takes_one(kind):
    key = "logits" if kind is dict else 0
    watch = [
        *monitors.usual_monitors(every=1),
        lambda snapshot: {"mean": snapshot.outputs[key].mean().item()},
    ]
    run = run_of(
        Pair(kind), data(), loss=lambda o, t: nn.functional.cross_entropy(o[key], t), monitors=watch, steps=4
    )
    plain = run_of(net(dropout=0.0), data(), steps=4)
    assert len(list(run)) == len(list(plain)) == 4
    np.testing.assert_array_equal(run.history["loss"], plain.history["loss"])
    np.testing.assert_array_equal(run.history["validation_loss"], plain.history["validation_loss"])
    assert "accuracy" not in run.history and len(run.history["mean"]) == 4


@pytest.mark.parametrize(
    ("kind", "words"), [(tuple, r"tuple of 2; .*outputs\[0\]"), (dict, r"'logits'.*\['logits'\]")]
)
def test_cross_entropy_of_several_outputs_is_refused_before_any_work(kind, words):
    with pytest.raises(TypeError, match=words):
        run_of(Pair(kind), data())


@pytest.mark.parametrize(
    ("loss", "kind", "words"),
    [
        (
            lambda o, t: nn.functional.cross_entropy(o, t, reduction="none"),
            ValueError,
            "one number per batch",
        ),
        (lambda o, t: nn.functional.cross_entropy(o, t).item(), TypeError, "one number"),
        (lambda o, t: nn.functional.cross_entropy(o, t).detach(), ValueError, "depends on the weights"),
    ],
)
def test_a_loss_that_cannot_be_followed_moves_nothing(loss, kind, words):
    run = run_of(net(), data(), loss=loss, validation=None)
    before = [value.clone() for value in run.model.state_dict().values()]
    with pytest.raises(kind, match=f"loss: .*{words}"):
        next(run)
    assert run.step == 0 and len(run.history) == 0
    weights = [name for name, _ in run.model.named_parameters()]
    for (name, value), old in zip(run.model.state_dict().items(), before, strict=True):
        assert name not in weights or torch.equal(value, old)


def test_labels_that_cross_entropy_ignores_and_maps_of_labels_are_taken():
    inputs, labels = data()
    model = nn.Conv2d(1, 2, 1)
    maps = (inputs[:, 0] > 0).long()  # (N, 4, 4)
    maps[0] = -100
    assert len(list(fit(model, (inputs, maps), steps=2))) == 2
    with pytest.raises(ValueError, match=r"labels \(B, 4, 4\), got \(B,\)"):
        fit(model, (inputs, labels), steps=2)


def test_inputs_may_be_whole_numbers_for_an_embedding():
    words = torch.arange(40).view(20, 2) % 7
    model = nn.Sequential(nn.Embedding(7, 4), nn.Flatten(), nn.Linear(8, 2))
    run = fit(model, (words, words[:, 0] % 2), steps=3, monitors=monitors.usual_monitors(every=1))
    assert len(list(run)) == 3 and "inputs/mean" not in run.history


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_data_take_the_dtype_of_the_first_floating_weights(dtype):
    class Counting(nn.Module):
        """Its first parameter is a whole number, as a quantized network's may be."""

        def __init__(self):
            super().__init__()
            self.count = nn.Parameter(torch.tensor(3), requires_grad=False)
            self.head = nn.Linear(16, 2, dtype=dtype)

        def forward(self, x):
            return self.head(x.flatten(1))

    run = fit(Counting(), data(), steps=3, monitors=monitors.usual_monitors(every=1), validation=data(20, 9))
    assert len(list(run)) == 3 and run.history["inputs/std"][0] == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("kind", list(sources()))
def test_inference_mode_around_changes_nothing(kind, tmp_path):
    plain = run_of(net(), sources()[kind]())
    list(plain)
    model, other = net(), net(2)
    with torch.inference_mode():
        run = run_of(model, sources()[kind](), monitors=monitors.usual_monitors())
        for _ in range(5):
            next(run)
        checkpoint.save_checkpoint(run, tmp_path / "run.pt")
        later = run_of(other, sources()[kind](), monitors=monitors.usual_monitors())
        checkpoint.load_checkpoint(later, tmp_path / "run.pt")
        next(later)
    list(later)
    np.testing.assert_array_equal(plain.history["loss"], later.history["loss"])
    same_weights(plain.model, later.model)


def test_a_model_made_in_inference_mode_is_refused():
    with torch.inference_mode():
        model = net()
    with pytest.raises(ValueError, match="made inside torch.inference_mode.*outside of it"):
        run_of(model, data())


def test_a_run_and_backprop_in_another_thread_do_not_disturb_each_other():
    from lecturelib.models import adapt
    from lecturelib.network import Logit

    backprop = importlib.import_module("lecturelib.gradients.backprop").backprop
    alone = run_of(net(), data(), steps=40)
    list(alone)
    model = net().eval()
    inputs = data()[0].clamp(0, 1)
    house = adapt(model, mean=(0.0,), std=(1.0,), input_size=4)
    watched = run_of(model, data(), steps=40)
    failures, done = [], threading.Event()

    def look():
        while not done.is_set():
            try:
                maps = backprop(house, inputs[:2], Logit(1))
                assert maps.isfinite().all()
            except Exception as error:
                failures.append(error)
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for step in watched:
            assert np.isfinite(step.loss)
    finally:
        done.set()
        thread.join()
    assert failures == []
    np.testing.assert_array_equal(alone.history["loss"], watched.history["loss"])
    same_weights(alone.model, model)
    assert not any(module.training for module in model.modules())
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_an_evaluation_in_another_thread_waits_for_the_end_of_a_step():
    model, inside, seen = net(), threading.Event(), []

    def loss(outputs, targets):
        inside.set()
        time.sleep(0.05)  # the other thread is waiting by now
        assert model.training
        return nn.functional.cross_entropy(outputs, targets)

    run = run_of(model, data(), loss=loss, validation=None, steps=3)

    def look():
        inside.wait()
        seen.append(evaluate(model, data(20, 9)))

    thread = threading.Thread(target=look)
    thread.start()
    list(run)
    thread.join()
    assert len(seen) == 1 and np.isfinite(seen[0][0])


def test_a_run_that_begins_while_another_thread_looks_waits_for_it():
    model, inside, begun = net(), threading.Event(), []

    def look():
        with frozen(model):
            inside.set()
            time.sleep(0.05)
            begun.append("looked")

    thread = threading.Thread(target=look)
    thread.start()
    inside.wait()
    run = run_of(model, data(), steps=2, validation=None)
    begun.append("run")
    thread.join()
    assert begun == ["looked", "run"] and len(list(run)) == 2
