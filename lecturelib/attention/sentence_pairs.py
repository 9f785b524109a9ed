"""The shipped English-French sentence pairs: train, valid and test splits, and their references."""

from __future__ import annotations

import lzma
import re
import unicodedata
from functools import lru_cache
from typing import Literal

from lecturelib import assets
from lecturelib.checks import check_choice

Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = ("train", "valid", "test")
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "\u200b": None})


def normalized(sentence: str) -> str:
    """Unicode-normalized text (NFC): one kind of space, one kind of apostrophe, letters and accents composed.

    >>> normalized("  L’ami  dort. ")
    "L'ami dort."
    """
    text = unicodedata.normalize("NFC", sentence).translate(_QUOTES)
    return _SPACES.sub(" ", text).strip()


def plain(sentence: str) -> str:
    """A sentence without case and punctuation: what decides whether two are the same.

    >>> plain("Don't go, Tom!")
    'don t go tom'
    """
    return " ".join(re.findall(r"\w+", sentence.casefold()))


def words(sentence: str) -> list[str]:
    """The words of a sentence: runs of letters, with apostrophes and hyphens inside them.

    >>> words("Don't call 3 well-known men.")
    ["Don't", 'call', 'well-known', 'men']
    """
    return _WORD.findall(sentence)


def pairs(split: Split) -> list[tuple[str, str]]:
    """(English, French) sentence pairs of a split: "train", "valid" or "test".

    A sentence of "test" stands once with each of its translations. Source and license: data/tatoeba.md. Raises
    ValueError for another split.

    >>> len(pairs("train"))
    40000
    """
    return _pairs()[check_choice("split", split, SPLITS)]


@lru_cache(maxsize=1)
def _pairs() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list] = {"train": [], "valid": [], "test": []}
    with lzma.open(assets.data_path("tatoeba.tsv.xz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            split, english, french, _ = line.rstrip("\n").split("\t")
            found[split].append((english, french))
    return found


def references(split: Split = "test") -> dict[str, list[str]]:
    """Each English sentence of a split with all of its reference translations.

    >>> len(references("test"))
    1400
    """
    found: dict[str, list[str]] = {}
    for english, french in pairs(split):
        found.setdefault(english, []).append(french)
    return found


def reference_columns(sentences: list[str], known: dict[str, list[str]]) -> list[list[str | None]]:
    """The references of some sentences as sacrebleu takes them: column k holds the k-th reference of each sentence.

    Where a sentence has fewer references than another, its column holds None. An empty string there would count as a
    reference of length 0, shorten the reference length, and so weaken the brevity penalty of BLEU.

    >>> reference_columns(["Hi.", "Go."], {"Hi.": ["Salut.", "Bonjour."], "Go.": ["Va."]})
    [['Salut.', 'Va.'], ['Bonjour.', None]]
    """
    most = max(len(known[sentence]) for sentence in sentences)
    return [[(known[s][k] if k < len(known[s]) else None) for s in sentences] for k in range(most)]
