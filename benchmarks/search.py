"""The search for maximally activating images against the passes it needs (the floor) and against one by one."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks.timing import Row, compare, cpu_seconds
from lecturelib import datasets, models
from lecturelib.network.hooks import recording
from lecturelib.network.inputs import channels_last
from lecturelib.network.units import Channel
from lecturelib.parameters.maximal_images import maximal_images

BATCHES = (16, 32, 64, 128, 256)
TOP = 9
# network: the layer's place in `features`, images, rounds
CASES = {"fashion_lenet": (4, 2000, 9), "cifar_net": (10, 500, 5)}


def rows(names: list[str] | None = None) -> list[Row]:
    """One row per network; random weights, since only the shapes matter."""
    return [_row(name, *CASES[name]) for name in names or CASES]


def _row(name: str, place: int, count: int, rounds: int) -> Row:
    model = models.load(name, weights="random")
    if model.channels == 1:
        images = datasets.clothes("test")[0][:count]
    else:
        images = torch.rand(count, 3, model.input_size, model.input_size)
    unit = Channel(f"features.{place}", 3)
    floor, batch = _floor(model, images, place)
    methods = {
        "floor": floor,
        "lecturelib": lambda: maximal_images(model, images, unit, k=TOP),
        "one by one": lambda: _one_by_one(model, images, unit),
    }
    found, expected = maximal_images(model, images, unit, k=TOP).values, _one_by_one(model, images, unit)
    if not torch.allclose(found, expected, atol=1e-5):
        raise RuntimeError(f"{name}: the quick search is not the plain one, so its time means nothing")
    ratios = compare(methods, "floor", rounds)
    amount = f"{count} images of {images.shape[-1]} px, top {TOP} of one channel; floor in batches of {batch}"
    return Row(f"maximal images, {name}", amount, ratios, "<= 1.1")


def _floor(model: nn.Module, images: Tensor, place: int) -> tuple[Callable[[], None], int]:
    """The passes up to the unit's layer and nothing else, at the batch size that suits the network best."""
    part = model.features[: place + 1]

    def passes(batch: int, count: int) -> Callable[[], None]:
        def run() -> None:
            with torch.inference_mode():
                for few in images[:count].split(batch):
                    part(model.normalize(channels_last(few)))

        return run

    best = min(BATCHES, key=lambda batch: min(cpu_seconds(passes(batch, 256)) for _ in range(3)))
    return passes(best, len(images)), best


def _one_by_one(model: nn.Module, images: Tensor, unit: Channel) -> Tensor:
    values = []
    with torch.no_grad(), recording(model, unit.keys) as acts:
        for image in images:
            values.append(acts.forward(image[None])[unit.layer][0, unit.channel].max())
    return torch.stack(values).sort(descending=True).values[:TOP]
