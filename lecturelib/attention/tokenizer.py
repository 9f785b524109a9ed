"""Sentences to numbers and back: the pairs of data/, and the pieces of words that the translators know."""

from __future__ import annotations

import lzma
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from lecturelib import assets

PAD, START, END, UNKNOWN = 0, 1, 2, 3
SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
LONGEST = 64  # pieces of a sentence that the translators take
_SPACES = re.compile(r"\s+")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "\u200b": None})


def normalised(sentence: str) -> str:
    """One kind of space, one kind of apostrophe, letters and accents composed."""
    text = unicodedata.normalize("NFC", sentence).translate(_QUOTES)
    return _SPACES.sub(" ", text).strip()


def plain(sentence: str) -> str:
    """A sentence without case and punctuation: what decides whether two are the same."""
    return " ".join(re.findall(r"\w+", sentence.casefold()))


def pairs(split: str) -> list[tuple[str, str]]:
    """(English, French) of a split of the shipped pairs: "train", "valid" or "test".

    A sentence of "test" stands once with each of its translations. Source and licence: data/tatoeba.md.
    """
    if split not in ("train", "valid", "test"):
        raise ValueError(f'split: "train", "valid" or "test" is needed, got {split!r}')
    return _pairs()[split]


@lru_cache(maxsize=1)
def _pairs() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list] = {"train": [], "valid": [], "test": []}
    with lzma.open(assets.data_path("tatoeba.tsv.xz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            split, english, french, _ = line.rstrip("\n").split("\t")
            found[split].append((english, french))
    return found


def references(split: str = "test") -> dict[str, list[str]]:
    """Each English sentence of a split with all of its French translations."""
    found: dict[str, list[str]] = {}
    for english, french in pairs(split):
        found.setdefault(english, []).append(french)
    return found


class Pieces:
    """What a translator reads and writes: frequent words whole, rare ones in pieces (byte-pair encoding).

    A piece that begins a word starts with "▁", so that `words` can tell where words end. Sennrich et al. 2016, "Neural
    machine translation of rare words with subword units".
    """

    def __init__(self, file: str | Path):
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(file))

    def __len__(self) -> int:
        return self.tokenizer.get_vocab_size()

    def encode(self, sentence: str) -> list[int]:
        """The numbers of a sentence's pieces, with the end sign. Raises for an empty or over-long sentence."""
        if not isinstance(sentence, str):
            raise TypeError(f"a sentence is a string, got {type(sentence).__name__}")
        found = self.tokenizer.encode(normalised(sentence)).ids
        if not found:
            raise ValueError("the sentence is empty: write at least one word")
        if len(found) >= LONGEST:
            raise ValueError(
                f"the sentence has {len(found)} pieces, the translators take {LONGEST - 1}: write a shorter one"
            )
        return [*found, END]

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The pieces as a reader sees them, "▁" at the beginning of a word."""
        return [self.tokenizer.id_to_token(int(k)) for k in ids]

    def decode(self, ids: Sequence[int]) -> str:
        """The sentence of some pieces, up to the end sign."""
        ids = [int(k) for k in ids]
        if END in ids:
            ids = ids[: ids.index(END)]
        return self.tokenizer.decode([k for k in ids if k not in (PAD, START)])


def batch(sentences: Sequence[Sequence[int]], start: bool = False) -> Tensor:
    """Sentences of numbers as one tensor (B, longest), filled up with PAD; `start` puts the start sign in front."""
    if not sentences:
        raise ValueError("no sentences: at least one is needed")
    rows = [([START] if start else []) + list(sentence) for sentence in sentences]
    longest = max(map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])
