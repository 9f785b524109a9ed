"""Small generative models of digits and clothes: a latent code goes in, a picture comes out. They serve as priors.

A VAE encodes pictures too; of a GAN only the generator is kept. Codes are drawn from a normal distribution in both.
"""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lecturelib.checks import check_whole, complaint, described
from lecturelib.network.inputs import as_the_model_takes

SIDE = 7  # of the first map; two doublings give 28 px
VAE_LATENT, VAE_WIDTHS = 20, (96, 48, 24)
GAN_LATENT, GAN_WIDTHS = 32, (96, 48, 24)


class Generator(nn.Module):
    """Generator: codes (B, latent_size) -> images (B, channels, size, size) in [0, 1], of a GAN or a VAE's decoder.

    The code becomes a map of 7 x 7, which every further width doubles; transposed convolutions of 4 x 4 with stride 2
    put equally many taps on every pixel, which avoids checkerboard artifacts. After Radford et al. 2016 (DCGAN).
    `batch_norm` is for training: `fold` removes it. Raises `ValueError` for a latent size or a width below 1.

    >>> import torch
    >>> Generator(2, (4, 4))(torch.zeros(3, 2)).shape
    torch.Size([3, 1, 14, 14])
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
        check_whole("latent_size", latent_size, 1)
        check_whole("channels", channels, 1)
        for width in widths:
            check_whole("widths", width, 1)
        self.latent_size, self.channels, self.name = latent_size, channels, name
        self.size = SIDE * 2 ** (len(widths) - 1)
        layers: list[nn.Module] = []
        for k, (wide, next_wide) in enumerate(zip((latent_size, *widths), widths, strict=False)):
            # 1 x 1 -> 7 x 7, then doubled
            shape: dict[str, Any] = (
                {"kernel_size": 4, "stride": 2, "padding": 1} if k else {"kernel_size": SIDE}
            )
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
    """Variational autoencoder: `encode` maps pictures to normal distributions over codes, `decode` codes to pictures.

    After Kingma and Welling 2014, with convolutions.

    >>> import torch
    >>> VAE(2, (4, 4))(torch.zeros(3, 1, 14, 14)).shape
    torch.Size([3, 1, 14, 14])
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
        images = as_the_model_takes(images, self)
        if images.shape[-2:] != (self.size, self.size):
            expected = f"{self.size} x {self.size} px, as {self.name or 'this VAE'} takes"
            raise ValueError(complaint("images", expected, tuple(images.shape[-2:])))
        mean, log_variance = self.encoder(images).chunk(2, dim=1)  # (B, 2 n) -> twice (B, n)
        return mean, log_variance

    def decode(self, z: Tensor) -> Tensor:
        """Images (B, channels, size, size) in [0, 1] of codes z (B, latent_size); a wrong shape is a `ValueError`."""
        return self.decoder.decode(z)

    def forward(self, images: Tensor) -> Tensor:
        """Reconstructions: the images that the mean codes are decoded to."""
        return self.decode(self.encode(images)[0])


def check_codes(z: Tensor, model: "Generator | VAE") -> Tensor:
    """The codes, if they are finite floats (B, latent_size); otherwise `TypeError` or `ValueError`.

    >>> import torch
    >>> check_codes(torch.zeros(3, 2), Generator(2, (4,))).shape
    torch.Size([3, 2])
    """
    title, n = model.name or "this generator", model.latent_size
    if not isinstance(z, Tensor) or not z.is_floating_point():
        raise TypeError(complaint("codes", f"floats (B, {n}), as {title} takes", described(z)))
    if z.ndim != 2 or z.shape[1] != n or len(z) == 0:
        raise ValueError(complaint("codes", f"(B, {n}), as {title} takes", tuple(z.shape)))
    if not z.isfinite().all():
        raise ValueError(complaint("codes", "finite numbers", "NaN or infinity"))
    return z


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) = Σ (mean² + variance - 1 - log variance) / 2: (B, n), (B, n) -> (B,), in nats.

    >>> import torch
    >>> kl_divergence(torch.tensor([[2.0, 0.0]]), torch.zeros(1, 2))
    tensor([2.])
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)


def negative_elbo(
    vae: VAE, images: Tensor, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Negative evidence lower bound of images (B, C, H, W): reconstruction (B,) and KL divergence (B,), in nats.

    Reconstruction is the binary cross-entropy summed over the pixels, of one code drawn from the encoder's distribution
    by the reparametrization mean + std * noise. Kingma and Welling 2014, equation 10.

    >>> import torch
    >>> error, kl = negative_elbo(VAE(2, (4, 4)), torch.rand(3, 1, 14, 14))
    >>> error.shape, kl.shape
    (torch.Size([3]), torch.Size([3]))
    """
    mean, log_variance = vae.encode(images)
    noise = torch.randn(mean.shape, generator=generator).to(mean)
    logits = vae.decoder.logits(mean + (0.5 * log_variance).exp() * noise).float()
    error = F.binary_cross_entropy_with_logits(logits, images, reduction="none").flatten(1).sum(1)
    return error, kl_divergence(mean.float(), log_variance.float())


def fold(generator: Generator) -> Generator:
    """The same generator without batch normalization, as a new one in eval mode: the norms go into the weights.

    >>> import torch
    >>> trained = Generator(2, (4, 4), batch_norm=True).eval()
    >>> z = torch.randn(3, 2)
    >>> torch.allclose(fold(trained)(z), trained(z), atol=1e-5)
    True
    """
    plain: list[Any] = []
    for layer in copy.deepcopy(generator).eval().layers:  # the given one keeps its mode and its layers
        if isinstance(layer, nn.BatchNorm2d):
            plain[-1] = fuse_conv_bn_eval(plain[-1], layer, transpose=True)
        else:
            plain.append(layer)
    widths = [layer.out_channels for layer in plain if isinstance(layer, nn.ConvTranspose2d)]
    folded = Generator(generator.latent_size, widths, generator.channels, name=generator.name)
    folded.layers = nn.Sequential(*plain)
    return folded.eval()


def digits_vae() -> VAE:
    """The VAE of handwritten digits, untrained, (B, 20) codes."""
    return VAE(name="digits_vae")


def clothes_vae() -> VAE:
    """The VAE of clothes, untrained, (B, 20) codes."""
    return VAE(name="clothes_vae")


def digits_gan() -> Generator:
    """The generator of a GAN of handwritten digits, untrained, (B, 32) codes."""
    return Generator(GAN_LATENT, GAN_WIDTHS, name="digits_gan")


def clothes_gan() -> Generator:
    """The generator of a GAN of clothes, untrained, (B, 32) codes."""
    return Generator(GAN_LATENT, GAN_WIDTHS, name="clothes_gan")
