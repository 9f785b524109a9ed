"""Pretrain the encoder of part 7 on hidden words: data/masked_words.safetensors.

    python scripts/train_masked_words.py

It reads the English side of the 40,000 shipped training pairs, without a label. The shipped weights are the last ones;
the metrics are of hidden tokens in the 400 validation sentences. A run that is stopped goes on from its last epoch
(`--state FILE`).
"""

import argparse
import time
from pathlib import Path

import torch
from torch import nn
from training import rounded, save, save_state

from lecturelib.attention.pretraining import SHARE, Encoder, masked_word_loss
from lecturelib.attention.sentence_pairs import pairs
from lecturelib.attention.tokenizer import batch, shipped_tokenizer

SEED, EPOCHS, BATCH, PEAK, WARMUP = 0, 30, 128, 2e-3, 500


def batches(sentences: list[list[int]], generator: torch.Generator):
    """Sentences of similar length together, in random order."""
    noise = torch.rand(len(sentences), generator=generator).tolist()
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]) + noise[i])
    groups = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    for k in torch.randperm(len(groups), generator=generator).tolist():
        yield batch([sentences[i] for i in groups[k]])


@torch.no_grad()
def judge(encoder: Encoder, sentences: list[list[int]]) -> tuple[float, float]:
    """Loss in nats and accuracy on hidden tokens, always the same ones."""
    encoder.eval()
    generator = torch.Generator().manual_seed(SEED)
    found = [masked_word_loss(encoder, batch(sentences), generator) for _ in range(5)]
    encoder.train()
    return sum(loss.item() for loss, _ in found) / 5, sum(right for _, right in found) / 5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--state", type=Path, help="where a run is kept between epochs")
    options = parser.parse_args()
    torch.manual_seed(SEED)
    encoder = Encoder(len(shipped_tokenizer())).train()
    sentences = [shipped_tokenizer().encode(english) for english, _ in pairs("train")]
    held_out = [
        shipped_tokenizer().encode(english)
        for english in dict.fromkeys(english for english, _ in pairs("valid"))
    ]
    steps = options.epochs * -(-len(sentences) // BATCH)
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=PEAK, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK, total_steps=steps, pct_start=WARMUP / steps
    )
    first, curve, seconds = 0, [], 0.0
    if options.state and options.state.exists():
        kept = torch.load(options.state)
        encoder.load_state_dict(kept["encoder"])
        optimizer.load_state_dict(kept["optimizer"])
        schedule.load_state_dict(kept["schedule"])
        first, curve, seconds = kept["epoch"], kept["curve"], kept["seconds"]
    for epoch in range(first, options.epochs):
        generator = torch.Generator().manual_seed(SEED + epoch)
        torch.manual_seed(SEED + epoch)
        start, total, seen = time.process_time(), 0.0, 0
        for tokens in batches(sentences, generator):
            loss, _ = masked_word_loss(encoder, tokens, generator)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total, seen = total + loss.item(), seen + 1
        seconds += time.process_time() - start
        held, right = judge(encoder, held_out)
        curve.append({"loss": round(total / seen, 3), "held out": round(held, 3), "right": round(right, 3)})
        print(epoch + 1, curve[-1], f"{seconds:.0f} CPU s", flush=True)
        if options.state:
            kept = {"encoder": encoder.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch + 1}
            save_state(
                kept | {"schedule": schedule.state_dict(), "curve": curve, "seconds": seconds}, options.state
            )
    held, right = judge(rounded(encoder), held_out)
    metrics = {
        "loss_on_hidden_tokens_of_400_sentences_in_nats": round(held, 3),
        "hidden_tokens_guessed_rightly": round(right, 3),
        "seed": SEED,
        "epochs": options.epochs,
        "training_cpu_seconds": round(seconds),
    }
    card = f"""# masked_words

The weights of `lecturelib.attention.pretraining.load()`: a small encoder (two layers, 96 features, four heads) that has
learned from English text alone to predict hidden tokens.

* How made: `python scripts/train_masked_words.py`: {SHARE:.0%} of the tokens are to be guessed, of these 8 in 10 are
  hidden, 1 in 10 replaced; AdamW, batch {BATCH}, learning rate up to {PEAK} after {WARMUP} steps, then down along half
  a cosine.
* Text: the English side of the 40,000 shipped training pairs (see tatoeba.md), no labels.
* License: that of this project; learned from Tatoeba (see tatoeba.md).
"""
    save("masked_words", encoder.state_dict(), metrics, card, {"curve": curve})


if __name__ == "__main__":
    main()
