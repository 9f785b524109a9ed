"""Learned priors: a generative model makes the picture, or its activations are held near those of natural pictures.

Whose feature is it? A learned prior makes plausible pictures, and it is ambiguous: what is seen may come from the unit,
or from the pictures that the prior was trained on. `claims.whose_feature` measures that with a prior of things that the
network never saw. A picture without a learned prior is less plausible, and all of it is the network's.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib import models
from lecturelib.checks import check_images, check_number, check_whole, complaint, described
from lecturelib.models.generative import VAE, Generator, check_codes
from lecturelib.network.hooks import Activations, record
from lecturelib.network.inputs import to_the_weights
from lecturelib.network.probe import layer_info

TYPICAL = 1.0  # a normal code of n numbers is about sqrt(n) long; longer ones are brought back to that
RIDGE = 0.01  # share of the mean variance that is added to every direction before whitening
LEAST_STD = 1e-4  # of a channel's mean standard deviation: a channel that never varies is not divided by 0
BATCH = 32


class LatentPrior:
    """What `VAEPrior` and `GANPrior` share: a latent code z (B, n) is optimized, x = G(z), G a generative model.

    The picture can only be one that G generates, and the code is kept at most `typical` times sqrt(n) long, which is
    where nearly all codes lie that the model was trained with. Whatever the unit is, the model's own kind of picture
    comes out: see the module's first lines. The code has the dtype and the device of the model's weights.
    Nguyen et al. 2016, "Synthesizing the preferred inputs for neurons via deep generator networks".
    """

    def __init__(
        self,
        generator: Generator | VAE | str,
        batch: int = 1,
        start: str | Tensor = "noise",
        *,
        for_model: nn.Module | None = None,
        seed: int = 0,
        typical: float | None = TYPICAL,
    ):
        generator = models.load(generator) if isinstance(generator, str) else generator
        self._check_generator(generator)
        check_whole("batch", batch, 1)
        if typical is not None:
            check_number("typical", typical, above=0)
        self.generator, self.typical = generator, typical
        self.size = (generator.size, generator.size)
        if for_model is not None:
            self._check_model(for_model)
        with torch.inference_mode(False):  # what is made inside it could not be optimized
            codes = self._first_codes(start, batch, check_whole("seed", seed, 0))
            self.parameters = [codes.to(next(generator.parameters())).clone()]
            self.project()

    def _first_codes(self, start: str | Tensor, batch: int, seed: int) -> Tensor:
        n = self.generator.latent_size
        if isinstance(start, Tensor):
            codes = start.detach().clone() if start.ndim == 2 else self._codes_of(start)
            check_codes(codes, self.generator)
            if batch != 1 and len(codes) not in (1, batch):
                raise ValueError(complaint("batch", f"{len(codes)}, as many as the start has codes", batch))
            return codes.expand(batch, n) if len(codes) == 1 else codes
        if isinstance(start, str) and start == "noise":
            return torch.randn(batch, n, generator=torch.Generator().manual_seed(seed))
        if isinstance(start, str) and start == "mean":
            return torch.zeros(batch, n)
        expected = f"'noise', 'mean', codes (B, {n}) or images (B, C, H, W)"
        raise ValueError(complaint("start", expected, described(start)))

    def image(self) -> Tensor:
        """The generated pictures (B, C, H, W) in [0, 1], at the network's size where `for_model` was given."""
        generated = self.generator.decode(self.parameters[0])
        if generated.shape[-2:] == self.size:
            return generated
        return F.interpolate(generated, self.size, mode="bilinear", align_corners=False)

    @torch.no_grad()
    def project(self) -> None:
        """Scale codes that have grown too long back to the ball of typical ones."""
        if self.typical is not None:
            z = self.parameters[0]
            longest = self.typical * z.shape[1] ** 0.5
            z.mul_((longest / z.norm(dim=1, keepdim=True).clamp_min(1e-12)).clamp_max(1))

    def _codes_of(self, images: Tensor) -> Tensor:
        expected = (
            f"codes (B, {self.generator.latent_size}), since {self.generator.name or 'a GAN'} has no encoder"
        )
        raise ValueError(complaint("start", expected, described(images), "use a VAE to start from pictures"))

    def _check_generator(self, generator: object) -> None:
        if not isinstance(generator, Generator | VAE):
            expected = "a generative model, or its name such as 'digits_gan'"
            raise TypeError(complaint("generator", expected, described(generator)))

    def _check_model(self, model: nn.Module) -> None:
        channels, side = getattr(model, "channels", None), getattr(model, "input_size", None)
        if channels is None:
            expected = "a network of models.load or models.adapt, which knows its input"
            raise TypeError(complaint("for_model", expected, type(model).__name__))
        if channels != self.generator.channels:
            kinds = {1: "grey", 3: "color"}
            title = self.generator.name or "this generator"
            expected = f"a network for {kinds.get(self.generator.channels)} pictures, as {title} generates"
            came = f"{model.name}, which takes {kinds.get(channels)} ones"
            raise ValueError(complaint("for_model", expected, came))
        self.size = (side, side)


