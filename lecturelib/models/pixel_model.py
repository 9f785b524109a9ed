"""A network that takes pixels in [0, 1]: normalization happens here, once, and nowhere else."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from lecturelib.checks import check_number, complaint, described
from lecturelib.network.outputs import kind_of, scores_of

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class PixelModel(nn.Module):
    """A network that normalizes its pixels itself: network((pixels - mean) / std), layer names as they are.

    Pixels are (B, channels, H, W) in [0, 1], scores (B, classes). The wrapper and the network share their submodules,
    so a hook, a mode or a weight set on one is set on both. output: picks the scores out of what the network returns,
    `lambda out: out.logits`; without one a tensor is taken as it is, and a dict, dataclass or tuple where it is obvious
    which of its tensors holds the scores. Raises `ValueError` or `TypeError` for mean and std that are not one number
    per color channel, std of 0, or an output that is no function.

    >>> net = PixelModel(nn.Flatten(), (0.5,), (0.25,), name="flat", input_size=2)
    >>> net(torch.ones(1, 1, 1, 2))
    tensor([[2., 2.]])
    """

    TAKES_PIXELS = True  # what `lecturelib.network` knows a PixelModel by; a `normalize` many networks have

    name: str
    classes: tuple[str, ...]
    input_size: int
    channels: int
    aliases: dict[str, str]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    output: Callable[..., Tensor] | None
    _shift: Tensor
    _scale: Tensor

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
        output: Callable[[object], Tensor] | None = None,
    ):
        if len(mean) != len(std) or len(mean) not in (1, 3):
            came = f"{tuple(mean)} and {tuple(std)}"
            raise ValueError(complaint("mean and std", "one number per color channel (1 or 3)", came))
        for number in mean:
            check_number("mean", number)
        for number in std:
            check_number("std", number, above=0)
        if output is not None and not callable(output):
            raise TypeError(complaint("output", "a function of the network's output", described(output)))
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
            output=output,
        )
        with torch.inference_mode(False):  # what is made inside it cannot take part in a gradient
            self.__dict__["_shift"] = torch.tensor(mean).view(1, -1, 1, 1)
            self.__dict__["_scale"] = torch.tensor(std).view(1, -1, 1, 1)

    @property
    def training(self) -> bool:
        return self.__dict__["_wrapped"].training

    @training.setter
    def training(self, mode: bool) -> None:
        self.__dict__["_wrapped"].training = mode

    def normalize(self, pixels: Tensor) -> Tensor:
        """Pixels in [0, 1] as the network was trained to see them."""
        return (pixels - self._shift.to(pixels)) / self._scale.to(pixels)

    def forward(self, pixels: Tensor) -> Tensor:
        returned = self.__dict__["_wrapped"](self.normalize(pixels))
        if self.output is None:
            scores = scores_of(returned)
            return returned if scores is None else scores  # what is not obvious stays what it is
        scores = self.output(returned)
        if not isinstance(scores, Tensor):
            came = f"{kind_of(scores)} from {kind_of(returned)}"
            raise TypeError(
                complaint("output", "a function that returns one tensor of scores (B, classes)", came)
            )
        return scores

    def extra_repr(self) -> str:
        return f"{self.name}: pixels in [0, 1], normalized by mean {self.mean} and std {self.std}"
