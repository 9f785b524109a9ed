"""C15 in small, on letters to copy: the fixed vector loses with length, the network that looks back does not."""

import pytest

from lecturelib.attention.claims import c15_bottleneck

pytestmark = pytest.mark.claims


def test_the_gap_widens_with_length():
    found = c15_bottleneck(translators=False, seeds=1, steps=170)
    numbers = found["numbers"]
    assert found["claim"] == "C15" and found["holds"] is True and numbers["copy_margin"] > 0.1
    assert numbers["copy_fixed_4_letters"] > numbers["copy_fixed_16_letters"] + 0.25
    assert numbers["copy_attention_16_letters"] > numbers["copy_fixed_16_letters"] + 0.25
    assert not any(key.startswith("chrF") for key in numbers)


def test_bad_input():
    with pytest.raises(ValueError, match="sentences"):
        c15_bottleneck(sentences=0)
