"""Show, attend and tell: an LSTM writes a caption and, at each word, attends to the cells of a picture.

Sizes: B pictures, L cells, D numbers of a cell's annotation vector, T words, V words of the vocabulary, n of the LSTM.
Xu et al. 2015, "Show, attend and tell: neural image caption generation with visual attention".
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.attention.scores import Additive
from lecturelib.attention.soft_hard_local import hard, soft
from lecturelib.attention.tokenizer import END, PAD, START
from lecturelib.checks import check_choice, check_whole, complaint, described
from lecturelib.visual_attention.caption_grammar import LONGEST, VOCABULARY, decode_caption
from lecturelib.visual_attention.cell_encoder import CELL_SIZE

Kind = Literal["soft", "hard"]
KINDS: tuple[Kind, ...] = ("soft", "hard")
State = tuple[Tensor, Tensor]  # hidden h and cell c of the LSTM, (B, n) each


class CaptionAttention(NamedTuple):
    """What one pass over captions gives beside the word scores.

    `weights` (B, T, L): α_ti, which sum to one over the cells: the weights themselves (soft), or the probabilities with
    which a cell is drawn (hard). `drawn` (B, T): the cells that were drawn, None for soft attention. `log_drawn` (B,
    T): their log-probabilities, None for soft attention.
    """

    weights: Tensor
    drawn: Tensor | None
    log_drawn: Tensor | None


class Captioned(NamedTuple):
    """A written caption: its text, words (T of them, the last may be "(end)"), α (T, L) and log p of each word (T,)."""

    text: str
    words: list[str]
    weights: Tensor
    log_probability: Tensor


class ShowAttendTell(nn.Module):
    """Show, attend and tell (Xu et al. 2015), with soft or hard attention over annotation vectors a_1 ... a_L.

    e_ti = v^T tanh(W_a a_i + W_h [h_(t-1); E y_(t-1)]), α_t = softmax(e_t). Context: ẑ_t = β_t Σ_i α_ti a_i (soft), or
    β_t a_s with s drawn with the probabilities α_t (hard); β_t = sigmoid(w^T h_(t-1)) is the paper's gate. Then h_t =
    LSTM([E y_(t-1); ẑ_t], h_(t-1)), and the next word's scores come from E y_(t-1), h_t and ẑ_t. h_0 and c_0 come from
    the mean of all a_i. Both kinds have the same parameters. One difference from the paper: its f_att does not see the
    word before, y_(t-1), which only enters h_t. Where "red" has just been said of one of two objects, it could not turn
    to the red one for the next word.

    forward(cells (B, L, D), captions (B, T + 1) of token ids from START) -> word scores (B, T, V), `CaptionAttention`.
    With hard attention `generator` draws the cells; without one, the likeliest cell is taken.

    >>> model = ShowAttendTell("soft")
    >>> scores, attended = model(torch.zeros(2, 64, 72), torch.tensor([[1, 3, 13], [1, 3, 14]]))
    >>> tuple(scores.shape), tuple(attended.weights.shape)
    ((2, 2, 32), (2, 2, 64))
    """

    def __init__(
        self,
        kind: Kind = "soft",
        vocabulary: int = len(VOCABULARY),
        cell_size: int = CELL_SIZE,
        hidden: int = 128,
        embedding: int = 32,
        attention: int = 32,
    ):
        super().__init__()
        self.kind: Kind = check_choice("kind", kind, KINDS)
        self.cell_size = check_whole("cell_size", cell_size, 1)
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.score = Additive(hidden + embedding, cell_size, attention)  # f_att
        self.begin = nn.Linear(cell_size, 2 * hidden)
        self.gate = nn.Linear(hidden, 1)
        self.lstm = nn.LSTMCell(embedding + cell_size, hidden)
        self.out = nn.Sequential(
            nn.Linear(embedding + hidden + cell_size, 96), nn.Tanh(), nn.Linear(96, vocabulary)
        )

    def forward(
        self, cells: Tensor, captions: Tensor, generator: torch.Generator | None = None
    ) -> tuple[Tensor, CaptionAttention]:
        words = self.embedding(self.check_captions(captions)[:, :-1])  # (B, T, embedding)
        state, keys = self.start(cells), self.score.key(cells)  # W_a a_i serves every word
        scores, weights, drawn, log_drawn = [], [], [], []
        for t in range(words.shape[1]):
            score, alpha, state, place, log_p = self.step(words[:, t], state, cells, keys, generator)
            scores.append(score)
            weights.append(alpha)
            if place is not None and log_p is not None:
                drawn.append(place)
                log_drawn.append(log_p)
        found = CaptionAttention(
            torch.stack(weights, 1),
            torch.stack(drawn, 1) if drawn else None,
            torch.stack(log_drawn, 1) if log_drawn else None,
        )
        return torch.stack(scores, 1), found

    def start(self, cells: Tensor) -> State:
        """h_0 and c_0 from the mean annotation vector; `TypeError` or `ValueError` for other cells."""
        if not isinstance(cells, Tensor) or not cells.is_floating_point():
            raise TypeError(complaint("cells", f"floats (B, L, {self.cell_size})", described(cells)))
        if cells.ndim != 3 or cells.shape[2] != self.cell_size:
            raise ValueError(complaint("cells", f"shape (B, L, {self.cell_size})", tuple(cells.shape)))
        hidden, cell = self.begin(cells.mean(1)).tanh().chunk(2, 1)
        return hidden, cell

    def step(
        self,
        word: Tensor,
        state: State,
        cells: Tensor,
        keys: Tensor,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor, State, Tensor | None, Tensor | None]:
        """One word: its scores (B, V), the weights α_t (B, L), the new state, and the drawn cell with its log p.

        keys (B, L, attention): W_a a_i, as `score.key(cells)` gives them.
        """
        hidden, memory = state
        query = self.score.query(torch.cat([hidden, word], 1))
        sums = query[:, None] + keys  # (B, 1, attention) + (B, L, attention)
        fit = self.score.v(sums.tanh())[..., 0]  # e_t (B, L)
        place = log_p = None
        if self.kind == "soft":
            context, weights = soft(fit, cells)
        else:
            weights = fit.softmax(-1)
            if generator is None:
                place = fit.argmax(-1)
                rows = torch.arange(len(cells), device=cells.device)
                context, log_p = cells[rows, place], fit.log_softmax(-1)[rows, place]
            else:
                context, place, log_p = hard(fit, cells, generator)
        context = self.gate(hidden).sigmoid() * context  # ẑ_t (B, D)
        hidden, memory = self.lstm(torch.cat([word, context], 1), (hidden, memory))
        return self.out(torch.cat([word, hidden, context], 1)), weights, (hidden, memory), place, log_p

    def check_captions(self, captions: Tensor) -> Tensor:
        """The token ids, if they are whole numbers (B, T + 1) of the vocabulary; `TypeError` or `ValueError`."""
        if not isinstance(captions, Tensor) or captions.is_floating_point():
            hint = "encode_captions(captions) makes them"
            raise TypeError(complaint("captions", "token ids (B, T + 1)", described(captions), hint))
        if captions.ndim != 2 or captions.shape[1] < 2:
            expected = "shape (B, T + 1) with at least START and one word"
            raise ValueError(complaint("captions", expected, tuple(captions.shape)))
        if int(captions.min()) < 0 or int(captions.max()) >= self.embedding.num_embeddings:
            expected = f"token ids from 0 to {self.embedding.num_embeddings - 1}"
            raise ValueError(complaint("captions", expected, f"up to {int(captions.max())}"))
        return captions


def log_likelihood(scores: Tensor, captions: Tensor) -> Tensor:
    """log p of each word of captions (B, T + 1) under word scores (B, T, V), (B, T); 0 for padding.

    >>> log_likelihood(torch.zeros(1, 2, 4), torch.tensor([[1, 3, 0]])).exp()
    tensor([[0.2500, 1.0000]])
    """
    target = captions[:, 1:]
    log_p = scores.log_softmax(-1).gather(2, target[..., None])[..., 0]  # (B, T, V) -> (B, T)
    return log_p.masked_fill(target == PAD, 0.0)


def doubly_stochastic_penalty(weights: Tensor, captions: Tensor) -> Tensor:
    """Doubly stochastic regularizer, the mean over cells of (1 - (L / T) Σ_t α_ti)^2: attention for every cell.

    α sums to one over the cells; the penalty also asks that over the T words each cell gets as much as any other. The
    paper writes (1 - Σ_t α_ti)^2, which cannot be 0 where L and T differ: L/T brings the mean of the sums to 1.
    weights (B, T, L), captions (B, T + 1); the steps of padding do not count. Xu et al. 2015, equation 14.

    >>> doubly_stochastic_penalty(torch.full((1, 2, 4), 0.25), torch.tensor([[1, 3, 2]])).item()
    0.0
    """
    real = (captions[:, 1:] != PAD).to(weights.dtype)  # (B, T)
    sums = (weights * real[..., None]).sum(1)  # (B, L)
    share = weights.shape[2] / real.sum(1, keepdim=True)
    return (1 - share * sums).square().mean()


def entropy(weights: Tensor) -> Tensor:
    """Entropy of attention weights (..., L) in nats: 0 for one cell, log L for all alike.

    >>> entropy(torch.tensor([[1.0, 0.0], [0.5, 0.5]]))
    tensor([0.0000, 0.6931])
    """
    return torch.special.entr(weights).sum(-1)


@torch.no_grad()
def write(
    model: ShowAttendTell,
    cells: Tensor,
    longest: int = LONGEST,
    generator: torch.Generator | None = None,
) -> list[Captioned]:
    """Captions of pictures by greedy decoding, with the attention weights of every word.

    cells (B, L, D) as the encoder gives them. Hard attention takes the likeliest cell at each step, or draws it where
    there is a `generator`. The model's mode is as it was. Raises `TypeError` or `ValueError` as `forward` does.

    >>> found = write(ShowAttendTell("hard"), torch.zeros(1, 64, 72))
    >>> found[0].weights.shape == (len(found[0].words), 64)
    True
    """
    check_whole("longest", longest, 1)
    state, keys, count = model.start(cells), model.score.key(cells), len(cells)
    token = torch.full((count,), START)
    done = torch.zeros(count, dtype=torch.bool)
    tokens, weights, log_ps = [], [], []
    for _ in range(longest):
        score, alpha, state, _, _ = model.step(model.embedding(token), state, cells, keys, generator)
        log_p, token = score.log_softmax(-1).max(-1)
        tokens.append(token)
        weights.append(alpha)
        log_ps.append(log_p)
        done = done | (token == END)
        if bool(done.all()):
            break
    ids, alphas, chances = torch.stack(tokens, 1), torch.stack(weights, 1), torch.stack(log_ps, 1)
    found = []
    for k, row in enumerate(ids.tolist()):
        length = row.index(END) + 1 if END in row else len(row)
        words = [VOCABULARY[number] for number in row[:length]]
        found.append(Captioned(decode_caption(row), words, alphas[k, :length], chances[k, :length]))
    return found


def caption_loss(scores: Tensor, captions: Tensor) -> Tensor:
    """Mean cross-entropy of the words in nats, padding left out.

    >>> round(caption_loss(torch.zeros(1, 2, 4), torch.tensor([[1, 3, 0]])).item(), 4)
    1.3863
    """
    return F.cross_entropy(scores.flatten(0, 1), captions[:, 1:].flatten(), ignore_index=PAD)
