"""Registry of the course's networks: `MODELS` says what each is and how it is built, `load` builds it by name.

Classifiers and generative models are built here. Encoders, translators and networks with attention are defined by a
part of the course, which stands above this package; nothing here imports upwards. Their entries hold a dotted path,
"lecturelib.attention.translators:translator", as an entry point of a distribution does: it is resolved when the network
is loaded, and not before.
"""

import importlib
import urllib.error
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from lecturelib import assets, datasets
from lecturelib.checks import UnknownName, check_choice, complaint, described, nearest
from lecturelib.models import efficientnet_lite, generative, imagenet, small
from lecturelib.models.pixel_model import IMAGENET_MEAN, IMAGENET_STD, PixelModel
from lecturelib.models.torchvision_cpu import import_torchvision

Weights = Literal["trained", "random", "online"]


@dataclass(frozen=True)
class ModelSpec:
    """A classifier or feature extractor of the course: its classes, how it is built, which files hold its weights.

    >>> MODELS["lenet"].what, MODELS["lenet"].data
    ('digits', ('lenet',))
    """

    what: str
    build: Callable[[], nn.Module]
    assets: tuple[str, ...] = ()  # in the user's cache
    data: tuple[str, ...] = ()  # shipped in data/
    kind: str = "classifier"


@dataclass(frozen=True)
class GenerativeSpec(ModelSpec):
    """A generative model of the course: what it generates from a latent code, and how it is built.

    >>> MODELS["digits_vae"].kind, MODELS["digits_vae"].what
    ('generative model', 'digits')
    """

    kind: str = "generative model"


@dataclass(frozen=True)
class EntryPointSpec:
    """A network that a part of the course defines: `path` is "package.module:function", called with `arguments`.

    >>> MODELS["minilm"].kind
    'encoder'
    """

    what: str
    path: str
    arguments: tuple[str, ...] = ()
    kind: str = "encoder"

    def resolve(self) -> Callable[..., Any]:
        """The function that loads the network; imports its module."""
        module, _, function = self.path.partition(":")
        return getattr(importlib.import_module(module), function)


def _small(name: str, build: Callable[[], nn.Module], mean, std, classes, size: int, aliases) -> PixelModel:
    return PixelModel(build(), mean, std, name=name, classes=classes, input_size=size, aliases=aliases)


def _lenet() -> PixelModel:
    statistics = small.MNIST_MEAN, small.MNIST_STD
    return _small("lenet", small.lenet, *statistics, datasets.DIGITS, small.LENET_SIZE, small.LENET_ALIASES)


def _fashion_lenet() -> PixelModel:
    statistics = small.FASHION_MEAN, small.FASHION_STD
    size, aliases = small.LENET_SIZE, small.LENET_ALIASES
    return _small("fashion_lenet", small.fashion_lenet, *statistics, datasets.CLOTHES, size, aliases)


def _textures_net() -> PixelModel:
    statistics = small.TEXTURES_MEAN, small.TEXTURES_STD
    size, aliases = small.TEXTURES_SIZE, small.TEXTURES_ALIASES
    return _small("textures_net", small.textures_net, *statistics, datasets.CLOTHES, size, aliases)


def _cifar_net() -> PixelModel:
    statistics = small.CIFAR_MEAN, small.CIFAR_STD
    return _small(
        "cifar_net", small.cifar_net, *statistics, datasets.CIFAR10, small.CIFAR_SIZE, small.CIFAR_ALIASES
    )


def _alexnet() -> PixelModel:
    network, aliases = imagenet.alexnet(), imagenet.ALEXNET_ALIASES
    return PixelModel(
        network, IMAGENET_MEAN, IMAGENET_STD, name="alexnet", classes=datasets.CIFAR10, aliases=aliases
    )


def _vgg16() -> PixelModel:
    network, aliases = imagenet.vgg16(), imagenet.VGG16_ALIASES
    return PixelModel(network, IMAGENET_MEAN, IMAGENET_STD, name="vgg16", aliases=aliases)


def _efficientnet_lite0() -> PixelModel:
    network, aliases = efficientnet_lite.efficientnet_lite0(), efficientnet_lite.LITE0_ALIASES
    return _efficientnet("efficientnet_lite0", network, efficientnet_lite.LITE0_SIZE, aliases)


def _efficientnet_lite2() -> PixelModel:
    network, aliases = efficientnet_lite.efficientnet_lite2(), efficientnet_lite.LITE2_ALIASES
    return _efficientnet("efficientnet_lite2", network, efficientnet_lite.LITE2_SIZE, aliases)


def _efficientnet(name: str, network: nn.Module, size: int, aliases: dict[str, str]) -> PixelModel:
    classes = tuple(import_torchvision("models")._meta._IMAGENET_CATEGORIES)
    statistics = efficientnet_lite.MEAN, efficientnet_lite.STD
    return PixelModel(network, *statistics, name=name, classes=classes, input_size=size, aliases=aliases)


def _translator(what: str, name: str) -> EntryPointSpec:
    path = "lecturelib.attention.translators:translator"
    return EntryPointSpec(f"English to French, {what}", path, (name,), "translator")


