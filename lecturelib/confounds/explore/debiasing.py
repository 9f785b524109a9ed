"""Before and after: the maps of the network of the lab beside those of a network that was cured, on the same scene."""

from lecturelib.confounds.explore.scene_samples import (
    MAPPED,
    METHODS,
    accuracy_at,
    both_skies,
    map_pixels,
    meter,
    scene_tile,
    shares,
    sky_words,
    verdict,
)
from lecturelib.confounds.tank_cures import TANK_CURES
from lecturelib.confounds.tank_networks import TANK_NETWORKS
from lecturelib.confounds.tank_scenes import WEATHER
from lecturelib.drawing import Bitmap, Drawing, Label, Shape
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Slider

CURES = {"balanced": TANK_NETWORKS["balanced"], **TANK_CURES}
SIDE, WIDTH, HEIGHT = 192, 860, 430


def debiasing_explorer() -> Explorable:
    """One scene under either sky: the network of the lab, and one trained on other data, with their maps."""
    controls = [
        Slider("scene", 1, MAPPED, value=2),
        Choice("weather", WEATHER, "sunny"),
        Choice("cure", tuple(CURES), labels=tuple(CURES.values()), label="second network trained on"),
        Choice("method", METHODS, "occlusion", label="map"),
    ]
    presets: dict[str, dict] = {"by gradient": {"method": "saliency"}, "overcast": {"weather": "overcast"}}
    return Explorable(_render, controls, "Before and after de-biasing", presets)


def _render(state: dict) -> Picture:
    number, method, cure = state["scene"] - 1, state["method"], state["cure"]
    in_lab = int(both_skies()[0].weather[number]) == WEATHER.index(state["weather"])
    shapes: list[Shape] = [Label(4, 14, sky_words(number, in_lab), 15, "start", bold=True)]
    shapes.append(scene_tile(number, in_lab, 4, 28, SIDE))
    words = "as in the lab" if in_lab else "never so in the lab"
    shapes.append(Label(4, 238, words, 14, "start", role="muted"))
    said = []
    for k, (network, title) in enumerate((("lab", "before: the lab's scenes"), (cure, f"after: {cure}"))):
        left = 236 + 318 * k
        answer, sure, right = verdict(network, number, in_lab)
        mass = shares(network, number, in_lab, method)
        rates = [accuracy_at(network, share) for share in (1.0, 0.5, 0.0)]
        shapes.append(Label(left, 14, title, 15, "start", bold=True))
        shapes.append(Bitmap(left, 28, SIDE, SIDE, map_pixels(network, number, in_lab, method)))
        shapes.append(
            Label(left, 240, f"{'✓' if right else '✗'} says {answer}, {sure:.0%}", 16, "start", bold=True)
        )
        shapes.append(Label(left, 268, "map mass by area (1: no preference)", 13, "start", role="muted"))
        for row, (name, value) in enumerate(mass.items()):
            shapes += meter(left, 280 + 22 * row, 150, name, value, 8, f"{value:.1f}")
        shapes.append(Label(left, 342, "accuracy", 13, "start", role="muted"))
        for row, (name, rate) in enumerate(zip(("lab", "wild", "swapped"), rates, strict=True)):
            shapes += meter(left, 354 + 22 * row, 150, name, rate, 1, f"{rate:.0%}")
        said.append(
            f"{title}: says {answer}; mass {mass['sky']:.1f} on the sky and {mass['vehicle']:.1f} on the vehicle; "
            f"accuracy lab {rates[0]:.0%}, wild {rates[1]:.0%}, swapped {rates[2]:.0%}"
        )
    caption = f"{sky_words(number, in_lab).capitalize()}, {words}. {'. '.join(said)}. After, trained on: {CURES[cure]}."
    alt = f"A scene and two {method} maps, before and after de-biasing. {caption}"
    return Picture(Drawing(WIDTH, HEIGHT, tuple(shapes), "De-biasing", alt).svg(), alt, caption, WIDTH)
