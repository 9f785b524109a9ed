"""The encoder-decoder of recurrent networks: the whole sentence in one vector, or a dynamic context.

Sizes: B sentences, S source tokens, T target tokens, e features of an embedding, h of the encoder one way, s of the
decoder. Sutskever et al. 2014; Cho et al. 2014; Bahdanau et al. 2015.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lecturelib.attention.masks import masked_softmax, padding_mask
from lecturelib.attention.scores import make_score
from lecturelib.attention.tokenizer import PAD

State = tuple[Tensor, Tensor, Tensor]  # (B, s) hidden and cell of the decoder, and its fixed context (B, 2h)


class Seq2Seq(nn.Module):
    """Recurrent encoder-decoder: a bidirectional LSTM reads, an LSTM writes.

    score: None for one fixed context, the last states of both directions (B, 2h), fed to every step (Cho et al. 2014);
    or the name of a score (`scores.SCORES`): then the context is a new weighted mean of all h_i at every step (Bahdanau
    et al. 2015). forward(source (B, S), target (B, T)) of token ids -> scores (B, T, vocabulary) and the weights
    (B, T, S), None where there is no attention. Raises `UnknownName` for another score.

    >>> model = Seq2Seq(30, "additive", embedding=8, encoder=6, decoder=10).eval()
    >>> scores, weights = model(torch.tensor([[5, 6, 7, 2]]), torch.tensor([[1, 8, 9]]))
    >>> tuple(scores.shape), tuple(weights.shape)
    ((1, 3, 30), (1, 3, 4))
    """

    def __init__(
        self,
        vocabulary: int,
        score: str | None = "additive",
        embedding: int = 160,
        encoder: int = 160,
        decoder: int = 256,
        dropout: float = 0.2,
    ):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=embedding**-0.5)
        self.encoder = nn.LSTM(embedding, encoder, batch_first=True, bidirectional=True)
        self.begin = nn.Linear(2 * encoder, decoder)
        self.decoder = nn.LSTMCell(embedding + 2 * encoder, decoder)
        self.score = make_score(score, decoder, 2 * encoder) if score is not None else None
        self.out = nn.Linear(decoder + 2 * encoder + embedding, embedding)
        self.dropout = nn.Dropout(dropout)

    def forward(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor | None]:
        memory, state = self.encode(source)
        mask = padding_mask(source)
        words, outputs, found = self.embed(target), [], []
        for t in range(target.shape[1]):
            output, weights, state = self.step(words[:, t], state, memory, mask)
            outputs.append(output)
            if weights is not None:
                found.append(weights)
        scores = torch.stack(outputs, 1) @ self.embedding.weight.T  # (B, T, e) -> (B, T, vocabulary)
        return scores, torch.stack(found, 1) if found else None

    def embed(self, tokens: Tensor) -> Tensor:
        """Token ids (B, L) -> (B, L, e), of unit size on average."""
        return self.dropout(self.embedding(tokens) * self.embedding.embedding_dim**0.5)

    def encode(self, source: Tensor) -> tuple[Tensor, State]:
        """All states h_i = [forward; backward] (B, S, 2h), and the state with which the decoder begins."""
        lengths = (source != PAD).sum(1).cpu()
        packed = pack_padded_sequence(self.embed(source), lengths, batch_first=True, enforce_sorted=False)
        states, (last, _) = self.encoder(packed)
        memory, _ = pad_packed_sequence(states, batch_first=True)
        whole = torch.cat([last[0], last[1]], 1)  # (2, B, h) -> (B, 2h): each direction's last state
        hidden = self.begin(whole).tanh()
        return self.dropout(memory), (hidden, torch.zeros_like(hidden), self.dropout(whole))

    def step(
        self, word: Tensor, state: State, memory: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor | None, State]:
        """One decoder step for a word (B, e): output (B, e), weights (B, S) or None, the new state.

        The scores compare s_(t-1) with every h_i, so the context can steer what the decoder does next.
        """
        hidden, cell, whole = state
        if self.score is None:
            context, weights = whole, None
        else:
            scores = self.score(hidden[:, None], memory)  # (B, 1, S)
            weights = masked_softmax(scores, mask)
            context = (weights @ memory)[:, 0]  # (B, 1, S) @ (B, S, 2h) -> (B, 2h)
            weights = weights[:, 0]  # (B, S)
        hidden, cell = self.decoder(torch.cat([word, context], 1), (hidden, cell))
        output = self.out(self.dropout(torch.cat([hidden, context, word], 1)))
        return output, weights, (hidden, cell, whole)
