"""Typed sentences: case, final sign, placeholders; what the translators knew before stays as it is."""

import pytest

from lecturelib.attention.sentence_pairs import references
from lecturelib.attention.translators import translator
from lecturelib.attention.typed_sentences import known_words, prepare


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("WHERE DID YOU PUT MY KEYS?", "Where did you put my keys?"),
        ("where did you put my keys", "Where did you put my keys?"),
        ("i think tom is in paris on monday", "I think Tom is in Paris on Monday."),
        ("My Friend Speaks French.", "My friend speaks French."),
        ("STOP!", "Stop!"),
        ("I sleep", "I sleep."),
        ("  She   has a red car. ", "She has a red car."),
        ("We met Quentin Dubois.", "We met Tom."),
        ("Tom knows Quentin.", "Tom knows Mary."),
        ("I have 6866 books.", "I have 20 books."),
        ("I have 20 books and 617 hats.", "I have 20 books and 50 hats."),
        ("He was born in 1961 at 6:30.", "He was born in 1961 at 6:30."),
        ("Ich habe keine Ahnung.", "Ich habe keine Ahnung."),
        ("?!", "?!"),
    ],
)
def test_what_is_read(typed, read):
    found = prepare(typed)
    assert found.sentence == read and found.typed == typed
    assert prepare(read).sentence == read, "a prepared sentence stays as it is"
    assert bool(found.notes) == (read != " ".join(typed.split())) or "English" in found.notes[0]


def test_almost_every_test_sentence_stays_as_it_is():
    changed = [sentence for sentence in references("test") if prepare(sentence).sentence != sentence]
    assert len(changed) <= 0.05 * len(references("test"))
    for sentence in changed:
        found = prepare(sentence)
        assert found.stand_ins or found.notes


def test_names_and_numbers_come_back():
    found = prepare("Quentin gave Aisha 6866 books.")
    assert found.stand_ins == {"Tom": "Quentin", "Mary": "Aisha", "20": "6866"}
    assert found.restore("Tom a donné 20 livres à Mary, pas 200 à Tommy.") == (
        "Quentin a donné 6866 livres à Aisha, pas 200 à Tommy."
    )
    assert found.restore(found.sentence) == "Quentin gave Aisha 6866 books."
    assert found.after("Quentin a donné 6866 livres.")[-1] == "“Aisha” is lost in the translation."


@pytest.mark.parametrize(
    ("typed", "translation", "kept"),
    [
        ("I have 3 cats.", "J'ai trois chats.", True),
        ("I have 1 sister.", "J'ai une sœur.", True),
        ("I have 3 cats.", "J'ai vingt-trois chats.", False),
        ("I have 3 cats.", "J'ai 30 chats.", False),
        ("I have 3 cats.", "J'ai 3 chats.", True),
        ("We meet at 7:30.", "Nous nous rencontrons à 7 h 30.", True),
        ("We meet at 7:30.", "Nous nous rencontrons à 7 h.", False),
        ("It is Quentin's.", "C'est à Quentin.", True),
    ],
)
def test_a_number_that_is_spelled_out_is_not_lost(typed, translation, kept):
    assert any("is lost" in note for note in prepare(typed).after(translation)) is not kept


def test_numbers_up_to_ten_are_read_as_words():
    found = prepare("3 cats and 10 dogs ate 2.5 kg at 7:30, 4-5 times, 1 of 11 for $5 or 6%.")
    assert (
        found.restore(found.sentence)
        == "Three cats and ten dogs ate 2.5 kg at 7:30, 4-5 times, 1 of 11 for $5 or 6%."
    )
    assert "read as words" in found.notes[0] and not prepare("iron, Three cats.").notes
    found = translator("transformer").translate("I have 3 cats.")
    assert (
        found.text == "J'ai trois chats." and found.sentence == "I have three cats." and len(found.notes) == 1
    )


def test_placeholders_that_are_exchanged_are_put_back_once():
    found = prepare("Quentin wrote 617 and 918.")
    swapped = dict(found.stand_ins)
    assert found.restore(" ".join(swapped)) == " ".join(swapped.values())


def test_rare_and_unknown_words_are_named():
    notes = " ".join(prepare("Nobody told me not to eat mushrooms or zeppelins.").notes)
    assert "In no training sentence: zeppelins." in notes
    assert f"mushrooms ({known_words()['mushrooms'][1]})" in notes


def test_capitals_and_names_are_translated_as_if_they_were_ordinary():
    model = translator("transformer")
    plain = model.translate("Where did you put my keys?").text
    assert model.translate("WHERE DID YOU PUT MY KEYS").text == plain
    assert model.translate("WHERE DID YOU PUT MY KEYS", as_typed=True).text != plain
    found = model.translate("Quentin has a red car.")
    assert found.text == model.translate("Tom has a red car.").text.replace("Tom", "Quentin")
    assert "Quentin" in found.sentence and "Quentin" in found.by_word()[0] and "▁Tom" in found.source
    assert any("Quentin" in note for note in found.notes)


def test_no_text_is_refused():
    with pytest.raises(TypeError, match="sentence: expected a string, got int 3"):
        prepare(3)
