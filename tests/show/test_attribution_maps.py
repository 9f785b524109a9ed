"""Attribution maps as pixels: signed, clipped at an actual value, and never empty."""

import pytest
import torch

from lecturelib.show.attribution_maps import around_grey, clip_level, magnitudes, tile
from lecturelib.show.palettes import palette


def test_around_grey_is_signed_clipped_and_never_empty():
    gradient = torch.tensor([-4.0, 0.0, 1.0, 100.0]).view(1, 2, 2)
    assert clip_level(gradient, 75) == 4
    assert around_grey(gradient, 75).flatten().tolist() == [0.0, 0.5, 0.625, 1.0]
    assert magnitudes(gradient[0], 75).flatten().tolist() == [1.0, 0.0, 0.25, 1.0]
    assert around_grey(torch.zeros(3, 2, 2)).eq(0.5).all() and not magnitudes(torch.zeros(2, 2)).any()
    with pytest.raises(ValueError, match="percentile: expected a finite number above 50"):
        clip_level(gradient, 50)
    with pytest.raises(ValueError, match="kind: expected 'color'"):
        tile(gradient[0], "loud")


def test_the_three_kinds_of_tiles_by_their_tables():
    signed = tile(torch.tensor([[-2.0, 0.0, 1.0]]), "signed", percentile=100)
    assert (signed[0] == palette("blue_orange")[[0, 128, 191]]).all()
    size = tile(torch.tensor([[-2.0, 0.0, 1.0]]), "size", "cividis", percentile=100)
    assert (size[0] == palette("cividis")[[255, 0, 128]]).all()
    color = tile(torch.tensor([-1.0, 0.0, 1.0]).view(3, 1, 1), "color", percentile=100)
    assert color.tolist() == [[[0, 128, 255]]]
