"""Claims C15, C16, C25 and C30 of the course, measured: attention against the bottleneck, the Transformer, the scores.

Each returns a plain dict with its numbers and its baselines; what "holds" means was fixed before measuring. Every
difference that a claim needs is a mean over paired sentences or seeds that exceeds twice its standard error. C17 to C19
and C28 are in `claims_few_labels`, `claims_vision` and `claims_senses`.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from lecturelib.attention.decoding import greedy
from lecturelib.attention.implicit import implicit_attention
from lecturelib.attention.sentence_pairs import references
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.tokenizer import batch
from lecturelib.attention.toy_tasks import (
    accuracy_by_length,
    on_target,
    sequences,
    train_toy,
)
from lecturelib.attention.transformer import Transformer
from lecturelib.attention.translators import training_log, translator
from lecturelib.checks import check_whole, complaint
from lecturelib.lesson.claims import margin, result

SHORT, LONG = (4, 7), (12, 40)  # English words of a sentence, C15
COPY_LENGTHS, COPY_SHORT, COPY_LONG = (2, 16), (4, 6), (14, 16)  # letters of a sequence, C15
KNOWS, SLACK = (
    0.95,
    0.05,
)  # C16: share of letters right that counts as reversing; over the bound without order
FLAT, SATURATED, STEADY = 0.95, 0.2, 0.1  # C25: entropy as a share of log n, and how far scaled dot may move


def c15_sentences(sentences: int = 1400) -> dict:
    """C15: does the translator that reads a sentence into one vector lose more with length than one that attends?

    The two recurrent translators of equal parameters on held-out sentences: chrF per sentence of greedy translations.
    Holds if the gap between them is wider for 12 and more English words than for 4 to 7. Bahdanau et al. 2015, fig. 2.
    """
    check_whole("sentences", sentences, 1)
    chosen = _spread(list(references("test")), sentences)
    lengths = torch.tensor([len(sentence.split()) for sentence in chosen])
    found = {name: chrf_of(name, chosen) for name in ("attention", "fixed")}
    numbers: dict[str, float | int] = {"sentences": len(chosen)}
    for low, high in ((1, 3), SHORT, (8, 11), LONG):
        inside = (lengths >= low) & (lengths <= high)
        for name, values in found.items():
            numbers[f"chrF_{name}_{low}_to_{high}_words"] = values[inside].mean().item()
    gap = found["attention"] - found["fixed"]
    long, short = (gap[(lengths >= low) & (lengths <= high)] for low, high in (LONG, SHORT))
    error = (long.var() / len(long) + short.var() / len(short)).sqrt().item()
    numbers["gap_short"], numbers["gap_long"] = short.mean().item(), long.mean().item()
    numbers["margin"] = numbers["gap_long"] - numbers["gap_short"] - 2 * error
    says = "the translator with one fixed vector loses more with length than the one that attends"
    return result("C15", says, numbers["margin"] > 0, numbers, "chrF of greedy translations by English words")


def c15_letters(steps: int = 400, seeds: int = 3) -> dict:
    """C15 where everything is known: networks with and without attention, trained alike to copy 2 to 16 letters.

    Equal parameters and steps; share of letters right on fresh sequences, each letter after the right beginning. Holds
    if the gap between the two is wider for 14 and 16 letters than for 4 and 6, over the seeds.
    """
    check_whole("seeds", seeds, 1)
    lengths = (*COPY_SHORT, 10, *COPY_LONG)
    rows: dict[str, list[list[float]]] = {"attention": [], "fixed": []}
    for seed in range(seeds):
        for name, kind in (("attention", "additive"), ("fixed", "fixed")):
            run = train_toy("copy", kind, steps, COPY_LENGTHS, probe="abcdefgh", seed=seed)
            for _ in run:
                pass
            rows[name].append(accuracy_by_length(run.model, "copy", lengths))
    found = {
        name: torch.tensor(values, dtype=torch.double) for name, values in rows.items()
    }  # (seeds, lengths)
    numbers: dict[str, float | int] = {"seeds": seeds, "steps": steps}
    for name, values in found.items():
        for k, length in enumerate(lengths):
            numbers[f"{name}_{length}_letters"] = values[:, k].mean().item()
    gap = found["attention"] - found["fixed"]
    numbers["margin"] = margin(gap[:, -2:].mean(1) - gap[:, :2].mean(1))
    says = "on letters to copy, the network with one fixed vector loses more with length than the one that attends"
    return result("C15", says, numbers["margin"] > 0, numbers, "share of letters right by length")


def _spread(sentences: list[str], count: int) -> list[str]:
    """`count` of the sentences, evenly through their lengths."""
    ordered = sorted(sentences, key=lambda sentence: (len(sentence.split()), sentence))
    return ordered[:: max(1, len(ordered) // count)][:count]


def chrf_of(name: str, sentences: Sequence[str], size: int = 50) -> Tensor:
    """chrF (0 to 100) of each sentence's greedy translation by a shipped translator, against all its references."""
    from sacrebleu import sentence_chrf

    model, known, found = translator(name), references("test"), []
    for k in range(0, len(sentences), size):
        part = sentences[k : k + size]
        written = greedy(model.model, batch([model.tokenizer.encode(sentence) for sentence in part])).ids
        for sentence, ids in zip(part, written, strict=True):
            found.append(sentence_chrf(model.tokenizer.decode(ids), known[sentence]).score)
    return torch.tensor(found, dtype=torch.double)


