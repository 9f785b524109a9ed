"""What the explorables of part 2 say is what their runs hold."""

import math

import numpy as np
import pytest
import torch

from lecturelib.training import explore
from lecturelib.training.explore import rates, smoothing
from lecturelib.training.explore.short_runs import short_run
from lecturelib.training.history import History


def test_the_average_that_is_not_debiased_by_hand():
    assert smoothing.not_debiased(np.array([2.0, 2.0, 4.0]), 0.5).tolist() == [1.0, 1.5, 2.75]


def test_smoothing_says_where_it_begins_and_that_the_past_stays():
    explorable = explore.smoothing_explorer()
    biased = explorable.picture({"series": "a constant 2", "debiased": False})
    assert "Step 1: raw 2.00, smoothed 0.20" in biased.caption
    shown = explorable.picture({"series": "a constant 2", "steps": 100})
    assert "Step 1: raw 2.00, smoothed 2.00. Step 100: raw 2.00, smoothed 2.00" in shown.caption
    assert (
        shown.caption.endswith("What more steps change in the line drawn so far: 0.") and "<svg" in shown.svg
    )
    late = explorable.picture({"series": "a jump from 2 to 1", "weight": 0.98, "steps": 160})
    assert "about 50 values count" in late.caption and "Step 160: raw 1.00, smoothed 1.8" in late.caption


def test_rates_too_low_good_and_too_high():
    ends = {rate: rates.final_loss(short_run(rate)) for rate in (0.0001, 0.1, 3.0, 10.0)}
    assert ends[0.0001] > 2 and ends[0.1] < 1 and ends[3.0] > 2
    *_, last = explore.learning_rate_explorer().pictures({"rate": 0.0001})
    assert "no better than a guess" in last.caption and "The best of the ten is" in last.caption
    stopped = History()
    stopped.add(1, {"loss": 2.0})
    assert rates.final_loss(stopped) == math.inf


def test_the_same_run_twice_is_the_same():
    short_run.cache_clear()
    one = short_run(0.1, steps=5)
    short_run.cache_clear()
    assert short_run(0.1, steps=5)["loss"].tolist() == one["loss"].tolist()


def test_the_quiz_judges_an_answer_and_unfolds_it():
    explorable = explore.diagnosis_quiz()
    fault = explore.diagnosing.questions()[0][0]
    other = "overfitting" if fault != "overfitting" else "healthy"
    assert fault not in explorable.picture({"run": 1}).caption.split("Run 1")[1].split("neighbor")[-1]
    assert f"Right. Planted: {fault}" in explorable.picture({"run": 1, "answer": fault}).caption
    assert "was not planted here" in explorable.picture({"run": 1, "answer": other}).caption
    assert f"Not {other}. Planted: {fault}" in explorable.picture({"answer": other, "unfold": True}).caption
    explorable.state = {"answer": other, "unfold": True}
    explorable.state = {"run": 2}
    assert explorable.state == {"run": 2, "answer": "not decided yet", "unfold": False}, (
        "the next run begins covered"
    )


def test_anonymous_runs_hold_every_fault_once_and_answers_are_folded(capsys):
    runs = explore.anonymous(200)
    assert list(runs)[:2] == ["run A", "run B"]
    faults = [explore.diagnosing.planted(history) for history in runs.values()]
    assert sorted(faults) == sorted(explore.diagnosing.FAULTS)
    explore.answers({"run A": runs["run A"]})
    assert f"run A: {faults[0]}. Named" in capsys.readouterr().out
    with pytest.raises(ValueError, match="seed: expected one of the shipped runs' seeds"):
        explore.anonymous(10**6)


# --- what monitors record ------------------------------------------------------------------------------------


def test_the_gradients_that_are_drawn_are_those_of_the_run():
    from lecturelib.training.explore.monitors import BATCH, deep_net, monitored
    from lecturelib.training.explore.short_runs import clothes
    from lecturelib.training.fit import fit

    history = monitored(3, "tanh", 1.0, 0.1, 1)
    model = deep_net(3, "tanh", 1.0, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = fit(model, clothes(), steps=5, optimizer=optimizer, batch_size=BATCH, seed=1)
    *_, step = run
    by_hand = model[1].weight.grad.square().mean().sqrt().item()
    recorded = dict(zip(history.steps("gradients/1").tolist(), history["gradients/1"].tolist(), strict=True))
    assert recorded[step.step] == pytest.approx(by_hand, rel=1e-4)


def test_sigmoids_let_the_gradient_vanish_and_the_caption_says_by_how_much():
    from lecturelib.training.explore import monitor_explorer
    from lecturelib.training.explore.monitors import monitored

    given = {"recorded": "gradients", "activation": "sigmoid", "depth": 8}
    history = monitored(8, "sigmoid", 1.0, 0.1, 0)
    caption = monitor_explorer().picture(given).caption
    first, last = history["gradients/1"][-1], history["gradients/17"][-1]
    assert first < last / 1000 and f"1 {first:.2g}" in caption and f"17 {last:.2g}" in caption
    none = monitor_explorer().picture({**given, "recorded": "dead units"})
    assert "nothing" in none.caption and "there is no ReLU" in none.svg
