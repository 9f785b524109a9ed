"""DeepDream: a picture is changed towards whatever a whole layer already sees in it, from coarse to fine."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecturelib.checks import check_images, check_number, check_whole
from lecturelib.network.hooks import Activations, frozen, recording
from lecturelib.network.inputs import to_the_weights
from lecturelib.network.layer_names import check_model, resolve_layer
from lecturelib.network.receptive_field import check_size

JITTER = 32  # px; at most, and an eighth of the octave's side


@dataclass(frozen=True, eq=False)
class DreamStep:
    """A dream after a step: the picture (1, C, h, w) in [0, 1] at the octave's size, and how strongly it dreams."""

    step: int
    total: int
    image: Tensor = field(repr=False)
    value: Tensor  # (B,) half the mean square of the layers before the step
    octave: int  # 0 is the smallest
    gradient: float


def deep_dream(
    model: nn.Module,
    layers: str | Sequence[str] | Mapping[str, float],
    start: Tensor | str = "noise",
    *,
    size: int | tuple[int, int] | None = None,
    octaves: int = 3,
    octave_scale: float = 1.4,
    steps: int = 10,
    step_size: float = 0.012,
    border: int = 2,
    jitter: int = JITTER,
    seed: int = 0,
) -> Iterator[DreamStep]:
    """Dreams of one or several layers, from a photo or from noise; yields a `DreamStep` after every step.

    layers: a name, a list, or a dict name -> weight. The objective is the sum of weight * 1/2 mean square of a layer's
    activations, without a border of `border` positions, where padding makes its own patterns (with it, where a map has
    nothing else). (The gradient of half a
    square is the activation itself: what is seen gets stronger.) Take a layer behind its ReLU, "relu4": before it, what
    is *not* seen would be driven further down as well. start: a photo (1, C, H, W) in [0, 1], or "noise" of `size`.

    octaves: the picture is dreamt first at its smallest size, H / octave_scale^(octaves - 1); for the next one the
    dream is enlarged and the detail is put back that the photo had lost at the smaller size. A step adds the gradient
    divided by its mean absolute value, times step_size. Before each the picture is rolled by up to `jitter` pixels, so
    that the tiling of strided layers does not show.

    Raises before any work for unknown layers, a picture too small for them at the smallest octave, numbers that do not
    fit. Mordvintsev, Olah & Tyka 2015, "Inceptionism"; their code's octaves, jitter and normalised steps.
    """
    dream = _Dream(model, layers, start, size, octaves, octave_scale, steps, step_size, border, jitter, seed)
    return dream.run()


def octave_sizes(height: int, width: int, octaves: int, octave_scale: float) -> list[tuple[int, int]]:
    """The sizes (h, w) of the octaves, the smallest first and the picture's own last, rounded to whole pixels."""
    shrink = [octave_scale**-k for k in range(octaves - 1, -1, -1)]
    return [(max(1, round(height * s)), max(1, round(width * s))) for s in shrink]


def image_cascade(
    model: nn.Module,
    layers: str | Sequence[str] | Mapping[str, float],
    start: Tensor | str = "noise",
    *,
    frames: int = 10,
    zoom: float = 1.05,
    **settings,
) -> Iterator[Tensor]:
    """Zoom in and dream again, from dream to dream: yields the pictures (1, C, H, W), the first dream first.

    zoom: how much the middle is enlarged between two frames. settings: those of `deep_dream`.
    """
    check_whole("frames", frames, 1)
    check_number("zoom", zoom, above=1)
    first = deep_dream(model, layers, start, **settings)  # checks before the first frame
    settings.pop("size", None)
    return _cascade(model, layers, first, frames, zoom, settings)


def _cascade(model, layers, dream, frames, zoom, settings) -> Iterator[Tensor]:
    for frame in range(frames):
        *_, step = dream
        yield step.image
        if frame + 1 < frames:
            seed = settings.get("seed", 0) + frame + 1
            dream = deep_dream(model, layers, zoomed(step.image, zoom), **{**settings, "seed": seed})


def zoomed(image: Tensor, zoom: float) -> Tensor:
    """The middle of pictures (B, C, H, W), enlarged by zoom > 1 to their size."""
    theta = torch.tensor([[1 / zoom, 0, 0], [0, 1 / zoom, 0]]).to(image).repeat(len(image), 1, 1)
    grid = F.affine_grid(theta, list(image.shape), align_corners=False)
    return F.grid_sample(image, grid, "bicubic", "reflection", align_corners=False).clamp_(0, 1)


