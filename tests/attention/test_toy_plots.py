"""Plots of toy runs, in words and cell by cell."""

import xml.etree.ElementTree as ElementTree

import pytest

from lecturelib.attention.toy_plots import picture_of, watch
from lecturelib.attention.toy_tasks import PROBE, train_toy


def test_pictures_say_their_numbers_and_every_step_is_handed_on():
    shown, run = [], train_toy(steps=12)
    steps = list(watch(run, screen=lambda picture, line: shown.append((picture, line))))
    assert len(steps) == 12 and shown and "step 12 of 12" in shown[-1][1]
    picture = picture_of(run)
    assert (
        "reverses letters, step 12 of 12" in picture.alt and "% of the attention on the letter" in picture.alt
    )
    root = ElementTree.fromstring(picture.svg)
    cells = root.findall(".//{http://www.w3.org/2000/svg}rect[@fill]")
    assert len([cell for cell in cells if cell.get("fill").startswith("rgb")]) == (len(PROBE) + 1) ** 2
    plain = train_toy("copy", "fixed", steps=2)
    list(plain)
    assert "one vector" in picture_of(plain).svg and "attention" not in picture_of(plain).alt


def test_bad_input_is_a_sentence():
    with pytest.raises(
        ValueError, match=r"run: expected at least one step, got none; take one with next\(run\)"
    ):
        picture_of(train_toy())
    with pytest.raises(TypeError, match=r"run: expected a run, as in watch\(train_toy\(\)\), got list"):
        watch([1, 2])
