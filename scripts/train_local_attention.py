"""Train the classifiers of clothes with local attention and with convolutions: data/local_attention.safetensors.

    python scripts/train_local_attention.py

Each kind on the 10,000 shipped training images, with the same batches, recipe and number of steps. A run
that is stopped goes on from its last network (`--state FILE`).
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn
from training import rounded, save, save_state, shift, shuffled, train

from lecturelib import datasets
from lecturelib.attention.local_layer import KINDS, SEEDS, ClothesNet

EPOCHS, BATCH, LR, WEIGHT_DECAY, SHIFT = 4, 32, 0.05, 5e-4, 1


class Logits(nn.Module):
    """The network without its weights of attention, as the training loop wants it."""

    def __init__(self, network: ClothesNet):
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return self.network(images)[0]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--state", type=Path, help="where finished networks are kept")
    parser.add_argument(
        "--kind", choices=KINDS, help="train this kind alone; what is there is written at the end"
    )
    options = parser.parse_args()
    images, labels = datasets.clothes("train")
    held_out, answers = datasets.clothes("test")
    kept = torch.load(options.state) if options.state and options.state.exists() else {}
    for seed in range(SEEDS):
        for kind in KINDS:
            if f"{kind}{seed}" in kept or options.kind not in (None, kind):
                continue
            torch.manual_seed(seed)
            network = ClothesNet(kind)
            batches, steps = shuffled(
                images, labels, BATCH, seed, lambda batch, g: shift(batch, SHIFT, g, flip=True)
            )
            seconds = train(Logits(network), batches, EPOCHS, steps, LR, WEIGHT_DECAY)
            rounded(network).eval()
            with torch.inference_mode():
                guesses = torch.cat([network(part)[0].argmax(1) for part in held_out.split(250)])
            accuracy = (guesses == answers).float().mean().item()
            kept = torch.load(options.state) if options.state and options.state.exists() else kept
            kept[f"{kind}{seed}"] = {
                "weights": network.state_dict(),
                "accuracy": accuracy,
                "seconds": seconds,
            }
            print(kind, seed, f"accuracy {accuracy:.4f}, {seconds:.0f} CPU s", flush=True)
            if options.state:
                save_state(kept, options.state)
    if len(kept) == SEEDS * len(KINDS):
        write(kept)


def write(kept: dict) -> None:
    """The checkpoint of all networks, its metrics and its card."""
    tensors, metrics = {}, {}
    for kind in KINDS:
        runs = [kept[f"{kind}{seed}"] for seed in range(SEEDS)]
        for seed, run in enumerate(runs):
            tensors |= {f"{kind}{seed}.{key}": value for key, value in run["weights"].items()}
        metrics[f"{kind}_parameters"] = sum(p.numel() for p in ClothesNet(kind).parameters())
        metrics[f"{kind}_accuracy_on_2000_test_images"] = [round(run["accuracy"], 4) for run in runs]
        metrics[f"{kind}_training_cpu_seconds"] = [round(run["seconds"]) for run in runs]
    metrics |= {"seeds": SEEDS, "epochs": EPOCHS}
    card = f"""# local_attention

The weights of `lecturelib.attention.local_layer.load(kind, seed)`: small classifiers of clothes, with windows of
attention (5 x 5, two heads) in place of convolutions or with convolutions of 3 x 3, trained by us from random weights.

* How made: `python scripts/train_local_attention.py`: SGD with Nesterov momentum 0.9, batch {BATCH}, one-cycle learning
  rate up to {LR}, weight decay {WEIGHT_DECAY}, images shifted by up to {SHIFT} pixel and mirrored; the 10,000 shipped
  training images, the same batches for both kinds.
* Input: pixels in [0, 1]. The names in the file are kind, seed, and the layer's.
* License: that of this project; trained on Fashion-MNIST (see fashion_mnist.md).
"""
    save("local_attention", tensors, metrics, card)


if __name__ == "__main__":
    main()
