"""Learned priors: the picture is painted by a generative model, or its activations must be as on natural pictures.

Whose feature is it? A learned prior makes beautiful pictures, and it is ambiguous: what is seen may come from the unit,
or from what the prior learned to paint. `claims.whose_feature` makes that plain with a prior of things that the
network never saw. A picture without a prior is ugly, and all of it is the network's.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.checks import check_images
from lecturelib.models import generative
from lecturelib.models.generative import VAE, Generator, check_codes
from lecturelib.network.hooks import Activations, layer_info, record
from lecturelib.network.inputs import to_the_weights

TYPICAL = 1.0  # a normal code of n numbers is about sqrt(n) long; longer ones are brought back to that
RIDGE = 0.01  # share of the mean variance that is added to every direction before whitening
LEAST_STD = 1e-4  # of a channel's mean standard deviation: a channel that never varies is not divided by 0
BATCH = 32


class LatentPrior:
    """What `VAEPrior` and `GANPrior` share: a code z (B, n) is optimised, and a generative model paints it.

    The picture can only be one that the model knows how to paint, and the code is kept at most `typical` times sqrt(n)
    long, which is where nearly all codes lie that the model was trained with: longer ones paint what was never checked.
    Whatever the network wants, the model's own kind of picture comes out: see the module's first lines.
    Nguyen et al. 2016, "Synthesizing the preferred inputs for neurons via deep generator networks".
    """

    def __init__(
        self,
        painter: Generator | VAE | str,
        batch: int = 1,
        start: str | Tensor = "noise",
        *,
        for_model: nn.Module | None = None,
        seed: int = 0,
        typical: float | None = TYPICAL,
    ):
        painter = generative.load(painter) if isinstance(painter, str) else painter
        self._check_painter(painter)
        if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
            raise ValueError(f"batch: a whole number of pictures above 0 is needed, got {batch!r}")
        if typical is not None and (not isinstance(typical, int | float) or not typical > 0):
            raise ValueError(f"typical: a number above 0, or None for no bound, is needed, got {typical!r}")
        self.painter, self.typical = painter, typical
        self.size = (painter.size, painter.size)
        if for_model is not None:
            self._check_model(for_model)
        n = painter.latent_size
        if isinstance(start, Tensor):
            codes = start.detach().clone() if start.ndim == 2 else self._codes_of(start)
            check_codes(codes, painter)
            if batch != 1 and len(codes) not in (1, batch):
                raise ValueError(f"batch: the start holds {len(codes)} codes, got batch={batch}")
            self.parameters = [codes.expand(batch, n).clone() if len(codes) == 1 else codes]
        elif start == "noise":
            generator = torch.Generator().manual_seed(seed)
            self.parameters = [torch.randn(batch, n, generator=generator)]
        elif start == "mean":
            self.parameters = [torch.zeros(batch, n)]
        else:
            raise ValueError(
                f"start: 'noise', 'mean', codes (B, {n}) or images (B, C, H, W) are needed, got {start!r}"
            )
        self.project()

    def image(self) -> Tensor:
        """The painted pictures (B, C, H, W) in [0, 1], at the network's size where `for_model` was given."""
        painted = self.painter.decode(self.parameters[0])
        if painted.shape[-2:] == self.size:
            return painted
        return F.interpolate(painted, self.size, mode="bilinear", align_corners=False)

    @torch.no_grad()
    def project(self) -> None:
        """Brings codes that have grown too long back to the ball of typical ones."""
        if self.typical is not None:
            z = self.parameters[0]
            longest = self.typical * z.shape[1] ** 0.5
            z.mul_((longest / z.norm(dim=1, keepdim=True).clamp_min(1e-12)).clamp_max(1))

    def _codes_of(self, images: Tensor) -> Tensor:
        raise ValueError(
            f"{self.painter.name or 'a GAN'} cannot read pictures, only paint them: start from codes "
            f"(B, {self.painter.latent_size}), or use a VAE"
        )

    def _check_painter(self, painter: object) -> None:
        if not isinstance(painter, Generator | VAE):
            raise TypeError(
                f"{type(self).__name__}: a generative model, or its name such as 'digits_gan', is needed, "
                f"got {type(painter).__name__}"
            )

    def _check_model(self, model: nn.Module) -> None:
        channels, side = getattr(model, "channels", None), getattr(model, "input_size", None)
        if channels is None:
            raise TypeError(
                "for_model: a network of models.load or models.adapt is needed: it knows its own input"
            )
        if channels != self.painter.channels:
            kinds = {1: "grey", 3: "colour"}
            raise ValueError(
                f"{self.painter.name or 'this prior'} paints {kinds.get(self.painter.channels)} pictures, and "
                f"{model.name} takes {kinds.get(channels)} ones: choose a prior with {channels} channel(s)"
            )
        self.size = (side, side)


