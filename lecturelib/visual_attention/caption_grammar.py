"""A small grammar of captions: facts about a scene become sentences, and sentences become the same facts again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import NamedTuple

import torch
from torch import Tensor

from lecturelib.attention.tokenizer import END, PAD, START
from lecturelib.checks import UnknownName, check_choice, complaint, described, nearest

SIZES = ("small", "large")
COLORS = ("red", "green", "blue", "yellow", "purple", "white")
SHAPES = ("ball", "cube", "cone", "ring", "star")
GROUNDS = ("grass", "gravel", "brick", "wood")
RELATIONS = ("left of", "right of", "above", "below")
CONVERSE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
PHRASINGS = ("{clause} on {ground}", "there is {clause} on {ground}", "on {ground} there is {clause}")
SPECIAL = ("(pad)", "(start)", "(end)")  # PAD, START and END of `lecturelib.attention`: 0, 1, 2
VOCABULARY = (
    *SPECIAL, "a", "there", "is", "on", "with", "it", "and", "of", "left", "right", "above", "below",
    *SIZES, *COLORS, *SHAPES, *GROUNDS,
)  # fmt: skip
GROUND = -1  # what a ground word is about, where an object's words have its number
LONGEST = 25  # tokens of the longest caption, END included
MOST = 3  # objects of a caption

_IDS = {word: k for k, word in enumerate(VOCABULARY)}


class Thing(NamedTuple):
    """What a caption says of one object: its size, color and shape."""

    size: str
    color: str
    shape: str

    def __str__(self) -> str:
        return f"a {self.size} {self.color} {self.shape}"


Relation = tuple[Thing, str, Thing]


@dataclass(frozen=True)
class Facts:
    """What a caption claims: things, relations between them ("left of" and "above" only), and the ground.

    "b right of a" is the same fact as "a left of b", and "b below a" the same as "a above b".
    """

    things: frozenset[Thing]
    relations: frozenset[Relation]
    ground: str


@dataclass(frozen=True)
class ParsedCaption:
    """A caption in its parts: things in the order of mention, relations as said, ground, and whom each word is about.

    `about`: for each word the number of its thing, `GROUND` for the ground's name, None for any other word.
    """

    words: tuple[str, ...]
    things: tuple[Thing, ...]
    relations: tuple[Relation, ...]
    ground: str
    about: tuple[int | None, ...]

    @property
    def facts(self) -> Facts:
        """The facts, whatever the phrasing."""
        return Facts(frozenset(self.things), frozenset(map(canonical, self.relations)), self.ground)


def canonical(relation: Relation) -> Relation:
    """The same relation by "left of" or "above".

    >>> red, blue = Thing("small", "red", "ball"), Thing("large", "blue", "cube")
    >>> canonical((red, "below", blue)) == (blue, "above", red)
    True
    """
    first, name, second = relation
    return (second, CONVERSE[name], first) if name in ("right of", "below") else relation


def write_caption(subject: Thing, others: Sequence[tuple[str, Thing]], ground: str, phrasing: int = 0) -> str:
    """A caption: the subject, up to two others with the relation of each to the subject, the ground; three phrasings.

    Raises `ValueError` or `UnknownName` for more others, a relation, ground or phrasing that is none.

    >>> write_caption(Thing("small", "red", "ball"), [("above", Thing("large", "blue", "cube"))], "grass")
    'a small red ball with a large blue cube above it on grass'
    """
    check_choice("phrasing", phrasing, range(len(PHRASINGS)))
    check_choice("ground", ground, GROUNDS)
    if len(others) > MOST - 1:
        raise ValueError(complaint("others", f"at most {MOST - 1}", len(others)))
    for relation, _ in others:
        check_choice("relation", relation, RELATIONS)
    clause = str(subject)
    if others:
        clause += " with " + " and ".join(f"{other} {relation} it" for relation, other in others)
    return PHRASINGS[phrasing].format(clause=clause, ground=ground)


def captions_of(facts: Facts) -> list[str]:
    """Every caption that states exactly these facts: each phrasing, subject and order.

    Raises `ValueError` where no single sentence does: no thing, or no thing that stands in every relation.

    >>> ball = Thing("small", "red", "ball")
    >>> captions_of(Facts(frozenset([ball]), frozenset(), "wood"))[1]
    'there is a small red ball on wood'
    """
    if not facts.things:
        raise ValueError(complaint("facts", "at least one thing", "none: there is nothing to say"))
    found = []
    for subject in sorted(facts.things):
        said = []
        for first, name, second in facts.relations:
            if subject == second:
                said.append((name, first))
            elif subject == first:
                said.append((CONVERSE[name], second))
        if {other for _, other in said} != facts.things - {subject} or len(said) != len(facts.relations):
            continue
        for order in permutations(sorted(said)):
            found += [write_caption(subject, order, facts.ground, k) for k in range(len(PHRASINGS))]
    if not found:
        expected = "one thing that stands in a relation to every other"
        raise ValueError(complaint("facts", expected, f"{len(facts.relations)} relations"))
    return found


def parse_caption(text: str | Sequence[str]) -> ParsedCaption:
    """The parts and facts of a caption, or an error that says at which word it leaves the grammar.

    Raises `TypeError` for no text, `UnknownName` (a `KeyError`) for an unknown word, `ValueError` for a sentence that
    the grammar does not make.

    >>> found = parse_caption("a small red ball with a large blue cube above it on grass")
    >>> found.about
    (0, 0, 0, 0, None, 1, 1, 1, 1, None, None, None, -1)
    >>> found.facts == parse_caption("there is a large blue cube with a small red ball below it on grass").facts
    True
    """
    return _Reader(words_of(text)).caption()


def words_of(text: str | Sequence[str]) -> tuple[str, ...]:
    """The words of a caption; `UnknownName` with the nearest words for one that no caption has.

    >>> words_of("a red  ball")
    ('a', 'red', 'ball')
    """
    if not isinstance(text, str | list | tuple):
        raise TypeError(complaint("text", "a caption, such as 'a small red ball on grass'", described(text)))
    words = tuple(text.split() if isinstance(text, str) else text)
    for word in words:
        if word not in _IDS or word in SPECIAL:
            near = nearest(word, VOCABULARY[len(SPECIAL) :])
            hint = (
                f"nearest: {', '.join(near)}" if near else f"known: {', '.join(VOCABULARY[len(SPECIAL) :])}"
            )
            raise UnknownName(complaint("text", "words of the captions", repr(word), hint))
    return words


class _Reader:
    """Reads a caption from left to right by the grammar."""

    def __init__(self, words: tuple[str, ...]):
        self.words, self.at = words, 0
        self.about: list[int | None] = []
        self.things: list[Thing] = []
        self.relations: list[Relation] = []

    def take(self, allowed: Iterable[str], about: int | None = None) -> str:
        allowed = tuple(allowed)
        word = self.words[self.at] if self.at < len(self.words) else "the end"
        if word not in allowed:
            said = " ".join(self.words[: self.at]) or "the beginning"
            expected = f"{' or '.join(map(repr, allowed))} after {said!r}"
            raise ValueError(complaint("text", expected, repr(word)))
        self.at += 1
        self.about.append(about)
        return word

    def next_is(self, word: str) -> bool:
        return self.words[self.at : self.at + 1] == (word,)

    def caption(self) -> ParsedCaption:
        ground = self.ground() if self.next_is("on") else ""
        if ground or self.next_is("there"):
            self.take(["there"])
            self.take(["is"])
        self.clause()
        ground = ground or self.ground()
        if self.at < len(self.words):
            self.take(["the end"])
        return ParsedCaption(self.words, tuple(self.things), tuple(self.relations), ground, tuple(self.about))

    def ground(self) -> str:
        self.take(["on"])
        return self.take(GROUNDS, GROUND)

    def clause(self) -> None:
        subject = self.thing()
        join = "with"
        while self.next_is(join) and len(self.things) < MOST:
            self.take([join])
            other = self.thing()
            first = self.take([name.split()[0] for name in RELATIONS])
            relation = f"{first} {self.take(['of'])}" if first in ("left", "right") else first
            self.take(["it"])
            self.relations.append((other, relation, subject))
            join = "and"

    def thing(self) -> Thing:
        number = len(self.things)
        self.take(["a"], number)
        parts = [self.take(options, number) for options in (SIZES, COLORS, SHAPES)]
        self.things.append(Thing(*parts))
        return self.things[-1]


def encode_captions(captions: Sequence[str]) -> Tensor:
    """Token ids (B, T) of captions: START, the words, END, then PAD up to the longest.

    Raises `ValueError` for no caption, and what `words_of` raises.

    >>> encode_captions(["a small red ball on grass", "on grass"]).shape
    torch.Size([2, 8])
    """
    if isinstance(captions, str) or not len(captions):
        raise ValueError(complaint("captions", "a list of captions", described(captions)))
    rows = [torch.tensor([START, *(_IDS[word] for word in words_of(text)), END]) for text in captions]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD)


def decode_caption(ids: Tensor | Sequence[int]) -> str:
    """The words of token ids up to END, without START and PAD.

    >>> decode_caption(encode_captions(["a small red ball on grass"])[0])
    'a small red ball on grass'
    """
    words = []
    for number in ids.tolist() if isinstance(ids, Tensor) else ids:
        if number == END:
            break
        if number not in (START, PAD):
            words.append(VOCABULARY[number])
    return " ".join(words)
