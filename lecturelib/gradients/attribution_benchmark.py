"""Attribution methods scored against ground truth: in `clothes_on_textures` the class lies in a known box only.

The table of part 5: each method by how much of its map lies in that box, by what is left of that when all weights of
the network are random, and by its cost. Yang & Kim 2019, "Benchmarking attribution methods with relative feature
importance".
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor, nn

from lecturelib import datasets, models
from lecturelib.checks import check_map, check_name, check_whole, complaint, described
from lecturelib.gradients.grad_cam import grad_cam, upsampled
from lecturelib.gradients.integrated_gradients import integrated_gradients
from lecturelib.gradients.localization import iou, localize, mass_inside, pointing_game
from lecturelib.gradients.randomization import AttributionMethod, layers_from_top, randomized
from lecturelib.gradients.saliency import gradient_times_input, saliency_map
from lecturelib.gradients.smooth_grad import smooth_grad
from lecturelib.gradients.spectral_residual import spectral_residual
from lecturelib.network.freezing import frozen
from lecturelib.network.units import Logit, Unit
from lecturelib.parameters.occlusion import occlusion_map

CENTER = 36 / 64  # of the picture's side: the centered square that fits the boxes of training pictures best
PATCH, STRIDE = 1 / 4, 1 / 16  # of the picture's side, for occlusion
Progress = Callable[[int, int], None]  # told (methods done, methods in all)


@dataclass(frozen=True)
class BenchmarkScore:
    """The scores of one method on pictures whose ground truth is known: means over the pictures.

    >>> BenchmarkScore("a method", 0.4, 0.9, 0.5, 0.2, 0.2, 1.1).mass_inside
    0.4
    """

    method: str
    # share of the map in the object's box; a uniform map gives the box's area, about 0.17
    mass_inside: float
    # share of pictures whose largest value lies in the box
    pointing: float
    # intersection over union of the box that `localize` draws, with the true one
    iou: float
    # the same with all weights random (on a quarter of the pictures): what does not depend on learning
    randomized_mass: float
    randomized_iou: float
    # CPU time of one map, in forward and backward passes for one picture
    cost: float


def guided_map(model: nn.Module, image: Tensor, unit: Unit) -> Tensor:
    """Guided backprop as a map (H, W): the largest absolute value of the channels."""
    return saliency_map(model, image, unit, "guided")[0]  # (1, H, W) -> (H, W)


def occlusion_painted(model: nn.Module, image: Tensor, unit: Unit) -> Tensor:
    """Occlusion as a map (H, W): the drop by a grey patch of a quarter of the side, where there is one."""
    side = min(image.shape[2:])
    found = occlusion_map(model, image, unit, max(1, round(PATCH * side)), max(1, round(STRIDE * side)))
    return found.drop_per_pixel().clamp(min=0)


def center_box(model: nn.Module, image: Tensor, unit: Unit) -> Tensor:
    """Baseline that ignores the picture: 1 in a centered square, a little more in its middle, 0 outside, (H, W)."""
    map = torch.zeros(image.shape[2:])
    top, left = (round(side * (1 - CENTER) / 2) for side in map.shape)
    map[top : map.shape[0] - top, left : map.shape[1] - left] = 1
    # its largest value has to lie somewhere: in the middle
    map[map.shape[0] // 2, map.shape[1] // 2] += 1e-3
    return map


def random_map(model: nn.Module, image: Tensor, unit: Unit) -> Tensor:
    """Baseline: uniform noise (H, W), the same for the same picture."""
    generator = torch.Generator().manual_seed(round(image.double().sum().item() * 1000))
    return torch.rand(image.shape[2:], generator=generator)


METHODS: dict[str, AttributionMethod] = {
    "saliency": lambda model, image, unit: saliency_map(model, image, unit)[0],
    "guided backprop": guided_map,
    "gradient x input": lambda model, image, unit: _channels(gradient_times_input(model, image, unit)),
    "integrated gradients": lambda model, image, unit: _channels(
        integrated_gradients(model, image, unit).attribution
    ),
    "SmoothGrad": lambda model, image, unit: smooth_grad(model, image, unit).abs().amax(1)[0],
    "Grad-CAM": lambda model, image, unit: upsampled(grad_cam(model, image, unit), tuple(image.shape[2:])),
    "occlusion": occlusion_painted,
    "spectral residual": lambda model, image, unit: spectral_residual(image),
}
BASELINES: dict[str, AttributionMethod] = {"center box": center_box, "random map": random_map}


def planted_scores(
    methods: Mapping[str, AttributionMethod] | Sequence[str] | None = None,
    n: int = 64,
    seed: int = 0,
    progress: Progress | None = None,
    model: nn.Module | None = None,
) -> list[BenchmarkScore]:
    """Benchmark of attribution methods on n test pictures of `clothes_on_textures`, the best `mass_inside` first.

    methods: a dict name -> function (model, image (1, C, H, W), unit) -> map (H, W), or names of `METHODS`; all of
    these by default. The unit is the score of the true class, the network `textures_net` or another for such pictures.
    The baselines "center box" and "random map" always take part. A map that is constant finds nothing: it counts 0.
    All methods take one to two minutes for 64 pictures, the cheap ones a few seconds. Costs are measured (medians of
    CPU time), so they differ from run to run; all else depends on the seed alone. Raises `UnknownName` (a `KeyError`)
    for another name, `ValueError` or `TypeError` for no methods, n < 1, a negative seed, or a map of another size.
    After Yang & Kim 2019, section 4.

    >>> scores = planted_scores(["gradient x input"], n=8)
    >>> sorted(score.method for score in scores)
    ['center box', 'gradient x input', 'random map']
    """
    chosen = _chosen(methods)
    check_whole("n", n, 1)
    check_whole("seed", seed, 0)
    model = models.load("textures_net") if model is None else model
    images, labels, boxes = datasets.clothes_on_textures(n, seed, "test")
    pictures = list(zip(images.split(1), map(Logit, labels.tolist()), boxes.tolist(), strict=True))
    untrained = randomized(model, len(layers_from_top(model)), seed)
    floor = _floor(model, pictures)
    scores = []
    for done, (name, method) in enumerate(chosen.items(), start=1):
        (mass, pointing, overlap), seconds = _measured(method, model, pictures)
        (control_mass, _, control_iou), _ = _measured(method, untrained, pictures[: max(8, n // 4)])
        cost = seconds / floor
        scores.append(BenchmarkScore(name, mass, pointing, overlap, control_mass, control_iou, cost))
        if progress is not None:
            progress(done, len(chosen))
    return sorted(scores, key=lambda score: -score.mass_inside)


def _chosen(methods) -> dict[str, AttributionMethod]:
    if methods is None:
        methods = METHODS
    if isinstance(methods, str) or not isinstance(methods, Mapping | Sequence) or not methods:
        raise TypeError(
            complaint("methods", "a dict name -> function, or a list of names", described(methods))
        )
    if not isinstance(methods, Mapping):
        methods = {check_name("methods", name, METHODS, "method"): METHODS[name] for name in methods}
    for name, method in methods.items():
        if not callable(method):
            expected = "functions (model, image, unit) -> (H, W)"
            raise TypeError(complaint("methods", expected, f"{name!r}: {described(method)}"))
    return dict(methods) | BASELINES


def _measured(
    method: AttributionMethod, model: nn.Module, pictures
) -> tuple[tuple[float, float, float], float]:
    """Means of (mass inside, pointing, IoU) of a method's maps, and the median of its CPU seconds per picture."""
    method(model, *pictures[0][:2])  # what is remembered on the first call is not its cost
    maps, seconds = [], []
    for image, unit, _ in pictures:
        start = time.process_time()
        maps.append(method(model, image, unit))
        seconds.append(time.process_time() - start)
    rows = [
        _one(check_map(map, image.shape[2:]), box)
        for map, (image, _, box) in zip(maps, pictures, strict=True)
    ]
    mass, pointing, overlap = torch.tensor(rows, dtype=torch.double).mean(0).tolist()  # (n, 3) -> (3,)
    return (mass, pointing, overlap), median(seconds)


def _one(map: Tensor, box: list[int]) -> tuple[float, float, float]:
    if map.amin() == map.amax() or map.amax() <= 0:
        return 0.0, 0.0, 0.0
    return mass_inside(map, box), float(pointing_game(map, box)), iou(localize(map), box)


def _floor(model: nn.Module, pictures) -> float:
    """CPU seconds of one forward and backward pass for one picture: the bare minimum of a gradient."""
    seconds = []
    with torch.inference_mode(False), torch.enable_grad(), frozen(model):
        for image, unit, _ in pictures[:1] + pictures:  # the first warms up, the median ignores it
            start = time.process_time()
            pixels = image.clone().requires_grad_(True)
            torch.autograd.grad(model(pixels)[0, unit.k], pixels)
            seconds.append(time.process_time() - start)
    return max(median(seconds), 1e-9)


def _channels(shares: Tensor) -> Tensor:
    """Signed shares (1, C, H, W) as the size of each pixel's sum, (H, W)."""
    return shares.sum(1).abs()[0]
