"""From scores to text: temperature, top-k and nucleus sampling, and continuations of a beginning.

Fan et al. 2018 for top-k sampling; Holtzman et al. 2020, "The curious case of neural text degeneration", for nucleus
(top-p) sampling. Sizes: V tokens in the vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lecturelib.attention.causal_language_model import CausalLanguageModel, checked_language_model, load
from lecturelib.attention.sentence_pairs import normalized
from lecturelib.attention.tokenizer import END, LONGEST, START, UNKNOWN, shipped_tokenizer
from lecturelib.checks import check_number, check_whole, complaint, described


def next_token_distribution(
    scores: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Tensor:
    """Softmax of the scores (..., V) at a temperature, cut to the top k and to the nucleus p: (..., V), sums to one.

    p_i = exp(s_i / T) / sum_j exp(s_j / T). `top_k` keeps the k likeliest tokens; `top_p` then the smallest set of
    likeliest tokens whose probabilities sum to at least p, always one at least. What is kept is divided by its sum;
    what is cut gets exactly 0. T -> 0 is greedy decoding, T = 1 the model's own distribution. Raises TypeError or
    ValueError for a temperature not above 0, a top_k below 1, a top_p outside (0, 1]. Holtzman et al. 2020, section 4.

    >>> scores = torch.tensor([0.5, 0.25, 0.15, 0.1]).log()
    >>> [round(p, 3) for p in next_token_distribution(scores, top_p=0.7).tolist()]
    [0.667, 0.333, 0.0, 0.0]
    """
    check_number("temperature", temperature, above=0)
    p = (scores / temperature).softmax(-1)
    if top_k is not None:
        kept = p.topk(min(check_whole("top_k", top_k, 1), p.shape[-1])).indices
        p = p * torch.zeros_like(p).scatter(-1, kept, 1.0)
        p = p / p.sum(-1, keepdim=True)
    if top_p is not None:
        check_number("top_p", top_p, above=0, most=1)
        ordered, order = p.sort(descending=True, stable=True)
        before = ordered.cumsum(-1) - ordered  # what the likelier ones sum to already
        # cumsum rounds: a sum that should be p may come out a little below it
        ordered = ordered * (before < top_p - 1e-6)
        p = torch.zeros_like(p).scatter(-1, order, ordered)
        p = p / p.sum(-1, keepdim=True)
    return p


@dataclass(frozen=True, eq=False)
class Continuation:
    """A beginning and how it was continued: token ids without START, and the probability of each new one.

    `probabilities`: those with which the tokens were drawn, after temperature, top-k and nucleus. `computed`: how many
    tokens went through the network. `text` is the whole sentence.
    """

    prompt: list[int]
    ids: list[int]
    probabilities: list[float]
    computed: int

    @property
    def text(self) -> str:
        return shipped_tokenizer().decode([*self.prompt, *self.ids])

    @property
    def finished(self) -> bool:
        """Whether the model ended the sentence itself."""
        return END in self.ids


def prompt_ids(text: str) -> list[int]:
    """The token ids of the beginning of a sentence, without END; none for an empty text.

    Raises TypeError for something that is no text, ValueError for one of LONGEST and more tokens, or with signs that
    were never seen in training.

    >>> prompt_ids(""), shipped_tokenizer().tokens(prompt_ids("The house is"))
    ([], ['▁The', '▁house', '▁is'])
    """
    if not isinstance(text, str):
        raise TypeError(complaint("text", "a string", described(text)))
    text = normalized(text)
    found = shipped_tokenizer().backend.encode(text)
    ids = list(found.ids) if text else []
    if len(ids) >= LONGEST:
        raise ValueError(
            complaint("text", f"at most {LONGEST - 1} subword tokens", len(ids), "write a shorter one")
        )
    if UNKNOWN in ids:
        signs = dict.fromkeys(text[a:b] for (a, b), k in zip(found.offsets, ids, strict=True) if k == UNKNOWN)
        raise ValueError(complaint("text", "signs that occur in training", " ".join(signs), "leave them out"))
    return ids


@torch.no_grad()
def next_token_scores(text: str, model: CausalLanguageModel | None = None) -> Tensor:
    """The scores (V,) of the token that follows a text; `model`: the shipped one if None. Raises as `prompt_ids` does.

    >>> scores = next_token_scores("Would you like a cup of")
    >>> "▁tea" in shipped_tokenizer().tokens(scores.topk(3).indices.tolist())
    True
    """
    model = load() if model is None else checked_language_model(model)
    return model(torch.tensor([[START, *prompt_ids(text)]]))[0][0, -1]


@torch.no_grad()
def continued(
    model: CausalLanguageModel,
    prompt: list[int],
    longest: int = 30,
    generator: torch.Generator | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    cached: bool = True,
) -> Continuation:
    """Continue token ids until END, `longest` new tokens or the model's LONGEST: greedily, or sampled by a generator.

    `generator`: None for greedy decoding (the likeliest token each time), else tokens are drawn from
    `next_token_distribution` with `temperature`, `top_k` and `top_p`. `cached`: keep keys and values between steps, so
    that each step computes one token; without, every step computes the whole sentence again, with the same result. The
    model should be in eval mode. Raises as `next_token_distribution` does.

    >>> model = CausalLanguageModel(30, d=16, heads=2, layers=1, hidden=32).eval()
    >>> both = [continued(model, [5, 7], longest=4, cached=cached) for cached in (True, False)]
    >>> both[0].ids == both[1].ids
    True
    """
    checked_language_model(model)
    check_whole("longest", longest, 1)
    device = model.embedding.weight.device
    tokens: list[int] = [START, *prompt]
    ids: list[int] = []
    probabilities: list[float] = []
    caches, new, computed = (model.new_caches() if cached else None), tokens, 0
    while len(ids) < longest and len(tokens) <= LONGEST:
        scores = model(torch.tensor([new], device=device), caches)[0][0, -1]
        computed += len(new)
        p = next_token_distribution(scores, temperature, top_k, top_p)
        if generator is None:
            token = int(p.argmax())
        else:
            token = int(torch.multinomial(p, 1, generator=generator))
        ids.append(token)
        probabilities.append(p[token].item())
        if token == END:
            break
        tokens = [*tokens, token]
        new = [token] if cached else tokens
    return Continuation(list(prompt), ids, probabilities, computed)


def continue_text(
    text: str,
    seed: int | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    longest: int = 30,
) -> Continuation:
    """Continue a text by the shipped causal language model: greedily for seed None, else sampled with that seed.

    Raises as `prompt_ids` and `next_token_distribution` do.

    >>> continue_text("Thank you").finished
    True
    """
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    return continued(load(), prompt_ids(text), longest, generator, temperature, top_k, top_p)
