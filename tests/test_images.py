"""Any picture becomes pixels in [0, 1]; anything else becomes a sentence."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from lecturelib.checks import check_images
from lecturelib.images import PHOTOS, fit, load_image, photo
from lecturelib.models.pixel_model import PixelModel
from lecturelib.network.inputs import as_the_model_takes


def encoded(picture, kind="PNG", **options) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("name", PHOTOS)
def test_every_photo_is_there_and_described(name):
    image = photo(name, 32)
    assert image.shape == (1, 3, 32, 32) and image.min() >= 0 and image.max() <= 1 and image.std() > 0.02
    assert len(PHOTOS[name].alt) > 10 and PHOTOS[name].licence


def test_colours_and_rows_stay_where_they_are():
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
    middle = long[..., 49_980:50_020]  # four times as long as high, about the centre
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
        (torch.rand(1, 3, 8, 8), 0, ValueError, "size: a whole number"),
        (torch.rand(1, 3, 8, 8), 4.0, ValueError, "size: a whole number"),
        (torch.rand(3, 8, 8), 4, ValueError, r"images\[None\]"),
        (torch.rand(1, 3, 0, 8), 4, ValueError, "no pixel"),
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
        ("nowhere.png", FileNotFoundError, "no picture at nowhere.png"),
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
    for size in (0, -1, 2.5, True):
        with pytest.raises(ValueError, match="whole number"):
            photo("cat", size)
    with pytest.raises(KeyError, match="there are: cat"):
        photo("dog")


MODEL = PixelModel(torch.nn.Identity(), (0.5,) * 3, (0.25,) * 3, name="net")


@pytest.mark.parametrize(
    "images, error, words",
    [
        (np.zeros((1, 3, 4, 4)), TypeError, "ndarray"),
        (torch.zeros(3, 4, 4), ValueError, r"images\[None\]"),
        (torch.zeros(1, 1, 4, 4), ValueError, "takes colour images"),
        (torch.zeros(0, 3, 4, 4), ValueError, "no pixel"),
        (torch.zeros(1, 3, 4, 4, dtype=torch.uint8), TypeError, "/ 255"),
        (torch.full((1, 3, 4, 4), 255.0), ValueError, "255 to 255"),
        (torch.full((1, 3, 4, 4), -0.1), ValueError, "not normalised values"),
        (torch.full((1, 3, 4, 4), torch.nan), ValueError, "NaN"),
    ],
)
def test_check_images_says_what_came(images, error, words):
    with pytest.raises(error, match=words):
        check_images(images, MODEL)


def test_normalisation_happens_once():
    image = torch.rand(2, 3, 4, 4)
    torch.testing.assert_close(MODEL(check_images(image, MODEL)), (image - 0.5) / 0.25)


def test_images_are_brought_to_the_weights():
    image = torch.rand(2, 3, 4, 4)
    for dtype in (torch.float64, torch.bfloat16):
        assert torch.equal(as_the_model_takes(image, torch.nn.Conv2d(3, 1, 1).to(dtype)), image.to(dtype))
    assert as_the_model_takes(image, torch.nn.ReLU()) is image  # no weights: as they are
    with torch.device("meta"):
        shapes_only = torch.nn.Conv2d(3, 1, 1)
    with pytest.raises(ValueError, match="no weights, only their shapes"):
        as_the_model_takes(image, shapes_only)
    with pytest.raises(ValueError, match="photo: pixels"):
        as_the_model_takes(image * 2, shapes_only, "photo")
