"""The deep image prior while it fits a noisy photo: after how many steps, the output or its running mean, the curve."""

from lecturelib.drawing import Bitmap, Drawing, Label, Shape, line_chart
from lecturelib.images import photo
from lecturelib.optimization import shipped_frames
from lecturelib.optimization.deep_prior import with_noise
from lecturelib.show import Picture, pixels_of
from lecturelib.widgets import Choice, Explorable

PHOTO, SIZE = "cat", 128
AFTER = (100, 400, 700, 1200, 3000)  # steps whose pictures are shipped
EVERY = 100  # steps between two points of the curve
OUTPUT, MEAN = "the network's output", "running mean of the outputs"
KEYS = {OUTPUT: "output", MEAN: "mean"}
SIDE, TOP, GAP = 256, 30, 16
LOWEST, HIGHEST = 16.0, 30.0  # decibels


def deep_prior_explorer(after: int = 100) -> Explorable:
    """An untrained network fits a noisy photo: its output after so many steps, and how near that is to the photo."""
    controls = [
        Choice("after", AFTER, after, label="steps", slider=True),
        Choice("shown", tuple(KEYS), OUTPUT),
    ]
    presets: dict[str, dict] = {
        "still soft": {"after": 100, "shown": OUTPUT},
        "the best of these": {"after": 700, "shown": MEAN},
        "it fits the noise": {"after": 3000, "shown": OUTPUT},
    }
    return Explorable(_render, controls, "A deep image prior and when to stop it", presets)


def curves() -> tuple[list[int], dict[str, list[float]], float]:
    """Steps, the decibels of the output and of the running mean at each, and those of the noisy photo."""
    numbers = shipped_frames.frame("deep_prior", shown="output", after=AFTER[-1]).numbers
    steps = list(range(EVERY, AFTER[-1] + 1, EVERY))
    found = {label: [numbers[f"{key}_{step}"] for step in steps] for label, key in KEYS.items()}
    return steps, found, numbers["noisy"]


def _render(state: dict) -> Picture:
    after, shown = state["after"], state["shown"]
    frame = shipped_frames.frame("deep_prior", shown=KEYS[shown], after=after)
    steps, decibels, noisy = curves()
    clean = photo(PHOTO, SIZE)
    at = steps.index(after)
    now = decibels[shown][at]
    shapes: list[Shape] = []
    tiles = (
        ("photo", clean),
        (f"with noise: {noisy:.1f} dB", with_noise(clean)),
        (f"after {after:,} steps: {now:.1f} dB", frame.image),
    )
    for k, (title, image) in enumerate(tiles):
        left = k * (SIDE + GAP)
        pixels = pixels_of(image).repeat(SIDE // SIZE, 0).repeat(SIDE // SIZE, 1)
        shapes += [Label(left, 14, title, 14, "start", bold=True), Bitmap(left, TOP, SIDE, SIDE, pixels)]
    top = TOP + SIDE + 44
    right = 2 * (SIDE + GAP)
    shapes += line_chart(
        (40, top, right, top + 170),
        [f"{step:,}" for step in steps],
        {"output": decibels[OUTPUT], "running mean": decibels[MEAN], "noisy photo": [noisy] * len(steps)},
        (LOWEST, HIGHEST),
        title="decibels against the clean photo",
        x_title="steps",
        marked=at,
        bold="output" if shown == OUTPUT else "running mean",
        percent=False,
    )
    best = {label: max(range(len(steps)), key=values.__getitem__) for label, values in decibels.items()}
    said = {
        label: f"{steps[best[label]]:,} ({decibels[label][best[label]]:.1f} dB)" for label in (OUTPUT, MEAN)
    }
    caption = (
        f"{shown[0].upper()}{shown[1:]} after {after:,} steps: {now:.1f} dB; the noisy photo has {noisy:.1f} dB. "
        f"Best of the measured steps: output {said[OUTPUT]}, running mean {said[MEAN]}. One photo, one seed."
    )
    alt = f"A cat, the same with noise, what the network makes of it, and the curve over the steps. {caption}"
    width = 3 * SIDE + 2 * GAP
    return Drawing(width, top + 216, tuple(shapes), "Deep image prior", alt).picture(caption)
