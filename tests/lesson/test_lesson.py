"""A lesson begins with the same numbers every time, and tells claims as they were measured."""

import pytest
import torch

from lecturelib import assets, lesson


def test_begin_seeds_and_says_so(capsys):
    lesson.begin("04")
    first = torch.rand(3)
    lesson.begin("04")
    assert torch.equal(first, torch.rand(3))
    assert "offline" in capsys.readouterr().out


def test_begin_names_the_command_for_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("LECTURELIB_CACHE", str(tmp_path))
    with pytest.raises(assets.AssetMissing, match="fetch"):
        lesson.begin("04")


def test_an_unknown_part_or_claim_is_a_sentence():
    with pytest.raises(KeyError, match="00, 01"):
        lesson.begin("4")
    with pytest.raises(KeyError, match="C31"):
        str(lesson.claim("C99"))
    with pytest.raises(KeyError, match="C99"):
        lesson.numbers("C99")


def test_a_claim_comes_with_its_numbers():
    text = str(lesson.claim("C31"))
    assert text.startswith("C31, measured in full: holds.") and "trained orientation" in text


def test_the_numbers_of_a_claim_are_those_it_tells():
    found = lesson.numbers("C31")
    assert found and all(f"{value}" in str(lesson.claim("C31")) for value in found.values())
    found.clear()  # a copy
    assert lesson.numbers("C31")
