"""C9 in small: sensitive features keep the accuracy of all, as many random ones lose it."""

import pytest

from lecturelib.gradients.claims import c9_features

pytestmark = pytest.mark.claims


def test_picked_features_keep_the_accuracy():
    found = c9_features(seeds=3, draws=3, tables=("wine",))
    numbers = found["numbers"]
    assert found["claim"] == "C9" and found["holds"] is True
    assert numbers["wine_picked"] >= numbers["wine_all"] - 0.02
    assert numbers["wine_random"] < numbers["wine_picked"] - 0.1
    assert numbers["wine_picked_that_are_real"] > 0.8


def test_bad_input():
    with pytest.raises(ValueError, match="seeds"):
        c9_features(seeds=0)
    with pytest.raises(ValueError, match="tables: expected 'breast_cancer' or 'wine'"):
        c9_features(seeds=1, tables=("roses",))
