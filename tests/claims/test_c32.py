"""C32: an induction head in the second layer does the copying."""

import pytest

from lecturelib.attention.claims_causal import FOUND, c32_induction

pytestmark = pytest.mark.claims


def test_induction_heads_do_the_copying():
    found = c32_induction(count=40)
    numbers = found["numbers"]
    assert found["claim"] == "C32" and found["holds"] is True and numbers["seeds"] == 3
    assert numbers["best_score"] > FOUND + 0.2 and numbers["best_score_one_layer"] < FOUND - 0.2
    assert numbers["right_two_layers"] > numbers["right_one_layer"] + 0.3
    assert numbers["right_without_induction_heads"] < numbers["right_two_layers"] - 0.5
    assert numbers["margin_of_ablation"] > 0.3 and numbers["margin_over_one_layer"] > 0.3
