"""Small generative models of digits and clothes: a latent code goes in, a picture comes out. They serve as priors.

A VAE reads pictures too; of a GAN only the generator is kept. Codes are drawn from a normal distribution in both.
"""

import copy
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lecturelib import assets
from lecturelib.checks import UnknownName, check_images

SIDE = 7  # of the first map; two doublings give 28 px
VAE_LATENT, VAE_WIDTHS = 20, (96, 48, 24)
GAN_LATENT, GAN_WIDTHS = 32, (96, 48, 24)


class Generator(nn.Module):
    """Codes (B, latent_size) -> images (B, channels, size, size) in [0, 1]: a VAE's decoder, or what a GAN keeps.

    The code becomes a map of 7 x 7, which every further width doubles; transposed convolutions of 4 x 4 with stride 2
    put equally many taps on every pixel, so that no chequerboard shows. After Radford et al. 2016 (DCGAN).
    `batch_norm` is for training: `fold` removes it. Raises `ValueError` for a latent size or a width below 1.
    """

    def __init__(
        self,
        latent_size: int,
        widths: Sequence[int],
        channels: int = 1,
        batch_norm: bool = False,
        name: str = "",
    ):
        super().__init__()
        if min(latent_size, channels, *widths) < 1:
            raise ValueError(
                f"latent_size, channels and widths are at least 1, got {latent_size}, {channels}, {tuple(widths)}"
            )
        self.latent_size, self.channels, self.name = latent_size, channels, name
        self.size = SIDE * 2 ** (len(widths) - 1)
        layers: list[nn.Module] = []
        for k, (wide, next_wide) in enumerate(zip((latent_size, *widths), widths, strict=False)):
            # 1 x 1 -> 7 x 7, then doubled
            shape = {"kernel_size": 4, "stride": 2, "padding": 1} if k else {"kernel_size": SIDE}
            layers.append(nn.ConvTranspose2d(wide, next_wide, **shape, bias=not batch_norm))
            if batch_norm:
                layers.append(nn.BatchNorm2d(next_wide))
            layers.append(nn.ReLU())
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], channels, 3, padding=1))

    def decode(self, z: Tensor) -> Tensor:
        """Images (B, channels, size, size) in [0, 1] of codes z (B, latent_size); a wrong shape is a `ValueError`."""
        return self.logits(z).sigmoid()

    forward = decode

    def logits(self, z: Tensor) -> Tensor:
        """The same before the sigmoid, for training."""
        return self.layers(check_codes(z, self)[:, :, None, None])  # (B, n) -> (B, n, 1, 1) -> (B, C, H, W)

    def extra_repr(self) -> str:
        return f"{self.latent_size} numbers -> {self.channels} x {self.size} x {self.size}"


