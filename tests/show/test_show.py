"""Pictures: exact pixels, exact geometry, alt text on everything."""

import io
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from lecturelib.show import (
    Picture,
    bars,
    colored,
    figure,
    heatmap,
    overlay,
    palettes,
    picture,
    pixels_of,
    save,
    show,
    side_by_side,
    tiled,
    with_box,
)

GREY = np.full((4, 6, 3), 128, np.uint8)


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_import_is_light():
    code = (
        "import sys, lecturelib.show, lecturelib.show.palettes;"
        "print([m for m in ('matplotlib', 'ipywidgets', 'IPython', 'PIL', 'torch') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "matplotlib" not in out and "ipywidgets" not in out and "IPython" not in out


@pytest.mark.parametrize("alt", ["", "  "])
def test_empty_alt_is_an_error(alt):
    with pytest.raises(ValueError, match="alt: expected a sentence"):
        Picture(GREY, alt)


def test_missing_alt_is_an_error():
    with pytest.raises(TypeError, match="alt"):
        show(GREY)
    with pytest.raises(TypeError, match="alt must be text"):
        Picture(GREY, None)


@pytest.mark.parametrize("pixels", [GREY.astype(float), GREY[:, :, 0], GREY[:0]])
def test_picture_refuses_other_arrays(pixels):
    with pytest.raises(ValueError, match="uint8"):
        Picture(pixels, "grey")


def test_png_keeps_every_pixel():
    pixels = np.random.default_rng(0).integers(0, 256, (37, 53, 3)).astype(np.uint8)
    assert np.array_equal(decoded(Picture(pixels, "noise").png()), pixels)


@pytest.mark.parametrize(
    "image, expected",
    [
        (torch.zeros(3, 4, 6), 0),
        (torch.ones(1, 3, 4, 6), 255),
        (torch.full((1, 4, 6), 0.5, requires_grad=True), 128),
        (torch.ones(1, 1, 4, 6), 255),
        (torch.zeros(4, 6), 0),
        (np.ones((4, 6)), 255),
        (np.ones((4, 6, 1), np.float32), 255),
        (np.ones((3, 4, 6), np.float32), 255),
        (np.ones((4, 6), bool), 255),
        (GREY, 128),
        (Image.new("L", (6, 4), 7), 7),
        (Image.new("RGBA", (6, 4), (0, 0, 0, 0)), 255),  # transparent is white
        (Picture(GREY, "grey"), 128),
    ],
)
def test_every_kind_of_image_becomes_pixels(image, expected):
    pixels = pixels_of(image)
    assert pixels.shape == (4, 6, 3) and pixels.dtype == np.uint8
    assert np.unique(pixels).tolist() == [expected]


@pytest.mark.parametrize(
    "image, error, words",
    [
        (torch.full((3, 4, 4), 2.0), ValueError, "heatmap"),
        (torch.full((3, 4, 4), float("nan")), ValueError, "NaN"),
        (torch.zeros(5, 3, 4, 4), ValueError, "tiled"),
        (torch.zeros(2, 4, 4), ValueError, "shape"),
        (torch.zeros(0, 3, 4, 4), ValueError, "empty"),
        (torch.zeros(3, 4, 4, dtype=torch.int64), TypeError, "int64"),
        ("not an svg", ValueError, "<svg>"),
        (3, TypeError, "int"),
    ],
)
def test_bad_images_say_so(image, error, words):
    with pytest.raises(error, match=words):
        picture(image, alt="something")


def test_html_carries_alt_and_caption_escaped():
    text = Picture(GREY, 'a "grey" <field>', "x < 1").html("ll-1")
    assert 'alt="a &quot;grey&quot; &lt;field&gt;"' in text and "x &lt; 1" in text
    assert 'id="ll-1"' in text and "data:image/png;base64," in text


def test_small_images_are_shown_large_with_hard_edges():
    digit, photo = (
        Picture(np.zeros((28, 28, 3), np.uint8), "d"),
        Picture(np.zeros((224, 224, 3), np.uint8), "p"),
    )
    assert (digit.display_width, digit.pixelated) == (448, True)
    assert (photo.display_width, photo.pixelated) == (448, False)
    assert "pixelated" in digit.html() and "pixelated" not in photo.html()
    assert picture(digit, width=200).display_width == 200


def test_show_emits_html_with_alt(monkeypatch):
    import IPython.display

    seen = []
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: seen.append(data))
    show(torch.zeros(1, 28, 28), alt="a black digit", caption="nothing")
    assert 'alt="a black digit"' in seen[0]["text/html"] and "a black digit" in seen[0]["text/plain"]


