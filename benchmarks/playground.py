"""The playground: a step with its drawing (maps, losses, words, bytes for the page) against the bare step."""

import statistics
from collections.abc import Callable

import torch
from torch import nn

from benchmarks.timing import Row, compare, cpu_seconds
from lecturelib.training.playground import PRESETS, Engine, scene

STEPS = 100
ROUNDS = 7
CASES = ("circle: a first run", "spiral: wide enough", "sigmoids, four layers")


def rows(names: tuple[str, ...] = CASES, rounds: int = ROUNDS) -> list[Row]:
    """One row per network; the base is its training steps alone, by hand as the engine does them."""
    return [_row(name, rounds) for name in names]


def _row(name: str, rounds: int) -> Row:
    engine = Engine(PRESETS[name][0])
    methods = {
        "steps alone": lambda: engine.step(STEPS),
        "torch's modules and SGD": _by_torch(engine),
        "drawn every 10 steps": lambda: _drawn(engine, 10),
        "each step drawn": lambda: _drawn(engine, 1),
    }
    for method in methods.values():
        method()
    ratios = compare(methods, "steps alone", rounds)
    seconds = statistics.median(cpu_seconds(methods["each step drawn"]) for _ in range(rounds))
    layout = " - ".join(map(str, engine.layout))
    return Row(
        f"playground, {layout}", f"{STEPS / seconds:.0f} drawn steps a second", ratios, ">= 20 a second"
    )


def _drawn(engine: Engine, every: int) -> None:
    for _ in range(STEPS // every):
        engine.step(every)
        scene.frame(engine)


def _by_torch(engine: Engine) -> Callable[[], None]:
    """The same steps by autograd: what the hand-written backward pass is spared."""
    parts: list[nn.Module] = []
    for inputs, units in zip(engine.layout, engine.layout[1:], strict=False):
        parts += [nn.Linear(inputs, units, dtype=torch.float64), nn.Tanh()]
    network = nn.Sequential(*parts[:-1])
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)

    def run() -> None:
        for step in range(STEPS):
            rows = engine.batch(step)
            scores = network(engine.inputs[rows])[:, 0]
            loss = nn.functional.binary_cross_entropy_with_logits(scores, engine.points.label[rows].double())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return run