class VAEPrior(LatentPrior):
    """A parametrization: the latent code of a VAE, decoded. Pass it to `maximize(..., parametrization=...)`.

    `start` is "noise", "mean" (the zero code), codes (B, n), or images (B, C, H, W) in [0, 1] that the VAE reads first.
    """

    def paint(self, image: Tensor) -> None:
        """Sets the codes to those of a picture: as near to it as the VAE can paint."""
        self.parameters = [self._codes_of(image)]
        self.project()

    def _check_painter(self, painter: object) -> None:
        super()._check_painter(painter)
        if not isinstance(painter, VAE):
            raise TypeError(
                f"VAEPrior: {painter.name or 'this generator'} is not a VAE; GANPrior takes a generator"
            )

    @torch.no_grad()
    def _codes_of(self, images: Tensor) -> Tensor:
        check_images(images, self.painter, "start")
        side = self.painter.size
        if images.shape[-2:] != (side, side):
            images = F.interpolate(images, (side, side), mode="bilinear", antialias=True, align_corners=False)
        return self.painter.encode(images.clamp(0, 1))[0]


class GANPrior(LatentPrior):
    """A parametrization: the latent code of a GAN's generator (a VAE's decoder serves as well).

    `start` is "noise", "mean" (the zero code) or codes (B, n); a generator cannot read pictures.
    """


class LayerStatistics:
    """A penalty: how far a picture's activations at a layer are distributed from how they are on natural pictures.

    Per picture and channel the mean and the standard deviation over all positions are compared with those over natural
    pictures: the mean of (difference of means / std)^2 + (difference of stds / std)^2 over the channels, which is the
    squared Wasserstein distance of two normal distributions in units of the natural variance. With `covariance` the
    channels' correlations count as well: in coordinates in which natural activations have covariance I (whitened), the
    squared mean plus the squared Frobenius distance of the picture's covariance to I, per channel. That needs more
    positions than a map of a few has. A layer without positions (a fully connected one) has no spread: its mean counts.

    0 says that the picture's activations are distributed as natural ones, not that the picture looks natural; and what
    it adds to a picture comes from those natural pictures, not from the unit. Returns (B,). After Yin et al. 2020
    ("Dreaming to distill", batch norm statistics); see Heusel et al. 2017 for the distance with covariance.
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
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < float("inf"):
            raise ValueError(f"LayerStatistics: a weight of 0 or more is needed, got {weight!r}")
        if (
            mean.ndim != 1
            or std.shape != mean.shape
            or (whitening is not None and whitening.shape != (len(mean),) * 2)
        ):
            shapes = [tuple(value.shape) for value in (mean, std, whitening) if value is not None]
            raise ValueError(
                f"LayerStatistics: mean (C,), std (C,) and whitening (C, C) are needed, got {shapes}"
            )
        self.layer, self.call, self.weight = layer, call, weight
        self.mean, self.std, self.whitening = mean, std, whitening

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
        """
        batches = [natural] if isinstance(natural, Tensor) else list(natural)
        for images in batches:
            check_images(images, model, "natural")
        if sum(map(len, batches)) < 2:
            raise ValueError(f"natural: at least two pictures are needed, got {sum(map(len, batches))}")
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
                raise ValueError(
                    f"natural: the covariance of {channels} channels needs more than {channels} positions, and "
                    f"these pictures have {count}: give more pictures, or covariance=False"
                )
            cov = torch.cov(values.T, correction=0)
            powers, directions = torch.linalg.eigh(cov)
            powers = powers.clamp_min(0) + RIDGE * powers.mean()
            whitening = ((directions / powers.sqrt()) @ directions.T).float()  # (C, C)
        return cls(name, mean.float(), std.float(), weight, whitening, call)

    @property
    def keys(self) -> list[tuple[str, int]]:
        """What a recording must catch for it."""
        return [(self.layer, self.call)]

    def __call__(self, image: Tensor, acts: Activations) -> Tensor:
        maps = acts.maps((self.layer, self.call)).flatten(
            2
        )  # (B, C, h, w) -> (B, C, P), a vector stays (B, C)
        if maps.shape[1] != len(self.mean):
            raise ValueError(
                f"LayerStatistics: {self.layer} has {maps.shape[1]} channels, and {len(self.mean)} were measured"
            )
        return self.weight * self.distance(maps)

    def distance(self, maps: Tensor) -> Tensor:
        """The distance (B,) of activations (B, C, P), or (B, C), from the natural ones; without the weight."""
        flat = maps.ndim == 2
        maps = maps[..., None] if flat else maps
        centred = maps - self.mean.to(maps)[:, None]
        if self.whitening is None:
            scaled = centred / self.std.to(maps)[:, None]  # (B, C, P)
            gap = scaled.mean(2).square()
            if not flat:
                gap = gap + (_spread(scaled) - 1).square()
            return gap.mean(1)
        white = torch.einsum("dc,bcp->bdp", self.whitening.to(maps), centred)
        gap = white.mean(2).square().mean(1)
        if flat:
            return gap
        around = white - white.mean(2, keepdim=True)
        cov = around @ around.transpose(1, 2) / around.shape[2]  # (B, C, C)
        return gap + (cov - torch.eye(cov.shape[1]).to(cov)).square().sum((1, 2)) / cov.shape[1]


def _spread(maps: Tensor) -> Tensor:
    """The standard deviation over positions (B, C, P) -> (B, C); its slope stays finite where a channel is constant."""
    return (maps - maps.mean(2, keepdim=True)).square().mean(2).add(1e-8).sqrt()
