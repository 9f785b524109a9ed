"""Subword tokens (byte-pair encoding): sentences to token ids and back, as the translators read and write them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from lecturelib import assets
from lecturelib.attention.sentence_pairs import normalized
from lecturelib.checks import complaint, described

PAD, START, END, UNKNOWN = 0, 1, 2, 3
SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
LONGEST = 64  # tokens of a sentence that the translators take


class Tokenizer:
    """Byte-pair encoding: frequent words are one token, rare words are several.

    `file` is what the `tokenizers` library saves. A token that begins a word starts with "▁". `backend` is that
    library's own tokenizer. Sennrich et al. 2016, "Neural machine translation of rare words with subword units".

    >>> known = shipped_tokenizer()
    >>> ids = known.encode("The house is red.")
    >>> known.tokens(ids)
    ['▁The', '▁house', '▁is', '▁red', '.', '</s>']
    >>> known.decode(ids)
    'The house is red.'
    """

    def __init__(self, file: str | Path):
        import tokenizers

        self.backend = tokenizers.Tokenizer.from_file(str(file))

    def __len__(self) -> int:
        """The size of the vocabulary."""
        return self.backend.get_vocab_size()

    def encode(self, sentence: str) -> list[int]:
        """The token ids of a sentence, END last.

        Raises TypeError for something that is no text, ValueError for an empty sentence or one of LONGEST and more
        tokens.
        """
        if not isinstance(sentence, str):
            raise TypeError(complaint("sentence", "a string", described(sentence)))
        found = self.backend.encode(normalized(sentence)).ids
        if not found:
            raise ValueError(complaint("sentence", "at least one word", "an empty sentence"))
        if len(found) >= LONGEST:
            expected = f"at most {LONGEST - 1} subword tokens"
            raise ValueError(complaint("sentence", expected, str(len(found)), "write a shorter one"))
        return [*found, END]

    def tokens(self, ids: Sequence[int]) -> list[str]:
        """The tokens of some ids as text, "▁" at the beginning of a word."""
        return [str(self.backend.id_to_token(int(k))) for k in ids]

    def decode(self, ids: Sequence[int]) -> str:
        """The sentence of some token ids, up to END."""
        ids = [int(k) for k in ids]
        if END in ids:
            ids = ids[: ids.index(END)]
        return self.backend.decode([k for k in ids if k not in (PAD, START)])


@lru_cache(maxsize=1)
def shipped_tokenizer() -> Tokenizer:
    """The tokenizer of the translators and of the masked-word encoder: 6,000 tokens of English and French.

    Raises `assets.AssetMissing` where its file in data/ is not there.

    >>> len(shipped_tokenizer())
    6000
    """
    return Tokenizer(assets.data_path("translator_tokenizer.json"))


def batch(sentences: Sequence[Sequence[int]], start: bool = False) -> Tensor:
    """Sentences of token ids as one tensor (B, longest), padded with PAD; `start` puts START in front.

    Raises ValueError for no sentences.

    >>> batch([[5, 2], [6, 7, 2]], start=True)
    tensor([[1, 5, 2, 0],
            [1, 6, 7, 2]])
    """
    if not sentences:
        raise ValueError(complaint("sentences", "at least one sentence", "none"))
    rows = [([START] if start else []) + list(sentence) for sentence in sentences]
    longest = max(map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])
