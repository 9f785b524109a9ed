"""Train `textures_net` of data/ on `datasets.clothes_on_textures`.

    python scripts/train_textures_net.py

Every epoch composes new pictures of the 10,000 shipped training items, so that neither place nor background repeats.
Batch normalization helps the training and is folded into the convolutions before the weights are saved.
"""

import torch
from training import accuracy, normalized, rounded, save, train

from lecturelib import datasets
from lecturelib.models import small

SEED, EPOCHS, PICTURES, BATCH, LR, WEIGHT_DECAY, DROPOUT = 0, 16, 10_000, 128, 0.1, 5e-4, 0.2
TEST_PICTURES, TEST_SEED = 2_000, 2026
MEAN, STD = small.TEXTURES_MEAN, small.TEXTURES_STD


def batches(epoch: int):
    pictures, labels, _ = datasets.clothes_on_textures(PICTURES, seed=1000 + epoch, split="train")
    mirrored = torch.rand(PICTURES, generator=torch.Generator().manual_seed(epoch)) < 0.5
    pictures[mirrored] = pictures[mirrored].flip(3)
    for x, truth in zip(pictures.split(BATCH), labels.split(BATCH), strict=True):
        yield normalized(x, MEAN, STD), truth


def main() -> None:
    torch.manual_seed(SEED)
    network = small.textures_net(batch_norm=True, dropout=DROPOUT).to(memory_format=torch.channels_last)
    steps = -(-PICTURES // BATCH)
    seconds = train(network, batches, EPOCHS, steps, LR, WEIGHT_DECAY, label_smoothing=0.05, bfloat16=True)
    network = rounded(small.fold_batch_norm(network))
    pictures, labels, _ = datasets.clothes_on_textures(TEST_PICTURES, seed=TEST_SEED, split="test")
    metrics = {
        "accuracy_on_2000_test_pictures": round(
            accuracy(network, normalized(pictures, MEAN, STD), labels), 4
        ),
        "test_seed": TEST_SEED,
        "seed": SEED,
        "epochs": EPOCHS,
        "training_cpu_seconds": round(seconds),
    }
    card = f"""# textures_net

The weights of `lecturelib.models.small.textures_net`: ten classes of clothes on photos of brick, grass, gravel and
other things, trained by us from random weights.

* How made: `python scripts/train_textures_net.py`: SGD with Nesterov momentum 0.9, batch {BATCH}, one-cycle
  learning rate up to {LR}, weight decay {WEIGHT_DECAY}, label smoothing 0.05, bfloat16 mixed precision;
  {PICTURES:,} newly composed pictures an epoch, mirrored by chance; batch normalization folded into the convolutions.
* Input: pixels in [0, 1], minus {MEAN}, divided by {STD}, per channel.
* Test: `datasets.clothes_on_textures({TEST_PICTURES}, seed={TEST_SEED}, split="test")`: items that no training
  picture shows.
* License: that of this project; trained on Fashion-MNIST (see fashion_mnist.md) and photos of scikit-image (CC0 or
  public domain).
"""
    save("textures_net", network.state_dict(), metrics, card)


if __name__ == "__main__":
    main()
