"""Claim C17 of the course, measured: an encoder that has read text without labels learns more from few labels."""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from lecturelib.attention.pretraining import STEPS, learn_from_labels
from lecturelib.attention.tense_labels import TENSES, Split, labeled
from lecturelib.attention.tokenizer import batch, shipped_tokenizer
from lecturelib.checks import check_name, check_whole
from lecturelib.lesson.claims import margin, result

METHODS = ("pretrained", "from_scratch", "words_alone")


def c17_pretraining(counts: Sequence[int] = (50, 150, 500), seeds: int = 4, steps: int = STEPS) -> dict:
    """C17: with few labels, does the pretrained encoder beat the same encoder from scratch?

    English sentences, with the tense of their French translation as the label (see `tense_labels`); `counts` labels in
    equal shares of the three, drawn anew for every seed from the training pairs. Measure: recall on the held-out test
    sentences, mean over the three tenses; chance is a third. Both learn with the same steps and rate. A
    baseline that is no network: logistic regression on which tokens occur. Holds if the pretrained one exceeds the
    other with every count, by twice the standard error over the seeds. Devlin et al. 2019.
    """
    check_whole("seeds", seeds, 1)
    numbers: dict[str, float | int] = {"seeds": seeds, "steps": steps, "test_sentences": len(_test()[1])}
    margins = []
    for count in counts:
        found = {
            name: [recall_from_labels(name, count, seed, steps) for seed in range(seeds)] for name in METHODS
        }
        for name, values in found.items():
            numbers[f"{name}_{count}"] = sum(values) / seeds
        pairs = zip(found["pretrained"], found["from_scratch"], strict=True)
        margins.append(margin([a - b for a, b in pairs]))
        numbers[f"margin_{count}"] = margins[-1]
    says = (
        "with 50 to 500 labels the encoder that has guessed hidden words beats the same encoder from scratch"
    )
    note = "recall, mean over three tenses; chance 0.3333; words_alone: logistic regression on which tokens occur"
    return result("C17", says, min(margins) > 0, numbers, note)


def recall_from_labels(method: str, count: int, seed: int = 0, steps: int = STEPS) -> float:
    """Mean recall of the three tenses on the held-out test sentences, after learning from `count` labels.

    method: "pretrained" or "from_scratch", an encoder fine-tuned for `steps` steps (`learn_from_labels`), or
    "words_alone", logistic regression on which tokens occur. `seed` draws the labeled sentences and the new weights.
    Raises `UnknownName` for another method, `ValueError` for no label of each tense. Devlin et al. 2019, section 3.2.

    >>> 0.2 < recall_from_labels("from_scratch", 6, steps=1) < 0.8
    True
    """
    check_name("method", method, METHODS, "method")
    check_whole("count", count, len(TENSES))
    sentences, labels = draw_labeled(count, seed)
    asked, answers = _test()
    if method == "words_alone":
        return _logistic(sentences, labels, asked, answers)
    model = learn_from_labels(sentences, labels, method == "pretrained", seed, steps)
    with torch.no_grad():
        guesses = torch.cat([model(tokens)[0].argmax(1) for tokens in asked])
    return mean_recall(guesses, answers)


def draw_labeled(count: int, seed: int, split: str = "train") -> tuple[list[list[int]], list[int]]:
    """Sample `count` sentences of token ids and their labels, as many of each tense as can be, in random order.

    >>> ids, labels = draw_labeled(6, seed=0)
    >>> sorted(labels)
    [0, 0, 1, 1, 2, 2]
    """
    rows = _labeled(split)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed)).tolist()
    share = [count // len(TENSES) + (k < count % len(TENSES)) for k in range(len(TENSES))]
    chosen = []
    for k in order:
        if share[rows[k][1]]:
            share[rows[k][1]] -= 1
            chosen.append(rows[k])
    return [shipped_tokenizer().encode(sentence) for sentence, _ in chosen], [label for _, label in chosen]


@lru_cache(maxsize=3)
def _labeled(split: Split) -> list[tuple[str, int]]:
    return labeled(split)


@lru_cache(maxsize=1)
def _test() -> tuple[list[Tensor], Tensor]:
    """The test sentences in batches (100, L) of similar length, and all their labels (N,)."""
    rows = sorted(
        ((shipped_tokenizer().encode(text), label) for text, label in _labeled("test")),
        key=lambda row: len(row[0]),
    )
    tokens = [batch([ids for ids, _ in rows[k : k + 100]]) for k in range(0, len(rows), 100)]
    return tokens, torch.tensor([label for _, label in rows])


def mean_recall(guesses: Tensor, answers: Tensor) -> float:
    """Mean recall: the share of each class that is recognized, mean over the classes; guesses (N,), answers (N,).

    >>> mean_recall(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]))
    0.75
    """
    return torch.stack([(guesses[answers == k] == k).float().mean() for k in answers.unique()]).mean().item()


def _logistic(sentences: list[list[int]], labels: list[int], asked: list[Tensor], answers: Tensor) -> float:
    from sklearn.linear_model import LogisticRegression

    width = len(shipped_tokenizer()) + 1
    known = _occurs(batch(sentences), width).numpy()
    asking = torch.cat([_occurs(tokens, width) for tokens in asked]).numpy()
    guesses = LogisticRegression(C=10.0, max_iter=200).fit(known, labels).predict(asking)
    return mean_recall(torch.from_numpy(guesses), answers)


def _occurs(tokens: Tensor, width: int) -> Tensor:
    """(B, L) -> (B, width), 1 where that token occurs."""
    return torch.zeros(len(tokens), width).scatter_(1, tokens, 1.0)
