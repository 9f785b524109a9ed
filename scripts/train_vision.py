"""Train a tiny Vision Transformer and its convolutional twin on clothes: data/vision_transformer.safetensors.

    python scripts/train_vision.py --state FOLDER

Both on the 10,000 shipped training images, with the same batches, optimizer and number of steps, in one thread, one
seed each. The shipped weights are the last ones. A run that is stopped goes on from its last epoch.
"""

import argparse
import math
import time
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from training import rounded, save, save_state, shift, shuffled

from lecturelib import datasets
from lecturelib.attention.vision_transformer import KINDS, NAME, build, image_multiply_adds

SEED, EPOCHS, BATCH, PEAK, WEIGHT_DECAY, SHIFT, WARMUP = 0, 20, 100, 2e-3, 0.05, 2, 2


def right(network: torch.nn.Module, images: Tensor, labels: Tensor) -> float:
    """Share of images whose largest logit is their label, in eval mode."""
    network.eval()
    with torch.inference_mode():
        guesses = torch.cat([network(part)[0].argmax(1) for part in images.split(250)])
    return (guesses == labels).float().mean().item()


def rate(epoch: float, epochs: int) -> float:
    """The learning rate as a share of its peak: up over WARMUP epochs, then down along half a cosine."""
    if epoch < WARMUP:
        return (epoch + 1e-3) / WARMUP
    return 0.5 * (1 + math.cos(math.pi * (epoch - WARMUP) / (epochs - WARMUP)))


def run(kind: str, epochs: int, state: Path | None) -> dict:
    """Train one network, or go on; returns its weights, accuracies, CPU seconds and curve."""
    images, labels = datasets.clothes("train")
    held_out, answers = datasets.clothes("test")
    torch.manual_seed(SEED)
    network = build(kind)
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK, weight_decay=WEIGHT_DECAY)
    batches, steps = shuffled(images, labels, BATCH, SEED, lambda batch, g: shift(batch, SHIFT, g, flip=True))
    first, curve, seconds = 0, [], 0.0
    file = state / f"{NAME}_{kind}.pt" if state else None
    if file and file.exists():
        kept = torch.load(file)
        network.load_state_dict(kept["model"])
        optimizer.load_state_dict(kept["optimizer"])
        first, curve, seconds = kept["epoch"], kept["curve"], kept["seconds"]
    for epoch in range(first, epochs):
        torch.manual_seed(SEED + epoch)
        network.train()
        start, total = time.process_time(), 0.0
        for step, (x, y) in enumerate(batches(epoch)):
            optimizer.param_groups[0]["lr"] = PEAK * rate(epoch + step / steps, epochs)
            loss = F.cross_entropy(network(x)[0], y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        seconds += time.process_time() - start
        curve.append({"loss": round(total / steps, 4)})
        print(kind, epoch + 1, curve[-1], f"{seconds:.0f} CPU s", flush=True)
        if file:
            kept = {"model": network.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch + 1}
            save_state(kept | {"curve": curve, "seconds": seconds}, file)
    rounded(network)
    found = {"held_out": right(network, held_out, answers), "train": right(network, images, labels)}
    return found | {"weights": network.state_dict(), "seconds": seconds, "curve": curve}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--state", type=Path, help="the folder in which a run is kept between epochs")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.state:
        options.state.mkdir(parents=True, exist_ok=True)
    tensors, metrics, curves = {}, {}, {}
    for kind in KINDS:
        found = run(kind, options.epochs, options.state)
        tensors |= {f"{kind}.{key}": value for key, value in found["weights"].items()}
        metrics |= {
            f"{kind}_parameters": sum(p.numel() for p in build(kind).parameters()),
            f"{kind}_multiply_adds_of_an_image": image_multiply_adds(build(kind)),
            f"{kind}_accuracy_on_2000_test_images": round(found["held_out"], 4),
            f"{kind}_accuracy_on_the_training_images": round(found["train"], 4),
            f"{kind}_training_cpu_seconds": round(found["seconds"]),
        }
        curves[f"{kind}_curve"] = found["curve"]
    metrics |= {"seed": SEED, "epochs": options.epochs}
    card = f"""# vision_transformer

The weights of `lecturelib.attention.load_vision(kind)`: a Vision Transformer of clothes (49 patches of 4 x 4 pixels and
[CLS], 48 features, three layers of four heads, LayerNorm first) and a convolutional twin of about equal multiply-adds,
trained by us from random weights, one seed each.

* How made: `python scripts/train_vision.py --state FOLDER`, in one thread: AdamW, batches of {BATCH}, learning rate
  {PEAK}, risen over {WARMUP} epochs, down to 0 along half a cosine, weight decay {WEIGHT_DECAY}, images shifted by up
  to {SHIFT} pixels and mirrored, dropout 0.1 in the Transformer; the 10,000 shipped training images, the same batches
  for both. Nothing was chosen by the test images.
* Input: pixels in [0, 1]. The names in the file are kind and the layer's.
* License: that of this project; trained on Fashion-MNIST (see fashion_mnist.md).
"""
    save(NAME, tensors, metrics, card, curves)


if __name__ == "__main__":
    main()
