"""The diagnosis names planted faults, rests on numbers, and says what it could not look for."""

import hashlib
import json
import re

import numpy as np
import pytest
import torch

from lecturelib import assets
from lecturelib.checks import UnknownName
from lecturelib.training import History, faults, faulty_runs
from lecturelib.training.diagnose import CAUSES, HEALTHY, LIMITS, diagnose
from lecturelib.training.run_statistics import measures


@pytest.fixture(scope="module")
def runs():
    return faulty_runs.shipped()


@pytest.fixture(scope="module")
def record():
    return json.loads(assets.data_path("diagnosis.json").read_text(encoding="utf-8"))


# the shipped runs


def test_every_fault_is_planted_with_every_seed_and_none_of_the_limits_seeds(runs, record):
    assert set(runs) == {(fault, seed) for fault in faults.FAULTS for seed in record["seeds"]}
    assert len(runs) >= 60
    assert min(record["seeds"]) >= 200 and record["limits_set_on_seeds"] == "100 to 107"


def test_the_file_is_the_one_on_the_card(record):
    file = assets.data_path(faulty_runs.FILE)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    card = assets.data_path("diagnosis.md").read_text(encoding="utf-8")
    assert f"`{file.name}`" in card and sha256 in card and sha256 == record["sha256"]
    assert file.stat().st_size < 1.5e6


def test_todays_diagnosis_gives_the_shipped_table_and_it_is_good_enough(runs, record):
    assert record["limits"] == LIMITS
    table = faulty_runs.confusions(runs)
    assert table == record["confusions"]
    assert faulty_runs.rightly(table) >= 0.9
    assert set(table[HEALTHY]) == {HEALTHY}
    assert faulty_runs.confusions(runs, split=False) == record["confusions_without_split"]
    assert sum(row.get(fault, 0) for fault, row in table.items()) == record["named_rightly"]


@pytest.mark.parametrize("fault", ["healthy", "dying ReLU"])
def test_todays_code_makes_the_shipped_runs(fault, runs):
    shipped, steps = runs[fault, 200], 30
    made = faults.history_of(fault, 200, steps)
    assert made.notes["drawn"] == shipped.notes["drawn"]
    assert set(made) == set(shipped)
    for name in ("loss", "learning_rate", made.names("dead/")[0]):
        count = min(len(made[name]), 8)
        # three digits were kept, and other processors round otherwise
        np.testing.assert_allclose(made[name][:count], shipped[name][:count], rtol=0.01, atol=0.01)
    for name in made.names("split/"):
        np.testing.assert_allclose(made[name], shipped[name], atol=0.02)


def test_a_run_made_now_is_named(runs):
    found = diagnose(faults.history_of("learning rate too high", 300, 60))
    assert found.cause == "learning rate too high"
    assert "%" in found.sentence and "loss" in found.sentence


def test_the_same_seed_gives_the_same_run():
    one, other = (faults.history_of("wrong labels", 301, 12) for _ in range(2))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_packing_keeps_three_digits_and_everything_else():
    made = History({"drawn": {"a": 1}})
    for step, value in (
        (1, 1.2345678),
        (2, float("nan")),
        (5, float("inf")),
        (9, 1e300),
        (10, -3e-7),
        (12, 0.0),
    ):
        made.add(step, {"loss": value, "counts": [step, 2.0, value]})
    made.add(3, {"validation_loss": 2.0})
    (read,) = faulty_runs.unpack(faulty_runs.pack({("healthy", 3): made})).values()
    assert read.notes == made.notes and list(read) == list(made)
    loss = read["loss"]
    np.testing.assert_allclose(loss[[0, 4, 5]], [1.2345678, -3e-7, 0], rtol=1e-3)
    assert np.isnan(loss[1]) and np.isinf(loss[2]) and np.isinf(loss[3])
    assert read.steps("loss").tolist() == [1, 2, 5, 9, 10, 12]
    assert read["counts"][2].tolist()[:2] == [5, 2]


# the rules, by hand


