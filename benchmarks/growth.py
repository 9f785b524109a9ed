"""Cost against size: one chart for each kind of work, the exponent fitted, and the one that the method should have."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from benchmarks.architecture import Block
from benchmarks.timing import cpu_seconds
from lecturelib import datasets, models
from lecturelib.architecture import block_diagram, trace
from lecturelib.attention.multihead import scaled_dot_product_attention
from lecturelib.drawing import Box, Circle, Drawing, Label, Line, Shape
from lecturelib.gradients.integrated_gradients import integrated_gradients
from lecturelib.network.units import Channel, Logit
from lecturelib.parameters.maximal_images import maximal_images
from lecturelib.parameters.occlusion import occlusion_map
from lecturelib.parameters.patches import patch_spans
from lecturelib.training.playground import PRESETS, Engine, scene

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "growth.svg"
ROUNDS = 3
Case = tuple[float, Callable[[], object]]  # a size, and the work of that size


@dataclass(frozen=True)
class Growth:
    """What was measured: the sizes, the CPU seconds at each, and the exponent that is expected."""

    title: str
    unit: str  # of the size
    sizes: tuple[float, ...]
    seconds: tuple[float, ...]
    expected: float

    @property
    def exponent(self) -> float:
        """The slope of log seconds against log size, by least squares."""
        x, y = ([math.log(value) for value in values] for values in (self.sizes, self.seconds))
        mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
        above = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
        return above / sum((a - mean_x) ** 2 for a in x)


def rows() -> str:
    """Measures all of them, draws the charts, and gives the table."""
    found = [measured(*one) for one in _works()]
    chart(found).save(PICTURE)
    lines = [
        "The smallest CPU time of three rounds, one thread; the exponent is the slope of a line through all points,",
        "both axes logarithmic. A fixed part of the cost makes it smaller than expected, leaving the caches larger.",
        "",
        f"![{chart(found).alt}](pictures/{PICTURE.name})\n",
        "| work | sizes | CPU time at the ends | exponent | expected |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        ends = f"{_told(one.seconds[0])} to {_told(one.seconds[-1])}"
        sizes = f"{one.sizes[0]:,.0f} to {one.sizes[-1]:,.0f} {one.unit}"
        lines.append(f"| {one.title} | {sizes} | {ends} | {one.exponent:.2f} | {one.expected:g} |")
    return "\n".join(lines)


def measured(title: str, unit: str, expected: float, cases: list[Case], rounds: int = ROUNDS) -> Growth:
    """The smallest CPU time of each size; the sizes follow one another within a round."""
    for _, work in cases:
        work()
    seconds = [[cpu_seconds(work) for _, work in cases] for _ in range(rounds)]
    best = tuple(max(min(times), 1e-7) for times in zip(*seconds, strict=True))
    return Growth(title, unit, tuple(size for size, _ in cases), best, expected)


def _works() -> Iterator[tuple[str, str, float, list[Case]]]:
    torch.manual_seed(0)
    alexnet, resnet = models.load("alexnet", weights="random"), models.load("resnet18", weights="random")
    image, unit = torch.rand(1, 3, 224, 224), Logit(3)
    yield "occlusion map, alexnet", "positions", 1, _occlusion(alexnet, image, unit)
    steps = [(n, lambda n=n: integrated_gradients(alexnet, image, unit, steps=n)) for n in (4, 8, 16, 32, 64)]
    yield "integrated gradients, alexnet", "steps", 1, steps
    images = [torch.rand(1, 3, side, side) for side in (96, 128, 192, 256, 320)]
    sides = [(x.shape[2], lambda x=x: integrated_gradients(resnet, x, unit, steps=4)) for x in images]
    yield "integrated gradients, resnet18", "pixels a side", 2, sides
    yield "attention with its weights", "tokens", 2, [_attention(n) for n in (64, 128, 256, 512, 1024)]
    networks = [nn.Sequential(*(Block() for _ in range(n))).eval() for n in (16, 32, 64, 128, 256)]
    counts = [len(list(network.modules())) for network in networks]
    yield (
        "tracing",
        "modules",
        1,
        [
            (count, lambda network=network: trace(network, (1, 8)))
            for count, network in zip(counts, networks, strict=True)
        ],
    )
    # from 250 boxes on the layout tries fewer forms: these all have more
    large = [nn.Sequential(*(Block() for _ in range(n))).eval() for n in (100, 140, 180, 240, 320)]
    graphs = [trace(network, (1, 8)) for network in large]
    yield (
        "drawing every block",
        "boxes",
        1,
        [
            (len(graph.nodes), lambda graph=graph: block_diagram(graph, depth=2, fold=False).svg())
            for graph in graphs
        ],
    )
    lenet, crops = models.load("fashion_lenet", weights="random"), datasets.clothes("test")[0]
    yield (
        "search for maximal images",
        "images",
        1,
        [
            (n, lambda n=n: maximal_images(lenet, crops[:n], Channel("features.4", 3), k=9))
            for n in (250, 500, 1000, 2000, 4000)
        ],
    )
    yield (
        "playground, a drawn step",
        "hidden units",
        1,
        [_playground(hidden) for hidden in ([2], [4], [8], [8, 8], [8] * 4)],
    )


def _occlusion(model: nn.Module, image: torch.Tensor, unit: Logit) -> list[Case]:
    cases: list[Case] = []
    for stride in (32, 24, 16, 12, 8):
        positions = len(patch_spans(image.shape[2], 32, stride)) ** 2
        cases.append((positions, lambda stride=stride: occlusion_map(model, image, unit, 32, stride)))
    return cases


def _attention(tokens: int) -> Case:
    q, k, v = torch.randn(3, 1, 8, tokens, 32)
    return tokens, lambda: [scaled_dot_product_attention(q, k, v) for _ in range(5)]


def _playground(hidden: list[int]) -> Case:
    engine = Engine({**PRESETS["circle: a first run"][0], "hidden": hidden})

    def steps() -> None:
        for _ in range(50):
            engine.step(1)
            scene.frame(engine)

    return sum(hidden), steps


# --- the charts ------------------------------------------------------------------------------------------------

WIDE, HIGH, COLUMNS = 320, 240, 3


def chart(found: list[Growth]) -> Drawing:
    """All of them as one drawing, a panel each, both axes logarithmic; a dashed line has the expected exponent."""
    shapes: list[Shape] = []
    for number, one in enumerate(found):
        shapes += _panel(one, 10 + number % COLUMNS * WIDE, 10 + number // COLUMNS * HIGH)
    rows_of = -(-len(found) // COLUMNS)
    told = "; ".join(f"{one.title}: exponent {one.exponent:.2f}, expected {one.expected:g}" for one in found)
    words = f"CPU time against size, both axes logarithmic. {told}."
    return Drawing(COLUMNS * WIDE + 10, rows_of * HIGH + 10, tuple(shapes), "Cost against size", words)


def _told(seconds: float) -> str:
    """4.4 s, 399 ms, 0.89 ms."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.2g} ms"


