"""Bars as high as their numbers, with words for those who do not see them."""

import pytest

from lecturelib.checks import UnknownName
from lecturelib.confounds.claim_charts import CLAIMS, HEIGHT, claim_chart, grouped_bars
from lecturelib.drawing import Box


def test_bars_are_as_high_as_their_numbers():
    drawing = grouped_bars(["a", "b"], {"one": [1.0, 0.25], "two": [0.5, 0.0]}, "Shares")
    bars = [shape for shape in drawing.shapes if isinstance(shape, Box)][2:]  # two of the legend come first
    assert [round(bar.height) for bar in bars] == [HEIGHT, HEIGHT // 2, HEIGHT // 4, 1]
    feet = {round(bar.y + bar.height) for bar in bars[:3]}
    assert len(feet) == 1
    assert "a: one 100 %, two 50 %." in drawing.alt


def test_a_number_below_0_hangs_below_the_line():
    drawing = grouped_bars(["a"], {"one": [-0.5], "two": [0.5]}, "Signed", limits=(-1, 1), percent=False)
    below, above = [shape for shape in drawing.shapes if isinstance(shape, Box)][2:]
    assert below.y == pytest.approx(above.y + above.height)


@pytest.mark.parametrize("name", CLAIMS)
def test_every_chart_says_its_verdict(name):
    chart = claim_chart(name)
    assert name in chart.caption and len(chart.alt) > 100


def test_bad_input_is_a_sentence():
    with pytest.raises(UnknownName, match="name: expected a known claim"):
        claim_chart("C99")
    with pytest.raises(ValueError, match="series 'a': expected 2 values"):
        grouped_bars(["x", "y"], {"a": [1.0]}, "Shares")
    with pytest.raises(ValueError, match="series 'a'"):
        grouped_bars(["x"], {"a": [float("nan")]}, "Shares")
