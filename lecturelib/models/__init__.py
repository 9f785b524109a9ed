"""The networks of the course, by name. Every one takes pixels in [0, 1] and normalises them itself."""

import difflib
import urllib.error
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Literal

import torch
from torch import nn

from lecturelib import assets, datasets
from lecturelib.checks import UnknownName
from lecturelib.models import efficientnet_lite, imagenet, small
from lecturelib.models.pixel_model import IMAGENET_MEAN, IMAGENET_STD, PixelModel
from lecturelib.models.torchvision_cpu import import_torchvision
from lecturelib.network.units import class_index

__all__ = ["HOUSE", "House", "PixelModel", "adapt", "class_index", "load"]


@dataclass(frozen=True)
class House:
    """A network of the house: what it knows, how it is built, and which files hold its weights."""

    what: str
    build: Callable[[], PixelModel]
    assets: tuple[str, ...] = ()  # in the user's cache
    data: tuple[str, ...] = ()  # shipped in data/


def _lenet() -> PixelModel:
    return PixelModel(
        small.lenet(),
        small.MNIST_MEAN,
        small.MNIST_STD,
        name="lenet",
        classes=datasets.DIGITS,
        input_size=small.LENET_SIZE,
        aliases=small.LENET_ALIASES,
    )


def _fashion_lenet() -> PixelModel:
    return PixelModel(
        small.fashion_lenet(),
        small.FASHION_MEAN,
        small.FASHION_STD,
        name="fashion_lenet",
        classes=datasets.CLOTHES,
        input_size=small.LENET_SIZE,
        aliases=small.LENET_ALIASES,
    )


def _textures_net() -> PixelModel:
    return PixelModel(
        small.textures_net(),
        small.TEXTURES_MEAN,
        small.TEXTURES_STD,
        name="textures_net",
        classes=datasets.CLOTHES,
        input_size=small.TEXTURES_SIZE,
        aliases=small.TEXTURES_ALIASES,
    )


def _cifar_net() -> PixelModel:
    return PixelModel(
        small.cifar_net(),
        small.CIFAR_MEAN,
        small.CIFAR_STD,
        name="cifar_net",
        classes=datasets.CIFAR10,
        input_size=small.CIFAR_SIZE,
        aliases=small.CIFAR_ALIASES,
    )


def _alexnet() -> PixelModel:
    network = imagenet.alexnet()
    aliases = imagenet.ALEXNET_ALIASES
    return PixelModel(
        network, IMAGENET_MEAN, IMAGENET_STD, name="alexnet", classes=datasets.CIFAR10, aliases=aliases
    )


def _vgg16() -> PixelModel:
    return PixelModel(
        imagenet.vgg16(), IMAGENET_MEAN, IMAGENET_STD, name="vgg16", aliases=imagenet.VGG16_ALIASES
    )


def _efficientnet_lite0() -> PixelModel:
    return PixelModel(
        efficientnet_lite.efficientnet_lite0(),
        efficientnet_lite.MEAN,
        efficientnet_lite.STD,
        name="efficientnet_lite0",
        classes=_imagenet_classes(),
        input_size=efficientnet_lite.LITE0_SIZE,
        aliases=efficientnet_lite.LITE0_ALIASES,
    )


def _efficientnet_lite2() -> PixelModel:
    return PixelModel(
        efficientnet_lite.efficientnet_lite2(),
        efficientnet_lite.MEAN,
        efficientnet_lite.STD,
        name="efficientnet_lite2",
        classes=_imagenet_classes(),
        input_size=efficientnet_lite.LITE2_SIZE,
        aliases=efficientnet_lite.LITE2_ALIASES,
    )


HOUSE: dict[str, House] = {
    "lenet": House("digits", _lenet, data=("lenet",)),
    "fashion_lenet": House("clothes", _fashion_lenet, data=("fashion_lenet",)),
    "textures_net": House("clothes pasted on textures", _textures_net, data=("textures_net",)),
    "cifar_net": House("ten kinds of small photos", _cifar_net, data=("cifar_net",)),
    "alexnet": House(
        "ImageNet's convolutions, and our head for ten kinds of photos",
        _alexnet,
        assets=("imagenet_alexnet",),
        data=("alexnet_head",),
    ),
    "vgg16": House("ImageNet's convolutions, no classes", _vgg16, assets=("imagenet_vgg16",)),
    "efficientnet_lite0": House(
        "the 1000 classes of ImageNet", _efficientnet_lite0, assets=("efficientnet_lite0",)
    ),
    "efficientnet_lite2": House(
        "the 1000 classes of ImageNet", _efficientnet_lite2, assets=("efficientnet_lite2",)
    ),
}


