"""Learn from text alone, then from few labels: words are hidden, and an encoder learns to guess them.

Devlin et al. 2019, "BERT: pre-training of deep bidirectional Transformers for language understanding", in small. Sizes:
B sentences, L pieces, d features. The labels of the example come from `tenses`: they cost nothing either, but say
something that the text itself does not.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib import assets
from lecturelib.attention.masks import padding_mask
from lecturelib.attention.multihead import position_code
from lecturelib.attention.tokenizer import END, LONGEST, PAD, Pieces, batch
from lecturelib.attention.transformer import EncoderLayer

SHARE = 0.2  # of the pieces are hidden: one sentence has about nine
STEPS, BATCH, RATE = (
    100,
    32,
    3e-3,
)  # of learning from labels; the rate is the better one for both, of 0.001 and 0.003


class Encoder(nn.Module):
    """Layers of self-attention over one embedding; the piece after the last of the vocabulary is the mask.

    forward(tokens (B, L)) -> features (B, L, d), and the weights (B, heads, L, L) of every layer. `words(features)`
    gives scores over the vocabulary, by the same embedding.
    """

    def __init__(self, vocabulary: int, d: int = 96, heads: int = 4, layers: int = 2, hidden: int = 384):
        super().__init__()
        self.mask = vocabulary
        self.embedding = nn.Embedding(vocabulary + 1, d, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=d**-0.5)
        self.layers = nn.ModuleList(
            EncoderLayer(d, heads, hidden, 0.1, norm_first=True) for _ in range(layers)
        )
        self.norm, self.bias = nn.LayerNorm(d), nn.Parameter(torch.zeros(vocabulary))
        self.register_buffer("code", position_code(LONGEST, d), persistent=False)

    def forward(self, tokens: Tensor) -> tuple[Tensor, list[Tensor]]:
        if tokens.ndim != 2 or not tokens.numel() or tokens.shape[1] > LONGEST:
            raise ValueError(
                f"tokens (B, L) with L from 1 to {LONGEST} are needed, got {tuple(tokens.shape)}"
            )
        x = self.embedding(tokens) * math.sqrt(self.embedding.embedding_dim) + self.code[: tokens.shape[1]]
        mask, looks = padding_mask(tokens), []
        for layer in self.layers:
            x, weights = layer(x, mask)
            looks.append(weights)
        return self.norm(x), looks

    def words(self, features: Tensor) -> Tensor:
        """(..., d) -> scores (..., vocabulary) for the piece that stands there."""
        return features @ self.embedding.weight[: self.mask].T + self.bias


def hide(
    tokens: Tensor, mask: int, generator: torch.Generator, share: float = SHARE
) -> tuple[Tensor, Tensor]:
    """Tokens (B, L) with some hidden, and which (B, L) are to be guessed; never the filling nor the end sign.

    Of those to be guessed 8 in 10 become the mask, 1 in 10 any other piece, 1 in 10 stays: so the encoder cannot trust
    a piece that it sees. Raises `ValueError` for a share outside (0, 1).
    """
    if not 0 < share < 1:
        raise ValueError(f"share: a number between 0 and 1 is needed, got {share!r}")
    real = (tokens != PAD) & (tokens != END)
    chosen = (torch.rand(tokens.shape, generator=generator) < share) & real
    how = torch.rand(tokens.shape, generator=generator)
    others = torch.randint(4, mask, tokens.shape, generator=generator)
    seen = torch.where(chosen & (how < 0.8), mask, tokens)
    return torch.where(chosen & (how >= 0.9), others, seen), chosen


def masked_word_loss(encoder: Encoder, tokens: Tensor, generator: torch.Generator) -> tuple[Tensor, float]:
    """The cross-entropy in nats of the hidden pieces of tokens (B, L), and the share that is guessed rightly."""
    seen, chosen = hide(tokens, encoder.mask, generator)
    if not chosen.any():
        return encoder.bias.sum() * 0, 0.0
    scores = encoder.words(encoder(seen)[0][chosen])  # (B, L, d) -> (hidden, d) -> (hidden, vocabulary)
    wanted = tokens[chosen]
    return F.cross_entropy(scores, wanted), (scores.argmax(1) == wanted).float().mean().item()


class Classifier(nn.Module):
    """An encoder and one linear layer on the mean of its features: tokens (B, L) -> logits (B, classes), weights."""

    def __init__(self, encoder: Encoder, classes: int):
        super().__init__()
        self.encoder = encoder
        self.classify = nn.Linear(encoder.embedding.embedding_dim, classes)

    def forward(self, tokens: Tensor) -> tuple[Tensor, list[Tensor]]:
        features, looks = self.encoder(tokens)
        real = (tokens != PAD)[..., None]  # (B, L, 1)
        return self.classify((features * real).sum(1) / real.sum(1)), looks  # (B, L, d) -> (B, d)


def learn_from_labels(
    sentences: Sequence[Sequence[int]],
    labels: Sequence[int],
    pretrained: bool,
    seed: int = 0,
    steps: int = STEPS,
    rate: float = RATE,
) -> Classifier:
    """A classifier in eval mode, learned from sentences of numbers and their labels; all its weights move.

    With `pretrained` it begins at the shipped encoder, else at weights drawn from `seed`; all else is equal. Raises
    `ValueError` for no sentences, or unequal counts.
    """
    if not len(sentences) or len(sentences) != len(labels):
        raise ValueError(f"{len(sentences)} sentences and {len(labels)} labels: equally many, at least one")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = load(trainable=True) if pretrained else Encoder(len(pieces()))
        model = Classifier(encoder, int(max(labels)) + 1).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.2)
        answers = torch.as_tensor(labels)
        for _ in range(steps):
            chosen = torch.randperm(len(sentences))[:BATCH]
            logits, _ = model(batch([sentences[k] for k in chosen.tolist()]))
            optimizer.zero_grad()
            F.cross_entropy(logits, answers[chosen]).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return model.eval()


@lru_cache(maxsize=1)
def pieces() -> Pieces:
    """The pieces that the encoder knows: those of the translators."""
    return Pieces(assets.data_path("translator_pieces.json"))


def load(trainable: bool = False) -> Encoder:
    """The shipped encoder, pretrained on the English side of the shipped pairs; in eval mode unless `trainable`."""
    encoder = Encoder(len(pieces()))
    encoder.load_state_dict(assets.shipped_tensors("masked_words"), strict=True)
    return encoder if trainable else encoder.eval().requires_grad_(False)


@torch.no_grad()
def guesses(encoder: Encoder, sentence: str, k: int = 5) -> list[list[tuple[str, float]]]:
    """For each "___" of an English sentence the k likeliest pieces and their probabilities, "▁" at a word's beginning.

    Raises `ValueError` for a sentence without "___".
    """
    parts = sentence.split("___")
    if len(parts) < 2:
        raise ValueError(f'write "___" where a word is to be guessed, got {sentence!r}')
    ids: list[int] = []
    for place, part in enumerate(parts):
        ids += [encoder.mask] if place else []
        ids += pieces().encode(part)[:-1] if part.strip() else []
    tokens = torch.tensor([[*ids, END]])
    chances = encoder.words(encoder(tokens)[0])[0].softmax(-1)  # (L, vocabulary)
    best = chances[tokens[0] == encoder.mask].topk(k)
    return [
        list(zip(pieces().pieces(row), values, strict=True))
        for row, values in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
