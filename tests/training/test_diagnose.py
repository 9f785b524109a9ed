"""The diagnosis names planted faults, rests on numbers, and says what it could not look for."""

import hashlib
import json
import re

import numpy as np
import pytest
import torch

from lecturelib import assets, datasets
from lecturelib.checks import UnknownName
from lecturelib.training import History, faults, faulty_runs, fit, monitors
from lecturelib.training.dataset_shift import dataset_shift
from lecturelib.training.diagnose import HEALTHY, UNDECIDED, diagnose
from lecturelib.training.diagnosis_rules import CAUSES, LIMITS
from lecturelib.training.run_statistics import run_statistics


@pytest.fixture(scope="module")
def runs():
    return faulty_runs.shipped_runs()


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
    table = faulty_runs.diagnosis_confusions(runs)
    assert table == record["confusions"]
    assert faulty_runs.share_right(table) >= 0.9
    assert set(table[HEALTHY]) == {HEALTHY}
    assert faulty_runs.diagnosis_confusions(runs, split=False) == record["confusions_without_split"]
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
        "split/agreement_ratio": np.array([1.0]),
    }  # fmt: skip
    series |= changes
    arrays = {}
    for name, values in series.items():
        if values is None:
            continue
        every = max(1, 100 // len(values))
        arrays[name], arrays[name + "@"] = values, np.arange(1, len(values) + 1) * every
    return History.from_arrays(arrays, {"steps_per_epoch": 78})


def spike(start, largest):
    """A loss that jumps once, and then falls to a little less than its start."""
    loss = np.linspace(start, 0.9 * start, 100)
    loss[10] = largest
    return loss


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
        ("wrong normalization", {"inputs/std": flat(90.0), "inputs/mean": flat(33.0)}, "deviation 90"),
        ("wrong normalization", {"inputs/std": flat(0.0014)}, "deviation 0.0014"),
        ("no shuffling", {"targets/classes": flat(1.1)}, "holds 1[0-9]% of the classes"),
        ("train/test leak", {"split/copies": np.array([0.3])}, "30% of the validation examples"),
        ("distribution mismatch", {"split/apart": np.array([1.9])}, "in it 1.90 times as often as by chance"),
        ("distribution mismatch", {"validation_accuracy": flat(0.1)}, "0.42 higher in training than in validation"),
        ("exploding gradients", {"gradient_norm": flat(4e4, 100)}, "4e\\+04 at the first step"),
        ("dying ReLU", {"dead/first": flat(0.9)}, "90% of the ReLU units"),
        ("vanishing gradients", {"gradients/first": flat(1e-6)}, "is 1e-06 in the first layer and 0.03"),
        (
            "learning rate too high",
            {"updates/first": flat(0.5), "updates/last": flat(0.7), "loss": spike(2.3, 9.0)},
            "by 60.0% of their size; the loss rose from 2.3 to 9 and is",
        ),
        ("wrong labels", {"split/agreement_ratio": np.array([0.45])}, "only 0.45 times as often in the training set"),
        (
            "wrong labels",
            {"loss": flat(2.3, 100), "accuracy": flat(0.1, 100), "validation_accuracy": flat(0.1),
             "split/agreement": np.array([0.1])},
            "a guess by the frequency of the labels has 2.3",
        ),
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
    assert found.statistics["dead_start"] == pytest.approx(0.7)
    assert "70% of the ReLU units, on average over the layers" in found.sentence


def test_sorted_examples_are_seen_without_a_validation_set():
    without = {"validation_loss": None, "validation_accuracy": None, "targets/classes": flat(1.1)}
    found = diagnose(history(**without))
    assert found.cause == "no shuffling" and "validation" not in found.sentence


def test_a_step_beyond_all_numbers_is_the_longest():
    updates = np.array([np.inf] + 9 * [np.nan])
    loss = np.concatenate([[2.3], np.full(99, np.nan)])
    found = diagnose(history(**{"updates/first": updates, "updates/last": updates, "loss": loss}))
    assert (
        found.cause == "learning rate too high" and "by infinitely many times of their size" in found.sentence
    )


def test_an_earlier_cause_explains_a_later_one_and_both_are_told():
    found = diagnose(history(**{"inputs/std": flat(90.0), "gradient_norm": flat(4e4, 100)}))
    assert [one.cause for one in found.findings] == ["wrong normalization", "exploding gradients"]
    assert "then exploding gradients" in str(found)


def test_a_loss_that_blows_up_from_a_calm_start_is_the_learning_rate():
    loss = np.array([2.3, 3.0, 80.0, 1e9, np.nan])
    norms = np.array([5.0, 90.0, 1e5, 1e12, np.nan])
    found = diagnose(history(loss=loss, gradient_norm=norms, accuracy=flat(0.1, 5)))
    assert found.cause == "learning rate too high"
    assert "rose from 2.3 to 1e+09 and is NaN or infinite at the end" in found.sentence


def test_what_was_not_recorded_is_said():
    bare = History()
    for step in range(1, 31):
        bare.add(step, {"loss": 2 / step, "gradient_norm": 1.0})
    found = diagnose(bare)
    assert found.cause == UNDECIDED
    assert "fell from 2 to" in found.sentence and "input_monitor" in found.sentence
    assert "not looked for: train/test leak (record split_monitor)" in str(found)
    assert "wrong normalization (record input_monitor)" in found.missing
    assert len(found.missing) == len(CAUSES) - 1  # the exploding gradient can be told from its norm


# no sentence contradicts the numbers


def test_a_loss_that_explodes_without_monitors_is_no_healthy_run():
    """The reported run: SGD with a learning rate of 10,000 on a linear layer, and nothing recorded but the loss."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model, inputs = torch.nn.Linear(9, 3), torch.rand(99, 9)
    run = fit(model, (inputs, torch.arange(99) % 3), steps=60, optimizer=lambda p: torch.optim.SGD(p, 1e4))
    list(run)
    assert run.history["loss"][-1] > 1000 * run.history["loss"][0]
    found = diagnose(run.history)
    assert found.cause == "learning rate too high"
    assert re.search(r"the loss rose from 1\.\d+ to [\d.]+e\+\d+ and is", found.sentence), found.sentence


def rising(end, **changes):
    return history(loss=np.linspace(1.1, end, 100), accuracy=flat(0.1, 100), **changes)


def test_a_loss_that_rises_for_no_recorded_reason_is_not_explained():
    """The weights move as they should: it may be gradient ascent by a wrong sign. Nothing recorded tells."""
    found = diagnose(rising(500.0, validation_accuracy=flat(0.1), **{"split/agreement": np.array([0.8])}))
    assert found.cause == UNDECIDED and found.findings == ()
    assert "the loss rose from 1.1 to" in found.sentence and "no recorded number says why" in found.sentence


def test_a_loss_that_fell_and_then_was_nan_for_no_recorded_reason_is_not_explained():
    """The logarithm of 0 in a loss of one's own does that, at any learning rate."""
    loss = np.concatenate([np.linspace(2.3, 0.4, 99), [np.nan]])
    found = diagnose(history(loss=loss))
    assert found.cause == UNDECIDED and "at last NaN" in found.sentence


def test_large_steps_that_do_no_harm_are_no_learning_rate_too_high():
    """Small initial weights move by a large share of their size; the loss falls from the first step on."""
    assert diagnose(history(**{"updates/first": flat(0.12), "updates/last": flat(0.15)})).cause == HEALTHY


def test_small_gradients_and_steps_of_a_network_that_is_good_already_are_no_fault():
    """Fine-tuning that begins where another training ended."""
    changes = {
        "loss": np.linspace(0.30, 0.20, 100), "accuracy": flat(0.93, 100), "validation_accuracy": flat(0.92),
        "validation_loss": flat(0.25), "gradients/first": flat(1e-5), "gradients/last": flat(2e-5),
        "updates/first": flat(1e-4), "updates/last": flat(1e-4), "gradient_norm": flat(0.02, 100),
    }  # fmt: skip
    assert diagnose(history(**changes)).cause == HEALTHY


def test_training_worse_than_validation_alone_is_not_called_wrong_labels():
    """Dropout and augmentation do that, too; the labels agree as well as those of the validation set."""
    found = diagnose(history(accuracy=np.linspace(0.1, 0.5, 100)))
    assert found.cause == UNDECIDED and "43% in training and 85% in validation" in found.sentence
    bare = diagnose(history(accuracy=np.linspace(0.1, 0.5, 100), **{"split/agreement_ratio": None}))
    assert bare.cause == UNDECIDED and "wrong labels (record split_monitor)" in bare.missing


def test_a_gap_after_the_first_epoch_is_no_sign_of_another_distribution():
    """Few examples: by the time half of the batch is right, each was seen several times."""
    made = history(validation_accuracy=0.1 * np.arange(1, 11) / 10)
    assert diagnose(made).cause == "distribution mismatch"
    made.notes["steps_per_epoch"] = 4
    assert "early_gap" not in diagnose(made).statistics and diagnose(made).cause != "distribution mismatch"


def photo_like(count, seed):
    """Images whose background decides which lie near each other, and whose class is a faint pattern on it."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(count, 1, 4, 4, generator=generator)
    background = torch.nn.functional.interpolate(coarse, 12, mode="bilinear", align_corners=True)
    labels = torch.randint(4, (count,), generator=generator)
    stripes = torch.stack(
        [torch.cos(torch.arange(12) * torch.pi * k / 2) for k in (1, 2)]
    )  # of period 4 and 2
    patterns = torch.stack([stripes[0].expand(12, 12), stripes[0][:, None].expand(12, 12),
                            stripes[1].expand(12, 12), stripes[1][:, None].expand(12, 12)])  # fmt: skip
    return 1.5 * background + 0.2 * patterns[labels][:, None], labels


def test_right_labels_of_photos_whose_neighbors_disagree_are_not_called_wrong():
    train, validation = photo_like(600, 0), photo_like(300, 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = torch.nn.Sequential(
            torch.nn.Conv2d(1, 12, 5), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
            torch.nn.Linear(12, 4),
        )  # fmt: skip
    watch = [*monitors.usual_monitors(), monitors.split_monitor(train, validation)]
    run = fit(model, train, steps=200, optimizer=lambda p: torch.optim.Adam(p, lr=0.02), monitors=watch,
              validation=validation, validate_every=20, batch_size=32)  # fmt: skip
    list(run)
    found = diagnose(run.history)
    assert found.statistics["agreement"] < 0.5  # 0.25 would be chance
    assert found.statistics["validation_end"] > 0.8
    assert found.cause == HEALTHY, str(found)


def test_labels_drawn_by_lot_are_found_where_right_ones_would_agree():
    """The same comparison has power where neighbors do tell something."""
    images, labels = datasets.digits()
    train, validation = (
        (images[:600], faults.with_wrong_labels(labels[:600], 0.5, 0)),
        (images[600:900], labels[600:900]),
    )
    wrong = dataset_shift(train, validation)["split/agreement_ratio"]
    assert wrong < 0.6
    assert dataset_shift((images[:600], labels[:600]), validation)["split/agreement_ratio"] == 1.0


def test_the_comparison_of_two_sets_by_hand():
    """Points on a line in pairs: each one's nearest is its partner."""
    places = torch.tensor([0.0, 0.1, 1.0, 1.1, 2.0, 2.1])[:, None]
    alike, mixed = torch.tensor([0, 0, 1, 1, 0, 0]), torch.tensor([0, 1, 0, 1, 0, 1])
    found = dataset_shift((places, alike), (places + 0.01, mixed))
    assert found["split/agreement"] == 1 and found["split/copies"] == 1
    assert found["split/apart"] == 0  # the nearest of all is the copy in the other set
    many = torch.arange(200.0).repeat_interleave(2)[:, None] + torch.tensor([0.0, 0.1]).repeat(200)[:, None]
    pairs = torch.arange(200).repeat_interleave(2) % 2
    quarter = pairs.clone()
    quarter[:100:2] = 1 - quarter[:100:2]  # 50 of 200 pairs disagree
    assert dataset_shift((many, quarter), (many, pairs))["split/agreement_ratio"] == pytest.approx(0.75)


@pytest.mark.parametrize("seed", range(40))
def test_every_sentence_of_any_history_agrees_with_its_numbers(seed):
    """Histories drawn by lot: whatever is called healthy fell, and whatever is said to rise or fall did."""
    draw = np.random.default_rng(seed)
    loss = np.exp(np.linspace(np.log(draw.uniform(0.01, 10)), np.log(10 ** draw.uniform(-4, 9)), 100))
    loss = loss * np.exp(draw.normal(0, 0.3, 100))
    changes = {
        "loss": loss, "accuracy": draw.uniform(0, 1) + np.zeros(100), "gradient_norm": 10 ** draw.uniform(-4, 4, 100),
        "validation_accuracy": draw.uniform(0, 1, 10), "validation_loss": 10 ** draw.uniform(-2, 2, 10),
        "updates/first": 10 ** draw.uniform(-6, 0, 10), "split/agreement": draw.uniform(0, 1, 1),
        "split/agreement_ratio": np.array([draw.choice([1.0, 0.9, 0.4])]),
    }  # fmt: skip
    for name in (
        "updates/first",
        "updates/last",
        "validation_accuracy",
        "split/agreement_ratio",
        "inputs/std",
    ):
        if draw.random() < 0.3:
            changes[name] = None
    found = diagnose(history(**changes))
    m = found.statistics
    if found.cause == HEALTHY:
        assert m["loss_end"] < m["loss_start"] and found.findings == ()
    for sentence in (found.sentence, *(one.sentence for one in found.findings)):
        for word, start, end in re.findall(r"the loss (rose|fell) from (\S+) to ([^\s,;]+)", sentence):
            assert (float(end) > float(start)) is (word == "rose"), sentence
    for one in found.findings:
        if one.cause == "wrong labels":
            assert m.get("agreement_ratio", 1) < 0.7 or m["accuracy_end"] < 0.25
        if one.cause == "learning rate too high":
            assert m["loss_largest"] > m["loss_start"]
        if one.cause == "overfitting":
            assert m["accuracy_end"] > m["validation_end"]


def test_limits_may_be_replaced():
    assert diagnose(history(), {"dead": 0.01}).cause == "dying ReLU"
    with pytest.raises(UnknownName, match="limits: expected a known limit, got deadly"):
        diagnose(history(), {"deadly": 1})


def test_statistics_by_hand():
    found = run_statistics(history())
    assert found["steps"] == 100 and found["diverged"] == 0
    assert (found["loss_start"], found["gradient_start"], found["gradient_first"]) == (2.3, 2.0, 0.02)
    assert found["update"] == pytest.approx(0.0025) and found["dead_start"] == 0.02
    assert found["label_entropy"] == pytest.approx(np.log(10))
    assert found["batch_classes"] == pytest.approx(10 / np.exp(np.log(10) - 9 / 60))
    assert found["validation_loss_rise"] == 1


@pytest.mark.parametrize(
    ("what", "kind", "words"),
    [
        ({"loss": [1.0]}, TypeError, "history: expected a History, got dict"),
        (History(), ValueError, "expected a series 'loss', got none"),
        (History.from_arrays({n + at: np.arange(1, 6) for n in ("loss", "gradient_norm") for at in ("", "@")}),
         ValueError, "history: expected 20 steps or more, got 5"),
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
    with pytest.raises(ValueError, match="share: .*got 1.5"):
        faults.with_wrong_labels(labels, 1.5, 1)


def test_a_fault_that_is_none():
    with pytest.raises(UnknownName, match="fault: expected a known fault, got bad luck"):
        faults.planted("bad luck", 0)
    with pytest.raises(ValueError, match="seed"):
        faults.planted("healthy", -1)


@pytest.mark.parametrize("fault", list(faults.FAULTS))
def test_every_fault_leaves_labels_and_shapes_that_belong_together(fault):
    run = faults.planted(fault, 302, steps=1)
    next(run)
    assert run.history.notes["planted"] == fault
    assert np.isfinite(run.history["validation_loss"][0])


def loss_alone(end, largest=0.0, start=0.5):
    """The statistics of a run of which only losses and gradients were recorded."""
    known = {"loss_start": start, "loss_end": end, "loss_largest": max(start, end, largest)}
    return known | {"gradient_start": 2.0, "diverged": not np.isfinite(end)}


def test_a_learning_rate_is_told_by_the_loss_alone_only_where_it_ends_far_above_its_start():
    rule = CAUSES["learning rate too high"]
    assert rule(loss_alone(6.0), LIMITS)[0] == pytest.approx(6.0 / 0.5 / LIMITS["grown"])
    assert rule(loss_alone(float("nan"), largest=3.0), LIMITS)[0] == float("inf")
    for calm in (
        loss_alone(4.0, largest=9.0),
        loss_alone(float("nan")),
    ):  # rose and came back; NaN without a rise
        with pytest.raises(KeyError, match="update_largest"):
            rule(calm, LIMITS)


def test_a_loss_that_rises_to_the_limit_has_not_overshot():
    long = {"update_largest": 0.5}
    rule, at = CAUSES["learning rate too high"], LIMITS["overshoot"] * 0.5
    assert rule(loss_alone(0.4, largest=at) | long, LIMITS)[0] == 0
    assert rule(loss_alone(0.4, largest=at + 0.01) | long, LIMITS)[0] == pytest.approx(
        0.5 / LIMITS["update_high"]
    )


def test_a_gap_at_its_limit_is_told_beside_the_distance_of_the_sets():
    numbers = {"apart": 1.0, "early_gap": LIMITS["early_gap"]}
    strength, sentence = CAUSES["distribution mismatch"](numbers, LIMITS)
    assert strength == 1 and "was 0.30 higher" in sentence


def test_overfitting_does_not_quote_a_loss_that_was_not_recorded():
    numbers = {"accuracy_end": 0.99, "validation_end": 0.6, "gap": 0.39}
    strength, sentence = CAUSES["overfitting"](numbers, LIMITS)
    assert strength == pytest.approx(0.39 / LIMITS["gap"]) and "loss" not in sentence
    assert (
        "1.30 times its lowest" in CAUSES["overfitting"](numbers | {"validation_loss_rise": 1.3}, LIMITS)[1]
    )