class VAE(nn.Module):
    """A variational autoencoder: `encode` reads pictures as normal distributions over codes, `decode` paints codes.

    After Kingma and Welling 2014, with convolutions.
    """

    def __init__(
        self,
        latent_size: int = VAE_LATENT,
        widths: Sequence[int] = VAE_WIDTHS,
        channels: int = 1,
        name: str = "",
    ):
        super().__init__()
        self.decoder = Generator(latent_size, widths, channels)
        self.latent_size, self.channels, self.size, self.name = (
            latent_size,
            channels,
            self.decoder.size,
            name,
        )
        self.encoder = nn.Sequential(
            nn.Conv2d(channels, 32, 4, stride=2, padding=1),  # (B, 32, 14, 14)
            nn.ReLU(),
            nn.Conv2d(32, 64, 4, stride=2, padding=1),  # (B, 64, 7, 7)
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * (self.size // 4) ** 2, 2 * latent_size),
        )

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance (B, latent_size) of the codes of images (B, channels, size, size) in [0, 1]."""
        check_images(images, self)
        if images.shape[-2:] != (self.size, self.size):
            raise ValueError(
                f"{self.name or 'this VAE'} reads {self.size} x {self.size} px, got {tuple(images.shape[-2:])}"
            )
        mean, log_variance = self.encoder(images).chunk(2, dim=1)  # (B, 2 n) -> twice (B, n)
        return mean, log_variance

    def decode(self, z: Tensor) -> Tensor:
        """Images (B, channels, size, size) in [0, 1] of codes z (B, latent_size); a wrong shape is a `ValueError`."""
        return self.decoder.decode(z)

    def forward(self, images: Tensor) -> Tensor:
        """Images read and painted again, by way of the mean code."""
        return self.decode(self.encode(images)[0])


def check_codes(z: Tensor, model: "Generator | VAE") -> Tensor:
    """The codes, if they are finite floats (B, latent_size); otherwise `TypeError` or `ValueError`."""
    title, n = model.name or "this generator", model.latent_size
    if not isinstance(z, Tensor) or not z.is_floating_point():
        came = z.dtype if isinstance(z, Tensor) else type(z).__name__
        raise TypeError(f"{title} takes codes as a tensor of floats (B, {n}), got {came}")
    if z.ndim != 2 or z.shape[1] != n or len(z) == 0:
        raise ValueError(f"{title} takes codes (B, {n}), got {tuple(z.shape)}")
    if not z.isfinite().all():
        raise ValueError(f"{title} takes finite codes, these hold NaN or infinity")
    return z


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)), summed over the code: (B, n) and (B, n) -> (B,), in nats."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)


def negative_elbo(
    vae: VAE, images: Tensor, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """The two parts of a VAE's loss for images (B, C, H, W): reconstruction (B,) and KL divergence (B,), in nats.

    Reconstruction is the binary cross-entropy summed over the pixels, of one code drawn from the encoder's distribution
    by the reparametrization mean + std * noise. Kingma and Welling 2014, equation 10.
    """
    mean, log_variance = vae.encode(images)
    noise = torch.randn(mean.shape, generator=generator)
    logits = vae.decoder.logits(mean + (0.5 * log_variance).exp() * noise).float()
    error = F.binary_cross_entropy_with_logits(logits, images, reduction="none").flatten(1).sum(1)
    return error, kl_divergence(mean.float(), log_variance.float())


def fold(generator: Generator) -> Generator:
    """The same generator without batch normalisation, as a new one in eval mode: the norms go into the weights."""
    plain: list[nn.Module] = []
    for layer in copy.deepcopy(generator).eval().layers:  # the given one keeps its mode and its layers
        if isinstance(layer, nn.BatchNorm2d):
            plain[-1] = fuse_conv_bn_eval(plain[-1], layer, transpose=True)
        else:
            plain.append(layer)
    widths = [layer.out_channels for layer in plain if isinstance(layer, nn.ConvTranspose2d)]
    folded = Generator(generator.latent_size, widths, generator.channels, name=generator.name)
    folded.layers = nn.Sequential(*plain)
    return folded.eval()


@dataclass(frozen=True)
class Painter:
    """A generative model of the house: what it paints, and how it is built. Its weights are data/NAME.safetensors."""

    what: str
    build: Callable[[], "Generator | VAE"]


GENERATIVE: dict[str, Painter] = {
    "digits_vae": Painter("digits", lambda: VAE(name="digits_vae")),
    "clothes_vae": Painter("clothes", lambda: VAE(name="clothes_vae")),
    "digits_gan": Painter("digits", lambda: Generator(GAN_LATENT, GAN_WIDTHS, name="digits_gan")),
    "clothes_gan": Painter("clothes", lambda: Generator(GAN_LATENT, GAN_WIDTHS, name="clothes_gan")),
}


def load(name: str, weights: Literal["trained", "random"] = "trained", seed: int = 0) -> "Generator | VAE":
    """A generative model by name, in eval mode, no parameter asking for gradients.

    `weights="random"` draws them from `seed`. Raises `TypeError` for what is no name, `UnknownName` (a `KeyError`) for
    another name, `assets.AssetMissing` where its file in data/ is gone, `assets.AssetAltered` where it is damaged.
    """
    if weights not in ("trained", "random"):
        raise ValueError(f"weights: 'trained' or 'random' is needed, got {weights!r}")
    if not isinstance(name, str):
        raise TypeError(f"load: a name such as 'digits_vae' is needed, got {type(name).__name__}")
    if name not in GENERATIVE:
        near = difflib.get_close_matches(name, GENERATIVE, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UnknownName(f"no generative model is called {name!r}; there are {', '.join(GENERATIVE)}{hint}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = GENERATIVE[name].build()
    if weights == "trained":
        model.load_state_dict(assets.shipped_tensors(name), strict=True)
    return model.eval().requires_grad_(False)
