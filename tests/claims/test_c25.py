"""C25: dot products of long vectors saturate the softmax, scaled ones do not, cosines alone stay flat."""

import pytest

from lecturelib.attention.claims import c25_qualities, c25_scores

pytestmark = pytest.mark.claims


def test_only_the_unscaled_dot_saturates():
    found = c25_scores(draws=1000)
    numbers = found["numbers"]
    assert found["claim"] == "C25" and found["holds"] is True
    assert numbers["dot_entropy_d512"] < 0.1 and numbers["dot_gradient_d512"] < 0.1
    assert 0.8 < numbers["scaled_dot_entropy_d512"] < 0.9 and numbers["scaled_dot_gradient_d512"] > 0.75
    assert numbers["cosine_entropy_d4"] > 0.93 and numbers["cosine_entropy_d512"] > 0.99


def test_every_score_is_in_the_table():
    found = c25_qualities(steps=1)
    assert found["holds"] is None and len(found["numbers"]) == 13
    assert all(0 <= value <= 1 for key, value in found["numbers"].items() if key != "steps")
    # of unequal sizes, the dot product projects the keys: it is the general score
    assert found["numbers"]["dot_on_target"] == found["numbers"]["general_on_target"]


def test_bad_input():
    with pytest.raises(ValueError, match="steps"):
        c25_qualities(steps=0)
    with pytest.raises(ValueError, match="draws"):
        c25_scores(draws=0)
