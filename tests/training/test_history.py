"""Series stay arrays, also through a file; smoothing never rewrites the past; seeds make a band."""

import numpy as np
import pytest

from lecturelib.checks import UnknownName
from lecturelib.files import FileError
from lecturelib.training import History, band, smooth
from lecturelib.training.smooth import Smoother


def history():
    made = History({"seed": 3})
    for step in (1, 2, 3):
        made.add(step, {"loss": 1 / step, "counts": [step, 0, 2]})
    made.add(3, {"validation_loss": 0.5})
    return made


# history


def test_a_series_is_an_array_with_its_steps():
    made = history()
    np.testing.assert_allclose(made["loss"], [1, 1 / 2, 1 / 3])
    assert made.steps("validation_loss").tolist() == [3]
    assert made["counts"].tolist() == [[1, 0, 2], [2, 0, 2], [3, 0, 2]]
    assert (made.step, len(made), made.last("validation_loss"), made.last("nothing")) == (3, 3, 0.5, None)
    assert made.names("val") == ["validation_loss"]
    made["loss"][:] = 7  # a copy
    assert made["loss"][0] == 1


def test_a_table_has_a_row_per_step_and_goes_into_pandas():
    import pandas as pd

    frame = pd.DataFrame(history().table())
    assert list(frame) == ["step", "loss", "validation_loss"]
    assert frame["validation_loss"].tolist()[2] == 0.5 and frame["validation_loss"].isna().sum() == 2


def test_a_history_survives_arrays_and_a_file(tmp_path):
    made = history()
    made.add(4, {"loss": float("nan")})
    made.save(tmp_path / "run.npz")
    for read in (History.load(tmp_path / "run.npz"), History.from_arrays(made.as_arrays())):
        assert list(read) == list(made)
        for name in made:
            np.testing.assert_array_equal(read[name], made[name])
            np.testing.assert_array_equal(read.steps(name), made.steps(name))


@pytest.mark.parametrize(
    ("act", "kind", "words"),
    [
        (lambda h: h["los"], UnknownName, "name: expected a recorded series, got 'los'; nearest: loss"),
        (lambda h: h.add(2, {"loss": 1.0}), ValueError, "loss: expected a step from 3 on, got 2"),
        (lambda h: h.add(4, {"loss": [1.0, 2.0]}), ValueError, "another shape"),
        (lambda h: h.add(4, {"counts": [1.0, 2.0]}), ValueError, "another shape"),
        (lambda h: h.add(4, {"counts": 1.0}), ValueError, "3 numbers, as before, got one"),
        (lambda h: h.table(["counts"]), ValueError, "series of vectors"),
        (lambda h: h.last("counts"), ValueError, r"a series of vectors; read history\['counts'\]\[-1\]"),
        (lambda h: h.save("run.csv"), ValueError, r"\.npz"),
        (lambda h: History.from_arrays({"loss": np.ones(2)}), ValueError, "2 steps, one for each value"),
    ],
)
def test_mistakes_are_sentences(act, kind, words):
    with pytest.raises(kind, match=words):
        act(history())


def test_a_file_that_is_no_history_is_a_sentence(tmp_path):
    with pytest.raises(FileError, match="there is no history at"):
        History.load(tmp_path / "nowhere.npz")
    whole = history().save(tmp_path / "run.npz").read_bytes()
    np.savez(tmp_path / "other.npz", loss=np.ones(2))
    for name, content in (("cut", whole[:100]), ("text", b"abc"), ("empty", b"")):
        (tmp_path / f"{name}.npz").write_bytes(content)
    for name in ("cut", "text", "empty", "other"):
        with pytest.raises(FileError, match=f"{name}.npz is damaged or no history"):
            History.load(tmp_path / f"{name}.npz")


# smoothing


def test_the_average_by_hand():
    np.testing.assert_allclose(smooth([1.0, 3.0, 5.0], 0.5), [1, 7 / 3, (5 + 1.5 + 0.25) / 1.75])


def test_a_constant_stays_that_constant_from_the_first_value_on():
    np.testing.assert_allclose(smooth(np.full(50, 2.3), 0.99), 2.3, rtol=1e-12)


def test_what_was_drawn_never_changes():
    values = np.random.default_rng(0).normal(size=60)
    whole = smooth(values, 0.9)
    for length in (1, 2, 17, 59):
        np.testing.assert_array_equal(smooth(values[:length], 0.9), whole[:length])


def test_no_smoothing_leaves_the_values_and_the_average_stays_among_them():
    values = np.random.default_rng(1).normal(size=30)
    np.testing.assert_array_equal(smooth(values, 0), values)
    even = smooth(values, 0.95)
    assert even.min() >= values.min() and even.max() <= values.max()


def test_gaps_keep_the_average():
    found = smooth([2.0, float("nan"), float("inf"), 4.0], 0.5)
    np.testing.assert_allclose(found, [2, 2, 2, (4 + 2 / 8) / (1 + 1 / 8)])
    assert np.isnan(smooth([float("nan")], 0.5)).all()
    assert len(smooth([], 0.5)) == 0


def test_a_gap_of_any_length_does_not_lose_the_average():
    smoother = Smoother(0.5)
    smoother.add(3.0)
    for _ in range(3000):
        last = smoother.add(float("nan"))
    assert last == 3.0
    assert smoother.add(5.0) == 5.0


@pytest.mark.parametrize("weight", [1, -0.1, 1.5, "much", True, float("nan")])
def test_a_weight_that_is_none(weight):
    with pytest.raises(ValueError, match="weight: expected"):
        smooth([1.0], weight)


def test_smoothing_takes_one_series():
    with pytest.raises(ValueError, match="values: expected one series"):
        smooth([[1.0, 2.0]])


# several seeds


def runs():
    made = []
    for seed in range(3):
        one = History()
        for step in (1, 2, 3):
            one.add(step, {"loss": seed + step})
        made.append(one)
    made[2].add(4, {"loss": 9})
    return made


def test_a_band_is_the_range_of_what_was_seen():
    found = band(runs())
    assert found.steps.tolist() == [1, 2, 3]  # what all of them recorded
    assert found.middle.tolist() == [2, 3, 4]
    assert (found.low.tolist(), found.high.tolist(), found.runs) == ([1, 2, 3], [3, 4, 5], 3)


def test_a_band_smooths_each_run_before():
    found = band(runs(), weight=0.5)
    np.testing.assert_allclose(found.high, smooth([3, 4, 5], 0.5))


def test_a_band_needs_runs_with_common_steps():
    with pytest.raises(ValueError, match="two runs or more, got 1"):
        band(runs()[:1])
    other = History()
    other.add(7, {"loss": 1})
    with pytest.raises(ValueError, match="at a common step, got none"):
        band([runs()[0], other])
