"""Claim C28 of the course, measured: one word in two senses, layer by layer of a real encoder."""

import torch
from torch import Tensor
from torch.nn import functional as F

from lecturelib.attention import minilm
from lecturelib.lesson.claims import margin, result

# Written for this claim: per word two senses, per sense sentences in which the word stands at different places.
SENSES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "bank": (
        (
            "The bank raised its interest rates last week.",
            "She opened a savings account at the bank on Monday.",
            "He asked the bank for a loan to buy a flat.",
            "My salary is paid into a bank every month.",
        ),
        (
            "We sat on the bank and watched the water flow by.",
            "The bank was muddy after the flood.",
            "A heron stood on the far bank of the stream.",
            "They tied the boat to a tree on the bank.",
        ),
    ),
    "light": (
        (
            "The light of the lamp fell on the page.",
            "Please switch off the light before you sleep.",
            "A bright light shone through the curtains.",
            "Plants need light to grow.",
        ),
        (
            "The suitcase is light enough to carry with one hand.",
            "Feathers are light and soft.",
            "I chose a light tent because we walk all day.",
            "Her new bicycle is very light.",
        ),
    ),
    "bat": (
        (
            "A bat flew out of the cave at dusk.",
            "The bat hangs upside down while it sleeps.",
            "Unlike a bird, a bat has fur and gives milk.",
            "We heard a bat hunting moths in the garden.",
        ),
        (
            "He swung the bat and missed the ball.",
            "The player broke his bat on the first pitch.",
            "She bought a wooden bat for the baseball season.",
            "Hold the bat with both hands.",
        ),
    ),
    "spring": (
        (
            "In spring the trees turn green again.",
            "The birds come back every spring.",
            "Last spring was warm and dry.",
            "We plant tomatoes late in spring.",
        ),
        (
            "The spring inside the mattress is broken.",
            "A steel spring pushes the valve shut.",
            "He stretched the spring until it lost its shape.",
            "The clock stopped because its spring had snapped.",
        ),
    ),
    "match": (
        (
            "He lit the candle with a match.",
            "The match went out in the wind.",
            "Strike a match and hold it to the paper.",
            "One wet match was left in the box.",
        ),
        (
            "Our team won the match by two goals.",
            "The match was cancelled because of rain.",
            "She played a tennis match on Sunday.",
            "Thousands of fans watched the final match.",
        ),
    ),
    "bark": (
        (
            "The bark of the oak is rough and thick.",
            "Beetles live under the bark of old trees.",
            "She peeled the bark from a birch twig.",
            "Deer eat bark in hard winters.",
        ),
        (
            "The bark of the dog woke the neighbors.",
            "His bark is loud but he never bites.",
            "We heard a bark behind the fence.",
            "The puppy gave one short bark and wagged its tail.",
        ),
    ),
    "palm": (
        (
            "A palm grew beside the white beach.",
            "Coconuts fell from the tall palm.",
            "The storm bent every palm on the island.",
            "They rested in the shade of a palm.",
        ),
        (
            "She held the coin in her palm.",
            "His palm was sweating before the exam.",
            "The nurse looked at the cut on my palm.",
            "Put your palm flat on the table.",
        ),
    ),
    "seal": (
        (
            "The seal dived under the ice to catch fish.",
            "A young seal lay on the rocks and slept.",
            "Polar bears hunt the seal in winter.",
            "We saw a grey seal swim near the harbour.",
        ),
        (
            "The letter was closed with a red seal.",
            "The king pressed his seal into the wax.",
            "Do not buy the jar if the seal is broken.",
            "The contract bears the seal of the city.",
        ),
    ),
}
FLAT = 0.02  # cosine: what still counts as no separation


@torch.no_grad()
def c28_senses(words: int = len(SENSES)) -> dict:
    """C28: do the two senses of one word separate with depth in MiniLM, and not at the embedding?

    Hand-written sentences, four for each sense. Per word and layer: the mean cosine between the word's states in two
    sentences of one sense, minus that of two sentences of different senses; and the share of occurrences whose nearest
    other has the same sense (chance 3 / 7). Holds if the difference is within 0.02 at the embedding (word and position,
    no attention yet), and is larger after the last layer, over the words. The sentences of one sense also share topics:
    it is the context that separates, and that is the point. Cheng et al. 2016.
    """
    chosen = list(SENSES)[:words]
    gaps, nearest = zip(*(_apart(word) for word in chosen), strict=True)
    gap, near = torch.stack(gaps), torch.stack(nearest)  # (words, layers + 1)
    numbers: dict[str, float | int] = {
        "words": len(chosen),
        "sentences": sum(len(s) for w in chosen for s in SENSES[w]),
    }
    for layer in range(gap.shape[1]):
        numbers[f"layer_{layer}_difference"] = gap[:, layer].mean().item()
        numbers[f"layer_{layer}_nearest_same_sense"] = near[:, layer].mean().item()
    numbers["margin_last_over_embedding"] = margin(gap[:, -1] - gap[:, 0])
    flat = abs(gap[:, 0].mean().item()) < FLAT
    says = "the two senses of one word separate with depth in a real encoder, not at the embedding"
    note = "difference of cosines, one sense minus two; layer 0 is the embedding; chance of nearest 0.4286"
    return result("C28", says, flat and numbers["margin_last_over_embedding"] > 0, numbers, note)


def _apart(word: str) -> tuple[Tensor, Tensor]:
    """Per layer: cosine within a sense minus across, and the share whose nearest other is of the same sense."""
    states = torch.stack([state_of(word, sentence) for sense in SENSES[word] for sentence in sense])
    states = F.normalize(states.transpose(0, 1), dim=-1)  # (occurrences, layers + 1, d) -> (layers + 1, ...)
    cosine = states @ states.transpose(1, 2)  # (layers + 1, occurrences, occurrences)
    sense = torch.tensor([k for k, sentences in enumerate(SENSES[word]) for _ in sentences])
    same, self_ = sense[:, None] == sense[None], torch.eye(len(sense), dtype=torch.bool)
    gap = cosine[:, same & ~self_].mean(1) - cosine[:, ~same].mean(1)
    found = cosine.masked_fill(self_, -torch.inf).argmax(-1)  # (layers + 1, occurrences)
    return gap, (sense[found] == sense).float().mean(1)


def state_of(word: str, sentence: str) -> Tensor:
    """Hidden states of a word in a sentence, at the embedding and after each layer: (layers + 1, d).

    Raises `ValueError` where the sentence does not hold the word as one token.

    >>> from lecturelib.attention import state_of
    >>> state_of("bank", "The bank was muddy.").shape
    torch.Size([7, 384])
    """
    found = minilm.load().outputs(sentence)
    if word not in found.tokens:
        raise ValueError(f"{word!r} is not among the tokens of {sentence!r}: {' '.join(found.tokens)}")
    return found.states[:, found.tokens.index(word)]
