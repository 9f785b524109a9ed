"""Sentences in, translations and weights out: words, tokens, bad input; what the shipped translators really do."""

import hashlib
import json

import pytest
import torch

from lecturelib import assets
from lecturelib.attention import translators
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.tokenizer import Tokenizer
from lecturelib.attention.transformer import Transformer
from lecturelib.attention.translators import Translator, merged, translate, translator, word_groups


def shipped_tokenizer():
    return Tokenizer(assets.data_path("translator_tokenizer.json"))


def tiny(kind):
    torch.manual_seed(0)
    known = shipped_tokenizer()
    if kind == "transformer":
        return Translator(kind, Transformer(len(known), d=16, heads=2, layers=2, hidden=32), known)
    score = None if kind == "fixed" else "additive"
    return Translator(kind, Seq2Seq(len(known), score, embedding=12, encoder=10, decoder=14), known)


def test_tokens_become_words():
    source = ["▁I", "▁don'", "t", "▁e", "at", "▁", "1", "9", "▁well", "-", "done", "▁eggs", ".", "</s>"]
    assert word_groups(source) == [
        ("I", [0]),
        ("don't", [1, 2]),
        ("eat", [3, 4]),
        ("19", [5, 6, 7]),
        ("well", [8]),
        ("-done", [9, 10]),
        ("eggs", [11]),
        (".", [12]),
        ("(end)", [13]),
    ]
    french = word_groups(["▁l'", "ami", "▁?", "!", "</s>"], apart=True)
    assert [word for word, _ in french] == ["l'", "ami", "?", "!", "(end)"]


def test_weights_between_words_sum_over_source_and_average_over_target_tokens():
    weights = torch.tensor([[0.1, 0.2, 0.7], [0.3, 0.5, 0.2]])
    source, target, both = merged(["▁c", "at", "</s>"], ["▁ch", "at"], weights)
    assert (source, target) == (["cat", "(end)"], ["chat"])
    assert torch.allclose(both, torch.tensor([[0.55, 0.45]]))


@pytest.mark.parametrize("kind", ["transformer", "attention"])
def test_a_translation_comes_with_its_weights(kind):
    found = tiny(kind).translate("The European Economic Area was founded.")
    length, written = len(found.source), len(found.target)
    assert found.source[-1] == "</s>" and found.sentence.startswith("The European")
    expected = (2, 2, written, length) if kind == "transformer" else (written, length)
    assert found.weights.shape == expected
    assert torch.allclose(found.alignment().sum(-1), torch.ones(written), atol=1e-5)
    source, target, weights = found.by_word()
    assert source == ["The", "European", "Economic", "Area", "was", "founded", ".", "(end)"]
    assert weights.shape == (len(target), len(source))
    assert torch.allclose(weights.sum(-1), torch.ones(len(target)), atol=1e-5)


def test_layers_and_heads_are_chosen_by_number():
    found = tiny("transformer").translate("I sleep.")
    assert torch.equal(found.alignment(0, 1), found.weights[0, 1])
    assert torch.allclose(found.alignment(1), found.weights[1].mean(0))
    with pytest.raises(IndexError, match="a layer from 0 to 1 and a head from 0 to 1, got 2 and None"):
        found.alignment(2)
    with pytest.raises(ValueError, match="translator: expected one with attention"):
        tiny("fixed").translate("I sleep.").alignment()


def test_a_beam_gives_as_many_translations_best_first():
    found = tiny("attention").translations("I sleep.", width=3, length_penalty=0.0)
    assert len(found) == 3
    assert sorted(found, key=lambda one: -one.log_probability) == found
    assert len({tuple(one.target_ids) for one in found}) == 3


def test_bad_sentences_are_told_in_a_sentence():
    model = tiny("attention")
    with pytest.raises(TypeError, match="sentence: expected a string, got None"):
        model.translate(None)
    with pytest.raises(ValueError, match="sentence: expected at least one word, got an empty sentence"):
        model.translate("  \n ")
    with pytest.raises(ValueError, match="at most 63 subword tokens"):
        model.translate("very " * 80 + "long")
    with pytest.raises(ValueError, match="trained on, got 日 本 👍; write it without them"):
        model.translate("Hello 日本 👍")
    with pytest.raises(KeyError, match="name: expected a known translator, got lstm"):
        translator("lstm")
    with pytest.raises(KeyError, match="got gru; known: transformer, attention, fixed"):
        translators.build("gru", 10)


def test_a_missing_checkpoint_is_a_sentence(tmp_path, monkeypatch):
    kept = assets.data_path("translator_tokenizer.json").read_bytes()
    monkeypatch.setattr("lecturelib.assets.shipped._data_dir", lambda: tmp_path)
    (tmp_path / "translator_tokenizer.json").write_bytes(kept)
    translator.cache_clear()
    with pytest.raises(assets.AssetMissing, match=r"translator_fixed\.safetensors is not there"):
        translator("fixed")


EVERYDAY = {
    "I am tired.": "Je suis fatigué.",
    "Where is the station?": "Où est la gare ?",
    "She has a red car.": "Elle a une voiture rouge.",
}


@pytest.mark.parametrize("name", ["transformer", "attention"])
@pytest.mark.parametrize("sentence", EVERYDAY)
def test_the_shipped_translators_translate_everyday_sentences(name, sentence):
    words = set(EVERYDAY[sentence].lower().split())
    found = set(translate(sentence, name).text.lower().split())
    assert len(words & found) >= len(words) - 1, translate(sentence, name).text


@pytest.mark.parametrize("name", ["transformer", "attention"])
def test_an_adjective_that_changes_its_place_is_found_where_it_stands(name):
    source, target, weights = translate("She has a red car.", name).by_word()
    for french, english in (("voiture", "car"), ("rouge", "red")):
        assert source[weights[target.index(french)].argmax()] == english


@pytest.mark.parametrize("name", translators.shipped())
def test_metrics_are_those_of_the_shipped_file(name):
    metrics = json.loads(assets.data_path(f"translator_{name}.json").read_text(encoding="utf-8"))
    model = translator(name).model
    assert metrics["parameters"] == sum(p.numel() for p in model.parameters())
    assert metrics["test"]["chrF"] > 30
    digest = hashlib.sha256(assets.data_path(f"translator_{name}.safetensors").read_bytes()).hexdigest()
    assert metrics["sha256"] == digest


def test_all_three_are_shipped():
    assert set(translators.shipped()) == set(translators.NAMES)