def c16_work() -> dict:
    """C16: does the Transformer reach the attending RNN's quality with less work?

    Work: multiply-adds of one forward pass over a pair of 10 and 11 tokens, times the epochs, from the shipped training
    curves of the two translators of equal parameters (same pairs; chrF on the 400 validation sentences). Holds if the
    Transformer reaches the other's last chrF with fewer multiply-adds. CPU time is reported without a claim: the
    recurrent one must take 21 steps in a row for such a pair, the Transformer passes four layers. Vaswani et al. 2017.
    """
    names: tuple[Literal["transformer", "attention"], ...] = ("transformer", "attention")
    metrics = {name: training_log(name) for name in names}
    cost = {name: multiply_adds(translator(name).model, 10, 11) for name in names}
    wanted = metrics["attention"]["curve"][-1]["chrF"]
    reached = [row["epoch"] for row in metrics["transformer"]["curve"] if row["chrF"] >= wanted]
    numbers: dict[str, float | int] = {}
    for name, found in metrics.items():
        numbers[f"{name}_parameters"] = found["parameters"]
        numbers[f"{name}_epochs"] = found["epochs"]
        numbers[f"{name}_chrF"] = found["curve"][-1]["chrF"]
        numbers[f"{name}_test_chrF"] = found["test"]["chrF"]
        numbers[f"{name}_million_multiply_adds_a_pair"] = cost[name] / 1e6
        numbers[f"{name}_training_cpu_minutes"] = found["cpu seconds"] / 60
    if reached:
        numbers["transformer_epochs_to_reach_it"] = reached[0]
        work = reached[0] * cost["transformer"] / (metrics["attention"]["epochs"] * cost["attention"])
        numbers["work_to_reach_it_as_a_share"] = work
    says = "the Transformer reaches the attending RNN's quality in fewer multiply-adds"
    holds = bool(reached) and numbers["work_to_reach_it_as_a_share"] < 1
    return result("C16", says, holds, numbers, "chrF on 400 validation sentences, greedy")


def c16_order(steps: int = 600, seeds: int = 3, length: int = 8) -> dict:
    """C16: without positional encoding, is the order of words lost?

    Transformers trained alike to reverse 4 to 9 letters, with positional encoding and without. Holds if with it at
    least 95 % of `length` letters are right in every seed, and without it no more than knowing the letters but not
    their order allows, within 0.05. Vaswani et al. 2017, section 3.5.
    """
    check_whole("seeds", seeds, 1)
    right: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(seeds):
        for positions, found in right.items():
            run = train_toy("reverse", steps=steps, positions=positions, seed=seed)
            for _ in run:
                pass
            found += accuracy_by_length(run.model, "reverse", [length], 400)
    fresh = sequences(400, length, "reverse", torch.Generator().manual_seed(1))[0][:, :-1]
    bound = without_order(fresh)
    numbers: dict[str, float | int] = {
        "seeds": seeds,
        "steps": steps,
        "right": sum(right[True]) / seeds,
        "right_without_positions": sum(right[False]) / seeds,
        "best_without_order": bound,
    }
    holds = min(right[True]) >= KNOWS and max(right[False]) <= bound + SLACK
    says = "without positional encoding the order of words is lost"
    return result("C16", says, holds, numbers, f"share of {length} letters reversed rightly")


