"""The shipped networks that tell tanks from trucks, and how they are measured."""

from functools import lru_cache

import torch
from torch import nn

from lecturelib import assets
from lecturelib.checks import check_name
from lecturelib.confounds.tank_cures import CURES_FILE, TANK_CURES, WEATHER_DETECTOR
from lecturelib.confounds.tank_scenes import CLASSES, SIDE, WEATHER, Scenes
from lecturelib.models import small
from lecturelib.models.pixel_model import PixelModel

FILE = "tanks"
MEAN, STD = (0.5, 0.5, 0.45), (0.22, 0.22, 0.22)
WIDTHS, HIDDEN = ((16,), (32,), (48,), (48,)), 32

# What each network was trained on, as lab workers would put it.
TANK_NETWORKS = {
    "lab": "every tank overcast, every truck sunny",
    "balanced": "weather drawn independently of the class",
}


def tank_network(batch_norm: bool = False) -> nn.Module:
    """Four convolutions with max pooling and one hidden layer, (B, 3, 96, 96) normalized -> (B, 2).

    >>> tank_network()(torch.zeros(1, 3, 96, 96)).shape
    torch.Size([1, 2])
    """
    return small.vgg_like(WIDTHS, SIDE, len(CLASSES), HIDDEN, batch_norm)


def load_tanks(name: str) -> PixelModel:
    """A trained network by what it was trained on; in eval mode.

    "lab" or "balanced" (`TANK_NETWORKS`), a cure of the lab's confound (`TANK_CURES`), or "weather", which names the
    weather instead of the vehicle. Classes "tank" and "truck", or "overcast" and "sunny"; pixels (B, 3, 96, 96) in
    [0, 1]. Raises `UnknownName` for another name, `assets.AssetMissing` or `assets.AssetAltered` where the file in
    data/ is gone or damaged.

    >>> load_tanks("lab").classes
    ('tank', 'truck')
    """
    check_name("name", name, (*TANK_NETWORKS, *TANK_CURES, WEATHER_DETECTOR), "network")
    tensors = assets.shipped_tensors(FILE if name in TANK_NETWORKS else CURES_FILE)
    network = tank_network()
    own = {
        key.removeprefix(f"{name}/"): value for key, value in tensors.items() if key.startswith(f"{name}/")
    }
    network.load_state_dict(own, strict=True)
    aliases = small.vgg_like_aliases(WIDTHS, hidden=True)
    classes = WEATHER if name == WEATHER_DETECTOR else CLASSES
    model = PixelModel(
        network, MEAN, STD, name=f"tanks_{name}", classes=classes, input_size=SIDE, aliases=aliases
    )
    return model.eval().requires_grad_(False)


@lru_cache(maxsize=6)
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
    guesses = torch.cat([model(part).argmax(1) for part in scenes.images.split(60)])
    return (guesses == scenes.labels).float().mean().item()
