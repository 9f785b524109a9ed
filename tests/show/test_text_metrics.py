"""Any Unicode text becomes a text that every renderer draws: raster titles, SVG and matplotlib labels, alt texts."""

import html
import io
import unicodedata
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from lecturelib.drawing.compose import column, row
from lecturelib.drawing.curve_panels import Panel, sheet
from lecturelib.drawing.drawing import Drawing
from lecturelib.drawing.picture_row import picture_row
from lecturelib.drawing.shapes import Box, Label
from lecturelib.show import Picture, bars, save, side_by_side, tiled
from lecturelib.show.raster_text import draw_text, pixel_width
from lecturelib.show.text_metrics import (
    escaped,
    one_line,
    prepared_text,
    shortened,
    text_lines,
    text_width,
)

SVG = "{http://www.w3.org/2000/svg}"
GREY = np.full((24, 30, 3), 128, np.uint8)
# surrogates too: Python strings may hold them, and a tokenizer's vocabulary does
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=12)
BREAKS = ("\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_one_kind_of_line_break():
    for mark in BREAKS:
        assert prepared_text(f"a{mark}b") == "a\nb", ascii(mark)
        assert text_lines(f"a{mark}b") == ["a", "b"]
        assert one_line(f"a{mark}b") == "a b"
    assert text_lines("") == [""]


@given(ANY_TEXT)
def test_what_is_prepared_is_legal_xml_and_stays_as_it_is(text):
    made = prepared_text(text)
    assert prepared_text(made) == made
    made.encode()
    assert all(
        letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp") for letter in made
    )
    root = ElementTree.fromstring(f'<a b="{escaped(text)}">{escaped(text)}</a>')
    assert (root.text or "") == made
    assert root.get("b") == made.replace("\n", " ")  # what XML makes of a break in an attribute


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_ordinary_text_is_left_alone(text):
    assert prepared_text(text) == text


@quick
@given(ANY_TEXT)
def test_raster_titles_take_any_text(text):
    one = Picture(GREY, "grey")
    titled = side_by_side([one, one], [text, "b"], height=48)
    lines = len(text_lines(text))
    assert titled.pixels.shape[0] == side_by_side([one], ["b"], height=48).pixels.shape[0] + 26 * (lines - 1)
    tiled(np.stack([GREY] * 2), 2, labels=[text, "b"])
    bars([text, "b"], [0.5, 1.0])


@quick
@given(ANY_TEXT)
def test_svg_stays_well_formed_and_says_the_text(text):
    shapes = (Label(50, 20, text, key=text), Label(50, 50, text, turned=True), Box(0, 0, 9, 9, key=text))
    drawing = Drawing(100, 60, shapes, f"t{text}", f"a{text}")
    root = ElementTree.fromstring(drawing.svg())
    said = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert said == 2 * text_lines(text)
    assert root.find(f"{SVG}desc").text == prepared_text(f"a{text}")
    for whole in (row([drawing], [text]), column([drawing] * 2, [text, "b"])):
        ElementTree.fromstring(whole.svg())
    picture = drawing.picture(text)
    ElementTree.fromstring(picture_row([picture, picture], [text, "b"]).svg)
    ElementTree.fromstring(sheet([Panel(text, [], x_label=text, level=0.5, level_label=text)], 1))
    assert html.escape(prepared_text(f"a{text}"), quote=True) in picture.html()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANY_TEXT)
def test_matplotlib_draws_any_text(text):
    drawing = Drawing(60, 40, (Label(30, 20, text), Label(30, 20, f"${text}$")), "t", "a")
    assert drawing.pixels(1).shape == (40, 60, 3)


@pytest.mark.parametrize(
    "text", ["two\nlines", "a\u2029b", "c\x85d", "bell\x07", "\ud800", "x\ufffe", "$x", "शिक्षा"]
)
def test_files_with_any_text(text, tmp_path):
    drawing = Drawing(80, 60, (Label(40, 30, text),), text, text)
    drawing.save(tmp_path / "a.pdf")
    assert ElementTree.parse(drawing.save(tmp_path / "a.svg")).getroot().find(
        f"{SVG}title"
    ).text == prepared_text(text)
    with Image.open(save(Picture(GREY, text), tmp_path / "b.png")) as image:
        assert image.text["Description"] == prepared_text(text)
    ElementTree.parse(save(Picture(GREY, text), tmp_path / "b.svg"))
    save(Picture(GREY, text), tmp_path / "b.pdf")


def ink(pixels: np.ndarray) -> np.ndarray:
    """(H,) which rows hold letters."""
    return (pixels < 128).any((1, 2))


@pytest.mark.parametrize(("anchor", "y"), [("la", 10), ("lm", 50), ("lb", 95), ("lt", 10), ("ls", 90)])
def test_two_lines_are_drawn_one_below_the_other(anchor, y):
    two, one = np.full((100, 80, 3), 255, np.uint8), np.full((100, 80, 3), 255, np.uint8)
    draw_text(two, [((2, y), "HH\nHH", 20, anchor)])
    draw_text(one, [((2, y), "HH", 20, anchor)])
    bands = np.flatnonzero(np.diff(ink(two).astype(int)) == 1)
    assert len(bands) == 2
    assert bands[1] - bands[0] == 26  # 1.3 times 20
    single = np.flatnonzero(np.diff(ink(one).astype(int)) == 1)
    assert single[0] == {"a": bands[0], "t": bands[0], "m": (bands[0] + bands[1]) / 2}.get(
        anchor[1], bands[1]
    )


def test_a_label_of_two_lines_is_centered_on_its_place():
    label = Label(50, 40, "HH\nHHHH", 20)
    assert [one.y for one in label.lines] == [27, 53]
    assert label.width == text_width("HHHH", 20)
    assert (label.bounds[1], label.bounds[3]) == (40 - 13 - 12, 40 + 13 + 12)
    assert [one.x for one in Label(50, 40, "a\nb", 20, turned=True).lines] == [37, 63]
    rows = ink(Drawing(100, 80, (label,), "t", "a").pixels(1))
    starts = np.flatnonzero(np.diff(rows.astype(int)) == 1)
    assert len(starts) == 2 and starts[1] - starts[0] == 26


def test_widths_are_those_of_pillow():
    from PIL import ImageFont

    from lecturelib.show.text_metrics import font_file

    for size in (12, 18, 40):
        drawn = ImageFont.truetype(str(font_file()), size).getlength("Wandering albatross 0.123")
        assert text_width("Wandering albatross 0.123", size) == pytest.approx(drawn, abs=0.1)
        assert pixel_width("Wandering albatross 0.123", size) - drawn < 1.1
    assert text_width("bold", 12, True) > text_width("bold", 12)


@quick
@given(ANY_TEXT, st.floats(0, 200))
def test_what_is_shortened_fits(text, width):
    short = shortened(text, width, 12)
    assert text_width(short, 12) <= width
    assert short == one_line(text) or short == "" or short.endswith("…")


def test_the_description_of_a_png_is_utf_8():
    from lecturelib.show.png import encode_png

    with Image.open(io.BytesIO(encode_png(GREY, "lone \ud83d"))) as image:
        assert image.text["Description"] == "lone \N{REPLACEMENT CHARACTER}"
