"""Color jitter and exchanged skies: what they change, what they leave, and that the seed repeats them."""

import pytest
import torch

from lecturelib.checks import UnknownName
from lecturelib.confounds.tank_cures import jitter_colors, recolored, swap_skies
from lecturelib.confounds.tank_networks import load_tanks
from lecturelib.confounds.tank_scenes import tank_scenes


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_jitter_is_one_gain_for_each_color_and_one_shift_for_each_picture():
    x = 0.45 + 0.1 * torch.rand(3, 3, 8, 8, generator=generator())  # nothing is clipped
    found = jitter_colors(x, generator(1), strength=0.5)
    for k in range(3):
        gains = []
        for channel in range(3):
            before, after = x[k, channel].flatten(), found[k, channel].flatten()
            gain = (after[0] - after[1]) / (before[0] - before[1])
            shift = after[0] - gain * before[0]
            torch.testing.assert_close(after, gain * before + shift, atol=1e-4, rtol=0)
            assert 0.5 - 1e-3 <= gain <= 1.5 + 1e-3 and abs(shift) <= 0.25 + 1e-3
            gains.append(round(float(shift), 3))
        assert max(gains) - min(gains) < 0.01  # the shift is that of the picture
    assert torch.equal(jitter_colors(x, generator(1), 0.0), x)


def test_each_sky_is_that_of_another_picture_and_the_ground_stays():
    colors = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 3, 8, 8) / 4
    sky = torch.zeros(4, 8, 8, dtype=torch.bool)
    sky[:, :3] = True
    found = swap_skies(colors, sky, generator(3))
    assert torch.equal(found[:, :, 3:], colors[:, :, 3:])
    donors = found[:, 0, 0, 0]
    assert sorted(donors.tolist()) == [0.0, 0.25, 0.5, 0.75]  # each once
    assert (found[:, :, :3] == donors.view(4, 1, 1, 1)).all()


def test_in_the_lab_the_sky_no_longer_tells_the_class():
    scenes = tank_scenes(60, 1.0, seed=5)
    blue = lambda x: x[:, 2, :8].mean((1, 2)) - x[:, 0, :8].mean((1, 2))  # noqa: E731
    told = ((blue(scenes.images) > 0.12).long() == scenes.labels).float().mean()
    left = ((blue(recolored(scenes.images, scenes.sky)) > 0.12).long() == scenes.labels).float().mean()
    assert told > 0.9 and 0.25 < left < 0.75


def test_a_seed_repeats_both():
    scenes = tank_scenes(6, seed=2)
    for how in ("colors", "skies"):
        assert torch.equal(*(recolored(scenes.images, scenes.sky, 4, how) for _ in range(2)))


def test_bad_input_is_a_sentence():
    x = torch.rand(2, 3, 8, 8)
    with pytest.raises(ValueError, match=r"images: expected shape \(B, 3, H, W\)"):
        jitter_colors(x[0], generator())
    with pytest.raises(ValueError, match="sky: expected True and False"):
        swap_skies(x, torch.ones(2, 8, 8), generator())
    with pytest.raises(ValueError, match="how: expected 'colors' or 'skies'"):
        recolored(x, torch.ones(2, 8, 8, dtype=torch.bool), how="weather")
    with pytest.raises(UnknownName, match="name: expected a known network"):
        load_tanks("winter")
