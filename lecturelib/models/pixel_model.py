"""A network that takes pixels in [0, 1]: normalisation happens here, once, and nowhere else."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class PixelModel(nn.Module):
    """`network((pixels - mean) / std)`, with the network's own layer names (`features.8`).

    Pixels are (B, channels, H, W) in [0, 1]. The wrapper and the network share their submodules, so a hook, a mode or a
    weight set on one is set on both.
    """

    def __init__(
        self,
        network: nn.Module,
        mean: Sequence[float],
        std: Sequence[float],
        *,
        name: str,
        classes: Sequence[str] = (),
        input_size: int = 224,
        aliases: Mapping[str, str] | None = None,
    ):
        if len(mean) != len(std) or len(mean) not in (1, 3):
            raise ValueError(f"mean and std: one number per colour channel (1 or 3), got {mean} and {std}")
        if min(std) <= 0:
            raise ValueError(f"std must be above 0, got {tuple(std)}")
        mode = network.training
        # Into __dict__, past nn.Module's bookkeeping: registered as a child it would put its name before every layer's,
        # and the network may itself have a child or a buffer called "mean" or "classes".
        self.__dict__["_wrapped"] = network
        super().__init__()
        self.training = mode
        # Sharing the very dictionaries gives both the same children, parameters and state dict.
        for shared in ("_modules", "_parameters", "_buffers"):
            self.__dict__[shared] = getattr(network, shared)
        self.__dict__.update(
            name=name,
            classes=tuple(classes),
            input_size=input_size,
            channels=len(mean),
            aliases=dict(aliases or {}),
            mean=tuple(mean),
            std=tuple(std),
            _shift=torch.tensor(mean).view(1, -1, 1, 1),
            _scale=torch.tensor(std).view(1, -1, 1, 1),
        )

    @property
    def training(self) -> bool:
        return self.__dict__["_wrapped"].training

    @training.setter
    def training(self, mode: bool) -> None:
        self.__dict__["_wrapped"].training = mode

    def normalise(self, pixels: Tensor) -> Tensor:
        """Pixels in [0, 1] as the network was trained to see them."""
        return (pixels - self._shift.to(pixels)) / self._scale.to(pixels)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.__dict__["_wrapped"](self.normalise(pixels))

    def extra_repr(self) -> str:
        return f"{self.name}: pixels in [0, 1], normalised by mean {self.mean} and std {self.std}"
