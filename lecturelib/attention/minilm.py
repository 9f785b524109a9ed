"""A real trained encoder in plain torch: all-MiniLM-L6-v2, which always returns where it looked.

Six layers of twelve heads, 384 wide, for English; a BERT encoder distilled from a larger one and then trained so that
sentences of like meaning lie close together (Wang et al. 2020, "MiniLM"; Reimers and Gurevych 2019, "Sentence-BERT").
Sizes: B sentences, L pieces, d = 384 features. Masks are True where attention is allowed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib import assets

LONGEST = 256  # pieces: what the sentence encoder was trained for
_NAMES = {  # BERT's names, and ours
    "attention.self.": "",
    "attention.output.dense": "out",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "wide",
    "output.dense": "narrow",
    "output.LayerNorm": "norm2",
}


@dataclass(frozen=True, eq=False)
class Looked:
    """One sentence as the encoder saw it: its pieces, where each head looked, and what became of every piece.

    `pieces`: L words or parts of words, "##" before a part that goes on a word, [CLS] first and [SEP] last. `weights`:
    (layers, heads, L, L), each row sums to one. `states`: (layers + 1, L, d), the embedding and each layer's output.
    """

    pieces: list[str]
    weights: Tensor
    states: Tensor


class Layer(nn.Module):
    """Self-attention and the feed-forward network, each added to what comes in and normalised afterwards."""

    def __init__(self, d: int, heads: int, hidden: int):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(d, d) for _ in range(4))
        self.wide, self.narrow = nn.Linear(d, hidden), nn.Linear(hidden, d)
        self.norm1, self.norm2 = (nn.LayerNorm(d, eps=1e-12) for _ in range(2))

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, L, d), mask (B, 1, 1 or L, L) -> (B, L, d), weights (B, heads, L, L)."""
        q, k, v = (self._split(project(x)) for project in (self.query, self.key, self.value))
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
        weights = scores.masked_fill(~mask, -torch.inf).softmax(
            -1
        )  # [CLS] may always be looked at: no empty row
        looked = (weights @ v).transpose(1, 2).flatten(2)  # (B, heads, L, d/heads) -> (B, L, d)
        x = self.norm1(x + self.out(looked))
        return self.norm2(x + self.narrow(F.gelu(self.wide(x)))), weights

    def _split(self, x: Tensor) -> Tensor:
        # (B, L, d) -> (B, L, heads, d/heads) -> (B, heads, L, d/heads)
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)


class MiniLM(nn.Module):
    """forward(tokens (B, L), causal) -> states (B, layers + 1, L, d) and weights (B, layers, heads, L, L), always both.

    `words`: the pieces it knows, in the order of their numbers. `load()` gives the trained one.
    """

    def __init__(
        self, words: Sequence[str], d: int = 384, heads: int = 12, layers: int = 6, hidden: int = 1536
    ):
        super().__init__()
        self.tokenizer = _tokenizer(words)
        self.word, self.position, self.kind = (nn.Embedding(n, d) for n in (len(words), 512, 2))
        self.norm = nn.LayerNorm(d, eps=1e-12)
        self.layers = nn.ModuleList(Layer(d, heads, hidden) for _ in range(layers))

    def forward(self, tokens: Tensor, causal: bool = False) -> tuple[Tensor, Tensor]:
        """`causal`: a piece sees itself and what stands before it. The network was trained to see both sides, so what
        it then shows is a reading from left to right by a reader who never practised it."""
        mask = (tokens != 0)[:, None, None]  # (B, 1, 1, L): 0 fills up short sentences
        if causal:
            mask = mask & torch.ones(tokens.shape[1], tokens.shape[1], dtype=torch.bool).tril()
        x = self.norm(self.word(tokens) + self.position.weight[: tokens.shape[1]] + self.kind.weight[0])
        states, looks = [x], []
        for layer in self.layers:
            x, weights = layer(x, mask)
            states.append(x)
            looks.append(weights)
        return torch.stack(states, 1), torch.stack(looks, 1)

    def encode(self, sentence: str, longest: int = LONGEST) -> list[int]:
        """The numbers of a sentence's pieces, with [CLS] and [SEP].

        Raises TypeError for no text, ValueError for an empty sentence or one of more than `longest` pieces.
        """
        if not isinstance(sentence, str):
            raise TypeError(f"a sentence is a string, got {type(sentence).__name__}")
        found = self.tokenizer.encode(sentence).ids
        if len(found) <= 2:
            raise ValueError("the sentence is empty: write at least one word")
        if len(found) > longest:
            raise ValueError(
                f"the sentence has {len(found)} pieces, at most {longest} fit: write a shorter one"
            )
        return found

    @torch.no_grad()
    def look(self, sentence: str, causal: bool = False, longest: int = LONGEST) -> Looked:
        """Where the heads look in one sentence; raises as `encode` does."""
        ids = self.encode(sentence, longest)
        states, weights = self(torch.tensor([ids]), causal)
        return Looked([self.tokenizer.id_to_token(k) for k in ids], weights[0], states[0])

    @torch.no_grad()
    def embed(self, sentences: Sequence[str]) -> Tensor:
        """One vector of length 1 for each sentence (B, d), the mean of its pieces: products are cosines."""
        rows = [self.encode(sentence) for sentence in sentences]
        longest = max(map(len, rows), default=0)
        tokens = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        last = self(tokens)[0][:, -1]  # (B, L, d)
        real = (tokens != 0)[..., None]
        return F.normalize((last * real).sum(1) / real.sum(1), dim=-1)


def _tokenizer(words: Sequence[str]):
    """BERT's pieces: lower case, no accents, words and signs apart, then the longest pieces that are known."""
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
    """The trained encoder, in eval mode, shared: nobody may change it.

    Raises `assets.AssetMissing` with the command that fetches it.
    """
    weights = assets.tensors("minilm")
    words = bytes(assets.tensors("minilm_words")["text"].tolist()).decode().splitlines()
    with torch.random.fork_rng(devices=[]):  # weights are drawn, and overwritten at once
        model = MiniLM(words)
    state = {}
    for name, value in weights.items():
        kind, _, rest = name.partition(".")
        if kind == "embeddings" and rest != "position_ids":
            rest = rest.replace("LayerNorm", "norm").replace("_embeddings", "")
            state[rest.replace("token_type", "kind")] = value
        elif kind == "encoder":
            for theirs, ours in _NAMES.items():
                rest = rest.replace(theirs, ours)
            state[rest.replace("layer.", "layers.", 1)] = value
    model.load_state_dict(state, strict=True, assign=True)
    return model.eval().requires_grad_(False)