def multiply_adds(model: nn.Module, source: int, target: int) -> int:
    """Multiplications of one forward pass over a pair of `source` and `target` tokens, in matrix products.

    Layers of the same width at each position, attention's two products, the scores over the vocabulary; embeddings,
    norms and gates are left out, as is usual. Raises TypeError for another kind of network.

    >>> multiply_adds(Transformer(30, d=4, heads=1, layers=1, hidden=8), source=1, target=1)
    464
    """
    if isinstance(model, Transformer):
        vocabulary, e = model.embedding.weight.shape
        first: Any = model.encoder[0]
        hidden = first.feed_forward[0].out_features
        encoder = source * (4 * e * e + 2 * e * hidden) + 2 * source * source * e
        decoder = target * (6 * e * e + 2 * e * hidden) + 2 * source * e * e
        decoder += 2 * target * (target + source) * e
        return len(model.encoder) * encoder + len(model.decoder) * decoder + target * e * vocabulary
    if not isinstance(model, Seq2Seq):
        raise TypeError(complaint("model", "a Transformer or a Seq2Seq", type(model).__name__))
    vocabulary, e = model.embedding.weight.shape
    h, s = model.encoder.hidden_size, model.decoder.hidden_size
    total = source * 2 * 4 * h * (e + h) + 2 * h * s + target * 4 * s * (e + 2 * h + s)
    total += target * (s + 2 * h + e) * e + target * e * vocabulary
    if model.score is not None:
        linears = [part for part in model.score.modules() if isinstance(part, nn.Linear)]
        for linear in linears:
            times = {s: target, 2 * h: source}.get(linear.in_features, target * source)
            total += times * linear.in_features * linear.out_features
        if model.score.__class__.__name__ != "Additive":
            total += target * source * s
        total += target * source * 2 * h
    return total


def without_order(letters: Tensor) -> float:
    """The share of letters (B, L) right when the letters and those already written are known, but not their order.

    The best guess is always the letter of which most are left.

    >>> without_order(torch.tensor([[4, 5]]))
    0.75
    """
    kinds = nn.functional.one_hot(letters).double()  # (B, L, kinds)
    left = kinds.flip(1).cumsum(1).flip(1)  # how many of each kind are to come at each place
    return (left.amax(-1) / left.sum(-1)).mean().item()


