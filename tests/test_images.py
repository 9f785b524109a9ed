"""Any picture becomes pixels in [0, 1]; anything else becomes a sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lecturelib.checks import check_images
from lecturelib.images import PHOTOS, fit, load_image, photo
from lecturelib.models.pixel_model import PixelModel
from lecturelib.network.inputs import as_the_model_takes


def png(values, depth, color, transparent) -> bytes:
    """A PNG written by hand, for Pillow does not write grey of 2 or 4 bits, or colors of 16."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    if depth == 16:
        rows = [b"\0" + row.astype(">u2").tobytes() for row in values]
    else:
        lines = ["".join(format(int(value), f"0{depth}b") for value in row) for row in values]
        lines = [line + "0" * (-len(line) % 8) for line in lines]
        rows = [b"\0" + bytes(int(line[i : i + 8], 2) for i in range(0, len(line), 8)) for line in lines]
    head = struct.pack(">IIBBBBB", values.shape[1], len(values), depth, color, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"tRNS", struct.pack(f">{len(transparent)}H", *transparent))]
    chunks += [(b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in chunks)


def encoded(picture, kind="PNG", **options) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("name", PHOTOS)
def test_every_photo_is_there_and_described(name):
    image = photo(name, 32)
    assert image.shape == (1, 3, 32, 32) and image.min() >= 0 and image.max() <= 1 and image.std() > 0.02
    assert len(PHOTOS[name].alt) > 10 and PHOTOS[name].license


def test_colors_and_rows_stay_where_they_are():
    array = np.zeros((2, 3, 3), np.uint8)
    array[0, 2] = (255, 0, 51)
    image = load_image(array)
    assert image.shape == (1, 3, 2, 3)
    assert image[0, :, 0, 2].tolist() == pytest.approx([1, 0, 0.2]) and image.sum() == pytest.approx(1.2)


def test_grey_transparent_palette_and_16_bit_pictures():
    grey = load_image(encoded(Image.new("L", (4, 4), 51)))
    assert grey.unique().item() == pytest.approx(0.2)
    clear = load_image(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 0))))
    assert clear.min() == 1  # nothing there: white paper
    assert load_image(encoded(Image.new("P", (4, 4)))).shape == (1, 3, 4, 4)
    deep = Image.fromarray(np.full((4, 4), 65535 // 5, np.uint16))
    assert load_image(encoded(deep)).unique().item() == pytest.approx(0.2, abs=0.003)


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_a_transparent_grey_becomes_white_at_every_depth(depth):
    most = 2**depth - 1
    values = (
        np.arange(6).reshape(2, 3) * (most // 5) if depth > 2 else np.arange(6).reshape(2, 3) % (most + 1)
    )
    clear = int(values[0, 1])
    found = load_image(png(values, depth, 0, (clear,)))[0]
    expected = np.where(values == clear, 1.0, values / most)
    assert found.shape == (3, 2, 3)
    assert np.abs(found.numpy() - expected).max() < 1 / 255


def test_a_transparent_color_of_16_bits_becomes_white():
    values = np.arange(6).reshape(2, 3, 1) * 9000 + np.array([0, 300, 700])
    found = load_image(png(values, 16, 2, tuple(values[1, 0].tolist())))[0]
    expected = values / 65535
    expected[1, 0] = 1.0
    assert np.abs(found.permute(1, 2, 0).numpy() - expected).max() < 1 / 255


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "I", "I;16", "F"])
@pytest.mark.parametrize("size", [(0, 4), (4, 0), (0, 0)])
def test_a_picture_without_a_pixel_is_a_sentence(mode, size):
    with pytest.raises(ValueError, match="at least one pixel, got"):
        load_image(Image.new(mode, size))


# The eight orientations of EXIF, as what they do to an array (height, width).
TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}


@settings(max_examples=60, deadline=None)
@given(
    mode=st.sampled_from(
        ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "I", "I;16", "F"]
    ),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    seed=st.integers(0, 2**16),
    size=st.none() | st.integers(1, 12),
)
def test_a_picture_of_any_mode_becomes_pixels(mode, height, width, seed, size):
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    if mode == "F":
        picture = Image.fromarray(values[..., 0].astype(np.float32) / 255)
    elif mode in ("I", "I;16"):
        picture = Image.fromarray(values[..., 0].astype(np.int32 if mode == "I" else np.uint16) * 257)
    else:
        picture = Image.fromarray(values).convert(mode)
    image = load_image(picture, size)
    assert image.shape == (1, 3, *((height, width) if size is None else (size, size)))
    assert image.dtype == torch.float32 and image.min() >= 0 and image.max() <= 1
    if size is None and mode in ("RGB", "RGBA"):
        assert np.abs(image[0].permute(1, 2, 0).numpy() * 255 - values).max() < 1e-4
    if size is None and mode in ("F", "I", "I;16"):
        assert np.abs(image[0].numpy() * 255 - values[None, ..., 0]).max() < 1e-4


