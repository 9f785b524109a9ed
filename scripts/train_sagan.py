"""Train the generator of clothes with self-attention, data/clothes_sagan.safetensors; its critic has a block too.

    python scripts/train_sagan.py FOLDER

It sees all 60,000 official training images of Fashion-MNIST; sources.py says which package holds them. Kept are the
running mean of the generator's weights, with batch and spectral norms folded in, and the gate's way from 0.
"""

import argparse
import copy
import time
from pathlib import Path

import sources
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from train_gan import (
    BATCH,
    BETAS,
    LR,
    LR_CRITIC,
    MEAN_OVER,
    SEED,
    adversarial_step,
    novelty,
    statistics_anew,
)
from train_vae import judged
from training import pixels, rounded, save, shuffled

from lecturelib import models
from lecturelib.attention import sagan
from lecturelib.attention.sagan import AttentiveGenerator, SelfAttention2d
from lecturelib.models.generative import GAN_LATENT

EPOCHS, EVERY = 2, 25  # the gate is noted every so many steps


class Critic(nn.Module):
    """Images (B, 1, 28, 28) -> how real they look (B, 1): the critic of train_gan.py, attentive at 14 x 14."""

    def __init__(self):
        super().__init__()
        self.first = spectral_norm(nn.Conv2d(1, 48, 4, stride=2, padding=1))
        self.attention = SelfAttention2d(48, spectral=True)
        self.second = spectral_norm(nn.Conv2d(48, 96, 4, stride=2, padding=1))
        self.last = spectral_norm(nn.Linear(96 * 7 * 7, 1))

    def forward(self, images: Tensor) -> Tensor:
        x, _ = self.attention(F.leaky_relu(self.first(images), 0.1))
        return self.last(F.leaky_relu(self.second(x), 0.1).flatten(1))


def train(images: Tensor, epochs: int) -> tuple[AttentiveGenerator, Critic, list[float], float]:
    """The running mean of the generator, its critic, the gate every EVERY steps, and the CPU seconds it took."""
    torch.manual_seed(SEED)
    generator, critic = AttentiveGenerator(batch_norm=True, spectral=True), Critic()
    mean = copy.deepcopy(generator).requires_grad_(False)
    batches, _ = shuffled(
        images, torch.zeros(len(images)), BATCH, SEED, lambda batch, generator: batch.float() / 255
    )
    optimizer = torch.optim.Adam(generator.parameters(), lr=LR, betas=BETAS)
    critic_optimizer = torch.optim.Adam(critic.parameters(), lr=LR_CRITIC, betas=BETAS)
    chance = torch.Generator().manual_seed(SEED)
    start, gate, step = time.process_time(), [], 0
    for epoch in range(epochs):
        for real, _ in batches(epoch):
            z = torch.randn(BATCH, GAN_LATENT, generator=chance)
            loss, _ = adversarial_step(generator, critic, optimizer, critic_optimizer, real, z)
            with torch.no_grad():
                for kept, now in zip(mean.parameters(), generator.parameters(), strict=True):
                    kept.lerp_(now, 1 - MEAN_OVER)
                for kept, now in zip(mean.attention.buffers(), generator.attention.buffers(), strict=True):
                    kept.copy_(now)  # the singular vectors that the spectral norm follows
            if step % EVERY == 0:
                gate.append(round(generator.attention.gamma.item(), 4))
                seconds = time.process_time() - start
                print(
                    f"{epoch} {step} critic {loss.item():.3f}, gate {gate[-1]}, {seconds:.0f} s", flush=True
                )
            step += 1
    return sagan.fold(statistics_anew(mean)), critic, gate, time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, help="folder of Fashion-MNIST")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    images = pixels(sources.fashion_mnist(options.source)["train"][0])
    generator, critic, gate, seconds = train(images, options.epochs)
    rounded(generator)
    metrics = judged(generator, models.load("fashion_lenet")) | novelty(generator, images)
    metrics |= {"gate": round(generator.attention.gamma.item(), 4)}
    metrics |= {"gate_of_the_critic": round(critic.attention.gamma.item(), 4)}
    metrics |= {"seed": SEED, "epochs": options.epochs, "training_cpu_seconds": round(seconds)}
    card = f"""# clothes_sagan

The weights of `lecturelib.attention.sagan.load()`: the generator of a GAN of clothes with one block of self-attention
on its map of 14 x 14, {GAN_LATENT} numbers per picture, trained by us from random weights; the critic is not kept.

* How made: `python scripts/train_sagan.py SOURCE`: as clothes_gan (see clothes_gan.md), with a block of attention in
  the generator and one in the critic, both gates from 0, spectral norm in both blocks.
* Output: pixels in [0, 1], 1 x 28 x 28. Codes: standard normal.
* The critic of the samples is `fashion_lenet`, which never saw them in its training.
* License: that of this project; trained on Fashion-MNIST (see fashion_mnist.md).
"""
    save("clothes_sagan", generator.state_dict(), metrics, card, {f"gate_every_{EVERY}_steps": gate})


if __name__ == "__main__":
    main()