def _panel(one: Growth, left: float, top: float) -> list[Shape]:
    x, y, wide, high = left + 58, top + 44, WIDE - 84, HIGH - 106
    low, most = math.log(one.sizes[0]), math.log(one.sizes[-1])
    expected = [one.seconds[-1] * (size / one.sizes[-1]) ** one.expected for size in one.sizes]
    floor = math.log(min(*one.seconds, *expected))
    ceiling = math.log(max(*one.seconds, *expected))

    def place(size: float, seconds: float) -> tuple[float, float]:
        across = (math.log(size) - low) / (most - low)
        return x + wide * across, y + high * (1 - (math.log(seconds) - floor) / (ceiling - floor))

    shapes: list[Shape] = [
        Box(x, y, wide, high, 0, fill="#fafafa", stroke="#b5b5b5"),
        Label(x, top + 8, one.title, 14, "start", bold=True),
        Label(x, top + 27, f"exponent {one.exponent:.2f}, expected {one.expected:g}", 13, "start"),
        Label(x + wide / 2, y + high + 36, one.unit, 13, role="muted"),
    ]
    for size in (one.sizes[0], one.sizes[len(one.sizes) // 2], one.sizes[-1]):
        shapes.append(Label(place(size, one.seconds[0])[0], y + high + 16, f"{size:,.0f}", 13, role="muted"))
    for seconds in (one.seconds[0], one.seconds[-1]):
        height = place(one.sizes[0], seconds)[1]
        shapes.append(Label(x - 5, height, _told(seconds), 12, "end", role="muted"))
    line = tuple(place(*pair) for pair in zip(one.sizes, expected, strict=True))
    curve = tuple(place(*pair) for pair in zip(one.sizes, one.seconds, strict=True))
    shapes += [
        Line(line, stroke="#777777", stroke_width=1.4, dashed=True),
        Line(curve, stroke="#0072B2", stroke_width=2.2),
    ]
    return [*shapes, *(Circle(*point, 3.5, fill="#0072B2", stroke="#ffffff") for point in curve)]
