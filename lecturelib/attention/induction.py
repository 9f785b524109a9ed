"""Induction heads: on sequences that repeat, a head that finds the earlier copy and reads what came after it.

Elhage et al. 2021, "A mathematical framework for Transformer circuits"; Olsson et al. 2022, "In-context learning and
induction heads". Random letters have nothing to be learned by heart: a second copy can only be written by looking up
the first. Sizes: B sequences, L letters, START in front.
"""

from __future__ import annotations

import copy
import string
from collections.abc import Iterable, Sequence
from functools import cache

import torch
from torch import Tensor

from lecturelib import assets
from lecturelib.attention.causal_language_model import CausalLanguageModel, checked_language_model
from lecturelib.attention.tokenizer import SPECIAL, START
from lecturelib.checks import check_whole, complaint, described
from lecturelib.network.freezing import frozen

ALPHABET = string.ascii_lowercase
VOCABULARY = len(SPECIAL) + len(ALPHABET)
LENGTH = 24  # letters of a sequence
FIRST, PIECES = 10, (4, 8)  # letters before the first copy, and how long the copies are
SEEDS = 3  # networks of each depth that are shipped
NAME = "induction"  # of their file in data/


def repeated(
    count: int,
    period: int,
    length: int = LENGTH,
    generator: torch.Generator | None = None,
    distinct: bool = False,
) -> Tensor:
    """Random letters that begin again after `period` of them: token ids (count, length + 1), START first.

    `distinct`: no letter occurs twice within a period, so that the next one is never in doubt. Raises TypeError or
    ValueError for numbers below 1, or more distinct letters than there are.

    >>> tokens = repeated(1, 3, 7, torch.Generator().manual_seed(0))[0, 1:]
    >>> torch.equal(tokens[:3], tokens[3:6]), bool(tokens[6] == tokens[0])
    (True, True)
    """
    check_whole("count", count, 1)
    check_whole("length", length, 1)
    check_whole("period", period, 1, len(ALPHABET) if distinct else length)
    if distinct:
        first = torch.rand(count, len(ALPHABET), generator=generator).argsort(1)[:, :period]
    else:
        first = torch.randint(len(ALPHABET), (count, period), generator=generator)
    whole = (first + len(SPECIAL)).repeat(1, -(-length // period))[:, :length]
    return torch.cat([torch.full((count, 1), START), whole], 1)


def pieces(
    count: int, length: int = LENGTH, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Random letters, then copies of pieces of what stands before: token ids (count, length + 1), START first.

    The second result (count, length + 1) is True where a letter is a copy whose predecessor was one, too: what can be
    known from the letters before. Where a piece comes from changes from piece to piece, so that no fixed distance leads
    to the copy. Raises TypeError or ValueError for a count below 1 or a length that has no room for a copy.

    >>> tokens, known = pieces(2, generator=torch.Generator().manual_seed(0))
    >>> tuple(tokens.shape), bool(known[:, :12].any())
    ((2, 25), False)
    """
    check_whole("count", count, 1)
    check_whole("length", length, FIRST + 2)
    shortest, longest = PIECES
    found = torch.randint(len(SPECIAL), VOCABULARY, (count, length), generator=generator)
    known = torch.zeros(count, length, dtype=torch.bool)
    t = FIRST
    while t < length:
        size = min(int(torch.randint(shortest, longest + 1, (1,), generator=generator)), length - t)
        start = torch.randint(0, t - size + 1, (count, 1), generator=generator)
        found[:, t : t + size] = found.gather(1, start + torch.arange(size))
        known[:, t + 1 : t + size] = True
        t += size
    head = torch.full((count, 1), START)
    return torch.cat([head, found], 1), torch.cat([head == 0, known], 1)


def letters(tokens: Sequence[int] | Tensor) -> list[str]:
    """The letters of token ids, "START" for START.

    >>> letters([1, 4, 5])
    ['START', 'a', 'b']
    """
    return ["START" if k == START else ALPHABET[k - len(SPECIAL)] for k in map(int, tokens)]


def build(layers: int = 2, seed: int = 0) -> CausalLanguageModel:
    """A small untrained causal model of letters: `layers` layers of two heads, 64 features.

    >>> len(build(1).layers)
    1
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return CausalLanguageModel(VOCABULARY, d=64, heads=2, layers=layers, hidden=128)


def targets(tokens: Tensor, shift: int = 1) -> Tensor:
    """Where an induction head attends: (B, L, L), True at s + shift for every earlier copy s < t of token t.

    `shift`: 1 for what came after the copy, 0 for the copy itself. START has no copies.

    >>> targets(torch.tensor([[1, 4, 5, 4]]))[0, 3].tolist()
    [False, False, True, False]
    """
    same = (tokens[:, :, None] == tokens[:, None, :]).tril(-1) & (tokens != START)[:, None, :]  # (B, t, s)
    return same if shift == 0 else torch.nn.functional.pad(same, (shift, 0))[..., : tokens.shape[1]]


@torch.no_grad()
def induction_scores(model: CausalLanguageModel, tokens: Tensor, shift: int = 1) -> Tensor:
    """Induction score of every head: its weight on what came after earlier copies of the token, (layers, heads).

    A mean over all tokens that have an earlier copy; 1 for a head that does nothing else. `shift`: see `targets`. The
    model is evaluated in eval mode and left in its own. Raises ValueError where no token has an earlier copy.

    >>> scores = induction_scores(build(), repeated(4, 6))
    >>> tuple(scores.shape), bool((scores < 0.5).all())
    ((2, 2), True)
    """
    wanted = targets(checked_tokens(tokens), shift)
    asked = targets(tokens, 0).any(-1)  # (B, L): tokens with an earlier copy
    if not asked.any():
        raise ValueError(complaint("tokens", "at least one token that occurs twice", "none"))
    with frozen(checked_language_model(model)):
        weights = torch.stack(model(tokens)[1])  # (layers, B, heads, L, L)
    on_it = (weights * wanted[None, :, None]).sum(-1)  # (layers, B, heads, L)
    return on_it.permute(0, 2, 1, 3)[:, :, asked].mean(-1)


@torch.no_grad()
def copying(model: CausalLanguageModel, tokens: Tensor, period: int) -> float:
    """Share of letters right where the sequence repeats: from the second letter of the second period on.

    The first letter of the second period cannot be known: before it comes, nothing says that a period has ended. The
    model is evaluated in eval mode and left in its own.

    >>> copying(build(), repeated(8, 6, distinct=True), 6) < 0.5
    True
    """
    check_whole("period", period, 1, checked_tokens(tokens).shape[1] - 3)
    with frozen(checked_language_model(model)):
        guesses = model(tokens[:, :-1])[0].argmax(-1)  # guesses[:, t]: of token t + 1
    return (guesses == tokens[:, 1:])[:, period + 1 :].double().mean().item()


def without_heads(model: CausalLanguageModel, heads: Iterable[tuple[int, int]]) -> CausalLanguageModel:
    """Ablation: a copy of the model in which some heads, (layer, head) from 0, add nothing: their columns of W_o are 0.

    Their weights are computed as before, but what they read is lost. Raises IndexError for a head that is not there.

    >>> ablated = without_heads(build(), [(1, 0)])
    >>> ablated.layers[1].attention.out.weight[:, :32].abs().sum().item()
    0.0
    """
    other = copy.deepcopy(checked_language_model(model))
    for layer, head in heads:
        depth = len(other.attentions)
        if not (0 <= layer < depth and 0 <= head < other.attentions[0].heads):
            expected = f"a layer from 0 to {depth - 1} and a head of it"
            raise IndexError(complaint("layer, head", expected, f"{layer} and {head}"))
        out = other.attentions[layer].out
        width = out.in_features // other.attentions[layer].heads
        with torch.no_grad():
            out.weight[:, head * width : (head + 1) * width] = 0
    return other


def checked_tokens(tokens: Tensor) -> Tensor:
    """The token ids themselves, if they are (B, L); raises TypeError or ValueError for something else."""
    if not isinstance(tokens, Tensor):
        raise TypeError(complaint("tokens", "token ids (B, L)", described(tokens)))
    if tokens.ndim != 2 or not tokens.numel():
        raise ValueError(complaint("tokens", "token ids (B, L)", tuple(tokens.shape)))
    return tokens


@cache
def load(layers: int = 2, seed: int = 0) -> CausalLanguageModel:
    """A shipped model of repeated letters in eval mode: `layers` 1 or 2, `seed` below SEEDS. It is shared.

    Trained by scripts/train_induction.py. Raises TypeError or ValueError for another depth or seed.

    >>> len(load(1).layers)
    1
    """
    check_whole("layers", layers, 1, 2)
    check_whole("seed", seed, 0, SEEDS - 1)
    with torch.inference_mode(False):
        model, start = build(layers), f"layers{layers}_seed{seed}."
        tensors = assets.shipped_tensors(NAME)
        mine = {key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)}
        model.load_state_dict(mine)
        return model.eval().requires_grad_(False)
