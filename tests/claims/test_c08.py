"""C8 in small: a box from the gradient beats boxes that ask no trained network."""

import pytest

from lecturelib.gradients.claims import c8_localization

pytestmark = pytest.mark.claims


def test_the_gradients_box_fits_best():
    found = c8_localization(n=40, tune=16, seed=1)
    numbers = found["numbers"]
    assert found["claim"] == "C8" and found["holds"] is True
    for baseline in ("centered_box", "random_box", "spectral_residual", "randomized_saliency"):
        assert numbers["saliency_iou"] > numbers[f"{baseline}_iou"] + 0.08


@pytest.mark.parametrize("n", [1, 2.0, True, "many"])
def test_it_wants_some_pictures(n):
    with pytest.raises((TypeError, ValueError), match="n: expected a whole number from 2"):
        c8_localization(n=n)
