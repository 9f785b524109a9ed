"""The shipped networks that tell tanks from trucks, and how they are measured."""

from functools import lru_cache

import torch
from torch import nn

from lecturelib import assets
from lecturelib.checks import check_name
from lecturelib.confounds.tank_scenes import CLASSES, SIDE, Scenes
from lecturelib.models import small
from lecturelib.models.pixel_model import PixelModel

FILE = "tanks"
MEAN, STD = (0.5, 0.5, 0.45), (0.22, 0.22, 0.22)
WIDTHS, HIDDEN = ((16,), (32,), (48,)), 32

# What each network was trained on, as lab workers would put it.
TANK_NETWORKS = {
    "lab": "every tank overcast, every truck sunny",
    "balanced": "weather drawn independently of the class",
}


def tank_network(batch_norm: bool = False) -> nn.Module:
    """Three convolutions with max pooling and one hidden layer, (B, 3, 48, 48) normalized -> (B, 2).

    >>> tank_network()(torch.zeros(1, 3, 48, 48)).shape
    torch.Size([1, 2])
    """
    return small.vgg_like(WIDTHS, SIDE, len(CLASSES), HIDDEN, batch_norm)


def load_tanks(name: str) -> PixelModel:
    """A trained network by what it was trained on: "lab" or "balanced" (`TANK_NETWORKS`); in eval mode.

    Classes "tank" and "truck", pixels (B, 3, 48, 48) in [0, 1]. Raises `UnknownName` for another name,
    `assets.AssetMissing` or `assets.AssetAltered` where data/tanks.safetensors is gone or damaged.

    >>> load_tanks("lab").classes
    ('tank', 'truck')
    """
    check_name("name", name, TANK_NETWORKS, "network")
    tensors = assets.shipped_tensors(FILE)
    network = tank_network()
    own = {
        key.removeprefix(f"{name}/"): value for key, value in tensors.items() if key.startswith(f"{name}/")
    }
    network.load_state_dict(own, strict=True)
    aliases = small.vgg_like_aliases(WIDTHS, hidden=True)
    model = PixelModel(
        network, MEAN, STD, name=f"tanks_{name}", classes=CLASSES, input_size=SIDE, aliases=aliases
    )
    return model.eval().requires_grad_(False)


@lru_cache(maxsize=2)
def shared_tanks(name: str) -> PixelModel:
    """The same, loaded once: it is shared, so nobody may change it.

    >>> shared_tanks("lab") is shared_tanks("lab")
    True
    """
    return load_tanks(name)


@torch.inference_mode()
def accuracy(model: nn.Module, scenes: Scenes) -> float:
    """Share of scenes whose class the model names rightly.

    >>> from lecturelib.confounds.tank_scenes import tank_scenes
    >>> accuracy(load_tanks("lab"), tank_scenes(100, agreement=1.0, seed=9)) > 0.9
    True
    """
    guesses = torch.cat([model(part).argmax(1) for part in scenes.images.split(250)])
    return (guesses == scenes.labels).float().mean().item()
