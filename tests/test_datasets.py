"""The data sets: balanced, the same every time, boxes exact to the pixel, and clear about what is wrong."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch

from lecturelib import assets, datasets


@pytest.mark.parametrize("read", [datasets.digits, datasets.clothes])
@pytest.mark.parametrize(("split", "count"), [("train", 10_000), ("test", 2_000)])
def test_shipped_sets_are_balanced_and_in_range(read, split, count):
    pixels, labels = read(split)
    assert pixels.shape == (count, 1, 28, 28)
    assert pixels.dtype == torch.float32
    assert pixels.min() == 0
    assert pixels.max() == 1
    assert labels.dtype == torch.int64
    assert labels.bincount().tolist() == [count // 10] * 10


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_the_card_has_the_files_sha256_and_license(name):
    card = assets.data_path(f"{name}.md").read_text()
    assert hashlib.sha256(assets.data_path(f"{name}.npz").read_bytes()).hexdigest() in card
    assert "License:" in card


def test_class_names_stand_in_the_order_of_the_labels():
    assert len(datasets.DIGITS) == len(datasets.CLOTHES) == len(datasets.CIFAR10) == 10
    pixels, labels = datasets.clothes("test")
    bright = torch.stack([pixels[labels == k].mean((0, 1)) for k in range(10)])  # (10, 28, 28)
    width, height = (bright > 0.2).any(1).sum(1), (bright > 0.2).any(2).sum(1)
    flat = {datasets.CLOTHES[k] for k in range(10) if height[k] < 0.8 * width[k]}
    assert flat == {"sandal", "sneaker"}
    assert datasets.CLOTHES[width.argmin()] == "trousers"


def test_boxes_are_exact():
    """Outside its box a picture equals its background; on each of the box's four edges some pixel does not."""
    pictures, labels, boxes = datasets.clothes_on_textures(40, seed=3)
    backgrounds, same_labels, same_boxes = datasets.clothes_on_textures(40, seed=3, objects=False)
    assert torch.equal(labels, same_labels)
    assert torch.equal(boxes, same_boxes)
    changed = (pictures != backgrounds).any(1)  # (40, 64, 64)
    for mask, (top, left, bottom, right) in zip(changed, boxes.tolist(), strict=True):
        inside = mask[top:bottom, left:right]
        assert inside.sum() == mask.sum()
        assert inside[0].any()
        assert inside[-1].any()
        assert inside[:, 0].any()
        assert inside[:, -1].any()


def test_composed_pictures_are_in_range_off_center_and_of_every_class():
    pictures, labels, boxes = datasets.clothes_on_textures(300, seed=0, split="test")
    assert pictures.shape == (300, 3, 64, 64)
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    assert labels.unique().tolist() == list(range(10))
    assert boxes.min() >= 0
    assert boxes.max() <= 64
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2 - 32
    assert (centers.abs().amax(1) >= datasets.OFF_CENTER).all()


def test_an_item_is_not_simply_the_brightest_thing():
    pictures, _, boxes = datasets.clothes_on_textures(200, seed=1)
    brighter = 0
    for picture, (top, left, bottom, right) in zip(pictures.mean(1), boxes.tolist(), strict=True):
        inside = torch.zeros(64, 64, dtype=torch.bool)
        inside[top:bottom, left:right] = True
        brighter += int(picture[inside].mean() > picture[~inside].mean())
    assert 40 < brighter < 160


def test_the_same_seed_gives_the_same_pictures_and_touches_no_global_state():
    state = torch.random.get_rng_state()
    first = datasets.clothes_on_textures(7, seed=5)
    assert torch.equal(torch.random.get_rng_state(), state)
    second = datasets.clothes_on_textures(7, seed=5)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not torch.equal(first[0], datasets.clothes_on_textures(7, seed=6)[0])
    assert not torch.equal(first[0], datasets.clothes_on_textures(7, seed=5, split="test")[0])


def test_more_pictures_than_one_chunk(monkeypatch):
    monkeypatch.setattr(datasets, "CHUNK", 4)
    pictures, labels, boxes = datasets.clothes_on_textures(9, seed=0)
    assert len(pictures) == len(labels) == len(boxes) == 9


@pytest.mark.parametrize(
    "read",
    [
        datasets.digits,
        datasets.clothes,
        datasets.cifar10,
        lambda split: datasets.clothes_on_textures(1, 0, split),
    ],
)
def test_another_split_is_refused(read):
    with pytest.raises(ValueError, match="split: expected 'train' or 'test', got 'val'"):
        read("val")


@pytest.mark.parametrize("n", [0, -1, 2.0, True])
def test_a_wrong_number_of_pictures_is_refused(n):
    with pytest.raises((ValueError, TypeError), match="n: expected a whole number from 1 up"):
        datasets.clothes_on_textures(n)


@pytest.mark.parametrize("seed", [-1, 0.5, None])
def test_a_wrong_seed_is_refused(seed):
    with pytest.raises((ValueError, TypeError), match="seed: expected a whole number from 0 up"):
        datasets.clothes_on_textures(1, seed)


def test_cifar10_says_how_to_fetch_it(monkeypatch, tmp_path):
    monkeypatch.setenv("LECTURELIB_CACHE", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"run `python scripts/fetch_cifar10\.py`"):
        datasets.cifar10("test")


def test_cifar10_is_read_from_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("LECTURELIB_CACHE", str(tmp_path))
    pixels = np.zeros((2, 32, 32, 3), np.uint8)
    pixels[1, 4, 5, 2] = 255
    np.savez(datasets.cifar10_path(), test_images=pixels, test_labels=np.array([3, 9], np.uint8))
    images, labels = datasets.cifar10("test")
    assert images.shape == (2, 3, 32, 32)
    assert images.sum() == images[1, 2, 4, 5] == 1
    assert labels.tolist() == [3, 9]


def test_importing_it_imports_nothing_slow():
    slow = "torchvision", "sklearn", "skimage", "matplotlib"
    code = f"import sys, lecturelib.datasets; print([m for m in {slow} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
