"""From the lab to the wild: how the accuracy of two networks falls as the weather ceases to tell the class."""

from functools import lru_cache

from lecturelib.confounds.explore.scene_samples import (
    COUNT,
    MAPPED,
    METHODS,
    accuracy_at,
    agrees,
    map_pixels,
    meter,
    scene_tile,
    shares,
    sky_words,
    verdict,
)
from lecturelib.drawing import Bitmap, Box, Drawing, Label, Shape, line_chart
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Slider

NETWORKS = {"lab": "trained in the lab", "balanced": "trained on balanced data"}
SHARES = tuple(range(0, 101, 5))  # per cent of scenes with the lab's weather
BIG, SMALL, WIDTH, HEIGHT = 192, 63, 860, 478


def weather_explorer() -> Explorable:
    """How many scenes have the lab's weather, from all to none, with the accuracies and one scene's map."""
    controls = [
        Slider("agreement", 0, 100, 5, 100, label="scenes with the lab's weather", unit="%"),
        Slider("scene", 1, MAPPED, value=2),
        Choice("network", tuple(NETWORKS), labels=tuple(NETWORKS.values())),
        Choice("method", METHODS, "occlusion", label="map"),
    ]
    presets: dict[str, dict] = {
        "the lab": {"agreement": 100},
        "the wild": {"agreement": 50},
        "weather swapped": {"agreement": 0},
    }
    return Explorable(_render, controls, "From the lab to the wild", presets)


@lru_cache(maxsize=2)
def _curve(network: str) -> list[float]:
    return [accuracy_at(network, share / 100) for share in SHARES]


def _render(state: dict) -> Picture:
    share, network, method = state["agreement"], state["network"], state["method"]
    number = state["scene"] - 1
    in_lab = agrees(share / 100)[:MAPPED].tolist()
    own = in_lab[number]
    shapes: list[Shape] = [Label(4, 14, sky_words(number, own).capitalize(), 15, "start", bold=True)]
    shapes.append(scene_tile(number, own, 4, 28, BIG))
    answer, sure, right = verdict(network, number, own)
    shapes.append(
        Label(212, 14, f"{'✓' if right else '✗'} network: {answer}, {sure:.0%}", 15, "start", bold=True)
    )
    shapes.append(Bitmap(212, 28, BIG, BIG, map_pixels(network, number, own, method)))
    mass = shares(network, number, own, method)
    shapes.append(Label(4, 242, "map mass by area (1: no preference)", 13, "start", role="muted"))
    for k, (name, value) in enumerate(mass.items()):
        shapes += meter(4, 254 + 22 * k, 240, name, value, 8, f"{value:.1f}")
    curves = {words.removeprefix("trained "): _curve(name) for name, words in NETWORKS.items()}
    shapes += line_chart(
        (482, 40, 690, 250),
        [str(s) for s in SHARES],
        curves,
        (0, 1),
        "accuracy of the network ...",
        "% of scenes with the lab's weather",
        SHARES.index(share),
        NETWORKS[network].removeprefix("trained "),
    )
    shapes.append(
        Label(4, 322, f"The network {NETWORKS[network]} on {MAPPED} of the scenes", 15, "start", bold=True)
    )
    wrong = 0
    for k in range(MAPPED):
        left = 4 + k * (SMALL + 8)
        said, _, good = verdict(network, k, in_lab[k])
        wrong += not good
        edge = "#D55E00" if not good else "#ffffff"
        shapes.append(Box(left - 3, 335, SMALL + 6, SMALL + 6, 0, fill=edge, stroke=edge))
        shapes.append(scene_tile(k, in_lab[k], left, 338, SMALL))
        shapes.append(Label(left + SMALL / 2, 416, f"{'✓' if good else '✗'} {said}", 13, bold=not good))
        if k == number:
            shapes.append(Label(left + SMALL / 2, 434, "above", 12, role="muted"))
    rates = {name: accuracy_at(name, share / 100) for name in NETWORKS}
    said = ", ".join(f"{NETWORKS[name]} {rate:.0%}" for name, rate in rates.items())
    shapes.append(Label(4, 460, f"Accuracy at {share} %: {said}; chance is 50 %.", 15, "start"))
    caption = (
        f"{share} % of the scenes have the lab's weather. Accuracy on {COUNT} scenes: {said}. Scene {number + 1} is "
        f"{sky_words(number, own)}; the network says {answer}. The {method} map has {mass['sky']:.1f} times its share "
        f"of the area on the sky and {mass['vehicle']:.1f} times on the vehicle."
    )
    alt = f"A scene with the map of the network {NETWORKS[network]}, a chart of accuracies, {MAPPED} scenes. {caption}"
    return Picture(
        Drawing(WIDTH, HEIGHT, tuple(shapes), "From the lab to the wild", alt).svg(), alt, caption, WIDTH
    )
