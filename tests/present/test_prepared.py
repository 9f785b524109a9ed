"""Prepared settings: from a file, from a cell, by name; wrong ones are sentences."""

import json

import numpy as np
import pytest

from lecturelib.show import picture
from lecturelib.widgets import Choice, Explorable, Slider, prepared


@pytest.fixture(autouse=True)
def nothing_prepared(monkeypatch):
    monkeypatch.delenv(prepared.VARIABLE, raising=False)
    monkeypatch.setattr(prepared, "_prepared", None)


def shades(**more):
    def render(state):
        return picture(np.full((2, 2), state["k"] / 9), alt=f"{state['kind']} {state['k']}")

    controls = [Slider("k", 0, 9), Choice("kind", ("plain", "other"))]
    return Explorable(render, controls, "Shades", **more)


def test_a_file_prepares_every_explorable_of_its_titles(tmp_path, monkeypatch):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"Shades": {"start": {"k": 4}, "light": {"k": 9}}}))
    monkeypatch.setenv(prepared.VARIABLE, str(file))
    made = shades(presets={"dark": {"k": 1}})
    assert made.presets == {"dark": {"k": 1, "kind": "plain"}, "light": {"k": 9, "kind": "plain"}}
    assert made.state == {"k": 4, "kind": "plain"}
    made.state = {"k": 7, "kind": "other"}
    made.reset()
    assert made.state == {"k": 4, "kind": "plain"}  # the prepared start


def test_a_cell_prepares_one_that_is_shown_and_those_to_come():
    made = shades()
    prepared.remember(made)
    prepared.prepare("Shades", {"middle": {"k": 5}})
    assert made.presets["middle"]["k"] == shades().presets["middle"]["k"] == 5
    assert prepared.explorable("shade") is made
    with pytest.raises(ValueError, match="k: expected a whole number from 0 to 9, got 12"):
        prepared.prepare("Shades", {"wrong": {"k": 12}})
    assert "wrong" not in made.presets and "wrong" not in prepared.settings("Shades")
    with pytest.raises(KeyError, match="title of one that is shown, got 'nothing'; known: Shades"):
        prepared.explorable("nothing")


@pytest.mark.parametrize(
    "content, words",
    [
        ("{", "mine.json: expected JSON"),
        ("[1]", "titles of explorables"),
        ('{"Shades": {"a": 3}}', "expected settings by name"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path, content, words):
    (tmp_path / "mine.json").write_text(content)
    with pytest.raises(ValueError, match=words):
        prepared.read(tmp_path / "mine.json")
    with pytest.raises(FileNotFoundError, match="prepared settings: expected a JSON file"):
        prepared.read(tmp_path / "other.json")
