"""DeepDream: gradient ascent on the activations of whole layers, over octaves from coarse to fine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecturelib.checks import check_images, check_number, check_pair, check_whole, complaint, described
from lecturelib.filters import gaussian_blur
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import Activations, recording
from lecturelib.network.inputs import to_the_weights
from lecturelib.network.layer_names import check_model, resolve_layer
from lecturelib.network.receptive_field import check_size

JITTER = 32  # px; at most, and an eighth of the octave's side
SCALES = (0.5, 1.0, 2.0)  # the widths of a smoothed gradient's Gaussians, as shares of one
DIVERGED = "the network's weights have diverged"


@dataclass(frozen=True, eq=False)
class DreamStep:
    """A dream after a step: the picture (1, C, h, w) in [0, 1] at the octave's size, and its objective."""

    step: int
    total: int
    image: Tensor = field(repr=False)
    value: Tensor  # (1,) half the mean square of the layers before the step
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
    smooth: tuple[float, float] | None = None,
    seed: int = 0,
) -> DreamStep:
    """DeepDream: gradient ascent on Σ_l w_l / 2 · mean(a_l²) in a photo or noise; returns the last `DreamStep`.

    layers: a name, a list, or a dict name -> weight w. a_l are a layer's activations without a border of `border`
    positions, where padding makes its own patterns (with it, where a map has nothing else). The gradient of half a
    square is the activation itself: what is active gets more active. Take a layer after its ReLU, "relu4": before it,
    negative activations would be driven further down as well. start: a photo (1, C, H, W) in [0, 1], or "noise" of
    `size` pixels, or of size (height, width).

    octaves: the picture is optimized first at its smallest size, H / octave_scale^(octaves - 1); for the next one the
    dream is enlarged and the detail is put back that the photo had lost at the smaller size. A step adds the gradient
    divided by its mean absolute value, times step_size. Before each the picture is rolled by up to `jitter` pixels, so
    that the tiling of strided layers does not show. `iter_deep_dream`, with the same arguments, yields every step.

    smooth: the gradient is first replaced by the mean of three Gaussian blurs of it, of sigma s / 2, s and 2 s pixels,
    and divided by its standard deviation; s falls from the first to the second value within each octave. So coarse
    shapes grow before fine lines do. None: the plain gradient.

    Raises before any work for unknown layers, a picture too small for them at the smallest octave, numbers that do not
    fit. Mordvintsev, Olah & Tyka 2015, "Inceptionism"; their code's octaves, jitter and normalized steps.

    >>> import torch
    >>> from lecturelib import models
    >>> dream = deep_dream(models.load("lenet"), "relu1", torch.rand(1, 1, 28, 28), octaves=2, steps=1)
    >>> dream.step, dream.octave, tuple(dream.image.shape)
    (2, 1, (1, 1, 28, 28))
    """
    *_, step = iter_deep_dream(
        model,
        layers,
        start,
        size=size,
        octaves=octaves,
        octave_scale=octave_scale,
        steps=steps,
        step_size=step_size,
        border=border,
        jitter=jitter,
        smooth=smooth,
        seed=seed,
    )
    return step


def iter_deep_dream(
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
    smooth: tuple[float, float] | None = None,
    seed: int = 0,
) -> Iterator[DreamStep]:
    """DeepDream step by step: the run of `deep_dream`, with its arguments; yields a `DreamStep` after every step.

    >>> import torch
    >>> from lecturelib import models
    >>> run = iter_deep_dream(models.load("lenet"), "relu1", torch.rand(1, 1, 28, 28), octaves=2, steps=2)
    >>> [(step.step, step.octave) for step in run]
    [(1, 0), (2, 0), (3, 1), (4, 1)]
    """
    checked = (octaves, octave_scale, steps, step_size, border, jitter, smooth, seed)
    return _Dream(model, layers, start, size, *checked).run()


