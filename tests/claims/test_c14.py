"""C14 in small: an untrained network cleans a photo far better than no prior; total variation is no straw man."""

import pytest
import torch
from skimage.restoration import denoise_tv_chambolle

from lecturelib.images import photo
from lecturelib.lesson.claims import numbers
from lecturelib.optimization import claims
from lecturelib.optimization.claims import c14_deep_prior
from lecturelib.optimization.deep_prior import psnr, with_noise

pytestmark = pytest.mark.claims


def test_the_untrained_network_beats_no_prior():
    found = c14_deep_prior(photos=("cat",), size=48, steps=100)
    small = found["numbers"]
    assert found["claim"] == "C14"
    assert small["deep_prior_best"] > small["no_prior_best"] + 3
    assert small["no_prior_best"] >= small["noisy"] - 0.1


def test_the_lesson_tells_what_was_measured_in_full():
    full = numbers("C14")
    assert full["deep_prior_mean_best"] > full["total_variation_best"] + 1, "the running mean is better"
    assert abs(full["deep_prior_best"] - full["total_variation_best"]) < 0.1, "the output alone is as good"
    assert full["margin_over_total_variation_best"] > 0 and full["margin_over_no_prior_best"] > 0


def test_total_variation_is_as_good_as_scikit_images():
    clean = photo("cat", 48)
    noisy = with_noise(clean)
    ours = max(claims._total_variation(noisy, clean, weight) for weight in claims.TV_WEIGHTS)
    picture = noisy[0].permute(1, 2, 0).numpy()
    others = []
    for weight in (0.05, 0.075, 0.1, 0.125, 0.15):
        found = torch.from_numpy(denoise_tv_chambolle(picture, weight, channel_axis=2))
        others.append(psnr(found.permute(2, 0, 1)[None].float(), clean))
    assert ours > max(others) - 0.5


def test_bad_input():
    with pytest.raises(ValueError, match="steps"):
        c14_deep_prior(steps=0)
    with pytest.raises(ValueError, match="at least 32 px"):
        c14_deep_prior(photos=("cat",), size=16, steps=1)