def test_palettes_end_where_they_should():
    assert palettes.palette("viridis")[[0, -1]].tolist() == [[68, 1, 84], [253, 231, 37]]
    assert palettes.palette("grey")[[0, 128, -1]].tolist() == [[0] * 3, [128] * 3, [255] * 3]
    table = palettes.palette("blue_orange").astype(int)
    assert table[0, 2] > table[0, 0] and table[-1, 0] > table[-1, 2]
    assert (table[127:129] > 235).all()  # white in the middle
    luma = table @ [0.299, 0.587, 0.114]
    assert (np.diff(luma[:128]) > 0).all() and (np.diff(luma[128:]) < 0).all()  # reads in grey too
    assert not palettes.palette("viridis").flags.writeable
    with pytest.raises(ValueError, match="viridis"):
        palettes.palette("jet")


def test_heatmap_takes_the_ends_of_the_palette():
    values = torch.tensor([[0.0, 1.0], [2.0, 4.0]])
    made = heatmap(values, percentile=100, size=2, color_bar=False)
    table = palettes.palette("viridis")
    assert np.array_equal(made.pixels, table[np.array([[0, 64], [128, 255]])])
    assert made.caption == "Colors run from 0 to 4."
    assert "largest at the bottom right" in made.alt


def test_signed_zero_is_white_and_limits_are_symmetrical():
    made = heatmap(np.array([[-1.0, 0.0, 3.0]]), signed=True, percentile=100, size=3, color_bar=False)
    table = palettes.palette("blue_orange")
    assert np.array_equal(made.pixels[0], table[[85, 128, 255]])
    assert "±3" in made.caption
    with pytest.raises(ValueError, match="symmetrical|middle"):
        heatmap(np.eye(2), signed=True, limits=(0, 1))


def test_clipping_is_said():
    values = np.zeros((10, 100))
    values.flat[:] = np.arange(1000)
    made = heatmap(values, color_bar=False)
    assert "1st to 99th percentile; values beyond are clipped" in made.caption
    assert "99th percentile of |value|" in heatmap(values - 500, signed=True).caption
    assert "take the end colors" in heatmap(values, limits=(0, 1)).caption
    # Clipping one spike in a flat map would hide all there is to see.
    values[:] = 0
    values[3, 3] = 1
    assert len(np.unique(heatmap(values, color_bar=False).pixels.reshape(-1, 3), axis=0)) == 2
    assert len(np.unique(heatmap(values, signed=True, color_bar=False).pixels.reshape(-1, 3), axis=0)) == 2


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("value", [0.0, -2.5, 7.0])
def test_a_constant_map_is_shown_and_said(signed, value):
    made = heatmap(np.full((3, 3), value), signed=signed)
    assert "no differences" in made.caption and "all" in made.alt


def test_nan_has_no_color():
    with pytest.raises(ValueError, match="2 of 4 values are NaN"):
        heatmap(torch.tensor([[0.0, float("nan")], [float("inf"), 1.0]]))
    with pytest.raises(ValueError, match=r"\(H, W\)"):
        heatmap(torch.zeros(3, 4, 4))


def test_heatmap_grows_by_whole_blocks_and_keeps_its_bar_outside():
    made = heatmap(np.arange(49.0).reshape(7, 7), size=448)
    assert made.pixels.shape[0] == 448 and made.pixels.shape[1] > 448
    assert (made.pixels[:64, :64] == made.pixels[0, 0]).all()


def test_overlay_lies_on_its_pixel():
    values = torch.zeros(8, 8)
    values[2, 5] = 1
    made = overlay(torch.zeros(3, 8, 8), values, alpha=1, size=8, color_bar=False).pixels
    table = palettes.palette("viridis")
    assert made[2, 5].tolist() == table[255].tolist()
    assert (made == table[255]).all(axis=2).sum() == 1
    photo = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0))
    grey = overlay(photo, values, alpha=0, size=8, color_bar=False).pixels
    assert np.ptp(grey.astype(int), axis=2).max() == 0


def test_a_coarse_map_is_stretched_around_its_center():
    """One bright cell of 3 x 3 must stay centered on 9 x 9 pixels: symmetric, mass where the cell is."""
    values = torch.zeros(3, 3)
    values[1, 1] = 1
    made = overlay(torch.zeros(9, 9), values, alpha=1, size=9, color_bar=False, palette="grey").pixels[
        :, :, 0
    ]
    assert np.array_equal(made, made[::-1]) and np.array_equal(made, made[:, ::-1])
    assert made[4, 4] == 255 and made[0, 0] == 0
    reference = torch.nn.functional.interpolate(
        values[None, None], (9, 9), mode="bilinear", align_corners=False
    )
    assert np.abs(made - reference[0, 0].numpy() * 255).max() <= 0.5001
    with pytest.raises(ValueError, match="finer"):
        overlay(torch.zeros(2, 2), values)


