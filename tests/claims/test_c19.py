"""C19 in small: the gate opens and the attention has structure; that it reaches farther did not reproduce."""

import pytest

from lecturelib.attention.claims_vision import c19_sagan

pytestmark = pytest.mark.claims


def test_the_gate_opens_and_attention_follows_the_picture():
    found = c19_sagan(count=30)
    numbers = found["numbers"]
    assert found["claim"] == "C19" and numbers["gate_moved"] is True and numbers["more_structured"] is True
    assert numbers["trained_structure_bits"] > 0.5 > 10 * numbers["untrained_attention_structure_bits"] - 0.2
    assert abs(numbers["uniform_structure_bits"]) < 1e-3 and abs(numbers["untrained_structure_bits"]) < 1e-3
    # a uniform map looks 7.28 places far on average; the trained one about as far, not farther
    assert numbers["uniform_reach"] == pytest.approx(7.2808, abs=1e-3)
    assert numbers["reaches_farther"] is False and found["holds"] is False
    assert 6.5 < numbers["trained_reach"] < numbers["uniform_reach"]


def test_bad_input():
    with pytest.raises(ValueError, match="count"):
        c19_sagan(count=1)
