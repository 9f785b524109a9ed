"""How long the kernel takes to answer a control: state to PNG, against a new matplotlib figure of the same map."""

import io
import statistics
from collections.abc import Callable

import torch

from benchmarks.timing import Row, cpu_seconds
from lecturelib import models
from lecturelib.network.units import Logit
from lecturelib.parameters import explore
from lecturelib.parameters.occlusion import iter_occlusion_map
from lecturelib.show import heatmap, overlay, tiled

ROUNDS = 9
Call = Callable[[], object]


def rows() -> list[Row]:
    """One row per picture; the ratio is to a fresh matplotlib figure, `ms` the median CPU time itself."""
    torch.manual_seed(0)
    answers = {**_pictures(), **_explorables(), **_first_maps()}
    figure = _matplotlib()
    figure()
    found = []
    for name, (answer, budget) in answers.items():
        answer()
        times = [(cpu_seconds(answer), cpu_seconds(figure)) for _ in range(ROUNDS)]
        ratio = statistics.median(own / peer for own, peer in times)
        milliseconds = statistics.median(own for own, _ in times) * 1000
        found.append(Row(name, f"{milliseconds:.0f} ms", {"new matplotlib figure": ratio}, budget))
    return found


def _matplotlib() -> Call:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    values = torch.rand(224, 224).numpy()

    def draw() -> bytes:
        figure = Figure()
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        figure.colorbar(axes.imshow(values))
        file = io.BytesIO()
        figure.savefig(file, format="png", bbox_inches="tight")
        return file.getvalue()

    return draw


def _pictures() -> dict[str, tuple[Call, str]]:
    values, image, many = torch.rand(224, 224), torch.rand(1, 3, 224, 224), torch.rand(36, 3, 64, 64)
    return {
        "heat-map, 224 px": (lambda: heatmap(values).png(), "<= 10 ms"),
        "overlay, 224 px": (lambda: overlay(image, values).png(), "<= 50 ms"),
        "36 pictures tiled": (lambda: tiled(many, columns=6).png(), "<= 50 ms"),
    }


def _explorables() -> dict[str, tuple[Call, str]]:
    """The last picture of each explorable, its caches warm, as when a slider is dragged."""
    found = {}
    for make in (explore.kernel_browser, explore.activation_browser, explore.patch_by_hand):
        explorable = make()
        found[make.__name__] = (lambda shown=explorable: shown.picture().png(), "<= 50 ms")
    return found


def _first_maps() -> dict[str, tuple[Call, str]]:
    """The first rough occlusion map, from the arguments on."""
    found = {}
    for name, patch, stride in (("lenet", 8, 1), ("alexnet", 32, 8)):
        model = models.load(name, weights="random")
        image = torch.rand(1, model.channels, model.input_size, model.input_size)

        def first(model=model, image=image, patch=patch, stride=stride) -> object:
            return next(iter_occlusion_map(model, image, Logit(0), patch, stride))

        found[f"first occlusion map, {name}"] = (first, "<= 100 ms on 2 cores")
    return found