def history(**changes):
    """A healthy run of 100 steps, ten looks, and a validation set; each name may be replaced."""
    even = np.linspace(0, 1, 100)
    series = {
        "loss": 2.3 - 2 * even, "accuracy": 0.1 + 0.8 * even, "gradient_norm": np.full(100, 2.0),
        "learning_rate": np.full(100, 0.01), "inputs/mean": np.zeros(10), "inputs/std": np.ones(10),
        "targets/counts": np.full((10, 10), 3.0), "targets/classes": np.full(10, 10.0),
        "gradients/first": np.full(10, 0.02), "gradients/last": np.full(10, 0.03),
        "updates/first": np.full(10, 0.003), "updates/last": np.full(10, 0.002), "dead/first": np.full(10, 0.02),
        "validation_loss": np.linspace(2.3, 0.4, 10), "validation_accuracy": np.linspace(0.1, 0.85, 10),
        "split/apart": np.array([1.0]), "split/copies": np.array([0.0]), "split/agreement": np.array([0.8]),
    }  # fmt: skip
    series |= changes
    arrays = {}
    for name, values in series.items():
        if values is None:
            continue
        every = max(1, 100 // len(values))
        arrays[name], arrays[name + "@"] = values, np.arange(1, len(values) + 1) * every
    return History.from_arrays(arrays)


def test_the_plain_run_is_healthy():
    found = diagnose(history())
    assert found.cause == HEALTHY and found.findings == () and found.missing == ()
    assert {one.cause for one in found.others} == set(CAUSES)
    assert "the loss fell from 2.3 to" in found.sentence


def flat(value, count=10):
    return np.full(count, value)


@pytest.mark.parametrize(
    ("cause", "changes", "words"),
    [
        ("wrong normalisation", {"inputs/std": flat(90.0), "inputs/mean": flat(33.0)}, "mean 33 and deviation 90"),
        ("wrong normalisation", {"inputs/std": flat(0.0014)}, "deviation 0.0014"),
        ("no shuffling", {"targets/classes": flat(1.1)}, "holds 1[0-9]% of the kinds"),
        ("train/test leak", {"split/copies": np.array([0.3])}, "30% of the validation examples"),
        ("distribution mismatch", {"split/apart": np.array([1.9])}, "in it 1.90 times as often as chance"),
        ("distribution mismatch", {"validation_accuracy": flat(0.2)}, "20% in validation"),
        ("exploding gradients", {"gradient_norm": flat(4e4, 100)}, "4e\\+04 at the first step"),
        ("dying ReLU", {"dead/first": flat(0.9)}, "from the start 90% of the ReLU units"),
        ("vanishing gradients", {"gradients/first": flat(1e-6)}, "1e-06 per weight in the first layer and 0.03"),
        ("learning rate too high", {"updates/first": flat(0.5), "updates/last": flat(0.7)}, "by 60% of their size"),
        ("wrong labels", {"split/agreement": np.array([0.3])}, "only 30% of the training examples"),
        ("wrong labels", {"accuracy": np.linspace(0.1, 0.5, 100)}, "43% on the training labels and 85%"),
        (
            "learning rate too low",
            {"updates/first": flat(2e-5), "updates/last": flat(2e-5), "loss": np.linspace(2.3, 2.1, 100)},
            "2e-05 of their size",
        ),
        (
            "overfitting",
            {
                "accuracy": np.minimum(1, 2 * np.linspace(0, 1, 100)),
                "validation_accuracy": 0.7 * np.sqrt(np.arange(10) / 9),
            },
            "98% in training and 70% in validation",
        ),
    ],
)  # fmt: skip
def test_each_cause_by_its_own_measurement(cause, changes, words):
    found = diagnose(history(**changes))
    assert found.cause == cause, str(found)
    assert found.findings[0].strength >= 1
    assert re.search(words, found.sentence), found.sentence


def test_the_share_of_dead_units_is_a_mean_over_layers_that_were_looked_at_at_other_steps():
    found = diagnose(history(**{"dead/first": flat(0.9), "dead/second": flat(0.5, 20)}))
    assert found.measures["dead_start"] == pytest.approx(0.7)
    assert "70% of the ReLU units, on average over the layers" in found.sentence


def test_sorted_examples_are_seen_without_a_validation_set():
    without = {"validation_loss": None, "validation_accuracy": None, "targets/classes": flat(1.1)}
    found = diagnose(history(**without))
    assert found.cause == "no shuffling" and "validation" not in found.sentence


def test_a_step_beyond_all_numbers_is_the_longest():
    updates = np.array([np.inf] + 9 * [np.nan])
    loss = np.concatenate([[2.3], np.full(99, np.nan)])
    found = diagnose(history(**{"updates/first": updates, "updates/last": updates, "loss": loss}))
    assert found.cause == "learning rate too high" and "by more than a number can say" in found.sentence


def test_an_earlier_cause_explains_a_later_one_and_both_are_told():
    found = diagnose(history(**{"inputs/std": flat(90.0), "gradient_norm": flat(4e4, 100)}))
    assert [one.cause for one in found.findings] == ["wrong normalisation", "exploding gradients"]
    assert "then exploding gradients" in str(found)


def test_a_loss_that_blows_up_from_a_calm_start_is_the_learning_rate():
    loss = np.array([2.3, 3.0, 80.0, 1e9, np.nan])
    norms = np.array([5.0, 90.0, 1e5, 1e12, np.nan])
    found = diagnose(history(loss=loss, gradient_norm=norms, accuracy=flat(0.1, 5)))
    assert found.cause == "learning rate too high"
    assert "is no number any more" in found.sentence


def test_what_was_not_recorded_is_said():
    bare = History()
    for step in range(1, 31):
        bare.add(step, {"loss": 2 / step, "gradient_norm": 1.0})
    found = diagnose(bare)
    assert found.cause == HEALTHY
    assert "not looked for: train/test leak (record monitors.split)" in str(found)
    assert "wrong normalisation (record monitors.inputs)" in found.missing
    assert len(found.missing) == len(CAUSES) - 1  # the exploding gradient can be told from its norm


def test_limits_may_be_replaced():
    assert diagnose(history(), {"dead": 0.01}).cause == "dying ReLU"
    with pytest.raises(ValueError, match="no limit is called deadly"):
        diagnose(history(), {"deadly": 1})


def test_measures_by_hand():
    found = measures(history())
    assert found["steps"] == 100 and found["diverged"] == 0
    assert (found["loss_start"], found["gradient_start"], found["gradient_first"]) == (2.3, 2.0, 0.02)
    assert found["update"] == pytest.approx(0.0025) and found["dead_start"] == 0.02
    assert found["label_entropy"] == pytest.approx(np.log(10))
    assert found["batch_classes"] == pytest.approx(10 / np.exp(np.log(10) - 9 / 60))
    assert found["validation_loss_rise"] == 1


@pytest.mark.parametrize(
    ("what", "kind", "words"),
    [
        ({"loss": [1.0]}, TypeError, "a History is needed"),
        (History(), ValueError, "no loss or no gradient_norm"),
        (History.from_arrays({n + at: np.arange(1, 6) for n in ("loss", "gradient_norm") for at in ("", "@")}),
         ValueError, "20 steps or more are needed, got 5"),
    ],
)  # fmt: skip
def test_what_cannot_be_diagnosed(what, kind, words):
    with pytest.raises(kind, match=words):
        diagnose(what)


# the faults


def test_wrong_labels_are_drawn_by_lot():
    labels = torch.arange(1000) % 10
    assert torch.equal(faults.with_wrong_labels(labels, 0, 1), labels)
    half = faults.with_wrong_labels(labels, 0.5, 1)
    assert (half != labels).float().mean() == pytest.approx(0.45, abs=0.04)
    with pytest.raises(ValueError, match="share=1.5"):
        faults.with_wrong_labels(labels, 1.5, 1)


def test_a_fault_that_is_none():
    with pytest.raises(UnknownName, match="no fault is called 'bad luck'; there are: healthy"):
        faults.planted("bad luck", 0)
    with pytest.raises(ValueError, match="seed"):
        faults.planted("healthy", -1)


@pytest.mark.parametrize("fault", list(faults.FAULTS))
def test_every_fault_leaves_labels_and_shapes_that_belong_together(fault):
    run = faults.planted(fault, 302, steps=1)
    next(run)
    assert run.history.notes["planted"] == fault
    assert np.isfinite(run.history["validation_loss"][0])
