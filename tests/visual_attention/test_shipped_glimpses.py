"""The shipped glimpse networks and windows: they load, do what their record says, and unknown names are a sentence."""

import pytest
import torch

from lecturelib.checks import UnknownName
from lecturelib.visual_attention.glimpse_training import predictions
from lecturelib.visual_attention.shipped_glimpses import (
    PAPER,
    SHIPPED,
    SPECS,
    glimpse_errors,
    glimpse_table,
    load_glimpses,
    shared_glimpses,
)
from lecturelib.visual_attention.shipped_windows import CELLS, load_window, shared_cells, window_record
from lecturelib.visual_attention.shipped_windows import SPECS as WINDOWS
from lecturelib.visual_attention.translated_digits import held_out_pictures
from lecturelib.visual_attention.window_network import center_distance


def error(network, task, pictures=1000):
    placed, labels = held_out_pictures(task)
    return (predictions(network, placed.images[:pictures]) != labels[:pictures]).float().mean().item()


@pytest.mark.parametrize("name", SHIPPED)
def test_a_glimpse_network_makes_the_errors_that_were_written_down(name):
    network, record = load_glimpses(name), glimpse_errors()[name]
    assert not network.training and not any(p.requires_grad for p in network.parameters())
    # 1,000 of the 2,000 pictures, four standard errors
    first = record["errors"][record["seeds"].index(0)]
    assert error(network, SPECS[name].task) == pytest.approx(
        first, abs=4 * (first * (1 - first) / 1000) ** 0.5 + 0.003
    )


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_reads_where_its_record_says(name):
    network, record = load_window(name), window_record(name)
    placed, _ = held_out_pictures(WINDOWS[name].task)
    window = network.window(placed.images)
    distance = center_distance(window, placed.centers).mean().item()
    assert distance == pytest.approx(record["distances"][0], abs=0.05)
    last = record["snapshots"][-1]
    assert last["step"] == record["steps"]
    shown = torch.tensor(last["windows"])
    assert torch.allclose(
        shown[:, :2], window.centers[: len(shown)], atol=0.02
    )  # weights are shipped as float16
    assert error(network, WINDOWS[name].task) == pytest.approx(record["errors"][0], abs=0.03)


def test_attention_over_cells_sums_to_one_and_is_as_good_as_written_down():
    placed, _ = held_out_pictures("cluttered")
    _, weights = shared_cells().attend(placed.images[:50])
    assert torch.allclose(weights.sum((1, 2)), torch.ones(50), atol=1e-5)
    assert error(shared_cells(), "cluttered") == pytest.approx(window_record(CELLS)["errors"][0], abs=0.03)


def test_snapshots_go_on_in_time_and_the_window_closes_in():
    snapshots = window_record("window_translated")["snapshots"]
    steps = [snapshot["step"] for snapshot in snapshots]
    assert steps == sorted(set(steps)) and steps[0] == 0
    assert snapshots[-1]["distance"] < snapshots[0]["distance"] / 2
    widths = [sum(row[2] for row in snapshot["windows"]) for snapshot in snapshots]
    assert widths[-1] < widths[0]


def test_the_table_has_every_network_once_and_the_papers_errors():
    rows = glimpse_table()
    assert len(rows) == len(glimpse_errors()) and len({row[:2] for row in rows}) == len(rows)
    assert set(PAPER) <= set(SPECS)
    assert all(0 < row[2] < 1 and row[3] >= 1 for row in rows)


def test_a_shared_network_is_loaded_once():
    assert shared_glimpses("cluttered_4") is shared_glimpses("cluttered_4")


def test_an_unknown_name_is_a_sentence():
    with pytest.raises(
        UnknownName, match="name: expected a known glimpse network, got cluttered_5; nearest: cluttered_4"
    ):
        load_glimpses("cluttered_5")
    with pytest.raises(UnknownName, match="name: expected a known soft window, got window; nearest: window_"):
        load_window("window")
    with pytest.raises(UnknownName, match="soft window"):
        window_record("cells")