class VAEPrior(LatentPrior):
    """Learned prior, a parametrization: x = decode(z) of a VAE. Pass it to `maximize(..., parametrization=...)`.

    `start` is "noise", "mean" (the zero code), codes (B, n), or images (B, C, H, W) in [0, 1], which the VAE encodes.

    >>> from lecturelib import models
    >>> from lecturelib.network.units import Logit
    >>> from lecturelib.optimization.ascent import maximize
    >>> net = models.load("lenet")
    >>> prior = VAEPrior("digits_vae", for_model=net)
    >>> maximize(net, Logit(3), parametrization=prior, transforms=(), steps=2).image.shape
    torch.Size([1, 1, 28, 28])
    """

    def set_image(self, image: Tensor) -> None:
        """Set the codes to those of a picture: as near to it as the VAE can come."""
        self.parameters = [self._codes_of(image)]
        self.project()

    def _check_generator(self, generator: object) -> None:
        super()._check_generator(generator)
        if not isinstance(generator, VAE):
            came = getattr(generator, "name", "") or "a generator"
            raise TypeError(complaint("generator", "a VAE", came, "GANPrior takes a generator"))

    @torch.no_grad()
    def _codes_of(self, images: Tensor) -> Tensor:
        check_images(images, self.generator, "start")
        side = self.generator.size
        if images.shape[-2:] != (side, side):
            images = F.interpolate(images, (side, side), mode="bilinear", antialias=True, align_corners=False)
        encoder: Any = self.generator
        return encoder.encode(images.clamp(0, 1).to(next(self.generator.parameters())))[0]


class GANPrior(LatentPrior):
    """Learned prior, a parametrization: x = G(z), the generator of a GAN (a VAE's decoder serves as well).

    `start` is "noise", "mean" (the zero code) or codes (B, n): a GAN has no encoder.

    >>> GANPrior("digits_gan", batch=2).image().shape
    torch.Size([2, 1, 28, 28])
    """


