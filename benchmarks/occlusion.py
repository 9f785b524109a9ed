"""Occlusion maps against the forward passes they need (the floor) and against captum."""

from collections.abc import Callable

import torch
from captum.attr import Occlusion
from torch import Tensor, nn

from benchmarks.timing import Row, compare, cpu_seconds
from lecturelib import models
from lecturelib.models.torchvision_cpu import import_torchvision
from lecturelib.network.baselines import GREY
from lecturelib.network.inputs import channels_last
from lecturelib.network.units import Logit
from lecturelib.parameters.occlusion import occlusion_map, occlusion_map_plain
from lecturelib.parameters.patches import patch_spans

# network: patch size, stride, rounds. Fewer positions than in class (625 on a photo), so that all fits in minutes.
CASES = {"lenet": (8, 1, 15), "alexnet": (32, 16, 3), "resnet18": (32, 24, 3), "vgg16": (32, 32, 3)}
BATCHES = {28: (8, 16, 32, 64, 128, 256), 224: (1, 2, 4, 8, 16, 32)}


def rows(names: list[str] | None = None) -> list[Row]:
    """One row per network; random weights, since only the shapes matter."""
    return [_row(name, *CASES[name]) for name in names or CASES]


def _row(name: str, patch: int, stride: int, rounds: int) -> Row:
    model, image, unit = _network(name)
    positions = len(patch_spans(image.shape[2], patch, stride)) ** 2
    floor, batch = _floor(model, image, positions)
    covered = occlusion_map(model, image, unit, patch, stride)
    plain = occlusion_map_plain(model, image, unit, patch, stride) if name == "lenet" else covered.values
    if not torch.allclose(covered.values, plain, atol=1e-5):
        raise RuntimeError(f"{name}: the quick map is not the plain one, so its time means nothing")
    size = (image.shape[1], patch, patch)

    def captum(at_once: int) -> Callable[[], Tensor]:
        return lambda: Occlusion(model).attribute(
            image,
            size,
            (image.shape[1], stride, stride),
            baselines=GREY,
            target=unit.k,
            perturbations_per_eval=at_once,
        )

    methods = {
        "floor": floor,
        "lecturelib": lambda: occlusion_map(model, image, unit, patch, stride),
        "captum, 1 per evaluation": captum(1),
        "captum, 64 per evaluation": captum(64),
    }
    with torch.no_grad():
        ratios = compare(methods, "floor", rounds)
    side = image.shape[2]
    amount = f"{side} px, patch {patch}, stride {stride}: {positions} positions; floor in batches of {batch}"
    target = "< 1.0" if name in ("alexnet", "vgg16") else "<= 1.15"
    return Row(f"occlusion map, {name}", amount, ratios, target)


def _network(name: str) -> tuple[nn.Module, Tensor, Logit]:
    torch.manual_seed(0)
    if name == "vgg16":
        network = import_torchvision("models").vgg16(num_classes=10)
        model = models.adapt(network.eval(), models.IMAGENET_MEAN, models.IMAGENET_STD, (), name=name)
    else:
        model = models.load(name, weights="random")
    return model, torch.rand(1, model.channels, model.input_size, model.input_size), Logit(3).check(model)


def _floor(model: nn.Module, image: Tensor, positions: int) -> tuple[Callable[[], None], int]:
    """So many forward passes and nothing else, at the batch size that suits the network best."""

    def passes(batch: int, count: int = positions) -> Callable[[], None]:
        images = channels_last(image.repeat(min(batch, count), 1, 1, 1))

        def run() -> None:
            with torch.inference_mode():
                for start in range(0, count, batch):
                    model(images[: min(batch, count - start)])

        return run

    best = min(
        BATCHES[image.shape[2]],
        key=lambda batch: min(
            cpu_seconds(passes(batch, min(positions, 32 if image.shape[2] > 28 else 256))) for _ in range(2)
        ),
    )
    return passes(best), best
