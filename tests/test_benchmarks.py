"""The benchmark's arithmetic and its table; the measuring itself is `make bench`."""

import os
import subprocess
import sys

import pytest

from benchmarks import (
    architecture,
    attention,
    busy,
    classroom,
    growth,
    memory,
    optimization,
    playground,
    timing,
    training,
)
from benchmarks.__main__ import GROUPS, NAMED_ONLY, begun, main, replaced, table
from benchmarks.kernels import Usage, student


def test_ratios_are_medians_within_a_round(monkeypatch):
    # seconds as they would be measured: rounds alternate in direction, the last round is disturbed for both
    seconds = iter([1, 2, 3, 2, 10, 30])
    monkeypatch.setattr(timing, "cpu_seconds", lambda method: next(seconds))
    ratios = timing.compare({"floor": lambda: None, "ours": lambda: None}, "floor", rounds=3)
    assert ratios == {"floor": 1, "ours": 2}  # 2 / 1, then 3 / 2 in the other direction, then 30 / 10


def test_a_method_that_works_takes_cpu_time():
    assert timing.cpu_seconds(lambda: sum(range(200_000))) > 0


def test_the_cpu_time_of_a_program_that_was_waited_for_counts():
    command = [sys.executable, "-c", "sum(range(3_000_000))"]
    seconds = timing.cpu_seconds(lambda: subprocess.run(command, check=True))
    assert seconds > 0.005  # starting Python alone takes as much


def test_the_table_has_a_column_per_method():
    rows = [
        timing.Row("map", "5 places", {"floor": 1, "ours": 1.071}, "<= 1.15"),
        timing.Row("search", "9 images", {"floor": 1, "theirs": 2.5}),
    ]
    assert table(rows).splitlines() == [
        "| what | amount | floor | ours | theirs | target |",
        "|---|---|---|---|---|---|",
        "| map | 5 places | 1.00 | 1.07 |  | <= 1.15 |",
        "| search | 9 images | 1.00 |  | 2.50 |  |",
    ]


def test_the_playgrounds_row_says_how_many_steps_are_drawn():
    (row,) = playground.rows(("circle: a first run",), rounds=1)
    assert row.work == "playground, 2 - 4 - 2 - 1" and row.ratios["steps alone"] == 1
    assert int(row.amount.split()[0]) > 0 and all(ratio > 0 for ratio in row.ratios.values())


def test_an_unknown_group_is_a_sentence(capsys):
    with pytest.raises(SystemExit):
        main(["sausages"])
    message = capsys.readouterr().err
    assert "no group is called sausages" in message
    assert all(name in message for name in GROUPS)


def test_a_row_of_optimization_has_the_floor_and_the_plain_way():
    row = optimization.step_row("alexnet", "conv2", rounds=1)
    assert row.ratios["floor"] == 1
    assert set(row.ratios) == {"floor", "maximize", "maximize, pixels", "without transforms", "plain way"}
    assert all(ratio > 0 for ratio in row.ratios.values())


def test_watching_a_run_is_measured_against_the_run():
    whole, live, each, picture = training.rows(steps=3, rounds=1)
    assert whole.ratios["bare loop"] == live.ratios["fit"] == each.ratios["fit"] == 1
    assert {"dead_units", "updates", "histograms"} < set(each.ratios)
    assert all(ratio > 0 for row in (whole, live, each, picture) for ratio in row.ratios.values())


def test_a_drawing_is_measured_against_the_pass_it_records():
    network, large = architecture.rows(("alexnet",), rounds=1)
    assert {"trace", "fold, lay out, SVG", "torchinfo", "torchview, without its layout"} < set(network.ratios)
    assert large.amount == "1001 modules"
    for row in (network, large):
        assert row.ratios["forward without values"] == 1 and all(ratio > 0 for ratio in row.ratios.values())


def test_attention_is_measured_against_torchs_own_of_the_same_result():
    *short, decoding, training_step = attention.rows((8,), rounds=3)
    assert [row.work for row in short] == ["attention, weights and values", "multi-head attention"]
    assert all(row.ratios["torch, no weights"] == 1 for row in short)
    assert decoding.ratios["cached, first 16"] == training_step.ratios["nn.Transformer"] == 1
    assert all(ratio > 0 for row in (*short, decoding, training_step) for ratio in row.ratios.values())


def test_the_exponent_of_growth_is_the_slope_between_logarithms():
    squares = growth.Growth("work", "things", (1, 2, 4, 8), (3.0, 12.0, 48.0, 192.0), 2)
    assert squares.exponent == pytest.approx(2)
    found = growth.measured(
        "sum", "numbers", 1, [(n, lambda n=n: sum(range(n))) for n in (1000, 4000)], rounds=2
    )
    assert found.sizes == (1000, 4000) and found.seconds[0] > 0
    drawing = growth.chart([squares, found])
    assert "work: exponent 2.00, expected 2" in drawing.alt and "2.00" in drawing.svg()


def test_a_section_is_replaced_and_the_others_stay():
    first, last = (f"## {GROUPS[name][0]}\n\nold\n\n" for name in ("occlusion", "imports"))
    document = "# Benchmarks\n\n" + first + last
    new = f"## {GROUPS['search'][0]}\n\nnew\n"
    found = replaced(document, "search", new)  # between the two, as they are measured
    assert found.index("old") < found.index("new") < found.rindex("old")
    assert replaced(found, "search", new) == found


def test_a_new_document_keeps_what_is_measured_only_when_it_is_named():
    assert set(NAMED_ONLY) < set(GROUPS)
    old = f"# Benchmarks\n\n## {GROUPS['occlusion'][0]}\n\nold\n\n## {GROUPS['busy'][0]}\n\nkept\n"
    assert begun(old).endswith(f"## {GROUPS['busy'][0]}\n\nkept\n") and "old" not in begun(old)
    assert "## " not in begun("")


def test_busy_processes_end_and_thread_settings_come_back(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    with busy.unset(), busy.busy(2) as spinning:
        assert "OMP_WAIT_POLICY" not in os.environ
        assert [process.poll() for process in spinning] == [None, None]
    assert all(process.poll() is not None for process in spinning)
    assert os.environ["OMP_WAIT_POLICY"] == "active"


def test_a_line_beside_busy_processes_gives_multiples_of_alone():
    assert busy.line(4, 90, 33, (30, 30), cores=2) == "| 4 | 90 | 3.0 | 2.5 | 33 | 1.10 |"


def test_percentiles_of_a_class():
    assert classroom.percentiles([0.1] * 18 + [5.0, 9.0]) == (0.1, 5.0)


def test_a_line_of_memory_says_whether_it_is_within_the_limit():
    assert memory.line("04", 9, Usage(900.4, 800, 700, 23)) == "| 04 | 9 | 900 | 800 | 700 | 23 | yes |"
    assert memory.line("04", 9, Usage(1201, 800, 700, 23)).endswith("**no** |")


def test_a_kernel_tells_its_memory_and_its_cpu_time():
    with student("00_start_here") as one:
        one.client.nb.cells[one.cells[0][0]].source = "kept = 1"
        assert one.run(0) > 0
        used = one.usage()
        assert min(used.peak, used.resident) >= used.share > 10 and used.cpu > 0
        assert one.client.nb.cells[one.cells[0][0]].source == "kept = 1"
