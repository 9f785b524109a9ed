"""AlexNet and VGG16 as torchvision lays them out, with PyTorch's usual layer names and the lecture's.

Their convolutions were trained on ImageNet and are fetched as assets. AlexNet's head is our own, for the ten classes
of CIFAR-10; VGG16 ends with its last convolution. Input comes already normalized by ImageNet's mean and std; no
activation is in-place.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIZE = 224
ALEXNET_HIDDEN = 256  # units of fc6 and fc7 in the shipped head; the original has 4096

ALEXNET_ALIASES = {
    "conv1": "features.0",
    "relu1": "features.1",
    "pool1": "features.2",
    "conv2": "features.3",
    "relu2": "features.4",
    "pool2": "features.5",
    "conv3": "features.6",
    "relu3": "features.7",
    "conv4": "features.8",
    "relu4": "features.9",
    "conv5": "features.10",
    "relu5": "features.11",
    "pool5": "features.12",
    "fc6": "classifier.1",
    "relu6": "classifier.2",
    "fc7": "classifier.4",
    "relu7": "classifier.5",
    "fc8": "classifier.6",
}


class AlexNet(nn.Module):
    """Five convolutions and three fully connected layers, (B, 3, H, W) normalized -> logits (B, classes)."""

    def __init__(self, classes: int, hidden: int, dropout: float):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2),  # (B, 64, 55, 55) at 224 x 224
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),  # (B, 64, 27, 27)
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),  # (B, 192, 13, 13)
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),  # (B, 256, 6, 6)
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(256 * 6 * 6, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        maps = self.avgpool(self.features(x))  # (B, 256, 6, 6) whatever the image's size
        return self.classifier(torch.flatten(maps, 1))  # (B, 9216) -> (B, classes)


def alexnet(classes: int = 10, hidden: int = ALEXNET_HIDDEN, dropout: float = 0.5) -> AlexNet:
    """AlexNet with torchvision's layers and names, its two hidden layers `hidden` wide (4096 gives torchvision's).

    After Krizhevsky, Sutskever and Hinton 2012, in the single-tower form of Krizhevsky 2014.
    """
    return AlexNet(classes, hidden, dropout)


# Stages of VGG16: channels and number of 3 x 3 convolutions; a max pool stands between two stages.
VGG16_STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


def vgg16() -> nn.Sequential:
    """The 13 convolutions of VGG16 up to conv5_3's ReLU, (B, 3, H, W) normalized -> (B, 512, H / 16, W / 16).

    The last max pool and the fully connected layers are left out. After Simonyan and Zisserman 2015, configuration D.
    """
    layers: list[nn.Module] = []
    channels = 3
    for stage, (width, convolutions) in enumerate(VGG16_STAGES):
        if stage:
            layers.append(nn.MaxPool2d(2))
        for _ in range(convolutions):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
    return nn.Sequential(OrderedDict(features=nn.Sequential(*layers)))


def _vgg16_aliases() -> dict[str, str]:
    aliases: dict[str, str] = {}
    position = 0
    for stage, (_, convolutions) in enumerate(VGG16_STAGES, start=1):
        if stage > 1:
            aliases[f"pool{stage - 1}"] = f"features.{position}"
            position += 1
        for number in range(1, convolutions + 1):
            aliases[f"conv{stage}_{number}"] = f"features.{position}"
            aliases[f"relu{stage}_{number}"] = f"features.{position + 1}"
            position += 2
    return aliases


VGG16_ALIASES = _vgg16_aliases()