class _Dream:
    def __init__(
        self, model, layers, start, size, octaves, octave_scale, steps, step_size, border, jitter, seed
    ):
        self.model, self.steps, self.step_size = check_model(model), steps, step_size
        self.border, self.jitter = check_whole("border", border, 0), check_whole("jitter", jitter, 0)
        check_whole("octaves", octaves, 1)
        check_whole("steps", steps, 1)
        check_number("octave_scale", octave_scale, above=1)
        check_number("step_size", step_size, above=0)
        self.weights = _weights(model, layers)
        with torch.inference_mode(False):
            self.random = torch.Generator().manual_seed(check_whole("seed", seed, 0))
            self.photo = self._start(start, size)
        self.sizes = octave_sizes(*self.photo.shape[2:], octaves, octave_scale)
        for layer in self.weights:
            check_size(model, layer, (self.photo.shape[1], *self.sizes[0]))

    def _start(self, start, size) -> Tensor:
        if isinstance(start, Tensor):
            check_images(start, self.model, "start")
            if size is not None:
                raise ValueError("size: the photo has its own; fit it first, or leave size out")
            return start.detach().clone().float()
        if start != "noise":
            raise ValueError(f"start: a photo (1, C, H, W) or 'noise' is needed, got {start!r}")
        if not hasattr(self.model, "channels"):
            raise ValueError(
                "this network does not say its channels: models.adapt(network) first, or start from a photo"
            )
        size = self.model.input_size if size is None else size
        height, width = size if isinstance(size, tuple | list) else (size, size)
        shape = (1, self.model.channels, check_whole("size", height, 1), check_whole("size", width, 1))
        return (0.5 + 0.1 * torch.randn(shape, generator=self.random)).clamp_(0, 1)

    def run(self) -> Iterator[DreamStep]:
        total, done, dream = len(self.sizes) * self.steps, 0, None
        for octave, size in enumerate(self.sizes):
            photo = _resized(self.photo, size)
            if dream is None:
                dream = photo
            else:
                # what the photo lost at the smaller size comes back, on top of the enlarged dream
                detail = photo - _resized(_resized(self.photo, self.sizes[octave - 1]), size)
                dream = (_resized(dream, size) + detail).clamp(0, 1)
            for _ in range(self.steps):
                dream, value, gradient = self._step(dream)
                done += 1
                yield DreamStep(done, total, dream.clone(), value, octave, gradient)

    def _step(self, image: Tensor) -> tuple[Tensor, Tensor, float]:
        reach = min(self.jitter, min(image.shape[2:]) // 8)
        shift = torch.randint(-reach, reach + 1, (2,), generator=self.random).tolist()
        with torch.inference_mode(False), torch.enable_grad(), frozen(self.model):
            leaf = image.roll(shift, (2, 3)).requires_grad_()
            with recording(self.model, list(self.weights)) as acts:
                value = self._objective(acts.forward(to_the_weights(leaf, self.model)))
            (gradient,) = torch.autograd.grad(value.sum(), leaf)
        if not gradient.isfinite().all():
            raise ValueError(
                "deep_dream: the gradient is NaN or infinite; the network's weights have diverged"
            )
        size = gradient.abs().mean((1, 2, 3), keepdim=True)  # (B, 1, 1, 1)
        if (size == 0).any():
            names = ", ".join(self.weights)
            raise ValueError(
                f"deep_dream: {names} sees nothing in this picture: start from another, or from noise"
            )
        moved = (leaf.detach() + self.step_size * gradient / size).clamp(0, 1)
        return moved.roll([-s for s in shift], (2, 3)), value.detach(), gradient.norm().item()

    def _objective(self, acts: Activations) -> Tensor:
        total = 0
        for layer, weight in self.weights.items():
            maps = acts.maps(layer)
            if maps.ndim == 4 and min(maps.shape[2:]) > 2 * self.border:
                inside = slice(self.border, -self.border or None)
                maps = maps[..., inside, inside]
            total = total + weight / 2 * maps.flatten(1).square().mean(1)  # (B,)
        return total


def _weights(model: nn.Module, layers) -> dict[str, float]:
    if isinstance(layers, str):
        layers = [layers]
    if not isinstance(layers, Mapping):
        if not isinstance(layers, Sequence) or not layers:
            raise TypeError(
                f"layers: a name, a list of names or a dict name -> weight is needed, got {layers!r}"
            )
        layers = dict.fromkeys(layers, 1.0)
    if not layers:
        raise ValueError("layers: at least one layer is needed, got none")
    for name, weight in layers.items():
        resolve_layer(model, name)
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
            raise ValueError(f"layers: the weight of {name!r} must be a finite number, got {weight!r}")
    if not any(layers.values()):
        raise ValueError("layers: every weight is 0, so there is nothing to dream of")
    return dict(layers)


def _resized(image: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(image.shape[2:]) == tuple(size):
        return image
    return F.interpolate(image, size, mode="bilinear", align_corners=False, antialias=True)
