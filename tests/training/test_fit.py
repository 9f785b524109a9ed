"""A run can be watched, stopped and taken up again with the same numbers, and says what is wrong before any work."""

import signal
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lecturelib.training import History, RunStopped, checkpoint, evaluate, fit, monitors
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
        watch = [*monitors.usual(every=3), lambda look: {"mine": look.outputs.sum().item()}]
        return run_of(model, sources()[kind](), optimizer=optimizer, schedule=plan, monitors=watch)

    whole = made(net())
    list(whole)
    begun = made(net())
    for _ in range(pause):
        next(begun)
    checkpoint.save(begun, tmp_path / "run.pt")
    later = made(net(seed=2))  # other weights, which the checkpoint replaces
    checkpoint.load(later, tmp_path / "run.pt")
    assert later.step == pause
    list(later)
    same(whole.history, later.history)
    same_weights(whole.model, later.model)


@pytest.mark.parametrize("kind", list(sources()))
def test_a_run_taken_up_by_its_history_gives_the_same_numbers(kind):
    whole = run_of(net(), sources()[kind]())
    list(whole)
    model, source = net(), sources()[kind]()
    begun = run_of(model, source)
    for _ in range(7):
        next(begun)
    torch.rand(4)
    later = run_of(model, source, history=begun.history)
    list(later)
    same(whole.history, later.history)
    same_weights(whole.model, model)


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


def test_more_epochs_go_on_where_the_history_ends():
    model = net()
    first = fit(model, data(), epochs=1, batch_size=16)
    list(first)
    second = fit(model, data(), epochs=2, batch_size=16, history=first.history)
    assert (second.step, second.of) == (5, 10)
    assert len(list(second)) == 5
    assert second.optimizer is first.optimizer
    assert second.history.steps("loss").tolist() == list(range(1, 11))


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
    run = run_of(model, data(), monitors=monitors.usual())
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
    run = fit(model.requires_grad_(True), (images, labels), steps=4, monitors=[monitors.inputs()])
    assert list(run)[-1].loss < 2.4
    assert abs(run.history["inputs/mean"][0]) < 0.1  # normalised, as the first layer sees them


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
        ((inputs, labels + 1), {}, ValueError, "labels run from 1 to 2.*2 classes \\(0 to 1\\)"),
        ((inputs, labels - 1), {}, ValueError, "labels run from -1"),
        ((inputs, labels.float()), {}, TypeError, "whole numbers"),
        ((inputs[:0], labels[:0]), {}, ValueError, "0 inputs"),
        ((inputs, labels[:5]), {}, ValueError, "70 inputs for 5 targets"),
        ((inputs[..., :2], labels), {}, ValueError, "cannot take inputs of shape \\(1, 4, 2\\)"),
        ((inputs.byte(), labels), {}, TypeError, "inputs are floats.*/ 255"),
        ((inputs * float("nan"), labels), {}, ValueError, "NaN"),
        (empty, {}, ValueError, "gives no batch"),
        (small, {}, ValueError, "drop_last"),
        (inputs, {}, TypeError, "\\(inputs, targets\\) or a DataLoader"),
        ((inputs, labels), {"steps": 0}, ValueError, "steps=0"),
        ((inputs, labels), {"epochs": 1}, ValueError, "either epochs"),
        ((inputs, labels), {"batch_size": 0}, ValueError, "batch_size"),
        ((inputs, labels), {"optimizer": 0.1}, TypeError, "torch.optim"),
        (
            (inputs, labels),
            {"optimizer": torch.optim.SGD(nn.Linear(1, 1).parameters())},
            ValueError,
            "none of this",
        ),
        ((inputs, labels), {"schedule": 0.1}, TypeError, "schedule"),
        ((inputs, labels), {"monitors": [3]}, TypeError, "monitors"),
        ((inputs, labels), {"validation": (inputs[:0], labels[:0])}, ValueError, "validation: 0 inputs"),
        (
            (inputs, labels),
            {"validation": (inputs[:, 0], labels)},
            ValueError,
            "validation: the model cannot",
        ),
        ((inputs, labels), {"validate_every": 0}, ValueError, "validate_every"),
        ((inputs, labels), {"validate_every": "epoch"}, ValueError, "validate_every='epoch'"),
        ((inputs, labels), {"monitors": monitors.inputs()}, TypeError, "monitors: a list"),
        ((inputs, labels), {"loss": "cross entropy"}, TypeError, "loss: a function"),
        ((inputs, labels), {"history": {}}, TypeError, "history: that of an earlier run"),
    ]


@pytest.mark.parametrize("case", range(len(broken())))
def test_what_cannot_be_learnt_is_a_sentence_before_any_work(case):
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
    with pytest.raises(ValueError, match="schedule: step 0 has no learning rate"):
        next(run)
    assert run.step == 0
    assert all(torch.equal(a, b) for a, b in zip(before, run.model.state_dict().values(), strict=True))


def test_a_model_without_weights_and_a_history_of_another_model():
    with pytest.raises(ValueError, match="no weights to learn"):
        fit(nn.ReLU(), data(), steps=1)
    with pytest.raises(TypeError, match="nn.Module"):
        fit("lenet", data(), steps=1)
    run = run_of(net(), data(), steps=2)
    list(run)
    with pytest.raises(ValueError, match="only the run that recorded it"):
        run_of(net(), data(), history=run.history)
    with pytest.raises(ValueError, match="examples is 60 now and was 70"):
        run_of(run.model, data(60), history=run.history)
    read = History.from_arrays(run.history.as_arrays())
    with pytest.raises(ValueError, match="checkpoint.load"):
        run_of(run.model, data(), history=read)


def test_a_second_interrupt_does_not_wait():
    from lecturelib.training.interrupt import whole_steps

    with pytest.raises(KeyboardInterrupt), whole_steps():
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
