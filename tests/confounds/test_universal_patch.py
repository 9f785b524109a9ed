"""A round patch: within the picture, nothing outside its disc, turned as it says; training makes it work."""

import pytest
import torch

from lecturelib import models
from lecturelib.confounds.photo_crops import MAKE, TEST, photo_crops
from lecturelib.confounds.universal_patch import (
    iter_universal_patch,
    patch_success,
    place_patch,
    random_places,
)


@pytest.mark.parametrize("place", [(0, 0), (1, 1), (0, 1), (0.3, 0.8)])
def test_the_whole_disc_lies_within_the_picture(place):
    laid = place_patch(torch.zeros(1, 1, 40, 60), torch.ones(1, 1, 9, 9), *place, size=0.5)
    area = laid.sum().item()
    assert area == pytest.approx(3.1416 * 10**2, rel=0.03)  # a diameter of half of 40 px
    assert ((laid == 0) | ((laid - 1).abs() < 1e-6)).all()


def test_outside_the_disc_nothing_changes():
    images = torch.rand(3, 3, 32, 32)
    laid = place_patch(images, torch.rand(1, 3, 8, 8), size=0.5)
    rows, columns = torch.meshgrid(torch.arange(32) - 15.5, torch.arange(32) - 15.5, indexing="ij")
    outside = rows.square() + columns.square() > 64
    assert torch.equal(laid[..., outside], images[..., outside])
    assert (laid[..., ~outside] != images[..., ~outside]).float().mean() > 0.99


def test_a_quarter_turn_is_that_of_the_patch():
    patch = torch.rand(1, 3, 16, 16)
    images = torch.zeros(1, 3, 32, 32)
    turned = place_patch(images, patch, size=0.5, angle=90.0)
    torch.testing.assert_close(
        turned, place_patch(images, patch.rot90(1, (2, 3)), size=0.5), atol=1e-4, rtol=0
    )


def test_each_picture_has_its_own_place():
    images, patch = torch.rand(4, 3, 32, 32), torch.rand(1, 3, 8, 8)
    places = random_places(4, torch.Generator().manual_seed(0))
    together = place_patch(images, patch, **places)
    for k in range(4):
        alone = place_patch(
            images[k : k + 1], patch, **{name: value[k].item() for name, value in places.items()}
        )
        torch.testing.assert_close(together[k : k + 1], alone, atol=1e-5, rtol=0)


def test_training_raises_the_share_of_the_target():
    model = models.load("cifar_net")
    images = photo_crops(MAKE, 32)
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    *_, last = iter_universal_patch(model, images, "ship", steps=60, batch=8, side=16, rate=0.2)
    grey = torch.full_like(last.patch, 0.5)
    unused = photo_crops(TEST, 32)
    trained, plain = (patch_success(model, unused, patch, "ship", 0.5) for patch in (last.patch, grey))
    assert trained > plain + 0.3
    assert last.patch.min() >= 0 and last.patch.max() <= 1
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"y": 1.5}, ValueError, "y: expected"),
        ({"size": 0}, ValueError, "size"),
        ({"angle": torch.zeros(3)}, ValueError, "angle: expected numbers"),
        ({"patch": torch.zeros(1, 3, 4, 5)}, ValueError, "patch: expected a square"),
        ({"images": torch.zeros(1, 1, 8, 8)}, ValueError, "images: expected shape"),
    ],
)
def test_bad_places_are_a_sentence(given, error, says):
    with pytest.raises(error, match=says):
        place_patch(**({"images": torch.zeros(2, 3, 8, 8), "patch": torch.zeros(1, 3, 4, 4)} | given))


def test_bad_training_is_a_sentence_before_any_work():
    with pytest.raises(KeyError, match="class"):
        iter_universal_patch(models.load("cifar_net"), torch.rand(1, 3, 32, 32), "toaster")
    with pytest.raises(ValueError, match="steps"):
        iter_universal_patch(models.load("cifar_net"), torch.rand(1, 3, 32, 32), "ship", steps=0)


def test_a_success_is_measured_on_pictures():
    with pytest.raises(ValueError, match="images: expected at least one pixel"):
        patch_success(models.load("cifar_net"), torch.zeros(0, 3, 32, 32), torch.zeros(1, 3, 8, 8), "ship")
