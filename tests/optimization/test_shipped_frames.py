"""The shipped frames: complete for what the explorables ask, as their card says, and clear about what is wrong."""

import hashlib
import zipfile

import pytest
import torch

from lecturelib import assets
from lecturelib.checks import UnknownName
from lecturelib.images import photo
from lecturelib.network.units import Channel, Logit, read
from lecturelib.optimization import claims_inversion, shipped_frames
from lecturelib.optimization.explore import (
    class_images,
    deep_dream,
    deep_prior,
    inversions,
    regularizer_comparison,
    starts,
)
from lecturelib.optimization.regularizer_comparison import REGULARIZATIONS
from lecturelib.widgets import common_controls


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """Another file in place of the shipped one; nothing that was read before counts."""

    def put(content: bytes | None):
        file = tmp_path / shipped_frames.FILE
        if content is not None:
            file.write_bytes(content)
        monkeypatch.setattr("lecturelib.assets.shipped._data_dir", lambda: tmp_path)
        shipped_frames._index.cache_clear()
        shipped_frames._image.cache_clear()

    yield put
    monkeypatch.undo()
    shipped_frames._index.cache_clear()
    shipped_frames._image.cache_clear()


def test_the_card_names_the_file_and_it_is_small():
    file = assets.data_path(shipped_frames.FILE)
    card = assets.data_path("optimization_frames.md").read_text(encoding="utf-8")
    assert hashlib.sha256(file.read_bytes()).hexdigest() in card and f"`{shipped_frames.FILE}`" in card
    assert file.stat().st_size < 3.5e6
    for name in shipped_frames.series():
        assert f"{len(shipped_frames.frames(name))} {name}" in card


def test_every_frame_that_the_explorables_ask_for_is_there():
    asked = {
        "class_image": {
            (name, recipe, lam)
            for name in class_images.CLASSES
            for recipe in class_images.RECIPES
            for lam in class_images.lambdas(name, recipe)
        },
        "regularizer_comparison": {
            (unit, name) for unit in regularizer_comparison.UNITS for name in REGULARIZATIONS
        },
        "inversion": {("astronaut", layer, lam) for layer in inversions.LAYERS for lam in inversions.LAMBDAS},
        "protocol": {
            (name, layer) for name in claims_inversion.PHOTOS for layer in ("conv4", "conv5", "fc6")
        },
        "nine": {(unit, weight) for unit in starts.UNITS for weight in starts.WEIGHTS},
        "deep_prior": {(shown, after) for shown in deep_prior.KEYS.values() for after in deep_prior.AFTER},
        "dream": {
            (layer, picture, octaves, steps)
            for picture, layers, _, octaves, steps in deep_dream.SHIPPED
            for layer in layers
        },
    }
    for name, settings in asked.items():
        assert {tuple(frame.settings.values()) for frame in shipped_frames.frames(name)} == settings, name


@pytest.mark.parametrize("name", shipped_frames.series())
def test_frames_are_pictures_with_seed_steps_and_numbers(name):
    for frame in shipped_frames.frames(name):
        assert frame.image.shape[:2] == (1, 3) and min(frame.image.shape[2:]) >= 112
        assert frame.image.std() > 0.01, frame
        assert frame.seed == 0 and frame.steps >= 20 and frame.numbers


def test_sizes_are_those_of_the_recipes():
    def sizes(name):
        return {tuple(frame.image.shape[2:]) for frame in shipped_frames.frames(name)}

    assert sizes("class_image") == {(class_images.SIZE,) * 2}
    assert sizes("inversion") == {(inversions.SIZE,) * 2}
    assert sizes("nine") == {(3 * starts.SIZE,) * 2}
    assert sizes("deep_prior") == {(deep_prior.SIZE,) * 2}
    assert sizes("feature") == {(224, 224), (128, 128)}
    assert shipped_frames.frame("dream", layer="vgg16 relu4_3", picture="temple").image.shape[2:] == (
        384,
        384,
    )


