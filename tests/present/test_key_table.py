"""One table of keys: both decks know every action, and README and docs/presenting.md show it as it is."""

import re
from pathlib import Path

import pytest

from lecturelib.present.key_table import HERE, TABLE, as_markdown, key_table, of_file, with_table

ROOT = Path(__file__).parents[2]
FRONT = {"overview", "zoom", "help", "black"}  # what lies over the stage


def actions_in(script: str) -> set[str]:
    """The names before a colon in the object called `actions`."""
    found = re.search(r"const actions = \{(.*?)\n {0,4}\};", script, re.DOTALL)
    return set(re.findall(r"^\s+(\w+): ", found[1], re.MULTILINE)) if found else set()


def test_a_key_means_one_thing():
    keys = [key for row in key_table() for key in row.keys]
    assert len(keys) == len(set(keys)) and len(keys) > 40


def test_the_stage_knows_every_action_and_has_a_key_for_each():
    known = actions_in((TABLE.parent / "deck.js").read_text(encoding="utf-8")) | FRONT
    assert known == {action for row in key_table() for action in row.keys.values()}


def test_the_html_file_knows_its_actions():
    known = actions_in((HERE / "html_deck.js").read_text(encoding="utf-8"))
    assert known == set(of_file().values())


@pytest.mark.parametrize("name", ["README.md", "docs/presenting.md"])
def test_what_readers_see_is_the_table(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert as_markdown() in text and with_table(text) == text


def test_rows_show_the_keys_that_they_have():
    for row in key_table():
        for key, action in row.keys.items():
            name = {
                " ": "Space",
                "ArrowRight": "→",
                "ArrowLeft": "←",
                "ArrowUp": "↑",
                "ArrowDown": "↓",
                "-": "−",
            }.get(key, key)
            short = name.upper() if len(name) == 1 else name
            same = {"Ctrl+Enter", "Meta+Enter", "Shift+ ", "=", ".", "F5", "?"} | set("2345678")
            assert short in row.shown.split() or key in same, (key, action)
