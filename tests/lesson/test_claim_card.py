"""The card of a claim: verdict, bars with their limits, every number; the table of bars fits what was measured."""

import json
import re
from html import escape

import pytest

from lecturelib import assets
from lecturelib.lesson import claim, report, result
from lecturelib.lesson.claim_bars_looking import ALL_BARS

MEASURED = {
    name: found
    for file in sorted(assets.data_path("claims").glob("*.json"))
    for name, found in json.loads(file.read_text(encoding="utf-8")).items()
}


@pytest.mark.parametrize("name", ALL_BARS)
def test_each_bar_is_a_number_of_its_claim(name):
    bars = ALL_BARS[name].bars
    assert len({bar.label for bar in bars}) == len(bars) > 0
    for bar in bars:
        value = MEASURED[name]["numbers"][bar.key]
        assert isinstance(value, int | float) and not isinstance(value, bool)


@pytest.mark.parametrize("name", MEASURED)
def test_each_claim_has_a_card_with_all_of_its_numbers(name):
    card = claim(name)
    page = card.html()
    verdict = {True: "holds", False: "does not hold here", None: "open, both ways reported"}[
        MEASURED[name]["holds"]
    ]
    assert f" {verdict}<" in page and f": {verdict}." in str(card)
    for value in MEASURED[name]["numbers"].values():
        assert f"<td>{value}</td>" in page or isinstance(value, str)


@pytest.mark.parametrize("name", ALL_BARS)
def test_a_card_shows_the_bars_of_its_own_measurement(name):
    page = claim(name).html()
    for bar in ALL_BARS[name].bars:
        assert f">{escape(bar.label)}<" in page
    assert "<details open>" not in page, "the numbers are behind a fold"


def test_the_lengths_of_the_bars_are_the_numbers():
    numbers = {"drop_on_object": 0.4, "drop_elsewhere": 0.1}
    page = report(result("C6", "covering costs more", True, numbers)).html()
    assert re.findall(r"width:([\d.]+)%", page.split("</style>")[1]) == ["100.0", "25.0"]
    assert "It had to pass" in page and "untrained network" not in page, "a number that is missing has no bar"


def test_the_limit_is_drawn_where_it_lies():
    page = report(result("C16", "fewer", True, {"work_to_reach_it_as_a_share": 0.5})).html()
    assert "width:50.0%" in page and "left:100.0%" in page and "dashed line: 1" in page


def test_words_of_a_claim_are_escaped():
    page = report(result("C0", "a < b & c", None, {"<n>": 1})).html()
    assert "A &lt; b &amp; c." in page and "&lt;n&gt;" in page and "<details open>" in page
