"""C17 in small: with 50 labels the pretrained encoder is ahead of the same one from scratch."""

import pytest

from lecturelib.attention.claims_few_labels import METHODS, c17_pretraining, recall_from_labels
from lecturelib.attention.explore import few_labels
from lecturelib.checks import UnknownName

pytestmark = pytest.mark.claims


def test_pretraining_pays_with_few_labels():
    found = c17_pretraining(counts=(50,), seeds=1, steps=60)
    numbers = found["numbers"]
    assert found["claim"] == "C17" and found["holds"] is True
    assert numbers["pretrained_50"] > numbers["from_scratch_50"] + 0.05 and numbers["pretrained_50"] > 0.5
    assert numbers["margin_50"] == pytest.approx(
        numbers["pretrained_50"] - numbers["from_scratch_50"], abs=2e-4
    )


def test_bad_input():
    with pytest.raises(ValueError, match="seeds"):
        c17_pretraining(seeds=0)


def test_another_method_or_no_label_is_a_sentence():
    with pytest.raises(UnknownName, match="method: expected .* got scratch; nearest"):
        recall_from_labels("scratch", 9)
    with pytest.raises(ValueError, match="count: expected"):
        recall_from_labels("words_alone", 2)


def test_the_explorable_says_what_was_measured_and_remembers_it(monkeypatch):
    asked = []

    def measured(method, count, seed, steps):
        asked.append((method, count, seed, steps))
        return {"words_alone": 0.61, "from_scratch": 0.52, "pretrained": 0.73}[method]

    monkeypatch.setattr(few_labels, "recall_from_labels", measured)
    monkeypatch.setattr(few_labels, "_known", {})
    explorable = few_labels.few_labels_explorer()
    first, *_, last = explorable.pictures({"count": 15, "seed": 2})
    assert "nothing is measured yet" in first.caption and first.pixels.shape == last.pixels.shape
    assert "regression 61%, encoder from scratch 52%, pretrained encoder 73%" in last.caption
    assert sorted(asked) == sorted((method, 15, 2, 50) for method in METHODS)
    assert len(list(explorable.pictures({"count": 15, "seed": 2}))) == 1 and len(asked) == 3