def load(name: str, weights: Literal["trained", "random", "online"] = "trained", seed: int = 0) -> PixelModel:
    """A network by name, in eval mode, no parameter asking for gradients; pixels (B, C, H, W) in [0, 1] go in.

    Names: those of `HOUSE`, and every classification model of torchvision. `weights="random"` draws them from `seed`.
    torchvision's own networks come untrained, or with `weights="online"` trained, which downloads once.
    Raises `TypeError` for what is no name, `UnknownName` for another name, `assets.AssetMissing` with the command where
    weights were not fetched.
    """
    if weights not in ("trained", "random", "online"):
        raise ValueError(f"weights: 'trained', 'random' or 'online' is needed, got {weights!r}")
    if not isinstance(name, str):
        hint = "; models.adapt(network) takes your own" if isinstance(name, nn.Module) else ""
        raise TypeError(
            f"load: a network's name such as 'alexnet' is needed, got {type(name).__name__}{hint}"
        )
    if name in HOUSE and weights != "online":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = HOUSE[name].build()
        if weights == "trained":
            model.load_state_dict(_trained(HOUSE[name]), strict=True)
    else:
        model = _from_torchvision(name, weights, seed)
    return model.eval().requires_grad_(False)


def _trained(house: House) -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = {}
    for asset in house.assets:
        tensors |= assets.tensors(asset)
    for file in house.data:
        tensors |= assets.shipped_tensors(file)
    return {key: value.float() if value.is_floating_point() else value for key, value in tensors.items()}


def _from_torchvision(name: str, weights: str, seed: int) -> PixelModel:
    models = import_torchvision("models")
    known = models.list_models(module=models)
    if name not in known:
        near = difflib.get_close_matches(name, {*HOUSE, *known}, n=4, cutoff=0.4)
        hint = f"; nearest: {', '.join(near)}" if near else ""
        raise UnknownName(f"no network is called {name!r}; the house has {', '.join(HOUSE)}{hint}")
    if weights == "trained":
        raise ValueError(
            f"{name} is torchvision's and its weights are not shipped: say weights='online' to download them once, "
            "or weights='random'"
        )
    default = models.get_model_weights(name).DEFAULT
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        torch.manual_seed(seed)
        try:
            # GoogLeNet and Inception announce another way of drawing random weights: no student's concern
            warnings.filterwarnings("ignore", "The default weight initialization", FutureWarning)
            network = models.get_model(name, weights=default if weights == "online" else None)
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            raise ConnectionError(
                f"the weights of {name} could not be downloaded ({error}); offline, use a network of the house: "
                f"{', '.join(HOUSE)}"
            ) from error
    preset = default.transforms()
    classes = default.meta["categories"] if weights == "online" else ()
    return PixelModel(
        network, preset.mean, preset.std, name=name, classes=classes, input_size=preset.crop_size[0]
    )


def _imagenet_classes() -> tuple[str, ...]:
    return tuple(import_torchvision("models")._meta._IMAGENET_CATEGORIES)


def adapt(
    network: nn.Module,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    classes: Sequence[str] = (),
    name: str = "",
    input_size: int = 224,
    aliases: Mapping[str, str] | None = None,
) -> PixelModel:
    """Your own network, or one of torchvision's, made to take pixels in [0, 1]; its layer names stay as they are.

    `mean` and `std` are those it was trained with, one number per colour channel. Nothing of the network is changed.
    """
    if not isinstance(network, nn.Module):
        raise TypeError(f"adapt: a torch.nn.Module is needed, got {type(network).__name__}")
    if isinstance(network, PixelModel):
        raise TypeError(f"adapt: {network.name} already takes pixels and normalises them; use it as it is")
    mean, std = _numbers("mean", mean), _numbers("std", std)
    name = name or type(network).__name__
    return PixelModel(network, mean, std, name=name, classes=classes, input_size=input_size, aliases=aliases)


def _numbers(what: str, values) -> tuple[float, ...]:
    listed = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(listed, tuple | list) or not all(isinstance(n, Real) for n in listed):
        raise TypeError(
            f"adapt: {what} is one number per colour channel, (0.5, 0.5, 0.5), or (0.5,) for grey; got {values!r}"
        )
    return tuple(listed)