def octave_sizes(height: int, width: int, octaves: int, octave_scale: float) -> list[tuple[int, int]]:
    """The sizes (h, w) of the octaves, the smallest first and the picture's own last, rounded to whole pixels.

    >>> octave_sizes(280, 140, 3, 2.0)
    [(70, 35), (140, 70), (280, 140)]
    """
    shrink = [octave_scale**-k for k in range(octaves - 1, -1, -1)]
    return [(max(1, round(height * s)), max(1, round(width * s))) for s in shrink]


def iter_image_cascade(
    model: nn.Module,
    layers: str | Sequence[str] | Mapping[str, float],
    start: Tensor | str = "noise",
    *,
    frames: int = 10,
    zoom: float = 1.05,
    **settings: Any,
) -> Iterator[Tensor]:
    """Image cascade: zoom in and dream again, from dream to dream; yields the pictures (1, C, H, W), first dream first.

    zoom: how much the middle is enlarged between two frames, above 1. settings: those of `deep_dream`.

    >>> import torch
    >>> from lecturelib import models
    >>> run = iter_image_cascade(models.load("lenet"), "relu1", torch.rand(1, 1, 28, 28), frames=2, octaves=1, steps=1)
    >>> [tuple(picture.shape) for picture in run]
    [(1, 1, 28, 28), (1, 1, 28, 28)]
    """
    check_whole("frames", frames, 1)
    check_number("zoom", zoom, above=1)
    first = iter_deep_dream(model, layers, start, **settings)  # checks before the first frame
    settings.pop("size", None)
    return _cascade(model, layers, first, frames, zoom, settings)


def _cascade(model, layers, dream, frames, zoom, settings) -> Iterator[Tensor]:
    for frame in range(frames):
        *_, step = dream
        yield step.image
        if frame + 1 < frames:
            seed = settings.get("seed", 0) + frame + 1
            dream = iter_deep_dream(model, layers, zoomed(step.image, zoom), **{**settings, "seed": seed})


def zoomed(image: Tensor, zoom: float) -> Tensor:
    """The middle of pictures (B, C, H, W), enlarged by zoom > 1 to their size.

    >>> import torch
    >>> zoomed(torch.full((1, 3, 4, 6), 0.25), 1.5).shape
    torch.Size([1, 3, 4, 6])
    """
    theta = torch.tensor([[1 / zoom, 0, 0], [0, 1 / zoom, 0]]).to(image).repeat(len(image), 1, 1)
    grid = F.affine_grid(theta, list(image.shape), align_corners=False)
    return F.grid_sample(image, grid, "bicubic", "reflection", align_corners=False).clamp_(0, 1)


