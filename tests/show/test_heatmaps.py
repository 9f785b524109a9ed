"""Colors of maps by value: mixtures over a photo, captions that name what is clipped, tiles."""

import numpy as np
import pytest
import torch

from lecturelib.show.heatmaps import colored, heatmap, overlay
from lecturelib.show.palettes import palette

PHOTO = torch.tensor([200.0, 100.0, 50.0]).view(3, 1, 1).expand(3, 2, 3) / 255
LUMA = (77 * 200 + 150 * 100 + 29 * 50) >> 8  # Rec. 601 in 256ths


@pytest.mark.parametrize("alpha", [0.25, 0.5, 1.0])
def test_an_overlay_mixes_colors_and_grey_by_alpha(alpha):
    values = torch.tensor([[0.0, 0.5, 1.0], [1.0, 0.0, 2.0]])  # 2: beyond the limits, the end color
    made = overlay(PHOTO, values, alpha=alpha, limits=(0, 1), size=3, color_bar=False).pixels
    share, table = round(alpha * 256), palette("viridis").astype(int)
    places = np.array([[0, 128, 255], [255, 0, 255]])
    assert np.array_equal(made, (table[places] * share + LUMA * (256 - share)) >> 8)


def test_a_signed_overlay_comes_in_with_the_size_of_the_value():
    values = torch.tensor([[-2.0, -1.0, 0.0], [0.5, 1.0, 2.0]])
    made = overlay(PHOTO, values, alpha=0.5, signed=True, limits=(-2, 2), size=3, color_bar=False).pixels
    share = np.array([[128, 64, 0], [32, 64, 128]])[:, :, None]
    places = np.rint((values.numpy() + 2) / 4 * 255).astype(int)
    expected = (palette("blue_orange").astype(int)[places] * share + LUMA * (256 - share)) >> 8
    assert np.array_equal(made, expected) and (made[0, 2] == LUMA).all()


def test_a_signed_caption_names_the_percentile_where_either_end_is_clipped():
    small = np.linspace(-1, 1, 999)
    for sign in (1, -1):
        clipped = heatmap(sign * np.append(small, 5.0).reshape(1, -1), signed=True).caption
        assert "the 99th percentile of |value|" in clipped
        whole = heatmap(sign * np.append(small, 5.0).reshape(1, -1), signed=True, percentile=100).caption
        assert "percentile" not in whole and "colors end at ±5" in whole


def test_tiles_are_maps_with_or_without_a_channel():
    maps = torch.tensor([[[0.0, 0.5, 1.0]], [[1.0, 0.0, 0.25]]])  # two maps of one row and three columns
    expected = palette("viridis")[np.rint(maps.numpy() * 255).astype(int)]
    for tiles in (maps, maps[:, None], maps.numpy()):
        found = colored(tiles)
        assert len(found) == 2 and all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
    for wrong in (torch.rand(2, 3, 4, 4), torch.rand(4, 4), torch.rand(0, 4, 4)):
        with pytest.raises(ValueError, match="tiles: expected maps"):
            colored(wrong)
    for beyond in (-0.01, 1.01, float("nan")):
        with pytest.raises(ValueError, match=r"tiles: expected values in \[0, 1\]"):
            colored(torch.full((1, 2, 2), beyond))


def test_an_overlay_of_magnitudes_comes_in_with_the_value_in_inferno():
    values = torch.tensor([[0.0, 0.5, 1.0], [0.25, 0.75, 2.0]])  # 2: beyond the limits, the end color
    share = (0.8 * 256 * np.clip(values.numpy(), 0, 1).astype(float) ** 0.8).astype(int)[:, :, None]
    places = np.rint(np.clip(values.numpy(), 0, 1) * 255).astype(int)
    for name in (None, "viridis"):
        made = overlay(PHOTO, values, palette=name, limits=(0, 1), size=3, color_bar=False).pixels
        colors = palette(name or "inferno").astype(int)[places]
        assert np.abs(made - ((colors * share + LUMA * (256 - share)) >> 8)).max() <= 1
        assert (made[0, 0] == LUMA).all()


def test_the_alt_text_says_where_the_largest_value_is():
    rows, columns = ("top", "middle", "bottom"), ("left", "center", "right")
    for place in range(9):
        values = torch.zeros(9)
        values[place] = 1
        row, column = rows[place // 3], columns[place % 3]
        where = "in the middle" if place == 4 else f"at the {row} {column}"
        assert heatmap(values.view(3, 3)).alt.endswith(f"largest {where}.")
