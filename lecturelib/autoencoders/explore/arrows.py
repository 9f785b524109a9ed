"""A denoiser in the plane: its arrows, learned live, beside the exact gradient of the log density."""

import math
from collections.abc import Iterator

import torch

from lecturelib.autoencoders.denoising import TOYS, DenoisingStep, exact_arrows, iter_denoiser, toy_points
from lecturelib.drawing import Box, Circle, Drawing, Label, Line, Shape
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Progress, Slider
from lecturelib.widgets.emerging import emerging

STEPS, ACROSS, SIDE, REACH = 800, 15, 380, 1.25


def arrows_explorer() -> Explorable:
    """Train a denoising autoencoder on points in the plane, and compare its arrows with the exact ones."""
    controls = [
        Choice("shape", TOYS, "spiral", label="data"),
        Slider("sigma", 0.05, 0.4, 0.05, 0.15, label="noise, standard deviation"),
        Slider("seed", 0, 5, value=0),
    ]
    presets: dict[str, dict] = {
        "little noise": {"sigma": 0.05},
        "much noise": {"sigma": 0.4},
        "two arcs": {"shape": "two arcs"},
    }
    return Explorable(_render, controls, "Where the arrows of a denoiser point", presets)


def places() -> torch.Tensor:
    """The grid of places (ACROSS^2, 2) at which arrows are drawn."""
    line = torch.linspace(-1.1, 1.1, ACROSS)
    return torch.cartesian_prod(line, line)


def _render(state: dict) -> Iterator[Picture | Progress]:
    data = toy_points(state["shape"], n=400, seed=state["seed"])

    def steps() -> Iterator[tuple[DenoisingStep, torch.Tensor]]:
        for step in iter_denoiser(data, state["sigma"], STEPS, seed=state["seed"]):
            yield step, step.arrows(places()) if step.step % 20 == 0 or step.step == STEPS else torch.empty(0)

    exact = exact_arrows(data, places(), state["sigma"])

    def draw(found: tuple[DenoisingStep, torch.Tensor]) -> Picture:
        step, learned = found
        return _drawn(step, learned if len(learned) else step.arrows(places()), exact, data, state)

    yield from emerging(("arrows", *sorted(state.items())), steps, STEPS, draw, "training", patience=0.25)


def _drawn(
    step: DenoisingStep, learned: torch.Tensor, exact: torch.Tensor, data: torch.Tensor, state: dict
) -> Picture:
    shapes: list[Shape] = []
    for k, (title, arrows) in enumerate((("learned: x' − x", learned), ("exact: σ² ∇ log p", exact))):
        left = k * (SIDE + 40)
        shapes.append(Label(left, 12, title, 15, "start", bold=True))
        shapes.append(Box(left, 26, SIDE, SIDE, 0, fill="#fafafa", stroke="#b5b5b5"))
        shapes += [Circle(*_at(point, left), 1.6, fill="#8fb8d8", stroke="none") for point in data.tolist()]
        for place, arrow in zip(places().tolist(), arrows.tolist(), strict=True):
            length = math.hypot(*arrow)
            if length > 0.01:
                share = min(1.0, 0.16 / length)  # long arrows are cut, so that they do not cover one another
                end = (place[0] + share * arrow[0], place[1] + share * arrow[1])
                shapes.append(
                    Line((_at(place, left), _at(end, left)), stroke="#c1440e", stroke_width=1.5, arrow=True)
                )
    near = torch.cdist(places(), data).amin(1) < 0.3
    alike = torch.nn.functional.cosine_similarity(learned[near], exact[near]).mean().item()
    said = (
        f"step {step.step} of {step.of}: mean cosine of learned and exact arrows near the data {alike:.2f}; "
        f"noise σ = {state['sigma']:g}; arrows longer than .16 are cut"
    )
    words = (
        f"Points along a {state['shape']} with two fields of arrows, learned and exact; both point to the "
        f"points. {said}."
    )
    return Drawing(2 * SIDE + 40, SIDE + 30, tuple(shapes), "Arrows of a denoiser", words).picture(said)


def _at(point: list[float] | tuple[float, float], left: float) -> tuple[float, float]:
    scale = SIDE / (2 * REACH)
    x, y = (min(max(part, -REACH), REACH) for part in point)
    return left + (x + REACH) * scale, 26 + (REACH - y) * scale
