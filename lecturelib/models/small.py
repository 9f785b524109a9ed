"""Plain conv-ReLU-maxpool networks, small enough to train in class: LeNet and its bigger relatives.

Each network is two plain `nn.Sequential`s, `features` and `classifier`, so that a layer's name says where
it stands: `features.3` is the fourth module of the convolutional part. Input comes already normalized;
no activation is in-place, no layer is hidden in a `forward`.
"""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

# Statistics of the training images (pixels in [0, 1]), with which the shipped checkpoints were trained.
MNIST_MEAN, MNIST_STD = (0.1307,), (0.3081,)
FASHION_MEAN, FASHION_STD = (0.2860,), (0.3530,)
CIFAR_MEAN, CIFAR_STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
TEXTURES_MEAN, TEXTURES_STD = (0.42, 0.39, 0.38), (0.20, 0.19, 0.19)

LENET_SIZE, CIFAR_SIZE, TEXTURES_SIZE = 28, 32, 64

# The shapes of the shipped networks; `fashion_lenet` is a wider LeNet.
FASHION_LENET: dict[str, Any] = {"widths": (32, 64), "hidden": 256}
CIFAR_WIDTHS = ((32, 32), (64, 128), (256, 256))
TEXTURES_WIDTHS, TEXTURES_HIDDEN = ((32,), (64,), (128, 128), (128, 128)), 128

LENET_ALIASES = {
    "conv1": "features.0",
    "relu1": "features.1",
    "pool1": "features.2",
    "conv2": "features.3",
    "relu2": "features.4",
    "pool2": "features.5",
    "fc3": "classifier.0",
    "relu3": "classifier.1",
    "fc4": "classifier.2",
}


class ConvNet(nn.Module):
    """Convolutional features, flattened and classified: (B, C, H, W) normalized -> logits (B, classes)."""

    def __init__(self, features: nn.Sequential, classifier: nn.Sequential):
        super().__init__()
        self.features = features
        self.classifier = classifier

    def forward(self, x: Tensor) -> Tensor:
        maps = self.features(x)  # (B, C, h, w)
        return self.classifier(torch.flatten(maps, 1))  # (B, C * h * w) -> (B, classes)


def lenet(classes: int = 10, widths: Sequence[int] = (16, 32), hidden: int = 128) -> ConvNet:
    """LeNet with ReLU and max pooling for 28 x 28 grey images, (B, 1, 28, 28) -> (B, classes).

    Raises `ValueError` unless there are two widths. After LeCun et al. 1998, "Gradient-based learning
    applied to document recognition"; the original has average pooling and tanh.
    """
    if len(widths) != 2:
        raise ValueError(f"lenet has two convolutions, so widths needs two numbers; got {tuple(widths)}")
    first, second = widths
    features = nn.Sequential(
        nn.Conv2d(1, first, 5, padding=2),  # (B, first, 28, 28)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (B, first, 14, 14)
        nn.Conv2d(first, second, 5),  # (B, second, 10, 10)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (B, second, 5, 5)
    )
    classifier = nn.Sequential(nn.Linear(second * 5 * 5, hidden), nn.ReLU(), nn.Linear(hidden, classes))
    return ConvNet(features, classifier)


def fashion_lenet(classes: int = 10) -> ConvNet:
    """The wider LeNet of the shipped Fashion-MNIST checkpoint, (B, 1, 28, 28) -> (B, classes)."""
    return lenet(classes, **FASHION_LENET)