def c25_scores(
    sizes: Sequence[int] = (4, 8, 16, 32, 64, 128, 256, 512), keys: int = 10, draws: int = 2000, seed: int = 0
) -> dict:
    """C25: which scores saturate the softmax as vectors grow?

    Query and `keys` keys of independent standard normal numbers: entropy of the softmax as a share of log n, mean over
    draws, for dot, scaled dot, and cosine without strength; and how much gradient passes, the mean of Σ w (1 - w).
    Holds if the dot's entropy falls with every doubling to below 0.2 at the largest d, the scaled dot's moves by less
    than 0.1 in all, the cosine's stays above 0.95. Luong et al. 2015; Graves et al. 2014; Vaswani et al. 2017.
    """
    check_whole("draws", draws, 1)
    numbers: dict[str, float | int] = {"keys": keys, "draws": draws}
    generator = torch.Generator().manual_seed(seed)
    found: dict[str, list[float]] = {"dot": [], "scaled_dot": [], "cosine": []}
    for d in sizes:
        query = torch.randn(draws, 1, d, generator=generator)
        others = torch.randn(draws, keys, d, generator=generator)
        dot = (query * others).sum(-1)  # (draws, keys)
        cosine = dot / (query.norm(dim=-1) * others.norm(dim=-1))
        for name, scores in (("dot", dot), ("scaled_dot", dot / math.sqrt(d)), ("cosine", cosine)):
            weights = scores.softmax(-1)
            found[name].append(torch.special.entr(weights).sum(-1).mean().item() / math.log(keys))
            if d in (sizes[0], sizes[len(sizes) // 2], sizes[-1]):
                numbers[f"{name}_entropy_d{d}"] = found[name][-1]
                numbers[f"{name}_gradient_d{d}"] = (weights * (1 - weights)).sum(-1).mean().item()
    falls = all(a > b for a, b in zip(found["dot"], found["dot"][1:], strict=False))
    steady = max(found["scaled_dot"]) - min(found["scaled_dot"])
    holds = falls and found["dot"][-1] < SATURATED and steady < STEADY and min(found["cosine"]) > FLAT
    says = "unscaled dot products saturate the softmax as vectors grow, scaled ones do not; cosines alone stay flat"
    return result(
        "C25", says, holds, numbers, "entropy as a share of log n; gradient: mean of the sum of w (1 - w)"
    )


def c25_qualities(steps: int = 500, seed: int = 0) -> dict:
    """C25: the qualities of the scores in one table: recurrent networks that copy 2 to 16 letters, one for each score.

    The same steps and seed; share of 16 letters right, and share of attention on the letter to be written. No bound is
    set, so `holds` is None. Where sizes differ, as here, the dot product projects the keys and is the general score.
    """
    check_whole("steps", steps, 1)
    numbers: dict[str, float | int] = {"steps": steps}
    for name in ("additive", "general", "dot", "scaled dot", "cosine", "cosine without strength"):
        right, aimed = _trained_score(name, steps, seed)
        key = name.replace(" ", "_")
        numbers |= {f"{key}_right": right, f"{key}_on_target": aimed}
    says = "trained alike, the scores copy alike; the cosine without its strength does not"
    return result(
        "C25", says, None, numbers, "share of 16 letters copied rightly, share of attention on that letter"
    )


def _trained_score(name: str, steps: int, seed: int) -> tuple[float, float]:
    kind = "cosine" if name.startswith("cosine") else name
    run = train_toy("copy", kind, steps, COPY_LENGTHS, probe="abcdefgh", seed=seed)
    if name == "cosine without strength":
        score: Any = run.model.score
        score.fixed = 1.0
    for _ in run:
        pass
    attention = run.attention()
    found = 0.0 if attention is None else on_target(attention, "copy")
    return accuracy_by_length(run.model, "copy", [16])[0], found


def c30_implicit(sentences: int = 200, seed: int = 0) -> dict:
    """C30: do input gradients agree with attention weights?

    Held-out sentences of 5 to 15 English words, translated greedily by the attending recurrent translator. Per
    sentence the correlation, over all entries, of its gradients (as shares of each row) with its own attention weights.
    Baseline: the same weights with the written words exchanged at random, so that only what belongs to one word counts.
    And the gradients of the translator without attention, for the same words written, against the same weights. Holds
    if the first exceeds both, over the sentences. Kalchbrenner et al. 2016.
    """
    check_whole("sentences", sentences, 2)
    attending, fixed = translator("attention"), translator("fixed")
    generator = torch.Generator().manual_seed(seed)
    fitting = [sentence for sentence in references("test") if 5 <= len(sentence.split()) <= 15]
    rows = []
    for sentence in _spread(fitting, sentences):
        found = attending.translate(sentence, as_typed=True)
        weights, pair = found.alignment(), (found.source_ids, found.target_ids)
        own = gradient_shares(attending.model, *pair)
        other = gradient_shares(fixed.model, *pair)
        exchanged = weights[torch.randperm(len(weights), generator=generator)]
        rows.append([correlation(own, weights), correlation(own, exchanged), correlation(other, weights)])
    own, permuted, without = torch.tensor(rows, dtype=torch.double).unbind(1)
    numbers: dict[str, float | int] = {
        "sentences": len(rows),
        "correlation": own.mean().item(),
        "correlation_words_exchanged": permuted.mean().item(),
        "correlation_without_attention": without.mean().item(),
        "margin_over_exchanged": margin(own - permuted),
        "margin_over_without_attention": margin(own - without),
    }
    holds = min(numbers["margin_over_exchanged"], numbers["margin_over_without_attention"]) > 0
    says = "input gradients agree with the attention weights, less so for the model without attention"
    return result(
        "C30", says, holds, numbers, "correlation of gradient shares with attention weights, per sentence"
    )


def gradient_shares(model: nn.Module, source: Sequence[int], target: Sequence[int]) -> Tensor:
    """`implicit_attention` (T, S) with rows that sum to one."""
    found = implicit_attention(model, source, target)
    return found / found.sum(-1, keepdim=True).clamp_min(1e-12)


def correlation(a: Tensor, b: Tensor) -> float:
    """Pearson's correlation of all entries of two tensors of one shape; 0 where one of them is constant."""
    both = torch.stack([a.flatten(), b.flatten()]).double()
    both = both - both.mean(1, keepdim=True)
    size = both.norm(dim=1).prod()
    return ((both[0] * both[1]).sum() / size).item() if size > 0 else 0.0