def test_a_frame_is_a_copy():
    one = shipped_frames.frames("regularizer_comparison")[0]
    one.image.zero_()
    assert one.image.max() > 0.5


@pytest.mark.parametrize("frame", shipped_frames.frames("feature")[::5], ids=lambda f: f.member)
def test_the_numbers_belong_to_the_pictures(frame):
    """Packing loses a little of the fine detail that excites a unit; noise would say nearly nothing."""
    where = frame.settings
    large = where["network"] == "alexnet"  # those are optimized after the ReLU
    unit = Channel(where["layer"].replace("conv", "relu") if large else where["layer"], where["channel"])
    value = read(common_controls.network(where["network"]), frame.image, unit).item()
    assert value == pytest.approx(frame.numbers["value"], rel=0.15)


def test_a_class_image_scores_what_it_says():
    recipe = "Fourier, moved"
    frame = shipped_frames.frame(
        "class_image", class_name="flamingo", recipe=recipe, lam=class_images.LAMBDAS[recipe][1]
    )
    score = read(common_controls.network(class_images.MAKER), frame.image, Logit("flamingo")).item()
    assert score == pytest.approx(frame.numbers["score"], rel=0.25)


def test_inversions_are_as_far_off_as_they_say():
    person = inversions.face("astronaut")
    for layer in ("conv1", "conv4", "fc8"):
        frame = shipped_frames.frame("inversion", layer=layer, lam=inversions.LAMBDAS[1])
        error = (frame.image - person).square().mean().sqrt().item()
        assert error == pytest.approx(frame.numbers["pixel_error"], abs=0.02)


def test_asking_for_what_is_not_there_is_a_sentence():
    with pytest.raises(
        UnknownName, match="name: expected a known series of frames, got dreams; nearest: dream"
    ):
        shipped_frames.frames("dreams")
    with pytest.raises(
        UnknownName,
        match="regularization: expected one of none, L2, .* for regularizer_comparison, got 'Fourrier'",
    ):
        shipped_frames.frame("regularizer_comparison", unit="score of cat", regularization="Fourrier")
    with pytest.raises(UnknownName, match="setting: expected one of unit, regularization .* got 'lambda'"):
        shipped_frames.options("regularizer_comparison", "lambda")
    with pytest.raises(ValueError, match="name also regularization"):
        shipped_frames.frame("regularizer_comparison", unit="score of cat")
    with pytest.raises(UnknownName, match="together"):
        shipped_frames.frame("dream", layer="vgg16 relu5_1", picture="flower")


def test_a_missing_or_damaged_file_says_how_to_mend_it(fresh):
    whole = assets.data_path(shipped_frames.FILE).read_bytes()
    fresh(None)
    with pytest.raises(assets.AssetMissing, match="optimization_frames"):
        shipped_frames.series()
    fresh(whole[: len(whole) // 2])
    with pytest.raises(assets.AssetAltered, match="damaged or cut short.*git checkout data"):
        shipped_frames.series()
    fresh(b"")
    with pytest.raises(assets.AssetAltered, match="damaged or cut short"):
        shipped_frames.series()


def test_a_picture_altered_inside_is_noticed(fresh):
    file = assets.data_path(shipped_frames.FILE)
    with zipfile.ZipFile(file) as archive:
        info = archive.getinfo(shipped_frames.frames("regularizer_comparison")[0].member)
    content = bytearray(file.read_bytes())
    content[info.header_offset + 200] ^= 0xFF  # inside the stored picture
    fresh(bytes(content))
    with pytest.raises(assets.AssetAltered, match="damaged or cut short"):
        _ = shipped_frames.frames("regularizer_comparison")[0].image


def test_photos_are_where_the_faces_are():
    for name in inversions.FACES:
        face = inversions.face(name)
        assert face.shape == (1, 3, 224, 224)
        assert not torch.equal(face, photo(name, 224))
