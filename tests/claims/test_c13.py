"""C13 in small: the deeper the layer, the less of the photo comes back."""

import pytest
import torch

from lecturelib import models
from lecturelib.images import photo
from lecturelib.lesson.claims import numbers
from lecturelib.optimization import claims_inversion
from lecturelib.optimization.claims_inversion import c13_inversion, perceptual_errors, pixel_errors

pytestmark = pytest.mark.claims


def test_the_error_grows_with_depth():
    found = c13_inversion(photos=("cat",), layers=("conv1", "conv4", "fc8"), steps=25)
    small = found["numbers"]
    assert found["claim"] == "C13"
    parts = ("small_to_conv4", "grows_after", "near_the_mean_image_at_fc8")
    assert found["holds"] is all(small[part] for part in parts) and found["holds"] is numbers_holds()
    assert small["conv1_pixel"] + 0.2 < small["conv4_pixel"] < small["fc8_pixel"]
    assert small["conv1_perceptual"] < small["conv4_perceptual"] < small["fc8_perceptual"]


def numbers_holds() -> bool:
    """What the full run says, by the claim's own inequalities."""
    full = numbers("C13")
    small = max(full[f"conv{k}_pixel"] for k in (1, 2, 3, 4)) < claims_inversion.SMALL
    late = [full[f"{layer}_pixel"] for layer in ("conv4", "conv5", "fc6", "fc8")]
    grows = all(a < b for a, b in zip(late, late[1:], strict=False))
    near = full["fc8_pixel"] > claims_inversion.NEAR
    assert (full["small_to_conv4"], full["grows_after"]) == (small, grows)
    return small and grows and near


def test_the_weights_were_chosen_on_other_photos():
    assert not set(claims_inversion.DEVELOPED_ON) & set(claims_inversion.PHOTOS)
    assert set(claims_inversion.WEIGHTS) == set(claims_inversion.LAYERS)
    assert set(claims_inversion.WEIGHTS.values()) <= set(claims_inversion.CANDIDATES)


def test_the_errors_by_hand():
    model, original = models.load("alexnet"), photo("cat", 224)
    mean = original.mean((2, 3), keepdim=True).expand_as(original).contiguous()
    assert perceptual_errors(mean, original).item() == pytest.approx(1, abs=1e-3)
    assert perceptual_errors(original, original).item() == pytest.approx(0, abs=1e-3)
    brighter = (original + 0.02).clamp(0, 1)
    pixel, color, feature = pixel_errors(
        model, "conv1", torch.cat([mean, brighter]), original.repeat(2, 1, 1, 1)
    )
    assert pixel[0].item() == pytest.approx(1, abs=1e-5) and color[0].item() == pytest.approx(0, abs=1e-6)
    assert color[1].item() > 0.95, "the two differ in their mean color and nearly nothing else"
    assert feature[1] < feature[0]


def test_bad_input():
    with pytest.raises(ValueError, match="steps"):
        c13_inversion(steps=0)
    with pytest.raises(KeyError, match="conv9"):
        c13_inversion(photos=("cat",), layers=("conv9",), steps=1)
