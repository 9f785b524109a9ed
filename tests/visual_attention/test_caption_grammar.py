"""The grammar of captions: captions become facts and facts the same captions; unknown words; wrong sentences."""

import itertools
import re

import pytest

from lecturelib.attention import END, PAD, START
from lecturelib.checks import UnknownName
from lecturelib.visual_attention.caption_grammar import (
    COLORS,
    CONVERSE,
    GROUND,
    GROUNDS,
    LONGEST,
    RELATIONS,
    SHAPES,
    SIZES,
    VOCABULARY,
    Facts,
    Thing,
    canonical,
    captions_of,
    decode_caption,
    encode_captions,
    parse_caption,
    write_caption,
)
from lecturelib.visual_attention.caption_scenes import caption_scenes

BALL, CUBE, RING = (
    Thing("small", "red", "ball"),
    Thing("large", "blue", "cube"),
    Thing("small", "white", "ring"),
)


def test_special_tokens_are_those_of_part_7():
    assert [VOCABULARY[k] for k in (PAD, START, END)] == ["(pad)", "(start)", "(end)"]
    assert len(set(VOCABULARY)) == len(VOCABULARY) == 32


@pytest.mark.parametrize(("size", "color", "shape"), list(itertools.product(SIZES, COLORS, SHAPES)))
def test_every_thing_comes_back(size, color, shape):
    for ground, phrasing in itertools.product(GROUNDS, range(3)):
        found = parse_caption(write_caption(Thing(size, color, shape), [], ground, phrasing))
        assert found.facts == Facts(frozenset([Thing(size, color, shape)]), frozenset(), ground)


def test_the_same_facts_from_every_phrasing():
    for scene in caption_scenes(100, seed=5):
        for text in scene.captions():
            facts = parse_caption(text).facts
            again = captions_of(facts)
            assert text in again and len(set(again)) == len(again)
            assert {parse_caption(other).facts for other in again} == {facts}


def test_by_hand():
    found = parse_caption(
        "on wood there is a large blue cube with a small red ball above it and a small white ring right of it"
    )
    assert found.things == (CUBE, BALL, RING)
    assert found.relations == ((BALL, "above", CUBE), (RING, "right of", CUBE))
    assert found.facts.relations == {(BALL, "above", CUBE), (CUBE, "left of", RING)}
    about = dict(zip(found.words, found.about, strict=True))
    assert (about["wood"], about["cube"], about["red"], about["ring"]) == (GROUND, 0, 1, 2)
    assert about["right"] is about["above"] is about["it"] is about["and"] is None


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_relation_and_its_converse_are_one_fact(relation):
    one = (BALL, relation, CUBE)
    assert canonical(one) == canonical((CUBE, CONVERSE[relation], BALL))
    assert canonical(one)[1] in ("left of", "above")


def test_token_ids_and_back():
    texts = [text for scene in caption_scenes(30, seed=6) for text in scene.captions()]
    ids = encode_captions(texts)
    assert ids.shape[1] <= LONGEST + 1
    assert [decode_caption(row) for row in ids] == texts
    assert bool((ids[:, 0] == START).all()) and bool(((ids == END).sum(1) == 1).all())


@pytest.mark.parametrize("word", ["pink", "Ball", "(end)", "(pad)"])
def test_an_unknown_word_is_a_sentence(word):
    with pytest.raises(UnknownName, match=re.escape(word)):
        parse_caption(f"a small {word} ball on grass")


def test_the_nearest_word_is_named():
    with pytest.raises(UnknownName, match="nearest: .*purple"):
        parse_caption("a small purpel ball on grass")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a red ball on grass", "'a'"),
        ("a small red ball", "the end"),
        ("", "the end"),
        ("a small red ball on grass grass", "grass"),
        ("a small red ball with a small blue ball left it on grass", "'of' after"),
        ("a small red ball with a small blue ball above on grass", "'it' after"),
        ("a small red ball above a small blue ball on grass", "'on' after"),
    ],
)
def test_a_sentence_that_the_grammar_does_not_make(text, where):
    with pytest.raises(ValueError, match=where):
        parse_caption(text)


def test_no_text_and_no_captions():
    with pytest.raises(TypeError, match="text: expected a caption"):
        parse_caption(3)
    with pytest.raises(ValueError, match="captions"):
        encode_captions([])
    with pytest.raises(ValueError, match="captions"):
        encode_captions("a small red ball on grass")
    with pytest.raises(ValueError, match="nothing to say"):
        captions_of(Facts(frozenset(), frozenset(), "grass"))
    with pytest.raises(ValueError, match="one thing that stands"):
        captions_of(Facts(frozenset([BALL, CUBE]), frozenset(), "grass"))
    with pytest.raises(ValueError, match="at most 2"):
        write_caption(BALL, [("above", CUBE)] * 3, "grass")
    with pytest.raises(ValueError, match="phrasing"):
        write_caption(BALL, [], "grass", 3)