def test_tiled_geometry():
    images = torch.stack([torch.full((3, 4, 5), k / 4) for k in range(5)])
    made = tiled(images, columns=3, zoom=2, pad=3, alt="five greys")
    assert made.pixels.shape == (2 * 8 + 3, 3 * 10 + 2 * 3, 3)
    for k, (left, top, right, bottom) in enumerate(made.panels):
        height, width = made.pixels.shape[:2]
        box = [round(v) for v in (top * height, bottom * height, left * width, right * width)]
        part = made.pixels[box[0] : box[1], box[2] : box[3]]
        assert part.shape == (8, 10, 3) and (part == round(k / 4 * 255)).all()
    assert made.pixels[9, 0].tolist() == [255] * 3  # the padding


def test_tiled_labels_and_errors():
    images = torch.zeros(2, 1, 28, 28)
    made = tiled(images, columns=2, labels=["three", "a very long label indeed"], zoom=3)
    assert made.pixels.shape[0] > 84 and (made.pixels[85:] < 128).any()  # letters below
    assert "three" in made.alt and "very long label indeed" in made.alt
    with pytest.raises(ValueError, match="1 labels for 2 images"):
        tiled(images, 2, labels=["one"])
    with pytest.raises(ValueError, match="different sizes"):
        tiled([np.zeros((2, 2)), np.zeros((3, 3))], 2)
    with pytest.raises(ValueError, match="columns"):
        tiled(images, 0)
    with pytest.raises(ValueError, match="images"):
        tiled([], 2)


def test_side_by_side_has_one_height_and_knows_its_parts():
    small = Picture(np.zeros((28, 28, 3), np.uint8), "small", "one")
    wide = Picture(np.full((100, 200, 3), 255, np.uint8), "wide", "two")
    made = side_by_side([small, wide], titles=["A", "B"], height=280)
    assert made.alt == "A: small B: wide" and made.caption == "one two"
    height, width = made.pixels.shape[:2]
    (l0, t0, r0, b0), (l1, t1, r1, b1) = made.panels
    assert round((b0 - t0) * height) == round((b1 - t1) * height) == 280
    assert round((r0 - l0) * width) == 280 and round((r1 - l1) * width) == 560
    with pytest.raises(TypeError, match="alt"):
        side_by_side([np.zeros((4, 4))])
    with pytest.raises(ValueError, match="titles"):
        side_by_side([small], titles=[])


def test_charts_keep_their_size_beside_a_picture():
    chart = bars(["a", "b"], [0.1, 0.9], width=300)
    made = side_by_side([Picture(np.zeros((28, 28, 3), np.uint8), "small"), chart], height=280)
    height, width = made.pixels.shape[:2]
    left, top, right, bottom = made.panels[1]
    assert (round((right - left) * width), round((bottom - top) * height)) == (300, chart.pixels.shape[0])


def test_box_surrounds_its_pixels():
    black = Picture(np.zeros((10, 10, 3), np.uint8), "black")
    made = with_box(black, (3, 4, 6, 8), color="white", line=1).pixels[:, :, 0] > 0
    assert not made[3:6, 4:8].any()
    assert made[2, 3:9].all() and made[6, 3:9].all() and made[2:7, 3].all() and made[2:7, 8].all()
    assert made.sum() == 2 * 6 + 2 * 3
    assert not black.pixels.any()  # the original is left alone
    # Reaching outside: those sides are not drawn. On the edge: drawn inside.
    assert (with_box(black, (-5, -5, 4, 4), "white", line=1).pixels[:, :, 0] > 0).sum() == 4 + 5
    assert (with_box(black, (0, 0, 10, 10), "white", line=1).pixels[:, :, 0] > 0).sum() == 36
    dashed = with_box(black, (3, 3, 7, 7), "blue", style="dashed", line=1)
    assert len(np.unique(dashed.pixels.reshape(-1, 3), axis=0)) == 3
    for bad in [(5, 5, 5, 9), (20, 20, 30, 30)]:
        with pytest.raises(ValueError, match="box"):
            with_box(black, bad)
    with pytest.raises(ValueError, match="style"):
        with_box(black, (1, 1, 2, 2), style="wavy")
    with pytest.raises(ValueError, match="color"):
        with_box(black, (1, 1, 2, 2), color="mauve-ish")


@pytest.mark.parametrize("box", [(0, 0, 2, 2), (0, 0, 1, 1), (8, 8, 10, 10), (0, 9, 10, 10), (9, 3, 10, 4)])
def test_a_box_smaller_than_its_line_is_not_painted_over(box):
    black = Picture(np.zeros((10, 10, 3), np.uint8), "black")
    made = with_box(black, box, color="white", line=4).pixels[:, :, 0] > 0
    top, left, bottom, right = box
    assert made.any() and not made[top:bottom, left:right].all()


