"""The shipped translators, English to French: a sentence goes in, its translation and every weight come out.

Three of about 2.4 million parameters: "transformer", "attention" (recurrent, with a dynamic context) and "fixed"
(recurrent, the whole sentence in one vector). How they were trained: scripts/train_translators.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor

from lecturelib import assets
from lecturelib.attention.decoding import Decoded, beam_search, greedy
from lecturelib.attention.sentence_pairs import normalized
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.tokenizer import UNKNOWN, Tokenizer, shipped_tokenizer
from lecturelib.attention.transformer import Transformer
from lecturelib.attention.typed_sentences import TypedSentence, prepare
from lecturelib.checks import check_name, complaint

Name = Literal["transformer", "attention", "fixed"]
NAMES: tuple[Name, ...] = ("transformer", "attention", "fixed")
_END_WORD = "(end)"


@dataclass(frozen=True, eq=False)
class Translation:
    """A sentence and its translation, token by token (S source and T target tokens, both with END).

    `weights`: (T, S), for the Transformer (layers, heads, T, S), None for a translator without attention; row t holds
    the attention weights with which the decoder wrote token t. `log_probability`: of the whole translation, in nats.
    `sentence` is what was read, with unknown names as typed (the tokens have their placeholders); `notes` say how it
    differs from what was typed, and what to beware of.
    """

    sentence: str
    text: str
    source: list[str]
    target: list[str]
    source_ids: list[int]
    target_ids: list[int]
    weights: Tensor | None
    log_probability: float
    typed: TypedSentence | None = None
    notes: tuple[str, ...] = ()

    def alignment(self, layer: int = -1, head: int | None = None) -> Tensor:
        """α_ti as one matrix (T, S) whose rows sum to one.

        For the Transformer that of one layer and head, or the mean of all heads (`head=None`). Raises ValueError for a
        translator without attention, IndexError for a layer or head that is not there.
        """
        if self.weights is None:
            expected = "one with attention ('attention' or 'transformer')"
            raise ValueError(complaint("translator", expected, "one without"))
        if self.weights.ndim == 2:
            return self.weights
        layers, heads = self.weights.shape[:2]
        if not -layers <= layer < layers or (head is not None and not 0 <= head < heads):
            expected = f"a layer from 0 to {layers - 1} and a head from 0 to {heads - 1}"
            raise IndexError(complaint("layer, head", expected, f"{layer} and {head}"))
        chosen = self.weights[layer]  # (heads, T, S)
        return chosen.mean(0) if head is None else chosen[head]

    def by_word(self, layer: int = -1, head: int | None = None) -> tuple[list[str], list[str], Tensor]:
        """Source words, target words and α between words: summed over a source word's tokens, averaged over those of
        a target word, so that rows still sum to one. Raises as `alignment` does."""
        return self.between_words(self.alignment(layer, head))

    def between_words(self, matrix: Tensor) -> tuple[list[str], list[str], Tensor]:
        """Source words, target words and a matrix (T, S) between their tokens as one between words, see `merged`.

        Placeholders are words as they were typed."""
        columns, rows, between = merged(self.source, self.target, matrix)
        if self.typed is not None:
            columns, rows = ([self.typed.restore(word) for word in each] for each in (columns, rows))
        return columns, rows, between


def merged(source: list[str], target: list[str], weights: Tensor) -> tuple[list[str], list[str], Tensor]:
    """A matrix (T, S) between tokens as one between words: summed over source, averaged over target tokens.

    Returns the source words, the target words and the matrix (target words, source words).

    >>> merged(["▁c", "at"], ["▁chat"], torch.tensor([[0.25, 0.75]]))
    (['cat'], ['chat'], tensor([[1.]]))
    """
    columns, rows = word_groups(source), word_groups(target, apart=True)
    summed = torch.stack([weights[:, own].sum(1) for _, own in columns], 1)  # (T, words)
    both = torch.stack([summed[own].mean(0) for _, own in rows])  # (words, words)
    return [word for word, _ in columns], [word for word, _ in rows], both


def word_groups(tokens: list[str], apart: bool = False) -> list[tuple[str, list[int]]]:
    """The words that tokens form, each with the indices of its tokens; signs and END stand for themselves.

    `apart`: what stands before an apostrophe is a word of its own, as in French (l' ami).

    >>> word_groups(["▁c", "at", ".", "</s>"])
    [('cat', [0, 1]), ('.', [2]), ('(end)', [3])]
    """
    groups: list[tuple[str, list[int]]] = []
    closed = True
    for k, token in enumerate(tokens):
        sign = len(token) == 1 and not token.isalnum() and token != "▁"
        if closed or sign or token.startswith("▁") or token == "</s>":
            groups.append(("", []))
        word, own = groups[-1]
        text = _END_WORD if token == "</s>" else token.removeprefix("▁")
        groups[-1] = (word + text, [*own, k])
        closed = token == "</s>" or (sign and token not in "'-") or (apart and token.endswith("'"))
    return groups


class Translator:
    """A trained model with its tokenizer; `translate` is what it is for. The model is shared: nobody may change it.

    >>> translator("fixed").translate("I am tired.").weights is None
    True
    """

    def __init__(self, name: str, model: Transformer | Seq2Seq, tokenizer: Tokenizer):
        self.name, self.model, self.tokenizer = name, model.eval().requires_grad_(False), tokenizer

    @property
    def recurrent(self) -> Seq2Seq:
        """The model, where it is a recurrent one; TypeError for the Transformer."""
        if not isinstance(self.model, Seq2Seq):
            raise TypeError(complaint("translator", "'attention' or 'fixed'", repr(self.name)))
        return self.model

    def encode(self, sentence: str) -> list[int]:
        """The token ids of a sentence, END last.

        Raises TypeError for something that is no text, ValueError for an empty or over-long sentence, or one with a
        sign that the tokenizer does not know.
        """
        ids = self.tokenizer.encode(sentence)
        if UNKNOWN in ids:
            text = normalized(sentence)
            found = self.tokenizer.backend.encode(text)
            spans = [found.offsets[k] for k, i in enumerate(found.ids) if i == UNKNOWN]
            unknown = " ".join(dict.fromkeys(text[a:b] for a, b in spans))
            expected = "signs that the translators were trained on"
            raise ValueError(complaint("sentence", expected, unknown, "write it without them"))
        return ids

    def translate(self, sentence: str, width: int = 1, as_typed: bool = False) -> Translation:
        """The translation: greedy, or the best of a beam of `width`. Raises as `encode` does."""
        return self.translations(sentence, width, as_typed=as_typed)[0]

    def translations(
        self, sentence: str, width: int = 4, length_penalty: float = 0.6, as_typed: bool = False
    ) -> list[Translation]:
        """The translations of a beam of `width`, best first; one, by greedy decoding, for width 1.

        The sentence is prepared first (`prepare`: case, final sign, placeholders for unknown names), unless
        `as_typed`.
        """
        if as_typed:
            return self._read(sentence, width, length_penalty)
        typed = prepare(sentence)
        return [self._put_back(typed, found) for found in self._read(typed.sentence, width, length_penalty)]

    def _put_back(self, typed: TypedSentence, found: Translation) -> Translation:
        text = typed.restore(found.text)
        return replace(
            found, sentence=typed.restore(found.sentence), text=text, typed=typed, notes=typed.after(text)
        )

    def _read(self, sentence: str, width: int, length_penalty: float) -> list[Translation]:
        ids = self.encode(sentence)
        source = torch.tensor([ids], device=self.model.embedding.weight.device)
        if width == 1:
            found = greedy(self.model, source)
        else:
            found = beam_search(self.model, source, width, length_penalty=length_penalty)
        return self.in_words(sentence, ids, found)

    def in_words(self, sentence: str, ids: list[int], found: Decoded) -> list[Translation]:
        """What a decoder wrote for one sentence of token ids, with its words."""
        rows = zip(found.ids, found.weights, found.log_probability, strict=True)
        return [
            Translation(
                normalized(sentence),
                self.tokenizer.decode(written),
                self.tokenizer.tokens(ids),
                self.tokenizer.tokens(written),
                ids,
                written,
                weights,
                log_p,
            )
            for written, weights, log_p in rows
        ]


def build(name: Name, vocabulary: int, score: str = "additive") -> Transformer | Seq2Seq:
    """An untrained translator of the sizes that are shipped, by name; `score` is that of "attention".

    Raises `UnknownName` (a KeyError) for another name or score.
    """
    check_name("name", name, NAMES, "translator")
    if name == "transformer":
        return Transformer(vocabulary)
    return Seq2Seq(vocabulary, score) if name == "attention" else Seq2Seq(vocabulary, None, decoder=272)


def shipped() -> tuple[str, ...]:
    """The names of the translators whose files are there, in the order of `NAMES`."""
    folder = assets.data_path(".")
    return tuple(name for name in NAMES if (folder / f"translator_{name}.safetensors").exists())


def training_log(name: Name = "transformer") -> dict:
    """How a shipped translator was trained: parameters, pairs, epochs, CPU seconds, chrF and BLEU, and its curve.

    "curve" has one row for each epoch: "epoch", "loss" in nats a token, "chrF" on the 400 validation sentences. Raises
    `UnknownName` (a KeyError) for another name.

    >>> training_log("attention")["test"]
    {'chrF': 56.59, 'BLEU': 37.82}
    """
    check_name("name", name, NAMES, "translator")
    return json.loads(assets.data_path(f"translator_{name}.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=4)
def translator(name: Name = "transformer") -> Translator:
    """A shipped translator by name ("transformer", "attention", "fixed"), loaded once, in eval mode.

    Raises `UnknownName` (a KeyError) for another name, `assets.AssetMissing` where its file is not there.

    >>> translator("attention").translate("I am tired.").text
    'Je suis fatigué.'
    """
    check_name("name", name, NAMES, "translator")
    tokenizer = shipped_tokenizer()
    # normal tensors also where the caller is in inference mode: the translator is shared
    with torch.inference_mode(False), torch.random.fork_rng(devices=[]):
        state = assets.shipped_tensors(f"translator_{name}")
        model = build(name, len(tokenizer))
        model.load_state_dict(state)
        return Translator(name, model, tokenizer)


def translate(sentence: str, name: Name = "transformer", width: int = 1) -> Translation:
    """Translate an English sentence into French by a shipped translator.

    `width`: 1 for greedy decoding, more for beam search. Raises `UnknownName` for an unknown translator, TypeError for
    no text, ValueError for an empty or over-long sentence, or one with a sign that was never seen in training.

    >>> translate("She has a red car.").text
    'Elle a une voiture rouge.'
    """
    return translator(name).translate(sentence, width)
