"""Train fc6, fc7 and fc8 of `alexnet` in data/ on CIFAR-10, on top of the frozen ImageNet convolutions.

    python scripts/fetch_cifar10.py
    python -m lecturelib fetch imagenet_alexnet
    python scripts/train_alexnet_head.py FOLDER

pool5 does not change during the training, so it is computed once for a few randomly moved, mirrored and enlarged
copies of the training images, and kept in FOLDER (about 1 GB a copy; a second run finds it there). Copies of several
sizes teach the head to read AlexNet's features of blurred and of sharp pictures alike.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from training import accuracy, normalized, rounded, save, shift, train

from lecturelib import assets, datasets, images
from lecturelib.models import imagenet

# Of each copy: the side it is enlarged to, whether it is mirrored, and how the pixels between are found. Every copy
# moves each image by up to SHIFT of its 32 pixels.
COPIES = (
    (224, False, "bicubic"),
    (224, True, "bilinear"),
    (160, False, "bilinear"),
    (192, True, "bilinear"),
    (128, True, "bilinear"),
    (224, False, "bilinear"),
)
SEED, EPOCHS, BATCH, LR, WEIGHT_DECAY, DROPOUT = 0, 30, 256, 0.05, 1e-3, 0.5
SHIFT, FEATURES, TEST_SIZE = 4, 256 * 6 * 6, imagenet.SIZE
PHOTO = "cat"


def enlarged(pictures: Tensor, size: int, mode: str) -> Tensor:
    """CIFAR-10 images (B, 3, 32, 32) as AlexNet sees them, (B, 3, size, size) and normalized."""
    if mode == "bilinear":  # normalizing first gives the same, with 49 times fewer pixels to normalize
        small = normalized(pictures, imagenet.MEAN, imagenet.STD)
        return F.interpolate(small, (size, size), mode=mode, align_corners=False)
    large = F.interpolate(pictures, (size, size), mode=mode, align_corners=False).clamp(0, 1)
    return normalized(large, imagenet.MEAN, imagenet.STD)


@torch.inference_mode()
def pool5(network: nn.Module, pictures: Tensor, size: int, mode: str, bfloat16: bool = False) -> Tensor:
    """What the head reads, (B, 9216)."""
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        return torch.flatten(network.avgpool(network.features(enlarged(pictures, size, mode))), 1).float()


def cached_copy(folder: Path, number: int, network: nn.Module, pictures: Tensor) -> Tensor:
    """pool5 (N, 9216) in float16 of one augmented copy of the training images, from the folder where it is there."""
    size, mirrored, mode = COPIES[number]
    path = folder / f"pool5_{number}_{size}_{mirrored}.npy"
    if not path.is_file():
        generator = torch.Generator().manual_seed(SEED * 100 + number)
        partial = path.with_suffix(".part")
        store = np.lib.format.open_memmap(partial, "w+", np.float16, (len(pictures), FEATURES))
        for start in range(0, len(pictures), 32):
            batch = shift(pictures[start : start + 32], SHIFT, generator, mode="reflect")
            batch = batch.flip(3) if mirrored else batch
            store[start : start + len(batch)] = pool5(network, batch, size, mode, bfloat16=True).numpy()
        store.flush()
        partial.rename(path)
        print(f"copy {number}: {size} px{', mirrored' if mirrored else ''}")
    return torch.from_numpy(np.load(path, mmap_mode="c"))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the features of pool5 are kept")
    parser.add_argument(
        "--copies", type=int, default=len(COPIES), help="how many of the augmented copies to use"
    )
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(SEED)
    network = imagenet.alexnet(len(datasets.CIFAR10), dropout=DROPOUT)
    network.load_state_dict(assets.tensors("imagenet_alexnet"), strict=False)
    network = network.eval().to(memory_format=torch.channels_last)
    pictures, labels = datasets.cifar10("train")
    copies = [cached_copy(options.folder, number, network, pictures) for number in range(options.copies)]

    def batches(epoch: int):
        generator = torch.Generator().manual_seed(SEED * 1000 + epoch)
        order = torch.randperm(len(labels), generator=generator)
        for chosen in order[: len(order) // BATCH * BATCH].split(BATCH):
            which = torch.randint(len(copies), (BATCH,), generator=generator)
            x = torch.stack([copies[k][i] for k, i in zip(which.tolist(), chosen.tolist(), strict=True)])
            yield x.float(), labels[chosen]

    head = network.classifier
    seconds = train(head, batches, EPOCHS, len(labels) // BATCH, LR, WEIGHT_DECAY, 0.1, bfloat16=True)
    rounded(head)
    test_pictures, test_labels = datasets.cifar10("test")

    def measure(size: int) -> float:
        features = torch.cat([pool5(network, batch, size, "bilinear") for batch in test_pictures.split(32)])
        return round(accuracy(head, features, test_labels), 4)

    photo = normalized(images.photo(PHOTO, imagenet.SIZE), imagenet.MEAN, imagenet.STD)
    with torch.inference_mode():
        probability = network.eval()(photo).softmax(1)[0]  # (classes,)
    metrics = {
        f"accuracy_on_10000_test_images_enlarged_to_{TEST_SIZE}": measure(TEST_SIZE),
        "accuracy_on_10000_test_images_enlarged_to_160": measure(160),
        "photo": PHOTO,
        "photo_is_called": datasets.CIFAR10[probability.argmax()],
        "photo_probability_of_that": round(probability.max().item(), 4),
        "seed": SEED,
        "epochs": EPOCHS,
        "copies": options.copies,
        "head_training_cpu_seconds": round(seconds),
    }
    sides = ", ".join(str(side) for side in sorted({copy[0] for copy in COPIES[: options.copies]}))
    card = f"""# alexnet_head

The fully connected layers fc6, fc7 and fc8 of `lecturelib.models.imagenet.alexnet`, {imagenet.ALEXNET_HIDDEN}
hidden units each, for the ten classes of CIFAR-10. The convolutions below them are ImageNet's, frozen, and not in
this file.

* How made: `python scripts/train_alexnet_head.py FOLDER`: SGD with Nesterov momentum 0.9, batch {BATCH}, one-cycle
  learning rate up to {LR}, weight decay {WEIGHT_DECAY}, dropout {DROPOUT}, label smoothing 0.1, on pool5 of
  {options.copies} augmented copies of the 50,000 training images, enlarged to {sides} pixels.
* Input: pixels in [0, 1], minus {imagenet.MEAN}, divided by {imagenet.STD}, per channel.
* Photo: scikit-image's cat, its shorter side {imagenet.SIZE} pixels, the central square; no photo was trained on.
* License: that of this project; trained on CIFAR-10 (Krizhevsky 2009), whose images are not passed on.
"""
    save("alexnet_head", {f"classifier.{k}": v for k, v in head.state_dict().items()}, metrics, card)


if __name__ == "__main__":
    main()