def test_bars_are_as_long_as_their_values():
    made = bars(["cat", "dog"], [0.5, 1.5], highlight=0, reference=[0.9, 0.2])
    assert "cat 0.50" in made.alt and "dog 1.50" in made.alt
    orange = (made.pixels == palettes.color("orange")).all(axis=2).any(axis=0).sum()
    blue = (made.pixels == palettes.color("blue")).all(axis=2).any(axis=0).sum()
    assert abs(2 * orange - blue) <= 4
    for labels, values in [([], []), (["a"], [1, 2]), (["a"], [float("nan")])]:
        with pytest.raises(ValueError):
            bars(labels, values)


def test_figures_are_drawn_once_and_closed():
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    made, axes = figure(500, 300)
    lines = axes.plot([0, 1]) + axes.plot([1, 0])
    assert lines[0].get_color() != lines[1].get_color()
    assert lines[0].get_linestyle() != lines[1].get_linestyle()
    shown = picture(made, alt="two lines")
    assert shown.display_width == 500 and shown.pixels.shape == (600, 1000, 3)
    plt.figure()
    picture(plt.gcf(), alt="empty")
    assert not plt.get_fignums()


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_save_writes_what_it_says(tmp_path, ending):
    made = heatmap(np.eye(4), alt="a diagonal")
    path = save(made, tmp_path / f"map.{ending}")
    data = path.read_bytes()
    assert data.startswith({"png": b"\x89PNG", "svg": b"<svg", "pdf": b"%PDF"}[ending])
    assert b"a diagonal" in data
    if ending == "png":
        assert np.array_equal(decoded(data), made.pixels)
        assert Image.open(path).text["Description"] == "a diagonal"
    drawn, axes = figure(300, 200)
    axes.plot([0, 1])
    assert save(drawn, tmp_path / f"chart.{ending}", alt="a line").stat().st_size > 500


def test_save_refuses_other_files(tmp_path):
    with pytest.raises(ValueError, match=r"\.png, \.svg or \.pdf"):
        save(Picture(GREY, "grey"), tmp_path / "grey.jpg")
    drawing = Picture("<svg xmlns='http://www.w3.org/2000/svg'/>", "nothing")
    assert save(drawing, tmp_path / "a.svg").read_text() == drawing.svg
    with pytest.raises(ValueError, match="SVG"):
        save(drawing, tmp_path / "a.png")


def test_colored_takes_the_ends_of_the_palette_and_refuses_other_values():
    from lecturelib.show.palettes import palette

    tiles = np.array([[[[0.0, 1.0]]], [[[0.5, 0.0]]]])
    made = colored(tiles)
    assert len(made) == 2 and made[0].shape == (1, 2, 3)
    assert (made[0][0, 0] == palette("viridis")[0]).all() and (made[0][0, 1] == palette("viridis")[255]).all()
    for bad in (tiles + 0.1, tiles * np.nan, tiles[0, 0]):
        with pytest.raises(ValueError, match="tiles: expected"):
            colored(bad)


def test_bfloat16_is_drawn_and_what_overflows_is_a_sentence():
    values = torch.tensor([[0.0, 0.5], [0.25, 1.0]])
    half = values.bfloat16()
    assert np.array_equal(heatmap(half).pixels, heatmap(values).pixels)
    assert np.array_equal(pixels_of(half), pixels_of(values))
    assert np.array_equal(colored(half[None])[0], colored(values[None])[0])
    with pytest.raises(ValueError, match="values up to 1e\\+300 can be drawn, got -1e\\+308 to 1e\\+308"):
        heatmap(np.array([[-1e308, 1e308]]))


def test_an_svg_has_no_raster():
    pixels = np.zeros((2, 3, 3), np.uint8)
    assert Picture(pixels, "black").raster is pixels
    with pytest.raises(ValueError, match="is an SVG and has no pixels"):
        _ = Picture("<svg></svg>", "nothing").raster


def test_a_picture_of_small_print_carries_its_zoom():
    svg = "<svg xmlns='http://www.w3.org/2000/svg' width='900' height='300'/>"
    plain, large = Picture(svg, "A long row. It goes on."), Picture(svg, "A long row. It goes on.", zoom=True)
    assert "<script>" not in plain.html()
    shown = large.html()
    assert 'data-ll-title="A long row"' in shown and shown.count("<img alt=") == 1
    assert shown.index("<img alt=") < shown.index("<script>") and "http" not in shown.split("<script>")[1]
