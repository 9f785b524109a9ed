"""EfficientNet-Lite0 and Lite2: 1000 ImageNet classes from inverted residual blocks with ReLU6.

Lite means: no squeeze-and-excite, ReLU6 in place of swish, stem and head as wide in every size (Liu 2020,
"Higher accuracy on vision models with EfficientNet-Lite"; Tan and Le 2019, "EfficientNet"). Module names are those
of the published weights, so that these load key for key. Input comes already normalized.
"""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

# What the weights were trained with: (pixel - 127) / 128 on pixels 0 ... 255.
MEAN = (127 / 255,) * 3
STD = (128 / 255,) * 3
LITE0_SIZE, LITE2_SIZE = 224, 260
BATCH_NORM: dict[str, Any] = {"eps": 1e-3, "momentum": 0.01}
STEM, HEAD = 32, 1280

# One row per stage: expansion, kernel, stride, channels, blocks.
LITE0_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
LITE2_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 3),
    (6, 5, 2, 48, 3),
    (6, 3, 2, 88, 4),
    (6, 5, 1, 120, 4),
    (6, 5, 2, 208, 5),
    (6, 3, 1, 352, 1),
)


class SameConv2d(nn.Conv2d):
    """Convolution without bias that gives ceil(side / stride) rows and columns, as TensorFlow pads.

    Where the padding is odd, the extra row and column are below and to the right, so a strided convolution looks
    half a pixel further down and right than PyTorch's own padding would.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1):
        # an odd kernel at stride 1 needs the same padding on all sides, which the convolution does itself
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride[0] > 1:
            below, right = (self._missing(side) for side in x.shape[-2:])
            x = F.pad(x, (right // 2, right - right // 2, below // 2, below - below // 2))
        return super().forward(x)

    def _missing(self, side: int) -> int:
        kernel, stride = self.kernel_size[0], self.stride[0]
        return max((-(-side // stride) - 1) * stride + kernel - side, 0)


class InvertedResidual(nn.Module):
    """Inverted residual block: widen 1 x 1, filter each channel on its own, narrow 1 x 1, add the input where it fits.

    Sandler et al. 2018, "MobileNetV2".
    """

    def __init__(self, inputs: int, outputs: int, expansion: int, kernel: int, stride: int):
        super().__init__()
        wide = inputs * expansion
        self.widens = expansion > 1
        self.adds_input = stride == 1 and inputs == outputs
        if self.widens:
            self._expand_conv = SameConv2d(inputs, wide, 1)
            self._bn0 = nn.BatchNorm2d(wide, **BATCH_NORM)
            self._relu0 = nn.ReLU6()
        self._depthwise_conv = SameConv2d(wide, wide, kernel, stride, groups=wide)
        self._bn1 = nn.BatchNorm2d(wide, **BATCH_NORM)
        self._relu1 = nn.ReLU6()
        self._project_conv = SameConv2d(wide, outputs, 1)
        self._bn2 = nn.BatchNorm2d(outputs, **BATCH_NORM)

    def forward(self, x: Tensor) -> Tensor:
        y = self._relu0(self._bn0(self._expand_conv(x))) if self.widens else x  # (B, wide, H, W)
        y = self._relu1(self._bn1(self._depthwise_conv(y)))  # (B, wide, ceil(H / stride), ...)
        y = self._bn2(self._project_conv(y))  # (B, outputs, ...)
        return x + y if self.adds_input else y


class EfficientNetLite(nn.Module):
    """(B, 3, H, W) normalized -> logits (B, classes), for any H and W of 32 or more."""

    def __init__(self, stages: tuple[tuple[int, int, int, int, int], ...], classes: int = 1000):
        super().__init__()
        self._conv_stem = SameConv2d(3, STEM, 3, stride=2)
        self._bn0 = nn.BatchNorm2d(STEM, **BATCH_NORM)
        self._relu0 = nn.ReLU6()
        blocks = []
        channels = STEM
        for expansion, kernel, stride, outputs, repeats in stages:
            for repeat in range(repeats):
                blocks.append(
                    InvertedResidual(channels, outputs, expansion, kernel, stride if repeat == 0 else 1)
                )
                channels = outputs
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = SameConv2d(channels, HEAD, 1)
        self._bn1 = nn.BatchNorm2d(HEAD, **BATCH_NORM)
        self._relu1 = nn.ReLU6()
        self._avg_pooling = nn.AdaptiveAvgPool2d(1)
        self._dropout = nn.Dropout(0.2)
        self._fc = nn.Linear(HEAD, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self._relu0(self._bn0(self._conv_stem(x)))  # (B, 32, H / 2, W / 2)
        for block in self._blocks:
            x = block(x)
        x = self._relu1(self._bn1(self._conv_head(x)))  # (B, 1280, H / 32, W / 32)
        x = self._avg_pooling(x).flatten(1)  # (B, 1280)
        return self._fc(self._dropout(x))


def efficientnet_lite0(classes: int = 1000) -> EfficientNetLite:
    """EfficientNet-Lite0 for images of about 224 x 224: 16 blocks, 4.7 million weights."""
    return EfficientNetLite(LITE0_STAGES, classes)


def efficientnet_lite2(classes: int = 1000) -> EfficientNetLite:
    """EfficientNet-Lite2 for images of about 260 x 260: 21 blocks, 6.1 million weights."""
    return EfficientNetLite(LITE2_STAGES, classes)


def _aliases(stages: tuple[tuple[int, int, int, int, int], ...]) -> dict[str, str]:
    """Readable names: stem, block3_2 (the second block of the third stage), head, pool, fc."""
    aliases = {"stem": "_relu0", "head": "_relu1", "pool": "_avg_pooling", "fc": "_fc"}
    position = 0
    for stage, (*_, repeats) in enumerate(stages, start=1):
        for repeat in range(1, repeats + 1):
            aliases[f"block{stage}_{repeat}"] = f"_blocks.{position}"
            position += 1
    return aliases


LITE0_ALIASES = _aliases(LITE0_STAGES)
LITE2_ALIASES = _aliases(LITE2_STAGES)
