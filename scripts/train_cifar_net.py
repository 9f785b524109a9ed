"""Train `cifar_net` of data/ on CIFAR-10.

    python scripts/fetch_cifar10.py
    python scripts/train_cifar_net.py

Batch normalization helps the training and is folded into the convolutions before the weights are saved.
"""

import torch
from training import accuracy, normalized, rounded, save, shift, shuffled, train

from lecturelib import datasets
from lecturelib.models import small

SEED, EPOCHS, BATCH, LR, WEIGHT_DECAY, DROPOUT, SMOOTHING, SHIFT = 0, 12, 128, 0.15, 5e-4, 0.1, 0.1, 4
MEAN, STD = small.CIFAR_MEAN, small.CIFAR_STD


def prepare(pictures, generator):
    return normalized(shift(pictures, SHIFT, generator, flip=True, mode="reflect"), MEAN, STD)


def main() -> None:
    pictures, labels = datasets.cifar10("train")
    torch.manual_seed(SEED)
    network = small.cifar_net(batch_norm=True, dropout=DROPOUT).to(memory_format=torch.channels_last)
    batches, steps = shuffled(pictures, labels, BATCH, SEED, prepare)
    seconds = train(network, batches, EPOCHS, steps, LR, WEIGHT_DECAY, SMOOTHING, bfloat16=True)
    network = rounded(small.fold_batch_norm(network))
    test_pictures, test_labels = datasets.cifar10("test")
    share = accuracy(network, normalized(test_pictures, MEAN, STD), test_labels)
    metrics = {
        "accuracy_on_10000_test_images": round(share, 4),
        "seed": SEED,
        "epochs": EPOCHS,
        "training_cpu_seconds": round(seconds),
    }
    card = f"""# cifar_net

The weights of `lecturelib.models.small.cifar_net`: ten classes of small color photos, trained by us from
random weights.

* How made: `python scripts/train_cifar_net.py`: SGD with Nesterov momentum 0.9, batch {BATCH}, one-cycle learning
  rate up to {LR}, weight decay {WEIGHT_DECAY}, dropout {DROPOUT} before the last layer, label smoothing {SMOOTHING},
  bfloat16 mixed precision; images moved by up to {SHIFT} pixels and mirrored by chance; batch normalization folded
  into the convolutions.
* Input: pixels in [0, 1], minus {MEAN}, divided by {STD}, per channel.
* License: that of this project; trained on CIFAR-10 (Krizhevsky 2009), whose images are not passed on.
"""
    save("cifar_net", network.state_dict(), metrics, card)


if __name__ == "__main__":
    main()
