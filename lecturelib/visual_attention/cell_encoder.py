"""The convolutional network whose cells a captioner attends to, and how it is pretrained without any place."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lecturelib.checks import complaint
from lecturelib.network.inputs import as_the_model_takes
from lecturelib.visual_attention.caption_grammar import VOCABULARY
from lecturelib.visual_attention.caption_rendering import SIDE
from lecturelib.visual_attention.caption_scenes import CaptionScene

GRID = 8  # cells along a side
CELLS = GRID * GRID
CHANNELS = 64
PLACE = 8  # numbers that say where a cell is
CELL_SIZE = CHANNELS + PLACE  # numbers of an annotation vector a_i
CONTENT = VOCABULARY[VOCABULARY.index("small") :]  # the words that the pretraining asks for
MEAN, STD = 0.42, 0.25


class CellEncoder(nn.Module):
    """Annotation vectors a_1 ... a_L of a picture: L = 64 cells of 8 x 8 pixels, D = 72 numbers each.

    Four convolutions give 64 features. A cell's receptive field is 22 pixels wide, about one large object, and centered
    on the cell: kernels of 4 at stride 2 with padding 1 see to that, while kernels of 3 or 5 would shift it by half a
    cell, and every map with it. The last 8 numbers are a positional encoding of the cell: three times the sine and
    cosine of pi/2 and of pi times its row and its column, which run from -1 to 1.

    forward(images (B, 3, 64, 64) in [0, 1]) -> (B, 64, 72), row by row. Raises `TypeError` or `ValueError` for other
    pictures. Xu et al. 2015 take the last maps of a network pretrained to classify, and keep it frozen; so does this
    course.

    >>> CellEncoder()(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 64, 72])
    """

    places: Tensor

    def __init__(self, batch_norm: bool = False):
        super().__init__()
        layers: list[nn.Module] = []
        for before, after, kernel, stride in (
            (3, 24, 4, 2),
            (24, 48, 4, 2),
            (48, 96, 4, 2),
            (96, CHANNELS, 1, 1),
        ):
            layers.append(nn.Conv2d(before, after, kernel, stride, padding=(kernel - stride) // 2))
            layers += [nn.BatchNorm2d(after)] if batch_norm else []
            layers.append(nn.ReLU())
        self.features = nn.Sequential(*layers)
        steps = (torch.arange(GRID) + 0.5) / GRID * 2 - 1
        rows, columns = torch.meshgrid(steps, steps, indexing="ij")
        places = torch.stack([rows, columns]).flatten(1).T  # (L, 2)
        angles = torch.cat([places * math.pi / 2, places * math.pi], 1)
        self.register_buffer(
            "places", 3 * torch.cat([angles.sin(), angles.cos()], 1), persistent=False
        )  # (L, 8)

    def forward(self, images: Tensor) -> Tensor:
        images = as_the_model_takes(images, self)
        if images.shape[1:] != (3, SIDE, SIDE):
            expected = f"shape (B, 3, {SIDE}, {SIDE}), as render_scene gives them"
            raise ValueError(complaint("images", expected, tuple(images.shape), f"images.fit(image, {SIDE})"))
        maps = self.features((images - MEAN) / STD)  # (B, 64, 8, 8)
        cells = maps.flatten(2).transpose(1, 2)  # (B, 64, 8, 8) -> (B, L, 64)
        return torch.cat([cells, self.places.expand(len(cells), -1, -1)], 2)


class WordDetector(nn.Module):
    """Which content words are true of a picture: a score for each word in each cell, pooled over the cells.

    Trained with image-level labels only: it is never told where anything is. Pooling is log-mean-exp, a soft maximum.
    forward(images (B, 3, 64, 64)) -> logits (B, words).

    >>> WordDetector(CellEncoder())(torch.zeros(2, 3, 64, 64)).shape == (2, len(CONTENT))
    True
    """

    def __init__(self, encoder: CellEncoder):
        super().__init__()
        self.encoder = encoder
        self.words = nn.Linear(CHANNELS, len(CONTENT))

    def forward(self, images: Tensor) -> Tensor:
        scores = self.words(self.encoder(images)[..., :CHANNELS])  # (B, L, words)
        return scores.logsumexp(1) - math.log(CELLS)


def word_labels(scenes: Sequence[CaptionScene]) -> Tensor:
    """Image-level labels (B, words): which of the sizes, colors, shapes and grounds a scene shows anywhere.

    >>> from lecturelib.visual_attention.caption_scenes import caption_scenes
    >>> int(word_labels(caption_scenes(1, seed=3)).sum()) >= 4
    True
    """
    labels = torch.zeros(len(scenes), len(CONTENT))
    for row, scene in zip(labels, scenes, strict=True):
        for word in {scene.ground, *(part for one in scene.objects for part in one.thing)}:
            row[CONTENT.index(word)] = 1
    return labels


def folded(encoder: CellEncoder) -> CellEncoder:
    """The same function without batch normalization, in eval mode, as it is shipped.

    >>> net = CellEncoder(batch_norm=True).eval()
    >>> x = torch.rand(1, 3, 64, 64)
    >>> torch.allclose(folded(net)(x), net(x), atol=1e-5)
    True
    """
    plain = CellEncoder().eval()
    layers = list(encoder.eval().features)
    pairs = [
        fuse_conv_bn_eval(conv, norm)
        for conv, norm in zip(layers, layers[1:], strict=False)
        if isinstance(norm, nn.BatchNorm2d) and isinstance(conv, nn.Conv2d)
    ]
    own = [layer for layer in plain.features if isinstance(layer, nn.Conv2d)]
    for conv, fused in zip(own, pairs, strict=True):
        conv.load_state_dict(fused.state_dict())
    return plain


def word_loss(detector: WordDetector, images: Tensor, labels: Tensor) -> Tensor:
    """Mean binary cross-entropy of the content words.

    >>> word_loss(WordDetector(CellEncoder()), torch.zeros(1, 3, 64, 64), torch.zeros(1, len(CONTENT))).ndim
    0
    """
    return F.binary_cross_entropy_with_logits(detector(images), labels)
