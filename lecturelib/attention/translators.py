"""The shipped translators, English to French: a sentence goes in, its translation and every weight come out.

Three of about 2.4 million parameters: "transformer", "attention" (recurrent, with a dynamic context) and "fixed"
(recurrent, the whole sentence in one vector). How they were trained: scripts/train_translators.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from lecturelib import assets
from lecturelib.attention.decoding import Translation, beam_search, greedy
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.tokenizer import UNKNOWN, Pieces, normalised
from lecturelib.attention.transformer import Transformer

NAMES = ("transformer", "attention", "fixed")
_END_WORD = "(end)"


@dataclass(frozen=True, eq=False)
class Translated:
    """A sentence and its translation, piece by piece (S source and T target pieces, both with their end signs).

    `weights`: (T, S), for the Transformer (layers, heads, T, S), None for a translator without attention; row t says
    where the decoder looked when it wrote piece t. `log_probability`: of the whole translation.
    """

    sentence: str
    text: str
    source: list[str]
    target: list[str]
    source_ids: list[int]
    target_ids: list[int]
    weights: Tensor | None
    log_probability: float

    def alignment(self, layer: int = -1, head: int | None = None) -> Tensor:
        """α_ti as one matrix (T, S) whose rows sum to one.

        For the Transformer that of one layer and head, or the mean of all heads (`head=None`). Raises ValueError for a
        translator without attention, IndexError for a layer or head that is not there.
        """
        if self.weights is None:
            raise ValueError("this translator has no attention: choose 'attention' or 'transformer'")
        if self.weights.ndim == 2:
            return self.weights
        layers, heads = self.weights.shape[:2]
        if not -layers <= layer < layers or (head is not None and not 0 <= head < heads):
            raise IndexError(
                f"layer {layer}, head {head}: there are {layers} layers (0-{layers - 1}) of {heads} heads"
            )
        chosen = self.weights[layer]  # (heads, T, S)
        return chosen.mean(0) if head is None else chosen[head]

    def by_word(self, layer: int = -1, head: int | None = None) -> tuple[list[str], list[str], Tensor]:
        """Source words, target words and α between words: summed over a source word's pieces, averaged over those of
        a target word, so that rows still sum to one. Raises as `alignment` does."""
        return merged(self.source, self.target, self.alignment(layer, head))


def merged(source: list[str], target: list[str], weights: Tensor) -> tuple[list[str], list[str], Tensor]:
    """Any matrix (T, S) between pieces as one between words, summed over source and averaged over target pieces."""
    columns, rows = word_groups(source), word_groups(target, apart=True)
    summed = torch.stack([weights[:, own].sum(1) for _, own in columns], 1)  # (T, words)
    both = torch.stack([summed[own].mean(0) for _, own in rows])  # (words, words)
    return [word for word, _ in columns], [word for word, _ in rows], both


def word_groups(pieces: list[str], apart: bool = False) -> list[tuple[str, list[int]]]:
    """The words that pieces form, each with the numbers of its pieces; signs and the end stand for themselves.

    `apart`: what stands before an apostrophe is a word of its own, as in French (l' ami).
    """
    groups: list[tuple[str, list[int]]] = []
    closed = True
    for k, piece in enumerate(pieces):
        sign = len(piece) == 1 and not piece.isalnum() and piece != "▁"
        if closed or sign or piece.startswith("▁") or piece == "</s>":
            groups.append(("", []))
        word, own = groups[-1]
        text = _END_WORD if piece == "</s>" else piece.removeprefix("▁")
        groups[-1] = (word + text, [*own, k])
        closed = piece == "</s>" or (sign and piece not in "'-") or (apart and piece.endswith("'"))
    return groups


class Translator:
    """A trained model with its pieces; `translate` is what it is for. The model is shared: nobody may change it."""

    def __init__(self, name: str, model: nn.Module, pieces: Pieces):
        self.name, self.model, self.pieces = name, model.eval().requires_grad_(False), pieces

    def encode(self, sentence: str) -> list[int]:
        """The numbers of a sentence's pieces, END last.

        Raises TypeError for no text, ValueError for an empty or over-long sentence, or a sign that was never seen.
        """
        ids = self.pieces.encode(sentence)
        if UNKNOWN in ids:
            text = normalised(sentence)
            found = self.pieces.tokenizer.encode(text)
            spans = [found.offsets[k] for k, i in enumerate(found.ids) if i == UNKNOWN]
            unknown = " ".join(dict.fromkeys(text[a:b] for a, b in spans))
            raise ValueError(f"the translators never saw {unknown}: write the sentence without it")
        return ids

    def translate(self, sentence: str, width: int = 1) -> Translated:
        """The translation: greedy, or the best of a beam of `width`. Raises as `encode` does."""
        return self.translations(sentence, width)[0]

    def translations(self, sentence: str, width: int = 4, length_penalty: float = 0.6) -> list[Translated]:
        """The best translations of a beam of `width`, best first; one for width 1."""
        ids = self.encode(sentence)
        source = torch.tensor([ids])
        if width == 1:
            found = greedy(self.model, source)
        else:
            found = beam_search(self.model, source, width, length_penalty=length_penalty)
        return self.told(sentence, ids, found)

    def told(self, sentence: str, ids: list[int], found: Translation) -> list[Translated]:
        """What a decoder wrote for one sentence of numbers, in words."""
        rows = zip(found.ids, found.weights, found.log_probability, strict=True)
        return [
            Translated(
                normalised(sentence),
                self.pieces.decode(written),
                self.pieces.pieces(ids),
                self.pieces.pieces(written),
                ids,
                written,
                weights,
                log_p,
            )
            for written, weights, log_p in rows
        ]


def build(name: str, vocabulary: int, score: str = "additive") -> nn.Module:
    """An untrained translator of the sizes that are shipped, by name; `score` is that of "attention"."""
    if name not in NAMES:
        raise KeyError(f"there is no translator {name!r}; there are {', '.join(NAMES)}")
    if name == "transformer":
        return Transformer(vocabulary)
    return Seq2Seq(vocabulary, score) if name == "attention" else Seq2Seq(vocabulary, None, decoder=272)


def shipped() -> tuple[str, ...]:
    """The names of the translators whose files are there, in the order of `NAMES`."""
    folder = assets.data_path(".")
    return tuple(name for name in NAMES if (folder / f"translator_{name}.safetensors").exists())


@lru_cache(maxsize=4)
def translator(name: str = "transformer") -> Translator:
    """A shipped translator by name, loaded once, in eval mode.

    Raises KeyError for another name, `assets.AssetMissing` where its file is not there.
    """
    if name not in NAMES:
        raise KeyError(f"there is no translator {name!r}; there are {', '.join(NAMES)}")
    pieces = Pieces(assets.data_path("translator_pieces.json"))
    state = assets.shipped_tensors(f"translator_{name}")
    with torch.random.fork_rng(devices=[]):
        model = build(name, len(pieces))
    model.load_state_dict(state)
    return Translator(name, model, pieces)


def translate(sentence: str, name: str = "transformer", width: int = 1) -> Translated:
    """Translate an English sentence into French by a shipped translator.

    `width`: 1 for greedy, more for beam search. Raises KeyError for an unknown translator, TypeError for no text,
    ValueError for an empty or over-long sentence or a sign that was never seen.

        >>> translate("I am tired.").text  # doctest: +SKIP
        'Je suis fatigué.'
    """
    return translator(name).translate(sentence, width)
