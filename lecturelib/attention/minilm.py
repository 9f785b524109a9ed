"""A trained Transformer encoder in plain torch: all-MiniLM-L6-v2, which always returns its attention weights.

Six layers of twelve heads, 384 wide, for English; a BERT encoder distilled from a larger one and then trained so that
sentences of similar meaning lie close together (Wang et al. 2020, "MiniLM"; Reimers and Gurevych 2019,
"Sentence-BERT"). Sizes: B sentences, L tokens, d = 384 features. Masks are True where attention is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib import assets
from lecturelib.attention.masks import causal_mask, padding_mask
from lecturelib.attention.transformer import EncoderLayer
from lecturelib.checks import complaint, described

LONGEST = 256  # tokens: what the sentence encoder was trained for
PAD = 0
_EPS = 1e-12  # of BERT's LayerNorm
_NAMES = {  # BERT's names, and ours
    "attention.self.": "attention.",
    "attention.output.dense": "attention.out",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "feed_forward.0",
    "output.dense": "feed_forward.3",
    "output.LayerNorm": "norm2",
}


@dataclass(frozen=True, eq=False)
class EncoderOutput:
    """Tokens, attention weights and hidden states of one sentence.

    `tokens`: L WordPiece tokens, "##" before one that continues a word, [CLS] first and [SEP] last. `weights`: (layers,
    heads, L, L), each row sums to one. `states`: (layers + 1, L, d), the embedding and each layer's output.
    """

    tokens: list[str]
    weights: Tensor
    states: Tensor


class MiniLM(nn.Module):
    """A BERT encoder that returns all hidden states and attention weights.

    forward(ids (B, L), causal) -> states (B, layers + 1, L, d) and weights (B, layers, heads, L, L), always both.
    `words`: the vocabulary in the order of its ids. `load()` gives the trained one. Devlin et al. 2019.

    >>> words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "dog", "##s"]
    >>> model = MiniLM(words, d=8, heads=2, layers=1, hidden=16).eval()
    >>> found = model.outputs("A dogs")
    >>> found.tokens, tuple(found.weights.shape)
    (['[CLS]', 'a', 'dog', '##s', '[SEP]'], (1, 2, 5, 5))
    """

    def __init__(
        self, words: Sequence[str], d: int = 384, heads: int = 12, layers: int = 6, hidden: int = 1536
    ):
        super().__init__()
        self.tokenizer = _wordpiece(words)
        self.word, self.position, self.segment = (nn.Embedding(n, d) for n in (len(words), 512, 2))
        self.norm = nn.LayerNorm(d, eps=_EPS)
        self.layers = nn.ModuleList(
            EncoderLayer(d, heads, hidden, dropout=0.0, activation=nn.GELU, eps=_EPS) for _ in range(layers)
        )

    def forward(self, ids: Tensor, causal: bool = False) -> tuple[Tensor, Tensor]:
        """`causal`: a token attends to itself and what stands before it, as the network was not trained to."""
        mask = padding_mask(ids, PAD)  # (B, 1, L)
        if causal:
            mask = mask & causal_mask(ids.shape[1], ids.device)  # (B, L, L)
        x = self.norm(self.word(ids) + self.position.weight[: ids.shape[1]] + self.segment.weight[0])
        states, found = [x], []
        for layer in self.layers:
            x, weights = layer(x, mask)
            states.append(x)
            found.append(weights)
        return torch.stack(states, 1), torch.stack(found, 1)

    def encode(self, sentence: str, longest: int = LONGEST) -> list[int]:
        """The token ids of a sentence, with [CLS] and [SEP].

        Raises TypeError for something that is no text, ValueError for an empty sentence or one of more than `longest`
        tokens.
        """
        if not isinstance(sentence, str):
            raise TypeError(complaint("sentence", "a string", described(sentence)))
        found = self.tokenizer.encode(sentence).ids
        if len(found) <= 2:
            raise ValueError(complaint("sentence", "at least one word", "an empty sentence"))
        if len(found) > longest:
            expected = f"at most {longest} tokens"
            raise ValueError(complaint("sentence", expected, str(len(found)), "write a shorter one"))
        return found

    @torch.no_grad()
    def outputs(self, sentence: str, causal: bool = False, longest: int = LONGEST) -> EncoderOutput:
        """One forward pass on a sentence: its tokens, attention weights and hidden states; raises as `encode` does."""
        ids = self.encode(sentence, longest)
        states, weights = self(torch.tensor([ids], device=self.word.weight.device), causal)
        return EncoderOutput([self.tokenizer.id_to_token(k) for k in ids], weights[0], states[0])

    @torch.no_grad()
    def embed(self, sentences: Sequence[str]) -> Tensor:
        """Sentence embeddings (B, d) of length 1, the mean of the token states: their products are cosines.

        Raises as `encode` does, and ValueError for no sentences. Reimers and Gurevych 2019.
        """
        rows = [self.encode(sentence) for sentence in sentences]
        if not rows:
            raise ValueError(complaint("sentences", "at least one sentence", "none"))
        longest = max(map(len, rows))
        padded = [row + [PAD] * (longest - len(row)) for row in rows]
        ids = torch.tensor(padded, device=self.word.weight.device)
        last = self(ids)[0][:, -1]  # (B, L, d)
        real = (ids != PAD)[..., None]
        return F.normalize((last * real).sum(1) / real.sum(1), dim=-1)


def _wordpiece(words: Sequence[str]):
    """BERT's WordPiece tokenizer: lower case, no accents, words and signs apart, then the longest known tokens."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    numbers = {word: k for k, word in enumerate(words)}
    made = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = [(word, numbers[word]) for word in ("[CLS]", "[SEP]")]
    made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=special)
    return made


@lru_cache(maxsize=1)
def load() -> MiniLM:
    """The trained all-MiniLM-L6-v2, in eval mode, loaded once and shared: nobody may change it.

    Raises `assets.AssetMissing` with the command that fetches it.
    """
    # weights are drawn, and overwritten at once; normal tensors also where the caller is in inference mode
    with torch.inference_mode(False), torch.random.fork_rng(devices=[]):
        weights = assets.tensors("minilm")
        words = bytes(assets.tensors("minilm_words")["text"].tolist()).decode().splitlines()
        model = MiniLM(words)
        model.load_state_dict(_renamed(weights), strict=True, assign=True)
    return model.eval().requires_grad_(False)


def _renamed(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """BERT's state dict under the names of `MiniLM`."""
    state = {}
    for name, value in weights.items():
        part, _, rest = name.partition(".")
        if part == "embeddings" and rest != "position_ids":
            rest = rest.replace("LayerNorm", "norm").replace("_embeddings", "")
            state[rest.replace("token_type", "segment")] = value
        elif part == "encoder":
            for theirs, ours in _NAMES.items():
                rest = rest.replace(theirs, ours)
            state[rest.replace("layer.", "layers.", 1)] = value
    return state
