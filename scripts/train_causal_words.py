"""Train the causal language model of part 7: data/causal_words.safetensors.

    python scripts/train_causal_words.py --state FOLDER

It reads both sides of the 40,000 shipped training pairs as single sentences, English and French mixed, with the
translators' tokens, in one thread. The shipped weights are the last ones. Perplexities are of the 400 validation and
1,400 test sentences; French sentences that also stand in training are left out. A run that is stopped goes on from its
last epoch.
"""

import argparse
import time
from pathlib import Path

import torch
from torch import nn
from training import rounded, save, save_state

from lecturelib.attention.causal_language_model import (
    NAME,
    CausalLanguageModel,
    next_token_loss,
    perplexity,
)
from lecturelib.attention.ngram_model import KneserNey
from lecturelib.attention.sentence_pairs import Split, pairs, plain
from lecturelib.attention.tokenizer import LONGEST, UNKNOWN, batch, shipped_tokenizer

SEED, EPOCHS, TOKENS, PEAK = 0, 7, 512, 2e-3
WARMUP, COOL_DOWN = 0.2, 4.0  # epochs in which the learning rate rises, and in which it falls
SIDES = ("english", "french")


def encoded(sentences: list[str]) -> list[list[int]]:
    """Token ids of the sentences that fit, END last, without those with unknown signs."""
    known = shipped_tokenizer()
    found = [known.backend.encode(sentence).ids for sentence in sentences]
    return [[*ids, 2] for ids in found if 0 < len(ids) < LONGEST - 1 and UNKNOWN not in ids]


def sentences(split: Split) -> dict[str, list[list[int]]]:
    """The different sentences of a split by language; none of a held-out one also stands in training."""
    found = {}
    for side, name in enumerate(SIDES):
        own = list(dict.fromkeys(pair[side] for pair in pairs(split)))
        if split != "train":
            trained = {plain(pair[side]) for pair in pairs("train")}
            own = [sentence for sentence in own if plain(sentence) not in trained]
        found[name] = encoded(own)
    return found


def batches(rows: list[list[int]], generator: torch.Generator):
    """Sentences of similar length together, about TOKENS of them in a batch, in random order."""
    noise = torch.rand(len(rows), generator=generator).tolist()
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]) + noise[i])
    groups, group = [], []
    for i in order:
        if (len(group) + 1) * (len(rows[i]) + 1) > TOKENS:
            groups.append(group)
            group = []
        group.append(i)
    groups.append(group)
    for k in torch.randperm(len(groups), generator=generator).tolist():
        yield batch([rows[i] for i in groups[k]], start=True)


def rate(epoch: float, epochs: int) -> float:
    """The learning rate as a share of its peak: up, constant, and down to 0 at the end."""
    return min(1.0, (epoch + 1e-3) / WARMUP, (epochs - epoch) / COOL_DOWN)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--state", type=Path, help="the folder in which a run is kept between epochs")
    parser.add_argument("--dropout", type=float, default=0.0, help="0.2 was tried, too: see part 7c")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    train, valid, test = (sentences(split) for split in ("train", "valid", "test"))
    rows, held_out = train["english"] + train["french"], valid["english"] + valid["french"]
    vocabulary = len(shipped_tokenizer())
    model = CausalLanguageModel(vocabulary, dropout=options.dropout).train()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=PEAK, betas=(0.9, 0.98), weight_decay=0.01, fused=True
    )
    first, curve, seconds = 0, [], 0.0
    state = options.state / f"{NAME}.pt" if options.state else None
    if options.state:
        options.state.mkdir(parents=True, exist_ok=True)
    if state and state.exists():
        kept = torch.load(state)
        model.load_state_dict(kept["model"])
        optimizer.load_state_dict(kept["optimizer"])
        first, curve, seconds = kept["epoch"], kept["curve"], kept["seconds"]
    for epoch in range(first, options.epochs):
        generator = torch.Generator().manual_seed(SEED + epoch)
        torch.manual_seed(SEED + epoch)
        start, total, seen = time.process_time(), 0.0, 0
        shuffled = list(batches(rows, generator))
        for k, tokens in enumerate(shuffled):
            optimizer.param_groups[0]["lr"] = PEAK * rate(epoch + k / len(shuffled), options.epochs)
            with torch.autocast("cpu", torch.bfloat16):
                loss, count = next_token_loss(model, tokens)
            optimizer.zero_grad()
            (loss / count).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total, seen = total + loss.item(), seen + count
        seconds += time.process_time() - start
        curve.append({"loss": round(total / seen, 3), "perplexity": round(perplexity(model, held_out), 2)})
        print(epoch + 1, curve[-1], f"{seconds:.0f} CPU s", flush=True)
        if state:
            kept = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch + 1}
            save_state(kept | {"curve": curve, "seconds": seconds}, state)
    model = rounded(model)
    counted = KneserNey(rows, vocabulary, order=3)
    metrics: dict = {}
    for name in SIDES:
        apart = KneserNey(train[name], vocabulary, order=3)
        metrics |= {
            f"{name}_test_sentences": len(test[name]),
            f"{name}_perplexity": round(perplexity(model, test[name]), 2),
            f"{name}_perplexity_on_every_40th_training_sentence": round(
                perplexity(model, train[name][::40]), 2
            ),
            f"{name}_perplexity_of_a_3-gram_model": round(counted.perplexity(test[name]), 2),
            f"{name}_perplexity_of_a_3-gram_model_of_{name}_alone": round(apart.perplexity(test[name]), 2),
        }
    metrics |= {"seed": SEED, "epochs": options.epochs, "training_cpu_seconds": round(seconds)}
    dropout = f"dropout {options.dropout}" if options.dropout else "no dropout"
    card = f"""# {NAME}

The weights of `lecturelib.attention.load_causal_words()`: a causal (decoder-only) language model, two layers of four
heads, 128 features, sinusoidal positional encoding, LayerNorm first, one embedding for input and output.

* How made: `python scripts/train_causal_words.py --state FOLDER`, in one thread: AdamW, batches of about {TOKENS}
  tokens, learning rate {PEAK}, risen over {WARMUP} epochs, down to 0 over the last {COOL_DOWN}, bfloat16, {dropout}.
* Text: both sides of the 40,000 shipped training pairs as single sentences ({len(train["english"]):,} English and
  {len(train["french"]):,} French ones, see tatoeba.md), without any sign of the language.
* The 3-gram model beside it: interpolated Kneser-Ney (`lecturelib.attention.KneserNey`) on the same sentences and
  tokens, and on those of one language alone. Perplexities are of a token, END included.
* License: that of this project; learned from Tatoeba (see tatoeba.md).
"""
    save(NAME, model.state_dict(), metrics, card, {"curve": curve})


if __name__ == "__main__":
    main()
