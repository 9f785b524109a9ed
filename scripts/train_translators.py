"""Train the three translators of part 7, English to French, at equal parameters.

    python scripts/train_translators.py tokenizer ALL         data/translator_tokenizer.json (once, first)
    python scripts/train_translators.py transformer ALL
    python scripts/train_translators.py attention ALL
    python scripts/train_translators.py fixed ALL

ALL is the file that `make_tatoeba.py --all` writes: every pair whose English side is not held out. `fixed` reads the
whole sentence into one vector, `attention` adds attention with the additive score, `transformer` is attention only.
`--score NAME` trains `attention` with another score. A stopped run goes on from its last epoch (`--state FILE`).
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

import sacrebleu
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from training import save_state

from lecturelib.assets.shipped import write_checksums
from lecturelib.attention.decoding import greedy
from lecturelib.attention.sentence_pairs import reference_columns, references
from lecturelib.attention.tokenizer import LONGEST, PAD, SPECIAL, Tokenizer, batch
from lecturelib.attention.translators import build
from lecturelib.files import write_whole

DATA = Path(__file__).resolve().parent.parent / "data"
VOCABULARY, SEED = 6000, 7
BATCH, EPOCHS, SMOOTHING = 160, 8, 0.1
RECIPES = {
    "transformer": {"peak": 2e-3, "warmup": 2000},
    "attention": {"peak": 2e-3, "warmup": 1000},
    "fixed": {"peak": 2e-3, "warmup": 1000},
}


def train_tokenizer(rows: list[tuple[str, str]]) -> None:
    """Learn the byte-pair encoding from both languages and write data/translator_tokenizer.json."""
    from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, trainers
    from tokenizers import Tokenizer as Backend

    tokenizer = Backend(models.BPE(unk_token=SPECIAL[3]))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always"),
            pre_tokenizers.Split("'", "merged_with_previous"),  # l' ami, don' t
            pre_tokenizers.Split(Regex(r"[^\w'▁]"), "isolated"),  # signs are tokens of their own
            pre_tokenizers.Digits(individual_digits=True),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=list(SPECIAL), min_frequency=2, show_progress=False
    )
    tokenizer.train_from_iterator((text for row in rows for text in row), trainer)
    tokenizer.save(str(DATA / "translator_tokenizer.json"), pretty=False)


def batches(pairs: list[tuple[list[int], list[int]]], generator: torch.Generator):
    """Sentences of similar length together, in random order: (source, target with START, what should follow)."""
    noise = torch.rand(len(pairs), generator=generator).tolist()
    order = sorted(
        range(len(pairs)), key=lambda i: (len(pairs[i][0]), len(pairs[i][1]) + 2 * noise[i], noise[i])
    )
    groups = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    for k in torch.randperm(len(groups), generator=generator).tolist():
        chosen = [pairs[i] for i in groups[k]]
        target = batch([french for _, french in chosen], start=True)  # (B, T + 1)
        yield batch([english for english, _ in chosen]), target[:, :-1], target[:, 1:]


def loss_of(model: nn.Module, source: Tensor, target: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        scores, _ = model(source, target)
    return F.cross_entropy(
        scores.float().flatten(0, 1), wanted.flatten(), ignore_index=PAD, label_smoothing=smoothing
    )


@torch.no_grad()
def judge(model: nn.Module, tokenizer: Tokenizer, split: str) -> dict[str, float]:
    """chrF and BLEU of greedy translations against all references of a split."""
    model.eval()
    known = references(split)
    sentences = list(known)
    written = []
    for i in range(0, len(sentences), 100):
        source = batch([tokenizer.encode(sentence) for sentence in sentences[i : i + 100]])
        written += [tokenizer.decode(ids) for ids in greedy(model, source).ids]
    columns = reference_columns(sentences, known)
    return {
        "chrF": round(sacrebleu.corpus_chrf(written, columns).score, 2),
        "BLEU": round(sacrebleu.corpus_bleu(written, columns).score, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["tokenizer", *RECIPES])
    parser.add_argument("all", type=Path)
    parser.add_argument("--score", default="additive")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--state", type=Path, help="where a run is kept between epochs")
    parser.add_argument("--name", help="the checkpoint's name in data/, translator_WHAT if not given")
    options = parser.parse_args()
    rows = [tuple(line.split("\t")[1:3]) for line in options.all.read_text(encoding="utf-8").splitlines()]
    if options.what == "tokenizer":
        train_tokenizer(rows)
    else:
        train_model(rows, options)


def train_model(rows: list[tuple[str, str]], options) -> None:
    """Train one translator, epoch by epoch, and write it to data/."""
    torch.manual_seed(SEED)
    tokenizer = Tokenizer(DATA / "translator_tokenizer.json")
    model = build(options.what, len(tokenizer), options.score)
    encoded = []
    for english, french in rows:
        ids = [tokenizer.backend.encode(text).ids + [2] for text in (english, french)]
        if max(map(len, ids)) <= LONGEST:
            encoded.append(tuple(ids))
    recipe = RECIPES[options.what]
    steps = options.epochs * -(-len(encoded) // BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe["peak"], betas=(0.9, 0.98), weight_decay=0.01)

    def rate(step: int) -> float:  # linear warm-up, then down to 0 along half a cosine
        if step < recipe["warmup"]:
            return (step + 1) / recipe["warmup"]
        done = (step - recipe["warmup"]) / (steps - recipe["warmup"])
        return 0.5 * (1 + torch.cos(torch.tensor(done * torch.pi)).item())

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    first, curve, seconds = 0, [], 0.0
    if options.state and options.state.exists():
        kept = torch.load(options.state, weights_only=True)
        model.load_state_dict(kept["model"])
        optimizer.load_state_dict(kept["optimizer"])
        schedule.load_state_dict(kept["schedule"])
        first, curve, seconds = kept["epoch"], kept["curve"], kept["seconds"]
    for epoch in range(first, options.epochs):
        generator = torch.Generator().manual_seed(SEED + epoch)
        torch.manual_seed(SEED + epoch)
        model.train()
        start, total, seen = time.process_time(), 0.0, 0
        for k, (source, target, wanted) in enumerate(batches(encoded, generator)):
            loss = loss_of(model, source, target, wanted, SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total, seen = total + loss.item(), seen + 1
            if k % 200 == 0:
                print(f"  {epoch} {k} {total / seen:.3f} {time.process_time() - start:.0f} s", flush=True)
        seconds += time.process_time() - start
        curve.append({"epoch": epoch + 1, "loss": round(total / seen, 4), **judge(model, tokenizer, "valid")})
        print(json.dumps(curve[-1]), f"{seconds:.0f} s", flush=True)
        if options.state:
            kept = {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "epoch": epoch + 1,
                "curve": curve,
                "seconds": seconds,
            }
            save_state(kept, options.state)
    save(
        options.name or f"translator_{options.what}", model, tokenizer, curve, seconds, len(encoded), options
    )


def save(
    name: str, model: nn.Module, tokenizer: Tokenizer, curve: list, seconds: float, count: int, options
) -> None:
    """Write the checkpoint in float16 and its metrics, measured on the weights as they are shipped."""
    weights = {key: value.half().contiguous() for key, value in model.state_dict().items()}
    save_file(weights, DATA / f"{name}.safetensors")
    model.load_state_dict({key: value.float() for key, value in weights.items()}, strict=False)
    metrics = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "pairs": count,
        "epochs": options.epochs,
        "seed": SEED,
        "cpu seconds": round(seconds),
        "test": judge(model, tokenizer, "test"),
        "curve": curve,
        "sha256": hashlib.sha256((DATA / f"{name}.safetensors").read_bytes()).hexdigest(),
    }
    write_whole(DATA / f"{name}.json", json.dumps(metrics, indent=1) + "\n")
    write_checksums()
    print(json.dumps(metrics["test"]))


if __name__ == "__main__":
    main()