def vgg_like(
    widths: Sequence[Sequence[int]],
    size: int,
    classes: int = 10,
    hidden: int = 0,
    batch_norm: bool = False,
    dropout: float = 0.0,
) -> ConvNet:
    """Stages of 3 x 3 convolutions and ReLUs, each ended by a max pool that halves the image.

    `widths` has one tuple of channel counts per stage, `size` is the side of the square image; (B, 3, size,
    size) -> (B, classes). `hidden` > 0 adds one hidden fully connected layer. `batch_norm` and `dropout` are for
    training: `fold_batch_norm` removes the former. Raises `ValueError` if the size cannot be halved
    that often. After Simonyan and Zisserman 2015.
    """
    if size % 2 ** len(widths):
        raise ValueError(
            f"{len(widths)} stages halve the image {len(widths)} times, so the size must be a multiple of "
            f"{2 ** len(widths)}; got {size}"
        )
    layers: list[nn.Module] = []
    channels = 3
    for stage in widths:
        for width in stage:
            layers.append(nn.Conv2d(channels, width, 3, padding=1, bias=not batch_norm))
            if batch_norm:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.ReLU())
            channels = width
        layers.append(nn.MaxPool2d(2))
    side = size // 2 ** len(widths)
    flat = channels * side * side
    head: list[nn.Module] = [nn.Dropout(dropout)] if dropout else []
    if hidden:
        head += [nn.Linear(flat, hidden), nn.ReLU()]
    head.append(nn.Linear(hidden or flat, classes))
    return ConvNet(nn.Sequential(*layers), nn.Sequential(*head))


def cifar_net(classes: int = 10, batch_norm: bool = False, dropout: float = 0.0) -> ConvNet:
    """Six convolutions in three stages for 32 x 32 color images, (B, 3, 32, 32) -> (B, classes)."""
    return vgg_like(CIFAR_WIDTHS, CIFAR_SIZE, classes, batch_norm=batch_norm, dropout=dropout)


def textures_net(classes: int = 10, batch_norm: bool = False, dropout: float = 0.0) -> ConvNet:
    """Six convolutions in three stages for 64 x 64 color images, (B, 3, 64, 64) -> (B, classes)."""
    return vgg_like(
        TEXTURES_WIDTHS, TEXTURES_SIZE, classes, hidden=64, batch_norm=batch_norm, dropout=dropout
    )


def fold_batch_norm(network: ConvNet) -> ConvNet:
    """The same function without batch normalization and dropout, as a new plain network in eval mode.

    In eval mode batch normalization is an affine map per channel, so it disappears into the weights and bias of
    the convolution before it. The given network stays as it is. Raises `ValueError` for a batch normalization
    that follows no convolution.
    """
    plain: list[nn.Module] = []
    network = copy.deepcopy(network).eval()  # the given one keeps its mode, its flags and its layers
    for layer in network.features:
        if isinstance(layer, nn.BatchNorm2d):
            if not plain or not isinstance(plain[-1], nn.Conv2d):
                raise ValueError("a BatchNorm2d can be folded only into the Conv2d right before it")
            plain[-1] = fuse_conv_bn_eval(plain[-1], layer)
        else:
            plain.append(layer)
    head = [layer for layer in network.classifier if not isinstance(layer, nn.Dropout)]
    return ConvNet(nn.Sequential(*plain), nn.Sequential(*head)).eval()


def vgg_like_aliases(widths: Sequence[Sequence[int]], hidden: bool = False) -> dict[str, str]:
    """VGG's names for a folded `vgg_like`: conv1_1, relu1_1, ..., pool1, ..., then the linear layers fcN."""
    aliases: dict[str, str] = {}
    position = 0
    for stage, channels in enumerate(widths, start=1):
        for number in range(1, len(channels) + 1):
            aliases[f"conv{stage}_{number}"] = f"features.{position}"
            aliases[f"relu{stage}_{number}"] = f"features.{position + 1}"
            position += 2
        aliases[f"pool{stage}"] = f"features.{position}"
        position += 1
    first = len(widths) + 1
    aliases[f"fc{first}"] = "classifier.0"
    if hidden:
        aliases[f"relu{first}"] = "classifier.1"
        aliases[f"fc{first + 1}"] = "classifier.2"
    return aliases


CIFAR_ALIASES = vgg_like_aliases(CIFAR_WIDTHS)
TEXTURES_ALIASES = vgg_like_aliases(TEXTURES_WIDTHS, hidden=True)
