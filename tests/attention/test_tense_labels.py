"""The tense of French sentences, and labels of English ones."""

import pytest

from lecturelib.attention.sentence_pairs import pairs
from lecturelib.attention.tense_labels import TENSES, labeled, tense


@pytest.mark.parametrize(
    ("french", "expected"),
    [
        ("Tom a acheté une maison.", "past"),
        ("Il est tombé amoureux d'elle.", "past"),
        ("Je n'ai jamais vu la mer.", "past"),
        ("Avez-vous fini ?", "past"),
        ("Vous étiez endormie.", "past"),
        ("Je te le dirai demain.", "future"),
        ("Nous allons manger.", "future"),
        ("Le ferez-vous ?", "future"),
        ("Ma mère est malade.", "present"),
        ("Je veux un chien.", "present"),
        ("C'est vrai.", "present"),  # ends like a future, and is none
        ("J'ai un bras cassé.", "present"),
        ("Je voudrais un café.", None),  # conditional
        ("S'il vient, je partirai.", None),
        ("Il a dit qu'il viendra.", None),  # two tenses
        ("Attrape ce livre !", None),
        ("Il faut que je parte avant qu'il soit là.", None),  # subjunctive
    ],
)
def test_the_tense_of_a_french_sentence(french, expected):
    assert tense(french) == expected


def test_labels_belong_to_sentences_whose_translations_agree():
    rows = labeled("test")
    found = {}
    for english, french in pairs("test"):
        found.setdefault(english, set()).add(tense(french))
    assert len(rows) == len({english for english, _ in rows}) > 800
    assert all(found[english] - {None} == {TENSES[label]} for english, label in rows)
