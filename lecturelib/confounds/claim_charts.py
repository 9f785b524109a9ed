"""The claims of part 3 as pictures: bars side by side, from the numbers that were measured in full."""

from collections.abc import Mapping, Sequence

from lecturelib.checks import check_name, check_number, complaint
from lecturelib.drawing import Box, Drawing, Label, Line, Shape, picture_row
from lecturelib.lesson.claims import numbers
from lecturelib.show import Picture
from lecturelib.show.palettes import CATEGORIES

CLAIMS = ("C1", "C2", "C4")
BAR, GAP, HEIGHT = 34, 26, 180  # px: a bar, the room between groups, the room for a bar of the highest value


def grouped_bars(
    groups: Sequence[str],
    series: Mapping[str, Sequence[float]],
    title: str,
    limits: tuple[float, float] = (0.0, 1.0),
    reference: tuple[float, str] | None = None,
    percent: bool = True,
) -> Drawing:
    """Upright bars, one of each series in each group, with the number on each; the second series is hatched by lines.

    `limits`: the ends of the axis, 0 among them. `reference`: a dashed line at a value, with its words. Raises
    `ValueError` for a series of another length, or a number that is none.

    >>> grouped_bars(["lab", "wild"], {"a": [1.0, 0.5], "b": [0.9, 0.8]}, "Accuracy").alt
    'Accuracy. lab: a 100 %, b 90 %. wild: a 50 %, b 80 %.'
    """
    for name, values in series.items():
        if len(values) != len(groups):
            raise ValueError(complaint(f"series {name!r}", f"{len(groups)} values, one a group", len(values)))
        for value in values:
            check_number(f"series {name!r}", value)
    low, high = limits
    scale = HEIGHT / (high - low)
    legend = 24 + 20 * len(series)
    zero, left = legend + 26 + HEIGHT * high / (high - low), 14.0
    group = float(BAR * len(series))
    shapes: list[Shape] = [Label(left, 14, title, 15, "start", bold=True)]
    said = []
    for k, name in enumerate(series):
        y = 40.0 + 20 * k
        shapes += _bar(left, y - 7, 22, 14, k)
        shapes.append(Label(left + 30, y, name, 13, "start"))
    x = left
    for g, words in enumerate(groups):
        parts = []
        room = max(group, Label(0, 0, words, 13).width) + 4
        x += (room - group) / 2
        for k, (name, values) in enumerate(series.items()):
            value = values[g]
            text = _number(value, percent, signed=low < 0)
            size = scale * min(max(value, low), high)
            shapes += _bar(x + k * BAR, zero - max(size, 0), BAR - 4, max(abs(size), 1), k)
            above = zero - size - 9 if size >= 0 else zero - size + 9
            shapes.append(Label(x + k * BAR + BAR / 2 - 2, above, text.replace(" ", ""), 12))
            parts.append(f"{name} {text}")
        below = zero + (14 if low == 0 else scale * -low + 22)
        shapes.append(Label(x + group / 2 - 2, below, words, 13))
        said.append(f"{words}: {', '.join(parts)}.")
        x += (room + group) / 2 + GAP
    right = x - GAP + 6
    shapes.append(Line(((left, zero), (right, zero)), stroke="#595959", stroke_width=1.2))
    if reference is not None:
        y = zero - scale * reference[0]
        shapes.append(Line(((left, y), (right, y)), stroke="#595959", stroke_width=1.2, dashed=True))
        shapes.append(Label(right + 6, y, reference[1], 12, "start", role="muted"))
    wide = max(right, *(shape.bounds[2] for shape in shapes)) + 14
    return Drawing(wide, legend + HEIGHT + 66, tuple(shapes), title, f"{title}. {' '.join(said)}")


def _bar(x: float, y: float, width: float, height: float, k: int) -> list[Shape]:
    """A bar in the color of its series; every second one has lines across it, so that color is not all."""
    shapes: list[Shape] = [
        Box(x, y, width, height, 0, fill=CATEGORIES[k % 7], stroke="#333333", stroke_width=0.8)
    ]
    if k % 2:
        step = 6
        shapes += [
            Line(((x, y + d), (x + width, y + d)), stroke="#ffffff", stroke_width=1.4)
            for d in range(step, int(height), step)
        ]
    return shapes