class LayerStatistics:
    """Layer statistics, a penalty: r(x) = weight · mean over c of ((m_c - μ_c) / σ_c)² + ((s_c - σ_c) / σ_c)².

    Per picture and channel the mean and the standard deviation over all positions are compared with those over natural
    pictures: the mean of (difference of means / std)^2 + (difference of stds / std)^2 over the channels, which is the
    squared Wasserstein distance of two normal distributions in units of the natural variance. With `covariance` the
    channels' correlations count as well: in coordinates in which natural activations have covariance I (whitened), the
    squared mean plus the squared Frobenius distance of the picture's covariance to I, per channel. That needs more
    positions than a map of a few has. A layer without positions (a fully connected one) has no spread: its mean counts.

    0 says that the picture's activations are distributed as natural ones, not that the picture looks natural; and what
    it adds to a picture comes from those natural pictures, not from the unit. Returns (B,). After Yin et al. 2020
    ("Dreaming to distill", batch norm statistics); see Heusel et al. 2017 for the distance with covariance.

    >>> import torch
    >>> from lecturelib.optimization import LayerStatistics
    >>> prior = LayerStatistics("conv1", mean=torch.zeros(1), std=torch.ones(1))
    >>> prior.distance(torch.tensor([[[-1.0, 1.0]], [[2.0, 4.0]]]))  # (B, C, P): as natural ones; mean 3, std 1
    tensor([0., 9.])
    """

    def __init__(
        self,
        layer: str,
        mean: Tensor,
        std: Tensor,
        weight: float = 1.0,
        whitening: Tensor | None = None,
        call: int = 0,
    ):
        check_number("weight", weight, least=0)
        if (
            mean.ndim != 1
            or std.shape != mean.shape
            or (whitening is not None and whitening.shape != (len(mean),) * 2)
        ):
            shapes = [tuple(value.shape) for value in (mean, std, whitening) if value is not None]
            raise ValueError(complaint("mean, std, whitening", "(C,), (C,) and None or (C, C)", shapes))
        self.layer, self.call, self.weight = layer, call, weight
        with torch.inference_mode(False):  # tensors made inside it could not take part in a gradient
            self.mean, self.std = mean.clone(), std.clone()
            self.whitening = None if whitening is None else whitening.clone()

    @classmethod
    def measured(
        cls,
        model: nn.Module,
        layer: str,
        natural: Tensor | Iterable[Tensor],
        weight: float = 1.0,
        covariance: bool = False,
        call: int = 0,
    ) -> "LayerStatistics":
        """The prior of a layer, measured on natural pictures: images (B, C, H, W) in [0, 1], or several such tensors.

        Raises `ValueError` for fewer than two pictures, and for a whitening of more channels than there are positions.

        >>> from lecturelib import models
        >>> prior = LayerStatistics.measured(models.load("lenet"), "conv1", torch.rand(2, 1, 28, 28))
        >>> prior.mean.shape
        torch.Size([16])
        """
        batches = [natural] if isinstance(natural, Tensor) else list(natural)
        for images in batches:
            check_images(images, model, "natural")
        if sum(map(len, batches)) < 2:
            raise ValueError(complaint("natural", "at least two pictures", sum(map(len, batches))))
        name = layer_info(model, layer, tuple(batches[0].shape[1:]), call).name
        parts = []
        for images in batches:
            for part in to_the_weights(images, model).split(BATCH):
                maps = record(model, part, [(name, call)]).maps((name, call))
                parts.append(maps.movedim(1, -1).flatten(0, -2))  # (B, C, h, w) -> (B * h * w, C)
        values = torch.cat(parts).double()
        count, channels = values.shape
        mean, std = values.mean(0), values.std(0, correction=0)
        std = std.clamp_min(LEAST_STD * std.mean() or 1.0)
        whitening = None
        if covariance:
            if count <= channels:
                expected = f"more than {channels} positions for the covariance of {channels} channels"
                raise ValueError(
                    complaint("natural", expected, count, "give more pictures, or covariance=False")
                )
            cov = torch.cov(values.T, correction=0)
            powers, directions = torch.linalg.eigh(cov)
            powers = powers.clamp_min(0) + RIDGE * powers.mean()
            whitening = ((directions / powers.sqrt()) @ directions.T).float()  # (C, C)
        return cls(name, mean.float(), std.float(), weight, whitening, call)

    @property
    def keys(self) -> list[tuple[str, int]]:
        """The (layer, call) that a recording catches for it."""
        return [(self.layer, self.call)]

    def __call__(self, image: Tensor, acts: Activations) -> Tensor:
        maps = acts.maps((self.layer, self.call)).flatten(
            2
        )  # (B, C, h, w) -> (B, C, P), a vector stays (B, C)
        if maps.shape[1] != len(self.mean):
            expected = f"a layer of {len(self.mean)} channels, as measured"
            raise ValueError(complaint("layer", expected, f"{self.layer} with {maps.shape[1]}"))
        return self.weight * self.distance(maps)

    def distance(self, maps: Tensor) -> Tensor:
        """The distance (B,) of activations (B, C, P), or (B, C), from the natural ones; without the weight."""
        flat = maps.ndim == 2
        maps = maps[..., None] if flat else maps
        centered = maps - self.mean.to(maps)[:, None]
        if self.whitening is None:
            scaled = centered / self.std.to(maps)[:, None]  # (B, C, P)
            gap = scaled.mean(2).square()
            if not flat:
                gap = gap + (_spread(scaled) - 1).square()
            return gap.mean(1)
        white = torch.einsum("dc,bcp->bdp", self.whitening.to(maps), centered)
        gap = white.mean(2).square().mean(1)
        if flat:
            return gap
        around = white - white.mean(2, keepdim=True)
        cov = around @ around.transpose(1, 2) / around.shape[2]  # (B, C, C)
        return gap + (cov - torch.eye(cov.shape[1]).to(cov)).square().sum((1, 2)) / cov.shape[1]


def _spread(maps: Tensor) -> Tensor:
    """The standard deviation over positions (B, C, P) -> (B, C); its slope stays finite where a channel is constant."""
    return (maps - maps.mean(2, keepdim=True)).square().mean(2).add(1e-8).sqrt()