@settings(max_examples=40, deadline=None)
@given(
    orientation=st.sampled_from(sorted(TURNS)),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    kind=st.sampled_from(["PNG", "TIFF", "WEBP"]),
    seed=st.integers(0, 2**16),
)
def test_every_orientation_of_the_camera(orientation, height, width, kind, seed):
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    picture = Image.fromarray(values)
    exif = picture.getexif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    image = load_image(encoded(picture, kind, exif=exif, **options))
    expected = TURNS[orientation](values)
    assert image.shape == (1, 3, *expected.shape[:2])
    assert np.abs(image[0].permute(1, 2, 0).numpy() * 255 - expected).max() < 1e-4


@settings(max_examples=40, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), size=st.integers(1, 40))
def test_fit_of_any_size_keeps_a_constant_and_the_middle(height, width, size):
    assert torch.allclose(
        fit(torch.full((2, 3, height, width), 0.3), size), torch.full((2, 3, size, size), 0.3)
    )
    if width > 1:
        ramp = torch.linspace(0, 1, width).expand(1, 1, height, width)
        pixel = 1 / max(
            1, round(width * size / min(height, width))
        )  # one of the result, as a share of the width
        # where a single pixel is left over it stands at one end, and the middle is half a pixel off
        assert abs(fit(ramp, size).mean().item() - 0.5) <= 0.75 * pixel * width / (width - 1)


def test_what_the_values_of_a_grey_picture_mean_is_not_guessed():
    def value(array):
        return load_image(Image.fromarray(array)).unique().item()

    for dtype in (np.uint16, np.dtype(">u2"), np.int32):
        assert value(np.full((2, 2), 200, dtype)) == pytest.approx(1 / 255)  # 200 / 65535: nearly black
        assert value(np.full((2, 2), 65535, dtype)) == 1
    assert value(np.full((2, 2), 0.2, np.float32)) == pytest.approx(0.2)
    for array, words in [
        (np.full((2, 2), 128, np.float32), r"\[0, 1\].*divide by 255"),
        (np.full((2, 2), np.nan, np.float32), "NaN"),
        (np.full((2, 2), 65536, np.int32), "0 to 65535, got 65536"),
        (np.full((2, 2), -1, np.int32), "0 to 65535, got -1"),
    ]:
        with pytest.raises(ValueError, match=words):
            load_image(Image.fromarray(array))


def test_the_rotation_of_the_camera_is_applied():
    picture = Image.new("RGB", (8, 4))
    exif = picture.getexif()
    exif[0x0112] = 6
    assert load_image(encoded(picture, "JPEG", exif=exif)).shape == (1, 3, 8, 4)


def test_large_pictures_are_reduced_and_too_large_ones_refused():
    assert load_image(Image.new("RGB", (4000, 1000))).shape == (1, 3, 256, 1024)
    for side in (8000, 10_000):
        with pytest.raises(ValueError, match="50 megapixels"):
            load_image(encoded(Image.new("1", (side, side))))


def test_a_long_thin_picture_keeps_a_pixel():
    assert load_image(Image.new("RGB", (3000, 1))).shape == (1, 3, 1, 1024)
    assert load_image(Image.new("RGB", (3000, 1)), size=32).shape == (1, 3, 32, 32)


def test_fit_takes_the_middle():
    image = torch.arange(5.0).view(1, 1, 1, 5).expand(1, 1, 3, 5) / 5
    assert fit(image, 3)[0, 0, 0].tolist() == pytest.approx([0.2, 0.4, 0.6])


def test_a_very_long_picture_is_cut_before_it_is_enlarged():
    long = torch.rand(1, 1, 10, 100_000, generator=torch.Generator().manual_seed(0))
    middle = long[..., 49_980:50_020]  # four times as long as high, about the center
    assert torch.equal(fit(long, 224), fit(middle, 224))
    assert torch.equal(fit(long.mT, 224), fit(middle.mT, 224))
    ramp = (torch.arange(100_001.0) / 100_000).expand(1, 1, 9, -1)
    assert fit(ramp, 90).mean().item() == pytest.approx(0.5, abs=1e-6)
    assert load_image(Image.new("RGB", (100_000, 10)), size=224).shape == (1, 3, 224, 224)