MODELS: dict[str, ModelSpec | EntryPointSpec] = {
    "lenet": ModelSpec("digits", _lenet, data=("lenet",)),
    "fashion_lenet": ModelSpec("clothes", _fashion_lenet, data=("fashion_lenet",)),
    "textures_net": ModelSpec("clothes pasted on textures", _textures_net, data=("textures_net",)),
    "cifar_net": ModelSpec("ten classes of small photos", _cifar_net, data=("cifar_net",)),
    "alexnet": ModelSpec(
        "ImageNet's convolutions, and our head for ten classes of photos",
        _alexnet,
        assets=("imagenet_alexnet",),
        data=("alexnet_head",),
    ),
    "vgg16": ModelSpec(
        "ImageNet's convolutions, no classes", _vgg16, assets=("imagenet_vgg16",), kind="feature extractor"
    ),
    "efficientnet_lite0": ModelSpec(
        "the 1000 classes of ImageNet", _efficientnet_lite0, assets=("efficientnet_lite0",)
    ),
    "efficientnet_lite2": ModelSpec(
        "the 1000 classes of ImageNet", _efficientnet_lite2, assets=("efficientnet_lite2",)
    ),
    "digits_vae": GenerativeSpec("digits", generative.digits_vae, data=("digits_vae",)),
    "clothes_vae": GenerativeSpec("clothes", generative.clothes_vae, data=("clothes_vae",)),
    "digits_gan": GenerativeSpec("digits", generative.digits_gan, data=("digits_gan",)),
    "clothes_gan": GenerativeSpec("clothes", generative.clothes_gan, data=("clothes_gan",)),
    "clothes_sagan": EntryPointSpec(
        "clothes, with self-attention", "lecturelib.attention.sagan:load", kind="generative model"
    ),
    "minilm": EntryPointSpec("English sentences", "lecturelib.attention.minilm:load"),
    "translator_transformer": _translator("a Transformer", "transformer"),
    "translator_attention": _translator("recurrent with attention", "attention"),
    "translator_fixed": _translator("recurrent with one context vector", "fixed"),
}


def load(name: str, weights: Weights = "trained", seed: int = 0) -> Any:
    """Load a network of the course, or a classification network of torchvision, by name.

    Returns, in eval mode and with no parameter asking for gradients: for a classifier or a feature extractor a
    `PixelModel`, which takes pixels (B, C, H, W) in [0, 1]; for a generative model a `Generator` or `VAE`, whose
    `decode` takes codes (B, n); for an encoder or translator what its own module loads. Names: those of `MODELS`, whose
    entries say the kind, and every classification network of torchvision.

    `weights="random"` draws them from `seed`, and leaves torch's random number generator as it was. torchvision's own
    networks come untrained, or with `weights="online"` trained, which downloads once. A network that is loaded inside
    `torch.inference_mode()` can be used outside as well. Raises `TypeError` for another type, `UnknownName` with the
    nearest names for another name, `ValueError` for weights that there are not, `assets.AssetMissing` with the command
    where weights were not fetched.

    >>> import torch
    >>> load("lenet")(torch.rand(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    >>> load("digits_gan").decode(torch.zeros(1, 32)).shape
    torch.Size([1, 1, 28, 28])
    """
    check_choice("weights", weights, ("trained", "random", "online"))
    if not isinstance(name, str):
        hint = "models.adapt(network) takes your own" if isinstance(name, nn.Module) else ""
        raise TypeError(complaint("name", "a network's name such as 'alexnet'", described(name), hint))
    spec = MODELS.get(name)
    with torch.inference_mode(False):  # weights made inside it could not take part in any gradient
        if isinstance(spec, EntryPointSpec):
            if weights != "trained":
                raise ValueError(complaint("weights", f"'trained' for the {spec.kind} {name}", repr(weights)))
            return spec.resolve()(*spec.arguments)
        if spec is not None and weights != "online":
            return _from_spec(spec, weights, seed)
        if isinstance(spec, GenerativeSpec):
            raise ValueError(complaint("weights", "'trained' or 'random'", repr(weights)))
        return _from_torchvision(name, weights, seed)


def _from_spec(spec: ModelSpec, weights: Weights, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = spec.build()
    if weights == "trained":
        tensors: dict[str, torch.Tensor] = {}
        for asset in spec.assets:
            tensors |= assets.tensors(asset)
        for file in spec.data:
            tensors |= assets.shipped_tensors(file)
        floats = {
            key: value.float() if value.is_floating_point() else value for key, value in tensors.items()
        }
        # assigned, not copied: what is float32 on disk stays mapped, and kernels on one machine share its pages
        model.load_state_dict(floats, strict=True, assign=True)
    return model.eval().requires_grad_(False)


def _from_torchvision(name: str, weights: Weights, seed: int) -> PixelModel:
    models = import_torchvision("models")
    known = models.list_models(module=models)
    if name not in known:
        near = nearest(name, [*MODELS, *known])
        hint = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(MODELS)}"
        raise UnknownName(complaint("name", "a network of the course or of torchvision", repr(name), hint))
    if weights == "trained":
        hint = f"weights='online' downloads those of torchvision's {name} once"
        raise ValueError(
            complaint("weights", "'random' or 'online'", "'trained', which is not shipped", hint)
        )
    default = models.get_model_weights(name).DEFAULT
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        torch.manual_seed(seed)
        try:
            # GoogLeNet and Inception announce another way of drawing random weights: no student's concern
            warnings.filterwarnings("ignore", "The default weight initialization", FutureWarning)
            network = models.get_model(name, weights=default if weights == "online" else None)
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            offline = ", ".join(key for key, spec in MODELS.items() if spec.kind == "classifier")
            raise ConnectionError(
                complaint("weights", f"a download of {name}", f"{error}", f"offline, load one of {offline}")
            ) from error
    preset = default.transforms()
    classes = default.meta["categories"] if weights == "online" else ()
    made = PixelModel(
        network, preset.mean, preset.std, name=name, classes=classes, input_size=preset.crop_size[0]
    )
    return made.eval().requires_grad_(False)
