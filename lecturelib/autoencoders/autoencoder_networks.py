"""Autoencoders of pictures: tied, deep, and convolutional with pooling switches or up-sampling."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.checks import check_images, check_number, check_whole, complaint, described
from lecturelib.network.inputs import to_the_weights

SIDE = 28  # pixels of a digit or a garment


class MaskingNoise(nn.Module):
    """Masking noise: in training mode each pixel is set to 0 with probability `share`; in eval mode the identity.

    Vincent et al. 2008, "Extracting and composing robust features with denoising autoencoders". `generator` makes the
    draws repeatable; without one they come from torch's own.

    >>> noise = MaskingNoise(0.5, torch.Generator().manual_seed(0)).train()
    >>> round(noise(torch.ones(1, 1, 100, 100)).mean().item(), 1), noise.eval()(torch.ones(2)).sum().item()
    (0.5, 2.0)
    """

    def __init__(self, share: float = 0.5, generator: torch.Generator | None = None):
        super().__init__()
        self.share = check_number("share", share, least=0, below=1)
        self.generator = generator

    def forward(self, images: Tensor) -> Tensor:
        if not self.training or self.share == 0:
            return images
        kept = torch.rand(images.shape, generator=self.generator, device=images.device) >= self.share
        return images * kept

    def extra_repr(self) -> str:
        return f"share={self.share}"


class Coder(Protocol):
    """What has a code: an autoencoder of pictures, or anything that encodes and decodes as one."""

    code_size: int

    def encode(self, images: Tensor) -> Tensor: ...

    def decode(self, codes: Tensor) -> Tensor: ...


class Autoencoder(nn.Module):
    """A fully connected autoencoder: pixels -> hidden layers -> code -> hidden layers -> pixels in [0, 1].

    z = f(x), x' = g(z). `hidden`: sizes of the encoder's hidden layers (ReLU), mirrored in the decoder; none makes it
    shallow. The code is linear, the output a sigmoid. `noise`: share of the pixels that are masked while training
    (denoising). Hinton and Salakhutdinov 2006, "Reducing the dimensionality of data with neural networks".

    >>> model = Autoencoder(code_size=2, hidden=(16,))
    >>> model.encode(torch.zeros(5, 1, 28, 28)).shape, model(torch.zeros(5, 1, 28, 28)).shape
    (torch.Size([5, 2]), torch.Size([5, 1, 28, 28]))
    """

    def __init__(self, code_size: int, hidden: Sequence[int] = (128, 64), noise: float = 0.0, name: str = ""):
        super().__init__()
        check_whole("code_size", code_size, 1, SIDE * SIDE, "the pixels of a picture")
        for width in hidden:
            check_whole("hidden", width, 1)
        self.code_size, self.channels, self.size, self.name = code_size, 1, SIDE, name
        sizes = (SIDE * SIDE, *hidden, code_size)
        self.noise = MaskingNoise(noise)
        self.encoder = _dense(sizes)
        self.decoder = _dense(sizes[::-1])

    def encode(self, images: Tensor) -> Tensor:
        """Codes (B, code_size) of pictures (B, 1, 28, 28) in [0, 1]; other pictures are a `ValueError`."""
        return self.encoder(
            self.noise(check_pictures(images, self)).flatten(1)
        )  # (B, 1, 28, 28) -> (B, 784) -> (B, k)

    def decode(self, codes: Tensor) -> Tensor:
        """Pictures (B, 1, 28, 28) in [0, 1] of codes (B, code_size); another shape is a `ValueError`."""
        return self.logits(codes).sigmoid()

    def logits(self, codes: Tensor) -> Tensor:
        """The decoded pictures before the sigmoid, for cross-entropy."""
        return self.decoder(check_codes(codes, self.code_size)).unflatten(1, (1, SIDE, SIDE))

    def forward(self, images: Tensor) -> Tensor:
        """Reconstruct pictures (B, 1, 28, 28)."""
        return self.decode(self.encode(images))

    def extra_repr(self) -> str:
        return f"{SIDE * SIDE} pixels -> {self.code_size} numbers -> {SIDE * SIDE} pixels"


class TiedAutoencoder(nn.Module):
    """An autoencoder with tied weights: z = act(W x + b), x' = sigmoid(W^T z + c), one W for both ways.

    `activation`: "relu", "sigmoid" or "linear". With an L1 penalty on the codes and more units than a picture needs
    it is the sparse autoencoder; each row of W, as a picture, is then one part of the dictionary (Olshausen and Field
    1996). `noise` as in `Autoencoder`.

    >>> model = TiedAutoencoder(code_size=3)
    >>> model.dictionary().shape, sum(p.numel() for p in model.parameters()) == 3 * 784 + 3 + 784
    (torch.Size([3, 1, 28, 28]), True)
    """

    ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "linear": lambda z: z}

    def __init__(self, code_size: int, activation: str = "relu", noise: float = 0.0, name: str = ""):
        super().__init__()
        check_whole("code_size", code_size, 1, 4 * SIDE * SIDE, "four times the pixels of a picture")
        if activation not in self.ACTIVATIONS:
            raise ValueError(
                complaint("activation", " or ".join(map(repr, self.ACTIVATIONS)), repr(activation))
            )
        self.code_size, self.channels, self.size, self.name = code_size, 1, SIDE, name
        self.activation = activation
        self.noise = MaskingNoise(noise)
        self.weight = nn.Parameter(torch.randn(code_size, SIDE * SIDE) / SIDE)  # rows of about unit length
        self.encoder_bias = nn.Parameter(torch.zeros(code_size))
        self.decoder_bias = nn.Parameter(torch.zeros(SIDE * SIDE))

    def encode(self, images: Tensor) -> Tensor:
        """Codes (B, code_size) of pictures (B, 1, 28, 28) in [0, 1]; other pictures are a `ValueError`."""
        pixels = self.noise(check_pictures(images, self)).flatten(1)
        return self.ACTIVATIONS[self.activation](F.linear(pixels, self.weight, self.encoder_bias))

    def decode(self, codes: Tensor) -> Tensor:
        """Pictures (B, 1, 28, 28) in [0, 1] of codes (B, code_size); another shape is a `ValueError`."""
        return self.logits(codes).sigmoid()

    def logits(self, codes: Tensor) -> Tensor:
        """The decoded pictures before the sigmoid, for cross-entropy."""
        pixels = F.linear(check_codes(codes, self.code_size), self.weight.T, self.decoder_bias)
        return pixels.unflatten(1, (1, SIDE, SIDE))

    def forward(self, images: Tensor) -> Tensor:
        """Reconstruct pictures (B, 1, 28, 28)."""
        return self.decode(self.encode(images))

    def dictionary(self) -> Tensor:
        """What each unit adds to a picture, (code_size, 1, 28, 28): the rows of W."""
        return self.weight.detach().unflatten(1, (1, SIDE, SIDE))


class Pooled(NamedTuple):
    """A convolutional code: maps (B, c, 7, 7), and the switches of both poolings (None without them)."""

    maps: Tensor
    switches: tuple[Tensor, Tensor] | None


class ConvAutoencoder(nn.Module):
    """A convolutional autoencoder, 28 x 28 -> 7 x 7 maps -> 28 x 28, that un-pools by switches or up-samples.

    Encoder: convolution, ReLU, max pooling 2 x 2, twice. Decoder: the reverse. `unpooling` "switches" puts each value
    back where the maximum was (Zeiler et al. 2011): the switches then carry part of the picture beside the
    code. "upsample" repeats each value over its 2 x 2 block. `channels_of_code`: maps of the code.

    >>> model = ConvAutoencoder(channels_of_code=4)
    >>> code = model.encode(torch.rand(2, 1, 28, 28))
    >>> code.maps.shape, code.switches[1].shape, model.decode(code).shape
    (torch.Size([2, 4, 7, 7]), torch.Size([2, 4, 7, 7]), torch.Size([2, 1, 28, 28]))
    """

    WIDTH = 16

    def __init__(self, channels_of_code: int = 8, unpooling: str = "switches", name: str = ""):
        super().__init__()
        check_whole("channels_of_code", channels_of_code, 1, 256)
        if unpooling not in ("switches", "upsample"):
            raise ValueError(complaint("unpooling", "'switches' or 'upsample'", repr(unpooling)))
        self.unpooling, self.channels, self.size, self.name = unpooling, 1, SIDE, name
        self.code_size = channels_of_code * (SIDE // 4) ** 2
        self.down1 = nn.Conv2d(1, self.WIDTH, 3, padding=1)
        self.down2 = nn.Conv2d(self.WIDTH, channels_of_code, 3, padding=1)
        self.up2 = nn.Conv2d(channels_of_code, self.WIDTH, 3, padding=1)
        self.up1 = nn.Conv2d(self.WIDTH, 1, 3, padding=1)

    def encode(self, images: Tensor) -> Pooled:
        """The code of pictures (B, 1, 28, 28) in [0, 1]: maps (B, c, 7, 7), and the switches where they are used."""
        x = self.down1(check_pictures(images, self)).relu()
        x, first = F.max_pool2d(x, 2, return_indices=True)  # (B, 16, 14, 14)
        x, second = F.max_pool2d(self.down2(x).relu(), 2, return_indices=True)  # (B, c, 7, 7)
        return Pooled(x, (first, second) if self.unpooling == "switches" else None)

    def decode(self, code: Pooled) -> Tensor:
        """Pictures (B, 1, 28, 28) in [0, 1] of a code.

        A network that up-samples takes no notice of switches; one that needs them raises `ValueError` without.
        """
        maps, switches = code
        if self.unpooling == "upsample":
            x = self.up2(F.interpolate(maps, scale_factor=2)).relu()
            return self.up1(F.interpolate(x, scale_factor=2)).sigmoid()
        if switches is None:
            raise ValueError(
                complaint(
                    "code", "the switches of both poolings", "none", "without_switches(code) gives empty ones"
                )
            )
        x = self.up2(F.max_unpool2d(maps, switches[1], (2, 2))).relu()  # (B, 16, 14, 14)
        return self.up1(F.max_unpool2d(x, switches[0], (2, 2))).sigmoid()

    def forward(self, images: Tensor) -> Tensor:
        """Reconstruct pictures (B, 1, 28, 28)."""
        return self.decode(self.encode(images))

    def without_switches(self, code: Pooled) -> Pooled:
        """The same maps with every switch at the upper left of its 2 x 2 block: what the maps alone say."""
        size = len(code.maps)
        first = upper_left((size, self.WIDTH, SIDE // 2, SIDE // 2)).to(code.maps.device)
        return Pooled(code.maps, (first, upper_left(code.maps.shape).to(code.maps.device)))


def upper_left(shape: Sequence[int]) -> Tensor:
    """Switches (B, C, h, w) that point at the upper left pixel of each 2 x 2 block of a map (2 h, 2 w).

    >>> upper_left((1, 1, 2, 2)).tolist()
    [[[[0, 2], [8, 10]]]]
    """
    height, width = shape[2:]
    index = (2 * torch.arange(height))[:, None] * (2 * width) + 2 * torch.arange(width)
    return index.expand(shape)


def check_pictures(images: Tensor, model: nn.Module | None = None) -> Tensor:
    """The pictures, if they are (B, 1, 28, 28) in [0, 1], as the model takes them; raises as `check_images`.

    >>> check_pictures(torch.zeros(1, 1, 28, 28)).shape
    torch.Size([1, 1, 28, 28])
    """
    check_images(images)
    if images.shape[1:] != (1, SIDE, SIDE):
        expected = f"shape (B, 1, {SIDE}, {SIDE}), grey pictures as datasets.digits() gives them"
        raise ValueError(
            complaint("images", expected, tuple(images.shape), "images.fit(image, 28) brings one there")
        )
    return images if model is None else to_the_weights(images, model)


def check_codes(codes: Tensor, code_size: int) -> Tensor:
    """The codes, if they are floats (B, code_size); `TypeError` or `ValueError`.

    >>> check_codes(torch.zeros(2, 3), 3).shape
    torch.Size([2, 3])
    """
    if not isinstance(codes, Tensor) or not codes.is_floating_point():
        raise TypeError(complaint("codes", f"a tensor (B, {code_size}) of floats", described(codes)))
    if codes.ndim != 2 or codes.shape[1] != code_size:
        raise ValueError(complaint("codes", f"shape (B, {code_size})", tuple(codes.shape)))
    return codes


def _dense(sizes: Sequence[int]) -> nn.Sequential:
    """Linear layers with a ReLU between them, none at the end."""
    layers: list[nn.Module] = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
