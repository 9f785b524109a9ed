"""What watching a run costs: `fit`, its live curves and its monitors against a bare training loop."""

import statistics
from collections.abc import Callable

import torch
from torch import nn

from benchmarks.timing import Row, compare, cpu_seconds
from lecturelib import datasets
from lecturelib.models.small import lenet
from lecturelib.training import fit, live_curves, monitors, plots
from lecturelib.training.smooth import smooth

BATCH, STEPS, ROUNDS = 64, 150, 7


def rows(steps: int = STEPS, rounds: int = ROUNDS) -> list[Row]:
    """Training as a multiple of a bare loop, each monitor when it is taken at every step, and the pictures."""
    data = tuple(part[: BATCH * steps] for part in datasets.clothes())
    watched = {
        "bare loop": lambda: _bare(data),
        "fit": lambda: _run(data),
        "fit, live curves": lambda: _run(data, drawn=True),
        "fit, usual monitors every 10 steps": lambda: _run(
            data, monitors.usual_monitors(data[0][:128], every=10)
        ),
    }
    amount = f"LeNet, {steps} steps of {BATCH} clothes"
    found = [
        Row("a run", amount, compare(watched, "bare loop", rounds), "<= 1.05 for fit"),
        _live_curves(data, amount, rounds),
        Row("monitors at every step", amount, _each(data, min(3, rounds)), "as in monitors.py"),
    ]
    return [*found, *_pictures(data)]


def _model() -> nn.Module:
    torch.manual_seed(0)
    return lenet()


def _optimizer(parameters) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.02, momentum=0.9)


def _bare(data) -> None:
    images, labels = data
    model = _model()
    optimizer = _optimizer(model.parameters())
    order = torch.randperm(len(images))
    for rows_of in order.split(BATCH):
        loss = nn.functional.cross_entropy(model(images[rows_of]), labels[rows_of])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()


def _run(data, watch=(), drawn: bool = False) -> None:
    run = fit(_model(), data, epochs=1, optimizer=_optimizer, batch_size=BATCH, monitors=watch)
    # The page gets the picture as text: it is made here, and nothing is shown.
    for _ in live_curves(run, screen=lambda picture, line: picture.html()) if drawn else run:
        pass


def _live_curves(data, amount: str, rounds: int) -> Row:
    """The live curves against `fit` without them."""
    both = {"fit": lambda: _run(data), "fit, live curves": lambda: _run(data, drawn=True)}
    return Row("live curves", amount, compare(both, "fit", rounds), "<= 1.05")


def _each(data, rounds: int) -> dict[str, float]:
    taken: dict[str, Callable[[], object]] = {"fit": lambda: _run(data)}
    makers = {
        "inputs": monitors.input_monitor,
        "classes": monitors.class_monitor,
        "weights": monitors.weight_monitor,
        "gradients": monitors.gradient_monitor,
        "updates": monitors.update_monitor,
        "activations": monitors.activation_monitor,
        "dead_units": monitors.dead_unit_monitor,
        "outputs": monitors.output_monitor,
    }
    for name, make in makers.items():
        taken[name] = lambda make=make: _run(data, [make(every=1)])
    taken["histograms"] = lambda: _run(data, [monitors.histogram_monitor("weights", every=1)])
    return compare(taken, "fit", rounds)


def _pictures(data) -> list[Row]:
    """One live picture, in milliseconds, against a new matplotlib figure of the same four panels."""
    run = fit(_model(), data, epochs=1, optimizer=_optimizer, batch_size=BATCH)
    list(run)
    history = run.history
    plots.run_curves(history).html()
    _figure(history)
    times = [
        (cpu_seconds(lambda: plots.run_curves(history).html()), cpu_seconds(lambda: _figure(history)))
        for _ in range(9)
    ]
    ratio = statistics.median(own / peer for own, peer in times)
    milliseconds = statistics.median(own for own, _ in times) * 1000
    return [Row("one live picture", f"{milliseconds:.1f} ms", {"new matplotlib figure": ratio}, "<= 10 ms")]


def _figure(history) -> None:
    from lecturelib.show import figure
    from lecturelib.show.matplotlib_pixels import figure_pixels

    made, axes = figure(820, 400, 2, 2)
    for name, panel in zip(("loss", "accuracy", "learning_rate", "gradient_norm"), axes.flat, strict=True):
        panel.plot(history.steps(name), history[name], alpha=0.4)
        panel.plot(history.steps(name), smooth(history[name], 0.9))
    figure_pixels(made)