class _Dream:
    def __init__(
        self,
        model,
        layers,
        start,
        size,
        octaves,
        octave_scale,
        steps,
        step_size,
        border,
        jitter,
        smooth,
        seed,
    ):
        self.model, self.steps, self.step_size = check_model(model), steps, step_size
        self.border, self.jitter = check_whole("border", border, 0), check_whole("jitter", jitter, 0)
        check_whole("octaves", octaves, 1)
        check_whole("steps", steps, 1)
        check_number("octave_scale", octave_scale, above=1)
        check_number("step_size", step_size, above=0)
        self.smooth = _smoothing(smooth)
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
            if len(start) != 1:
                raise ValueError(complaint("start", "one photo (1, C, H, W)", f"a batch of {len(start)}"))
            if size is not None:
                raise ValueError(
                    complaint("size", "None, since the start has its own", size, "fit the photo first")
                )
            return start.detach().clone().float()
        if not isinstance(start, str) or start != "noise":
            expected = "a photo (1, C, H, W) or 'noise'"
            raise (ValueError if isinstance(start, str) else TypeError)(
                complaint("start", expected, described(start))
            )
        if not hasattr(self.model, "channels"):
            expected, hint = (
                "a network that knows its channels",
                "models.adapt(network), or start from a photo",
            )
            raise ValueError(complaint("model", expected, type(self.model).__name__, hint))
        size = check_pair("size", self.model.input_size if size is None else size)
        shape = (1, self.model.channels, *size)
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
            for k in range(self.steps):
                dream, value, gradient = self._step(dream, k / max(1, self.steps - 1))
                done += 1
                yield DreamStep(done, total, dream.clone(), value, octave, gradient)

    def _step(self, image: Tensor, done: float) -> tuple[Tensor, Tensor, float]:
        reach = min(self.jitter, min(image.shape[2:]) // 8)
        shift = torch.randint(-reach, reach + 1, (2,), generator=self.random).tolist()
        with torch.inference_mode(False), torch.enable_grad(), frozen(self.model):
            leaf = image.roll(shift, (2, 3)).requires_grad_()
            with recording(self.model, list(self.weights)) as acts:
                value = self._objective(acts.forward(to_the_weights(leaf, self.model)))
            (gradient,) = torch.autograd.grad(value.sum(), leaf)
        if not gradient.isfinite().all():
            raise ValueError(complaint("deep_dream", "a finite gradient", "NaN or infinity", DIVERGED))
        size = gradient.abs().mean((1, 2, 3), keepdim=True)  # (B, 1, 1, 1)
        if (size == 0).any():
            names = ", ".join(self.weights)
            expected, hint = f"a picture in which {names} is active", "start from another one, or from noise"
            raise ValueError(complaint("start", expected, "a gradient of 0 everywhere", hint))
        way = gradient / size
        if self.smooth is not None:
            first, last = self.smooth
            way = smoothed(gradient, first + done * (last - first))
            way = way / way.std().clamp_min(1e-30)
        moved = (leaf.detach() + self.step_size * way).clamp(0, 1)
        return moved.roll([-s for s in shift], (2, 3)), value.detach(), gradient.norm().item()

    def _objective(self, acts: Activations) -> Tensor:
        total = torch.zeros(())
        for layer, weight in self.weights.items():
            maps = acts.maps(layer)
            if maps.ndim == 4 and min(maps.shape[2:]) > 2 * self.border:
                inside = slice(self.border, -self.border or None)
                maps = maps[..., inside, inside]
            total = total + weight / 2 * maps.flatten(1).square().mean(1)  # (B,)
        return total


def smoothed(gradient: Tensor, sigma: float) -> Tensor:
    """The mean of three Gaussian blurs of a gradient (B, C, H, W), of sigma / 2, sigma and 2 sigma pixels.

    >>> import torch
    >>> smoothed(torch.full((1, 3, 4, 6), 0.25), 1.0).shape
    torch.Size([1, 3, 4, 6])
    """
    blurred = [gaussian_blur(gradient, share * sigma) for share in SCALES]
    return torch.stack(blurred).mean(0)


def _smoothing(smooth) -> tuple[float, float] | None:
    if smooth is None:
        return None
    if not isinstance(smooth, tuple | list) or len(smooth) != 2:
        expected = "None, or two standard deviations in pixels, first and last"
        raise ValueError(complaint("smooth", expected, described(smooth)))
    first, last = smooth
    return check_number("smooth[0]", first, above=0), check_number("smooth[1]", last, above=0)


def _weights(model: nn.Module, layers) -> dict[str, float]:
    if isinstance(layers, str):
        layers = [layers]
    if not isinstance(layers, Mapping):
        if not isinstance(layers, Sequence) or not layers:
            expected = "a name, a list of names or a dict name -> weight"
            raise TypeError(complaint("layers", expected, described(layers)))
        layers = dict.fromkeys(layers, 1.0)
    if not layers:
        raise ValueError(complaint("layers", "at least one layer", "none"))
    for name, weight in layers.items():
        resolve_layer(model, name)
        check_number(f"layers[{name!r}]", weight)
    if not any(layers.values()):
        raise ValueError(complaint("layers", "a weight that is not 0", "0 for every layer"))
    return dict(layers)


def _resized(image: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(image.shape[2:]) == tuple(size):
        return image
    return F.interpolate(image, size, mode="bilinear", align_corners=False, antialias=True)
