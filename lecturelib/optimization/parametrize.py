"""Parametrizations of an image: its pixels, or its Fourier coefficients in decorrelated colors.

A parametrization is any object with `parameters`, the tensors that ascent changes, and `image()`, the picture
(B, C, H, W) in [0, 1] that they stand for. Two methods are optional: `set_image(image)` sets the parameters so that
they stand for this picture (for a start, and for proximal steps, which change the picture), `project()` brings the
parameters back to where they are allowed after a step. A learned prior is one more such object.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import torch
from torch import Tensor

from lecturelib.checks import check_whole

Shape = tuple[int, int, int, int]  # (B, C, H, W)
NOISE = 0.01  # standard deviation of the noise that a Fourier image starts from, per coefficient
PIXEL_NOISE = 0.05  # of the pixels' noise around grey
DARKEST = 0.01  # a pixel that is set stays this far from 0 and 1: the sigmoid reaches neither

# Covariance of red, green and blue over the eight shipped color photos: `measured_colors()` computes it.
COLORS = (
    (0.0904, 0.0604, 0.0439),
    (0.0604, 0.0621, 0.0579),
    (0.0439, 0.0579, 0.0661),
)


@runtime_checkable
class Parametrization(Protocol):
    """What `maximize` needs of an object that stands for a picture.

    >>> import torch
    >>> from lecturelib.optimization import Parametrization
    >>> class EvenGrey:
    ...     parameters = [torch.zeros(1, 1, 1, 1)]
    ...
    ...     def image(self):
    ...         return self.parameters[0].sigmoid().expand(1, 3, 4, 5)
    >>> isinstance(EvenGrey(), Parametrization), EvenGrey().image().shape
    (True, torch.Size([1, 3, 4, 5]))
    """

    parameters: Sequence[Tensor]

    def image(self) -> Tensor:
        """The picture (B, C, H, W) in [0, 1], differentiable in the parameters."""
        ...


ParametrizationFactory: TypeAlias = Callable[[Shape, str | Tensor, torch.Generator], Parametrization]


class Pixels:
    """Pixel parametrization: the pixels themselves, (B, C, H, W), clipped to [0, 1] after every step.

    It starts from noise around grey, from grey, or from an image.

    >>> Pixels((1, 3, 4, 5), "grey").image().unique()
    tensor([0.5000])
    """

    def __init__(self, shape: Shape, start: str | Tensor = "noise", generator: torch.Generator | None = None):
        self.parameters = [torch.full(shape, 0.5)]
        if isinstance(start, Tensor):
            self.set_image(start)
        elif start == "noise":
            self.parameters[0] += PIXEL_NOISE * torch.randn(shape, generator=generator)
            self.project()

    def image(self) -> Tensor:
        """The pixels, (B, C, H, W)."""
        return self.parameters[0].clone()

    def set_image(self, image: Tensor) -> None:
        """Take the pixels of a picture (B, C, H, W)."""
        self.parameters = [image.detach().clone(memory_format=torch.contiguous_format)]

    def project(self) -> None:
        """Clip the pixels to [0, 1]."""
        self.parameters[0].clamp_(0, 1)


class Fourier:
    """Fourier parametrization: x = sigmoid(C · F⁻¹(z / f^decay)), z the coefficients, C the color matrix.

    Natural images have amplitudes of about 1 / f: with this scale a step changes all frequencies by their natural
    share, where a step on pixels changes mostly the highest. The planes are decorrelated colors: `color_matrix`, the
     square root of the color covariance of photos, mixes them, so that a step moves along light and dark more than
    along colors, as photos vary. The sigmoid keeps every pixel in (0, 1) and never stops a gradient as clipping would.
    Olah, Mordvintsev & Schubert 2017, "Feature visualization". `decay` is the exponent of f.

    >>> Fourier((1, 3, 4, 6), "grey").image().unique(), Fourier((1, 3, 4, 6)).parameters[0].shape
    (tensor([0.5000]), torch.Size([1, 3, 4, 4, 2]))
    """

    def __init__(
        self,
        shape: Shape,
        start: str | Tensor = "noise",
        generator: torch.Generator | None = None,
        decay: float = 1.0,
    ):
        batch, channels, height, width = shape
        self.size = (height, width)
        self.colors = color_matrix(channels)  # (C, C)
        rows, columns = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
        frequency = (rows.square() + columns.square()).sqrt().clamp_min(1 / max(height, width))
        self.scale = (frequency**-decay / 4)[..., None]  # (H, W // 2 + 1, 1)
        coefficients = (batch, channels, height, width // 2 + 1, 2)
        self.parameters = [torch.zeros(coefficients)]
        if isinstance(start, Tensor):
            self.set_image(start)
        elif start == "noise":
            self.parameters[0] += NOISE * torch.randn(coefficients, generator=generator)

    def image(self) -> Tensor:
        """The picture (B, C, H, W) in (0, 1) of the coefficients."""
        spectrum = torch.view_as_complex(self.parameters[0] * self.scale)  # (B, C, H, W // 2 + 1)
        planes = torch.fft.irfft2(spectrum, s=self.size, norm="ortho")  # (B, C, H, W)
        return torch.einsum("dc,bchw->bdhw", self.colors, planes).sigmoid()

    def set_image(self, image: Tensor) -> None:
        """Set the coefficients to those of a picture (B, C, H, W), whose pixels are brought into [0.01, 0.99]."""
        values = image.detach().clamp(DARKEST, 1 - DARKEST).logit()
        planes = torch.einsum("dc,bchw->bdhw", torch.linalg.inv(self.colors), values)
        spectrum = torch.view_as_real(torch.fft.rfft2(planes, norm="ortho"))  # (B, C, H, W // 2 + 1, 2)
        self.parameters = [spectrum / self.scale]


FORMS: dict[str, Any] = {"pixels": Pixels, "fourier": Fourier}


def color_matrix(channels: int) -> Tensor:
    """The square root (C, C) of the photos' color covariance: independent numbers in, colors as in photos out.

    Its largest column has length 1. The identity for any other number of channels than three.

    >>> color_matrix(1)
    tensor([[1.]])
    """
    check_whole("channels", channels, 1)
    if channels != 3:
        return torch.eye(channels)
    values, vectors = torch.linalg.eigh(torch.tensor(COLORS))
    root = vectors * values.clamp_min(0).sqrt()  # columns: along green-magenta, blue-orange, light-dark
    return root / root.norm(dim=0).max()


def measured_colors(size: int = 128) -> Tensor:
    """The covariance (3, 3) of red, green and blue over the pixels of the shipped color photos, in [0, 1] units.

    >>> measured_colors(16).shape
    torch.Size([3, 3])
    """
    from lecturelib.images import PHOTOS, photo

    names = [name for name in PHOTOS if "in grey" not in PHOTOS[name].alt]
    squares = torch.cat([photo(name, size) for name in names])
    return torch.cov(squares.transpose(0, 1).flatten(1))  # (N, 3, H, W) -> (3, N * H * W)