def test_fit_gives_a_tensor_of_its_own():
    image = torch.rand(1, 3, 8, 8)
    fit(image, 8).zero_()
    assert image.max() > 0


@pytest.mark.parametrize(
    "image, size, error, words",
    [
        (torch.rand(1, 3, 8, 8), 0, ValueError, "size: expected a whole number from 1 up, got 0"),
        (torch.rand(1, 3, 8, 8), 4.0, TypeError, "size: expected a whole number"),
        (torch.rand(3, 8, 8), 4, ValueError, r"images\[None\]"),
        (torch.rand(1, 3, 0, 8), 4, ValueError, "at least one pixel"),
        ("cat", 4, TypeError, "a tensor"),
    ],
)
def test_fit_wants_images_and_a_size(image, size, error, words):
    with pytest.raises(error, match=words):
        fit(image, size)


@pytest.mark.parametrize(
    "source, error, words",
    [
        (b"no picture", ValueError, "not a picture"),
        (b"", ValueError, "not a picture"),
        (encoded(Image.effect_noise((64, 64), 50))[:600], ValueError, "damaged or cut short"),
        (encoded(Image.new("RGB", (8, 8)))[:16], ValueError, "damaged or cut short"),
        (b"P6 2x 2 255 ", ValueError, "damaged or cut short"),  # Pillow's own ValueError
        ("nowhere.png", FileNotFoundError, "expected the path of a picture, got nowhere.png"),
        (3, TypeError, "a path, bytes"),
        (np.zeros((2, 2, 2), np.uint8), ValueError, r"\(H, W, 3\)"),
        (np.zeros((0, 2), np.uint8), ValueError, "not empty"),
        (np.full((2, 2), 2.0), ValueError, "divide by 255"),
        (np.full((2, 2), np.nan), ValueError, "NaN"),
        (np.zeros((2, 2), np.int64), TypeError, "uint8"),
    ],
)
def test_what_is_not_a_picture_is_a_sentence(source, error, words):
    with pytest.raises(error, match=words):
        load_image(source)


def test_a_size_that_is_none():
    for size, error in ((0, ValueError), (-1, ValueError), (2.5, TypeError), (True, TypeError)):
        with pytest.raises(error, match="whole number"):
            photo("cat", size)
    with pytest.raises(KeyError, match="nearest: cat"):
        photo("cats")
    with pytest.raises(KeyError, match="known: cat, coffee"):
        photo("zzz")


MODEL = PixelModel(torch.nn.Identity(), (0.5,) * 3, (0.25,) * 3, name="net")


@pytest.mark.parametrize(
    "images, error, words",
    [
        (np.zeros((1, 3, 4, 4)), TypeError, "ndarray"),
        (torch.zeros(3, 4, 4), ValueError, r"images\[None\]"),
        (torch.zeros(1, 1, 4, 4), ValueError, "expected color images .*, as net takes them"),
        (torch.zeros(0, 3, 4, 4), ValueError, "at least one pixel"),
        (torch.zeros(1, 3, 4, 4, dtype=torch.uint8), TypeError, "/ 255"),
        (torch.full((1, 3, 4, 4), 255.0), ValueError, "255 to 255"),
        (torch.full((1, 3, 4, 4), -0.1), ValueError, "not normalized values"),
        (torch.full((1, 3, 4, 4), torch.nan), ValueError, "NaN"),
    ],
)
def test_check_images_says_what_came(images, error, words):
    with pytest.raises(error, match=words):
        check_images(images, MODEL)


def test_normalization_happens_once():
    image = torch.rand(2, 3, 4, 4)
    torch.testing.assert_close(MODEL(check_images(image, MODEL)), (image - 0.5) / 0.25)


def test_images_are_brought_to_the_weights():
    image = torch.rand(2, 3, 4, 4)
    for dtype in (torch.float64, torch.bfloat16):
        assert torch.equal(as_the_model_takes(image, torch.nn.Conv2d(3, 1, 1).to(dtype)), image.to(dtype))
    assert as_the_model_takes(image, torch.nn.ReLU()) is image  # no weights: as they are
    with torch.device("meta"):
        shapes_only = torch.nn.Conv2d(3, 1, 1)
    with pytest.raises(ValueError, match="expected weights, got only their shapes"):
        as_the_model_takes(image, shapes_only)
    with pytest.raises(ValueError, match="photo: expected pixels"):
        as_the_model_takes(image * 2, shapes_only, "photo")
