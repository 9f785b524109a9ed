"""Drawings as files: clean SVG, PNG and PDF of the same pieces, words in each; measured text; keys."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from lecturelib.drawing.drawing import Drawing
from lecturelib.drawing.shapes import (
    DARK,
    LIGHT,
    Bitmap,
    Box,
    Circle,
    Curve,
    Label,
    Line,
    Polygon,
    colors,
)
from lecturelib.show.text_metrics import font_file, shortened, text_width

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def drawing():
    shapes = (
        Box(20, 20, 120, 50, role="conv", key="a"),
        Label(80, 45, "3×3 <64> & $x$", 14, key="a"),
        Line(((80, 70), (80, 110), (200, 110)), arrow=True, radius=8, role="arrow"),
        Circle(240, 40, 20, role="merge", key="b"),
        Polygon(((300, 20), (340, 20), (350, 40)), role="pool", key="b"),
        Curve(
            ((140, 45), (200, 45), (200, 90), (260, 90)), arrow=True, role="skip", dashed=True, opacity=0.5
        ),
        Label(380, 100, "turned", 12, turned=True),
        Bitmap(300, 60, 40, 40, np.full((2, 2, 3), 200, np.uint8), hard=True, key="c"),
    )
    return Drawing(400, 160, shapes, "A title", "Words <for> all.")


def test_svg_is_clean_and_has_its_words(drawing):
    for dark in (False, True):
        root = ElementTree.fromstring(drawing.svg(dark))
        assert (root.get("role"), root.get("width"), root.get("viewBox")) == ("img", "400", "0 0 400 160")
        assert root.find(f"{SVG}title").text == "A title"
        assert root.find(f"{SVG}desc").text == "Words <for> all."
        assert [t.text for t in root.iter(f"{SVG}text")] == ["3×3 <64> & $x$", "turned"]
        links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")]
        assert all(link.startswith("data:image/png;base64,") for link in links)
    assert "DejaVu Sans" in drawing.svg()


@pytest.mark.parametrize("width", [1.0, 2.5, 6.0])
def test_a_dashed_line_of_any_width_has_gaps(width):
    line = Line(((0, 10), (90, 10)), dashed=True, stroke_width=width)
    (path,) = ElementTree.fromstring(Drawing(100, 20, (line,), "A line", "A line.").svg()).iter(f"{SVG}path")
    dash, gap = map(float, path.get("stroke-dasharray").split())
    assert path.get("stroke-linecap") == "butt"  # round ends reach half a width into the gap on both sides
    assert gap > width and dash > width


def test_files_of_all_kinds(drawing, tmp_path):
    from PIL import Image

    drawing.save(tmp_path / "a.svg")
    drawing.save(tmp_path / "a.pdf")
    assert (tmp_path / "a.svg").read_text().startswith("<svg")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    with Image.open(drawing.save(tmp_path / "a.png", scale=1)) as image:
        assert image.size == (400, 160)
        assert image.text["Description"] == "Words <for> all."
        assert image.getpixel((30, 30)) == tuple(int(LIGHT["conv"][0][k : k + 2], 16) for k in (1, 3, 5))
    with pytest.raises(ValueError, match=r"\.svg, \.png or \.pdf"):
        drawing.save(tmp_path / "a.gif")
    with pytest.raises(ValueError, match="a folder that exists"):
        drawing.save(tmp_path / "nowhere" / "a.svg")


def test_dark_pixels_have_a_dark_ground(drawing):
    light, dark = drawing.pixels(1), drawing.pixels(1, dark=True)
    assert light.shape == dark.shape == (160, 400, 3)
    assert light[5, 5].tolist() == [255, 255, 255]
    assert dark[5, 5].tolist() == [0x15, 0x18, 0x1C]


def test_keys_regions_and_hits(drawing):
    assert drawing.keys == ("a", "b", "c")
    assert drawing.region("a") == (20, 20, 140, 70)
    assert drawing.region("b") == (220, 20, 350, 60)
    # of 400 x 160 px, by hand; what leaves the drawing is cut at its edge
    assert drawing.share((20, 20, 140, 80)) == (0.05, 0.125, 0.35, 0.5)
    assert drawing.share((-10, -4, 440, 161)) == (0, 0, 1, 1)
    assert (drawing.at(30, 30), drawing.at(320, 80), drawing.at(1, 1)) == ("a", "c", None)
    shown = drawing.picture("caption")
    assert (shown.alt, shown.caption, shown.svg[:4]) == ("Words <for> all.", "caption", "<svg")
    assert shown.panels[0] == pytest.approx((0.05, 0.125, 0.35, 0.4375))
    with pytest.raises(KeyError, match="'z'"):
        drawing.region("z")


def test_bad_drawings_are_sentences():
    with pytest.raises(ValueError, match="width: expected a finite number above 0, got 0"):
        Drawing(0, 10, (), "t", "a")
    with pytest.raises(ValueError, match="alt: expected a text that says"):
        Drawing(10, 10, (), "t", " ")
    with pytest.raises(TypeError, match="got str"):
        Drawing(10, 10, ("box",), "t", "a")


def _bearings(words: str, bold: bool) -> float:
    from PIL import ImageFont

    font = ImageFont.truetype(str(font_file(bold)), 400)
    left, _, right, _ = font.getmask(words).getbbox()
    return (font.getlength(words) - (right - left)) / 10


def test_text_is_measured_as_it_is_drawn():
    """The ink of a text drawn by matplotlib is as wide as was measured, but for the room beside its ends."""
    for words, bold in (("AdaptiveAvgPool2d", False), ("256×13×13 · 885 k", True)):
        width = text_width(words, 40, bold)
        label = Label(20, 40, words, 40, "start", bold=bold)
        ink = np.nonzero((Drawing(width + 40, 80, (label,), "t", "a").pixels(4) < 128).any((0, 2)))[0]
        drawn = (ink.max() - ink.min() + 1) / 4  # at 4 pixels per px letters are hardly moved to whole pixels
        assert drawn == pytest.approx(width - _bearings(words, bold), abs=2)
        assert label.bounds[2] - label.bounds[0] == pytest.approx(width)


def test_long_text_is_shortened_to_fit():
    short = shortened("a rather long name of a layer", 100, 12)
    assert short.endswith("…")
    assert text_width(short, 12) <= 100
    assert shortened("short", 100, 12) == "short"


def contrast(first: str, second: str) -> float:
    """The ratio of WCAG 2."""

    def light(color: str) -> float:
        parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(first), light(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", (LIGHT, DARK), ids=("light", "dark"))
def test_text_and_borders_stand_out_in_both_themes(theme):
    fills = [
        fill for role, (fill, _) in theme.items() if fill != "none" and role not in ("text", "muted", "arrow")
    ]
    for role, (fill, stroke) in theme.items():
        if role in (
            "text",
            "muted",
            "arrow",
            "skip",
            "loop",
            "grid",
            "positive",
            "negative",
            "highlight",
            "background",
        ):
            continue
        assert contrast(theme["text"][0], fill) >= 7, role
        assert contrast(theme["muted"][0], fill) >= 4.5, role
        assert contrast(stroke, theme["background"][0]) >= 3, role
    assert fills
    for role in ("arrow", "skip", "loop"):
        assert contrast(theme[role][1], theme["background"][0]) >= 3, role
    assert set(LIGHT) == set(DARK)


def test_a_shape_may_have_colors_of_its_own():
    assert colors(Box(0, 0, 1, 1, fill="#123456", stroke="none")) == ("#123456", "none")
    assert colors(Line(((0, 0), (1, 1)), stroke="#ff0000")) == ("none", "#ff0000")
