"""A run's log as TensorBoard's own reader reads it: every scalar at its step, histograms, a picture."""

import io
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from lecturelib.training import History, fit, monitors, tensorboard

pytestmark = pytest.mark.oracle


def run_of():
    inputs = torch.randn(40, 4, generator=torch.Generator().manual_seed(0))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
    labels = (inputs[:, 0] > 0).long()
    watch = [*monitors.usual_monitors(every=4), monitors.histogram_monitor(bins=7, every=6)]
    return fit(model, (inputs, labels), steps=13, batch_size=8, monitors=watch, validation=(inputs, labels))


def read(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # protobuf and TensorFlow's stubs announce their own future
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        found = EventAccumulator(str(folder), {"scalars": 0, "histograms": 0, "images": 0})
        found.Reload()
    return found


def same_scalars(found, history):
    names = [name for name in history if history[name].ndim == 1]
    assert set(found.Tags()["scalars"]) == set(names)
    for name in names:
        events = found.Scalars(name)
        assert [event.step for event in events] == history.steps(name).tolist(), name
        np.testing.assert_allclose([event.value for event in events], history[name], rtol=1e-6, err_msg=name)


def test_a_history_becomes_scalars_histograms_and_a_picture(tmp_path):
    from PIL import Image

    run = run_of()
    list(run)
    grid = torch.rand(3, 5, 9)
    tensorboard.write_tensorboard(run.history, tmp_path / "log", pictures={"kernels": grid})
    found = read(tmp_path / "log")
    same_scalars(found, run.history)
    assert found.Tags()["histograms"] == ["histogram/weights/0", "histogram/weights/2"]
    events = found.Histograms("histogram/weights/0")
    counts, edges = (run.history[f"histogram/weights/0/{part}"] for part in ("counts", "edges"))
    assert [event.step for event in events] == [1, 6, 12]
    for event, count, edge in zip(events, counts, edges, strict=True):
        value = event.histogram_value
        assert value.num == 24 and list(value.bucket) == count.tolist()
        np.testing.assert_allclose(value.bucket_limit, edge[1:])
        assert (value.min, value.max) == (edge[0], edge[-1])
    (image,) = found.Images("kernels")
    assert (image.step, image.width, image.height) == (13, 9, 5)
    pixels = np.asarray(Image.open(io.BytesIO(image.encoded_image_string)))
    np.testing.assert_array_equal(pixels, (grid.permute(1, 2, 0) * 255).round().byte().numpy())


def test_a_run_that_is_logged_while_it_learns_leaves_the_same_log(tmp_path):
    run = run_of()
    for step in tensorboard.log_to_tensorboard(run, tmp_path / "log", every=5):
        if step.step == 11:
            break  # left in between: all that was recorded is there
    same_scalars(read(tmp_path / "log"), run.history)
    assert run.step == 11


def test_bad_input_is_a_sentence_before_anything_is_written(tmp_path):
    run = run_of()
    with pytest.raises(ValueError, match="history: expected at least one series, got none"):
        tensorboard.write_tensorboard(History(), tmp_path / "log")
    list(run)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        tensorboard.write_tensorboard(
            run.history, tmp_path / "log", pictures={"bad": torch.full((3, 2, 2), 7.0)}
        )
    assert not (tmp_path / "log").exists()
    tensorboard.write_tensorboard(run.history, tmp_path / "log")
    with pytest.raises(ValueError, match="which holds a log already"):
        tensorboard.write_tensorboard(run.history, tmp_path / "log")
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="folder: expected a folder for the log, got the file"):
        tensorboard.write_tensorboard(run.history, tmp_path / "file")
    with pytest.raises(TypeError, match="run: expected a Run"):
        tensorboard.log_to_tensorboard([1, 2], tmp_path / "other")
    with pytest.raises(ValueError, match="every: .*got 0"):
        tensorboard.log_to_tensorboard(run, tmp_path / "other", every=0)
