"""C22: at a shape word, several times its share of the picture lies on the object."""

import pytest

from lecturelib.lesson import numbers
from lecturelib.visual_attention.caption_claims import SEVERAL, c22_maps

pytestmark = pytest.mark.claims


def test_on_fewer_scenes():
    found = c22_maps(scenes=60)
    assert found["claim"] == "C22" and found["holds"], found
    for kind in ("soft", "hard"):
        assert found["numbers"][f"{kind}_margin_over_{SEVERAL:g}"] > 0
        assert found["numbers"][f"{kind}_times_its_share"] > 2 * found["numbers"]["untrained_times_its_share"]
        assert found["numbers"][f"{kind}_pointing_game"] > 3 * found["numbers"]["pointing_game_by_chance"]


def test_as_measured_in_full():
    found = numbers("C22")
    assert found["scenes"] == 1000
    assert min(found[f"{kind}_margin_over_{SEVERAL:g}"] for kind in ("soft", "hard")) > 0


def test_bad_input():
    with pytest.raises(ValueError, match="scenes"):
        c22_maps(scenes=1)
