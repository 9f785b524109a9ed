"""Masked-word pretraining in small: learn from text alone, then from few labels.

Words are hidden, and an encoder learns to predict them: Devlin et al. 2019, "BERT: pre-training of deep bidirectional
Transformers for language understanding". Sizes: B sentences, L tokens, d features. The labels of the example come from
`tense_labels`: they cost nothing either, but say something that the text itself does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib import assets
from lecturelib.attention.masks import padding_mask
from lecturelib.attention.multihead import positional_encoding
from lecturelib.attention.tokenizer import END, LONGEST, PAD, SPECIAL, batch, shipped_tokenizer
from lecturelib.attention.transformer import EncoderLayer
from lecturelib.checks import check_number, check_whole, complaint

GAP = "___"  # in a sentence: a word to be guessed
SHARE = 0.2  # of the tokens are hidden: one sentence has about nine
# of learning from labels; the rate is the better one for both networks, of 0.001 and 0.003
STEPS, BATCH, RATE = 100, 32, 3e-3


class Encoder(nn.Module):
    """A Transformer encoder for masked-word pretraining; the token id after the last of the vocabulary is the mask.

    forward(tokens (B, L)) of ids -> features (B, L, d), and the weights (B, heads, L, L) of every layer.
    `words(features)` gives scores over the vocabulary, by the same embedding. Raises ValueError for another shape or
    more than LONGEST tokens.

    >>> encoder = Encoder(30, d=16, heads=2, layers=1, hidden=32).eval()
    >>> features, weights = encoder(torch.tensor([[5, 30, 7, 2]]))
    >>> tuple(features.shape), tuple(weights[0].shape), tuple(encoder.words(features).shape)
    ((1, 4, 16), (1, 2, 4, 4), (1, 4, 30))
    """

    code: Tensor

    def __init__(self, vocabulary: int, d: int = 96, heads: int = 4, layers: int = 2, hidden: int = 384):
        super().__init__()
        self.mask = vocabulary
        self.embedding = nn.Embedding(vocabulary + 1, d, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=d**-0.5)
        self.layers = nn.ModuleList(
            EncoderLayer(d, heads, hidden, 0.1, norm_first=True) for _ in range(layers)
        )
        self.norm, self.bias = nn.LayerNorm(d), nn.Parameter(torch.zeros(vocabulary))
        self.register_buffer("code", positional_encoding(LONGEST, d), persistent=False)

    def forward(self, tokens: Tensor) -> tuple[Tensor, list[Tensor]]:
        if tokens.ndim != 2 or not tokens.numel() or tokens.shape[1] > LONGEST:
            expected = f"shape (B, L) of token ids, L from 1 to {LONGEST}"
            raise ValueError(complaint("tokens", expected, tuple(tokens.shape)))
        x = self.embedding(tokens) * math.sqrt(self.embedding.embedding_dim) + self.code[: tokens.shape[1]]
        mask, found = padding_mask(tokens), []
        for layer in self.layers:
            x, weights = layer(x, mask)
            found.append(weights)
        return self.norm(x), found

    def words(self, features: Tensor) -> Tensor:
        """Features (..., d) -> scores (..., vocabulary) for the token that stands there."""
        return features @ self.embedding.weight[: self.mask].T + self.bias


def hide(
    tokens: Tensor, mask: int, generator: torch.Generator, share: float = SHARE
) -> tuple[Tensor, Tensor]:
    """Mask a share of the tokens as BERT does: token ids (B, L) with some hidden, and which (B, L) are to be guessed.

    Padding and END are never chosen. Of the chosen 8 in 10 become `mask`, 1 in 10 any other token, 1 in 10 stays: so
    the encoder cannot trust a token that it sees. Raises TypeError or ValueError for a share outside (0, 1). Devlin et
    al. 2019, section 3.1.

    >>> seen, chosen = hide(torch.full((1, 100), 7), 30, torch.Generator().manual_seed(0), share=0.2)
    >>> bool((seen[~chosen] == 7).all())
    True
    """
    check_number("share", share, above=0, below=1)
    shape, device = tokens.shape, generator.device
    real = (tokens != PAD) & (tokens != END)
    chosen = (torch.rand(shape, generator=generator, device=device).to(tokens.device) < share) & real
    how = torch.rand(shape, generator=generator, device=device).to(tokens.device)
    others = torch.randint(len(SPECIAL), mask, shape, generator=generator, device=device).to(tokens.device)
    seen = torch.where(chosen & (how < 0.8), mask, tokens)
    return torch.where(chosen & (how >= 0.9), others, seen), chosen


def masked_word_loss(encoder: Encoder, tokens: Tensor, generator: torch.Generator) -> tuple[Tensor, float]:
    """Masked-word loss: the cross-entropy in nats of the hidden tokens of (B, L), and the share guessed rightly.

    >>> encoder = Encoder(30, d=16, heads=2, layers=1, hidden=32).eval()
    >>> loss, right = masked_word_loss(encoder, torch.full((2, 20), 7), torch.Generator().manual_seed(0))
    >>> loss.item() > 0 and 0 <= right <= 1
    True
    """
    seen, chosen = hide(tokens, encoder.mask, generator)
    if not chosen.any():
        return encoder.bias.sum() * 0, 0.0
    scores = encoder.words(encoder(seen)[0][chosen])  # (B, L, d) -> (hidden, d) -> (hidden, vocabulary)
    wanted = tokens[chosen]
    return F.cross_entropy(scores, wanted), (scores.argmax(1) == wanted).double().mean().item()


class Classifier(nn.Module):
    """An encoder and one linear layer on the mean of its features: token ids (B, L) -> logits (B, classes), weights.

    Padding does not count for the mean.

    >>> model = Classifier(Encoder(30, d=16, heads=2, layers=1, hidden=32), classes=3).eval()
    >>> model(torch.tensor([[5, 6, 2]]))[0].shape
    torch.Size([1, 3])
    """

    def __init__(self, encoder: Encoder, classes: int):
        super().__init__()
        self.encoder = encoder
        self.classify = nn.Linear(encoder.embedding.embedding_dim, check_whole("classes", classes, 1))

    def forward(self, tokens: Tensor) -> tuple[Tensor, list[Tensor]]:
        features, weights = self.encoder(tokens)
        real = (tokens != PAD)[..., None]  # (B, L, 1)
        return self.classify((features * real).sum(1) / real.sum(1)), weights  # (B, L, d) -> (B, d)


def learn_from_labels(
    sentences: Sequence[Sequence[int]],
    labels: Sequence[int],
    pretrained: bool,
    seed: int = 0,
    steps: int = STEPS,
    rate: float = RATE,
) -> Classifier:
    """Fine-tune a classifier on sentences of token ids and their labels; all its weights move. In eval mode.

    With `pretrained` it begins at the shipped encoder, else at weights drawn from `seed`; all else is equal. The random
    number generator state stays as it was. Raises ValueError for no sentences or unequal counts, TypeError or
    ValueError for other steps or rates. Devlin et al. 2019, section 3.2.

    >>> model = learn_from_labels([[5, 2], [6, 2]], [0, 1], pretrained=False, steps=1)
    >>> model.classify.out_features, model.training
    (2, False)
    """
    if not len(sentences) or len(sentences) != len(labels):
        came = f"{len(sentences)} sentences and {len(labels)} labels"
        raise ValueError(complaint("sentences, labels", "equally many, at least one", came))
    check_whole("steps", steps, 1)
    check_number("rate", rate, above=0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = load(trainable=True) if pretrained else Encoder(len(shipped_tokenizer()))
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


def load(trainable: bool = False) -> Encoder:
    """The shipped encoder, pretrained on the English side of the shipped pairs; in eval mode unless `trainable`.

    Raises `assets.AssetMissing` where its file in data/ is not there.

    >>> load().embedding.embedding_dim
    96
    """
    encoder = Encoder(len(shipped_tokenizer()))
    encoder.load_state_dict(assets.shipped_tensors("masked_words"), strict=True)
    return encoder if trainable else encoder.eval().requires_grad_(False)


@torch.no_grad()
def guesses(encoder: Encoder, sentence: str, k: int = 5) -> list[list[tuple[str, float]]]:
    """For each "___" of an English sentence the k likeliest tokens and their probabilities, "▁" at a word's beginning.

    Raises ValueError for a sentence without "___" or with too many tokens, TypeError for something that is no text.

    >>> [(best, _), *_] = guesses(load(), "Tom is taller ___ Mary.")[0]
    >>> best
    '▁than'
    """
    if not isinstance(sentence, str) or GAP not in sentence:
        expected = f'a text with "{GAP}" where a word is to be guessed'
        kind = ValueError if isinstance(sentence, str) else TypeError
        raise kind(complaint("sentence", expected, repr(sentence)))
    tokenizer = shipped_tokenizer()
    check_whole("k", k, 1, len(tokenizer))
    ids: list[int] = []
    for place, part in enumerate(sentence.split(GAP)):
        ids += [encoder.mask] if place else []
        ids += tokenizer.encode(part)[:-1] if part.strip() else []
    tokens = torch.tensor([[*ids, END]], device=encoder.embedding.weight.device)
    probabilities = encoder.words(encoder(tokens)[0])[0].softmax(-1)  # (L, vocabulary)
    best = probabilities[tokens[0] == encoder.mask].topk(k)
    return [
        list(zip(tokenizer.tokens(row), values, strict=True))
        for row, values in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
