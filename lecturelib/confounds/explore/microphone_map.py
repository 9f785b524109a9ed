"""Recordings as points of a plane, before and after the microphones are corrected with known pairs."""

from collections.abc import Sequence
from functools import lru_cache

from torch import Tensor

from lecturelib.confounds.microphones import (
    Recordings,
    corrected,
    diagnose_spectra,
    known_pairs,
    plane,
    recordings,
)
from lecturelib.drawing import Box, Circle, Drawing, Label, Line, Shape
from lecturelib.show import TEN, Picture
from lecturelib.widgets import Choice, Explorable, Slider

SPEAKERS, UTTERANCES, WORLDS, MOST_PAIRS = 10, 10, 6, 40
SETS = {
    "study": "a study: the ill in the clinic, the healthy at home",
    "both": "each speaker by both microphones",
}
GROUPS = {
    "condition": ("healthy", "ill"),
    "microphone": ("at home", "in the clinic"),
    "speaker": tuple(f"speaker {k + 1}" for k in range(SPEAKERS)),
}
SIDE, TOP, WIDTH, HEIGHT = 340.0, 62.0, 860, 484


def microphone_explorer() -> Explorable:
    """Recordings mapped by two principal components, before and after the correction with a number of known pairs."""
    controls = [
        Choice("recordings", tuple(SETS), labels=tuple(SETS.values())),
        Choice("color", tuple(GROUPS), label="color by"),
        Slider("pairs", 1, MOST_PAIRS, value=20, label="known pairs"),
        Slider("world", 1, WORLDS, value=1, label="other microphones and voices"),
    ]
    presets: dict[str, dict] = {
        "what the study saw": {"recordings": "study", "color": "condition"},
        "what it was": {"recordings": "study", "color": "microphone"},
        "by speaker": {"recordings": "both", "color": "speaker"},
        "one pair": {"recordings": "both", "color": "speaker", "pairs": 1},
    }
    return Explorable(_render, controls, "Two microphones", presets)


@lru_cache(maxsize=64)
def _measured(which: str, pairs: int, world: int) -> tuple[Recordings, list[Tensor], list[dict[str, float]]]:
    """The recordings, their two maps, and for each map the silhouettes and the share of right diagnoses elsewhere."""
    from sklearn.metrics import silhouette_score

    seed = world - 1
    taken = recordings(SPEAKERS, UTTERANCES, 1.0, seed, both=which == "both")
    known = known_pairs(pairs, seed)
    study, new = recordings(40, 10, 1.0, seed), recordings(40, 10, 0.0, seed, voices=7)
    maps, found = [], []
    for fix in (False, True):
        spectra, trained, tested = (
            corrected(r.spectra, r.microphone, *known) if fix else r.spectra for r in (taken, study, new)
        )
        maps.append(plane(spectra))
        groups = {"microphone": taken.microphone, "speaker": taken.speaker}
        scores = {name: float(silhouette_score(maps[-1].numpy(), of.numpy())) for name, of in groups.items()}
        right = diagnose_spectra(trained, study.ill, tested) == new.ill
        found.append(scores | {"diagnoses": right.float().mean().item()})
    return taken, maps, found


def _render(state: dict) -> Picture:
    taken, maps, found = _measured(state["recordings"], state["pairs"], state["world"])
    names = GROUPS[state["color"]]
    group = {"condition": taken.ill, "microphone": taken.microphone, "speaker": taken.speaker}[state["color"]]
    shapes: list[Shape] = []
    titles = ("before the correction", f"after, by {state['pairs']} known pairs")
    said = []
    for k, (title, points, scores) in enumerate(zip(titles, maps, found, strict=True)):
        left = 8 + k * (SIDE + 24)
        shapes.append(Label(left, 46, title, 15, "start", bold=True))
        shapes += _scatter(points, group.tolist(), taken.microphone.tolist(), left)
        words = (
            f"silhouette: microphone {_signed(scores['microphone'])}, speaker {_signed(scores['speaker'])}",
            f"right diagnoses with exchanged rooms: {scores['diagnoses']:.0%}",
        )
        for row, line in enumerate(words):
            shapes.append(Label(left, TOP + SIDE + 20 + 21 * row, line, 14, "start"))
        said.append(f"{title}: {'; '.join(words)}")
    shapes += _legend(names)
    shapes.append(Label(8, 16, SETS[state["recordings"]].capitalize(), 16, "start", bold=True))
    axes = "Axes: first and second principal component, each map with its own scale."
    shapes.append(Label(8, TOP + SIDE + 68, axes, 13, "start", role="muted"))
    caption = f"{SETS[state['recordings']].capitalize()}. {'. '.join(said)}."
    alt = f"Two maps of {len(taken)} recordings by {state['color']}; circles at home, squares in the clinic. {caption}"
    return Picture(Drawing(WIDTH, HEIGHT, tuple(shapes), "Two microphones", alt).svg(), alt, caption, WIDTH)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def _scatter(points: Tensor, group: Sequence[int], microphone: Sequence[int], left: float) -> list[Shape]:
    """A dot for each recording: its color says the group, a circle or a square the microphone."""
    most = points.abs().max().item() * 1.08
    middle_x, middle_y = left + SIDE / 2, TOP + SIDE / 2
    shapes: list[Shape] = [
        Box(left, TOP, SIDE, SIDE, 0, fill="#fafafa", stroke="#b5b5b5"),
        Line(((middle_x, TOP), (middle_x, TOP + SIDE)), stroke="#dddddd", stroke_width=1),
        Line(((left, middle_y), (left + SIDE, middle_y)), stroke="#dddddd", stroke_width=1),
    ]
    for (x, y), number, recorder in zip(points.tolist(), group, microphone, strict=True):
        shapes.append(_dot(middle_x + SIDE / 2 * x / most, middle_y - SIDE / 2 * y / most, number, recorder))
    return shapes


def _dot(x: float, y: float, number: int, recorder: int) -> Shape:
    color = TEN[number % len(TEN)]
    if recorder == 0:
        return Circle(x, y, 5, fill=color, stroke="#ffffff", stroke_width=0.8)
    return Box(x - 4.6, y - 4.6, 9.2, 9.2, 0, fill=color, stroke="#ffffff", stroke_width=0.8)


def _legend(names: Sequence[str]) -> list[Shape]:
    left, shapes = 2 * (SIDE + 24) + 12.0, []
    for k, name in enumerate(names):
        y = TOP + 14 + 22 * k
        shapes += [
            Line(((left, y), (left + 16, y)), stroke=TEN[k], stroke_width=7),
            Label(left + 24, y, name, 13, "start"),
        ]
    top = TOP + 40 + 22 * len(names)
    for k, words in enumerate(("at home", "in the clinic")):
        shapes.append(_dot(left + 8, top + 22 * k, 8, k))
        shapes.append(Label(left + 24, top + 22 * k, words, 13, "start"))
    return shapes