def _number(value: float, percent: bool, signed: bool) -> str:
    if percent:
        return f"{100 * value:.0f} %"
    return f"{value:{'+' if signed else ''}.2f}".replace("-", "\N{MINUS SIGN}")


def beside(drawings: Sequence[Drawing], said: str) -> Picture:
    """Charts in one row, each with its own title, and a sentence below.

    >>> beside([grouped_bars(["a"], {"b": [1.0]}, "One")] * 2, "Twice the same.").alt
    'One. a: b 100 %. One. a: b 100 %.'
    """
    words = " ".join(drawing.alt for drawing in drawings)
    return picture_row([drawing.picture() for drawing in drawings], [""] * len(drawings), said, words)


def claim_chart(name: str) -> Picture:
    """A claim of this part ("C1", "C2", "C4") as it was measured in full, as bars with its verdict below.

    Raises `UnknownName` (a `KeyError`) for another claim.

    >>> claim_chart("C1").caption.startswith("Claim C1 holds")
    True
    """
    check_name("name", name, CLAIMS, "claim of this part with a chart")
    return {"C1": _tanks, "C2": _microphones, "C4": _glasses}[name](numbers(name))


def _tanks(found: Mapping[str, float]) -> Picture:
    worlds = ("lab", "wild", "swapped")
    trained = {"trained in the lab": "lab", "trained on balanced data": "balanced"}
    right = grouped_bars(
        ["lab", "wild", "weather swapped"],
        {words: [found[f"trained_{key}_{world}"] for world in worlds] for words, key in trained.items()},
        "Accuracy",
        reference=(0.5, "chance"),
    )
    places = [(method, region) for method in ("saliency", "occlusion") for region in ("sky", "vehicle")]
    mass = grouped_bars(
        [f"{method}: {region}" for method, region in places],
        {
            words: [found[f"{method}_{key}_{region}_by_area"] for method, region in places]
            for words, key in trained.items()
        },
        "Map mass, relative to area (1: no preference)",
        limits=(0.0, 8.0),
        reference=(1.0, "1"),
        percent=False,
    )
    said = (
        f"Claim C1 holds: {found['scenes']:.0f} scenes that no network saw in training; maps of "
        f"{found['mapped']:.0f} scenes of the wild. One seed of the networks."
    )
    return beside([right, mass], said)


def _microphones(found: Mapping[str, float]) -> Picture:
    states = {"before the correction": "before", "after": "after"}
    groups = [("bands", "microphone"), ("map", "microphone"), ("bands", "speaker"), ("map", "speaker")]
    inside = grouped_bars(
        [f"{what} ({'32 bands' if where == 'bands' else 'map'})" for where, what in groups],
        {
            words: [found[f"{where}_by_{what}_{key}"] for where, what in groups]
            for words, key in states.items()
        },
        "Silhouette of the groups",
        limits=(-0.2, 0.8),
        percent=False,
    )
    right = grouped_bars(
        ["microphones exchanged"],
        {words: [found[f"diagnosis_exchanged_microphones_{key}"]] for words, key in states.items()},
        "Right diagnoses, new speakers",
        reference=(0.5, "chance"),
    )
    said = f"Claim C2 holds in each of {found['seeds']:.0f} seeds; the bars are means. Synthetic spectra."
    return beside([inside, right], said)


def _glasses(found: Mapping[str, float]) -> Picture:
    kinds = {"attack": "attack", "black": "black", "random greys": "random"}
    taught = {"flat": "flat pictures", "photos": "and photos", "shuffled": "and shuffled faces"}
    bars = grouped_bars(
        list(taught.values()),
        {
            words: [found[f"{others}_hidden_by_{key}_frame"] for others in taught]
            for words, key in kinds.items()
        },
        "Faces missed, by what the detector learned as 'no face'",
        reference=(0.5, "bar of the claim"),
    )
    flat, photos, shuffled = (f"{100 * found[f'{others}_hidden_by_attack_frame']:.0f} %" for others in taught)
    said = (
        f"Claim C4 does not reproduce with the other pictures of this data set: {flat} of {found['faces']:.0f} faces "
        f"are hidden. Against detectors that had to learn more than texture it is {photos} and {shuffled}. Means of "
        f"{found['seeds']:.0f} detectors each; the frame covers {100 * found['frame_area']:.0f} % of the crop."
    )
    return bars.picture(said)
